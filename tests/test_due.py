"""When a digest is due: once a day or week, whatever the clocks of its time zone do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.due import Due, last_due

BERLIN = "Europe/Berlin"


def due(when: Due, now: str) -> str:
    """Find the last due time, both in UTC."""
    return last_due(when, datetime.fromisoformat(now)).isoformat()[:16]


@pytest.mark.parametrize(
    ("when", "now", "last"),
    [
        (Due(None, 7, 0), "2026-11-25T07:00:00Z", "2026-11-25T07:00"),
        (Due(None, 7, 0), "2026-11-25T06:59:59Z", "2026-11-24T07:00"),
        (Due(None, 7, 0, BERLIN), "2026-11-25T06:00:00Z", "2026-11-25T06:00"),  # UTC+1
        (Due(None, 7, 0, BERLIN), "2026-07-01T12:00:00Z", "2026-07-01T05:00"),  # UTC+2
        (Due(None, 0, 30, "Pacific/Kiritimati"), "2026-11-25T10:30:00Z", "2026-11-25T10:30"),  # it is the 26th there
        (Due(None, 23, 45, "Pacific/Pago_Pago"), "2026-11-25T11:00:00Z", "2026-11-25T10:45"),  # it is the 24th there
        (Due(0, 7, 0), "2026-11-25T12:00:00Z", "2026-11-23T07:00"),  # a Wednesday
        (Due(0, 7, 0), "2026-11-23T06:59:59Z", "2026-11-16T07:00"),
        (Due(6, 23, 59, BERLIN), "2026-11-22T22:59:00Z", "2026-11-22T22:59"),
    ],
)
def test_last_due_time_is_that_of_the_zones_clocks(when: Due, now: str, last: str) -> None:
    """Of a day as it is there; a moment that is just now counts."""
    assert due(when, now) == last


def test_clocks_that_go_back_bring_one_digest_and_those_that_go_forward_too() -> None:
    """Berlin, 25 October 2026: 02:30 comes twice; 29 March: it does not come, 03:30 is what it would have been."""
    at = Due(None, 2, 30, BERLIN)

    assert due(at, "2026-10-25T00:29:59Z") == "2026-10-24T00:30"
    assert due(at, "2026-10-25T00:30:00Z") == "2026-10-25T00:30"
    assert due(at, "2026-10-25T01:30:00Z") == "2026-10-25T00:30", "the second 02:30"
    assert due(at, "2026-03-29T01:29:59Z") == "2026-03-28T01:30"
    assert due(at, "2026-03-29T01:30:00Z") == "2026-03-29T01:30"
    assert due(at, "2026-03-30T00:30:00Z") == "2026-03-30T00:30"


@given(
    weekday=st.none() | st.integers(0, 6),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    zone=st.sampled_from(
        ["UTC", BERLIN, "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo"]
    ),
    now=st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)).map(lambda one: one.replace(tzinfo=UTC)),  # noqa: DTZ001
)
def test_due_times_are_a_day_or_a_week_apart_and_none_is_passed_over(
    weekday: int | None, hour: int, minute: int, zone: str, now: datetime
) -> None:
    """Within what clocks are moved by; Apia left out a whole day in 2011, where two digests may be one."""
    when = Due(weekday, hour, minute, zone)
    last = last_due(when, now)
    before = last_due(when, last - timedelta(seconds=1))
    period = timedelta(days=1 if weekday is None else 7)
    moved = timedelta(days=1) if zone == "Pacific/Apia" else timedelta(hours=1)

    assert before < last <= now < last + period + moved
    assert period - moved <= last - before <= period + moved
    assert last_due(when, last) == last
    local = last.astimezone(ZoneInfo(zone))
    assert weekday is None or zone == "Pacific/Apia" or local.weekday() in (weekday, (weekday + 1) % 7)
