"""``/metrics``: what the daemon has counted, and what is asked of the archive then. IO: sqlite, files, clock."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector
from sqlite_utils import Database

from db.archive import ArchiveError
from db.figures import count_due, ever_made, size_of, topic_figures, waiting_to_be_told
from db.overview import healths
from db.query_faults import QueryError
from db.readers import BusyError, Readers
from db.schema import SCHEMA_VERSION
from db.times import iso
from feeds.counted import Served
from wireroom import __version__
from wireroom.clock import utc_now
from wireroom.engine import Engine
from wireroom.metrics_told import Page, Values, by_topic, one, written
from wireroom.signs import REASONS
from wireroom.vitals import Vitals

READ_S = 1.0
"""What takes longer to be read from the archive is left out of the page."""
HEALTHS_READ_S, HEALTHS_S = 5.0, 60
"""How sources are costs a look at all of them: it is told as it was so long ago."""
T = TypeVar("T")


class Metrics:
    """Writes the page. ``readers``: of the archive, asked with a limit on their time."""

    def __init__(self, engine: Engine, vitals: Vitals, served: Served, readers: Readers) -> None:
        self._engine = engine
        self._vitals = vitals
        self._served = served
        self._readers = readers
        self._healths: Values = {}
        self._healths_at = float("-inf")
        self._unread = 0
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)

    async def page(self) -> bytes:
        """Write it. Raises nothing: what can't be read is left out, and counted."""
        self._unread = 0
        values = {**self._counted(), **self._looked_at(), **await self._asked()}
        values["wireroom_unread"] = one(self._unread)
        counts, pulse = self._engine.counts, self._engine.writer.pulse
        spreads = {
            "wireroom_poll_seconds": counts.took,
            "wireroom_writer_wait_seconds": pulse.held_up,
            "wireroom_commit_seconds": pulse.commits,
            "wireroom_publish_lag_seconds": counts.lag,
        }
        return written(Page(values, spreads), self._process)

    def _counted(self) -> Mapping[str, Values]:
        """Give what was counted as it happened."""
        counts, pulse = self._engine.counts, self._engine.writer.pulse
        killed = self._engine.workers.killed
        return {
            "wireroom_polls_total": {(outcome,): count for outcome, count in counts.polls.items()},
            "wireroom_entries_total": {("new",): counts.new, ("changed",): counts.changed},
            "wireroom_stories_total": one(counts.stories),
            "wireroom_copies_total": one(counts.copies),
            "wireroom_writer_jobs_total": {("committed",): pulse.done, ("failed",): pulse.failed},
            "wireroom_requests_total": self._served.totals(),
            "wireroom_workers_killed_total": {(cause,): killed[cause] for cause in ("deadline", "died")},
            "wireroom_last_success_time_seconds": one(counts.last_good_wall or 0),
        }

    def _looked_at(self) -> Mapping[str, Values]:
        """Give what can be seen at once."""
        engine, signs = self._engine, self._vitals.signs()
        health = self._vitals.health()
        wrong = {reason["code"] for reason in health["reasons"]}
        return {
            "wireroom_healthy": one(health["ok"]),
            "wireroom_trouble": {(code,): code in wrong for code in REASONS},
            "wireroom_warnings": one(len(health["warnings"])),
            "wireroom_info": {(__version__, str(SCHEMA_VERSION), sqlite3.sqlite_version): 1},
            "wireroom_start_time_seconds": one(self._vitals.started_wall),
            "wireroom_beat_late_seconds": one(self._vitals.late_s),
            "wireroom_polls_under_way": one(len(engine.poller.under_way)),
            "wireroom_due_seconds": one(signs.due_s),
            "wireroom_writer_waiting": one(engine.writer.waiting),
            "wireroom_writer_busy_seconds": one(signs.writer_busy_s),
            "wireroom_disk_free_bytes": {(disk.what,): disk.free for disk in signs.disks},
        }

    async def _asked(self) -> Mapping[str, Values]:
        """Ask the archive, each question by itself."""
        now = utc_now()
        found: dict[str, Values] = {}
        archive = str(self._engine.config.archive)
        sizes = await self._read(lambda _: (size_of(archive), size_of(f"{archive}-wal")))  # its disk may not answer
        if sizes is not None:
            found["wireroom_archive_bytes"], found["wireroom_wal_bytes"] = map(one, sizes)
        ever = await self._read(ever_made)
        if ever is not None:
            found["wireroom_ever_made"] = {(what,): count for what, count in ever.items()}
        due = await self._read(lambda db: count_due(db, iso(now)))
        if due is not None:
            found["wireroom_sources_due"] = one(due)
        topics = await self._read(topic_figures)
        if topics is not None:
            found["wireroom_topics_behind"] = one(sum(topic.behind for topic in topics))
            open_to_all = {topic.id: topic.taken for topic in topics if not topic.secret}
            secret = sum(topic.taken for topic in topics if topic.secret)
            found["wireroom_topic_stories_total"] = by_topic(open_to_all, secret)
        untold = await self._read(lambda db: waiting_to_be_told(db, iso(now)))
        if untold is not None:
            found["wireroom_untold"] = {(who,): count for who, count in untold.items()}
        if time.monotonic() - self._healths_at >= HEALTHS_S:
            found_now = await self._read(lambda db: healths(db, now), HEALTHS_READ_S)
            if found_now is not None:
                self._healths_at = time.monotonic()
                self._healths = {(health,): count for health, count in found_now.items()}
        return {**found, "wireroom_sources": self._healths}

    async def _read(self, job: Callable[[Database], T], limit_s: float = READ_S) -> T | None:
        """Ask one thing → None where it can't be told in time."""
        try:
            return await self._readers.read(job, limit_s)
        except (ArchiveError, BusyError, QueryError, sqlite3.Error):
            self._unread += 1
            return None
