"""What a regroup does to the published feeds."""

from __future__ import annotations

import json
from pathlib import Path

from db.archive_pages import close_page, mark_pages_published, stale_pages
from db.times import iso
from house import ROOT, House
from newsroom import Newsroom, Printed, at
from prose import report
from regrouped import regroup


def test_items_name_the_events_that_it_found(house: House) -> None:
    """Published feeds follow, although no story was joined to another."""
    topic = '[[topic]]\nid = "all"\ntitle = "All"\nmatch = "ankara"\n'
    names = ("harbour-wire", "bosphorus-ledger")
    house.configure({name: str(ROOT / f"samples/{name}.xml") for name in names}, topic)
    text = house.config.read_text(encoding="utf-8")
    house.config.write_text(text.replace("[wireroom]\n", '[wireroom]\ngrouping = "off"\n'), encoding="utf-8")
    house.poll()
    house.config.write_text(text, encoding="utf-8")

    assert house.wireroom("regroup").code == 0

    items = json.loads((house.folder / "public" / "topics" / "all.json").read_bytes())["items"]
    told = [item["_wireroom"]["event"] for item in items if "event" in item["_wireroom"]]
    assert [event["id"] for event in told] == [id_ for (id_,) in house.rows("SELECT event_id FROM event_stories")]
    assert len(told) == len(names)


def test_archive_pages_follow_too(tmp_path: Path) -> None:
    """Their items name events that are gone otherwise; the feed alone is not all that is published."""
    room = Newsroom(tmp_path / "wireroom.db", ["wire"])
    room.poll("wire", Printed("1", report(1)), Printed("2", report(2)))
    (topic,) = room.synced.topics.values()
    close_page(room.db, topic, "stories", 2, iso(at(1)))
    mark_pages_published(room.db, topic, stale_pages(room.db, topic))
    assert stale_pages(room.db, topic) == []

    regroup(room)

    assert [page.page for page in stale_pages(room.db, topic)] == [1]
