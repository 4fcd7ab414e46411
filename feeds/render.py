"""A topic as the bytes of one format: RSS 2.0 and Atom 1.0 by feedgen, JSON Feed by ``jsonfeed``. Pure.

The same value gives the same bytes: every date is from the data. feedgen sets the process's locale while it writes RSS
dates, so only one thread may render.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from db.model import FeedItem, Format, TopicFeed
from feeds.extensions import FeedExtension, ItemExtension
from feeds.item import content_html, excerpt, feed_updated, published, updated
from feeds.jsonfeed import json_feed, json_item

GENERATOR = "Wireroom"

MEDIA_TYPES: dict[Format, str] = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A document, and the items that could not be in it: (guid, why)."""

    body: bytes
    left_out: tuple[tuple[str, str], ...] = ()


def feed_path(topic: str, fmt: Format) -> str:
    """Name a topic's document, relative to the base URL and to the publish folder."""
    return f"topics/{topic}.{fmt}"


def render(feed: TopicFeed, fmt: Format, *, base_url: str) -> Rendered:
    """Render ``feed``. An item that can't be written is left out and named; it never takes the feed with it."""
    writers: dict[Format, Callable[[TopicFeed, str], bytes]] = {"rss": rss, "atom": atom, "json": json_bytes}
    try:
        return Rendered(body=writers[fmt](feed, base_url))
    except (ValueError, UnicodeError):
        left_out = tuple((item.guid, why) for item in feed.items if (why := fault_of(item, fmt)) is not None)
        guids = {guid for guid, _ in left_out}
        whole = replace(feed, items=tuple(item for item in feed.items if item.guid not in guids))
        return Rendered(body=writers[fmt](whole, base_url), left_out=left_out)


def fault_of(item: FeedItem, fmt: Format) -> str | None:
    """Say why an item can't be written in a format, if so."""
    try:
        match fmt:
            case "rss":
                feed_entry(item).rss_entry()
            case "atom":
                feed_entry(item).atom_entry()
            case "json":
                json_item(item)
    except (ValueError, UnicodeError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def json_bytes(feed: TopicFeed, base_url: str) -> bytes:
    """Write JSON Feed 1.1."""
    return json_feed(feed, home_url=base_url, feed_url=base_url + feed_path(feed.id, "json"))


def rss(feed: TopicFeed, base_url: str) -> bytes:
    """Write RSS 2.0."""
    body: bytes = generator(feed, "rss", base_url).rss_str()
    return body + b"\n"


def atom(feed: TopicFeed, base_url: str) -> bytes:
    """Write Atom 1.0 (RFC 4287)."""
    body: bytes = generator(feed, "atom", base_url).atom_str()
    return body + b"\n"


def generator(feed: TopicFeed, fmt: Format, base_url: str) -> Any:
    """Fill feedgen with the feed."""
    made = FeedGenerator()
    made.register_extension("wireroom", FeedExtension, ItemExtension)
    made.id(feed.urn)
    made.title(feed.title)
    made.description(f"{feed.title}: each story once, with all its sources")
    made.link(href=base_url + feed_path(feed.id, fmt), rel="self", type=MEDIA_TYPES[fmt].partition(";")[0])
    made.link(href=base_url, rel="alternate", type="text/html")  # last: it becomes the RSS channel's link
    made.updated(feed_updated(feed))
    made.lastBuildDate(feed_updated(feed))
    made.generator(GENERATOR)
    made.docs("https://www.rssboard.org/rss-specification")
    for item in feed.items:
        made.add_entry(feed_entry(item), order="append")
    return made


def feed_entry(item: FeedItem) -> Any:
    """Make feedgen's entry of an item."""
    entry = FeedEntry()
    entry.register_extension("wireroom", ItemExtension)
    entry.wireroom.item = item
    entry.id(item.guid)
    entry.title(item.title or excerpt(item) or "(untitled)")
    entry.content(content_html(item), type="html")
    entry.summary(excerpt(item))
    entry.published(published(item))
    entry.updated(updated(item))
    entry.author(name=item.author or item.coverage[item.lead].source_title)
    if item.url:
        entry.link(href=item.url)
    for tag in item.tags:
        entry.category(term=tag)
    return entry
