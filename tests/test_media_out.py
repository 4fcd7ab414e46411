"""Files, pictures, episodes: kept with type and length, as each format has them, and only where there are any."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import feedparser
import pytest
from lxml import etree

from db.model import FORMATS, Enclosure
from db.output import FeedItem
from db.podcast import Podcast, PodcastFile, PodcastPerson
from feeds.media import media_type
from jsonfeed_schema import faults
from test_render import ATOM, FEED, ITEM, schema, written

MEDIA = "{http://search.yahoo.com/mrss/}"
ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"
FILE = Enclosure(
    url="https://a.example/1.mp3", type="audio/mpeg", length=5_000_000, title="The </b> talk", duration_s=1800
)
EPISODE = replace(
    ITEM,
    enclosures=(FILE, Enclosure(url="https://a.example/1.mp4", width=640, height=360, medium="video")),
    image="https://a.example/ä.jpg",
    podcast=Podcast(
        duration_s=1801,
        season=2,
        episode=7,
        episode_type="full",
        explicit=True,
        transcripts=(PodcastFile(url="https://a.example/1.vtt", type=None, language="en", rel="captions"),),
        chapters=PodcastFile(url="https://a.example/1.json"),
        persons=(PodcastPerson(name="Ann & Bob", role="guest", url="javascript:x"),),
    ),
)


def one(item: FeedItem, fmt: Any) -> Any:
    """Write an item alone, and read its element, or its object."""
    body = written(replace(FEED, items=(item,)), fmt).body
    if fmt == "json":
        document = json.loads(body)
        assert faults(document) == []
        return document["items"][0]
    root = etree.fromstring(body)
    schema(fmt).assertValid(root)
    return root.find("channel/item") if fmt == "rss" else root.find(f"{ATOM}entry")


def test_episode_keeps_what_is_said_of_it_in_rss() -> None:
    """By Apple's tags, by Podcasting 2.0's, by Media RSS; an address that is none is left out."""
    item = one(EPISODE, "rss")

    assert dict(item.find("enclosure").attrib) == {"url": FILE.url, "type": "audio/mpeg", "length": "5000000"}
    said = {name: item.findtext(ITUNES + name) for name in ("duration", "season", "episode", "episodeType", "explicit")}
    assert said == {"duration": "1801", "season": "2", "episode": "7", "episodeType": "full", "explicit": "true"}
    assert dict(item.find(f"{PODCAST}transcript").attrib) == {
        "url": "https://a.example/1.vtt",
        "type": "text/vtt",
        "language": "en",
        "rel": "captions",
    }
    assert item.find(f"{PODCAST}chapters").get("type") == "application/json+chapters"
    person = item.find(f"{PODCAST}person")
    assert (person.text, dict(person.attrib)) == ("Ann & Bob", {"role": "guest"})
    assert item.find(f"{MEDIA}thumbnail").get("url") == "https://a.example/%C3%A4.jpg"
    first, second = item.findall(f"{MEDIA}content")
    assert (first.get("duration"), first.get("fileSize"), first.get("medium")) == ("1800", "5000000", "audio")
    assert first.findtext(f"{MEDIA}title") == "The <\u2060/b> talk"
    assert (second.get("width"), second.get("height"), second.get("medium")) == ("640", "360", "video")


def test_show_is_told_where_there_are_episodes() -> None:
    """Apple's tags ask for it; who has none of them has no such namespace either."""
    channel = etree.fromstring(written(replace(FEED, items=(EPISODE,)), "rss").body)[0]
    plain = written(replace(FEED, items=(replace(ITEM, enclosures=()),)), "rss").body

    assert channel.findtext(f"{ITUNES}explicit") == "true"
    assert [one.get("text") for one in channel.findall(f"{ITUNES}category")] == ["News"]
    assert channel.findtext(f"{ITUNES}owner/{ITUNES}email") == "nobody@wireroom.invalid"
    assert not [name for name in ("itunes", "podcastindex", "mrss", "history") if name.encode() in plain]


def test_episode_whose_file_apple_does_not_play_has_no_tags_of_apple() -> None:
    """They would make the feed invalid; its numbers are told all the same."""
    item = one(replace(EPISODE, enclosures=(replace(FILE, url="https://a.example/1.ogg"),)), "rss")

    assert item.find(f"{ITUNES}duration") is None
    assert [item.findtext(PODCAST + name) for name in ("season", "episode")] == ["2", "7"]
    assert item.find(f"{MEDIA}content").get("duration") == "1800"


def test_atom_and_json_keep_files_pictures_and_episodes() -> None:
    """Atom's enclosures with Media RSS beside them; JSON Feed's attachments, its picture, and our extension."""
    entry, item = one(EPISODE, "atom"), one(EPISODE, "json")

    links = entry.findall(f"{ATOM}link[@rel='enclosure']")
    assert [link.get("href") for link in links] == ["https://a.example/1.mp3", "https://a.example/1.mp4"]
    assert (links[0].get("length"), links[0].get("type"), links[1].get("type")) == (
        "5000000",
        "audio/mpeg",
        "video/mp4",
    )
    assert entry.find(f"{MEDIA}thumbnail").get("url") == item["image"] == "https://a.example/%C3%A4.jpg"
    assert item["attachments"][0] == {
        "url": FILE.url,
        "mime_type": "audio/mpeg",
        "title": "The <\u2060/b> talk",
        "size_in_bytes": 5_000_000,
        "duration_in_seconds": 1800,
    }
    told = item["_wireroom"]["podcast"]
    assert (told["season"], told["episode"], told["transcripts"][0]["url"]) == (2, 7, "https://a.example/1.vtt")


def test_length_of_an_episode_is_its_files() -> None:
    """Where the file itself says none; an address that is none is no file."""
    bare = (Enclosure(url="javascript:x"), replace(FILE, duration_s=None, title=None), FILE)
    item = one(replace(EPISODE, enclosures=bare), "json")

    assert [file["duration_in_seconds"] for file in item["attachments"]] == [1801]


def test_file_that_no_enclosure_can_name_is_media_rss() -> None:
    """RSS asks for a host with a point in it; and feedparser finds both."""
    item = replace(ITEM, enclosures=(Enclosure(url="http://localhost/1.mp3", length=0),))
    read = feedparser.parse(written(replace(FEED, items=(item,)), "rss").body).entries[0]

    assert read.enclosures == []
    assert [content["url"] for content in read.media_content] == ["http://localhost/1.mp3"]
    assert "filesize" not in read.media_content[0]


@pytest.mark.parametrize("given", ["audio/mpeg; codecs=x", "audio/mpeg"])
def test_media_type_is_a_type_alone(given: str) -> None:
    """Parameters are of no use to who chooses by type, and most are written wrong."""
    assert media_type(Enclosure(url="https://a.example/x", type=given)) == "audio/mpeg"


@pytest.mark.parametrize("fmt", FORMATS)
def test_odd_types_and_counts_leave_the_document_valid(fmt: Any) -> None:
    """Types that are none, counts below one, mediums of nobody's."""
    odd = [
        Enclosure(
            url=f"https://a.example/{n}.bin", type=kind, length=0, duration_s=0, width=0, medium="smell", title=" "
        )
        for n, kind in enumerate(("mp3", "", "a/b/c", "ä/ö", "image/*", " audio/mpeg"))
    ]
    one(replace(EPISODE, enclosures=tuple(odd), podcast=Podcast(explicit=False)), fmt)
