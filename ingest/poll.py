"""One poll, end to end: collect (fetch → digest) → plan and apply (writer, one transaction). IO: network, sqlite.

The promise is kept here: a poll is reported only after its commit is on disk, and a validator is committed only with
the entries that it covers.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from sqlite_utils import Database

from db.apply import apply_plan
from db.archive import ArchiveError
from db.desk import DraftDesk
from db.known import ArchiveKnown
from db.plan import DOUBTFUL, GOOD, Outcome, PolledSource, PollPlan
from db.sources import source_now
from db.writer import Writer
from ingest.answer import Answer, answer_of
from ingest.collect import Collected, Task, task_of
from ingest.fetch import utc_now
from ingest.grouping import Grouping
from ingest.network import Network
from ingest.plan import plan_poll
from ingest.schedule import Rhythm
from ingest.tag import Desks
from ingest.wanted import SourceSetting, wanted

UNEVENTFUL: frozenset[Outcome] = frozenset({"not-modified", "unchanged"})

REST_S = 60
"""After a poll that could not be done (no cluster) or written (a full disk), its source is left alone for so long."""


class SupersededError(Exception):
    """The config has changed under a poll: its source is another now, or none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What polling takes from the config; replaced whole on a reload."""

    settings: Mapping[str, SourceSetting]
    desks: Desks
    floor_s: float
    ceiling_s: float
    grouping: Grouping = field(default_factory=Grouping)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a poll ended, for the log and for who asked; it exists only once the poll is in the archive."""

    source: str
    outcome: Outcome
    error: str | None
    status: int | None
    entries: int
    new: int
    changed: int
    stories: int
    duration_ms: int
    next_poll_at: str | None
    recovered: bool = False
    """The poll before it was not good, and this one is."""

    @property
    def good(self) -> bool:
        """Tell whether the source answered as it should."""
        return self.outcome in GOOD

    @property
    def uneventful(self) -> bool:
        """Tell whether all is as it was: nothing to read, nothing to remark."""
        return self.outcome in UNEVENTFUL and self.error is None and not self.recovered


class Collects(Protocol):
    """Whoever does the outside half of polls: this process, or a cluster."""

    returns: int
    """How often it was back after it could do nothing: whoever rests for that may go on."""

    async def collect(self, task: Task) -> Collected:
        """Do one task → what it brought. Raises what keeps it from being done at all; no source is charged then."""

    def written(self, collected: Collected) -> None:
        """Hear that what it brought is in the archive, or never will be: what it took is free for others."""

    async def ready(self) -> None:
        """Wait until tasks can be done. Raises what keeps them from it."""

    async def close(self) -> None:
        """Leave, when nobody waits for a task any more (``Poller.close``)."""


