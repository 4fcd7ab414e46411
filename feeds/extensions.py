"""What feedgen 1.0 can't write of an item, written through its extension hooks. Pure.

feedgen drops rel, type and length of Atom entry links (its issue 135), so an enclosure would become the story's link;
its Atom ``source`` has no id; a category's label replaces its term in RSS; RSS takes one enclosure and no creator.
"""

from __future__ import annotations

from typing import Any

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from db.output import FeedItem
from feeds.item import byline, coverage_links, language, media_type, source_name, updated

DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA = "{http://search.yahoo.com/mrss/}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class FeedExtension(BaseExtension):  # type: ignore[misc]
    """Declares the namespaces of RSS items."""

    def extend_ns(self) -> dict[str, str]:
        """Name the namespaces."""
        return {"dc": DC.strip("{}"), "media": MEDIA.strip("{}")}


class AtomFeedExtension(BaseExtension):  # type: ignore[misc]
    """Says what language the feed's own words are in; an Atom feed needs no namespace beside its own."""

    def extend_atom(self, feed: Any) -> Any:
        """Our subtitle is English; the topic's title is in a language that only its author knows (``und``, ISO 639)."""
        for name, tongue in (("title", "und"), ("subtitle", "en")):
            feed.find(name).set(XML_LANG, tongue)
        return feed


class ItemExtension(BaseEntryExtension):  # type: ignore[misc]
    """Writes the rest of ``item``; a digest, which has no source and no tags, leaves it None.

    The Atom elements are named without a namespace, as feedgen names its own: it writes ``xmlns`` on the root as if it
    were an attribute, and elements in the namespace would each declare a prefix of their own.
    """

    item: FeedItem | None = None

    def extend_atom(self, entry: Any) -> Any:
        """Add language, tags, enclosures, the coverage as related links, the lead's source (RFC 4287 4.2.7, 4.2.11)."""
        if (item := self.item) is None:
            return entry
        if (tongue := language(item)) is not None:
            entry.set(XML_LANG, tongue)
        for tag in item.tags:
            add(entry, "category", term=tag, label=tag.partition(":")[2] or tag)
        for enclosure in item.enclosures:
            link = add(entry, "link", rel="enclosure", href=enclosure.url, type=media_type(enclosure))
            if enclosure.length is not None:
                link.set("length", str(enclosure.length))
        lead = item.coverage[item.lead]
        for name, url in coverage_links(item):
            if url and (name, url) != (source_name(lead), item.url):  # the lead's own is the alternate link already
                add(entry, "link", rel="related", href=url, title=name)
        for also in item.event.named if item.event is not None else ():
            if also.url:
                add(entry, "link", rel="related", href=also.url, title=source_name(also))
        source = add(entry, "source")
        add(source, "id").text = lead.source_url or f"urn:wireroom:source:{lead.source}"
        add(source, "title").text = source_name(lead)
        add(source, "updated").text = updated(item).isoformat()  # the source says no more of itself
        if lead.site_url:
            add(source, "link", rel="alternate", href=lead.site_url)
        if lead.source_url:
            add(source, "link", rel="self", href=lead.source_url)
        return entry

    def extend_rss(self, entry: Any) -> Any:
        """Add tags, author, language, the origin feed, and the enclosures: RSS takes one, the others are Media RSS."""
        if (item := self.item) is None:
            return entry
        for tag in item.tags:
            add(entry, "category").text = tag
        if (name := byline(item)) is not None:
            add(entry, DC + "creator").text = name
        if (tongue := language(item)) is not None:
            add(entry, DC + "language").text = tongue
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
        return entry


def add(parent: Any, name: str, **attributes: str) -> Any:
    """Add a child element."""
    return etree.SubElement(parent, name, attributes)
