"""Agreement with feedparser: ids, links, titles and dates are those that it reads by itself."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from typing import Any

import feedparser
import pytest

from db.model import Document
from ingest.clean import flat, one_line
from ingest.digest import DigestFault, digest
from ingest.normalize import clean_id
from ingest.urls import absolute, document_base

URL = "https://feeds.example.org/dir/feed.xml"
FEEDS = Path(__file__).parent / "data" / "feeds"
FIXTURES = sorted(FEEDS.glob("*.xml"))
CORPUS = os.environ.get("WIREROOM_CORPUS")
# feedparser's sanitizer leaves half a comment of this title; nh3 reads it as browsers do.
BETTER = {"entry_title_crazy.xml"}


def plain_time(entry: Any, name: str) -> str | None:
    parsed = dict.get(entry, f"{name}_parsed")
    if not parsed or not 1900 <= parsed[0] <= 2100:
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", parsed)


def plain_text_of(entry: Any, name: str) -> str | None:
    value = dict.get(entry, name)
    return value if isinstance(value, str) and value else None


def disagreements(body: bytes) -> list[str]:
    """Compare a digest with feedparser's own reading → what differs, past what is cleaned on purpose."""
    base = document_base(URL)
    headers = {"content-type": "application/xml", "content-location": base}
    try:
        plain = feedparser.parse(io.BytesIO(body), response_headers=headers)
    except Exception as error:  # noqa: BLE001 - it raises much, and then there is nothing to compare
        return [] if isinstance(digest(body, None, URL), (Document, DigestFault)) else [repr(error)]
    made = digest(body, "application/xml", URL)
    if isinstance(made, DigestFault):
        return [f"{made}, but {len(plain.entries)} entries"] if plain.entries else []
    assert isinstance(made, Document)
    if len(made.entries) != len(plain.entries):
        return [f"{len(made.entries)} entries, not {len(plain.entries)}"]
    found = []
    for ours, theirs in zip(made.entries, plain.entries, strict=True):
        title = plain_text_of(theirs, "title") or ""
        pairs = {
            "id": (ours.raw_id, clean_id(plain_text_of(theirs, "id"))),
            "link": (ours.url, absolute(plain_text_of(theirs, "link"), base)),
            "title": (ours.title, ours.title if ours.title == one_line(title) else flat(title)),
            "published": (ours.published, plain_time(theirs, "published")),
            "updated": (ours.updated, plain_time(theirs, "updated")),
        }
        found += [f"{name}: {mine!r}, not {other!r}" for name, (mine, other) in pairs.items() if mine != other]
    return found


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_agrees_with_feedparser_on_fixtures(path: Path) -> None:
    """Ids, links, titles and dates are those that feedparser reads by itself."""
    assert disagreements(path.read_bytes()) == []


@pytest.mark.skipif(not CORPUS, reason="set WIREROOM_CORPUS to a folder of feeds (feedparser's own tests, say)")
def test_agrees_with_feedparser_on_a_corpus() -> None:
    """On a folder of real and odd feeds, the digest raises nothing and reads what feedparser reads."""
    paths = [path for path in Path(CORPUS or "").rglob("*") if path.suffix in (".xml", ".rss", ".atom", ".rdf")]
    found = {
        path: differ
        for path in sorted(paths)
        if path.name not in BETTER and (differ := disagreements(path.read_bytes()))
    }

    assert paths
    assert found == {}
