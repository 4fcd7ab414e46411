"""An archive as who reads it finds it: copies, an event, an edit, a secret topic, stories that are kept out."""

from __future__ import annotations

from pathlib import Path

from db.query import parse
from db.sync import ConfiguredTopic
from ingest.grouping import Grouping
from ingest.poll import Setup
from ingest.tag import Rule
from newsroom import Newsroom, Printed
from prose import Report, report
from wireroom.decide import carry_out

SOURCES = ("wire", "post", "herald")
BRIDGE, DROPPED, HIDDEN, FERRY, GONE, LAST = report(1), report(2), report(3), report(4), report(5), report(6)
SECRET = "whisper"


def told(about: Report, *words: str) -> Report:
    """Put words into a report that no other has."""
    return about.with_more(*words)


def reading_room(path: Path) -> Newsroom:
    """Make it.

    The stories, by id: 1: BRIDGE, in wire and post, edited once, tagged, in the secret topic too; 2: dropped by a
    rule; 3: hidden by hand; 4: FERRY, of one event with 1, 2 and 3; 5: went into 1; 6: LAST, by herald.
    """
    secret = ConfiguredTopic(id=SECRET, title="Whispers", was=(), query=parse("zebra"), limit=50, secret=True)
    room = Newsroom(
        path,
        SOURCES,
        Grouping(level="off"),
        rules=(
            Rule(id="shut", query=parse("gibberish"), withholds="drop"),
            Rule(id="striped", query=parse("zebra"), kind="animal", name="zebra"),
        ),
        more_topics=(secret,),
    )
    room.poll("wire", Printed("w1", told(BRIDGE, "A zebra crossed it."), link="https://wire.example/bridge"))
    room.poll("wire", Printed("w2", told(DROPPED, "It is gibberish.")), hour=2)
    room.poll("post", Printed("p3", HIDDEN), hour=3)
    room.poll("post", Printed("p3", HIDDEN), Printed("p4", FERRY), hour=4)
    room.poll("herald", Printed("h5", GONE), hour=30)
    room.poll("herald", Printed("h5", GONE), Printed("h6", LAST), hour=31)
    edited = told(BRIDGE, "A zebra crossed it.", "Forty people are missing since.")
    room.poll("wire", Printed("w1", edited, link="https://wire.example/bridge"), hour=32)
    room.poll("post", Printed("p1", edited.cut(9)), hour=33)
    room.db.execute("BEGIN IMMEDIATE")
    room.db.execute(
        "INSERT INTO events (id, first_seen, last_seen, stories, words, terms) "
        "VALUES (9, '2026-11-20T09:00:00Z', '2026-11-20T12:00:00Z', 4, 9, x'')"
    )
    room.db.execute("UPDATE stories SET event_id = 9 WHERE id <= 4")
    by_hand(room, do="hide", story="3", topic=None)
    by_hand(room, do="merge", stories=["1", "5"])
    by_hand(room, do="tag", story="6", tags=[("desk", "late")])
    by_hand(room, do="pin", story="1", topic=SECRET)
    by_hand(room, do="pin", story="6", topic="all")
    room.db.execute("COMMIT")
    return room


def by_hand(room: Newsroom, **request: object) -> None:
    """Carry out a person's decision."""
    setup = Setup(settings={}, desks=room.desks(), floor_s=0, ceiling_s=0, grouping=room.grouping)
    carry_out(room.db, setup=setup, request={**request, "by": "Anna"})
