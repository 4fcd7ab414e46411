"""What feedgen 1.0 can't write of an item, written through its extension hooks. Pure.

feedgen drops rel, type and length of Atom entry links (its issue 135), so an enclosure would become the story's link;
its Atom ``source`` has no id; RSS takes one enclosure and no creator.
"""

from __future__ import annotations

from typing import Any

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from db.model import FeedItem
from feeds.item import media_type, updated

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"


class FeedExtension(BaseExtension):  # type: ignore[misc]
    """Declares the namespaces of RSS items."""

    def extend_ns(self) -> dict[str, str]:
        """Name the namespaces."""
        return {"dc": DC, "media": MEDIA}


class ItemExtension(BaseEntryExtension):  # type: ignore[misc]
    """Writes the rest of ``item``, which must be set first."""

    item: FeedItem

    def extend_atom(self, entry: Any) -> Any:
        """Add enclosures, the coverage as related links, and the lead's source (RFC 4287 4.2.7, 4.2.11)."""
        item = self.item
        for enclosure in item.enclosures:
            link = add(entry, ATOM, "link", rel="enclosure", href=enclosure.url, type=media_type(enclosure))
            if enclosure.length is not None:
                link.set("length", str(enclosure.length))
        for one in item.coverage:
            if one.url and one.url != item.url:
                add(entry, ATOM, "link", rel="related", href=one.url, title=one.source_title)
        lead = item.coverage[item.lead]
        source = add(entry, ATOM, "source")
        add(source, ATOM, "id").text = lead.source_url or f"urn:wireroom:source:{lead.source}"
        add(source, ATOM, "title").text = lead.source_title
        add(source, ATOM, "updated").text = updated(item).isoformat()
        if lead.site_url:
            add(source, ATOM, "link", rel="alternate", href=lead.site_url)
        if lead.source_url:
            add(source, ATOM, "link", rel="self", href=lead.source_url)
        return entry

    def extend_rss(self, entry: Any) -> Any:
        """Add the author, the origin feed, and the enclosures: RSS takes one, the others are Media RSS."""
        item = self.item
        if item.author:
            add(entry, DC, "creator").text = item.author
        lead = item.coverage[item.lead]
        if lead.source_url:
            add(entry, "", "source", url=lead.source_url).text = lead.source_title
        for enclosure in item.enclosures[:1]:
            length = str(enclosure.length or 0)  # required; 0 stands for unknown
            add(entry, "", "enclosure", url=enclosure.url, length=length, type=media_type(enclosure))
        for enclosure in item.enclosures[1:]:
            content = add(entry, MEDIA, "content", url=enclosure.url, type=media_type(enclosure))
            if enclosure.length is not None:
                content.set("fileSize", str(enclosure.length))
        return entry


def add(parent: Any, namespace: str, name: str, **attributes: str) -> Any:
    """Add a child element."""
    return etree.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name, attributes)
