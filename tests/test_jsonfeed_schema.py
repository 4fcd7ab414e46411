"""The strict JSON Feed check itself."""

from __future__ import annotations

from typing import Any

import pytest

from jsonfeed_schema import faults
from test_render import FEED, json_document


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"version": "https://jsonfeed.org/version/1"}, "version"),
        ({"items": {}}, "items is no list"),
        ({"feed_url": "topics/t.json"}, "feed_url"),
        ({"language": None}, "language"),
        ({"author": {"name": "A"}}, "no member"),
        ({"_own": 1}, "extension"),
        ({"items": [{"content_text": "x"}]}, "id is missing"),
        ({"items": [{"id": 7, "content_text": "x"}]}, "id is 7"),
        ({"items": [{"id": "7"}]}, "no content"),
        ({"items": [{"id": "7", "content_text": "x"}] * 2}, "one id"),
        ({"items": [{"id": "7", "content_text": "x", "date_published": "2026-11-20T10:00:00"}]}, "date_published"),
        ({"items": [{"id": "7", "content_text": "x", "authors": [{}]}]}, "authors[0]"),
        ({"items": [{"id": "7", "content_text": "x", "attachments": [{"url": "https://a.example/"}]}]}, "mime_type"),
    ],
)
def test_json_feed_check_refuses_what_is_wrong(change: dict[str, Any], fault: str) -> None:
    """The check of the published feeds can fail, and names the place."""
    found = faults(json_document(FEED) | change)

    assert len(found) == 1
    assert fault in found[0]
