"""What documents say of themselves: hubs, archive pages (RFC 5005), languages; and that items are rendered once."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import feedparser
import pytest
from lxml import etree

from db.model import FORMATS, Format
from feeds import render as rendering
from feeds.channel import Channel
from feeds.render import ItemCache, assembled, render, rendered_items, topic_channel
from jsonfeed_schema import faults
from test_render import ATOM, BASE, FEED, ITEM, SECOND, schema

XML: tuple[Format, ...] = ("rss", "atom")
HUBS = ("https://wire.example/hub", "https://other.example/")
FH = "{http://purl.org/syndication/history/1.0}"


def links(body: bytes) -> dict[str, list[str]]:
    """Read a document's own links: their addresses by rel."""
    found: dict[str, list[str]] = {}
    root = etree.fromstring(body)
    for link in (root if root.tag == f"{ATOM}feed" else root[0]).findall(f"{ATOM}link"):
        found.setdefault(str(link.get("rel")), []).append(str(link.get("href")))
    return found


@pytest.mark.parametrize("fmt", XML)
def test_current_document_names_hubs_and_the_newest_archive_page(fmt: Format) -> None:
    """And is no archive itself."""
    body = render(FEED, fmt, topic_channel(FEED, fmt, BASE, hubs=HUBS, last_page=3)).body
    schema(fmt).assertValid(etree.fromstring(body))

    found = links(body)
    assert found["hub"] == list(HUBS)
    assert found["self"] == [f"{BASE}topics/t.{fmt}"]
    assert found["prev-archive"] == [f"{BASE}topics/t/3.{fmt}"]
    assert not {"next-archive", "current"} & set(found)
    assert etree.fromstring(body).find(f".//{FH}archive") is None


@pytest.mark.parametrize("fmt", XML)
def test_archive_pages_are_linked_with_their_neighbours(fmt: Format) -> None:
    """The oldest has nothing before it, the newest nothing after it; nobody is told of their changes."""
    for page, before, after in ((1, None, 2), (2, 1, 3), (3, 2, None)):
        channel = topic_channel(FEED, fmt, BASE, hubs=HUBS, page=page, last_page=3)
        body = render(FEED, fmt, channel).body
        root = etree.fromstring(body)
        schema(fmt).assertValid(root)
        found = links(body)

        assert root.find(f".//{FH}archive") is not None
        assert found["self"] == [f"{BASE}topics/t/{page}.{fmt}"]
        assert found["current"] == [f"{BASE}topics/t.{fmt}"]
        assert found.get("prev-archive") == ([f"{BASE}topics/t/{before}.{fmt}"] if before else None)
        assert found.get("next-archive") == ([f"{BASE}topics/t/{after}.{fmt}"] if after else None)
        assert "hub" not in found


def test_json_feed_goes_on_in_its_archive_and_names_its_hubs() -> None:
    """By `next_url` and `hubs`, the places that JSON Feed has for them."""
    document = json.loads(render(FEED, "json", topic_channel(FEED, "json", BASE, hubs=HUBS, last_page=2)).body)

    assert faults(document) == []
    assert document["next_url"] == f"{BASE}topics/t/2.json"
    assert document["hubs"] == [{"type": "WebSub", "url": hub} for hub in HUBS]


def test_answer_in_parts_is_no_archive() -> None:
    """A search's next part is `next`, which may change; it is JSON Feed's next part too."""
    for fmt in FORMATS:
        channel = replace(topic_channel(FEED, fmt, BASE), next_url=f"{BASE}search.{fmt}?q=a&before=7")
        body = render(FEED, fmt, channel).body
        if fmt == "json":
            assert json.loads(body)["next_url"] == channel.next_url
        else:
            assert links(body)["next"] == [channel.next_url]


def test_secret_topic_has_its_token_in_all_its_addresses() -> None:
    """And its id in none."""
    channel = topic_channel(FEED, "atom", BASE, name="hush-0123", page=2, last_page=3)

    assert channel.self_url == f"{BASE}topics/hush-0123/2.atom"
    assert channel.home_url == f"{BASE}topics/hush-0123/"
    assert {channel.current, channel.prev_archive, channel.next_archive} == {
        f"{BASE}topics/hush-0123{rest}.atom" for rest in ("", "/1", "/3")
    }


