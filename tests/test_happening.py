"""The events of one document's many stories: each looks at few of those before it."""

from __future__ import annotations

from dataclasses import replace

from db.recall import MAX_EVENTS, Event
from ingest.happening import Changed
from ingest.terms import packed


def event(id_: int, *terms: int) -> Event:
    """Make an event that is found by these terms."""
    return Event(
        id=id_,
        first_seen="2026-11-20T10:00:00Z",
        last_seen="2026-11-20T10:00:00Z",
        stories=1,
        words=90,
        terms=packed((term, 0.5) for term in terms),
    )


def test_of_very_many_events_the_newest_are_looked_at() -> None:
    """A document with a thousand stories that share a word asks no story to look at all before it."""
    changed = Changed()
    for number in range(1, 1001):
        changed.add(event(-number, 7, 1000 + number))

    found = changed.among([], [7, 1990])

    assert len(found) == MAX_EVENTS
    assert {one.id for one in found} == {-number for number in range(1000, 1000 - MAX_EVENTS, -1)}


def test_more_shared_terms_go_before_newness() -> None:
    """An older event that shares two terms is looked at before newer ones that share one."""
    changed = Changed()
    changed.add(event(-1, 7, 8))
    for number in range(2, 35):
        changed.add(event(-number, 7))

    assert -1 in {one.id for one in changed.among([], [7, 8])}


def test_an_event_of_the_archive_is_seen_as_the_plan_has_made_it() -> None:
    """And is found too by a term that only the plan has given it."""
    known = event(5, 7)
    changed = Changed()
    changed.add(later := replace(event(5, 7, 8), stories=2))

    assert changed.among([known], [7]) == [later]
    assert changed.among([], [8]) == [later]
    assert changed.among([], [9]) == []


def test_an_event_is_found_no_more_by_a_term_that_it_lost() -> None:
    """Only by what it has as it stands."""
    changed = Changed()
    changed.add(event(-1, 7))
    changed.add(event(-1, 8))

    assert changed.among([], [7]) == []
    assert changed.begun == 1
