"""What the three formats have in common: an item's text with its coverage, and its dates. Pure."""

from __future__ import annotations

import mimetypes
from datetime import datetime
from html import escape

from db.model import Enclosure, FeedItem, TopicFeed

EXCERPT_CHARS = 300
ANY_TYPE = "application/octet-stream"


def content_html(item: FeedItem) -> str:
    """Give the lead entry's text, and under it all coverage with links, in order of first sight."""
    named = [
        f'<a href="{escape(one.url)}">{escape(one.source_title)}</a>' if one.url else escape(one.source_title)
        for one in item.coverage
    ]
    label = "Source" if len(named) == 1 else "Reported by"
    return f"{item.html}\n<p>{label}: {', '.join(named)}</p>"


def excerpt(item: FeedItem) -> str:
    """Give the beginning of the text as plain text; the title where there is no text."""
    text = " ".join(item.text.split())
    if len(text) > EXCERPT_CHARS:
        text = text[:EXCERPT_CHARS].rsplit(" ", 1)[0] + " …"
    return text or item.title


def published(item: FeedItem) -> datetime:
    """Give the time of publication, never later than first sight: a date in the future would stay on top for years."""
    return datetime.fromisoformat(min(item.published or item.first_seen, item.first_seen))


def updated(item: FeedItem) -> datetime:
    """Give the time of the last change of the text, never before publication."""
    return max(datetime.fromisoformat(item.updated), published(item))


def feed_updated(feed: TopicFeed) -> datetime:
    """Give the time of the newest item or change: from the data, so that the same data gives the same bytes."""
    moments = [datetime.fromisoformat(item.selected_at) for item in feed.items]
    moments += [updated(item) for item in feed.items]
    return max(moments, default=datetime.fromisoformat(feed.created_at))


def media_type(enclosure: Enclosure) -> str:
    """Give an enclosure's media type; every format requires one."""
    return enclosure.type or mimetypes.guess_type(enclosure.url)[0] or ANY_TYPE
