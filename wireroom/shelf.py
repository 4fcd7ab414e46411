"""Documents that are ready to be served: feeds and a few more in memory, archive pages read. IO: files."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from db.model import FORMATS, Format
from feeds.places import spot
from feeds.publish import Published, Publisher, PublishError
from feeds.render import MEDIA_TYPES, feed_path

KEPT = 32
"""So many archive pages are kept in memory, those that were asked for last."""


class Shelf:
    """What is ready beside topics' feeds. The press puts things there, the server looks them up."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._feeds: dict[tuple[str, Format], Published] = {}
        self._there: dict[str, Published] = {}
        self._pages: dict[str, tuple[int, bool]] = {}
        self._read: OrderedDict[str, Published] = OrderedDict()

    def put(self, path: str, document: Published) -> None:
        """Put a document there."""
        self._there[path] = document

    def put_topic(self, name: str, feeds: Mapping[Format, Published], last: int, *, unlisted: bool) -> None:
        """Put the feeds of a topic with this public name there, and tell that it has so many archive pages."""
        for fmt, feed in feeds.items():
            self._feeds[name, fmt] = feed
        self._pages[name] = last, unlisted

    def recall(self, name: str, hashes: Mapping[Format, str], last: int, *, unlisted: bool) -> bool:
        """Put there the feeds of a topic that are published, if they have these hashes → whether they do."""
        feeds: dict[Format, Published] = {}
        for fmt in FORMATS:
            found = self._read_one(feed_path(name, fmt), fmt)
            if found is None or found.etag != hashes.get(fmt):
                return False
            feeds[fmt] = replace(found, unlisted=unlisted)
        self.put_topic(name, feeds, last, unlisted=unlisted)
        return True

    @property
    def has_feeds(self) -> bool:
        """Whether the feeds of any topic are there."""
        return bool(self._feeds)

    def feed(self, name: str, fmt: Format) -> Published | None:
        """Find a topic's feed."""
        return self._feeds.get((name, fmt))

    def keep_only(self, names: Mapping[str, str]) -> None:
        """Forget what is of topics that have other public names than these, by topic."""
        known = set(names.values())
        self._feeds = {key: feed for key, feed in self._feeds.items() if key[0] in known}
        self._pages = {name: pages for name, pages in self._pages.items() if name in known}

    def last_page(self, name: str) -> int:
        """Count the archive pages of a topic: they are numbered from 1, the oldest."""
        return self._pages.get(name, (0, False))[0]

    def look_up(self, path: str) -> Published | None:
        """Find a document; None for one that is not there, or can't be read now."""
        if (found := self._there.get(path)) is not None:
            return found
        asked = spot(path)
        if asked is None or not asked.page or asked.fmt is None:
            return None
        last, unlisted = self._pages.get(asked.name, (0, False))
        if asked.page > last:
            return None
        kept = self._read.get(path)
        if kept is not None and self._publisher.changed(path) == kept.changed:
            self._read.move_to_end(path)
            return kept
        read = self._read_one(path, asked.fmt)
        if read is None:
            return None
        self._read[path] = read = replace(read, unlisted=unlisted)
        while len(self._read) > KEPT:
            self._read.popitem(last=False)
        return read

    def _read_one(self, path: str, fmt: Format) -> Published | None:
        """Read a feed; None where it is not there, or behind a link, of which publishing tells."""
        try:
            return self._publisher.read(path, MEDIA_TYPES[fmt])
        except PublishError:
            return None
