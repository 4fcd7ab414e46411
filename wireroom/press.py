"""The press: topics whose output changed are rendered, written and held ready to be served. IO: sqlite, files.

All of it runs on one thread of its own with its own reading connection: feedgen sets the locale while it writes dates,
which must never happen on two threads at once.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sqlite_utils import Database

from db.archive import ArchiveError, open_reader
from db.health import topic_status
from db.model import FORMATS, Format
from db.topics import change_counts, mark_published, removed_topics, topic_feed, unpublished
from db.writer import Writer
from feeds.pages import TopicSummary, index_page
from feeds.publish import Published, Publisher, PublishError
from feeds.render import MEDIA_TYPES, feed_path, render
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
                    mark = partial(mark_published, topic=topic, changes=changes)
                    await self._writer.write(mark, own=True)
            except (ArchiveError, sqlite3.Error) as error:
                trouble = str(error)
            if trouble is not None and trouble != self._trouble:
                self._log.error("not published", error=trouble)
            self._trouble = trouble

    def _print(self, config: Config, everything: bool) -> tuple[dict[str, int], str | None]:
        """Write topics, on the press's own thread → the change count up to which each is written; trouble, if any.

        A topic that can't be written keeps its old documents and stays open; the others are written all the same.
        """
        if self._reader is None:
            self._reader = open_reader(config.archive)
        topics = {topic.id: topic for topic in config.topics}
        open_topics = change_counts(self._reader) if everything else unpublished(self._reader)
        done: dict[str, int] = {}
        trouble: list[str] = []
        for topic, changes in open_topics.items():
            if topic in topics:
                try:
                    self._print_topic(config, topics[topic])
                    done[topic] = changes
                except PublishError as error:
                    trouble.append(str(error))
                except (ArchiveError, sqlite3.Error):
                    raise  # no topic's own trouble
                except Exception as error:  # noqa: BLE001 - whatever one topic's rows raise, the others go out
                    why = f"{type(error).__name__}: {error}"
                    trouble.append(f"topic {topic!r}: can't be rendered: {why}; look at its stories in the archive")
        try:
            if everything:
                gone = removed_topics(self._reader) | {old for topic in config.topics for old in topic.was}
                self._publisher.tidy(gone - set(topics))
                self._documents = {key: document for key, document in self._documents.items() if key[0] in topics}
            if done or everything:
                self._print_index(config)
        except PublishError as error:
            trouble.append(str(error))
        return done, trouble[0] if trouble else None

    def _print_topic(self, config: Config, topic: Topic) -> None:
        """Write a topic in all formats. Raises PublishError."""
        assert self._reader is not None
        feed = topic_feed(self._reader, topic.id, topic.limit, dedupe=topic.dedupe, grouping=topic.grouping)
        for fmt in FORMATS:
            rendered = render(feed, fmt, base_url=config.base_url)
            for guid, why in rendered.left_out:
                self._log.error("item left out", topic=topic.id, format=fmt, guid=guid, error=why)
            path = feed_path(topic.id, fmt)
            self._documents[topic.id, fmt] = self._publisher.write(path, rendered.body, MEDIA_TYPES[fmt])

    def _print_index(self, config: Config) -> None:
        """Write the front page. Raises PublishError."""
        assert self._reader is not None
        summaries = [
            TopicSummary(
                id=row["topic"],
                title=row["title"],
                stories=row["stories"],
                newest=row["newest"],
                newest_at=row["newest_at"],
            )
            for row in topic_status(self._reader)
        ]
        page = index_page(summaries, base_url=config.base_url)
        self._index = self._publisher.write("index.html", page, "text/html; charset=utf-8")

    def published(self, topic: str, fmt: Format) -> Published | None:
        """Look up a topic's document."""
        return self._documents.get((topic, fmt))

    def moved(self, topic: str, fmt: Format) -> str | None:
        """Look up where a topic that was renamed is now."""
        for one in self._config.topics:
            if topic in one.was:
                return self._config.base_url + feed_path(one.id, fmt)
        return None

    def index(self) -> Published | None:
        """Give the front page; None while it could not be written yet."""
        return self._index

    def health(self) -> dict[str, Any]:
        """Tell how publishing goes, whether the archive takes what is polled, and whether a cluster polls it."""
        trouble = self.archive_trouble or self.cluster_trouble or self._trouble
        return {"ok": trouble is None, "trouble": trouble, "topics": len(self._config.topics)}
