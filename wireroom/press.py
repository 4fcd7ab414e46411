"""The press: topics whose output changed are rendered, written and held ready to be served. IO: sqlite, files.

All of it runs on one thread of its own with its own reading connection: feedgen sets the locale while it writes dates,
which must never happen on two threads at once.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlite_utils import Database

from db.archive import ArchiveError, open_reader
from db.documents import note_documents
from db.due import Due
from db.listed import Listed, listed_topics
from db.model import FORMATS, Format
from db.shown import Front, front_of, note_front
from db.times import iso
from db.tokens import tokens_of
from db.topics import change_counts, feed_of, mark_published, one_moment, removed_topics, topic_row, unpublished
from db.writer import Writer
from feeds.brief import briefed
from feeds.digest import DAYS, day_name, local
from feeds.front_page import TopicSummary, index_page
from feeds.publish import Published, Publisher, PublishError
from feeds.render import MEDIA_TYPES, feed_path, render, topic_channel
from wireroom.addresses import Addresses, addresses
from wireroom.config import Config, Topic
from wireroom.log import Log


class Press:
    """Keeps the published documents in step with the archive; the ``Site`` that is served."""

    def __init__(self, config: Config, writer: Writer, log: Log) -> None:
        self._config = config
        self._writer = writer
        self._log = log
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="press")
        self._publisher = Publisher(config.publish)
        self._documents: dict[tuple[str, Format], Published] = {}
        self._addresses = Addresses()
        self._named_by: Config | None = None  # whose topics the addresses are
        self._index: Published | None = None
        self._reader: Database | None = None
        self._trouble: str | None = None
        self.archive_trouble: str | None = None
        """Why the last poll could not be recorded; the archive itself can't hold that."""
        self.cluster_trouble: str | None = None
        """Why polls can't be done where they should be."""
        self._turn = asyncio.Lock()

    def configure(self, config: Config) -> None:
        """Take over a config; what it changes is written at the next ``publish(everything=True)``."""
        self._config = config

    async def close(self) -> None:
        """Finish what is being written."""
        async with self._turn:
            if self._reader is not None:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._reader.close)
            await asyncio.to_thread(self._thread.shutdown)

    async def publish(self, *, everything: bool = False) -> None:
        """Write what has changed since it was last written; ``everything``: look at every topic.

        Raises nothing: trouble is logged once, shown in health, and tried again at the next call.
        """
        async with self._turn:
            loop = asyncio.get_running_loop()
            trouble = None
            try:
                done, trouble = await loop.run_in_executor(self._thread, self._print, self._config, everything)
                for topic, changes in done.items():
                    hashes = self._hashes(topic)

                    def mark(db: Database, topic: str = topic, changes: int = changes) -> None:
                        note_documents(db, topic, hashes, iso(datetime.now(UTC)))  # noqa: B023 - waited for
                        mark_published(db, topic, changes)

                    await self._writer.write(mark, own=True)
            except (ArchiveError, sqlite3.Error) as error:
                trouble = str(error)
            if trouble is not None and trouble != self._trouble:
                self._log.error("not published", error=trouble)
            self._trouble = trouble

    def _hashes(self, topic: str) -> dict[Format, str]:
        """Give the hash of each document that a topic has."""
        name = self._addresses.names.get(topic, "")
        return {fmt: made.etag for fmt in FORMATS if (made := self._documents.get((name, fmt))) is not None}

    def _print(self, config: Config, everything: bool) -> tuple[dict[str, int], str | None]:
        """Write topics, on the press's own thread → the change count up to which each is written; trouble, if any.

        A topic that can't be written keeps its old documents and stays open; the others are written all the same.
        """
        if self._reader is None:
            self._reader = open_reader(config.archive)
        named_anew = everything or self._named_by is not config
        if named_anew:
            removed = removed_topics(self._reader) - {topic.id for topic in config.topics}
            self._addresses = addresses(config.topics, tokens_of(self._reader), removed)
        self._named_by = config
        topics = {topic.id: topic for topic in config.topics if topic.id in self._addresses.names}
        open_topics = change_counts(self._reader) if everything else unpublished(self._reader)
        done: dict[str, int] = {}
        trouble: list[str] = []
        for topic, changes in open_topics.items():
            if topic in topics:
                try:
                    self._print_topic(config, topics[topic])
                    done[topic] = changes
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
            if done or everything:
                self._print_index(config)
        except PublishError as error:
            trouble.append(str(error))
        return done, trouble[0] if trouble else None

    def _print_topic(self, config: Config, topic: Topic) -> None:
        """Write a topic in all formats. Raises PublishError."""
        assert self._reader is not None
        name = self._addresses.names[topic.id]
        feed = feed_of(self._reader, topic.id, topic.policy, self._front(topic))
        if not topic.full_text:
            feed = replace(feed, items=tuple(map(briefed, feed.items)))
        for fmt in FORMATS:
            rendered = render(feed, fmt, topic_channel(feed, fmt, config.base_url, name=name))
            for guid, why in rendered.left_out:
                self._log.error("item left out", topic=topic.id, format=fmt, guid=guid, error=why)
            made = self._publisher.write(feed_path(name, fmt), rendered.body, MEDIA_TYPES[fmt])
            self._documents[name, fmt] = replace(made, unlisted=topic.secret)

    def _front(self, topic: Topic) -> Front | None:
        """Read what a topic shows, and have noted what comes and what leaves; None for a topic that has digests.

        It is noted before it is seen: after a kill in between, nothing is on the front that is not known to be there.
        """
        assert self._reader is not None
        if topic.digest is not None:
            return None
        with one_moment(self._reader):
            front = front_of(self._reader, topic_row(self._reader, topic.id), topic.policy)
        if front.came or front.left:
            self._writer.submit(partial(note_front, front=front), own=True).result()
        return front

    def _print_index(self, config: Config) -> None:
        """Write the front page. Raises PublishError."""
        assert self._reader is not None
        due = {topic.id: topic.digest for topic in config.topics}
        summaries = [summary(topic, due.get(topic.topic)) for topic in listed_topics(self._reader)]
        page = index_page(summaries, base_url=config.base_url)
        self._index = self._publisher.write("index.html", page, "text/html; charset=utf-8")

    def published(self, topic: str, fmt: Format) -> Published | None:
        """Look up the document of the topic with this public name."""
        return self._documents.get((topic, fmt))

    @property
    def names(self) -> Mapping[str, str]:
        """The public names of the topics that have one, by id."""
        return self._addresses.names

    def document(self, path: str) -> Published | None:
        """Look up a document that is no topic's feed, by its path in the publish folder."""
        _ = path
        return None

    def moved(self, topic: str, fmt: Format) -> str | None:
        """Look up where a topic that was renamed is now."""
        name = self._addresses.moved.get(topic)
        return self._config.base_url + feed_path(name, fmt) if name is not None else None

    def gone(self, topic: str) -> bool:
        """Tell whether this was a secret topic's name, before its token was exchanged."""
        return topic in self._addresses.gone

    def index(self) -> Published | None:
        """Give the front page; None while it could not be written yet."""
        return self._index

    def health(self) -> dict[str, Any]:
        """Tell how publishing goes, whether the archive takes what is polled, and whether a cluster polls it."""
        trouble = self.archive_trouble or self.cluster_trouble or self._trouble
        return {"ok": trouble is None, "trouble": trouble, "topics": len(self._config.topics)}


def summary(topic: Listed, due: Due | None) -> TopicSummary:
    """Say of a topic what the front page does. Of one that has digests, its newest stories are not told before."""
    newest, newest_at, rhythm = topic.newest, topic.newest_at, None
    if due is not None:
        day = "day" if due.weekday is None else DAYS[due.weekday]
        rhythm = f"a digest each {day} at {due.hour:02}:{due.minute:02} ({due.zone})"
        newest, newest_at = None, topic.digest_to
        if topic.digest_to is not None and topic.digest_zone is not None:
            newest = f"Digest of {day_name(local(topic.digest_to, topic.digest_zone))}"
    return TopicSummary(
        id=topic.topic, title=topic.title, stories=topic.stories, newest=newest, newest_at=newest_at, rhythm=rhythm
    )
