"""The three formats: one truth, valid, the same bytes for the same data, and no item that takes a feed with it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import feedparser
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from db.model import FORMATS, Coverage, Enclosure, FeedItem, TopicFeed
from feeds.render import render
from house import ROOT

BASE = "https://wire.example/"
ATOM = "{http://www.w3.org/2005/Atom}"
COVERAGE = Coverage(
    source="a",
    source_title="Source <A>",
    source_url="https://a.example/feed.xml",
    site_url="https://a.example/",
    url="https://a.example/1",
    title="First",
    first_seen="2026-11-20T10:00:00Z",
)
ITEM = FeedItem(
    guid="urn:uuid:00000000-0000-4000-8000-000000000001",
    number=1,
    story_id=7,
    title="Talks & “treaties”",
    url="https://a.example/1",
    author="Ann Author",
    html="<p>The text.</p>",
    text="The text.",
    language="en",
    published="2026-11-20T09:00:00Z",
    updated="2026-11-20T12:00:00Z",
    first_seen="2026-11-20T10:00:00Z",
    selected_at="2026-11-20T10:00:01Z",
    tags=("place:russia", "subject:diplomacy"),
    enclosures=(
        Enclosure(url="https://a.example/1.mp3", type="audio/mpeg", length=5),
        Enclosure(url="https://a.example/1.jpg", type="image/jpeg"),
    ),
    coverage=(COVERAGE, replace(COVERAGE, source="b", source_title="B", url="https://b.example/x")),
    lead=0,
)
SECOND = replace(
    ITEM,
    guid="urn:uuid:00000000-0000-4000-8000-000000000002",
    number=2,
    title="Second",
    url=None,
    author=None,
    published=None,
    enclosures=(),
    tags=(),
    coverage=(replace(COVERAGE, url=None, source_url=None, site_url=None),),
)
FEED = TopicFeed(
    id="t",
    title="A topic & more",
    urn="urn:uuid:00000000-0000-4000-8000-00000000000f",
    created_at="2026-11-01T00:00:00Z",
    items=(SECOND, ITEM),
)


def xml(feed: TopicFeed, fmt: Any) -> feedparser.FeedParserDict:
    """Render and read back."""
    return feedparser.parse(io.BytesIO(render(feed, fmt, base_url=BASE).body))


def json_document(feed: TopicFeed) -> dict[str, Any]:
    """Render and read back."""
    document: dict[str, Any] = json.loads(render(feed, "json", base_url=BASE).body)
    return document


def check_json_feed(document: dict[str, Any]) -> None:
    """Hold a document against JSON Feed 1.1: the members that must be there, and every type."""
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(document["title"], str)
    assert isinstance(document["items"], list)
    for url in ("home_page_url", "feed_url"):
        assert document[url].startswith(("http://", "https://"))
    for item in document["items"]:
        assert isinstance(item["id"], str)
        assert item["id"]
        assert isinstance(item["content_html"], str)
        assert {type(item[name]) for name in ("url", "title", "summary", "language") if name in item} <= {str}
        for name in ("date_published", "date_modified"):
            assert datetime.fromisoformat(item[name]).tzinfo is not None
        assert all(isinstance(tag, str) for tag in item.get("tags", []))
        assert all(set(author) & {"name", "url", "avatar"} for author in item.get("authors", []))
        for attachment in item.get("attachments", []):
            assert isinstance(attachment["url"], str)
            assert isinstance(attachment["mime_type"], str)
            assert type(attachment.get("size_in_bytes", 0)) is int
        assert all(name.startswith("_") or name in JSON_ITEM for name in item)


JSON_ITEM = {
    *("id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image"),
    *("date_published", "date_modified", "authors", "tags", "language", "attachments"),
}


def test_ids_titles_links_dates_and_tags_agree_in_all_formats() -> None:
    """A reader of any format sees the same items, newest first."""
    rss, atom, document = xml(FEED, "rss"), xml(FEED, "atom"), json_document(FEED)
    check_json_feed(document)

    assert [e.id for e in rss.entries] == [e.id for e in atom.entries] == [i["id"] for i in document["items"]]
    assert [e.id for e in rss.entries] == [SECOND.guid, ITEM.guid]
    assert [e.title for e in rss.entries] == [e.title for e in atom.entries] == [i["title"] for i in document["items"]]
    assert rss.entries[1].link == atom.entries[1].link == document["items"][1]["url"] == ITEM.url
    assert rss.entries[1].published_parsed == atom.entries[1].published_parsed
    assert [t.term for t in rss.entries[1].tags] == [t.term for t in atom.entries[1].tags] == list(ITEM.tags)
    assert document["items"][1]["tags"] == list(ITEM.tags)
    assert rss.entries[1].author == atom.entries[1].author == document["items"][1]["authors"][0]["name"] == "Ann Author"
    assert (rss.feed.title, atom.feed.title, document["title"]) == (FEED.title,) * 3
    assert rss.feed.link == atom.feed.link == document["home_page_url"] == BASE


def test_enclosures_are_kept_and_never_become_the_link() -> None:
    """Feedgen would drop an Atom link's rel: the enclosure must stay one."""
    rss, atom, document = xml(FEED, "rss").entries[1], xml(FEED, "atom").entries[1], json_document(FEED)["items"][1]

    assert [e.href for e in atom.enclosures] == [e.url for e in ITEM.enclosures]
    assert [(e.href, e.type, e.length) for e in rss.enclosures] == [("https://a.example/1.mp3", "audio/mpeg", "5")]
    assert [m["url"] for m in rss.media_content] == ["https://a.example/1.jpg"]
    assert [a["url"] for a in document["attachments"]] == [e.url for e in ITEM.enclosures]
    assert [link.href for link in atom.links if link.rel == "alternate"] == [ITEM.url]


