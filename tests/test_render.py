"""The three formats: one truth, valid, the same bytes for the same data, and no item that takes a feed with it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import feedparser
import pytest
from lxml import etree

from db.model import FORMATS, Coverage, Enclosure, Format
from db.output import FeedItem, TopicFeed
from feeds.render import Rendered, render, topic_channel
from house import ROOT
from jsonfeed_schema import faults

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


def written(feed: TopicFeed, fmt: Format) -> Rendered:
    """Render a topic as it is published."""
    return render(feed, fmt, topic_channel(feed, fmt, BASE))


def xml(feed: TopicFeed, fmt: Any) -> feedparser.FeedParserDict:
    """Render and read back."""
    return feedparser.parse(io.BytesIO(written(feed, fmt).body))


def json_document(feed: TopicFeed) -> dict[str, Any]:
    """Render and read back."""
    document: dict[str, Any] = json.loads(written(feed, "json").body)
    return document


def check_json_feed(document: dict[str, Any]) -> None:
    """Hold a document against JSON Feed 1.1."""
    assert faults(document) == []


def schema(fmt: Format) -> etree.RelaxNG:
    """Read our RELAX NG of a format."""
    return etree.RelaxNG(etree.parse(ROOT / "tests" / "data" / "schema" / f"{fmt}.rng"))


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
    assert rss.feed.link == atom.feed.link == document["home_page_url"] == f"{BASE}topics/t/"


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
    atom = etree.fromstring(written(FEED, "atom").body)
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
    assert written(FEED, fmt) == written(FEED, fmt)
    empty = replace(FEED, items=())
    assert written(empty, fmt).body == written(empty, fmt).body


@pytest.mark.parametrize("fmt", ["rss", "atom"])
def test_documents_are_valid(fmt: Format) -> None:
    """Atom against RFC 4287's structure, RSS against the RSS 2.0 specification's, both in our own RELAX NG."""
    bare = replace(SECOND, title="", text="", html="", language=None)
    for feed in (FEED, replace(FEED, items=()), replace(FEED, items=(bare,))):
        schema(fmt).assertValid(etree.fromstring(written(feed, fmt).body))


def test_empty_topic_is_a_whole_feed_in_every_format() -> None:
    """A topic that nothing has matched yet can be subscribed to; it is as new as the topic itself."""
    empty = replace(FEED, items=())
    rss, atom, document = xml(empty, "rss"), xml(empty, "atom"), json_document(empty)
    check_json_feed(document)

    assert (rss.entries, atom.entries, document["items"]) == ([], [], [])
    assert rss.feed.title == atom.feed.title == document["title"] == FEED.title
    assert rss.feed.updated_parsed[:3] == atom.feed.updated_parsed[:3] == (2026, 11, 1)


def test_item_without_an_address_has_no_link() -> None:
    """And borrows none: neither its guid, nor the feed's page, nor another source's address."""
    item = replace(SECOND, coverage=(SECOND.coverage[0], ITEM.coverage[1]))
    feed = replace(FEED, items=(item,))

    assert "link" not in xml(feed, "rss").entries[0]
    assert [link.rel for link in xml(feed, "atom").entries[0].links] == ["related"]
    assert "url" not in json_document(feed)["items"][0]


def test_many_enclosures_are_all_there_in_order() -> None:
    """RSS holds one, the rest as Media RSS; the others hold all; lengths stay, an unknown one is not made up."""
    many = tuple(Enclosure(url=f"https://a.example/{n}.mp3", length=n or None) for n in range(200))
    feed = replace(FEED, items=(replace(ITEM, enclosures=many),))
    rss, atom, item = xml(feed, "rss").entries[0], xml(feed, "atom").entries[0], json_document(feed)["items"][0]
    urls = [enclosure.url for enclosure in many]

    assert [rss.enclosures[0].href, *(content["url"] for content in rss.media_content)] == urls
    assert [(e.href, int(e.get("length", 0)), e.type) for e in atom.enclosures] == [
        (url, n, "audio/mpeg") for n, url in enumerate(urls)
    ]
    assert [(a["url"], a.get("size_in_bytes")) for a in item["attachments"]] == [(e.url, e.length) for e in many]
    assert (rss.link, atom.link) == (ITEM.url, ITEM.url)
    schema("rss").assertValid(etree.fromstring(written(feed, "rss").body))
    schema("atom").assertValid(etree.fromstring(written(feed, "atom").body))


def test_text_that_never_changed_is_as_old_as_its_publication() -> None:
    """Not as our first sight: all stories of a source's first poll would share one second, and sort at random."""
    fresh = [
        replace(ITEM, guid=f"urn:uuid:{n}", updated=ITEM.first_seen, published=f"2026-11-1{n}T09:00:00Z")
        for n in (3, 2)
    ]
    edited = replace(ITEM, published="2026-11-11T09:00:00Z", updated="2026-11-21T08:00:00Z")
    feed = replace(FEED, items=(*fresh, edited))
    times = ["2026-11-13T09:00:00+00:00", "2026-11-12T09:00:00+00:00", "2026-11-21T08:00:00+00:00"]

    told = [datetime.fromisoformat(entry.updated) for entry in xml(feed, "atom").entries]
    assert [time.replace(microsecond=0).isoformat() for time in told] == times
    assert [item["date_modified"] for item in json_document(feed)["items"]] == times


def test_atom_says_what_language_its_own_words_are_in() -> None:
    """Ours are English, the topic's title unknown; neither is handed down to the entries, which tell their own."""
    feed = replace(FEED, items=(replace(ITEM, language="fr"), replace(SECOND, language=None)))
    root = etree.fromstring(written(feed, "atom").body)
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    own = {name: root.find(f"{ATOM}{name}") for name in ("title", "subtitle")}

    assert {name: element.get(lang) for name, element in own.items() if element is not None} == {
        "title": "und",
        "subtitle": "en",
    }
    assert [entry.get(lang) for entry in root.iterfind(f"{ATOM}entry")] == ["fr", None]
    assert root.get(lang) is None


def test_author_of_blanks_is_no_author() -> None:
    """Atom, which must name one, names the source; the others name none."""
    feed = replace(FEED, items=(replace(ITEM, author=" \n"),))

    assert "author" not in xml(feed, "rss").entries[0]
    assert xml(feed, "atom").entries[0].author == "Source <A>"
    assert "authors" not in json_document(feed)["items"][0]


def test_date_in_the_future_does_not_stay_on_top() -> None:
    """A publication date after first sight is shown as first sight."""
    feed = replace(FEED, items=(replace(ITEM, published="2031-01-01T00:00:00Z"),))

    assert json_document(feed)["items"][0]["date_published"] == "2026-11-20T10:00:00+00:00"


@pytest.mark.parametrize("fmt", FORMATS)
def test_bad_item_is_left_out_and_named(fmt: Any) -> None:
    """Text that no format can carry costs its item, never the feed."""
    bad = replace(ITEM, guid="urn:uuid:bad", title="a lone \ud800 surrogate")
    rendered = written(replace(FEED, items=(bad, SECOND)), fmt)

    assert [guid for guid, _ in rendered.left_out] == ["urn:uuid:bad"]
    assert SECOND.guid.encode() in rendered.body
    assert b"urn:uuid:bad" not in rendered.body
