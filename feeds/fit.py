"""A topic's items in all formats, and how many of them fit into documents that may be so long. Pure.

All formats have the same items: the longest document says how many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from db.model import FORMATS, Format
from db.output import TopicFeed
from db.paging import Sizes, how_many_fit
from feeds.channel import topic_channel
from feeds.render import ItemCache, Part, assembled, rendered_items
from feeds.told import Told

Parts = Mapping[Format, Sequence[Part]]
"""The same items in each format."""

BETWEEN = 2
"""Bytes that stand between two items, at most."""
ROOM = 1024
"""Bytes by which a document's head may be longer with items than without: their namespaces, a language."""


def parts_of(feed: TopicFeed, cache: ItemCache | None = None) -> Parts:
    """Render each item in each format."""
    told: dict[str, Told] = {}
    return {fmt: rendered_items(feed, fmt, cache, told) for fmt in FORMATS}


def sizes_of(parts: Parts) -> list[Sizes]:
    """Measure each item, in order → its bytes in each format; none where it can't be written in one."""
    each = zip(*(parts[fmt] for fmt in FORMATS), strict=True)
    return [[0 if part.body is None else len(part.body) + BETWEEN for part in one] for one in each]


def empty_sizes(feed: TopicFeed, base_url: str, name: str, hubs: Sequence[str]) -> Sizes:
    """Measure a topic's document with no items, in each format, at its longest."""
    longest = 10**9  # a page's number
    return [
        len(assembled(topic_channel(feed, fmt, base_url, name=name, hubs=hubs, last_page=longest), fmt, [])) + ROOM
        for fmt in FORMATS
    ]


def fitting(parts: Parts, empty: Sizes, most: int) -> tuple[Parts, int]:
    """Take as many items, from the first, as make documents of ``most`` bytes at most → them, and how many.

    One, however long it is.
    """
    count = how_many_fit(sizes_of(parts), empty, most)
    return {fmt: each[:count] for fmt, each in parts.items()}, count
