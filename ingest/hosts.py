"""A turn at a host: connections at once to one registered domain, a pause between requests. IO: network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ingest.domain import budget_key


@dataclass(slots=True)
class Turnstile:
    """One budget: free places, and when the next request may start (event loop time, seconds)."""

    places: asyncio.Semaphore
    next_start: float = 0.0
    waiting: int = 0


class Turn:
    """One request's turn, as a context."""

    __slots__ = ("_clock", "_pause_s", "_turnstile")

    def __init__(self, turnstile: Turnstile, pause_s: float, clock: Callable[[], float]) -> None:
        self._turnstile = turnstile
        self._pause_s = pause_s
        self._clock = clock

    async def __aenter__(self) -> None:
        """Wait for a place, then for the pause."""
        turnstile = self._turnstile
        turnstile.waiting += 1
        try:
            await turnstile.places.acquire()
        except BaseException:
            turnstile.waiting -= 1
            raise
        now = self._clock()
        start = max(now, turnstile.next_start)
        turnstile.next_start = start + self._pause_s
        if start > now:
            try:
                await asyncio.sleep(start - now)
            except BaseException:
                self._leave()
                raise

    async def __aexit__(self, *_: object) -> None:
        """Give the place back."""
        self._leave()

    def _leave(self) -> None:
        self._turnstile.places.release()
        self._turnstile.waiting -= 1


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

    def turn(self, host: str, port: int) -> Turn:
        """Give a context: it waits for a place at the host and for its pause to pass, and holds the place."""
        key = budget_key(host, port)
        turnstile = self._turnstiles.get(key)
        if turnstile is None:
            if len(self._turnstiles) > self._most:
                self._forget()
            turnstile = self._turnstiles[key] = Turnstile(asyncio.Semaphore(self._per_host))
        return Turn(turnstile, self._pause_s, self._clock)

    def _forget(self) -> None:
        """Drop the turnstiles that nobody waits at, and whose pause has passed: redirects lead to ever new hosts."""
        now = self._clock()
        self._turnstiles = {key: one for key, one in self._turnstiles.items() if one.waiting or one.next_start > now}
        self._most = max(FEW, 2 * len(self._turnstiles))
