"""What the formats tell alike of an item, made once for all of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from db.model import Enclosure
from db.output import Digest, FeedItem, TopicFeed
from feeds.digest import digest_excerpt, digest_html, digest_time, digest_title
from feeds.item import content_html, excerpt, published, related_links, title, updated
from feeds.media import files
from feeds.strict import meant, plain


@dataclass(slots=True, kw_only=True)
class Told:
    """An item's title and excerpt, plain text; its text, HTML; when it was published and changed.

    And, which a digest has not, its files, its tags, the links that go with it.
    """

    item: FeedItem | Digest
    title: str
    html: str
    excerpt: str
    published: datetime
    updated: datetime
    files: Sequence[Enclosure] = ()
    tags: Sequence[str] = ()
    related: Sequence[tuple[str, str]] = ()
    _xml: bytes | None = None

    def xml(self) -> bytes:
        """Write the HTML as the text of an XML element → UTF-8 bytes. Raises ValueError for what XML can't hold."""
        if self._xml is None:
            element = etree.Element("x")
            element.text = self.html
            self._xml = meant(etree.tostring(element, encoding="UTF-8")[len("<x>") : -len("</x>")])
        return self._xml


def told_of(feed: TopicFeed, item: FeedItem | Digest) -> Told:
    """Make what is told of an item. Raises ValueError and others for what can't be."""
    if isinstance(item, FeedItem):
        return Told(
            item=item,
            title=title(item),
            html=content_html(item),
            excerpt=excerpt(item),
            published=published(item),
            updated=updated(item),
            files=files(item),
            tags=tuple(map(plain, item.tags)),
            related=related_links(item),
        )
    return Told(
        item=item,
        title=digest_title(feed, item),
        html=digest_html(item),
        excerpt=digest_excerpt(item),
        published=digest_time(item),
        updated=digest_time(item),
    )
