"""A clock that was set: the log tells, and plans move with it once it is believed. IO: sqlite, clock, log."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlite_utils import Database

from db.shift import last_poll, shift_times
from db.times import parse_iso
from ingest.headers import http_date
from wireroom import clock

if TYPE_CHECKING:
    from wireroom.engine import Engine


class ClockWatch:
    """Watches the clock for an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._told: str | None = None

    def start(self) -> None:
        """Compare it with what the archive says, before anything is written there."""
        last = last_poll(self._engine.reader)
        clock.CLOCK.started(None if last is None else parse_iso(last))

    def answered(self, host: str, date: str | None) -> None:
        """Hear what a host says what time it is, as its header has it."""
        clock.CLOCK.heard(host, http_date(date))

    async def tick(self, hosts: int) -> None:
        """Look at it; ``hosts`` is how many are polled. Raises what the archive raises: then it is looked at again."""
        by_s = clock.CLOCK.look(hosts)
        if clock.CLOCK.wrong is not None:
            self._engine.warnings["clock"] = f"the clock: {clock.CLOCK.wrong}"
        else:
            self._engine.warnings.pop("clock", None)
        self._tell()
        if by_s is None:
            return

        def follow(db: Database) -> None:
            shift_times(db, clock.CLOCK() + timedelta(seconds=by_s), round(by_s))
            clock.CLOCK.take()  # here, where polls are written: the next is by the new time

        await self._engine.write(follow)
        self._engine.log.info("clock", trouble=None, said=f"the new time is right; all plans moved by {round(by_s)} s")
        self._told = None

    def _tell(self) -> None:
        trouble = clock.CLOCK.trouble
        if trouble == self._told:
            return
        if trouble is None:
            self._engine.log.info("clock", trouble=None)
        else:
            self._engine.log.warning("clock", trouble=trouble)
        self._told = trouble
