"""The running whole, without its front doors: archive, workers, poller and press, for the daemon and for one round.

IO: network, sqlite, files, processes.
"""

from __future__ import annotations

import asyncio
import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlite_utils import Database

from db.archive import open_reader, open_writer
from db.plan import DOUBTFUL, PolledSource
from db.query import parse
from db.sources import due_sources, sources_named
from db.sync import ConfiguredTopic, Synced, mend_times, sync_config
from db.times import iso
from db.writer import Writer
from ingest.cluster import ClusterError
from ingest.hosts import Hosts
from ingest.network import Network
from ingest.poll import Collects, Poller, Report
from ingest.workers import Workers
from wireroom.config import Config
from wireroom.control import ControlError
from wireroom.log import Log
from wireroom.parts import hosts_of, make_collector, make_hosts, make_setup
from wireroom.polls_told import told, totals
from wireroom.press import Press

MAX_UNDER_WAY = 2000
"""Polls at once, many of them waiting for their host's turn."""

CLOCK_BACK_S = 3600
"""A clock that is set back by more than this was wrong before, or is now."""

MAX_DOUBTFUL = MAX_UNDER_WAY // 8
"""Of them, sources that used up all their time at their last poll."""

WAITING_PER_DOMAIN = 2
"""So many polls of one domain wait for their turn, beside those that have it; the others of it stay due meanwhile."""

Progress = Callable[[dict[str, Any]], None]
T = TypeVar("T")


