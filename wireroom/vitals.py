"""The daemon's signs of life, gathered for ``/healthz``, metrics and the watchdog. IO: clock, files, sqlite.

What they come to is ``signs.py``'s to say. A disk is asked on a thread, since one that is a server's may not answer.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from db.sources import longest_due
from db.times import parse_iso
from feeds.pages.words import counted
from wireroom.clock import utc_now
from wireroom.engine import Engine
from wireroom.signs import Disk, Signs, alive, reasons, state, warnings

REST_S = 600
"""What comes and goes is logged once in so long."""
LOOK_S = 5
"""Disks, and what is due, are looked at so often."""


class Vitals:
    """Gathers the signs; ``tick`` is the daemon's job. ``clock``: steady time."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._clock = clock
        self._started = clock()
        self._beat = clock()  # when sources were looked at last
        self._ticked: float | None = None
        self._looked = float("-inf")
        self._told = float("-inf")
        self._due_s = 0.0
        self._disks: tuple[Disk, ...] = ()
        self._asking: asyncio.Task[None] | None = None
        self._said: tuple[str, ...] = ()
        self._logged: dict[str, float] = {}
        self._over = False  # something was logged, and that it is over is not
        self.late_s = 0.0
        """How much later than it should the last beat was."""
        self.started_wall = time.time()

    async def tick(self) -> None:
        """Look, say what has changed, and give the watchdog a sign of life where there is one."""
        now = self._clock()
        self.late_s = max(0.0, now - self._ticked - 1) if self._ticked is not None else 0.0
        self._ticked = now
        self._beat = min(now, self._beat + self.late_s)  # where all of us stood still, no job of ours is to blame
        if now - self._looked >= LOOK_S and (self._asking is None or self._asking.done()):
            self._looked = now
            self._asking = asyncio.create_task(self._look())
        signs = self.signs()
        self._say(signs)
        if alive(signs):
            told = now - self._told >= LOOK_S
            self._told = now if told else self._told
            self._engine.notifier.alive(self.status() if told else None)

    async def look(self, tick: Callable[[], Awaitable[object]]) -> None:
        """Run the job that looks at all sources, and note that it was."""
        await tick()
        self._beat = self._clock()

    async def publish(self) -> None:
        """Publish, and count how long what is published waited for it."""
        counts, press = self._engine.counts, self._engine.press
        since, counts.unpublished = counts.unpublished, None
        await press.publish()
        if press.trouble is None:
            counts.published(since, time.monotonic())
        elif since is not None:
            counts.unpublished = since

    def signs(self) -> Signs:
        """Give the signs as they are now."""
        engine, counts, press = self._engine, self._engine.counts, self._engine.press
        pulse, now, steady = engine.writer.pulse, self._clock(), time.monotonic()
        return Signs(
            now=now,
            started=self._started,
            floor_s=engine.config.poll.floor_s,
            sources=len(engine.telling),
            tried=len(counts.failing),
            tries=counts.failures,
            last_poll=counts.last_poll,
            last_good=counts.last_good,
            due_s=self._due_s,
            offline=engine.offline,
            writer_alive=engine.writer.alive,
            writer_quiet_s=pulse.quiet_s(steady),
            writer_busy_s=pulse.busy_s(steady),
            writer_locked=pulse.locked,
            beat_quiet_s=now - self._beat,
            archive=engine.writer.guard.trouble or press.archive_trouble,
            cluster=press.cluster_trouble,
            publish=press.trouble,
            disks=self._disks,
            warnings=engine.warnings,
        )

    def health(self) -> dict[str, Any]:
        """Tell how we are: ``ok``, ``state``, ``trouble`` (the first of the reasons), ``reasons``, ``warnings``."""
        signs = self.signs()
        found = reasons(signs)
        return {
            "ok": not found,
            "state": state(signs, found),
            "trouble": found[0].said if found else None,
            "reasons": [{"code": one.code, "said": one.said, "mend": one.mend} for one in found],
            "warnings": [{"code": one.code, "said": one.said, "mend": one.mend} for one in warnings(signs)],
            "topics": len(self._engine.config.topics),
        }

    def pulse(self) -> dict[str, Any]:
        """Tell what we are at, for ``wireroom status --watch``."""
        engine, counts, now = self._engine, self._engine.counts, self._clock()
        return {
            "health": self.health(),
            "uptime_s": round(now - self._started),
            "under_way": len(engine.poller.under_way),
            "polls_last_minute": counts.rate(time.monotonic()),
            "polls": dict(counts.polls),
            "stories": counts.stories,
            "writer_waiting": engine.writer.waiting,
            "writer_busy_s": round(engine.writer.pulse.busy_s(time.monotonic()), 1),
        }

    def status(self) -> str:
        """Tell in a line what ``systemctl status`` shows."""
        engine, counts = self._engine, self._engine.counts
        trouble = self.health()["trouble"]
        sums = f"{counted(len(engine.config.sources), 'source')}, {counted(len(engine.config.topics), 'topic')}"
        polls = counted(counts.rate(time.monotonic()), "poll")
        return trouble or f"{sums}; {polls} in the last minute, {len(engine.poller.under_way)} under way"

    async def _look(self) -> None:
        """Ask the disks, and what is due."""
        config = self._engine.config
        places = {"archive": config.archive.parent, "publish": config.publish}
        self._disks = await asyncio.to_thread(disks, places)
        try:
            first = longest_due(self._engine.reader)
        except sqlite3.Error:
            return  # the writer tells what is wrong with the archive
        self._due_s = max(0.0, (utc_now() - parse_iso(first)).total_seconds()) if first is not None else 0.0

    def _say(self, signs: Signs) -> None:
        """Write to the log that something is wrong, or no longer: a line for each change. Others log their own."""
        found = [one for one in reasons(signs) if one.code not in ("archive", "cluster", "publish")]
        codes = tuple(one.code for one in found)
        for one in found:
            rested = signs.now - self._logged.get(one.code, float("-inf")) >= REST_S
            if one.code not in self._said and rested:
                self._logged[one.code] = signs.now
                self._engine.log.error("health", trouble=one.said, mend=one.mend)
                self._over = True
        if self._over and not codes:
            self._engine.log.info("health", trouble=None)
            self._over = False
        self._said = codes


def disks(places: dict[str, Path]) -> tuple[Disk, ...]:
    """Ask how much is free there; a place that can't be asked is told of by who writes there."""
    found = []
    for what, path in places.items():
        try:
            told = os.statvfs(path)
        except OSError:
            continue
        found.append(
            Disk(what=what, path=str(path), free=told.f_bavail * told.f_frsize, total=told.f_blocks * told.f_frsize)
        )
    return tuple(found)
