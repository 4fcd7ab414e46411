"""A feed as the bytes of one format: each item by itself, then the document around them. Pure.

The same value gives the same bytes: every date is from the data. RSS 2.0 and Atom 1.0 are feedgen's, JSON Feed is ours.
An item is rendered alone, so that a bad one costs only itself, and one that is as it was need not be rendered again.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from db.model import Format
from db.output import Digest, FeedItem, TopicFeed
from feeds.channel import MEDIA_TYPES, Channel, feed_path, public_name, topic_channel
from feeds.item import NO_TITLE, changed, feed_language, feed_updated, xml_text
from feeds.jsonfeed import json_bytes, json_digest, json_document, json_item
from feeds.strict import plain
from feeds.told import Told, told_of
from feeds.xml_document import xml_document, xml_item

__all__ = [
    "MEDIA_TYPES",
    "RENDERING",
    "Channel",
    "ItemCache",
    "Part",
    "Rendered",
    "assembled",
    "feed_path",
    "public_name",
    "render",
    "rendered_items",
    "topic_channel",
]

RENDERING = 1
"""Raised when the same stories give other bytes: then all archive pages are written anew, and at no other upgrade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A document, and the items that could not be in it: (guid, why)."""

    body: bytes
    left_out: tuple[tuple[str, str], ...] = ()


class Part(NamedTuple):
    """An item, and its bytes in one format; None where it can't be written, and why.

    ``uses``: the prefixes of the namespaces that its bytes need declared.
    """

    item: FeedItem | Digest
    body: bytes | None
    why: str | None
    uses: frozenset[str] = frozenset()


class ItemCache:
    """The bytes of items that were rendered before, by guid and format; of each, as it was last."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, Format], tuple[str, Part]] = {}

    def look_up(self, item: FeedItem | Digest, fmt: Format, title: str) -> Part | None:
        """Find an item's bytes, if it is as it was then. ``title`` is its feed's: a digest has it in its own."""
        kept = self._parts.get((item.guid, fmt))
        if kept is None or (kept[0] != title and isinstance(item, Digest)) or kept[1].item != item:
            return None
        return kept[1]

    def keep(self, part: Part, fmt: Format, title: str) -> None:
        """Keep an item's bytes in the place of what it was before."""
        self._parts[part.item.guid, fmt] = (title, part)

    def keep_only(self, guids: Iterable[str]) -> None:
        """Forget all but these items."""
        wanted = set(guids)
        self._parts = {key: kept for key, kept in self._parts.items() if key[0] in wanted}

    def __len__(self) -> int:
        """How many items' bytes are kept, each format by itself."""
        return len(self._parts)


def render(feed: TopicFeed, fmt: Format, channel: Channel, cache: ItemCache | None = None) -> Rendered:
    """Render ``feed`` as the document that ``channel`` tells of.

    An item that can't be written is left out and named; it never takes the feed with it.
    """
    parts = rendered_items(feed, fmt, cache)
    left_out = tuple((part.item.guid, part.why) for part in parts if part.why is not None)
    return Rendered(body=assembled(channel, fmt, parts), left_out=left_out)


def rendered_items(
    feed: TopicFeed, fmt: Format, cache: ItemCache | None = None, told: MutableMapping[str, Told] | None = None
) -> list[Part]:
    """Render each item of a feed by itself, in order. Of two items with one guid the second is not written.

    ``told``: what the formats tell alike, by guid; who renders several of the same feed gives each the same mapping.
    """
    told = {} if told is None else told
    parts: list[Part] = []
    seen: set[str] = set()
    for item in feed.entries:
        if item.guid in seen:
            parts.append(Part(item, None, "another item of this feed has its guid"))
            continue
        seen.add(item.guid)
        part = cache.look_up(item, fmt, feed.title) if cache is not None else None
        if part is None:
            part = rendered_item(feed, item, fmt, told)
            if cache is not None:
                cache.keep(part, fmt, feed.title)
        parts.append(part)
    return parts


def rendered_item(feed: TopicFeed, item: FeedItem | Digest, fmt: Format, told: MutableMapping[str, Told]) -> Part:
    """Render one item. Raises nothing: whatever it raises, the others go out."""
    try:
        if isinstance(item, FeedItem):
            changed(item)  # the document's own date is made of it
        this = told.get(item.guid) or told.setdefault(item.guid, told_of(feed, item))
        if fmt != "json":
            body, uses = xml_item(feed, this, fmt)
            return Part(item, body, None, uses)
        return Part(
            item, json_bytes(json_item(this, item) if isinstance(item, FeedItem) else json_digest(this, item)), None
        )
    except Exception as error:  # noqa: BLE001 - told to the caller, who logs it
        return Part(item, None, f"{type(error).__name__}: {error}")


def named(text: str) -> str:
    """Give a feed's name as plain text that any format can hold, whatever it was made of: a query, a source's title."""
    return plain(xml_text(text)).strip() or NO_TITLE


def assembled(channel: Channel, fmt: Format, parts: Sequence[Part]) -> bytes:
    """Put rendered items into a document; those without bytes are passed over.

    Its date is that of its newest item or change, and without items ``channel.since``.
    """
    channel = replace(channel, title=named(channel.title), description=named(channel.description))
    whole = [(part.item, part.body) for part in parts if part.body is not None]
    items = [item for item, _ in whole]
    bodies = [body for _, body in whole]
    language = feed_language(items)
    if fmt == "json":
        return json_document(channel, language, bodies)
    used = frozenset().union(*(part.uses for part in parts if part.body is not None))
    return xml_document(channel, fmt, feed_updated(items, channel.since), language, bodies, used)
