"""Spacing of polls: bounds that always hold, and the order of what was asked for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.times import iso
from ingest.schedule import (
    BLINDLY_LONGER,
    SPREAD,
    News,
    Rhythm,
    after_failure,
    after_success,
    dated_pace,
    first_spacing_s,
    held_until,
    next_pace,
    next_spacing_s,
    outside_skips,
    phase,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RHYTHM = Rhythm(floor_s=600, ceiling_s=86400)


def wait(moment: datetime) -> float:
    """Seconds from NOW."""
    return (moment - NOW).total_seconds()


@given(
    st.floats(1, 10**6),
    st.one_of(st.none(), st.integers(0, 10**12)),
    st.one_of(st.none(), st.floats(0, 10**6)),
    st.text(),
)
def test_good_poll_never_comes_back_before_the_floor_or_after_the_ceiling(
    spacing_s: float, asked_s: int | None, every_s: float | None, source: str
) -> None:
    """Whatever spacing, server and feed say, both bounds hold; only ``every`` may go beyond the ceiling."""
    rhythm = Rhythm(floor_s=600, ceiling_s=86400, every_s=every_s)

    waited = wait(after_success(NOW, spacing_s, asked_s, rhythm, source))

    assert waited >= 600
    assert waited <= (86400 if every_s is None else max(86400, every_s) * (1 + SPREAD))


@given(st.integers(1, 10**6), st.text())
def test_failures_double_up_to_the_ceiling(setback: int, source: str) -> None:
    """Backoff never ends and never gives up."""
    waited = wait(after_failure(NOW, setback, RHYTHM, source))

    assert 600 <= waited <= 86400
    assert wait(after_failure(NOW, setback + 1, RHYTHM, source)) >= waited


def test_asked_for_spacing_beats_every() -> None:
    """A server's max-age or a feed's ttl is obeyed even where the config says more often."""
    rhythm = Rhythm(floor_s=600, ceiling_s=86400, every_s=1800)

    assert wait(after_success(NOW, 600, 7200, rhythm, "x")) >= 7200
    assert 1800 <= wait(after_success(NOW, 86400, None, rhythm, "x")) <= 1800 * (1 + SPREAD)


def test_sources_at_the_ceiling_are_spread_below_it_unless_they_asked_for_it() -> None:
    """No stampede a day after a restart, and yet no poll before the time that was asked for."""
    waits = {round(wait(after_success(NOW, 86400, None, RHYTHM, f"s{n}"))) for n in range(50)}

    assert len(waits) > 40
    assert max(waits) <= 86400
    assert wait(after_success(NOW, 600, 10**9, RHYTHM, "x")) == 86400


def hours_ago(*hours: float) -> list[datetime]:
    """Dates before NOW."""
    return [NOW - timedelta(hours=each) for each in hours]


@pytest.mark.parametrize(
    ("dates", "pace"),
    [
        (hours_ago(*range(20)), 1.0),  # one an hour
        (hours_ago(*range(5, 105, 10), *(50 + n / 10 for n in range(10))), 10.0),  # ten within an hour, once
        ([NOW] * 20, None),  # all at once: nothing to tell by
        (hours_ago(*([0.0] * 12), *([168.0] * 8)), 9 / 168),  # a batch a week: no poll can come inside a batch
        ([NOW + timedelta(days=300)] * 19 + hours_ago(1), None),  # dates ahead of us are lies
        ([], None),
    ],
)
def test_pace_is_read_from_the_dates_of_a_document(dates: list[datetime], pace: float | None) -> None:
    """The shortest time in which 45 % of a document were published, as entries an hour."""
    found = dated_pace(20, dates, NOW, 600)

    assert found == (pytest.approx(pace) if pace is not None else None)


def test_pace_without_dates_is_what_the_fetches_show() -> None:
    """Half as much again as it looks; twice where a fetch was all new, since more may have come and gone."""
    half = News(entries=20, new=10, elapsed_s=3600)
    full = News(entries=20, new=20, elapsed_s=3600)

    assert next_pace(None, half, NOW, 600) == 15
    assert next_pace(None, full, NOW, 600) == 40
    assert next_pace(None, News(entries=20, new=20, elapsed_s=None), NOW, 600) is None, "a first fetch shows nothing"


def test_pace_fades_but_a_quiet_night_is_not_taken_for_the_rule() -> None:
    """After a weekend without news there is still most of it, after a month little."""
    assert next_pace(10, News(entries=20, new=0, elapsed_s=2.5 * 86400), NOW, 600) == pytest.approx(7.07, abs=0.01)
    assert next_pace(10, News(entries=20, new=0, elapsed_s=30 * 86400), NOW, 600) == pytest.approx(0.16, abs=0.01)


def test_spacing_lets_less_than_half_of_a_document_be_new() -> None:
    """20 entries at 9 an hour: nine in an hour, so an hour; it lengthens step by step, and shortens at once."""
    assert next_spacing_s(7200, 9.0, 20, RHYTHM) == 3600
    assert next_spacing_s(1200, 9.0, 20, RHYTHM) == 2400
    assert next_spacing_s(1800, 10**6, 20, RHYTHM) == 600
    assert next_spacing_s(80_000, 0.001, 20, RHYTHM) == 86400
    assert next_spacing_s(1800, None, 20, RHYTHM) == 1800 * BLINDLY_LONGER


def test_a_document_of_a_few_hours_is_polled_as_if_these_were_the_busiest_only_by_its_first_spacing() -> None:
    """At night a newspaper's document says nothing of its mornings: at first it is polled every three floors."""
    night = News(entries=20, new=20, elapsed_s=None, published=hours_ago(*(n * 1.5 for n in range(20))))

    pace = next_pace(None, night, NOW, 600)

    assert next_spacing_s(first_spacing_s(RHYTHM), pace, 20, RHYTHM) == 1800


@pytest.mark.parametrize(
    ("hours", "days", "moved_to"),
    [
        ((), (), "2026-11-20T12:20:00Z"),
        ((12, 13), (), "2026-11-20T14:00:00Z"),
        ((), (4,), "2026-11-21T00:00:00Z"),  # the 20th is a Friday
        ((0, 1), (4,), "2026-11-21T02:00:00Z"),
        ((), (4, 5), "2026-11-21T12:00:00Z"),  # Sunday would be beyond the ceiling
        (range(24), (), "2026-11-21T12:00:00Z"),
    ],
)
def test_skipped_hours_and_days_are_left_out_up_to_the_ceiling(
    hours: Collection[int], days: Collection[int], moved_to: str
) -> None:
    """RSS skipHours and skipDays, in UTC."""
    at = NOW + timedelta(minutes=20)

    assert iso(outside_skips(at, hours, days, NOW + timedelta(days=1))) == moved_to


def test_retry_after_is_clamped_to_the_ceiling() -> None:
    """A server can't silence a source for a year."""
    assert held_until(NOW, 10**12, 86400) == NOW + timedelta(days=1)
    assert held_until(NOW, 120, 86400) == NOW + timedelta(minutes=2)


def test_phases_spread_sources_evenly() -> None:
    """Ten thousand sources fall into ten buckets of about a thousand, the same at every start."""
    buckets = [0] * 10
    for n in range(10_000):
        buckets[int(phase(f"source-{n}") * 10)] += 1

    assert min(buckets) > 850
    assert max(buckets) < 1150
