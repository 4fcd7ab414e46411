"""What is too old to be compared with goes out of the index of copies and events, a little at a time. IO: sqlite."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from sqlite_utils import Database

from db.compare import forget_old
from db.regroup import gives_events
from db.times import iso
from ingest.dedupe import WINDOW
from ingest.event import WINDOW as EVENT_WINDOW
from wireroom.clock import clock_is_sure, utc_now

if TYPE_CHECKING:
    from wireroom.engine import Engine

PRINTS_FOR = 2 * WINDOW
"""Since first sight. A text is often seen days after it was published, and its copies later still."""

EVENTS_FOR = 2 * EVENT_WINDOW

AT_ONCE = 200
"""So much is forgotten in one step, which holds up the writer for some 20 ms."""

REST_S = 3600
"""When there is nothing to forget, it is asked again after so long."""


def forget(db: Database, now: datetime, most: int = AT_ONCE) -> bool:
    """Forget what is too old by ``now`` → whether there may be more of it. A regroup under way does so itself."""
    return gives_events(db) and forget_old(db, iso(now - PRINTS_FOR), iso(now - EVENTS_FOR), most) >= most


class Upkeep:
    """The daemon's job: one step a beat while there is something to forget, else rest."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rests_until = 0.0

    async def tick(self) -> None:
        """Do one step, if it is time."""
        clock = asyncio.get_running_loop().time
        if clock() < self._rests_until or not clock_is_sure():
            return
        if not await self._engine.write(lambda db: forget(db, utc_now())):
            self._rests_until = clock() + REST_S
