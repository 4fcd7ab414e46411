"""What the formats have in common: titles, excerpts, coverage, dates, types; and what each must not get wrong of it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from db.model import FORMATS, Enclosure, Format
from db.output import TopicFeed
from feeds.item import (
    content_html,
    excerpt,
    feed_language,
    feed_updated,
    language,
    published,
    shortened,
    title,
    updated,
)
from feeds.media import media_type
from feeds.render import render, topic_channel
from house import ROOT
from test_render import ATOM, BASE, COVERAGE, FEED, ITEM, SECOND, check_json_feed, written


def one(**changes: Any) -> TopicFeed:
    """A feed of one item."""
    return replace(FEED, items=(replace(ITEM, **changes),))


def xml(feed: TopicFeed, fmt: Any) -> etree._Element:
    """Render and parse, strictly."""
    return etree.fromstring(written(feed, fmt).body)


def read(feed: TopicFeed, fmt: Any) -> feedparser.FeedParserDict:
    """Render and read back."""
    return feedparser.parse(io.BytesIO(written(feed, fmt).body))


def test_one_source_is_the_source_and_several_report() -> None:
    """The paragraph names each source and address once, in order of first sight."""
    first, other = ITEM.coverage
    again = replace(other, url="https://b.example/second")

    assert content_html(replace(ITEM, coverage=(first, first))) == (
        '<p>The text.</p>\n<p>Source: <a href="https://a.example/1">Source &lt;A&gt;</a></p>'
    )
    assert content_html(replace(ITEM, coverage=(replace(first, url=None), other, again))).endswith(
        "<p>Reported by: Source &lt;A&gt;, "
        '<a href="https://b.example/x">B</a>, <a href="https://b.example/second">B</a></p>'
    )
    assert "Source: a<" in content_html(replace(ITEM, coverage=(replace(first, source_title=" ", url=None),)))


@given(st.text(), st.integers(2, 40))
def test_excerpt_is_the_beginning_on_one_line(text: str, chars: int) -> None:
    """Never longer than asked (but for the ellipsis), never less than half of it, and all of a short text."""
    line = " ".join(text.split())
    short = shortened(text, chars)

    if len(line) <= chars:
        assert short == line
    else:
        assert short.endswith(" …")
        assert line.startswith(short.removesuffix(" …"))
        assert chars // 2 < len(short) - 2 <= chars


def test_untitled_item_takes_its_text_for_a_title() -> None:
    """Atom requires a title, and an item without any word still has one."""
    assert title(replace(ITEM, title=" ", text="Short words. " * 50)).startswith("Short words. Short")
    assert len(title(replace(ITEM, title="", text="外" * 500))) < 130
    assert title(replace(ITEM, title="", text=" ")) == excerpt(replace(ITEM, title="", text=" ")) == "(untitled)"
    for fmt in FORMATS:
        assert written(one(title="", text="", html=""), fmt).left_out == ()


def test_dates_keep_their_order() -> None:
    """Published never after first sight, updated never before published, the feed as new as its newest change."""
    early = replace(ITEM, updated="2026-11-01T00:00:00Z", published=None)

    assert published(replace(ITEM, published=None)) == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert published(replace(ITEM, published="2031-01-01T00:00:00Z")) == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert updated(early) == published(early)
    assert feed_updated(FEED.items, FEED.created_at) == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert feed_updated((early,), FEED.created_at) == datetime(2026, 11, 20, 10, 0, 1, tzinfo=UTC)
    assert feed_updated((), FEED.created_at) == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given_type", "url", "expected"),
    [
        ("audio/mpeg", "https://a.example/x.png", "audio/mpeg"),
        (None, "https://a.example/x.JPG?width=600", "image/jpeg"),
        ("mp3", "https://a.example/x.mp3", "audio/mpeg"),
        (None, "https://a.example/x", "application/octet-stream"),
    ],
)
def test_enclosure_has_a_media_type(given_type: str | None, url: str, expected: str) -> None:
    """Its own if it is one, else by the address; from our own table, whatever the machine knows."""
    assert media_type(Enclosure(url=url, type=given_type)) == expected


def test_language_is_told_where_it_is_one() -> None:
    """Each item tells its own; RSS and JSON Feed tell the feed's only when all items agree."""
    french = replace(FEED, items=(replace(ITEM, language="fr"), replace(SECOND, language="fr")))
    mixed = replace(FEED, items=(replace(ITEM, language="fr"), replace(SECOND, language="en")))
    silent = replace(FEED, items=(replace(ITEM, language="fr"), replace(SECOND, language=None)))

    assert [feed_language(feed.entries) for feed in (french, mixed, silent, replace(FEED, items=()))] == [
        "fr",
        None,
        None,
        None,
    ]
    assert language(replace(ITEM, language="no language")) is None
    assert read(french, "rss").feed.language == "fr"
    assert "language" not in read(mixed, "rss").feed
    assert [entry.language for entry in read(mixed, "rss").entries] == ["fr", "en"]
    atom = xml(mixed, "atom")
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert (atom.get(lang), [entry.get(lang) for entry in atom.iter(f"{ATOM}entry")]) == (None, ["fr", "en"])
    documents = [json.loads(written(feed, "json").body) for feed in (french, mixed)]
    assert [document.get("language") for document in documents] == ["fr", None]
    assert [item["language"] for item in documents[1]["items"]] == ["fr", "en"]