@pytest.mark.parametrize("fmt", FORMATS)
def test_items_that_are_as_they_were_are_not_rendered_again(fmt: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the document is the same, byte by byte, as without what was kept."""
    cache = ItemCache()
    channel = topic_channel(FEED, fmt, BASE)
    assert render(FEED, fmt, channel, cache) == render(FEED, fmt, channel)
    changed = replace(FEED, items=(replace(SECOND, title="Changed"), replace(ITEM)))
    rendered: list[str] = []
    whole = rendering.rendered_item

    def noted(feed: Any, item: Any, *rest: Any) -> Any:
        rendered.append(item.guid)
        return whole(feed, item, *rest)

    monkeypatch.setattr(rendering, "rendered_item", noted)
    kept = render(changed, fmt, channel, cache)
    monkeypatch.undo()

    assert rendered == [SECOND.guid]
    assert kept == render(changed, fmt, channel)
    assert len(cache) == 2
    cache.keep_only([ITEM.guid])
    assert len(cache) == 1


@pytest.mark.parametrize("fmt", FORMATS)
def test_one_guid_never_names_two_items(fmt: Format) -> None:
    """Of two, the first is shown and the other named."""
    feed = replace(FEED, items=(ITEM, replace(SECOND, guid=ITEM.guid)))
    done = render(feed, fmt, topic_channel(feed, fmt, BASE))

    assert [guid for guid, _ in done.left_out] == [ITEM.guid]
    assert done.body.count(ITEM.guid.encode()) == 1
    assert b"Second" not in done.body


@pytest.mark.parametrize("fmt", FORMATS)
def test_parts_make_a_document_by_themselves(fmt: Format) -> None:
    """As paging puts some of them into each; its date and its language are those of what is in it."""
    parts = rendered_items(FEED, fmt)
    channel = topic_channel(FEED, fmt, BASE)

    for part in parts:
        alone = replace(FEED, items=tuple(item for item in FEED.items if item.guid == part.item.guid))
        assert assembled(channel, fmt, [part]) == render(alone, fmt, channel).body


def test_dates_of_one_second_are_told_apart_in_the_order_of_selection() -> None:
    """In Atom, where `updated` tells whether a reader has seen this state."""
    feed = replace(FEED, items=tuple(replace(ITEM, guid=f"urn:uuid:{n}", number=n) for n in (12, 11, 3)))
    root = etree.fromstring(render(feed, "atom", topic_channel(feed, "atom", BASE)).body)
    dates = [str(entry.findtext(f"{ATOM}updated")) for entry in root.iterfind(f"{ATOM}entry")]

    assert dates == sorted(set(dates), reverse=True)
    assert {date[:19] for date in dates} == {ITEM.updated[:19]}


@pytest.mark.parametrize("fmt", FORMATS)
def test_name_of_a_feed_can_be_anything(fmt: Format) -> None:
    """A query, a source's title: what it is made of stays text, and what no format holds is dropped."""
    for title, shown in (("a </b> \x07 \ufffe \ud800 &lt;", "a <\u2060/b>    &lt;"), ("\x00", "(untitled)")):
        body = render(FEED, fmt, replace(topic_channel(FEED, fmt, BASE), title=title, description=title)).body
        read = json.loads(body)["title"] if fmt == "json" else feedparser.parse(body).feed.title
        assert read.split() == shown.split()


def test_channel_of_anything_can_be_rendered() -> None:
    """As feeds of a tag, of a source, of health are: they are no topics."""
    for fmt in FORMATS:
        channel = Channel(
            title="Search: a & b",
            urn="urn:wireroom:search:a",
            description="What was found",
            self_url=f"{BASE}search.{fmt}?q=a&x=1",
            home_url=f"{BASE}search?q=a",
            since="2026-11-01T00:00:00Z",
        )
        body = render(FEED, fmt, channel).body
        if fmt == "json":
            assert faults(json.loads(body)) == []
        else:
            read = feedparser.parse(body)
            assert (read.feed.title, read.feed.link) == (channel.title, channel.home_url)
            assert len(read.entries) == 2
