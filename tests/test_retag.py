"""`wireroom retag`: rules and topics of today for the archive's past, without announcing anything."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.curate import Wish, decide_marks
from db.desk import DraftDesk
from db.query import parse
from db.retag import extent, fronts
from db.times import iso
from db.writer import Job, run_batch
from factory import minting
from house import House, until
from ingest.grouping import Grouping
from ingest.tag import Desks, Rule, Topic
from newsroom import Newsroom, Printed, at
from origin import item, rss
from prose import report
from random_news import poll_all, rounds
from wireroom.retag import Retagger, Sums, fitting

SOURCES = ("wire", "post", "herald", "echo", "star")
SELECTED = "SELECT topic_id, story_id, number, guid, archived, left_at IS NOT NULL FROM selections ORDER BY id"


def desks_of(room: Newsroom, match: str, rule: str = "", **policy: Any) -> Desks:
    """Make another config: what the topic takes now, and a rule that gives `desk:one`."""
    rules = (Rule(id="one", kind="desk", name="one", query=parse(rule)),) if rule else ()
    topics = tuple(Topic(id=id_, query=parse(match), **policy) for id_ in room.synced.topics.values())
    return Desks(source_tags={}, rules=rules, topics=topics)


def retag(
    room: Newsroom, desks: Desks, *, hour: float = 99, at_once: int = 7, dry: bool = False, steps: int = 10**6
) -> Sums:
    """Go through all stories, or so many steps of them → the sums."""
    after, until, _ = extent(room.db, "")
    doing = Retagger(
        desks=desks,
        grouping=room.grouping,
        now=at(hour),
        desk=DraftDesk(),
        since="",
        until=until,
        fronts=fronts(room.db),
        dry=dry,
    )
    sums = Sums()
    for n in range(steps):
        job = Job(lambda db: replace(doing, mint=minting(f"{hour} {n} {after}")).step(db, after, at_once))  # noqa: B023
        run_batch(room.db, [job], give_up=lambda: True)
        done, last = job.future.result()
        if last is None:
            break
        sums, after = sums + done, last
    return sums


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "policy", [{}, {"same_event": 1.0}, {"delay_s": 7200}, {"flood": 1}, {"dedupe": "exact"}, {"dedupe": "off"}]
)
def test_a_retag_of_an_unchanged_config_changes_nothing(tmp_path: Path, seed: int, policy: dict[str, Any]) -> None:
    """Not a row, whatever was polled and by which policy; what waits goes on waiting."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, policy=policy)
    poll_all(room, rounds(seed, SOURCES, 25))
    retag(room, room.desks())  # what was not selected for its event, and is of another by now
    before = room.content()

    sums = retag(room, room.desks(), hour=200, at_once=11)

    assert room.content() == before
    assert (sums.changed, sums.stories) == (0, room.value("SELECT count(*) FROM stories WHERE merged_into IS NULL"))


@pytest.mark.parametrize("seed", range(4))
def test_the_first_retag_of_an_unchanged_config_changes_nothing(tmp_path: Path, seed: int) -> None:
    """Of a topic that takes stories one by one nothing is left to do."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES)
    poll_all(room, rounds(seed, SOURCES, 25))
    before = room.content()

    retag(room, room.desks())

    assert room.content() == before


def some(room: Newsroom, count: int) -> None:
    """Poll so many reports, every second one about ports, one an hour."""
    for n in range(count):
        told = report(n).with_more("Ports." if n % 2 else "Trains.")
        room.poll("wire", Printed(f"w{n}", told, n), hour=n)


def selected(room: Newsroom) -> list[tuple[Any, ...]]:
    """Read what the topic has: story, number, id, is it archived, has it left."""
    return [row[1:] for row in room.db.execute(SELECTED)]


def test_what_is_newly_taken_enters_the_archive_and_what_is_not_leaves(tmp_path: Path) -> None:
    """Taken again, it is back in its old place under its old id; what was archived stays so."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, Grouping(dedupe="exact", level="off"), match="trains")
    some(room, 6)
    first = selected(room)
    assert [row[0] for row in first] == [1, 3, 5]

    sums = retag(room, desks_of(room, "desk:one", rule="ports"))

    assert (sums.retagged, sums.gained["desk:one"], sums.entered["all"], sums.left["all"]) == (3, 3, 3, 3)
    turned = selected(room)
    assert turned[:3] == [(*row[:4], 1) for row in first]
    assert [(story, number, archived, left) for story, number, _, archived, left in turned[3:]] == [
        (2, 4, 1, 0),
        (4, 5, 1, 0),
        (6, 6, 1, 0),
    ]

    sums = retag(room, room.desks(), hour=100)

    assert (sums.lost["desk:one"], sums.left["all"], sums.back["all"]) == (3, 3, 3)
    assert selected(room) == first + [(*row[:4], 1) for row in turned[3:]]
    assert retag(room, room.desks(), hour=101).changed == 0