def test_tags_give_kind_and_name_back_in_every_format() -> None:
    """The whole tag for programs; Atom has a label for people beside it."""
    feed = one(tags=("place:united states", "subject:diplomacy"))

    assert [tag.term for tag in read(feed, "rss").entries[0].tags] == ["place:united states", "subject:diplomacy"]
    assert [(tag.term, tag.label) for tag in read(feed, "atom").entries[0].tags] == [
        ("place:united states", "united states"),
        ("subject:diplomacy", "diplomacy"),
    ]


def test_text_about_markup_stays_text() -> None:
    """An RSS description is HTML, an Atom summary and a JSON summary are plain text: the same words, parted."""
    words = "How to <script>alert(1)</script> & not to."
    feed = one(text=words)
    item = xml(feed, "rss").find("channel/item")
    entry = xml(feed, "atom").find(f"{ATOM}entry")
    assert item is not None
    assert entry is not None

    assert item.findtext("description") == "How to &lt;script&gt;alert(1)&lt;\u2060/script&gt; &amp; not to."
    assert entry.findtext(f"{ATOM}summary") == words.replace("</", "<\u2060/")
    assert json.loads(written(feed, "json").body)["items"][0]["summary"] == words.replace("</", "<\u2060/")


def test_atom_has_its_own_names_without_prefixes() -> None:
    """Some readers know `<link>` and no `<ns0:link>`; and RSS's namespaces have no place in Atom."""
    body = written(FEED, "atom").body

    assert b":link" not in body
    assert body.count(b"xmlns") == 1


def test_every_other_source_is_a_related_link() -> None:
    """All coverage but the lead's own, which is the alternate; also one that carries the very same address."""
    same = replace(COVERAGE, source="c", source_title="C")
    entry = xml(one(coverage=(*ITEM.coverage, same)), "atom").find(f"{ATOM}entry")
    assert entry is not None
    links = [(link.get("rel"), link.get("href"), link.get("title")) for link in entry.findall(f"{ATOM}link")]

    assert [link for link in links if link[0] == "related"] == [
        ("related", "https://b.example/x", "B"),
        ("related", "https://a.example/1", "C"),
    ]
    assert [href for rel, href, _ in links if rel in (None, "alternate")] == ["https://a.example/1"]


