"""Topics with `delay`: a story gathers coverage before it is taken, whatever stops, is killed, merged or edited."""

from __future__ import annotations

import signal
from datetime import datetime
from pathlib import Path

import pytest

from db.decisions import decide_merge, undo
from db.query import parse
from db.sync import ConfiguredTopic, mend_times, sync_config
from db.times import iso
from db.writer import Job, run_batch
from factory import Named, minting
from house import House, until
from ingest.grouping import Grouping
from ingest.poll import Setup
from newsroom import Newsroom, Printed, at
from origin import item, rss
from prose import report
from wireroom.due import look_again

SOURCES = ("wire", "post", "herald")
HALF_AN_HOUR = {"delay_s": 1800}
COUNT = "SELECT count(*) FROM selections"
TAKEN = "SELECT story_id, selected_at FROM selections ORDER BY number"


def room_of(path: Path, match: str = "sources:>=1", **policy: object) -> Newsroom:
    """Make an archive whose topic lets stories wait for half an hour."""
    return Newsroom(path / "wireroom.db", SOURCES, Grouping(level="off"), match, {**HALF_AN_HOUR, **policy})


def look(room: Newsroom, hour: float, most: int = 100) -> bool:
    """Do what is due at that hour."""
    setup = Setup(settings={}, desks=room.desks(), floor_s=0, ceiling_s=0, grouping=room.grouping)
    job = Job(lambda db: look_again(db, setup, at(hour), minting(f"due {hour} {room.value(COUNT)}"), most))
    run_batch(room.db, [job], give_up=lambda: True)
    more: bool = job.future.result()
    return more


def waiting(room: Newsroom) -> list[tuple[int, str]]:
    """Read what waits, and until when."""
    return room.db.execute("SELECT story_id, due_at FROM waiting ORDER BY story_id").fetchall()


def test_a_story_is_taken_when_it_is_so_old(tmp_path: Path) -> None:
    """Not before; then once, with what has come meanwhile."""
    room = room_of(tmp_path)
    room.poll("wire", Printed("a", report(1)), hour=1)
    assert waiting(room) == [(1, iso(at(1.5)))]

    room.poll("post", Printed("b", report(1)), hour=1.2)
    look(room, 1.4)
    assert (room.db.execute(TAKEN).fetchall(), len(waiting(room))) == ([], 1)

    look(room, 1.5)
    assert (room.db.execute(TAKEN).fetchall(), waiting(room)) == ([(1, iso(at(1.5)))], [])

    look(room, 9)
    assert len(room.db.execute(TAKEN).fetchall()) == 1


def test_the_query_is_asked_of_the_story_as_it_is_then(tmp_path: Path) -> None:
    """What it does not fit any more is not taken; nor is its turn remembered."""
    room = room_of(tmp_path, "sources:1")
    room.poll("wire", Printed("a", report(1)), Printed("x", report(2)), hour=1)
    room.poll("post", Printed("b", report(1)), hour=1.2)

    look(room, 2)

    assert [story for story, _ in room.db.execute(TAKEN)] == [room.story_of("wire/x")]
    assert waiting(room) == []


def test_what_comes_to_fit_when_it_is_old_enough_is_taken_at_once(tmp_path: Path) -> None:
    """It has had its time."""
    room = room_of(tmp_path, "sources:>=2")
    room.poll("wire", Printed("a", report(1)), hour=1)
    room.poll("post", Printed("b", report(1)), hour=2)

    assert room.db.execute(TAKEN).fetchall() == [(1, iso(at(2)))]
    assert waiting(room) == []


def test_a_poll_that_touches_a_story_that_is_due_takes_it(tmp_path: Path) -> None:
    """Whoever comes first; and the other does nothing."""
    room = room_of(tmp_path)
    room.poll("wire", Printed("a", report(1)), hour=1)
    room.poll("post", Printed("b", report(1)), hour=3)
    look(room, 3)

    assert room.db.execute(TAKEN).fetchall() == [(1, iso(at(3)))]
    assert waiting(room) == []


def test_two_that_wait_and_are_one_by_then_are_taken_once(tmp_path: Path) -> None:
    """When the older one is due; taken apart again, that one keeps it."""
    room = room_of(tmp_path)
    room.poll("wire", Printed("a", report(1)), hour=1)
    room.poll("post", Printed("b", report(5)), hour=1.2)
    room.db.execute("BEGIN")
    decision = decide_merge(room.db, 1, 2, iso(at(1.3)))
    room.db.execute("COMMIT")

    look(room, 1.6)
    look(room, 1.9)
    assert room.db.execute(TAKEN).fetchall() == [(1, iso(at(1.6)))]

    undo(room.db, decision.id, iso(at(2)))
    assert room.value("SELECT count(*) FROM selections WHERE story_id = 1") == 1


