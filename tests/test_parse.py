"""The XML parser on its leash: what is no feed, what would harm it, and how bytes become text."""

from __future__ import annotations

import io
import time
from typing import Any

import feedparser
import pytest

from db.model import Document
from ingest.digest import DigestFault, digest

URL = "https://feeds.example.org/dir/feed.xml"


def document(body: bytes | str, content_type: str | None = None) -> Document:
    made = digest(body.encode() if isinstance(body, str) else body, content_type, URL)
    assert isinstance(made, Document), made
    return made


def fault(body: bytes | str, content_type: str | None = None) -> DigestFault:
    made = digest(body.encode() if isinstance(body, str) else body, content_type, URL)
    assert isinstance(made, DigestFault), made
    return made


def rss(item: str, channel: str = "") -> str:
    return f'<rss version="2.0"><channel>{channel}<item>{item}</item></channel></rss>'


# What is no feed


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "the body is empty"),
        ("\ufeff \n ", "the body is empty"),
        ("<!DOCTYPE html><html><body><p>Not found</p></body></html>", "an HTML page, not a feed"),
        ("<div>404 <b>Not found", "an HTML page, not a feed"),
        ("<opml version='2.0'><body/></opml>", "an XML document with the root <opml>, not a feed"),
        ("<urlset><url/></urlset>", "an XML document with the root <urlset>, not a feed"),
        ("Not found", "neither XML nor JSON"),
        ("/etc/passwd", "neither XML nor JSON"),
        ("http://127.0.0.1:1/", "neither XML nor JSON"),
        ("<?xml version='1.0'?>", "neither XML nor JSON"),
    ],
)
def test_what_is_no_feed(body: str, message: str) -> None:
    """What is no feed is refused with what it is instead."""
    assert fault(body) == DigestFault(kind="not-a-feed", message=message)


def test_a_broken_feed_without_entries_is_malformed() -> None:
    """A feed that breaks off before its first entry is a failure that names the line, not an empty feed."""
    made = fault('<?xml version="1.0"?>\n<!-- x -->\n<rss version="2.0">\n<channel><title>T</title>\n<item')

    assert made.kind == "malformed"
    assert "line 5" in made.message


def test_what_begins_like_a_feed_is_malformed() -> None:
    """A body that has a feed's root, but nothing readable in it, is not called another kind of document."""
    made = fault("<feed")

    assert made.kind == "malformed"
    assert made.message.startswith("it begins like a feed, but nothing could be read")


def test_an_empty_feed_is_a_document() -> None:
    """A feed without entries is whole, and empty."""
    made = document('<rss version="2.0"><channel><title>T</title></channel></rss>')

    assert (made.entries, made.salvaged, made.truncated) == ((), False, False)


# feedparser, kept on a leash


@pytest.mark.parametrize("body", [b"/etc/passwd", b"<rss version='2.0'><channel/></rss>", b"file:///etc/passwd"])
def test_feedparser_gets_streams_only(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser never sees bytes or text, which it would try as a file's name or a URL; and it opens nothing."""
    real, given_to_it = feedparser.parse, []

    def spy(source: object, **options: Any) -> Any:
        given_to_it.append((type(source), options["sanitize_html"], options["resolve_relative_uris"]))
        return real(source, **options)

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"opened {args}")

    monkeypatch.setattr(feedparser, "parse", spy)
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    digest(body, None, URL)

    assert given_to_it == [(io.BytesIO, False, False)]


def test_what_feedparser_raises_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception inside the parser is one source's fault, with its name and message."""

    def explode(*args: object, **kwargs: object) -> None:
        raise KeyError("textinput")

    monkeypatch.setattr(feedparser, "parse", explode)

    assert fault(rss("<title>not plain</title><where>there</where>")) == DigestFault(
        kind="malformed", message="the parser gave up: KeyError: 'textinput'"
    )


# Bombs that are disarmed before the parser sees them; the others meet the worker's deadline


