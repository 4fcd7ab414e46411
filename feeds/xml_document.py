"""RSS 2.0 and Atom 1.0: an item's element, and by feedgen the document around such elements. Pure.

feedgen's own entries would need as much beside them as they write (``extensions``), and take as long again.
An item is written inside a root that declares all namespaces, and its bytes are cut out of there: ``<`` and ``>`` of
text are written as references, so the root's tag ends at the first ``>`` and its end begins at the last ``</``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from email.utils import format_datetime
from html import escape
from threading import Lock
from typing import Literal

from feedgen.feed import FeedGenerator
from lxml import etree

from db.output import FeedItem, TopicFeed
from feeds.channel import MEDIA_TYPES, Channel, feed_title
from feeds.extensions import CONTENT, NAMESPACES, AtomFeedExtension, FeedExtension, add, extend_atom, extend_rss
from feeds.item import author
from feeds.strict import address, meant
from feeds.told import Told

PLAIN = re.compile(
    rb"<(?:(?:title|subtitle|summary|name|source|media:title|podcast:person|dc:creator)[ >][^<]*"
    rb'|category [^<]*|(?:atom:)?link [^<]*?title="[^"]*")'
)
"""A plain-text element's beginning and text, or attributes; ``<`` itself is only ever markup in what is written."""

ONE_AT_A_TIME = Lock()
"""feedgen sets the process's locale while it writes an RSS date, which two threads must never do at once."""


def xml_item(feed: TopicFeed, told: Told, fmt: Literal["rss", "atom"]) -> tuple[bytes, frozenset[str]]:
    """Write one item's element → its bytes, and the prefixes of the namespaces that it uses.

    Its text, most of its bytes, is written once for both formats, and put in its place in the end.
    Raises ValueError, UnicodeError and others for what XML can't hold.
    """
    root = etree.Element("root", nsmap=NAMESPACES)
    item = told.item
    by, url = (author(item), address(item.url)) if isinstance(item, FeedItem) else (feed_title(feed), None)
    if fmt == "rss":
        made = add(root, "item")
        add(made, "title").text = told.title
        if url is not None:
            add(made, "link").text = url
        # An RSS description is HTML: text as it is would bring markup to life that an article only wrote about.
        add(made, "description").text = escape(told.excerpt, quote=False)
        place, end = add(made, CONTENT + "encoded"), b"</content:encoded>"
        add(made, "guid", isPermaLink="false").text = item.guid
        add(made, "pubDate").text = format_datetime(told.published)
        if isinstance(item, FeedItem):
            extend_rss(made, told, item)
    else:
        made = add(root, "entry")
        add(made, "id").text = item.guid
        add(made, "title").text = told.title
        # A fraction tells apart what was changed in one second: readers sort by it, and go by it.
        add(made, "updated").text = told.updated.replace(microsecond=item.number % 1_000_000).isoformat()
        add(made, "published").text = told.published.isoformat()
        add(add(made, "author"), "name").text = by
        place, end = add(made, "content", type="html"), b"</content>"
        if url is not None:
            add(made, "link", href=url)
        add(made, "summary").text = told.excerpt
        if isinstance(item, FeedItem):
            extend_atom(made, told, item)
    place.text = ""  # so that it has a tag at its end
    whole: bytes = etree.tostring(root, encoding="UTF-8")
    cut = meant(plain_marked(whole[whole.index(b">") + 1 : whole.rindex(b"</")]))
    before, _, after = cut.partition(end)
    return b"".join((before, told.xml(), end, after)), frozenset(child.prefix for child in made) - {None}


def plain_marked(xml: bytes) -> bytes:
    """Write ``&`` and ``<`` of plain-text elements as hexadecimal references: the same text to an XML parser.

    RSS does not say whether a title is HTML; this spelling is what most readers show as it is meant (RSS Advisory
    Board, Best Practices Profile, "Character Data"). In Atom it says too that what looks like a reference is text.
    """
    return PLAIN.sub(lambda found: found[0].replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;"), xml)


def xml_document(
    channel: Channel,
    fmt: Literal["rss", "atom"],
    date: datetime,
    language: str | None,
    items: Sequence[bytes],
    used: AbstractSet[str],
) -> bytes:
    """Write the document around items as ``xml_item`` wrote them. Raises ValueError for a channel that XML can't hold.

    ``used``: the prefixes that its items use; it declares no other.
    """
    made = FeedGenerator()
    extension = FeedExtension if fmt == "rss" else AtomFeedExtension
    made.register_extension("wireroom", extension, atom=fmt == "atom", rss=fmt == "rss")
    made.wireroom.channel = channel
    made.wireroom.used = used
    made.wireroom.explicit = "itunes" in used and any(b"<itunes:explicit>true" in item for item in items)
    made.id(channel.urn)
    made.title(channel.title)
    made.description(channel.description)
    if fmt == "rss":  # in Atom each entry tells its own, and our title is none of theirs
        made.language(language)
    made.link(href=channel.self_url, rel="self", type=MEDIA_TYPES[fmt].partition(";")[0])
    made.link(href=channel.home_url, rel="alternate", type="text/html")  # last: it becomes the RSS channel's link
    made.updated(date)
    made.lastBuildDate(date)
    made.generator(channel.generator)
    made.docs("https://www.rssboard.org/rss-specification")
    if fmt == "atom":
        head: bytes = made.atom_str()
        start, end, tail = plain_marked(head).rpartition(b"</feed>")
    else:
        with ONE_AT_A_TIME:
            head = made.rss_str()
        start, end, tail = plain_marked(head).rpartition(b"</channel>")
    return b"\n".join([meant(start), *items, end + tail, b""])
