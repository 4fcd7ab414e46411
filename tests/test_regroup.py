"""`wireroom regroup`: what polls would have made of the archive, had they known the config of today."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from db.regroup import stamp, status
from db.topics import topic_feed
from house import House, until
from ingest.grouping import GROUPING_VERSION, Grouping
from newsroom import Newsroom, Printed, at
from origin import Origin, item, rss
from prose import report
from random_news import poll_all, rounds
from regrouped import events, index, learned, lose_index, regroup, regrouper, steps, stories
from wireroom.upkeep import forget

SOURCES = ("wire", "post", "herald", "echo", "star")
NOTHING = Grouping(dedupe="exact", level="off")


@pytest.fixture(autouse=True)
def learning_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have words learned from few stories."""
    monkeypatch.setattr("db.compare.LEARN_STORIES", 15)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_changes_where_nothing_has(tmp_path: Path, seed: int) -> None:
    """Neither stories nor events, nor what topics show, be an entry changed, or a report printed twice."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES)
    poll_all(room, rounds(seed, SOURCES, 30))
    before, made, text = room.content(), learned(room), events(room)

    told = regroup(room)

    after = room.content()
    for table in ("entries", "merges", "selections", "story_tags", "term_counts"):
        assert after[table] == before[table], table
    assert events(room) == text
    assert learned(room) == made
    assert sum(step.merged + step.leads for step in told) == 0
    assert room.value("SELECT count(*) FROM events WHERE id NOT IN (SELECT event_id FROM stories)") == 0


@pytest.mark.parametrize("seed", range(6))
def test_a_lost_index_is_made_again(tmp_path: Path, seed: int) -> None:
    """As polls made it, so the next poll finds what it would have found."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES)
    poll_all(room, rounds(seed, SOURCES, 30, plain=True, reports=25))
    was = stories(room), events(room), learned(room), index(room)
    lose_index(room)

    regroup(room)

    assert (stories(room), events(room), learned(room), index(room)) == was
    assert len(was[3][1]) > 300, "there is an index"


@pytest.mark.parametrize(
    ("seed", "then"), [(seed, then) for seed in range(4) for then in (NOTHING, Grouping(dedupe="off", level="off"))]
)
def test_an_archive_that_compared_nothing_becomes_one_that_did(tmp_path: Path, seed: int, then: Grouping) -> None:
    """Polled with `dedupe = "exact"` or `"off"` and `grouping = "off"`, then regrouped by the defaults."""
    made = rounds(seed, SOURCES, 30, plain=True, reports=25)
    wanted, room = Newsroom(tmp_path / "wanted.db", SOURCES), Newsroom(tmp_path / "room.db", SOURCES, then)
    poll_all(wanted, made)
    poll_all(room, made)
    assert len(stories(room)) > len(stories(wanted)), "there is something to join"
    why = "SELECT id, joined_by, joined_to, joined_score, joined_words FROM entries"

    regroup(room, Grouping())

    assert stories(room) == stories(wanted)
    assert (events(room), learned(room), index(room)) == (events(wanted), learned(wanted), index(wanted))
    assert sorted(room.db.execute(why)) == sorted(wanted.db.execute(why))


def test_nobody_sees_a_repeat(tmp_path: Path) -> None:
    """Of two items that are one story now the older stays, under its id, and nothing is news."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, NOTHING)
    told = report(1)
    room.poll("wire", Printed("w1", told.cut(6)))
    room.poll("post", Printed("p1", told), hour=2)
    before = topic_feed(room.db, "all", 50).items
    updated = room.value("SELECT updated FROM stories WHERE id = 1")

    regroup(room, Grouping())

    (item_,) = topic_feed(room.db, "all", 50).items
    assert item_.guid == before[-1].guid
    assert item_.text == told.text, "the fuller one leads"
    assert room.value("SELECT updated FROM stories WHERE id = 1") == updated


def test_leads_follow_the_priorities_of_today(tmp_path: Path) -> None:
    """And no update is told."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES)
    told = report(1)
    room.poll("wire", Printed("w1", told))
    room.poll("post", Printed("p1", told.cut(9)), hour=2)
    updated = room.value("SELECT updated FROM stories")

    steps_ = regroup(room, Grouping(priority={2: 1}))

    assert room.value("SELECT text FROM stories") == told.cut(9).text
    assert room.value("SELECT updated FROM stories") == updated
    assert sum(step.leads for step in steps_) == 1