def test_all_coverage_is_named_with_links_and_the_lead_is_the_source() -> None:
    """In the text for people, as related links and `source` for programs."""
    atom = etree.fromstring(render(FEED, "atom", base_url=BASE).body)
    entry = atom.findall(f"{ATOM}entry")[1]
    rss, document = xml(FEED, "rss").entries[1], json_document(FEED)["items"][1]

    for html in (entry.findtext(f"{ATOM}content"), rss.content[0].value, document["content_html"]):
        assert html is not None
        assert 'Source &lt;A&gt;</a>, <a href="https://b.example/x"' in html
    assert [link.get("href") for link in entry.findall(f"{ATOM}link[@rel='related']")] == ["https://b.example/x"]
    source = entry.find(f"{ATOM}source")
    assert source is not None
    assert [source.findtext(f"{ATOM}{name}") for name in ("id", "title")] == [COVERAGE.source_url, "Source <A>"]
    assert rss.source.href == COVERAGE.source_url
    assert [one["source"] for one in document["_wireroom"]["coverage"]] == ["a", "b"]


@pytest.mark.parametrize("fmt", FORMATS)
def test_same_data_gives_the_same_bytes(fmt: Any) -> None:
    """No clock, no dice; an empty topic renders too."""
    assert render(FEED, fmt, base_url=BASE) == render(FEED, fmt, base_url=BASE)
    empty = replace(FEED, items=())
    assert render(empty, fmt, base_url=BASE).body == render(empty, fmt, base_url=BASE).body


@pytest.mark.parametrize(("fmt", "schema"), [("rss", "rss.rng"), ("atom", "atom.rng")])
def test_documents_are_valid(fmt: Any, schema: str) -> None:
    """Atom against RFC 4287's structure, RSS against the RSS 2.0 specification's, both in our own RELAX NG."""
    check = etree.RelaxNG(etree.parse(ROOT / "tests" / "data" / "schema" / schema))
    for feed in (FEED, replace(FEED, items=())):
        check.assertValid(etree.fromstring(render(feed, fmt, base_url=BASE).body))


def test_date_in_the_future_does_not_stay_on_top() -> None:
    """A publication date after first sight is shown as first sight."""
    feed = replace(FEED, items=(replace(ITEM, published="2031-01-01T00:00:00Z"),))

    assert json_document(feed)["items"][0]["date_published"] == "2026-11-20T10:00:00+00:00"


@pytest.mark.parametrize("fmt", FORMATS)
def test_bad_item_is_left_out_and_named(fmt: Any) -> None:
    """Text that no format can carry costs its item, never the feed."""
    bad = replace(ITEM, guid="urn:uuid:bad", title="a lone \ud800 surrogate")
    rendered = render(replace(FEED, items=(bad, SECOND)), fmt, base_url=BASE)

    assert [guid for guid, _ in rendered.left_out] == ["urn:uuid:bad"]
    assert SECOND.guid.encode() in rendered.body
    assert b"urn:uuid:bad" not in rendered.body


hostile = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["]]>", "<script>alert(1)</script>", "<![CDATA[", "&amp;", "{{7*7}}", "\x00", "\x1b[2J", "\ufffe", "%s"]
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(hostile, hostile, hostile, hostile), min_size=1, max_size=3))
def test_any_text_gives_whole_documents(texts: list[tuple[str, str, str, str]]) -> None:
    """Whatever stands in titles, texts, tags and names: well-formed, and every item is there or named."""
    items = tuple(
        replace(
            ITEM,
            guid=f"urn:uuid:{n}",
            title=title,
            html=html,
            text=html,
            tags=(f"category:{tag}",),
            author=name,
            coverage=(replace(COVERAGE, source_title=name),),
        )
        for n, (title, html, tag, name) in enumerate(texts)
    )
    feed = replace(FEED, items=items)
    for fmt, path in (("rss", "channel/item"), ("atom", f"{ATOM}entry")):
        rendered = render(feed, fmt, base_url=BASE)  # type: ignore[arg-type]
        assert len(etree.fromstring(rendered.body).findall(path)) + len(rendered.left_out) == len(items)
    check_json_feed(json_document(feed))
