"""What a query would take from the archive, before it is saved: counts, days, sources, examples, the difference."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.preview import asked as bounded
from db.preview import change, preview
from db.query import parse
from db.query_sql import compile_query
from db.times import iso
from house import House
from newsroom import Newsroom, Printed, at
from origin import item, rss
from prose import Report
from wireroom.chart import bar, bars, cells, clipped, columns
from wireroom.preview_told import preview_lines
from wireroom.since import read_since

NOW = at(100)
LONG_AGO = at(-100)


def newsroom(path: Path, match: str = "sources:>=1") -> Newsroom:
    """Make an archive of ferries, trains and one of both, seen on three days; two sources carry the last."""
    room = Newsroom(path / "wireroom.db", ["one", "two"], match=match)
    both = Report("A ferry and a train", ("They met at the pier, and nobody was surprised by it at all today.",))
    room.poll("one", Printed("a", Report("A ferry sails", ("It left the northern harbour before dawn.",))), hour=1)
    room.poll("one", Printed("b", Report("A train stops", ("The signal at the junction had failed again.",))), hour=26)
    room.poll("one", Printed("c", both), hour=50)
    room.poll("two", Printed("c", both), hour=51)
    return room


def asked(room: Newsroom, query: str, since: datetime = LONG_AGO, limit: int = 10) -> dict[str, Any]:
    """Preview a query."""
    return preview(room.db, parse(query), since, NOW, limit)


def test_counts_by_day_and_source_and_the_newest(tmp_path: Path) -> None:
    """A story counts once, and once for each source that carries it; days without one are there."""
    room = newsroom(tmp_path)

    found = asked(room, "ferry")

    assert found["stories"] == 2
    assert found["sources"] == [{"source": "one", "stories": 2}, {"source": "two", "stories": 1}]
    days = {day["day"]: day["stories"] for day in found["days"]}
    assert {day: count for day, count in days.items() if count} == {"2026-11-20": 1, "2026-11-22": 1}
    assert days["2026-11-21"] == 0
    assert len(days) == 9
    assert [row["title"] for row in found["newest"]] == ["A ferry and a train", "A ferry sails"]
    assert found["newest"][0]["sources"] == ["one", "two"]


def test_since_and_limit(tmp_path: Path) -> None:
    """What was seen before does not count; of the examples there are no more than asked for."""
    room = newsroom(tmp_path)

    assert asked(room, "ferry OR train", since=at(20))["stories"] == 2
    assert asked(room, "ferry OR train", since=at(60))["stories"] == 0
    assert len(asked(room, "ferry OR train", limit=1)["newest"]) == 1


@pytest.mark.parametrize("query", ["ferry", "NOT ferry", "desk:x OR train", "NOT desk:x", "pier OR NOT (tag:x ferry)"])
def test_what_is_looked_up_is_bounded_and_takes_the_same(tmp_path: Path, query: str) -> None:
    """Over many years of archive a preview of some days does not look up a word in all of them."""
    room = newsroom(tmp_path)
    (tag,) = room.db.execute("INSERT INTO tags (kind, name) VALUES ('desk', 'x') RETURNING id").fetchone()
    for name in ("one/a", "one/c"):
        room.db.execute("INSERT INTO story_tags VALUES (?, ?, 'source', 'one')", [room.story_of(name), tag])
    where = compile_query(parse(query), iso(NOW))
    sql = f"SELECT id FROM stories WHERE first_seen >= ? AND ({where.sql}) ORDER BY id DESC"

    taken = [id_ for (id_,) in room.db.execute(sql, [iso(at(20)), *where.params])]
    looked_up = bounded(room.db, parse(query), iso(at(20)), iso(NOW)).sql

    assert [row["story_id"] for row in asked(room, query, since=at(20))["newest"]] == taken
    assert looked_up.count(">= 2") == looked_up.count("stories_fts MATCH") + looked_up.count("JOIN story_tags") > 0


def test_withheld_and_merged_stories_are_not_taken(tmp_path: Path) -> None:
    """A dropped one is counted apart; one that went into another is not counted at all."""
    room = newsroom(tmp_path)
    dropped, gone, kept = (room.story_of(name) for name in ("one/a", "one/b", "one/c"))
    room.db.execute("UPDATE stories SET withheld = 'drop', withheld_by = 'rule' WHERE id = ?", [dropped])
    room.db.execute("UPDATE stories SET merged_into = ? WHERE id = ?", [kept, gone])

    found = asked(room, "ferry OR train")

    assert (found["stories"], found["withheld"]) == (1, {"drop": 1})
    assert [row["story_id"] for row in found["newest"]] == [kept]


def test_difference_from_what_a_topic_has_selected(tmp_path: Path) -> None:
    """What it would newly take, what no longer: of stories that are shown, by the topic's own selections."""
    room = newsroom(tmp_path, match="ferry")

    def difference(query: str, since: datetime = LONG_AGO) -> tuple[int, list[str], list[str]]:
        found = change(room.db, parse(query), "all", since, NOW, 10)
        assert found is not None
        assert (found["enters"], found["leaves"]) == (len(found["entering"]), len(found["leaving"]))
        entering, leaving = ([row["title"] for row in found[name]] for name in ("entering", "leaving"))
        return found["selected"], entering, leaving

    assert difference("ferry") == (2, [], [])
    assert difference("train") == (2, ["A train stops"], ["A ferry sails"])
    assert difference("train", since=at(10)) == (1, ["A train stops"], [])
    room.db.execute("UPDATE selections SET left_at = ? WHERE story_id = ?", ["2026-11-24", room.story_of("one/a")])
    assert difference("ferry") == (1, ["A ferry sails"], [])
    assert change(room.db, parse("ferry"), "unknown", LONG_AGO, NOW, 10) is None