CHAIN = "".join(f'<!ENTITY a{n + 1} "&a{n};">\n' for n in range(30_000))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (f"<!DOCTYPE rss [{CHAIN}]>" + rss("<title>&a30000;</title>"), "DOCTYPE"),
        (f"<!-- <a --><!DOCTYPE rss [{CHAIN}]>" + rss("<title>&a30000;</title>"), "DOCTYPE"),
        (f"<!DOCTYPE rss [{CHAIN[:9000]}]>" + rss("<title>x</title>"), "entities; more than 300 are refused"),
    ],
    ids=["chain", "chain behind a comment", "many"],
)
def test_entity_bombs_are_refused(body: str, says: str) -> None:
    """A chain of entities that would crash the interpreter is refused before the parser sees it."""
    for encoding in ("utf-8", "utf-16"):
        made = fault(body.encode(encoding))
        assert made.kind == "malformed"
        assert says in made.message


def test_entities_do_not_multiply() -> None:
    """An entity that is made of others, or is long, is not expanded."""
    laughs = '<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;"><!ENTITY c "' + "x" * 5000 + '">'
    made = document(f"<!DOCTYPE rss [{laughs}]>" + rss("<title>1 &a; &b; &c;</title>"))

    assert len(made.entries[0].title) < 30


@pytest.mark.parametrize(
    "prolog", ["\n" * 500_000, "<!DOCTYPE x>\n" * 50_000, "<!-- <a -->" * 50_000, "<!--" * 50_000, "<?" * 50_000]
)
def test_a_long_prolog_costs_little(prolog: str) -> None:
    """Whatever stands before the root is passed over in linear time."""
    started = time.process_time()
    made = document(prolog + rss("<title>x</title>"))

    assert time.process_time() - started < 3
    assert made.entries[0].title == "x"


# Encodings


@pytest.mark.parametrize(
    ("body", "content_type", "title"),
    [
        ("Gdańsk".encode(), None, "Gdańsk"),
        ("Gdańsk".encode(), "text/xml", "Gdańsk"),
        ("Gdańsk".encode(), "text/xml; charset=iso-8859-1", "Gdańsk"),
        ("Gdańsk".encode("iso-8859-2"), 'application/rss+xml; charset="ISO-8859-2"', "Gdańsk"),
        ("“Quoted”".encode("cp1252"), "text/xml; charset=iso-8859-1", "“Quoted”"),
        ("“Quoted”".encode("cp1252"), None, "“Quoted”"),
        ("Gdańsk".encode(), "text/xml; charset=unicode_escape", "Gdańsk"),
        ("Gdańsk".encode(), "text/xml; charset=base64", "Gdańsk"),
        ("Gdańsk".encode(), "text/xml; charset=utf-16", "Gdańsk"),
        ("Gdańsk".encode(), "text/xml; charset=no-such-thing", "Gdańsk"),
        ("новости".encode("koi8-r"), "text/xml; charset=koi8-r", "новости"),
        ("外交部".encode("gbk"), "text/xml; charset=gb2312", "外交部"),
    ],
)
def test_encodings(body: bytes, content_type: str | None, title: str) -> None:
    """The encoding is the declared one where that can be true, else what the bytes say."""
    made = document(rss("<title>@</title>").encode().replace(b"@", body), content_type)

    assert made.entries[0].title == title
    assert not made.salvaged


def test_one_bad_byte_does_not_spoil_the_rest() -> None:
    """A few bytes that are not UTF-8 are lost, and said; the rest is not taken for another encoding."""
    made = document(rss("<title>外交部 Gdańsk Łódź @ Türkiye</title>").encode().replace(b"@", b"\xff"))

    assert made.entries[0].title == "外交部 Gdańsk Łódź \ufffd Türkiye"
    assert made.salvaged
    assert made.remark == "1 bytes were not valid UTF-8 and are lost"