def test_what_is_one_story_stays_one(tmp_path: Path) -> None:
    """Also where nothing would join it any more; only its events go."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES)
    poll_all(room, rounds(3, SOURCES, 20))
    was = stories(room)

    regroup(room, NOTHING)

    assert stories(room) == was
    assert room.value("SELECT count(*) FROM stories WHERE event_id IS NOT NULL") == 0
    for table in ("prints", "shingles", "events", "event_terms"):
        assert room.value(f"SELECT count(*) FROM {table}") == 0


def test_what_a_person_divided_stays_divided(tmp_path: Path) -> None:
    """And what a person joined stays joined."""
    from db.decisions import decide_merge, decide_split

    room = Newsroom(tmp_path / "wireroom.db", SOURCES)
    told, other = report(1), report(2)
    room.poll("wire", Printed("w1", told), Printed("w2", other))
    room.poll("post", Printed("p1", told.cut(9)), hour=2)
    room.poll("herald", Printed("h3", report(3)), hour=3)
    split = room.value("SELECT id FROM entries WHERE guid = 'p1'")
    room.db.execute("BEGIN")
    decide_split(room.db, room.story_of("wire/w1"), split, "2026-11-21T00:00:00Z")
    decide_merge(room.db, room.story_of("wire/w2"), room.story_of("herald/h3"), "2026-11-21T00:00:00Z")
    room.db.execute("COMMIT")
    was = room.stories()

    regroup(room)

    assert room.stories() == was
    assert room.story_of("post/p1") != room.story_of("wire/w1")


def test_two_that_a_person_divided_do_not_meet_in_a_third(tmp_path: Path) -> None:
    """Each of them alone is a copy of one and the same: the first joins it, the other stays apart."""
    from db.decisions import decide_merge, decide_split

    room = Newsroom(tmp_path / "wireroom.db", SOURCES, grouping=Grouping(dedupe="off", level="off"))
    room.poll("wire", Printed("w1", report(1)))
    room.poll("post", Printed("p1", report(1)), Printed("p2", report(1)), hour=2)
    one, other = room.story_of("post/p1"), room.story_of("post/p2")
    split = room.value("SELECT id FROM entries WHERE guid = 'p1'")
    room.db.execute("BEGIN")
    decide_split(room.db, decide_merge(room.db, one, other, "2026-11-21T00:00:00Z").story_id, split, "2026-11-21T01Z")
    room.db.execute("COMMIT")

    regroup(room, Grouping())

    assert room.stories() == [["wire/w1", "post/p2"], ["post/p1"]]


def test_it_goes_on_where_it_stood_and_polls_go_on_meanwhile(tmp_path: Path) -> None:
    """What is polled between two steps has its place at the end, as if it had come after it."""
    made = rounds(5, SOURCES, 30, plain=True, reports=25)
    wanted, room = Newsroom(tmp_path / "wanted.db", SOURCES), Newsroom(tmp_path / "room.db", SOURCES)
    poll_all(wanted, made)
    poll_all(room, made[:18])
    later = iter(made[18:])

    for _ in steps(room, regrouper(room)):
        if (one := next(later, None)) is not None:
            room.poll(one.source, *one.printed, hour=one.hour)
    poll_all(room, list(later))

    assert (stories(room), events(room)) == (stories(wanted), events(wanted))
    assert (learned(room), index(room)) == (learned(wanted), index(wanted))


def test_restart_begins_anew(tmp_path: Path) -> None:
    """What an earlier one had done counts no more."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES)
    poll_all(room, rounds(1, SOURCES, 20))
    was = stories(room), events(room), learned(room)
    begun = steps(room, regrouper(room))
    far = [next(begun).done for _ in range(9)][-1]

    (first, *rest) = steps(room, regrouper(room), restart=True)

    assert first.stage == "texts"
    assert first.done < far
    assert [step.done for step in rest] == sorted(step.done for step in rest)
    assert rest[-1].done == rest[-1].total
    assert (stories(room), events(room), learned(room)) == was


def test_what_is_too_old_is_not_indexed(tmp_path: Path) -> None:
    """It is compared with nothing any more; its events are over."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES)
    for day, seed in ((0, 1), (40, 2)):
        room.poll("wire", Printed(f"w{seed}", report(seed), hour=24 * day), hour=24 * day)
    lose_index(room)

    list(steps(room, regrouper(room, hour=24 * 50)))

    assert room.db.execute("SELECT entry_id FROM prints").fetchall() == [(2,)]
    assert room.db.execute("SELECT id, length(terms) > 0 FROM events ORDER BY first_seen").fetchall()[0][1] == 0
    assert room.value("SELECT indexed_from FROM grouping") == 2


def test_nothing_is_forgotten_while_stories_are_gone_through(tmp_path: Path) -> None:
    """Events of old stories are made and ended by the regroup, in their time."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES)
    poll_all(room, rounds(1, SOURCES, 10))
    begun = steps(room, regrouper(room))
    while next(begun).stage != "stories":
        pass

    assert not forget(room.db, at(24 * 60))
    assert room.value("SELECT count(*) FROM events WHERE length(terms) > 0") > 0
    list(begun)
    forget(room.db, at(24 * 60))
    assert room.value("SELECT count(*) FROM events WHERE length(terms) > 0") == 0