FEED = rss(*(item(f"n{n}", title=f"Ferry {n}" if n % 2 else f"Train {n}") for n in range(6)))
TOPIC = '[[topic]]\nid = "boats"\ntitle = "Boats"\nmatch = "{}"\n'


@pytest.fixture
def polled(house: House) -> House:
    """Give a house with one poll done."""
    feed = house.folder / "feed.xml"
    feed.write_text(FEED)
    house.configure({"one": str(feed)}, TOPIC.format("ferry"))
    house.poll()
    return house


def test_command_tries_a_query_and_an_edited_topic(polled: House) -> None:
    """A query by itself, against a topic, and the topic as the edited config has it; nothing is written."""
    before = polled.rows("SELECT * FROM selections ORDER BY id")

    def told(*words: str) -> dict[str, Any]:
        done = polled.wireroom("preview", *words, "--json")
        assert done.code == 0, done.err
        found: dict[str, Any] = json.loads(done.out)
        return found

    assert (told("train")["stories"], told("train")["change"]) == (3, None)
    assert [told("train", "--topic", "boats")["change"][name] for name in ("selected", "enters", "leaves")] == [3, 3, 3]
    polled.configure({"one": str(polled.folder / "feed.xml")}, TOPIC.format("ferry OR train"))
    for name in ("boats", "@boats"):
        found = told(name)
        assert (found["query"], found["topic"]) == ("ferry OR train", "boats")
        assert [found["change"][key] for key in ("selected", "enters", "leaves")] == [3, 3, 0]
    polled.configure({"one": str(polled.folder / "feed.xml")}, TOPIC.format("ferry").replace("boats", "new"))
    assert told("new")["change"] is None
    assert "topic new is not in the archive yet" in polled.wireroom("preview", "new").out
    assert polled.rows("SELECT * FROM selections ORDER BY id") == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ferry", "--since", "yesterday"), "'yesterday' is no time"),
        (("ferry", "--topic", "nobody"), "there is no topic 'nobody'; the topics are boats"),
        (("ferry AND",), "query: column"),
    ],
)
def test_command_refuses_what_it_does_not_understand(polled: House, words: tuple[str, ...], said: str) -> None:
    """With exit code 2, and what would be right."""
    done = polled.wireroom("preview", *words)

    assert done.code == 2
    assert said in done.err


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_lines_fit_the_terminal(tmp_path: Path, width: int) -> None:
    """Whatever its width, also with titles of wide characters."""
    room = newsroom(tmp_path, match="ferry")
    for n in range(30):
        report = Report(f"外交部发言人谈海上航运会谈{n}" * 5, (f"ferry {n} 国" * (n + 1),))
        room.poll("two", Printed(f"x{n}", report), hour=60 + n)
    told = {"query": "ferry", "topic": None, "compared": "all", **asked(room, "ferry OR train")}
    told["change"] = change(room.db, parse("train"), "all", LONG_AGO, NOW, 5)

    lines = preview_lines(told, width)

    drawn = lines[2:]  # the query itself is told whole
    assert all(cells(line) <= max(width, 26) for line in drawn if "all has selected" not in line)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=400), st.integers(1, 200), st.integers(1, 8))
def test_columns_show_every_number_that_is_not_nothing(numbers: list[int], width: int, height: int) -> None:
    """In so many columns, the highest as high as may be."""
    lines, together = columns(numbers, width, height)

    sums = [sum(numbers[n : n + together]) for n in range(0, len(numbers), together)]
    assert len(lines) == height
    assert all(len(line) <= width for line in lines)
    step = 2 if 2 * len(sums) <= width else 1
    foot = lines[-1].ljust(width)
    assert [foot[n * step] != " " for n in range(len(sums))] == [total > 0 for total in sums]
    assert ("█" in lines[0]) == (max(sums) > 0)


@given(st.integers(0, 10**9), st.integers(1, 10**9), st.integers(1, 60))
def test_bar_is_no_longer_than_its_room(number: int, most: int, width: int) -> None:
    """Nothing is nothing, all else is something."""
    drawn = bar(min(number, most), most, width)

    assert len(drawn) <= width
    assert (drawn == "") == (number == 0)


def test_bars_and_clipping() -> None:
    """Names in a column, numbers right-aligned; a wide character takes two columns, a mark none."""
    assert bars([("a", 4), ("bcd", 1000)], 30) == ["a        4  ▏", "bcd  1,000  " + "█" * 18]
    assert bars([], 30) == []
    assert clipped("国国国", 5) == "国国…"
    assert clipped("e\u0301e\u0301", 2) == "e\u0301e\u0301"


def test_since_is_a_duration_or_a_date() -> None:
    """UTC, where it names no zone; never before time began."""
    now = datetime(2026, 11, 20, 8, tzinfo=UTC)

    assert read_since("36h", now) == now - timedelta(hours=36)
    assert read_since("2026-11-01", now) == datetime(2026, 11, 1, tzinfo=UTC)
    assert read_since("2026-11-01T12:00+02:00", now) == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert read_since("999999999d", now) == datetime(1970, 1, 1, tzinfo=UTC)
    for text in ("", "soon", "30", "2026-13-01"):
        with pytest.raises(ValueError, match="is no time"):
            read_since(text, now)
