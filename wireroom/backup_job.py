"""The daemon makes backups when they are due, on a thread and a connection of their own. IO: sqlite, files, clock."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from datetime import datetime
from typing import TYPE_CHECKING

from db.archive import ArchiveError
from wireroom.backups import Made, back_up, wait_s
from wireroom.clock import utc_now
from wireroom.config import Config

if TYPE_CHECKING:
    from wireroom.engine import Engine

LOOK_S = 60
"""So often it is looked into the folder at least: the clock may have been set, or a person made one."""

AGAIN_S = 600
"""After a failure it is tried again so much later; meanwhile health is red."""


class StoppedError(Exception):
    """The daemon ends: what was copied so far is of no use."""


class BackupJob:
    """The job; ``tick`` is called every second, and never twice at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rests_until = 0.0
        self._of: Config | None = None

    async def tick(self) -> None:
        """Make a backup, if it is time. Raises nothing: trouble is logged once, and shown in health."""
        config, clock = self._engine.config, asyncio.get_running_loop().time
        if self._of is not config:
            self._of, self._rests_until = config, 0.0
        if config.backup.folder is None:
            self._engine.warnings.pop("backup", None)
            return
        if clock() < self._rests_until:
            return
        began = time.monotonic()
        trouble, rest = None, float(LOOK_S)
        try:
            made, rest = await asyncio.to_thread(self._make, config, utc_now())
        except StoppedError:
            return
        except (ArchiveError, sqlite3.Error, OSError) as error:
            made, trouble, rest = None, f"no backup: {error}", AGAIN_S
        self._rests_until = clock() + min(rest, AGAIN_S if trouble else LOOK_S)
        if made is not None:
            self._engine.log.info(
                "backup",
                path=str(made.backup.path),
                bytes=made.backup.size,
                dropped=len(made.dropped),
                ms=round((time.monotonic() - began) * 1000),
            )
        elif trouble is not None and trouble != self._engine.warnings.get("backup"):
            self._engine.log.error("backup", error=trouble)
        if trouble is not None:
            self._engine.warnings["backup"] = trouble
        elif made is not None:  # that none is due yet ends no trouble
            self._engine.warnings.pop("backup", None)

    def _make(self, config: Config, now: datetime) -> tuple[Made | None, float]:
        """Make one, if it is due, on a thread of its own → it, and how long there is time until the next."""
        wait = wait_s(config, now)
        if wait > 0:
            return None, wait
        return back_up(config, now, full=False, progress=self._go_on), config.backup.every_s

    def _go_on(self, *_: int) -> None:
        if self._engine.closing:
            raise StoppedError
