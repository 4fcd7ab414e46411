"""The press: topics whose output changed are rendered, written and held ready to be served. IO: sqlite, files.

All of it runs on one thread of its own with its own reading connection: the event loop answers meanwhile, and no two
write one file.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlite_utils import Database

from db.archive import ArchiveError, open_reader
from db.archive_pages import last_page, topics_behind, topics_waiting
from db.documents import note_documents, noted_hashes
from db.model import Format
from db.times import iso
from db.tokens import tokens_of
from db.topics import change_counts, mark_published, removed_topics, topic_row, unpublished
from db.writer import Writer
from feeds.publish import Published, Publisher, PublishError
from feeds.render import feed_path
from wireroom.addresses import Addresses, addresses
from wireroom.clock import utc_now
from wireroom.config import Config, Topic
from wireroom.config_queries import untold
from wireroom.folder import FrontPage, print_page
from wireroom.log import Log
from wireroom.printer import Printed, Printer
from wireroom.publish_place import PublishPlace
from wireroom.shelf import Shelf

LATE_EVERY = timedelta(minutes=10)
"""So often it is looked for what was taken into topics without being announced: no story that is published tells."""
FRONT = ""
"""No topic has this id: what tells of all of them."""


class Press:
    """Keeps the published documents in step with the archive; the ``Site`` that is served."""

    def __init__(self, config: Config, writer: Writer, log: Log) -> None:
        self._config = config
        self._writer = writer
        self._log = log
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="press")
        self._publisher = Publisher(config.publish, lambda: utc_now().timestamp())
        self._addresses = Addresses()
        self._untold: frozenset[str] = frozenset()  # topics whose queries nobody but the owner may read
        self._named_by: Config | None = None  # whose topics the addresses are
        self._shelf = Shelf(self._publisher)
        self._front = FrontPage()
        self._reader: Database | None = None
        self._printer: Printer | None = None
        self._more: set[str] = set()  # topics that were not written, or not all of whose past is on pages yet
        self._unlooked = False  # all is to be looked at
        self._late_at: datetime | None = None  # when LATE_EVERY was done last
        self._front_waits = False  # it was not written yet, or could not be
        self._place = PublishPlace()
        self._trouble: str | None = None
        self.archive_trouble: str | None = None
        """Why the last poll could not be recorded; the archive itself can't hold that."""
        self.cluster_trouble: str | None = None
        """Why polls can't be done where they should be."""
        self._turn = asyncio.Lock()
        self._stop = threading.Event()

    def configure(self, config: Config) -> None:
        """Take over a config; what it changes is written at the next ``publish(everything=True)``."""
        self._config = config

    async def close(self) -> None:
        """Finish the document that is being written; what else there was to write is written when it is started again.

        A process does not end before its threads do, and a long past takes minutes.
        """
        self._stop.set()
        async with self._turn:
            if self._reader is not None:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._reader.close)
            await asyncio.to_thread(self._thread.shutdown)

    async def begin(self) -> None:
        """Hold ready what is published, as far as it is what the archive has noted, and write the rest.

        All is looked at at the next ``publish``: who asks need not wait for that. Raises nothing.
        """
        there, self._front_waits = True, True
        with contextlib.suppress(ArchiveError, sqlite3.Error):  # publishing meets it too, and tells
            there = await asyncio.get_running_loop().run_in_executor(self._thread, self._recall, self._config)
        await self.publish()
        self._unlooked = there or self._trouble is not None

    def _recall(self, config: Config) -> bool:
        """Read the feeds that are published → whether there are any; topics that have none will be written."""
        reader = self._opened(config)
        self._name_topics(reader, config)
        for topic in config.topics:
            if (name := self._addresses.names.get(topic.id)) is not None:
                hashes, (last, _) = noted_hashes(reader, topic.id), last_page(reader, topic_row(reader, topic.id))
                if not self._shelf.recall(name, hashes, last, unlisted=topic.secret):
                    self._more.add(topic.id)
        return self._shelf.has_feeds

    def _opened(self, config: Config) -> Database:
        if self._reader is None:
            self._reader = open_reader(config.archive)
        return self._reader

    def _name_topics(self, reader: Database, config: Config) -> None:
        """Find the topics' addresses."""
        removed = removed_topics(reader) - {topic.id for topic in config.topics}
        self._addresses = addresses(config.topics, tokens_of(reader), removed)
        self._untold = untold(config)

    async def publish(self, *, everything: bool = False, past: bool = False) -> None:
        """Write what has changed since it was last written; ``everything``: look at every topic.

        ``past``: all archive pages too, however long that takes; else some wait for the next call. Raises nothing:
        trouble is logged once, shown in health, and tried again at the next call.
        """
        async with self._turn:
            loop = asyncio.get_running_loop()
            trouble, everything = None, everything or self._unlooked
            try:  # the disk is asked on the press's thread too: one that is a server's may not answer
                if not everything:
                    elsewhere = partial(self._place.is_elsewhere, self._config.publish, loop.time())
                    everything = await loop.run_in_executor(self._thread, elsewhere)
                self._unlooked = everything
                trouble = await loop.run_in_executor(self._thread, self._print, self._config, everything, past)
                self._unlooked = False
            except (ArchiveError, sqlite3.Error) as error:
                trouble = str(self._writer.guard.met(error))
            if trouble is not None and trouble not in (self._trouble, self._writer.guard.trouble):
                self._log.error("not published", error=trouble)
            self._trouble = trouble
            if trouble is None:
                await loop.run_in_executor(self._thread, self._place.filled, self._config.publish)
            elif everything:
                self._place.failed(loop.time())

    def _print(self, config: Config, everything: bool, past: bool) -> str | None:
        """Write topics, on the press's own thread, and note which are, as of which changes → trouble, if any.

        A topic that can't be written keeps its old documents and stays open; the others are written all the same.
        """
        try:
            return self._printed(config, everything, past)
        except Exception:
            self._publisher.drop()
            raise

    def _printed(self, config: Config, everything: bool, past: bool) -> str | None:
        reader = self._opened(config)
        if self._printer is None:
            self._printer = Printer(reader, self._writer, self._publisher, self._log, self._stop.is_set)
        self._printer.begin()
        now = utc_now()
        named_anew = everything or self._named_by is not config
        if named_anew:
            self._name_topics(reader, config)
        self._named_by = config
        topics = {topic.id: topic for topic in config.topics if topic.id in self._addresses.names}
        done: set[str] = set()
        trouble: list[str] = []
        opened = self._open_topics(reader, now, everything)
        for topic in (*opened, *(topics_behind(reader) - opened.keys())):  # what is new goes first
            if topic in topics and not self._stop.is_set():
                self._publisher.begin(topic)
                try:
                    if named_anew:
                        self._printer.look_after_pages(config, topics[topic], self._addresses.names[topic])
                    if topic in opened or self._print_past(self._printer, config, topics[topic]):
                        self._print_topic(self._printer, config, topics[topic], now, past, opened.get(topic, 0))
                        done.add(topic)
                except (ArchiveError, sqlite3.Error):
                    raise  # no topic's own trouble
                except Exception as error:  # noqa: BLE001 - whatever one topic's rows raise, the others go out
                    self._publisher.give_up()
                    self._more.add(topic)
                    trouble.append(self._told(error, topics[topic]))
        self._publisher.begin(FRONT)
        try:
            if (done or everything or self._front_waits) and not self._stop.is_set():
                self._front_waits = True
                wrote = self._front.write(reader, self._publisher, config, self._addresses.names, done)
                self._publisher.afterwards(partial(self._front_is_out, wrote))
        except PublishError as error:
            trouble.append(str(error))
        failures = self._publisher.end()
        self._more |= failures.keys() & topics.keys()
        for key, failure in failures.items():
            trouble.append(self._told(failure, topics[key]) if key else str(failure))
        if named_anew:
            self._shelf.keep_only(self._addresses.names)
            try:
                self._publisher.tidy(set(self._addresses.old))
            except PublishError as error:
                trouble.append(str(error))
        return trouble[0] if trouble else None

    def _told(self, error: Exception, topic: Topic) -> str:
        """Tell why a topic can't be written; it is shown to everybody, so without a secret topic's name."""
        if not isinstance(error, PublishError):
            which = "a secret topic" if topic.secret else f"topic {topic.id!r}"
            return f"{which}: can't be rendered: {type(error).__name__}: {error}; look at its stories in the archive"
        return str(error).replace(self._addresses.names[topic.id], "(secret)") if topic.secret else str(error)

    def _open_topics(self, reader: Database, now: datetime, everything: bool) -> dict[str, int]:
        """Find the topics whose feeds must be looked at → their change counts, by id."""
        counts = change_counts(reader)
        if everything:
            return counts
        wanted = {*unpublished(reader), *self._more}
        if self._late_at is None or not timedelta(0) <= now - self._late_at < LATE_EVERY:
            self._late_at = now
            wanted |= topics_waiting(reader)
        return {topic: changes for topic, changes in counts.items() if topic in wanted}

    def _print_past(self, printer: Printer, config: Config, topic: Topic) -> bool:
        """Write archive pages of a topic, while there is time, and nothing else → whether its feed must lead to others.

        Raises PublishError.
        """
        name = self._addresses.names[topic.id]
        return printer.has_time and printer.print_past(config, topic, name) != self._shelf.last_page(name)

    def _print_topic(
        self, printer: Printer, config: Config, topic: Topic, now: datetime, past: bool, changes: int
    ) -> None:
        """Write a topic as of that change count. Raises PublishError."""
        assert self._reader is not None
        name = self._addresses.names[topic.id]
        made = printer.print_topic(config, topic, name, now, all_of_it=past)
        (self._more.add if made.more else self._more.discard)(topic.id)
        told = topic.id not in self._untold
        print_page(self._reader, self._publisher, config, topic, name, made.last_page, told=told)
        self._publisher.afterwards(partial(self._topic_is_out, topic, name, made, changes))

    def _topic_is_out(self, topic: Topic, name: str, made: Printed, changes: int) -> Future[None]:
        """Hold ready a topic that is in its place, and have that noted."""
        self._shelf.put_topic(name, made.documents, made.last_page, unlisted=topic.secret)

        def mark(db: Database) -> None:
            for fmt, found in made.documents.items():
                note_documents(db, topic.id, {fmt: found.etag}, iso(datetime.fromtimestamp(found.changed, UTC)))
            mark_published(db, topic.id, changes)

        return self._writer.submit(mark, own=True)

    def _front_is_out(self, wrote: dict[str, Published]) -> None:
        for path, document in wrote.items():
            self._shelf.put(path, document)
        self._front_waits = False

    def published(self, topic: str, fmt: Format) -> Published | None:
        """Look up the document of the topic with this public name."""
        return self._shelf.feed(topic, fmt)

    @property
    def names(self) -> Mapping[str, str]:
        """The public names of the topics that have one, by id."""
        return self._addresses.names

    def document(self, path: str) -> Published | None:
        """Look up a document that is no topic's feed, by its path in the publish folder."""
        return self._shelf.look_up(path)

    def last_page(self, name: str) -> int:
        """Count the archive pages of the topic with this public name."""
        return self._shelf.last_page(name)

    def moved(self, topic: str, fmt: Format) -> str | None:
        """Look up where a topic that was renamed is now."""
        name = self._addresses.moved.get(topic)
        return self._config.base_url + feed_path(name, fmt) if name is not None else None

    def gone(self, topic: str) -> bool:
        """Tell whether this was a secret topic's name, before its token was exchanged."""
        return topic in self._addresses.gone

    @property
    def trouble(self) -> str | None:
        """Why something could not be written the last time."""
        return self._trouble

    def health(self) -> dict[str, Any]:
        """Tell how publishing goes, whether the archive takes what is polled, whether a cluster polls it."""
        trouble = self._writer.guard.trouble or self.archive_trouble or self.cluster_trouble or self._trouble
        return {"ok": trouble is None, "trouble": trouble, "topics": len(self._config.topics)}
