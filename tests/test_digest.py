"""From bytes to a document: fixtures by hand, and mutilated ones."""

from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.model import Document, Entry
from ingest.clean import clean_html, xml_chars
from ingest.digest import DigestFault, digest

URL = "https://feeds.example.org/dir/feed.xml"
FEEDS = Path(__file__).parent / "data" / "feeds"
FIXTURES = sorted(path for path in FEEDS.iterdir() if not path.name.endswith(".expected.json"))


def document(body: bytes | str, content_type: str | None = None, url: str = URL) -> Document:
    made = digest(body.encode() if isinstance(body, str) else body, content_type, url)
    assert isinstance(made, Document), made
    return made


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_fixture(path: Path) -> None:
    """Each odd feed reads as the file beside it says."""
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"))
    made = json.loads(json.dumps(asdict(replace(document(path.read_bytes()), outline=None))))
    for entry in made["entries"]:
        entry["enclosures"] = [
            {name: value for name, value in one.items() if value is not None or name in ("url", "type", "length")}
            for one in entry["enclosures"]
        ]

    entries = expected.pop("entries")
    expected.pop("why")
    assert {name: made[name] for name in expected} == expected
    assert len(made["entries"]) == len(entries)
    for got, wanted in zip(made["entries"], entries, strict=True):
        assert {name: got[name] for name in wanted} == wanted


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_results_are_plain_values(path: Path) -> None:
    """A document goes between processes as it is, and the same bytes give the same document."""
    made = document(path.read_bytes())

    assert pickle.loads(pickle.dumps(made)) == made == document(path.read_bytes())


def test_bodies_are_unpacked() -> None:
    """A packed body reads like the plain one; a file needs no header to be unpacked."""
    body = (FEEDS / "rss20-full.xml").read_bytes()
    plain = digest(body, None, URL)

    assert digest(gzip.compress(body), None, URL, encoding="gzip") == plain
    assert digest(brotli.compress(body), None, URL, encoding="br") == plain
    assert digest(gzip.compress(body), None, "feeds/rss20-full.xml.gz") == digest(body, None, "feeds/rss20-full.xml.gz")


def test_what_can_not_be_unpacked_is_a_fault() -> None:
    """A bomb, a cut body and an unknown encoding each end in their own outcome."""
    body = (FEEDS / "rss20-full.xml").read_bytes()

    assert digest(gzip.compress(body), None, URL, encoding="gzip", max_bytes=99) == DigestFault(
        kind="too-large", message="unpacked, the body is over 99 bytes ([poll] max_body)"
    )
    assert digest(gzip.compress(body)[:-9], None, URL, encoding="gzip") == DigestFault(
        kind="malformed", message="its gzip data is cut off: the end is missing"
    )
    assert digest(b"\x00\x01", None, URL, encoding="compress") == DigestFault(
        kind="malformed", message="its Content-Encoding 'compress' is unknown; gzip, br, zstd and deflate are read"
    )
    assert digest(gzip.compress(b""), None, URL, encoding="gzip") == DigestFault(
        kind="not-a-feed", message="the body is empty"
    )


def as_text(entry: Entry) -> Iterator[str]:
    yield from (entry.raw_id or "", entry.title, entry.author or "", entry.html, entry.summary or "", entry.text)
    yield from entry.categories


SHARDS = (
    *(b"", b"<", b">", b"&", b"&#xD800;", b"&#1114112;", b"</width>", b"<image>", b"<textinput>", b"\x00", b"\\"),
    *(b"]]>", b"<![CDATA[", b"<!--", b"<!DOCTYPE", b"\xff", b"=", b'"', b"xmlns:x='y'", b"{", b"]", b"<georss:point>"),
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_mutilated_feeds_never_raise(data: st.DataObject) -> None:
    """Whatever is cut, doubled, overwritten or inserted: a document of clean text, or a fault, and no exception."""
    body = bytearray(data.draw(st.sampled_from(FIXTURES)).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(body) - 1, 0)))
        piece = data.draw(st.sampled_from(SHARDS))
        body[at : at + data.draw(st.integers(0, 12))] = piece
    made = digest(bytes(body), None, URL)

    pickle.dumps(made)
    if isinstance(made, Document):
        for each in made.entries:
            assert all(xml_chars(text) == text for text in as_text(each))
            assert clean_html(each.html, URL) == each.html
            assert each.url is None or each.url.startswith(("http://", "https://"))
            assert all(-(2**63) <= value < 2**63 for value in (each.keys.print, each.version))


@given(st.binary(max_size=200))
def test_random_bytes_never_raise(body: bytes) -> None:
    """No bytes at all make the digest raise, whatever they are said to be packed with."""
    for encoding in (None, "gzip", "br", "zstd", "deflate"):
        assert isinstance(digest(body, None, URL, encoding=encoding), (Document, DigestFault))