def test_a_poll_brings_back_what_fits_again(tmp_path: Path) -> None:
    """To its old place: it is no news."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, match="ports")
    some(room, 2)
    first = selected(room)
    retag(room, desks_of(room, "nothing"))
    assert [row[-1] for row in selected(room)] == [1]

    room.poll("post", Printed("p", report(1).with_more("Ports."), 1), hour=50)

    assert selected(room) == first


def test_a_dry_run_tells_the_same_and_writes_nothing(tmp_path: Path) -> None:
    """Not a row."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, match="trains")
    some(room, 6)
    desks, before = desks_of(room, "desk:one", rule="ports"), room.content()

    would = retag(room, desks, dry=True)

    assert room.content() == before
    assert would == retag(room, desks)
    assert would.changed == 6


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_retag_that_was_broken_off_is_harmless_to_repeat(tmp_path: Path, steps: int) -> None:
    """The next one ends with what one in one go had made."""
    rooms = [
        Newsroom(tmp_path / f"{name}.db", SOURCES, match="trains", policy={"same_event": 1.0})
        for name in ("one", "two")
    ]
    for room in rooms:
        some(room, 9)
    desks = desks_of(rooms[0], "desk:one OR words", rule="ports")

    retag(rooms[0], desks)
    retag(rooms[1], desks, at_once=3, steps=steps)
    retag(rooms[1], desks, hour=100)

    kept = "SELECT topic_id, story_id, archived, left_at IS NOT NULL FROM selections ORDER BY story_id"
    tags = "SELECT * FROM story_tags ORDER BY 1, 2, 3, 4"
    for sql in (kept, tags):
        assert rooms[0].db.execute(sql).fetchall() == rooms[1].db.execute(sql).fetchall()


def test_what_waits_goes_on_waiting_and_what_is_pinned_stays(tmp_path: Path) -> None:
    """The one is announced in its time; the other a person wants there, whatever the query says."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, match="trains OR ports", policy={"delay_s": 3600})
    some(room, 4)
    assert ([row[0] for row in selected(room)], room.value("SELECT count(*) FROM waiting")) == ([], 4)
    retag(room, room.desks(), hour=3.5)
    assert (selected(room), room.value("SELECT count(*) FROM waiting")) == ([], 4)

    free = replace(room, policy={})
    free.poll("post", *(Printed(f"p{n}", report(n).with_more("Trains.", "Ports."), n) for n in range(4)), hour=4)
    assert [row[0] for row in selected(room)] == [1, 2, 3, 4]
    decide_marks(room.db, Wish(word="pin", story_id=2, topic="all"), iso(at(5)), "someone")
    room.db.conn.commit()
    retag(room, desks_of(room, "nothing"))

    assert [row[0] for row in selected(room) if not row[-1]] == [2]


def test_of_an_event_a_topic_archives_one_story(tmp_path: Path) -> None:
    """And none where it shows one already, be they in one step or in two."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, Grouping(dedupe="exact", level="off"), match="zzz")
    some(room, 8)
    room.db.execute(
        "INSERT INTO events (id, first_seen, last_seen, stories, words, terms) VALUES (9, '', '', 0, 0, x'')"
    )
    room.db.execute("UPDATE stories SET event_id = 9 WHERE id IN (1, 2, 8)")
    room.db.conn.commit()
    desks = desks_of(room, "sources:>=1", same_event=1.0)

    retag(room, desks, at_once=3)
    assert [row[0] for row in selected(room)] == [1, 3, 4, 5, 6, 7]

    assert retag(room, desks, hour=100, at_once=1).changed == 0


