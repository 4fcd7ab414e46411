"""A turn at a host: connections at once to one registered domain, a pause between requests. IO: network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ingest.domain import budget_key


@dataclass(slots=True)
class Turnstile:
    """One budget: free places, and when the next request may start (event loop time, seconds)."""

    places: asyncio.Semaphore
    next_start: float = 0.0
    waiting: int = 0


FEW = 1000
"""So many turnstiles are no matter; of more, those that nobody needs are forgotten."""


class Hosts:
    """The budgets of all hosts. ``clock`` is monotonic seconds."""

    def __init__(self, *, per_host: int, pause_s: float, clock: Callable[[], float]) -> None:
        self._per_host = per_host
        self._pause_s = pause_s
        self._clock = clock
        self._turnstiles: dict[str, Turnstile] = {}
        self._most = FEW

    def keeps(self, *, per_host: int, pause_s: float) -> bool:
        """Tell whether these are its limits."""
        return (self._per_host, self._pause_s) == (per_host, pause_s)

    @asynccontextmanager
    async def turn(self, host: str, port: int) -> AsyncIterator[None]:
        """Wait for a place at the host and for its pause to pass; hold the place while the body runs."""
        key = budget_key(host, port)
        if len(self._turnstiles) > self._most:
            self._forget()
        turnstile = self._turnstiles.setdefault(key, Turnstile(asyncio.Semaphore(self._per_host)))
        turnstile.waiting += 1
        try:
            async with turnstile.places:
                now = self._clock()
                start = max(now, turnstile.next_start)
                turnstile.next_start = start + self._pause_s
                if start > now:
                    await asyncio.sleep(start - now)
                yield
        finally:
            turnstile.waiting -= 1

    def _forget(self) -> None:
        """Drop the turnstiles that nobody waits at, and whose pause has passed: redirects lead to ever new hosts."""
        now = self._clock()
        self._turnstiles = {key: one for key, one in self._turnstiles.items() if one.waiting or one.next_start > now}
        self._most = max(FEW, 2 * len(self._turnstiles))
