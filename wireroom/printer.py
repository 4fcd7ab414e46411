"""A topic's documents: what it shows now, as far as it fits, after its archive pages. IO: sqlite, files.

Runs on the press's thread.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlite_utils import Database

from db.archive_pages import last_page, numbers_of, page_as
from db.documents import published_at
from db.model import FORMATS, Format
from db.output import TopicFeed
from db.shown import Front, front_of, note_front
from db.times import parse_iso
from db.topics import feed_of, one_moment, topic_row
from db.writer import Writer
from feeds.fit import Parts, empty_sizes, fitting, parts_of
from feeds.links import hubs_named
from feeds.publish import Published, Publisher, strong_etag
from feeds.render import MEDIA_TYPES, RENDERING, ItemCache, Part, assembled, feed_path, topic_channel
from wireroom.archiver import Archiver, Subject, shortened
from wireroom.config import Config, Topic
from wireroom.log import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What was written of a topic; ``last_page`` is the number of its newest archive page.

    ``more``: not all of its past is on pages yet.
    """

    documents: dict[Format, Published]
    last_page: int
    more: bool


class Fitted(NamedTuple):
    """A topic as its feed shows it: its front, if it has no digests, the feed, the first items that fit, how many."""

    front: Front | None
    feed: TopicFeed
    parts: Parts
    fits: int


def fit(reader: Database, subject: Subject, cache: ItemCache) -> Fitted:
    """Read what a topic shows at this moment, and render it as far as it fits."""
    config, topic = subject.config, subject.topic
    with one_moment(reader):
        front = None if topic.digest is not None else front_of(reader, subject.row, topic.policy)
        feed = shortened(feed_of(reader, topic.id, topic.policy, front), topic)
    empty = empty_sizes(feed, config.base_url, subject.name, config.hubs)
    return Fitted(front, feed, *fitting(parts_of(feed, cache), empty, topic.max_bytes))


def topic_document(subject: Subject, feed: TopicFeed, fmt: Format, parts: Sequence[Part], last: int) -> bytes:
    """Make a topic's document in one format; ``last`` is the number of its newest archive page."""
    base_url = subject.config.base_url
    hubs = hubs_named(subject.config.hubs, base_url, secret=subject.topic.secret)
    channel = topic_channel(feed, fmt, base_url, name=subject.name, hubs=hubs, last_page=last)
    return assembled(channel, fmt, parts)


class Printer:
    """Writes topics; ``stop`` tells whether no more of a long past is to be written now."""

    def __init__(
        self, reader: Database, writer: Writer, publisher: Publisher, log: Log, stop: Callable[[], bool]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._publisher = publisher
        self._log = log
        self._stop = stop
        self._archiver = Archiver(reader, writer, publisher, stop)
        self._caches: dict[str, ItemCache] = {}

    def begin(self) -> None:
        """Begin to write topics."""
        self._archiver.begin()

    def print_topic(self, config: Config, topic: Topic, name: str, now: datetime, *, all_of_it: bool) -> Printed:
        """Write a topic in all formats; ``all_of_it``: its past too, however long that takes. Raises PublishError."""
        subject = Subject(config=config, topic=topic, row=topic_row(self._reader, topic.id), name=name)
        cache = self._caches.setdefault(topic.id, ItemCache())
        front, feed, parts, count = fit(self._reader, subject, cache)
        cache.keep_only(item.guid for item in feed.entries)
        shown = self._noted(front, feed, count)
        more = True
        while more:
            more = self._archiver.close_pages(subject, feed, shown, now)
            last = self._archiver.print_pages(subject, all_of_them=all_of_it)
            if not all_of_it or self._stop():
                break
        made = {fmt: self._write(subject, feed, fmt, parts[fmt], last) for fmt in FORMATS}
        return Printed(documents=made, last_page=last, more=more)

    @property
    def has_time(self) -> bool:
        """Whether pages that are not new may still be written."""
        return self._archiver.has_time

    def print_past(self, config: Config, topic: Topic, name: str) -> int:
        """Write archive pages of a topic whose feed is as it was → its last page. Raises PublishError."""
        row = topic_row(self._reader, topic.id)
        return self._archiver.print_pages(Subject(config=config, topic=topic, row=row, name=name), all_of_them=False)

    def _noted(self, front: Front | None, feed: TopicFeed, count: int) -> set[int]:
        """Have noted what comes to a topic's feed and what leaves it → the numbers of what has a place there.

        It is noted before it is seen: after a kill in between, nothing is on the front that is not known to be there.
        What does not fit has left.
        """
        cut = {item.number for item in feed.entries[count:]}
        if front is None:
            return {item.number for item in feed.entries} - cut
        numbers = numbers_of(self._reader, front.ids)
        front = front.without([id_ for id_, number in numbers.items() if number in cut])
        if front.came or front.left:
            self._writer.submit(partial(note_front, front=front), own=True).result()
        return set(numbers.values()) - cut

    def _write(self, subject: Subject, feed: TopicFeed, fmt: Format, parts: Sequence[Part], last: int) -> Published:
        """Write a topic's document in one format."""
        for part in parts:
            if part.why is not None:
                self._log.error(
                    "item left out", topic=subject.topic.id, format=fmt, guid=part.item.guid, error=part.why
                )
        body = topic_document(subject, feed, fmt, parts, last)
        known = published_at(self._reader, subject.row, fmt, strong_etag(body))
        changed = None if known is None else int(parse_iso(known).timestamp())
        made = self._publisher.write(feed_path(subject.name, fmt), body, MEDIA_TYPES[fmt], changed=changed)
        return replace(made, unlisted=subject.topic.secret)

    def look_after_pages(self, config: Config, topic: Topic, name: str) -> None:
        """Have a topic's archive pages be where its name says, and all written that are not as the config has it."""
        row = topic_row(self._reader, topic.id)
        last, _ = last_page(self._reader, row)
        ((was, title),) = self._reader.execute("SELECT paged_as, title FROM topics WHERE id = ?", [row]).fetchall()
        wanted = json.dumps([name, title, config.base_url, topic.fronted_by, topic.styled_by, RENDERING])
        if last and was is not None and (before := json.loads(was)[0]) != name:
            self._publisher.move_pages(before, name)
        self._publisher.drop_pages(name, after=last)
        missing = set(range(1, last + 1)) - self._publisher.pages(name)
        if was != wanted or missing:
            job = partial(page_as, topic_id=row, paged_as=wanted, missing=sorted(missing))
            self._writer.submit(job, own=True).result()