def test_of_a_flood_that_waits_the_newest_wait(tmp_path: Path) -> None:
    """The rest is archived at once, so that no flood comes through by waiting; the due come in steps."""
    room = room_of(tmp_path, flood=20)
    room.poll("wire", *(Printed(f"w{n}", report(n), -n) for n in range(60)), hour=1)
    assert len(waiting(room)) == 20

    more = [look(room, 2, 8) for _ in range(4)]

    assert more == [True, True, False, False]
    titles = {
        title
        for (title,) in room.db.execute(
            "SELECT title FROM stories JOIN selections x ON story_id = stories.id WHERE archived = 0"
        )
    }
    assert titles == {report(n).title for n in range(20)}
    assert room.value("SELECT count(*) FROM selections WHERE archived = 1") == 40


@pytest.mark.parametrize(("delay_s", "due"), [(0, at(1)), (900, at(1.25)), (7200, at(3))])
def test_another_delay_counts_for_what_waits(tmp_path: Path, delay_s: float, due: datetime) -> None:
    """Without one it is due at once."""
    room = room_of(tmp_path)
    room.poll("wire", Printed("a", report(1)), hour=1)
    topic = ConfiguredTopic(id="all", title="All", was=(), query=parse(room.match), limit=50, delay_s=delay_s)

    sync_config(room.db, map(Named, SOURCES), [], [topic], iso(at(1.1)))

    assert waiting(room) == [(1, iso(due))]


def test_a_clock_that_was_wrong_keeps_nothing_waiting(tmp_path: Path) -> None:
    """What was seen in the future is due when that is found out, and taken."""
    room = room_of(tmp_path)
    room.poll("wire", Printed("a", report(1)), hour=10_000)
    mend_times(room.db, at(1))
    room.db.conn.commit()

    look(room, 1)

    assert room.db.execute(TAKEN).fetchall() == [(1, iso(at(1)))]


def topic(delay: str) -> str:
    """Write a topic that lets stories wait."""
    return f'[[topic]]\nid = "all"\ntitle = "All"\nmatch = "NOT zzzzzz"\n{delay}\n'


def test_dropped_delay_is_done_at_the_end_of_the_next_round(house: House) -> None:
    """By `wireroom poll`; before that the story waits, and `status` says so."""
    (house.folder / "feed.xml").write_text(rss(item(1, title="A ferry", text="It sails.")), encoding="utf-8")
    house.configure({"wire": "feed.xml"}, topic('delay = "2h"'))
    house.poll()
    house.poll()
    assert house.rows("SELECT count(*) FROM waiting") == [(1,)]
    assert "<item>" not in (house.folder / "public/topics/all.rss").read_text(encoding="utf-8")

    house.configure({"wire": "feed.xml"}, topic(""))
    house.poll()

    assert house.rows("SELECT topic, number FROM published") == [("all", 1)]
    assert "<title>A ferry</title>" in (house.folder / "public/topics/all.rss").read_text(encoding="utf-8")


def test_the_daemon_does_what_is_due_also_after_a_kill(house: House) -> None:
    """Once, and it is in the feed."""
    (house.folder / "feed.xml").write_text(rss(item(1, title="A ferry", text="It sails.")), encoding="utf-8")
    house.configure({"wire": "feed.xml"}, topic('delay = "6s"'))
    with house.daemon() as daemon:
        until(lambda: house.rows("SELECT count(*) FROM waiting") == [(1,)], "nothing waits")
        daemon.stop(signal.SIGKILL)
    assert house.rows("SELECT count(*) FROM selections") == [(0,)]

    with house.daemon() as daemon:
        until(lambda: b"A ferry" in daemon.get("/topics/all.rss")[2], "it is not published")

    assert house.rows("SELECT count(*), (SELECT count(*) FROM waiting) FROM selections") == [(1, 0)]
    ((late,),) = house.rows(
        "SELECT unixepoch(x.selected_at) - unixepoch(st.first_seen) "
        "FROM selections x JOIN stories st ON st.id = x.story_id"
    )
    assert late >= 6


def test_new_topic_is_not_filled_with_what_is_too_young(house: House) -> None:
    """It waits there, as it would have, had the topic been there when it came."""
    feed = house.folder / "feed.xml"
    feed.write_text(rss(item(1, title="A ferry")))
    house.configure({"one": str(feed)})
    house.poll()
    house.configure({"one": str(feed)}, '[[topic]]\nid = "late"\ntitle = "L"\nmatch = "ferry"\ndelay = "1h"\n')
    house.poll()

    due = "strftime('%Y-%m-%dT%H:%M:%SZ', stories.first_seen, '+3600 seconds')"
    assert house.rows("SELECT count(*) FROM selections") == [(0,)]
    assert house.rows(f"SELECT due_at = {due} FROM waiting JOIN stories ON id = story_id") == [(1,)]
