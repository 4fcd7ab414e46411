"""What the daemon has done since it was started, counted as it goes: polls, entries, stories, when one was good. Pure.

The hot path only counts. What has to be asked of the archive is asked when somebody wants to know (``metrics.py``).
"""

from __future__ import annotations

from collections import Counter, deque

from db.pulse import Spread
from ingest.poll import Report

POLL_BOUNDS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LAG_BOUNDS_S = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
RATE_S = 60
"""A rate is told of so long."""


class Counts:
    """Sums since the start. ``now`` is always steady time, in seconds."""

    def __init__(self) -> None:
        self.polls: Counter[str] = Counter()
        """By outcome."""
        self.new = self.changed = self.stories = self.copies = 0
        """Entries that were new, that had changed; stories that were; new entries of stories that were there."""
        self.took = Spread(POLL_BOUNDS_S)
        self.lag = Spread(LAG_BOUNDS_S)
        """From when a story was in the archive to when the topics that took it were published."""
        self.last_poll: float | None = None
        self.last_good: float | None = None
        """When a poll last ended, when one was last good."""
        self.last_good_wall: float | None = None
        """The latter as a clock shows it: seconds since 1970."""
        self.failing: set[str] = set()
        """Sources that were tried since a poll was last good; none of them was."""
        self.failures = 0
        """How often they were."""
        self.unpublished: float | None = None
        """When the first story came that is not yet published; None: all are."""
        self._recent: deque[tuple[float, int]] = deque()  # polls by second

    def polled(self, report: Report, now: float, wall: float, *, telling: bool) -> None:
        """Count a poll. ``telling``: it tells of the world; where there are sources on the web, a file does not."""
        self.polls[report.outcome] += 1
        self.took.add(report.duration_ms / 1000)
        self.new += report.new
        self.changed += report.changed
        self.stories += report.stories
        self.copies += max(0, report.new - report.stories)
        self.last_poll = now
        if self._recent and self._recent[-1][0] == int(now):
            self._recent[-1] = int(now), self._recent[-1][1] + 1
        else:
            self._recent.append((int(now), 1))
            self.forget(now)
        if (report.stories or report.changed) and self.unpublished is None:
            self.unpublished = now
        if not telling:
            return
        if report.good:
            self.last_good, self.last_good_wall = now, wall
            if self.failures:
                self.failing.clear()
                self.failures = 0
        else:
            self.failing.add(report.source)
            self.failures += 1

    def published(self, since: float | None, now: float) -> None:
        """Count what was published, of which the first came ``since`` then."""
        if since is not None:
            self.lag.add(now - since)

    def forget(self, now: float) -> None:
        """Let go of what is too old for a rate."""
        while self._recent and self._recent[0][0] < now - RATE_S:
            self._recent.popleft()

    def rate(self, now: float) -> int:
        """Count the polls of the last minute."""
        self.forget(now)
        return sum(count for _, count in self._recent)