def test_status_says_when_it_is_needed(tmp_path: Path) -> None:
    """Where recent entries are not in the index, where another version made it, where one was broken off."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, NOTHING)
    room.poll("wire", Printed("w1", report(1)))

    def notes(version: int = GROUPING_VERSION, since: str = "2026-11-01T00:00:00Z") -> str:
        return " ".join(status(room.db, version, since)["notes"])

    assert notes() == "", "nothing is compared"
    stamp(room.db, GROUPING_VERSION, comparing=True)
    assert "1 recent" in notes()
    assert notes(since="2026-12-01T00:00:00Z") == "", "it is too old to be compared with"
    begun = steps(room, regrouper(room, Grouping()))
    next(begun)
    assert "broken off" in notes()
    list(begun)
    assert notes() == ""
    assert "another version" in notes(GROUPING_VERSION + 1)
    stamp(room.db, GROUPING_VERSION + 1, comparing=True)
    assert "another version" in notes(GROUPING_VERSION + 1), "the start of a new version changes nothing about it"


def test_daemon_goes_on_with_what_was_broken_off(house: House, origin: Origin) -> None:
    """Without being asked: until it is done, new stories have no event."""
    set_up(house, origin)
    with contextlib.closing(sqlite3.connect(house.archive)) as db:
        db.execute("UPDATE grouping SET stage = 'texts', since = 1, done = 0")
        db.commit()

    with house.daemon():
        until(lambda: house.rows("SELECT stage FROM grouping") == [(None,)], "it does not go on")

    assert house.rows("SELECT count(*) FROM stories WHERE merged_into IS NULL") == [(1,)]


TOPIC = '[[topic]]\nid = "all"\ntitle = "All"\nmatch = "sources:>=1"\n'
OFF = '[wireroom]\ndedupe = "exact"\ngrouping = "off"\n'


def set_up(house: House, origin: Origin) -> None:
    """Poll a report and a cut of it while nothing is compared, then go back to the defaults."""
    told = report(1)
    origin.feed("/a", rss(item(1, title=told.title, text=told.text)))
    origin.feed("/b", rss(item(2, title="Another headline", text=told.cut(8).text)))
    house.configure({"a": origin.url("/a"), "b": origin.url("/b")}, TOPIC, allow=origin.port)
    text = house.config.read_text(encoding="utf-8")
    house.config.write_text(text.replace("[wireroom]\n", OFF), encoding="utf-8")
    house.poll()
    house.config.write_text(text, encoding="utf-8")
    assert house.rows("SELECT count(*) FROM stories") == [(2,)]


@pytest.mark.parametrize("daemon", [False, True])
def test_command(house: House, origin: Origin, daemon: bool) -> None:
    """By itself or beside a daemon; status says before that it is needed, and after that it is not."""
    set_up(house, origin)

    def notes() -> list[str]:
        found: list[str] = json.loads(house.wireroom("status", "--json").out)["grouping"]["notes"]
        return found

    if daemon:
        with house.daemon():
            needed, done = notes(), house.wireroom("regroup", "--json")
    else:
        house.poll()
        needed, done = notes(), house.wireroom("regroup", "--json")

    assert ["regroup" in note for note in needed] == [True]
    assert done.code == 0, done.err
    assert json.loads(done.out)["merged"] == 1
    assert house.rows("SELECT count(*) FROM stories WHERE merged_into IS NULL") == [(1,)]
    assert notes() == []
    assert (house.folder / "public" / "topics" / "all.rss").read_text(encoding="utf-8").count("<item>") == 1


def test_command_tells_how_far_it_is(house: House, origin: Origin) -> None:
    """In lines, where there is no terminal; without an archive there is nothing to do."""
    assert house.wireroom("regroup").code == 78
    set_up(house, origin)

    done = house.wireroom("regroup")

    assert done.code == 0, done.err
    assert "1 joined" in done.err
    assert "2 entries compared" in done.out
