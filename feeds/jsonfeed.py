"""A topic as JSON Feed 1.1 (jsonfeed.org/version/1.1). Pure."""

from __future__ import annotations

import json
from typing import Any

from db.model import FeedItem, TopicFeed
from feeds.item import content_html, excerpt, media_type, published, updated


def json_feed(feed: TopicFeed, *, home_url: str, feed_url: str) -> bytes:
    """Write the document → UTF-8 bytes."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": home_url,
        "feed_url": feed_url,
        "items": [json_item(item) for item in feed.items],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def json_item(item: FeedItem) -> dict[str, Any]:
    """Make one item; members without a value are left out. Raises UnicodeError for text that is no Unicode."""
    members: dict[str, Any] = {
        "id": item.guid,
        "url": item.url,
        "title": item.title,
        "content_html": content_html(item),
        "summary": excerpt(item),
        "date_published": published(item).isoformat(),
        "date_modified": updated(item).isoformat(),
        "authors": [{"name": item.author}] if item.author else None,
        "tags": list(item.tags) or None,
        "language": item.language,
        "attachments": [
            {
                name: value
                for name, value in (
                    ("url", enclosure.url),
                    ("mime_type", media_type(enclosure)),
                    ("size_in_bytes", enclosure.length),
                )
                if value is not None
            }
            for enclosure in item.enclosures
        ]
        or None,
        "_wireroom": {
            "number": item.number,
            "coverage": [
                {"source": one.source, "title": one.source_title, "url": one.url, "first_seen": one.first_seen}
                for one in item.coverage
            ],
        },
    }
    json.dumps(members, ensure_ascii=False).encode()
    return {name: value for name, value in members.items() if value is not None}
