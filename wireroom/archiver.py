"""A topic's past in archive pages (RFC 5005): closed where something would be nowhere, written where it changed.

A page is in the archive before its documents are written, and these are there before any other document leads to it: a
kill in between costs nothing. Runs on the press's thread. IO: sqlite, files.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlite_utils import Database

from db.archive_pages import (
    Has,
    Page,
    close_page,
    closed_up_to,
    last_page,
    mark_pages_published,
    page_feed,
    stale_pages,
    waiting_before_digests,
    waiting_digests,
    waiting_stories,
    with_numbers,
)
from db.digests import SHOWN
from db.model import Format
from db.output import FeedItem, TopicFeed
from db.paging import SPARSE, Waiting, last_that_fits, may_be_small, page_of, wants_page
from db.times import iso
from db.topics import one_moment
from db.writer import Writer
from feeds.brief import briefed
from feeds.fit import empty_sizes, parts_of, sizes_of
from feeds.publish import Publisher
from feeds.render import MEDIA_TYPES, ItemCache, assembled, feed_path, topic_channel
from wireroom.config import Config, Topic

CLOSED_AT_ONCE = 10
"""So many pages of a topic are closed at a time: of a long past that comes at once, more at the next beat."""
BUDGET_S = 0.25
"""So long pages of all topics are written anew at a time, seconds, each beat: what is news does not wait for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A topic whose past is written: as the config has it, its row, its public name."""

    config: Config
    topic: Topic
    row: int
    name: str


class Archiver:
    """Closes and writes archive pages."""

    def __init__(self, reader: Database, writer: Writer, publisher: Publisher, stop: Callable[[], bool]) -> None:
        self._reader = reader
        self._writer = writer
        self._publisher = publisher
        self._stop = stop
        self._just_closed = ItemCache()  # what was measured to close a page is written next
        self._laid: dict[tuple[int, int], int] = {}  # change counts of pages that are written, and not noted as such
        self._end = 0.0

    def begin(self) -> None:
        """Begin a time in which pages may be written anew."""
        self._end = time.monotonic() + BUDGET_S
        self._laid.clear()

    def close_pages(self, subject: Subject, feed: TopicFeed, shown: Collection[int], now: datetime) -> bool:
        """Close what pages must be, for what neither they nor the topic's feed has → whether there are more to close.

        ``shown``: the numbers of what has a place in its feed, which are digests' where it has digests.
        """
        topic, most = subject.topic, SPARSE * max(subject.topic.limit, SHOWN) + 1
        small = may_be_small(last_page(self._reader, subject.row)[1], now)
        if topic.digest is None:
            before = partial(waiting_digests, self._reader, subject.row, most)
            rest = partial(waiting_stories, self._reader, subject.row, topic.policy, most)
            kinds: Sequence[tuple[Has, Callable[[], list[Waiting]], Collection[int], int]] = (
                ("digests", before, (), SHOWN),
                ("stories", rest, shown, topic.limit),
            )
        else:
            kinds = (
                ("stories", partial(waiting_before_digests, self._reader, subject.row, most), (), topic.limit),
                ("digests", partial(waiting_digests, self._reader, subject.row, most), shown, SHOWN),
            )
        left = CLOSED_AT_ONCE
        for has, waiting_now, there, places in kinds:
            while wants_page(waiting := waiting_now(), there, places, small=small):
                if not left:
                    return True
                left -= 1
                last = self._last(subject, feed, has, page_of(waiting, places))
                close = partial(close_page, topic_id=subject.row, has=has, last=last, now=iso(now))
                self._writer.submit(close, own=True).result()
        return False

    def _last(self, subject: Subject, feed: TopicFeed, has: Has, page: Sequence[Waiting]) -> int:
        """Find where a page ends that has some of these."""
        first = closed_up_to(self._reader, subject.row, has) + 1
        bare = replace(feed, items=(), digests=())
        with one_moment(self._reader):
            made = with_numbers(self._reader, bare, subject.row, has, first, page[-1].number, subject.topic.policy)
        parts = parts_of(shortened(made, subject.topic), self._just_closed)
        sizes = dict(zip((item.number for item in made.entries), sizes_of(parts), strict=True))
        empty = empty_sizes(bare, subject.config.base_url, subject.name, subject.config.hubs)
        return last_that_fits(page, sizes, empty, subject.topic.max_bytes)

    @property
    def has_time(self) -> bool:
        """Whether that time is not over."""
        return time.monotonic() < self._end

    def print_pages(self, subject: Subject, *, all_of_them: bool) -> int:
        """Write the pages that changed, newest first → the number of the last page. Some may have to wait.

        Those that were never written are, all others for a while only, unless ``all_of_them``; none of
        those once it is to stop. Raises PublishError.
        """
        with one_moment(self._reader):
            last, _ = last_page(self._reader, subject.row)
            stale = stale_pages(self._reader, subject.row)
        done: list[Page] = []
        try:
            for page in stale:
                if self._laid.get((subject.row, page.page)) == page.changes:
                    continue
                if page.is_new or ((all_of_them or self.has_time) and not self._stop()):
                    self._print_page(subject, page, last)
                    done.append(page)
        finally:
            self._just_closed = ItemCache()
            if done:
                self._laid |= {(subject.row, page.page): page.changes for page in done}
                mark = partial(mark_pages_published, topic_id=subject.row, pages=done)
                self._publisher.afterwards(partial(self._writer.submit, mark, own=True))
        return last

    def _print_page(self, subject: Subject, page: Page, last: int) -> None:
        for fmt, body in page_documents(self._reader, subject, page, last, self._just_closed):
            self._publisher.write(feed_path(subject.name, fmt, page.page), body, MEDIA_TYPES[fmt])


def page_documents(
    reader: Database, subject: Subject, page: Page, last: int, cache: ItemCache
) -> Iterator[tuple[Format, bytes]]:
    """Make the documents of an archive page, each with its format; ``last`` is the number of the newest page."""
    with one_moment(reader):
        feed = page_feed(reader, subject.topic.id, page, subject.topic.policy)
    for fmt, parts in parts_of(shortened(feed, subject.topic), cache).items():
        channel = topic_channel(feed, fmt, subject.config.base_url, name=subject.name, page=page.page, last_page=last)
        yield fmt, assembled(channel, fmt, parts)


def shortened(feed: TopicFeed, topic: Topic) -> TopicFeed:
    """Have the items as long as the topic wants them."""
    if topic.full_text:
        return feed
    items: tuple[FeedItem, ...] = tuple(map(briefed, feed.items))
    return replace(feed, items=items)
