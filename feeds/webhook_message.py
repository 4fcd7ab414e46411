"""A webhook's message: a topic's new stories as JSON, with an id that stays and a signature. Pure.

The form is that of Standard Webhooks (its specification, 1.0.0): type, timestamp, data; the headers ``webhook-id``,
``webhook-timestamp`` and ``webhook-signature``, so that any of its libraries can verify it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from db.output import FeedItem
from feeds.item import excerpt, source_name, title

MADE_KEY = "whsec_"
"""A secret that begins so is a key in base64; any other is the key itself, byte for byte."""
TYPE = "story.selected"
MAX_COVERAGE = 50
"""So many who carry a story are named in a message."""


def message_id(*, archive: str, webhook: str, topic_urn: str, after: int, to: int) -> str:
    """Name the message of the selections above ``after`` up to ``to``: the same whenever it is sent again."""
    named = json.dumps([archive, webhook, topic_urn, after, to]).encode()
    return f"msg_{hashlib.sha256(named).hexdigest()[:32]}"


def message(items: Sequence[FeedItem], *, topic: str, topic_title: str, feed_url: str | None, base_url: str) -> bytes:
    """Write a message of at least one story; its time is that of the newest selection, not the clock's."""
    told: dict[str, Any] = {
        "type": TYPE,
        "timestamp": max(item.selected_at for item in items),
        "data": {
            "topic": {"id": topic, "title": topic_title, "feed": feed_url},
            "stories": [story(item, base_url) for item in items],
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def story(item: FeedItem, base_url: str) -> dict[str, Any]:
    """Tell one story; ``guid`` is what its item is known by in the topic's feeds."""
    return {
        "guid": item.guid,
        "number": item.number,
        "story": item.story_id,
        "page": f"{base_url}stories/{item.story_id}",
        "title": title(item),
        "url": item.url,
        "summary": excerpt(item),
        "language": item.language,
        "author": item.author,
        "published": item.published,
        "updated": item.updated,
        "selected": item.selected_at,
        "tags": list(item.tags),
        "coverage": [
            {"source": one.source, "source_title": source_name(one), "title": one.title, "url": one.url}
            for one in item.coverage[:MAX_COVERAGE]
        ],
        "sources": len({one.source for one in item.coverage}),
    }


def key_of(secret: str) -> bytes:
    """Read the key of a secret. Raises ValueError where it says that it is base64 and is not, or is too short a key."""
    if not secret.startswith(MADE_KEY):
        return secret.encode()
    try:
        key = base64.b64decode(secret.removeprefix(MADE_KEY), validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None
    if len(key) < 16:
        raise ValueError("too short")
    return key


def signed_headers(id_: str, body: bytes, *, secret: str, now_s: int) -> dict[str, str]:
    """Write the headers of a message that is sent at ``now_s``, seconds since 1970."""
    mac = hmac.new(key_of(secret), f"{id_}.{now_s}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": str(now_s),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
