"""A topic as JSON Feed 1.1 (jsonfeed.org/version/1.1). Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from db.model import EventTold
from db.output import Digest, FeedItem
from feeds.channel import Channel
from feeds.item import byline, language, source_name, title
from feeds.media import media_type, podcast_members
from feeds.strict import address, meant, plain
from feeds.told import Told

ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def json_document(channel: Channel, language: str | None, items: Sequence[bytes]) -> bytes:
    """Write the document around items as ``json_bytes`` wrote them → UTF-8 bytes, an item on each line.

    Raises UnicodeError for a channel that is no Unicode. Its archive goes on at ``next_url``.
    """
    head = json_bytes(
        given(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": channel.title,
                "description": channel.description,
                "home_page_url": channel.home_url,
                "feed_url": channel.self_url,
                "next_url": channel.next_url or channel.prev_archive,
                "language": language,
                "hubs": [{"type": "WebSub", "url": hub} for hub in channel.hubs] or None,
                "_wireroom": {"about": channel.home_url},  # where its members in the items are told
            }
        )
    )
    return head[:-1] + b',"items":[\n' + b",\n".join(items) + b"\n]}\n"


def json_bytes(value: dict[str, Any]) -> bytes:
    """Write one object → UTF-8 bytes, on one line. Raises UnicodeError for text that is no Unicode."""
    return meant(ENCODER.encode(value).encode())


def json_item(told: Told, item: FeedItem) -> dict[str, Any]:
    """Make one item. ``_wireroom`` is our extension, for programs: the story, all its coverage, the event."""
    attachments = [
        given(
            {
                "url": one.url,
                "mime_type": media_type(one),
                "title": one.title,
                "size_in_bytes": one.length,
                "duration_in_seconds": one.duration_s,
            }
        )
        for one in told.files
    ]
    return given(
        {
            "id": item.guid,
            "url": address(item.url),
            "title": told.title,
            "content_html": told.html,
            "summary": told.excerpt,
            "image": address(item.image),
            "date_published": told.published.isoformat(),
            "date_modified": told.updated.isoformat(),
            "authors": [{"name": name}] if (name := byline(item)) else None,
            "tags": told.tags or None,
            "language": language(item),
            "attachments": attachments or None,
            "_wireroom": {
                "number": item.number,
                "story": item.story_id,
                **({"pinned": True} if item.pinned else {}),
                "coverage": json_coverage(item),
                **({"podcast": podcast_members(item.podcast)} if item.podcast is not None else {}),
                **({"event": json_event(item.event)} if item.event is not None else {}),
            },
        }
    )


def json_digest(told: Told, digest: Digest) -> dict[str, Any]:
    """Make one digest; ``_wireroom`` has its period and its stories, as items have theirs."""
    time = told.published.isoformat()
    return {
        "id": digest.guid,
        "title": told.title,
        "content_html": told.html,
        "summary": told.excerpt,
        "date_published": time,
        "date_modified": time,
        "_wireroom": {
            "number": digest.number,
            "digest": {
                "from": digest.period_from,
                "to": digest.period_to,
                "time_zone": digest.zone,
                "more": digest.more,
                "stories": [
                    given(
                        {
                            "story": item.story_id,
                            "title": title(item),
                            "url": address(item.url),
                            "tags": list(map(plain, item.tags)) or None,
                            "coverage": json_coverage(item),
                        }
                    )
                    for item in digest.stories
                ],
            },
        },
    }


def json_coverage(item: FeedItem) -> list[dict[str, Any]]:
    """Make a story's coverage, in order of first sight."""
    return [
        given(
            {
                "source": one.source,
                "source_title": source_name(one),
                "title": one.title,
                "url": address(one.url),
                "first_seen": one.first_seen,
            }
        )
        for one in item.coverage
    ]


def json_event(event: EventTold) -> dict[str, Any]:
    """Make what is told of an event: how many other stories there are, by how many sources, the first of them."""
    return {
        "id": event.id,
        "stories": event.stories,
        "sources": event.sources,
        "also": [
            given(
                {
                    "story": one.story_id,
                    "source": one.source,
                    "source_title": source_name(one),
                    "title": one.title,
                    "url": address(one.url),
                    "first_seen": one.first_seen,
                }
            )
            for one in event.named
        ],
    }


def given(members: dict[str, Any]) -> dict[str, Any]:
    """Leave out what has no value: JSON Feed knows no null."""
    return {name: value for name, value in members.items() if value is not None}
