"""Where a source's polling stands after a poll: weights of failures, what was asked for, hubs, silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.model import Document
from db.plan import SourceState
from db.times import iso, parse_iso
from factory import entry, polled_source
from ingest.answer import Answer
from ingest.fetched import Fetched
from ingest.move import Whereabouts
from ingest.schedule import Rhythm
from ingest.state import Counts, source_state

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RHYTHM = Rhythm(floor_s=600, ceiling_s=86400)
HERE = Whereabouts(moved_url=None)


def document(*days_ago: float, **more: Any) -> Document:
    """Make a document of entries published so many days ago."""
    entries = tuple(
        entry(f"id-{n}", title=f"Story {n}", published=iso(NOW - timedelta(days=ago))) for n, ago in enumerate(days_ago)
    )
    fields: dict[str, Any] = {"title": "T", "site_url": None, "language": None, "ttl_s": None}
    return Document(format="rss20", entries=entries, **{**fields, **more})


def state(fetched: Fetched, document: Document | None = None, new: int = 0, **columns: Any) -> SourceState:
    """Give the state after one poll of a source with these columns."""
    answer = Answer(fetched=fetched, document=document, digest_version=2, hub=columns.get("hub_url"))
    return source_state(polled_source(**columns), answer, RHYTHM, NOW, Counts(new=new), HERE)


def wait_s(made: SourceState) -> float:
    """Seconds until its next poll."""
    assert made.next_poll_at is not None
    return (parse_iso(made.next_poll_at) - NOW).total_seconds()


OK = Fetched(outcome="ok", status=200)


@pytest.mark.parametrize(
    ("fetched", "weight"),
    [
        (Fetched(outcome="timeout"), 1),
        (Fetched(outcome="unreachable"), 1),
        (Fetched(outcome="http-error", status=502), 1),
        (Fetched(outcome="throttled", status=429), 1),
        (Fetched(outcome="http-error", status=404), 2),
        (Fetched(outcome="http-error", status=401), 2),
        (Fetched(outcome="http-error", status=403), 2),
        (Fetched(outcome="wall", status=200), 2),
        (Fetched(outcome="not-a-feed", status=200), 2),
        (Fetched(outcome="too-heavy", status=200), 2),
    ],
)
def test_failures_weigh_and_never_end_polling(fetched: Fetched, weight: int) -> None:
    """What waiting does not mend weighs double; the wait doubles with each point, up to the ceiling."""
    first = state(fetched)
    fortieth = state(fetched, failures=39, setback=39 * weight)

    assert (first.failures, first.setback) == (1, weight)
    assert 600 * 2 ** (weight - 1) <= wait_s(first) <= 600 * 2 ** (weight - 1) * 1.11
    assert 86000 <= wait_s(fortieth) <= 86401
    assert (state(OK, document(1), failures=39, setback=78).setback) == 0


def test_our_own_network_is_charged_to_nobody() -> None:
    """Nothing but the outcome is noted, and the source is tried again after the floor."""
    made = state(Fetched(outcome="offline", error="x"), failures=2, setback=3)

    assert (made.failures, made.setback, made.last_outcome) == (2, 3, "offline")
    assert 600 <= wait_s(made) <= 661


def test_what_feed_and_server_ask_for_is_kept_and_obeyed() -> None:
    """Ttl and skip stay known through 304s, and a 304 renews the max-age that it does not mention (RFC 9111 4.3.4)."""
    made = state(
        Fetched(outcome="ok", status=200, fresh_s=7200), document(1, ttl_s=3600, skip_hours=(14,), skip_days=(5,))
    )
    assert (made.ttl_s, made.skip_hours, made.skip_days, made.fresh_s) == (3600, "14", "saturday", 7200)
    assert wait_s(made) == 3 * 3600, "two hours from noon is 14 h, which it skips"

    later = state(Fetched(outcome="not-modified", status=304), fresh_s=7200, skip_hours="14")
    assert (later.fresh_s, later.skip_hours, wait_s(later)) == (7200, "14", 3 * 3600)


def test_retry_after_is_held() -> None:
    """The hold is its own column: a forced poll obeys it too."""
    made = state(Fetched(outcome="throttled", status=503, retry_after_s=7200))

    assert made.held_until == iso(NOW + timedelta(hours=2))
    assert wait_s(made) == 7200
    assert state(OK, document(1), held_until="2026-11-20T11:00:00Z").held_until is None


def test_silence_is_measured_from_the_dates_of_the_first_document() -> None:
    """A feed that ended a month ago is known to be silent at its first poll: it used to write every other day."""
    made = state(OK, document(30, 32, 33, 35), new=4)

    assert made.last_new_at == iso(NOW - timedelta(days=30))
    assert made.usual_gap_s == 2 * 86400


def test_usual_gap_follows_longer_pauses_at_once_and_shorter_ones_slowly() -> None:
    """One holiday must not make a daily paper look silent for ever after, nor one busy day hide its rhythm."""
    ten_days = iso(NOW - timedelta(days=10))
    longer = state(OK, document(0), new=1, last_new_at=ten_days, usual_gap_s=86400)
    shorter = state(OK, document(0), new=1, last_new_at=iso(NOW - timedelta(days=1)), usual_gap_s=6 * 86400)

    assert (longer.usual_gap_s, longer.last_new_at) == (10 * 86400, iso(NOW))
    assert shorter.usual_gap_s == 5 * 86400


def test_trusted_hub_means_a_daily_backup_poll_until_it_misses_something() -> None:
    """While pushes tell of all news, a poll a day is enough; news that no push told of ends the trust."""
    columns: dict[str, Any] = {
        "hub_url": "http://hub.example/",
        "pushed_until": iso(NOW + timedelta(days=5)),
        "last_good_at": iso(NOW - timedelta(hours=3)),
        "last_poll_at": iso(NOW - timedelta(hours=3)),
        "spacing_s": 1800,
        "pace": 30.0,
        "shown": 20,
    }
    quiet = state(Fetched(outcome="not-modified", status=304), **columns)
    told = state(OK, document(0, 1), new=1, **columns, last_push_at=iso(NOW))
    missed = state(OK, document(0, 1), new=1, **columns)
    ended = state(OK, document(0, 1), new=1, **{**columns, "pushed_until": iso(NOW)})

    assert wait_s(quiet) > 77_000
    assert wait_s(told) > 77_000
    assert (missed.pushed_until, wait_s(missed) < 4000) == (None, True)
    assert (ended.pushed_until, wait_s(ended) < 4000) == (None, True)


def test_second_look_after_a_push_counts_as_told_under_a_long_floor_too() -> None:
    """It comes a floor later; a publisher that is slower than its hub is no reason to trust the hub no more."""
    rhythm = Rhythm(floor_s=3600, ceiling_s=86400)
    pushed, until = iso(NOW - timedelta(seconds=3602)), iso(NOW + timedelta(days=5))
    polled = {"last_poll_at": iso(NOW - timedelta(seconds=3600)), "last_good_at": iso(NOW - timedelta(seconds=3600))}
    source = polled_source(**polled, last_push_at=pushed, pushed_until=until, hub_url="http://h/", spacing_s=3600)
    answer = Answer(fetched=OK, document=document(0, 1), digest_version=2, hub="http://h/")

    assert source_state(source, answer, rhythm, NOW, Counts(new=1), HERE).pushed_until == until


def test_documents_that_are_all_new_are_counted() -> None:
    """Nothing of the last one is left: entries may have come and gone between. A first poll is no such case."""
    before = iso(NOW - timedelta(hours=1))

    assert state(OK, document(0, 1), new=2, last_good_at=before, crowded=1).crowded == 2
    assert state(OK, document(0, 1), new=1, last_good_at=before, crowded=2).crowded == 0
    assert state(OK, document(0, 1), new=2).crowded == 0


def test_advertised_feeds_stay_in_health_until_the_source_is_well() -> None:
    """An outage after the HTML page does not make the offer go away."""
    page = Answer(fetched=Fetched(outcome="not-a-feed"), document=None, digest_version=2, offers=("http://x/f",))
    offered = source_state(polled_source(), page, RHYTHM, NOW, Counts(), HERE).offers

    assert offered == '["http://x/f"]'
    assert state(Fetched(outcome="timeout"), offers=offered).offers == offered
    assert state(OK, document(1), offers=offered).offers is None
