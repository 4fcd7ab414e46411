"""A turn at a host: how many connections at once to one registered domain, and the pause between requests. IO: network.

Budgets go by registered domain (eTLD+1, from the Public Suffix List that ships with its package), since
``feeds.example.org`` and ``www.example.org`` are one machine room. A literal address, or a name without a registered
domain, is budgeted by host and port.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList


@cache
def suffixes() -> PublicSuffixList:
    """Load the list once, on first use: it takes a tenth of a second."""
    return PublicSuffixList()


@lru_cache(maxsize=10_000)
def budget_key(host: str, port: int) -> str:
    """Name the budget that a host falls under."""
    host = host.rstrip(".").lower()
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        domain = suffixes().privatesuffix(host)
        if domain:
            return str(domain)
    return f"{host}:{port}"


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
