"""What a regroup does to the published feeds."""

from __future__ import annotations

import json

from house import ROOT, House


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