def test_only_topics_that_may_show_it_are_published_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tag of a story far behind the front is in no feed."""
    monkeypatch.setattr("db.retag.FRONT", 2)
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, match="ports OR trains")
    some(room, 8)
    changes = room.value("SELECT changes FROM topics")

    retag(room, desks_of(room, "ports OR trains", rule=f'title:"{report(1).title}"'))
    assert room.value("SELECT count(*) FROM story_tags WHERE origin = 'rule'") == 1
    assert room.value("SELECT changes FROM topics") == changes

    retag(room, desks_of(room, "ports OR trains", rule="ports"), hour=100)
    assert room.value("SELECT changes FROM topics") > changes


def test_steps_are_made_to_fit() -> None:
    """By factors of two at most, between a few and some hundred stories."""
    assert [fitting(200, took) for took in (0.1, 0.0, 10.0, 0.08)] == [200, 400, 100, 250]
    assert (fitting(100, 5.0), fitting(900, 0.001)) == (100, 1000)


RULE = '[[rule]]\nid = "ships"\ntag = "subject:ships"\nmatch = "%s"\n'
TOPIC = '[[topic]]\nid = "ships"\ntitle = "Ships"\nmatch = "subject:ships"\n'


def write(house: House, *words: str, first: int = 0) -> None:
    """Let the source say these."""
    items = [item(f"{first + n}", title=f"A {word}", text=f"It is a {word}.") for n, word in enumerate(words)]
    (house.folder / "feed.xml").write_text(rss(*items), encoding="utf-8")


def configure(house: House, match: str) -> None:
    """Write the config, with a rule that takes these."""
    house.configure({"wire": "feed.xml"}, RULE % match + TOPIC)


def result(house: House, *words: str) -> dict[str, Any]:
    """Retag → what it tells."""
    done = house.wireroom("retag", "--json", *words)
    assert done.code == 0, done.err
    told: dict[str, Any] = json.loads(done.out)
    return told


def taken(house: House) -> Sequence[tuple[Any, ...]]:
    """Read what the topic has."""
    return house.rows(
        "SELECT st.title, x.archived, x.left_at IS NOT NULL FROM selections x JOIN stories st ON st.id = x.story_id "
        "ORDER BY x.number"
    )


@pytest.mark.parametrize("beside", [False, True])
def test_command(house: House, beside: bool) -> None:
    """By itself or beside a daemon: what it would do, then does, then finds done; `status` counts it."""
    write(house, "ferry", "barge", "train")
    configure(house, "ferry")
    house.poll()
    assert taken(house) == [("A ferry", 0, 0)]
    configure(house, "barge")

    def use() -> None:
        would = result(house, "--dry-run")
        assert (would["dry_run"], would["changed"], would["stories"]) == (True, 2, 3)
        assert taken(house) == [("A ferry", 0, 0)]
        did = result(house)
        assert would == did | {"dry_run": True}
        assert did["topics"] == {"ships": {"entered": 1, "left": 1, "back": 0}}
        assert did["tags"] == {"subject:ships": {"gained": 1, "lost": 1}}
        assert taken(house) == [("A ferry", 0, 1), ("A barge", 1, 0)]
        assert result(house)["changed"] == 0
        (topic,) = json.loads(house.wireroom("status", "--json").out)["topics"]
        assert (topic["stories"], topic["archived"], topic["left"], topic["waiting"]) == (0, 1, 1, 0)
        configure(house, "ferry OR barge")

    if not beside:
        use()
        done = house.wireroom("retag")
        assert "3 stories gone through: 1 changed" in done.out
        assert "ships: 0 enter its archive, 0 leave, 1 come back" in done.out
        assert "retag: 3 of 3" in done.err
        return
    with house.daemon() as daemon:
        use()
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: "config reloaded" in {line["event"] for line in house.log_lines()}, "it does not reload")
        assert result(house)["topics"] == {"ships": {"entered": 0, "left": 0, "back": 1}}
        assert daemon.get("/topics/ships.rss")[2].count(b"A ferry") == 1


def test_since_leaves_older_stories_as_they_are(house: House) -> None:
    """By when they were first seen; a time that is none is refused with the mend."""
    write(house, "ferry", "barge")
    configure(house, "zzz")
    house.poll()
    with_old = "UPDATE stories SET first_seen = '2020-01-01T00:00:00Z' WHERE title = 'A ferry'"
    with sqlite3.connect(house.archive) as db:
        db.execute("DROP TRIGGER IF EXISTS stories_au")
        db.execute(with_old)
    configure(house, "ferry OR barge")

    assert result(house, "--since", "30d")["stories"] == 1
    assert taken(house) == [("A barge", 1, 0)]
    assert house.wireroom("retag", "--since", "a month").code == 2
    assert result(house, "--since", "2020-01-01")["stories"] > 1
    assert "'a month' is no time; write how long ago" in house.wireroom("retag", "--since", "a month").err


def test_rules_that_withhold_hold_for_the_past(house: House) -> None:
    """A story that is dropped now keeps its place, unseen; let in again, it is there. None of it is announced."""
    drop = '[[rule]]\nid = "no"\nmatch = "%s"\ndrop = true\n'
    write(house, "ferry", "barge")
    house.configure({"wire": "feed.xml"}, RULE % "ferry OR barge" + drop % "barge" + TOPIC)
    house.poll()
    assert taken(house) == [("A ferry", 0, 0)]
    house.configure({"wire": "feed.xml"}, RULE % "ferry OR barge" + drop % "ferry" + TOPIC)

    told = result(house)

    assert (told["withheld"], told["released"], told["changed"]) == (1, 1, 2)
    assert taken(house) == [("A ferry", 0, 0), ("A barge", 1, 0)]
    assert house.rows("SELECT title, withheld, withheld_by FROM stories WHERE withheld IS NOT NULL") == [
        ("A ferry", "drop", "no")
    ]
    assert result(house)["changed"] == 0
    configure(house, "ferry OR barge")
    assert result(house)["released"] == 1
    assert taken(house) == [("A ferry", 0, 0), ("A barge", 1, 0)]


def test_what_a_person_said_stays(house: House) -> None:
    """Tags given and taken away, what is hidden, what is pinned, whatever the config says by now."""
    write(house, "ferry", "barge", "train", "cart")
    configure(house, "ferry OR barge OR cart")
    house.poll()
    ids = dict(house.rows("SELECT title, id FROM stories"))
    for words in (
        ("tag", ids["A train"], "subject:ships"),
        ("untag", ids["A ferry"], "subject:ships"),
        ("hide", ids["A barge"]),
        ("pin", ids["A cart"], "ships"),
    ):
        done = house.wireroom(*map(str, words))
        assert done.code == 0, done.err
    said, before = taken(house), house.rows("SELECT * FROM story_tags ORDER BY 1, 2, 3, 4")

    assert result(house)["changed"] == 0
    assert taken(house) == said
    configure(house, "zzz")
    result(house)
    configure(house, "ferry OR barge OR cart")
    result(house)

    assert taken(house) == said
    assert house.rows("SELECT * FROM story_tags ORDER BY 1, 2, 3, 4") == before
    configure(house, "zzz")
    result(house)
    assert {title for title, _, left in taken(house) if not left} >= {"A train", "A cart"}
