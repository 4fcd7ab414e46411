"""Spacing of polls: bounds that always hold, and the order of what was asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ingest.schedule import (
    SPREAD,
    Rhythm,
    after_failure,
    after_success,
    first_spacing_s,
    held_until,
    next_spacing_s,
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
def test_good_poll_never_comes_back_before_the_floor_or_long_after_the_ceiling(
    spacing_s: float, asked_s: int | None, every_s: float | None, source: str
) -> None:
    """Whatever spacing, server and feed say, the floor holds; only ``every`` may go beyond the ceiling."""
    rhythm = Rhythm(floor_s=600, ceiling_s=86400, every_s=every_s)
    kept = min(spacing_s, 86400)

    waited = wait(after_success(NOW, kept, asked_s, rhythm, source))

    assert 600 <= waited <= max(86400, every_s or 0) * (1 + SPREAD)


@given(st.integers(1, 10**6), st.text())
def test_failures_double_up_to_the_ceiling(failures: int, source: str) -> None:
    """Backoff never ends and never gives up."""
    waited = wait(after_failure(NOW, failures, RHYTHM, source))

    assert 600 <= waited <= 86400 * (1 + SPREAD)
    assert wait(after_failure(NOW, failures + 1, RHYTHM, source)) >= waited


def test_asked_for_spacing_beats_every() -> None:
    """A server's max-age or a feed's ttl is obeyed even where the config says more often."""
    rhythm = Rhythm(floor_s=600, ceiling_s=86400, every_s=1800)

    assert wait(after_success(NOW, 600, 7200, rhythm, "x")) >= 7200
    assert 1800 <= wait(after_success(NOW, 86400, None, rhythm, "x")) <= 1800 * (1 + SPREAD)


def test_spacing_shrinks_with_news_and_grows_without() -> None:
    """Adaptive between the floor and the ceiling."""
    spacing = first_spacing_s(RHYTHM)

    assert next_spacing_s(spacing, something_new=True, rhythm=RHYTHM) < spacing
    assert next_spacing_s(spacing, something_new=False, rhythm=RHYTHM) > spacing
    assert next_spacing_s(600, something_new=True, rhythm=RHYTHM) == 600
    assert next_spacing_s(86400, something_new=False, rhythm=RHYTHM) == 86400


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
