"""What is counted for pictures, kept for a while: a column of a month need not be counted at every visit. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import TypeVar, cast

T = TypeVar("T")

KEPT = timedelta(minutes=2)
"""A picture may be as old; what is told in words is not kept."""
MOST = 500


class Kept:
    """Values by key, each with the time when it was made; at most ``MOST`` of them."""

    def __init__(self) -> None:
        self._made: dict[Hashable, tuple[datetime, object]] = {}

    def get(self, key: Hashable, now: datetime, make: Callable[[], T]) -> T:
        """Give what was made for ``key`` in the last two minutes, or make it."""
        found = self._made.get(key)
        if found is not None and found[0] <= now < found[0] + KEPT:
            return cast("T", found[1])
        made = make()
        if len(self._made) >= MOST:
            self._made.clear()
        self._made[key] = now, made
        return made
