"""Servers whose 304s lie: found out by rare probes, and trusted no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from db.plan import PolledSource
from db.times import iso
from factory import polled_source
from ingest.fetched import Fetched
from ingest.probe import FIRST_PROBE, LAST_PROBE, SECOND_LOOK, asks_whole, trust_after

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SOURCE = polled_source(etag='"a"', last_modified="yesterday", whole_at=iso(NOW))
SAME = Fetched(outcome="not-modified", status=304, conditional=True)
BODY = Fetched(outcome="ok", status=200, etag='"b"', last_modified="today")


def after(source: PolledSource, fetched: Fetched, new: int = 0) -> PolledSource:
    """Give the source after a poll."""
    trust = trust_after(source, fetched, iso(NOW), new=new)
    return replace(
        source,
        unmodified=trust.unmodified,
        whole_at=trust.whole_at,
        probe_after=trust.probe_after,
        doubts=trust.doubts,
    )


def polls_until_probe(source: PolledSource) -> tuple[int, PolledSource]:
    """Answer 304 until a probe is due → the number of 304s, the source then."""
    for count in range(1000):
        if asks_whole(source, NOW):
            return count, source
        source = after(source, SAME)
    raise AssertionError("never probed")


def test_probes_grow_rarer_while_they_find_nothing() -> None:
    """10 304s, then 20, 40 … and never more than the most."""
    source, counts = SOURCE, []
    for _ in range(6):
        count, source = polls_until_probe(source)
        counts.append(count)
        source = after(source, BODY)

    assert counts == [FIRST_PROBE, 20, 40, 80, LAST_PROBE, LAST_PROBE]


def test_news_behind_304s_twice_ends_the_trust() -> None:
    """Once may be chance, so a second look comes soon; after that no validator is sent any more."""
    _, source = polls_until_probe(SOURCE)
    source = after(source, BODY, new=1)
    assert source.doubts == 1
    count, source = polls_until_probe(source)
    assert count == SECOND_LOOK
    source = after(source, BODY, new=2)

    assert source.doubts == 2
    assert asks_whole(source, NOW)
    assert asks_whole(after(source, BODY, new=1), NOW)


def test_news_under_the_same_validators_is_a_lie_at_once() -> None:
    """The server itself says that nothing changed, and it did."""
    _, source = polls_until_probe(SOURCE)

    assert after(source, replace(BODY, etag='"a"', last_modified="yesterday"), new=1).doubts == 2


def test_news_in_answer_to_validators_clears_the_doubt() -> None:
    """A server that says by itself that something changed does read validators."""
    doubtful = replace(SOURCE, doubts=1, unmodified=1)

    assert after(doubtful, replace(BODY, conditional=True), new=1).doubts == 0


def test_slow_source_is_probed_after_a_week() -> None:
    """One that is polled once a day does not wait for ten 304s."""
    week_old = replace(SOURCE, unmodified=3, whole_at="2026-11-12T12:00:00Z")

    assert asks_whole(week_old, NOW)
    assert not asks_whole(replace(week_old, whole_at="2026-11-18T12:00:00Z"), NOW)
    assert not asks_whole(replace(week_old, unmodified=0), NOW), "its last answer was whole"
