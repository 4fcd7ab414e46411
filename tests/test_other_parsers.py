"""What others read in our feeds: the repository's fixtures and hostile stories, polled, published, read by six parsers.

feedparser and lxml in Python; rss-parser, feedsmith, @rowanmanning/feed-parser and feedme in Node (`npm ci` in
tests/parsers brings them).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser
import pytest
from lxml import etree

from db.archive import open_reader
from db.model import FORMATS, Format
from db.output import Policy, TopicFeed
from db.shown import front_of
from db.topics import feed_of, topic_row
from feeds.render import render, topic_channel
from hostile_stories import hostile_feed
from house import ROOT, House
from jsonfeed_schema import faults
from origin import Answer, running_origin
from test_render import BASE, FEED, schema

PARSERS = ROOT / "tests" / "parsers"
HOSTILE_FEEDS, STORIES = 6, 25
WHOLE = Policy(limit=100_000)
SPACE = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True)
class Documents:
    """A topic in the three formats, as bytes and as files, and what each item must read as."""

    feed: TopicFeed
    bodies: dict[Format, bytes]
    paths: dict[Format, Path]
    items: list[dict[str, Any]]
    left_out: dict[Format, int]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """Poll all of it into one topic, and render that."""
    folder = tmp_path_factory.mktemp("others")
    house = House(folder)
    with running_origin() as origin:
        bodies = [
            (path.read_bytes(), "application/feed+json" if path.suffix == ".json" else "application/xml")
            for path in sorted((ROOT / "tests" / "data" / "feeds").iterdir())
            if path.suffix in (".xml", ".json") and not path.name.endswith(".expected.json")
        ]
        bodies += [hostile_feed(seed, STORIES)[::-1] for seed in range(HOSTILE_FEEDS)]
        for number, (body, media_type) in enumerate(bodies):
            origin.routes[f"/{number}"] = Answer(body, 200, {"Content-Type": media_type})
        sources = {f"s{number}": origin.url(f"/{number}") for number in range(len(bodies))}
        topic = '[[topic]]\nid = "t"\ntitle = "All & <b>more</b> &lt;"\nmatch = "NOT zzzzzz"\nlimit = 1000\n'
        house.configure(sources, topic, allow=origin.port, poll="per_host = 20")
        assert house.poll()["new_entries"] > HOSTILE_FEEDS * STORIES * 0.9
    db = open_reader(house.archive)
    feed = feed_of(db, "t", WHOLE, front_of(db, topic_row(db, "t"), WHOLE))
    db.close()
    rendered = {fmt: render(feed, fmt, topic_channel(feed, fmt, BASE, hubs=[f"{BASE}hub"])) for fmt in FORMATS}
    paths = {fmt: folder / f"t.{fmt}" for fmt in FORMATS}
    for fmt, path in paths.items():
        path.write_bytes(rendered[fmt].body)
    return Documents(
        feed=feed,
        bodies={fmt: one.body for fmt, one in rendered.items()},
        paths=paths,
        items=json.loads(rendered["json"].body)["items"],
        left_out={fmt: len(one.left_out) for fmt, one in rendered.items()},
    )


@pytest.fixture(scope="module")
def told(documents: Documents) -> dict[Format, dict[str, Any]]:
    """Have the parsers in Node read the documents, or skip."""
    missing = [name for name in ("rss-parser", "feedsmith", "feedme") if not (PARSERS / "node_modules" / name).exists()]
    if missing or shutil.which("node") is None:
        message = "node and its feed parsers are not there: npm ci in tests/parsers"
        if os.environ.get("WIREROOM_TEST_ALL"):
            pytest.fail(message)
        pytest.skip(message)
    files = {fmt: str(path) for fmt, path in documents.paths.items()}
    done = subprocess.run(
        ["node", str(PARSERS / "read.mjs"), *files.values()], capture_output=True, check=True, timeout=60
    )
    read = json.loads(done.stdout)
    return {fmt: read[file] for fmt, file in files.items()}


def test_nothing_is_left_out_and_all_is_valid(documents: Documents) -> None:
    """What was ingested can be written in every format, under the schemas."""
    assert documents.left_out == dict.fromkeys(FORMATS, 0)
    assert len(documents.items) == len(documents.feed.items) > HOSTILE_FEEDS * STORIES // 2
    for fmt in ("rss", "atom"):
        schema(fmt).assertValid(etree.fromstring(documents.bodies[fmt]))
    rfc_4287().assertValid(etree.fromstring(documents.bodies["atom"]))
    assert faults(json.loads(documents.bodies["json"])) == []


def rfc_4287() -> etree.RelaxNG:
    """Read the schema of any Atom feed, which has more than ours do."""
    return etree.RelaxNG(etree.parse(ROOT / "tests" / "data" / "schema" / "atom-rfc4287.rng"))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("<id>", "<id/><id>"),
        ("<entry>", "<entry><link/>"),
        ("<entry>", "<entry><headline>x</headline>"),
        ("<updated>2", "<updated>on 2"),
        ('type="html"', 'type="markdown"'),
        (' href="', ' src="'),
        (' term="', ' word="'),
        ("</feed>", "<title>again</title></feed>"),
        ("<name>", "<call>x</call><name>"),
    ],
)
def test_schema_of_rfc_4287_refuses_what_is_wrong(right: str, wrong: str) -> None:
    """Each of these breaks one of its rules; what other namespaces add breaks none."""
    body = render(FEED, "atom", topic_channel(FEED, "atom", BASE)).body.decode().replace(' xml:lang="en"', "")
    assert rfc_4287().validate(etree.fromstring(body.encode()))
    assert right in body
    assert not rfc_4287().validate(etree.fromstring(body.replace(right, wrong, 1).encode()))
    more = '<x:a xmlns:x="urn:x" b="c">d<x:e/></x:a></entry>'
    assert rfc_4287().validate(etree.fromstring(body.replace("</entry>", more).encode()))


def test_links_are_addresses_as_rfc_3986_has_them(documents: Documents) -> None:
    """Absolute, of the web, in ASCII, without a name or password; in every format the same."""
    links = [url for fmt in ("rss", "atom") for url in addresses_in(etree.fromstring(documents.bodies[fmt]))]

    assert len(links) > 500
    for link in links:
        parts = urlsplit(link)
        assert parts.scheme in ("http", "https"), link
        assert parts.hostname, link
        assert "@" not in parts.netloc, link
        assert re.fullmatch(r"[0-9A-Za-z;/?:@&=+$._!~*'()%,#-]+", link), link


def addresses_in(tree: Any) -> Iterator[str]:
    """Find the addresses in a document's own elements and attributes."""
    for element in tree.iter():
        if isinstance(element.tag, str):
            yield from (element.get(name) for name in ("href", "url") if element.get(name))
            if element.tag == "link" and element.text:
                yield element.text


