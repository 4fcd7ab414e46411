"""The shipped samples: sound feeds, in which three publishers carry one report."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import feedparser
import pytest

from db.model import Document
from db.text import words
from house import ROOT, House
from ingest.digest import digest
from ingest.jsonfeed import parse_json_feed

SAMPLES = sorted((ROOT / "samples").iterdir())
REPORT = "Türkiye hosts talks between Washington and Moscow on Black Sea shipping"


def documents() -> list[Document]:
    """Digest every sample as the daemon does."""
    found = [digest(path.read_bytes(), None, path.name) for path in SAMPLES]
    return [document for document in found if isinstance(document, Document)]


@pytest.mark.parametrize("path", [path for path in SAMPLES if path.suffix != ".json"], ids=lambda path: path.name)
def test_feedparser_has_nothing_to_say_against_the_xml(path: Path) -> None:
    """The samples are examples: the parser finds them well formed, and finds their entries."""
    feed = feedparser.parse(BytesIO(path.read_bytes()))

    assert not feed.bozo
    assert feed.version in ("rss20", "atom10")
    assert all(entry.id and entry.link and entry.title for entry in feed.entries)
    assert len(feed.entries) >= 2


def test_the_json_is_a_json_feed() -> None:
    """Our own reader reads the JSON one, whole."""
    (path,) = (path for path in SAMPLES if path.suffix == ".json")

    feed = parse_json_feed(path.read_bytes(), url=path.name)

    assert feed.format == "json11"
    assert len(feed.items) >= 2
    assert not feed.truncated
    assert not feed.salvaged


def test_one_report_is_carried_by_all_with_ids_and_links_of_their_own() -> None:
    """Title and text have the same words in all three, long enough to tell; ids and links differ."""
    copies = [entry for document in documents() for entry in document.entries if entry.title == REPORT]

    assert len(copies) == 3
    first, *others = [words(f"{entry.title} {entry.text}") for entry in copies]
    assert others == [first, first]
    assert len(first) > 300
    assert {"türkiye", "istanbul", "gdańsk"} <= set(first)
    assert any("“" in entry.text for entry in copies)
    assert len({entry.raw_id for entry in copies}) == 3
    assert len({entry.url for entry in copies}) == 3


@pytest.mark.parametrize("first", [path.stem for path in SAMPLES])
def test_one_report_is_one_story_and_another_of_the_same_meeting_one_event(house: House, first: str) -> None:
    """Three carry it, one cuts and retitles it, one rewrites it; a sixth tells of the meeting in its own words.

    Whichever is archived first: an event knows a story by the text that began it.
    """
    house.configure({path.stem: str(path) for path in SAMPLES})

    house.poll(first)
    house.poll()

    told = house.rows(
        "SELECT c.story_id, c.source FROM coverage c JOIN entry_texts USING (entry_id) WHERE text LIKE '%Whitcombe%'"
    )
    (other,) = {story for story, source in told if source == "bosphorus-ledger"}
    (report,) = {story for story, source in told if source != "bosphorus-ledger"}
    assert len(told) == len(SAMPLES) == 6
    assert report != other
    assert {story for (story,) in house.rows("SELECT story_id FROM event_stories")} == {report, other}
    ((entries, stories),) = house.rows(
        "SELECT (SELECT count(*) FROM entries), count(*) FROM stories WHERE merged_into IS NULL"
    )
    assert stories == entries - 4
