"""A turn at a host: connections at once to one registered domain, a pause between requests. IO: network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ingest.domain import budget_key


@dataclass(slots=True)
class Turnstile:
    """One budget: free places, and when the next request may start (event loop time, seconds)."""

    places: asyncio.Semaphore
    next_start: float = 0.0
    waiting: int = field(default=0)


class Hosts:
    """The budgets of all hosts. ``clock`` is monotonic seconds."""

    def __init__(self, *, per_host: int, pause_s: float, clock: Callable[[], float]) -> None:
        self._per_host = per_host
        self._pause_s = pause_s
        self._clock = clock
        self._turnstiles: dict[str, Turnstile] = {}

    @asynccontextmanager
    async def turn(self, host: str, port: int) -> AsyncIterator[None]:
        """Wait for a place at the host and for its pause to pass; hold the place while the body runs."""
        key = budget_key(host, port)
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
            if not turnstile.waiting and turnstile.next_start <= self._clock():
                self._turnstiles.pop(key, None)
