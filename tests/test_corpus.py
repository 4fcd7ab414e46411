"""Every feed fixture through the whole pipeline: polled, stored, published, read back; and polled again for nothing.

WIREROOM_CORPUS adds a folder of feeds of your own (feedparser's tests, snapshots of public sites).
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import feedparser
from lxml import etree

from house import ROOT, House
from origin import Origin
from test_render import check_json_feed

FEEDS = [*(ROOT / "tests" / "data" / "feeds").iterdir(), *(ROOT / "samples").iterdir()]
TABLES = ("entries", "entry_keys", "revisions", "stories", "story_tags", "tags", "selections")
TOPIC = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "NOT qzqzqz"\nlimit = 1000\n'


def documents() -> list[Path]:
    """List the feeds: our own, and those of the corpus if there is one."""
    corpus = os.environ.get("WIREROOM_CORPUS")
    more = Path(corpus).rglob("*") if corpus else ()
    return [
        path
        for path in sorted([*FEEDS, *more])
        if path.suffix in (".xml", ".rss", ".atom", ".rdf", ".json") and ".expected." not in path.name
    ]


def test_every_fixture_is_stored_once_and_published_whole(house: House, origin: Origin) -> None:
    """One round stores all; the same documents, digested anew, change no row; all three formats agree."""
    for number, path in enumerate(documents()):
        kind = "application/feed+json" if path.suffix == ".json" else "application/xml"
        origin.feed(f"/{number}", path.read_bytes(), kind)
    house.configure({f"s{n}": origin.url(f"/{n}") for n in range(len(documents()))}, TOPIC, allow=origin.port)

    first = house.poll()
    rows = {table: house.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in TABLES}
    with closing(sqlite3.connect(house.archive)) as db:
        db.execute("UPDATE sources SET body_hash = NULL, etag = NULL, last_modified = NULL")
        db.commit()
    second = house.poll()

    assert first["new_entries"] > 40
    assert (second["new_entries"], second["changed"]) == (0, 0)
    assert {table: house.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in TABLES} == rows
    assert {one["outcome"] for one in first["polled"]} <= {"ok", "not-a-feed", "malformed", "too-heavy"}
    guids = [guid for (guid,) in house.rows("SELECT guid FROM published ORDER BY number DESC LIMIT 1000")]
    for suffix in ("rss", "atom"):
        body = (house.folder / "public" / "topics" / f"all.{suffix}").read_bytes()
        schema = etree.RelaxNG(etree.parse(ROOT / "tests" / "data" / "schema" / f"{suffix}.rng"))
        schema.assertValid(etree.fromstring(body))
        assert [entry.id for entry in feedparser.parse(io.BytesIO(body)).entries] == guids
    document = json.loads((house.folder / "public" / "topics" / "all.json").read_bytes())
    assert [item["id"] for item in document["items"]] == guids
    check_json_feed(document)