class Engine:
    """Owns every part that works in the background. ``start`` starts them, ``close`` stops and waits."""

    def __init__(self, config: Config, log: Log) -> None:
        self.config = config
        self.log = log
        self.writer = Writer(lambda: open_writer(config.archive))
        self.workers = Workers(config.poll.workers)
        self.press = Press(config, self.writer, log)
        self._reader: Database | None = None
        self._hosts: Hosts | None = None
        self._collector: Collects | None = None
        self._poller: Poller | None = None
        self._network: Network
        self._offset = 0.0  # of the clock from a time that only goes forward
        self.after_poll: Callable[[Report], None] = lambda _: None  # told of every poll that is in the archive

    async def start(self) -> None:
        """Open the archive, bring it in line with the config, start the workers. Raises ArchiveError, OSError."""
        await asyncio.to_thread(self.writer.start)
        self._reader = open_reader(self.config.archive)
        self._make_poller(self.config, await self._synced(self.config, lambda _: None))

    async def close(self) -> None:
        """Stop polling, finish what has reached the writer, close everything."""
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
                poller.setup = make_setup(config, synced)
            else:
                poller.superseded = True

        try:
            synced = await self._synced(config, taken)
        except BaseException:
            poller.setup, poller.superseded = setup, False
            raise
        if goes_on:
            poller.break_off_changed()
            self._network.hosts = hosts_of(config)
            return
        self._make_poller(config, synced)
        await poller.close()
        if collector is not None:
            await collector.close()

    async def _synced(self, config: Config, taken: Callable[[Synced], None]) -> Synced:
        """Bring the archive in line with a config, and let the press follow it → the row ids.

        ``taken`` is called on the writer's thread, before anything else is written there.
        """
        topics = [
            ConfiguredTopic(id=t.id, title=t.title, was=t.was, query=parse(t.match), limit=t.limit)
            for t in config.topics
        ]
        rules, now = [rule.id for rule in config.rules], iso(datetime.now(UTC))

        def take_over(db: Database) -> Synced:
            synced = sync_config(db, config.sources, rules, topics, now)
            taken(synced)
            return synced

        synced = await self.write(take_over)
        for remark in synced.remarks:
            self.log.warning("config", remark=remark)
        self.config = config
        self.press.configure(config)
        return synced

    def _make_poller(self, config: Config, synced: Synced) -> None:
        if self._hosts is None or not self._hosts.keeps(per_host=config.poll.per_host, pause_s=config.poll.pause_s):
            self._hosts = make_hosts(config)  # only then: a reload is no reason to forget who has just been asked
        self._collector = make_collector(config, self._hosts, self.workers, self.press, self.log)
        self._network = Network(
            hosts=hosts_of(config), clock=asyncio.get_running_loop().time, on_change=self._log_network
        )
        self._poller = Poller(
            collector=self._collector,
            writer=self.writer,
            setup=make_setup(config, synced),
            network=self._network,
            on_report=self._log_poll,
        )

    def _log_poll(self, report: Report) -> None:
        """Write the poll's one line, and tell who waits for it."""
        self.press.archive_trouble = None
        self.after_poll(report)
        say = self.log.info if report.good and report.error is None else self.log.warning
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
        return await asyncio.wrap_future(self.writer.submit(job))

    async def tick(self) -> None:
        """Start the poll of every source that is due."""
        if self.poller.superseded:
            return  # in a moment there is another, which knows the new sources
        offset = datetime.now(UTC).timestamp() - asyncio.get_running_loop().time()
        before, self._offset = self._offset, offset
        if offset < before - CLOCK_BACK_S:
            self.log.warning("clock", trouble="it was set back: what was polled in the future is polled now")
            await self.write(lambda db: mend_times(db, datetime.now(UTC)))
        under_way = self.poller.under_way
        domains = Counter(self.poller.domains)
        most = self.config.poll.per_host + WAITING_PER_DOMAIN
        busy = [domain for domain, count in domains.items() if domain and count >= most]
        settings = self.poller.setup.settings  # a reload may have written a source that is not polled yet
        now, few = iso(datetime.now(UTC)), max(0, MAX_DOUBTFUL - self.poller.doubtful)
        due = due_sources(self.reader, now, MAX_UNDER_WAY, busy, doubtful=False)
        if few:  # some of those that are due are under way already
            due += due_sources(self.reader, now, few + MAX_DOUBTFUL, busy, doubtful=True)
        for source in due:
            if len(self.poller.under_way) >= MAX_UNDER_WAY:
                break
            room = source.config_id in settings and (not source.domain or domains[source.domain] < most)
            if source.last_outcome in DOUBTFUL:
                room = room and few > 0
            if room and source.id not in under_way and not self.poller.rests(source.id):
                few -= source.last_outcome in DOUBTFUL
                domains[source.domain] += 1
                self._start(source)

    def _start(self, source: PolledSource) -> asyncio.Task[Report]:
        """Start a poll, or join the one that is under way; if it can't be recorded, that is said."""
        task = self.poller.start(source)
        task.add_done_callback(self._log_failure)
        return task

    def _log_failure(self, task: asyncio.Task[Report]) -> None:
        """Say that a poll could not be written; the source stays due, and is tried again after a rest."""
        if not task.cancelled() and (error := task.exception()) is not None:
            if isinstance(error, ClusterError) and self.press.cluster_trouble is not None:
                return  # said already, once for all of them
            if str(error) != self.press.archive_trouble:  # once, not for every source
                self.log.error("poll not recorded", task=task.get_name(), error=str(error), exc_info=error)
            self.press.archive_trouble = str(error)

    async def round(self, wanted: Sequence[str], *, due: bool, progress: Progress) -> dict[str, Any]:
        """Poll these sources (none named: all) once, publish, and tell how it went.

        Without ``due`` the spacing is ignored; a server's Retry-After and 410 Gone are obeyed either way: such sources
        are listed as waiting. Raises ControlError (exit code 2) for a source that the config does not have.
        """
        ids = [source.id for source in self.config.sources]
        for name in wanted:
            if name not in ids:
                close = difflib.get_close_matches(name, ids, n=1)
                raise ControlError(
                    f"no source {name!r} in {self.config.path}" + (f"; did you mean {close[0]!r}?" if close else ""), 2
                )
        now = iso(datetime.now(UTC))
        sources = sources_named(self.reader, wanted or ids)
        if due:
            sources = [source for source in sources if source.next_poll_at is not None and source.next_poll_at <= now]
        waiting = []
        tasks = {}
        for source in sources:
            if source.gone_at is not None:
                waiting.append({"source": source.config_id, "why": "gone", "until": None})
            elif source.held_until is not None and source.held_until > now:
                waiting.append({"source": source.config_id, "why": "Retry-After", "until": source.held_until})
            else:
                tasks[self._start(source)] = source.config_id
        polled = await self._gather(tasks, progress)
        await self.press.publish()
        return {"polled": polled, "waiting": waiting, **totals(polled)}

    async def _gather(self, tasks: dict[asyncio.Task[Report], str], progress: Progress) -> list[dict[str, Any]]:
        """Wait for polls and tell of each that ends → a dict per poll, in the order of their ends."""
        polled: list[dict[str, Any]] = []
        ended: asyncio.Queue[asyncio.Task[Report]] = asyncio.Queue()
        sums = Counter(totals(polled))
        for task in tasks:
            task.add_done_callback(ended.put_nowait)
        progress({"done": 0, "total": len(tasks), **sums})
        while len(polled) < len(tasks):
            task = await ended.get()
            polled.append(told(tasks[task], task))
            sums.update(totals(polled[-1:]))
            progress({"done": len(polled), "total": len(tasks), **sums})
        return polled
