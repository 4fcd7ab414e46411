"""The press: topics whose output changed are rendered, written and held ready to be served. IO: sqlite, files.

All of it runs on one thread of its own with its own reading connection: the event loop answers meanwhile, and no two
write one file.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from db.archive import ArchiveError, open_reader
from db.archive_pages import topics_behind, topics_waiting
from db.documents import note_documents
from db.model import FORMATS, Format
from db.times import iso
from db.tokens import tokens_of
from db.topics import change_counts, mark_published, removed_topics, unpublished
from db.writer import Writer
from feeds.publish import Published, Publisher, PublishError
from feeds.render import feed_path
from wireroom.addresses import Addresses, addresses
from wireroom.clock import utc_now
from wireroom.config import Config, Topic
from wireroom.config_queries import untold
from wireroom.folder import FrontPage, print_page
from wireroom.log import Log
from wireroom.printer import Printer
from wireroom.shelf import Shelf

LATE_EVERY = timedelta(minutes=10)
"""So often it is looked for what was taken into topics without being announced: no story that is published tells."""


AGAIN_S = 10.0
"""A folder that was taken away is filled anew so often, until that succeeds."""

Place = tuple[tuple[int, int] | None, ...]


def place_of(folder: Path) -> Place:
    """Tell which folder this is, and which is its folder of topics: another may be put in its place, or none."""
    found: list[tuple[int, int] | None] = []
    for one in (folder, folder / "topics"):
        try:
            there = one.stat()
        except OSError:
            found.append(None)
        else:
            found.append((there.st_dev, there.st_ino))
    return tuple(found)


class Press:
    """Keeps the published documents in step with the archive; the ``Site`` that is served."""

    def __init__(self, config: Config, writer: Writer, log: Log) -> None:
        self._config = config
        self._writer = writer
        self._log = log
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="press")
        self._publisher = Publisher(config.publish, lambda: utc_now().timestamp())
        self._documents: dict[tuple[str, Format], Published] = {}
        self._addresses = Addresses()
        self._untold: frozenset[str] = frozenset()  # topics whose queries nobody but the owner may read
        self._named_by: Config | None = None  # whose topics the addresses are
        self._shelf = Shelf(self._publisher)
        self._front = FrontPage()
        self._reader: Database | None = None
        self._printer: Printer | None = None
        self._more: set[str] = set()  # topics of which not all of the past is on pages yet
        self._late_at: datetime | None = None  # when LATE_EVERY was done last
        self._front_waits = False  # it could not be written
        self._place: Place | None = None  # the publish folder, as it was when all was in it
        self._again_at = 0.0  # on the loop's clock
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

    async def publish(self, *, everything: bool = False, past: bool = False) -> None:
        """Write what has changed since it was last written; ``everything``: look at every topic.

        ``past``: all archive pages too, however long that takes; else some wait for the next call. Raises nothing:
        trouble is logged once, shown in health, and tried again at the next call.
        """
        async with self._turn:
            loop = asyncio.get_running_loop()
            trouble = None
            try:  # the disk is asked on the press's thread too: one that is a server's may not answer
                if not everything:
                    everything = await loop.run_in_executor(self._thread, self._is_elsewhere, loop.time())
                done, trouble = await loop.run_in_executor(self._thread, self._print, self._config, everything, past)
                for topic, changes in done.items():
                    await self._writer.write(self._mark(topic, changes), own=True)
            except (ArchiveError, sqlite3.Error) as error:
                trouble = str(self._writer.guard.met(error))
            if trouble is not None and trouble not in (self._trouble, self._writer.guard.trouble):
                self._log.error("not published", error=trouble)
            self._trouble = trouble
            if trouble is None:  # the folder may have been made only now
                self._place = await loop.run_in_executor(self._thread, place_of, self._config.publish)
            elif everything:
                self._again_at = loop.time() + AGAIN_S

    def _is_elsewhere(self, now_s: float) -> bool:
        """Tell whether the folder is not the one that was filled, and is to be filled now."""
        place = place_of(self._config.publish)
        return now_s >= self._again_at and (None in place if self._place is None else place != self._place)

    def _mark(self, topic: str, changes: int) -> Callable[[Database], None]:
        """Make the job that notes that a topic is published as of that change count, and which documents it has."""
        name = self._addresses.names.get(topic, "")
        made = {fmt: found for fmt in FORMATS if (found := self._documents.get((name, fmt))) is not None}

        def mark(db: Database) -> None:
            for fmt, found in made.items():
                changed_at = iso(datetime.fromtimestamp(found.changed, UTC))
                note_documents(db, topic, {fmt: found.etag}, changed_at)
            mark_published(db, topic, changes)

        return mark

    def _print(self, config: Config, everything: bool, past: bool) -> tuple[dict[str, int], str | None]:
        """Write topics, on the press's own thread → the change count up to which each is written; trouble, if any.

        A topic that can't be written keeps its old documents and stays open; the others are written all the same.
        """
        if self._reader is None:
            self._reader = open_reader(config.archive)
        if self._printer is None:
            self._printer = Printer(self._reader, self._writer, self._publisher, self._log, self._stop.is_set)
        self._printer.begin()
        now = utc_now()
        named_anew = everything or self._named_by is not config
        if named_anew:
            removed = removed_topics(self._reader) - {topic.id for topic in config.topics}
            self._addresses = addresses(config.topics, tokens_of(self._reader), removed)
            self._untold = untold(config)
        self._named_by = config
        topics = {topic.id: topic for topic in config.topics if topic.id in self._addresses.names}
        done: dict[str, int] = {}
        trouble: list[str] = []
        opened = self._open_topics(self._reader, now, everything)
        for topic in (*opened, *(topics_behind(self._reader) - opened.keys())):  # what is new goes first
            if topic in topics and not self._stop.is_set():
                try:
                    if named_anew:
                        self._printer.look_after_pages(config, topics[topic], self._addresses.names[topic])
                    if topic in opened or self._print_past(self._printer, config, topics[topic]):
                        self._print_topic(self._printer, config, topics[topic], now, past)
                        done[topic] = opened.get(topic, 0)
                except PublishError as error:  # shown to everybody, so without a secret topic's name
                    name = self._addresses.names[topic]
                    trouble.append(str(error).replace(name, "(secret)") if topics[topic].secret else str(error))
                except (ArchiveError, sqlite3.Error):
                    raise  # no topic's own trouble
                except Exception as error:  # noqa: BLE001 - whatever one topic's rows raise, the others go out
                    why = f"{type(error).__name__}: {error}"
                    which = "a secret topic" if topics[topic].secret else f"topic {topic!r}"
                    trouble.append(f"{which}: can't be rendered: {why}; look at its stories in the archive")
        try:
            if named_anew:
                self._publisher.tidy(set(self._addresses.old))
                names = set(self._addresses.names.values())
                self._documents = {key: document for key, document in self._documents.items() if key[0] in names}
                self._shelf.keep_only(self._addresses.names)
            if (done or everything or self._front_waits) and not self._stop.is_set():
                self._front_waits = True
                wrote = self._front.write(self._reader, self._publisher, config, self._addresses.names, done)
                for path, document in wrote.items():
                    self._shelf.put(path, document)
                self._front_waits = False
        except PublishError as error:
            trouble.append(str(error))
        return done, trouble[0] if trouble else None

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

    def _print_topic(self, printer: Printer, config: Config, topic: Topic, now: datetime, past: bool) -> None:
        """Write a topic, and hold it ready. Raises PublishError."""
        assert self._reader is not None
        name = self._addresses.names[topic.id]
        made = printer.print_topic(config, topic, name, now, all_of_it=past)
        for fmt, document in made.documents.items():
            self._documents[name, fmt] = document
        self._shelf.put_pages(name, made.last_page, unlisted=topic.secret)
        (self._more.add if made.more else self._more.discard)(topic.id)
        told = topic.id not in self._untold
        print_page(self._reader, self._publisher, config, topic, name, made.last_page, told=told)

    def published(self, topic: str, fmt: Format) -> Published | None:
        """Look up the document of the topic with this public name."""
        return self._documents.get((topic, fmt))

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