def test_json_names_all_coverage_and_says_where_that_is_explained() -> None:
    """Our extension has an `about` at the feed, as JSON Feed asks; items have numbers and all coverage."""
    document = json.loads(written(FEED, "json").body)
    check_json_feed(document)

    assert document["_wireroom"] == {"about": f"{BASE}topics/t/"}
    assert document["items"][1]["_wireroom"] == {
        "number": 1,
        "story": 7,
        "coverage": [
            {
                "source": source,
                "source_title": source_title,
                "title": "First",
                "url": url,
                "first_seen": "2026-11-20T10:00:00Z",
            }
            for source, source_title, url in (
                ("a", "Source <A>", "https://a.example/1"),
                ("b", "B", "https://b.example/x"),
            )
        ],
    }
    assert "null" not in json.dumps(document)


@pytest.mark.parametrize(
    ("formats", "broken"),
    [
        (FORMATS, {"updated": "lately"}),
        (FORMATS, {"tags": None}),
        (FORMATS, {"tags": ("place:\udcff",)}),
        (("rss", "atom"), {"lead": 7}),
        (("rss", "atom"), {"coverage": ()}),
        (("rss", "atom"), {"selected_at": "2026-11-20T10:00:00"}),
    ],
)
def test_whatever_an_item_raises_costs_that_item_alone(formats: tuple[Format, ...], broken: dict[str, Any]) -> None:
    """Whatever kind of error it is: the item is named with the reason, the others are published."""
    bad = replace(ITEM, guid="urn:uuid:bad", **broken)
    for fmt in formats:
        rendered = written(replace(FEED, items=(bad, SECOND)), fmt)

        ((guid, why),) = rendered.left_out
        assert guid == "urn:uuid:bad"
        assert "Error: " in why
        assert rendered.body == written(replace(FEED, items=(SECOND,)), fmt).body


@pytest.mark.parametrize("fmt", FORMATS)
def test_topic_title_can_not_break_its_feed(fmt: Any) -> None:
    """The config may hold any character; what no XML may hold is dropped, and a title of nothing else is the id."""
    for name, expected in (("Te\x07a & \ud800\ufffemore", "Tea & more"), ("\x00", "t")):
        body = written(replace(FEED, title=name), fmt).body
        shown = json.loads(body)["title"] if fmt == "json" else feedparser.parse(io.BytesIO(body)).feed.title
        assert shown == expected


def test_fault_of_the_feed_itself_is_raised() -> None:
    """Leaving items out would mend nothing, and an error that is no item's must not be hidden."""
    with pytest.raises(ValueError, match="lately"):
        written(replace(FEED, items=(), created_at="lately"), "atom")


def test_generator_is_named() -> None:
    """As the caller wants it, in the two formats that have a place for it."""
    formats: tuple[Format, ...] = ("rss", "atom")
    for fmt in formats:
        body = render(FEED, fmt, replace(topic_channel(FEED, fmt, BASE), generator="W 1")).body
        assert feedparser.parse(io.BytesIO(body)).feed.generator == "W 1"


def test_schemas_refuse_what_is_wrong() -> None:
    """The checks of the published feeds can fail: a missing id, a second title, a bad date, an enclosure's length."""
    wrongs: dict[Format, list[tuple[str, str]]] = {
        "atom": [
            ("<id>urn:uuid:00000000-0000-4000-8000-000000000001</id>", ""),
            ("<title>Second</title>", "<title>Second</title><title>Third</title>"),
            ("2026-11-20T12:00:00+00:00", "yesterday"),
            ('rel="enclosure"', 'rel="attachment"'),
            ("<author><name>Ann Author</name></author>", ""),
        ],
        "rss": [
            ("Fri, 20 Nov 2026", "20.11.2026"),
            ('length="5"', 'length="five"'),
            ('isPermaLink="false"', 'isPermaLink="no"'),
            ("<link>https://wire.example/topics/t/</link>", ""),
            ("<title>Second</title>", "<title>Second</title><headline>Third</headline>"),
        ],
    }
    for fmt, faults in wrongs.items():
        check = etree.RelaxNG(etree.parse(ROOT / "tests" / "data" / "schema" / f"{fmt}.rng"))
        body = written(FEED, fmt).body.decode()
        assert check.validate(etree.fromstring(body.encode()))
        for right, wrong in faults:
            assert right in body
            assert not check.validate(etree.fromstring(body.replace(right, wrong).encode())), wrong
