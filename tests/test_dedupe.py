"""One text, one story: exact copies across sources, and what must stay apart."""

from __future__ import annotations

import time

from factory import entry, known, owners
from ingest.dedupe import place

NOW = "2026-11-20T12:00:00Z"
LONG = "Ministers of nine countries met on Tuesday to discuss the reopening of the northern ports before winter."
REPORT = entry(
    "a1", "http://a.example/report", "Ministers meet over northern ports", LONG, published="2026-11-20T08:00:00Z"
)


def test_same_words_in_another_source_are_one_story() -> None:
    """A copy with its own id and link joins by its print."""
    copy = entry("zz", "http://b.example/77", REPORT.title, REPORT.text, published="2026-11-20T09:00:00Z")

    (placed,) = place([copy], owners((known(5, REPORT, story_id=3), REPORT)), 2, NOW)

    assert (placed.story, placed.joined_by) == (3, "print")


def test_same_canonical_link_in_another_source_is_one_story() -> None:
    """A section feed that carries the same article with another teaser joins by its link."""
    teaser = entry("b9", REPORT.url, "Ports: ministers meet", "A short teaser.")

    (placed,) = place([teaser], owners((known(5, REPORT, story_id=3), REPORT)), 2, NOW)

    assert (placed.story, placed.joined_by) == (3, "link")


def test_few_words_prove_nothing() -> None:
    """Stubs and column titles repeat across publishers without being one text."""
    stub = entry("s1", "http://a.example/1", "Morning briefing", "Read it on our site.")
    other = entry("s2", "http://b.example/2", "Morning briefing", "Read it on our site.")

    (placed,) = place([other], owners((known(5, stub), stub)), 2, NOW)

    assert placed.joined_by == "first"


def test_same_words_a_year_later_are_another_story() -> None:
    """Recurring notices stay apart by the window."""
    copy = entry("c", "http://b.example/77", REPORT.title, REPORT.text, published="2025-11-20T09:00:00Z")

    (placed,) = place([copy], owners((known(5, REPORT, story_id=3), REPORT)), 2, NOW)

    assert placed.joined_by == "first"


def test_one_source_repeating_its_words_on_another_day_means_another_story() -> None:
    """Within one source likeness alone never merges."""
    again = entry("a2", "http://a.example/report-2", REPORT.title, REPORT.text, published="2026-11-21T08:00:00Z")

    (placed,) = place([again], owners((known(5, REPORT, story_id=3), REPORT)), 1, NOW)

    assert placed.joined_by == "first"


def test_live_page_in_two_sources_is_told_apart_by_its_headlines() -> None:
    """Several stories on one link: a copy joins the one whose headline it has, or none."""
    one = entry("l1", "http://a.example/live", "Storm nears the coast", "…")
    two = entry("l2", "http://a.example/live", "Storm reaches the coast", "…")
    index = owners((known(1, one, story_id=11), one), (known(2, two, story_id=12), two))
    copy = entry("x", "http://a.example/live", "Storm reaches the coast", "copied")
    other = entry("y", "http://a.example/live", "Storm is over", "copied")

    assert [(p.story, p.joined_by) for p in place([copy, other], index, 2, NOW)] == [(12, "link"), (-1, "first")]


def test_article_listed_under_two_ids_in_one_document_is_one_story() -> None:
    """Two items with one link and title: two entries, one story; an unrelated third is its own."""
    first = entry("a1", "http://a.example/report", "Ministers meet", "A.")
    twin = entry("a1-bis", "http://a.example/report", "Ministers meet", "A, longer.")
    third = entry("a2", "http://a.example/other", "Ministers leave", "B.")

    assert [p.story for p in place([first, twin, third], {}, 1, NOW)] == [-1, -1, -2]


def test_another_headline_on_a_page_of_the_same_source_is_another_story() -> None:
    """A page of changes, each item an anchor on it with the day for its date: no later one goes into the first."""
    first = entry("v1", "http://a.example/changes", "Version 1.0", "A.", published="2026-11-20T00:00:00Z")
    later = entry("v2", "http://a.example/changes", "Version 1.1", "B.", published="2026-11-20T00:00:00Z")

    (placed,) = place([later], owners((known(5, first, story_id=3), first)), 1, NOW)

    assert placed.joined_by == "first"


def test_words_that_thousands_of_entries_carry_take_no_time() -> None:
    """Two sources that publish one text under ever new ids: only their newest copies are looked at."""
    copies = tuple(known(n, REPORT, story_id=n) for n in range(1, 10_001))
    index = {REPORT.keys.print: copies}
    items = [entry(f"new-{n}", f"http://b.example/{n}", REPORT.title, REPORT.text) for n in range(2000)]

    began = time.process_time()
    placed = place(items, index, 2, NOW)

    assert time.process_time() - began < 3
    assert {one.joined_by for one in placed} == {"print"}
