"""What feedgen 1.0 can't write of a feed and of an item. Pure.

feedgen drops rel, type and length of Atom entry links (its issue 135), so an enclosure would become the story's link;
its Atom ``source`` has no id; a category's label replaces its term in RSS; RSS takes one enclosure and no creator, and
of the channel's links only ``self``.

The Atom elements are named without a namespace, as feedgen names its own: it writes ``xmlns`` on the root as if it were
an attribute, and elements in the namespace would each declare a prefix of their own.
"""

from __future__ import annotations

from typing import Any

from feedgen.ext.base import BaseExtension
from lxml import etree

from db.output import FeedItem
from feeds.channel import MEDIA_TYPES, Channel
from feeds.item import byline, language, media_type, related_links, source_name, tag_scheme, updated

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "fh": "http://purl.org/syndication/history/1.0",
}
"""All that a document may use, beside Atom's own in Atom; it declares those that it does use."""

ATOM, DC, MEDIA, FH = (f"{{{NAMESPACES[name]}}}" for name in ("atom", "dc", "media", "fh"))
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class Extension(BaseExtension):  # type: ignore[misc]
    """What both formats need: which namespaces the items use, and what the document says of itself."""

    channel: Channel
    used: tuple[str, ...] = ()

    def extend_ns(self) -> dict[str, str]:
        """Name the namespaces."""
        used = {*self.used, "fh"} if self.channel.archive else self.used
        return {name: space for name, space in NAMESPACES.items() if name in used}

    def links(self, media_type: str) -> list[dict[str, str]]:
        """List the feed's links beside ``self`` and ``alternate``: hubs (WebSub 4), parts of an archive (RFC 5005)."""
        channel = self.channel
        parts = {
            "current": channel.current,
            "prev-archive": channel.prev_archive,
            "next-archive": channel.next_archive,
            "next": channel.next_url,
        }
        return [
            *({"rel": "hub", "href": hub} for hub in channel.hubs),
            *({"rel": rel, "href": href, "type": media_type} for rel, href in parts.items() if href is not None),
        ]

    def styled(self, root: Any) -> None:
        """Name the style sheet, for who opens the document itself."""
        if self.channel.style is not None:
            href = self.channel.style.replace("&", "&amp;").replace('"', "&quot;")
            root.addprevious(etree.ProcessingInstruction("xml-stylesheet", f'type="text/css" href="{href}"'))


class FeedExtension(Extension):
    """The rest of an RSS channel."""

    def extend_rss(self, feed: Any) -> Any:
        """Add the links as Atom's, and that it is an archive page."""
        (channel,) = feed
        for link in self.links(MEDIA_TYPES["rss"].partition(";")[0]):
            add(channel, ATOM + "link", **link)
        if self.channel.archive:
            add(channel, FH + "archive")
        self.styled(feed)
        return feed


class AtomFeedExtension(Extension):
    """The rest of an Atom feed."""

    def extend_atom(self, feed: Any) -> Any:
        """Add the links, that it is an archive page, and what language the feed's own words are in.

        Our subtitle is English; the topic's title is in a language that only its author knows (``und``, ISO 639).
        """
        for link in self.links(MEDIA_TYPES["atom"].partition(";")[0]):
            add(feed, "link", **link)
        if self.channel.archive:
            add(feed, FH + "archive")
        for name, tongue in (("title", "und"), ("subtitle", "en")):
            feed.find(name).set(XML_LANG, tongue)
        self.styled(feed)
        return feed


def extend_atom(entry: Any, item: FeedItem) -> None:
    """Add language, tags, enclosures, the coverage as related links, the lead's source (RFC 4287 4.2.7, 4.2.11)."""
    if (tongue := language(item)) is not None:
        entry.set(XML_LANG, tongue)
    for tag in item.tags:
        add(entry, "category", term=tag, scheme=tag_scheme(tag), label=tag.partition(":")[2] or tag)
    for enclosure in item.enclosures:
        link = add(entry, "link", rel="enclosure", href=enclosure.url, type=media_type(enclosure))
        if enclosure.length is not None:
            link.set("length", str(enclosure.length))
    for name, url in related_links(item):
        add(entry, "link", rel="related", href=url, title=name)
    lead = item.coverage[item.lead]
    source = add(entry, "source")
    add(source, "id").text = lead.source_url or f"urn:wireroom:source:{lead.source}"
    add(source, "title").text = source_name(lead)
    add(source, "updated").text = updated(item).isoformat()  # the source says no more of itself
    if lead.site_url:
        add(source, "link", rel="alternate", href=lead.site_url)
    if lead.source_url:
        add(source, "link", rel="self", href=lead.source_url)


def extend_rss(entry: Any, item: FeedItem) -> None:
    """Add tags, author, language, the coverage as Atom links, the origin feed, and the enclosures.

    RSS takes one enclosure, the others are Media RSS.
    """
    for tag in item.tags:
        add(entry, "category", domain=tag_scheme(tag)).text = tag
    if (name := byline(item)) is not None:
        add(entry, DC + "creator").text = name
    if (tongue := language(item)) is not None:
        add(entry, DC + "language").text = tongue
    for name, url in related_links(item):
        add(entry, ATOM + "link", rel="related", href=url, title=name)
    lead = item.coverage[item.lead]
    if lead.source_url:
        add(entry, "source", url=lead.source_url).text = source_name(lead)
    for enclosure in item.enclosures[:1]:
        length = str(enclosure.length or 0)  # required; 0 stands for unknown
        add(entry, "enclosure", url=enclosure.url, length=length, type=media_type(enclosure))
    for enclosure in item.enclosures[1:]:
        content = add(entry, MEDIA + "content", url=enclosure.url, type=media_type(enclosure))
        if enclosure.length is not None:
            content.set("fileSize", str(enclosure.length))


def add(parent: Any, name: str, **attributes: str) -> Any:
    """Add a child element."""
    return etree.SubElement(parent, name, attributes)
