"""What is wrong with sources is noted as it begins and ends, for the feed of health. IO: sqlite, clock."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path

from db.archive import open_reader
from db.times import iso
from db.trouble import News
from db.troubles import look, note
from wireroom.clock import utc_now
from wireroom.engine import Engine

LOOK_S = 60


class HealthFeed:
    """Notes troubles; ``tick`` is run every second, and looks once a minute."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rests_until = 0.0

    async def tick(self) -> None:
        """Look whether something began or ended; only that is written."""
        clock = asyncio.get_running_loop().time
        if clock() < self._rests_until:
            return
        self._rests_until = clock() + LOOK_S
        now = utc_now()
        news = await asyncio.to_thread(looked, self._engine.config.archive, now)
        if news:
            await self._engine.writer.write(partial(note, news=news, now=iso(now)), patient=True, own=True)


def looked(archive: Path, now: datetime) -> News:
    """Look on a connection of its own: among a hundred thousand sources it takes a while. Raises ArchiveError."""
    with closing(open_reader(archive)) as db:
        return look(db, now)
