"""The running whole, without its front doors: archive, workers, poller and press, for the daemon and for one round.

IO: network, sqlite, files, processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlite_utils import Database

from db.archive import ArchiveError, open_reader
from db.in_force import put_in_force
from db.plan import PolledSource
from db.regroup import stamp
from db.sources import well_places
from db.sync import Synced, sync_config
from db.times import iso
from db.writer import Writer
from ingest.cluster import ClusterError
from ingest.grouping import GROUPING_VERSION
from ingest.hosts import Hosts
from ingest.network import Network
from ingest.poll import Collects, Poller, Report
from ingest.workers import Workers
from wireroom.clock import utc_now
from wireroom.clock_watch import ClockWatch
from wireroom.config import Config
from wireroom.counts import Counts
from wireroom.desks import make_grouping
from wireroom.digester import Digester
from wireroom.due import do_due
from wireroom.entities import gazetteer_of
from wireroom.in_force import said
from wireroom.log import Log, shows_details
from wireroom.notify import Notifier
from wireroom.one_round import Progress, Round
from wireroom.open_archive import open_archive
from wireroom.parts import configured_topics, make_collector, make_hosts, make_reach, make_setup
from wireroom.press import Press
from wireroom.tick import Ticker

REACHED = 3
"""So many hosts are tried to find out whether the network is there."""

T = TypeVar("T")


class Engine:
    """Owns every part that works in the background. ``start`` starts them, ``close`` stops and waits."""

    def __init__(self, config: Config, log: Log) -> None:
        self.config = config
        self.log = log
        self.writer = Writer(lambda: open_archive(self.config, log), checkpoints=not config.backup.litestream)
        self.workers = Workers(config.poll.workers)
        self.press = Press(config, self.writer, log)
        self._reader: Database | None = None
        self._hosts: Hosts | None = None
        self._collector: Collects | None = None
        self._poller: Poller | None = None
        self._network: Network
        self._ticker = Ticker(self)
        self.digester = Digester(self)
        self.closing = False
        """Nothing more is begun."""
        self.regroups = 0  # how many commands are at it
        self.counts = Counts()
        self.telling: frozenset[str] = frozenset()
        """The sources whose polls tell whether anything can be reached: on the web, or all where none is."""
        self.warnings: dict[str, str] = {}
        """What else should be looked at, by a word for it: a backup that failed. ``/healthz`` tells them."""
        self.notifier = Notifier()
        """Whoever started us and wants to know how we are; nobody, unless the daemon says who."""
        self.pulse: Callable[[], dict[str, Any]] = dict
        """What ``Vitals.pulse`` tells, where there is a daemon."""
        self._clock = ClockWatch(self)
        self.after_poll: Callable[[Report], None] = lambda _: None  # told of every poll that is in the archive

    async def start(self) -> None:
        """Open the archive, bring it in line with the config, start the workers. Raises ArchiveError, OSError."""
        await asyncio.to_thread(self.writer.start)
        self._reader = open_reader(self.config.archive)
        self._clock.start()
        await asyncio.to_thread(gazetteer_of, self.config.entities, known=self.config.gazetteer)
        self._make_poller(self.config, await self._synced(self.config, lambda _: None))

    async def close(self) -> None:
        """Stop polling, finish what has reached the writer, close everything."""
        self.closing = True
        if self._poller is not None:
            await self._poller.close()
        if self._collector is not None:
            await self._collector.close()
        await self.workers.close()
        await self.press.close()
        if self._reader is not None:
            self._reader.close()
        await asyncio.to_thread(self.writer.close)  # last: it leaves all of the archive in its one file

    async def reload(self, config: Config) -> None:
        """Take over a new config. Raises ArchiveError.

        Polls under way go on, so that nobody is asked twice because we read a file; those of sources that were removed
        or changed are broken off. Where what holds for all of them changed, all are, and come due again.
        """
        poller, collector, setup = self.poller, self._collector, self.poller.setup
        goes_on = (config.poll, config.contact) == (self.config.poll, self.config.contact)

        def taken(synced: Synced) -> None:
            if goes_on:
                poller.setup = make_setup(config, synced, setup)
            else:
                poller.superseded = True

        try:
            synced = await self._synced(config, taken)
        except BaseException:
            poller.setup, poller.superseded = setup, False
            raise
        if goes_on:
            poller.break_off_changed()
            self._network.hosts = synced.hosts
            return
        self._make_poller(config, synced)
        await poller.close()
        if collector is not None:
            await collector.close()

    async def _synced(self, config: Config, taken: Callable[[Synced], None]) -> Synced:
        """Bring the archive in line with a config, and let the press follow it → the row ids.

        ``taken`` is called on the writer's thread, before anything else is written there.
        """
        topics = configured_topics(config)
        rules, now = [rule.id for rule in config.rules], iso(utc_now())

        def take_over(db: Database) -> Synced:
            synced = sync_config(db, config.sources, rules, topics, now)
            put_in_force(db, said(config), now)
            stamp(db, GROUPING_VERSION, comparing=make_grouping(config, synced.sources).comparing)
            taken(synced)
            return synced

        synced = await self.write(take_over)
        for remark in synced.remarks:
            self.log.warning("config", remark=remark)
        self.config = config
        self.telling = frozenset(source.id for source in config.sources if source.path is None)
        self.telling = self.telling or frozenset(source.id for source in config.sources)
        self.press.configure(config)
        return synced

    def _make_poller(self, config: Config, synced: Synced) -> None:
        if self._hosts is None or not self._hosts.keeps(per_host=config.poll.per_host, pause_s=config.poll.pause_s):
            self._hosts = make_hosts(config)  # only then: a reload is no reason to forget who has just been asked
        self._collector = make_collector(config, self._hosts, self.workers, self.press, self.log)
        self._network = Network(
            hosts=synced.hosts,
            clock=asyncio.get_running_loop().time,
            on_change=self._log_network,
            reach=make_reach(config, lambda but: well_places(self.reader, but, REACHED)),
        )
        self._poller = Poller(
            collector=self._collector,
            writer=self.writer,
            setup=make_setup(config, synced),
            network=self._network,
            on_report=self._log_poll,
            on_date=self._clock.answered,
            now=utc_now,
        )

    def _log_poll(self, report: Report) -> None:
        """Write the poll's one line, if it has something to tell, and tell who waits for it."""
        self.press.archive_trouble = None
        self.counts.polled(report, time.monotonic(), time.time(), telling=report.source in self.telling)
        self.after_poll(report)
        if not report.uneventful:
            say = self.log.info if report.good and report.error is None else self.log.warning
        elif shows_details():
            say = self.log.debug
        else:
            return
        said = {
            "source": report.source,
            "outcome": report.outcome,
            "status": report.status,
            "entries": report.entries,
            "new": report.new,
            "changed": report.changed,
            "stories": report.stories,
            "ms": report.duration_ms,
            "next": report.next_poll_at,
            "error": report.error,
        }
        say("poll", **{name: value for name, value in said.items() if value is not None})

    def _log_network(self, ours: bool) -> None:
        """Say once that our own network is down, or back."""
        if ours:
            self.log.error("network", trouble="most hosts fail at once: our own network; no source is charged")
        else:
            self.log.info("network", trouble=None)

    @property
    def offline(self) -> bool:
        """Tell whether our own network is down."""
        return self._network.down

    async def ready(self) -> None:
        """Wait until polls can be done. Raises ClusterError."""
        if self._collector is not None and any(source.domain for source in self.config.sources):
            await self._collector.ready()

    @property
    def poller(self) -> Poller:
        """The poller of the present config."""
        assert self._poller is not None
        return self._poller

    @property
    def hosts(self) -> Hosts:
        """The budgets of all hosts, one for whatever is asked of them."""
        assert self._hosts is not None
        return self._hosts

    @property
    def reader(self) -> Database:
        """A read-only connection, for the event loop's own quick questions."""
        assert self._reader is not None
        return self._reader

    async def write(self, job: Callable[[Database], T]) -> T:
        """Run ``job`` on the archive → its result, once that is on disk. Raises what the job or the archive raises."""
        return await self.writer.write(job)

    async def tick(self) -> None:
        """Start the poll of every source that is due, as far as there is room."""
        if self.poller.superseded:
            return  # in a moment there is another, which knows the new sources
        await self._clock.tick(self._network.hosts)
        try:
            await self._ticker.tick()
        except sqlite3.DatabaseError as error:
            self.writer.guard.met(error)
            raise

    def begin(self, source: PolledSource, changes: int) -> asyncio.Task[Report]:
        """Start a poll, or join the one that is under way; if it can't be recorded, that is said.

        ``changes``: the writer's ``changes.kept`` before the source was read.
        """
        task = self.poller.start(source, changes)
        task.add_done_callback(self._log_failure)
        return task

    def _log_failure(self, task: asyncio.Task[Report]) -> None:
        """Say that a poll could not be written; the source stays due, and is tried again after a rest."""
        if not task.cancelled() and (error := task.exception()) is not None:
            if isinstance(error, ClusterError) and self.press.cluster_trouble is not None:
                return  # said already, once for all of them
            told = (self.press.archive_trouble, self.writer.guard.trouble)  # the latter: wireroom/archive_watch.py
            if str(error) not in told:  # once, not for every source
                self.log.error("poll not recorded", task=task.get_name(), error=str(error), exc_info=error)
            self.press.archive_trouble = str(error)

    async def round(self, wanted: Sequence[str], *, due: bool, progress: Progress) -> dict[str, Any]:
        """Poll these sources (none named: all) once, publish, and tell how it went.

        Without ``due`` the spacing is ignored; a server's Retry-After and 410 Gone are obeyed either way: such sources
        are listed as waiting. Raises ControlError (exit code 2) for a source that the config does not have.
        """
        result = await Round(self, progress).run(wanted, due=due)
        with contextlib.suppress(ArchiveError, sqlite3.Error, RuntimeError):  # the polls told
            await do_due(self)
        if not self.closing:
            with contextlib.suppress(ArchiveError, sqlite3.Error, RuntimeError):  # the polls told
                await self.digester.tick()
            await self.press.publish()
        return result
