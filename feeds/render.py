"""A topic as the bytes of one format: RSS 2.0 and Atom 1.0 by feedgen, JSON Feed by ``jsonfeed``. Pure.

The same value gives the same bytes: every date is from the data. feedgen sets the process's locale while it writes RSS
dates, so only one thread may render.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from db.model import Format
from db.output import Digest, FeedItem, TopicFeed
from feeds.digest import digest_excerpt, digest_html, digest_time, digest_title
from feeds.extensions import AtomFeedExtension, FeedExtension, ItemExtension
from feeds.item import (
    author,
    changed,
    content_html,
    excerpt,
    feed_language,
    feed_updated,
    published,
    title,
    updated,
    xml_text,
)
from feeds.jsonfeed import json_digest, json_feed, json_item

GENERATOR = "Wireroom"

MEDIA_TYPES: dict[Format, str] = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json",
}

PLAIN = re.compile(rb"<(?:title|source|category|dc:creator)[ >][^<]*")
"""A plain-text element's beginning and text; ``<`` itself is only ever markup in what feedgen writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A document, and the items that could not be in it: (guid, why)."""

    body: bytes
    left_out: tuple[tuple[str, str], ...] = ()


def feed_path(name: str, fmt: Format) -> str:
    """Name a topic's document, relative to the base URL and to the publish folder (see ``public_name``)."""
    return f"topics/{name}.{fmt}"


def public_name(topic: str, token: str | None) -> str:
    """Name a topic in its address: by its id, and where it is secret by its token too."""
    return topic if token is None else f"{topic}-{token}"


def render(
    feed: TopicFeed, fmt: Format, *, base_url: str, name: str | None = None, generator: str = GENERATOR
) -> Rendered:
    """Render ``feed``. An item that can't be written is left out and named; it never takes the feed with it.

    ``name``: its public name, where that is not its id.
    """
    feed_url = base_url + feed_path(name or feed.id, fmt)
    try:
        return Rendered(body=document(feed, fmt, base_url, feed_url, generator))
    except Exception:  # whatever one item raises, the others go out
        left_out = tuple((item.guid, why) for item in feed.entries if (why := fault_of(feed, item, fmt)) is not None)
        if not left_out:
            raise  # no item's fault, so leaving some out would mend nothing
        guids = {guid for guid, _ in left_out}
        whole = replace(
            feed,
            items=tuple(item for item in feed.items if item.guid not in guids),
            digests=tuple(digest for digest in feed.digests if digest.guid not in guids),
        )
        return Rendered(body=document(whole, fmt, base_url, feed_url, generator), left_out=left_out)


def fault_of(feed: TopicFeed, item: FeedItem | Digest, fmt: Format) -> str | None:
    """Say why an item can't be written in a format, if so."""
    try:
        if isinstance(item, FeedItem):
            changed(item)
        match fmt:
            case "rss":
                feed_entry(feed, item, fmt).rss_entry()
            case "atom":
                feed_entry(feed, item, fmt).atom_entry()
            case "json":
                one = json_item(item, about="") if isinstance(item, FeedItem) else json_digest(feed, item, about="")
                json.dumps(one, ensure_ascii=False).encode()
    except Exception as error:  # noqa: BLE001 - told to the caller, who logs it
        return f"{type(error).__name__}: {error}"
    return None


def document(feed: TopicFeed, fmt: Format, base_url: str, feed_url: str, generator: str) -> bytes:
    """Write the whole document."""
    name = xml_text(feed.title).strip() or feed.id
    description = f"{name}: each story once, with all its sources"
    if fmt == "json":
        return json_feed(feed, title=name, description=description, home_url=base_url, feed_url=feed_url)
    made = FeedGenerator()
    made.register_extension("wireroom", FeedExtension if fmt == "rss" else AtomFeedExtension, ItemExtension)
    made.id(feed.urn)
    made.title(name)
    made.description(description)
    if fmt == "rss":  # in Atom each entry tells its own, and our title is none of theirs
        made.language(feed_language(feed))
    made.link(href=feed_url, rel="self", type=MEDIA_TYPES[fmt].partition(";")[0])
    made.link(href=base_url, rel="alternate", type="text/html")  # last: it becomes the RSS channel's link
    made.updated(feed_updated(feed))
    made.lastBuildDate(feed_updated(feed))
    made.generator(generator)
    made.docs("https://www.rssboard.org/rss-specification")
    for item in feed.entries:
        made.add_entry(feed_entry(feed, item, fmt), order="append")
    body: bytes = plain_marked(made.rss_str()) if fmt == "rss" else made.atom_str()
    return body + b"\n"


def plain_marked(rss: bytes) -> bytes:
    """Write ``&`` and ``<`` of plain-text elements as hexadecimal references: the same text to an XML parser.

    RSS does not say whether a title is HTML; this spelling is what most readers show as it is meant (RSS Advisory
    Board, Best Practices Profile, "Character Data").
    """
    return PLAIN.sub(lambda found: found[0].replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;"), rss)


def feed_entry(feed: TopicFeed, item: FeedItem | Digest, fmt: Format) -> Any:
    """Make feedgen's entry of an item."""
    entry = FeedEntry()
    entry.id(item.guid)
    if isinstance(item, Digest):
        fill(entry, fmt, digest_title(feed, item), digest_html(item), digest_excerpt(item))
        entry.published(digest_time(item))
        entry.updated(digest_time(item))
        entry.author(name=xml_text(feed.title).strip() or feed.id)
        return entry
    entry.register_extension("wireroom", ItemExtension)
    entry.wireroom.item = item
    fill(entry, fmt, title(item), content_html(item), excerpt(item))
    entry.published(published(item))
    entry.updated(updated(item))
    entry.author(name=author(item))
    if item.url:
        entry.link(href=item.url)
    return entry


def fill(entry: Any, fmt: Format, name: str, html: str, text: str) -> None:
    """Give an entry its title, its content and its summary, which is plain text."""
    entry.title(name)
    entry.content(html, type="html")
    # An RSS description is HTML: plain text as it is would bring markup to life that an article only wrote about.
    entry.summary(escape(text, quote=False) if fmt == "rss" else text)