class Poller:
    """Polls sources, each at most once at a time."""

    def __init__(
        self,
        *,
        collector: Collects,
        writer: Writer,
        setup: Setup,
        network: Network,
        on_report: Callable[[Report], None],
        on_date: Callable[[str, str | None], None] = lambda _, __: None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.setup = setup
        """Replaced on the writer's thread, in the transaction that takes over another config."""
        self.superseded = False
        """Set there where another poller is to follow: nothing more is written then."""
        self.doubtful = 0
        """How many of the sources that are being polled may take all the time there is."""
        self._domains: Counter[str | None] = Counter()
        self._collector = collector
        self._network = network
        self._writer = writer
        self._on_report = on_report
        self._on_date = on_date  # told of each answer's host and ``Date``
        self._now = now
        self._under_way: dict[int, asyncio.Task[Report]] = {}
        self._sources: dict[int, tuple[PolledSource, SourceSetting]] = {}  # what the polls under way began with
        self._resting: dict[int, tuple[float, int]] = {}  # until when (loop time) or which return, by source
        self._desk: DraftDesk | None = None  # made and used on the writer's thread

    @property
    def under_way(self) -> AbstractSet[int]:
        """The row ids of the sources that are being polled, now and at any later look."""
        return self._under_way.keys()

    @property
    def domains(self) -> Mapping[str | None, int]:
        """How many sources of each domain are being polled, likewise."""
        return self._domains

    def _began(self, source: PolledSource, task: asyncio.Task[Report]) -> None:
        self._under_way[source.id] = task
        self._sources[source.id] = source, self.setup.settings[source.config_id]
        self._domains[source.domain] += 1
        self.doubtful += source.last_outcome in DOUBTFUL

    def _ended(self, source: PolledSource) -> None:
        del self._under_way[source.id], self._sources[source.id]
        self._domains[source.domain] -= 1
        if not self._domains[source.domain]:
            del self._domains[source.domain]
        self.doubtful -= source.last_outcome in DOUBTFUL

    def rests(self, source_id: int) -> bool:
        """Tell whether the source's last poll came to nothing, just now: its server is not asked again at once."""
        until, returns = self._resting.get(source_id, (0.0, 0))
        return until > asyncio.get_running_loop().time() and returns == self._collector.returns

    def start(self, source: PolledSource, changes: int) -> asyncio.Task[Report]:
        """Begin to poll ``source`` → the task of its report; the one that is under way, if there is one.

        ``changes``: the writer's ``changes.kept`` from before the source was read. The task raises what the archive
        raised, if the poll could not be written: then nothing of it is.
        """
        task = self._under_way.get(source.id)
        if task is None:
            task = asyncio.create_task(self._poll(source, changes), name=f"poll {source.config_id}")
            self._began(source, task)
            task.add_done_callback(lambda _: self._ended(source))
        return task

    def break_off_changed(self) -> None:
        """Break off the polls of sources that the present setup does not have, or has otherwise."""
        for source, setting in self._sources.values():
            if self.setup.settings.get(source.config_id) != setting:
                self._under_way[source.id].cancel()

    async def close(self) -> None:
        """Break off what is under way; a poll that has reached the writer is finished there."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _poll(self, source: PolledSource, changes: int) -> Report:
        setting, started = self.setup.settings[source.config_id], self._now()
        try:
            task = task_of(source, wanted(source, setting, started), comparing=self.setup.grouping.comparing)
            collected = await self._collector.collect(task)
        except Exception:
            self._resting[source.id] = asyncio.get_running_loop().time() + REST_S, self._collector.returns
            raise
        try:
            return await self._recorded(source, setting, started, collected, changes)
        finally:
            self._collector.written(collected)

    async def _recorded(
        self, source: PolledSource, setting: SourceSetting, started: datetime, collected: Collected, changes: int
    ) -> Report:
        """Judge and write what was brought → the report."""
        loop, fetched = asyncio.get_running_loop(), collected.fetched
        if fetched.outcome == "gone" and source.moved_url is not None:  # the address in the config has the last word
            fetched = replace(fetched, outcome="http-error", error="410 Gone at the place that it moved to")
        if source.domain is not None and fetched.date is not None:
            self._on_date(source.domain, fetched.date)
        began = loop.time() - collected.waited_s - fetched.took_s
        fetched = await self._network.judged(source, fetched, started=began)
        took_ms = round(fetched.took_s * 1000)
        answer = answer_of(fetched, collected.document, collected.offers, started=started, duration_ms=took_ms)
        try:
            plan = await self._write(source, setting, answer, changes)
        except SupersededError:
            raise asyncio.CancelledError from None  # it is broken off, as those that ``close`` finds under way
        except Exception:
            self._resting[source.id] = loop.time() + REST_S, self._collector.returns
            raise
        report = report_of(source, plan)
        self._resting.pop(source.id, None)
        self._on_report(report)
        return report

    async def _write(self, source: PolledSource, setting: SourceSetting, answer: Answer, changes: int) -> PollPlan:
        """Plan and write the poll; a document that can't be planned or written is recorded as that source's fault.

        Raises sqlite3.OperationalError and the like where the archive itself takes nothing, SupersededError.
        """
        try:
            return await self._writer.write(
                lambda db: self._record(db, source, setting, answer, changes), patient=True, own=True
            )
        except (sqlite3.OperationalError, ArchiveError, SupersededError):
            raise
        except Exception as error:  # noqa: BLE001 - no document may keep its source due for ever
            fault = f"it could not be recorded: {type(error).__name__}: {error}"[:300]
            fetched = replace(answer.fetched, outcome="malformed", error=fault.encode("utf-8", "replace").decode())
            failed = replace(answer, fetched=fetched, document=None)
            return await self._writer.write(
                lambda db: self._record(db, source, setting, failed, changes), patient=True, own=True
            )

    def _record(
        self, db: Database, source: PolledSource, setting: SourceSetting, answer: Answer, changes: int
    ) -> PollPlan:
        """Plan and apply, on the writer's thread, inside the poll's savepoint.

        ``source`` and ``setting`` are as they were when the poll began. A hub may have told of news since, or the
        config may have changed: what is planned by, and written back, is how all stands now. Where nothing but
        polls was written since (``changes``), that is ``source`` itself: no other poll was one of this source.
        """
        setup = self.setup
        present = source if changes == self._writer.changes.now else source_now(db, source.id)
        if self.superseded or setup.settings.get(present.config_id) != setting:
            raise SupersededError
        if self._desk is None:
            self._desk = DraftDesk()
        rhythm = Rhythm(floor_s=setup.floor_s, ceiling_s=setup.ceiling_s, every_s=setting.every_s)
        known, now = ArchiveKnown(db, self._desk), self._now()
        plan = plan_poll(present, answer, known, setup.desks, rhythm, now, setup.grouping)
        apply_plan(db, plan)
        return plan


def report_of(source: PolledSource, plan: PollPlan) -> Report:
    """Make the report of a plan that is written."""
    return Report(
        source=source.config_id,
        outcome=plan.record.outcome,
        error=plan.record.error,
        status=plan.record.status,
        entries=plan.record.entries,
        new=plan.record.new,
        changed=plan.record.changed,
        stories=len(plan.new_stories),
        duration_ms=plan.record.duration_ms,
        next_poll_at=plan.state.next_poll_at,
        recovered=plan.record.outcome in GOOD and plan.before.failures > 0,
    )
