"""What has had its time goes: the daemon's job, and `wireroom prune`. IO: sqlite, clock."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from db.archive import open_reader
from db.poll_log import is_borne_out
from db.regroup import standing
from db.vacuum import room_of
from wireroom.clock import clock_is_sure, utc_now
from wireroom.control import ControlError, Progress
from wireroom.pruning import At, Plan, Sums, planned, step

if TYPE_CHECKING:
    from wireroom.config import Config
    from wireroom.engine import Engine

REST_S = 6 * 3600
"""So long after a pass there is another."""


class Keeper:
    """The daemon's job: one step a beat while a pass is under way, else rest."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rests_until = 0.0
        self._plan: Plan | None = None
        self._of: Config | None = None
        self._at = At()
        self._sums = Sums()

    async def tick(self) -> None:
        """Do one step, if it is time, and the clock can be trusted; a regroup under way goes first."""
        engine, clock = self._engine, asyncio.get_running_loop().time
        if clock() < self._rests_until or engine.closing or is_regrouping(engine.reader):
            return
        if self._plan is None or self._of is not engine.config:  # a pass takes hours, and what is gone is gone
            now = utc_now()
            if not (clock_is_sure() and is_borne_out(engine.reader, now)):
                return
            if self._plan is None:
                self._at, self._sums = At(), Sums()
            self._of = engine.config
            self._plan = await asyncio.to_thread(read_plan, self._of, now)
            if self._of is not engine.config:
                return
        done, self._at = await engine.writer.write(partial(step, plan=self._plan, at=self._at), own=True)
        self._sums += done
        if self._at.stage is None:
            self._plan, self._rests_until = None, clock() + REST_S
            if self._sums.stories or self._sums.rows.total():
                engine.log.info("pruned", **counted(self._sums))


def is_regrouping(db: Database) -> bool:
    """Tell whether a regroup is under way: it goes through the very stories."""
    return standing(db).stage is not None


def read_plan(config: Config, now: datetime, *, dry: bool = False) -> Plan:
    """Read what a pass goes by, over a connection of its own: it may take a while. Raises ArchiveError."""
    db = open_reader(config.archive)
    with contextlib.closing(db):
        return planned(db, config, now, dry=dry)


def counted(sums: Sums) -> dict[str, int]:
    """Tell in numbers what went."""
    return {"stories": sums.stories.total(), **sums.rows, "freed": sums.freed}


def would_prune(config: Config, now: datetime) -> dict[str, Any]:
    """Find what a pass would have go; nothing is written, and the daemon is not asked. Raises ArchiveError."""
    db = open_reader(config.archive)
    with contextlib.closing(db):
        plan, at, sums = planned(db, config, now, dry=True), At(), Sums()
        while at.stage is not None:
            done, at = step(db, plan, at)
            sums += done
        return told(db, sums, dry=True)


async def prune_now(engine: Engine, progress: Progress) -> dict[str, Any]:
    """Do a whole pass, beside the polls, and publish what it changed → what went.

    Raises ControlError (exit code 2) while a regroup is under way.
    """
    of, plan, at, sums = None, None, At(), Sums()
    while at.stage is not None and not engine.closing:
        if is_regrouping(engine.reader):
            raise ControlError("a regroup is under way, or was broken off: `wireroom regroup` finishes it first", 2)
        if plan is None or of is not engine.config:
            of = engine.config
            plan = await asyncio.to_thread(read_plan, of, utc_now())
            continue
        done, at = await engine.writer.write(partial(step, plan=plan, at=at), own=True)
        sums += done
        progress({"stories": sums.stories.total(), "stage": at.stage, "last": at.stage is None})
    engine.log.info("pruned", **counted(sums))
    if not engine.closing:
        await engine.press.publish()
    return told(engine.reader, sums, dry=False)


def told(db: Database, sums: Sums, *, dry: bool) -> dict[str, Any]:
    """Tell what went, or would, as JSON has it."""
    names = dict(db.execute("SELECT id, config_id FROM sources").fetchall())
    return {
        "did": "prune",
        "dry_run": dry,
        "stories": dict(sums.stories),
        "entries": {names[source]: count for source, count in sums.sources.most_common()},
        "kept": dict(sums.kept),
        "bodies": sums.rows["bodies"],
        "revisions": sums.rows["revisions"],
        "polls": sums.rows["polls"],
        "troubles": sums.rows["troubles"],
        "freed": sums.freed,
        "archive": room_of(db),
    }
