"""Feeds that were made for a request, kept while they are as the archive is; each is made once at a time. IO: clock.

A feed is good for a minute, and no longer than nothing has come into the archive: that is looked at once a second at
most, so a reader that asks again costs a look into memory. What took too long to find is not looked for again at once.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate

from sqlite_utils import Database

from db.live_read import Stamp, stamp_of
from db.query_faults import SlowError
from db.readers import BusyError, Readers
from feeds.publish import Published

GOOD_S = 60.0
"""After it a feed is made anew, whatever the archive's stamp: tags may have been asked anew, "today" is another day."""
LOOK_S = 1.0
"""So long the archive is taken for what it was."""
SLOW_S = 60.0
"""So long what took too long is not tried again."""
MOST, MOST_BYTES = 500, 32_000_000
"""Of what is kept: feeds, and bytes of them with their compressed forms."""
AT_ONCE, MOST_WAITING = 2, 20
"""So many are made at once: pages want the archive too; and so many may wait for their turn."""

WAIT_S = 10.0
"""Nobody waits longer for his turn: readers come again by themselves."""

Key = tuple[str, ...]
Make = Callable[[Database], tuple[Published, float]]
"""Makes a document, and tells when its content last changed, seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A feed, of which state of the archive and of the config it is, and how long it is good."""

    found: Published
    changed: float
    stamp: Stamp
    given: object
    until: float

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.found.body) + len(self.found.gzip)


class LiveCache:
    """The feeds that were made. ``now`` is the time in seconds since the epoch, ``steady`` a clock that never jumps."""

    def __init__(
        self,
        readers: Readers,
        *,
        now: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._readers = readers
        self._now = now
        self._steady = steady
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._bytes = 0
        self._slow: OrderedDict[Key, tuple[float, str]] = OrderedDict()
        self._making: dict[Key, asyncio.Task[Published]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._stamp: tuple[float, Stamp] | None = None

    async def get(self, key: Key, make: Make, given: object) -> Published:
        """Give the feed of this key, made by ``make`` unless the one that is kept is good.

        ``given``: what of the config it is made by; with another it is made anew. Raises what ``make`` raises,
        SlowError also where it was too slow just now, and BusyError.
        """
        kept = self._kept.get(key)
        is_young = kept is not None and kept.given == given and self._steady() < kept.until
        if kept is not None and is_young and kept.stamp == await self._stamped():
            if key in self._kept:
                self._kept.move_to_end(key)
            return kept.found
        until, said = self._slow.get(key, (0.0, ""))
        if self._steady() < until:
            raise SlowError(said)
        task = self._making.get(key)
        if task is None:
            if len(self._making) >= AT_ONCE + MOST_WAITING:
                raise BusyError
            task = self._making[key] = asyncio.get_running_loop().create_task(self._make(key, make, given))
            task.add_done_callback(lambda done: self._made(key, done))
        return await asyncio.shield(task)  # who asked may go away; others wait for it too

    async def _stamped(self) -> Stamp:
        if self._stamp is None or self._steady() >= self._stamp[0]:
            self._stamp = self._steady() + LOOK_S, await self._readers.read(stamp_of)
        return self._stamp[1]

    async def _make(self, key: Key, make: Make, given: object) -> Published:
        before = self._kept.get(key)
        try:
            async with asyncio.timeout(WAIT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise BusyError from None
        try:
            started = self._steady()
            stamp, (found, changed) = await self._readers.read(lambda db: (stamp_of(db), make(db)))
        except SlowError as error:
            self._slow[key] = self._steady() + SLOW_S, str(error)
            while len(self._slow) > MOST:
                self._slow.popitem(last=False)
            raise
        finally:
            self._turns.release()
        if before is not None and before.found.body == found.body:
            found, changed = before.found, before.changed
        else:
            if before is not None and changed <= before.changed:  # what is not dated has changed
                changed = max(self._now(), before.changed + 1)
            found = replace(found, last_modified=formatdate(int(changed), usegmt=True))
        self._keep(key, Kept(found, changed, stamp, given, started + GOOD_S))
        return found

    def _made(self, key: Key, done: asyncio.Task[Published]) -> None:
        self._making.pop(key, None)
        if not done.cancelled():
            done.exception()  # it was told to whoever waited

    def _keep(self, key: Key, kept: Kept) -> None:
        old = self._kept.pop(key, None)
        self._bytes += kept.size - (old.size if old is not None else 0)
        self._kept[key] = kept
        while len(self._kept) > MOST or (self._bytes > MOST_BYTES and len(self._kept) > 1):
            _, gone = self._kept.popitem(last=False)
            self._bytes -= gone.size
