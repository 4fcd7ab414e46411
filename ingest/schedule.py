"""When is a source polled next? Pure.

The schedule is a column, ``sources.next_poll_at``, read by one tick; this is the arithmetic behind it. Spacing is
adaptive between the floor and the ceiling: shorter while polls bring something new, longer while they don't. What the
server or the feed asks for is obeyed up to the ceiling; ``every`` replaces the rhythm, never what was asked for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_SPACING = 3
"""A source begins at this many floors."""

SHORTER, LONGER = 0.7, 1.3
"""How spacing moves after a poll with and without something new."""

SPREAD = 0.1
"""Sources with one spacing are spread over this share of it, by a hash of their id: no stampede, no dice."""

MAX_DOUBLINGS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """The limits of spacing, seconds: the config's floor and ceiling, and the source's ``every``."""

    floor_s: float
    ceiling_s: float
    every_s: float | None = None


def first_spacing_s(rhythm: Rhythm) -> int:
    """Give the spacing of a source that was never polled."""
    return int(min(rhythm.floor_s * FIRST_SPACING, rhythm.ceiling_s))


def next_spacing_s(spacing_s: float, *, something_new: bool, rhythm: Rhythm) -> int:
    """Move the spacing after a good poll → whole seconds between floor and ceiling."""
    moved = spacing_s * (SHORTER if something_new else LONGER)
    return round(min(max(moved, rhythm.floor_s, 1), rhythm.ceiling_s))


def after_success(now: datetime, spacing_s: float, asked_s: int | None, rhythm: Rhythm, source: str) -> datetime:
    """Give the next poll's time after a good one. ``asked_s``: what the server or the feed asks for."""
    wanted = rhythm.every_s if rhythm.every_s is not None else spacing_s
    wait = max(wanted, rhythm.floor_s, min(asked_s or 0, rhythm.ceiling_s), 1)
    return now + timedelta(seconds=wait * (1 + SPREAD * phase(source)))


def after_failure(now: datetime, failures: int, rhythm: Rhythm, source: str) -> datetime:
    """Give the next attempt's time after ``failures`` (1 or more) in a row: doubling from the floor to the ceiling."""
    base = max(rhythm.floor_s, 1)
    wait = min(base * 2 ** min(failures - 1, MAX_DOUBLINGS), max(rhythm.ceiling_s, base))
    return now + timedelta(seconds=wait * (1 + SPREAD * phase(source)))


def held_until(now: datetime, retry_after_s: int, ceiling_s: float) -> datetime:
    """Give the time before which the server wants no request: its Retry-After, clamped to the ceiling."""
    return now + timedelta(seconds=min(retry_after_s, ceiling_s))


def phase(source: str) -> float:
    """Give a source's own place in 0 ≤ phase < 1, the same for ever."""
    return int.from_bytes(hashlib.blake2b(source.encode(), digest_size=4).digest()) / 2**32