def test_atom_tells_every_item_apart_and_its_dates_too(documents: Documents) -> None:
    """Two entries of one `updated` are what the feed validator remarks on, and readers sort by it."""
    atom = etree.fromstring(documents.bodies["atom"])
    entries = atom.findall("{*}entry")
    for name in ("id", "updated"):
        values = [entry.findtext(f"{{*}}{name}") for entry in entries]
        assert len(set(values)) == len(values) == len(documents.items)


def test_plain_text_has_nothing_that_reads_as_markup(documents: Documents) -> None:
    """No end tags, no controls, nothing that stands for what could not be read."""
    for fmt in ("rss", "atom"):
        tree = etree.fromstring(documents.bodies[fmt])
        plain = [one.text or "" for one in tree.iter("{*}title", "{*}name", "{*}category", "{*}source", "{*}creator")]
        plain += [one.get(name, "") for one in tree.iter("{*}category", "{*}link") for name in ("label", "title")]
        assert len(plain) > 500
        assert not [one for one in plain if re.search(r"</\w|[\x7f-\x9f\ufffd]", one)]


def test_feedparser_reads_what_was_written(documents: Documents) -> None:
    """The same number, order, ids, titles, links, texts and dates in RSS and Atom as in JSON Feed."""
    for fmt in ("rss", "atom"):
        read = feedparser.parse(documents.bodies[fmt], sanitize_html=False, resolve_relative_uris=False)
        assert read.feed.title == json.loads(documents.bodies["json"])["title"]
        compare(
            documents.items,
            [
                {
                    "id": one.id,
                    "title": one.title,
                    "link": one.get("link"),
                    "content": one.content[0].value,
                    "date": one.published,
                }
                for one in read.entries
            ],
        )


@pytest.mark.parametrize("parser", ["rss-parser", "feedsmith", "@rowanmanning/feed-parser", "feedme"])
def test_parsers_of_others_read_what_was_written(
    documents: Documents, told: dict[Format, dict[str, Any]], parser: str
) -> None:
    """Each in each format that it knows."""
    formats = [fmt for fmt in FORMATS if parser in told[fmt]]
    assert {"rss", "atom"} <= set(formats)
    for fmt in formats:
        assert "error" not in told[fmt][parser], fmt
        assert told[fmt][parser]["title"] == json.loads(documents.bodies["json"])["title"]
        # One of them decodes references in HTML as if it were plain text, whatever the feed.
        compare(documents.items, told[fmt][parser]["items"], decoded=parser.startswith("@rowanmanning"))


def compare(written: list[dict[str, Any]], read: list[dict[str, Any]], *, decoded: bool = False) -> None:
    """Hold what a parser read against the items; where we give no link, some make one up, which is theirs."""
    assert [one["id"] for one in read] == [one["id"] for one in written]
    for item, one in zip(written, read, strict=True):
        assert one["title"] == item["title"]
        if "url" in item:
            assert same_address(one["link"]) == same_address(item["url"])
        content, expected = (SPACE.sub(" ", text).strip() for text in (one["content"], item["content_html"]))
        if decoded:
            content, expected = letters(content), letters(unescape(expected))
        assert content == expected
        assert moment(one["date"]) == moment(item["date_published"])


def letters(text: str) -> str:
    """Keep letters and figures alone: how far decoding goes in what is no reference differs."""
    return re.sub(r"[\W_]+|amp|lt|gt", "", unescape(unescape(text)))


def same_address(url: str) -> str:
    """Give an address as a browser would write it: some parsers do."""
    parts = urlsplit(url)
    path = re.sub(r"/\.(?=/)|/[^/]+/\.\.(?=/)", "", parts.path) or "/"
    path = re.sub(r"/[^/]+/\.\.(?=/)", "", path)
    host = parts.netloc.lower().removesuffix(":80" if parts.scheme == "http" else ":443")
    return f"{parts.scheme}://{host}{path}?{parts.query}#{parts.fragment}"


def moment(text: str) -> float:
    """Read a date of any of the formats, to the second."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = parsedate_to_datetime(text)
    return read.replace(microsecond=0).timestamp()
