"""Our own network, judged by what all polls see: a poll that got no answer waits a moment for the verdict. IO: clock.

What a single failure means shows only beside the others, so it is not written before they had a moment to come in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from db.plan import PolledSource
from ingest.fetched import Fetched
from ingest.outage import NETWORK_OUTCOMES, WELL_HOSTS, Outage

SETTLE_S = 2.0
"""So long a failure waits for what other hosts have to say: a refusal is quicker than any answer."""

JUST_NOW_S, KNOWN_S = 5.0, 15.0
"""Where no other host answered in so long, a few are tried; what that showed holds for so long."""

FEW_HOSTS, LOOK_S = 1000, 1e-5
"""Of so many hosts a look at all takes no time. For each one more the next look is so much later, in seconds."""


class Network:
    """Judges failures. ``hosts`` is how many hosts are polled at all: of too few there is nothing to compare.

    ``reach`` tells whether anyone but the host named can be reached (``ingest.reach``), None where it can't say.
    """

    def __init__(
        self,
        *,
        hosts: int,
        clock: Callable[[], float],
        on_change: Callable[[bool], None],
        reach: Callable[[str], Awaitable[bool | None]] | None = None,
    ) -> None:
        self.hosts = hosts
        self._clock = clock
        self._on_change = on_change
        self._reach = reach
        self._trying: asyncio.Task[bool | None] | None = None
        self._reached_at = -KNOWN_S  # when anyone could be, the last time that was tried
        self._outage = Outage()
        self._down = False
        self._next_look = 0.0
        self._excused: dict[int, float] = {}  # sources whose failure was taken for ours, and since when

    @property
    def down(self) -> bool:
        """Tell whether our own network is down, by the last look."""
        return self._down

    async def judged(self, source: PolledSource, fetched: Fetched, *, started: float) -> Fetched:
        """Note how a fetch ended that ``started`` then → the same, or ``offline`` where most hosts fail now."""
        if source.domain is None:
            return fetched  # a file
        if fetched.outcome == "offline":
            return fetched  # it was not even asked
        now = self._clock()
        if fetched.outcome not in NETWORK_OUTCOMES:
            self._excused.pop(source.id, None)
            self._outage.answered(source.domain, now)
            if self._down:  # all hosts are counted: not at every answer while all is well
                self._look()
            return fetched
        if source.failures == 0:  # one that failed before tells nothing
            was_well = source.last_good_at is not None
            self._outage.failed(source.domain, now, started=started, was_well=was_well)
        if self.hosts >= WELL_HOSTS and not self._down:
            await asyncio.sleep(SETTLE_S)
            self._look()
            if source.failures == 0 and not self._down:
                await self._look_round(source.domain, max(started, now - JUST_NOW_S))
        since = self._excused.get(source.id)
        if not self._down or (since is not None and self._outage.others_answered(source.domain, since)):
            self._excused.pop(source.id, None)
            return fetched
        self._excused.setdefault(source.id, now)
        error = f"{fetched.error}; most other hosts fail too, so it is our own network: not charged to the source"
        return replace(fetched, outcome="offline", error=error)

    async def _look_round(self, host: str, since: float) -> None:
        """Where no other host has answered since then, find out whether any can be reached: if not, it is ours."""
        if self._reach is None or self._reached_at + KNOWN_S > self._clock():
            return
        if self._outage.anyone_answered(host, since):
            return
        if self._trying is None or self._trying.done():
            self._trying = asyncio.ensure_future(self._reach(host))
        found = await asyncio.shield(self._trying)
        if found:
            self._reached_at = self._clock()
        elif found is False and not self._down:
            self._say(down=True)

    def _say(self, *, down: bool) -> None:
        self._down = down
        self._on_change(down)

    def _look(self) -> None:
        """Judge anew, and tell when the verdict changes; of very many hosts not at every failure."""
        now = self._clock()
        if now < self._next_look:
            return
        ours = self._outage.is_ours(now)
        self._next_look = now + LOOK_S * max(0, len(self._outage) - FEW_HOSTS)
        if ours != self._down:
            self._say(down=ours)
