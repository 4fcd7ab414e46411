"""The writer's pulse: what it is at and for how long, and what it has done since it was started. IO: clock.

Only the writer's thread writes it, any other may read it: each number by itself is whole.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Spread:
    """How long something took, each time: counted between bounds (seconds), as Prometheus has its histograms."""

    __slots__ = ("bounds", "counts", "total_s")

    def __init__(self, bounds: Sequence[float] = BOUNDS_S) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        """``counts[n]``: those up to ``bounds[n]`` and above the bound before; the last are above all."""
        self.total_s = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total_s += seconds


class Pulse:
    """What the writer is at: it has signs of life while it waits for another program, runs a job, or commits."""

    __slots__ = ("began", "commits", "done", "failed", "held_up", "locked", "sign")

    def __init__(self) -> None:
        self.began: float | None = None
        """When the batch under way was begun, on the monotonic clock; None: nothing is to be done."""
        self.sign = time.monotonic()
        """When it last showed a sign of life."""
        self.locked = False
        """Another program holds the archive."""
        self.done = self.failed = 0
        self.held_up = Spread()
        """Jobs, from when they were given to when they were on disk."""
        self.commits = Spread()
        """COMMITs: what the disk takes."""

    def begin(self) -> None:
        """Begin a batch."""
        self.began = self.sign = time.monotonic()

    def beat(self, *, locked: bool = False) -> None:
        """Show that it is alive."""
        self.locked = locked
        self.sign = time.monotonic()

    def committed(self, began: float, given: Sequence[float]) -> None:
        """End a batch that is on disk: when its COMMIT began, when its jobs were given."""
        now = self.sign = time.monotonic()
        self.commits.add(now - began)
        self.done += len(given)
        for at in given:
            self.held_up.add(now - at)
        self.began, self.locked = None, False

    def undone(self) -> None:
        """End a batch of which nothing is in the archive."""
        self.began, self.locked = None, False
        self.sign = time.monotonic()

    def quiet_s(self, now: float) -> float:
        """Tell for how long it has had something to do and shown no sign of life; 0 where it has nothing to do."""
        return max(0.0, now - self.sign) if self.began is not None else 0.0

    def busy_s(self, now: float) -> float:
        """Tell for how long it has been at the present batch."""
        began = self.began
        return max(0.0, now - began) if began is not None else 0.0
