"""How much of the same the log tells: the first few times, then how often it was. Pure.

What fails goes on failing: five hundred sources of a network that is gone say the same each round, and a full log disk
is one trouble more. Nothing is hidden: what was left out is counted, and the count is told.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

SHOWN, EVERY_S = 3, 3600
"""So many lines of one event, source and message are written in so long; the others are counted."""

OF_ONE_EVENT, MINUTE_S = 1000, 60
"""So many lines of one event are written in so long, whomever they are about."""

MOST_KEYS = 5000
"""So many different messages are kept in mind."""

ABOUT = ("source", "topic", "job", "task", "hub", "webhook", "subscriber", "outcome")
SAYS = ("error", "trouble", "fault", "remark")
MESSAGE = 100
"""So much of a message tells it from others; its numbers do not."""

_NUMBERS = re.compile(r"\d+")

Line = TypeVar("Line")
Key = tuple[Hashable, ...]


def key_of(fields: Mapping[str, Any]) -> Key:
    """Name what a line tells, whatever numbers are in it: how long something took, when it is tried again."""
    about = tuple(str(fields.get(name, "")) for name in ABOUT)
    message = " ".join(str(fields[name])[:MESSAGE] for name in SAYS if fields.get(name) is not None)
    return str(fields.get("event")), *about, _NUMBERS.sub("#", message)


@dataclass(slots=True)
class Told(Generic[Line]):
    """Of one key: when it was first told, how many lines were, how many were not, and the last of those."""

    since: float
    shown: int = 0
    more: int = 0
    last: Line | None = None


class Limit(Generic[Line]):
    """Lets lines through. ``now`` is always seconds that only go forward."""

    def __init__(self) -> None:
        self._keys: OrderedDict[Key, Told[Line]] = OrderedDict()  # in order of ``since``

    def lets(self, key: Key, line: Line, now: float, *, trouble: bool) -> bool:
        """Tell whether the line is written; if not it is counted. ``trouble``: it repeats itself, news do not."""
        allowed = not trouble or self._counts(key, line, now, SHOWN, EVERY_S)
        return allowed and self._counts(key[:1], line, now, OF_ONE_EVENT, MINUTE_S)

    def _counts(self, key: Key, line: Line, now: float, most: int, every_s: float) -> bool:
        told = self._keys.get(key)
        if told is None or (now - told.since >= every_s and not told.more):
            self._keys.pop(key, None)
            told = self._keys[key] = Told(now)
        if told.shown < most:
            told.shown += 1
            return True
        told.more += 1
        told.last = line
        return False

    def left_out(self, now: float, *, all_of_it: bool = False) -> list[tuple[Line, int]]:
        """Give the lines that are to be told now for others that were not → each with how many there were.

        ``all_of_it``: those too whose time has not come.
        """
        crowd = len(self._keys) - MOST_KEYS
        due = [
            key
            for place, (key, told) in enumerate(self._keys.items())
            if all_of_it or place < crowd or now - told.since >= (MINUTE_S if len(key) == 1 else EVERY_S)
        ]
        over = [self._keys.pop(key) for key in due]
        return [(told.last, told.more) for told in over if told.last is not None]
