"""How SQLite answers what polls, regroups and the front page ask: never by reading a table that grows with the news."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlite_utils import Database

from db.archive import open_writer
from db.archive_pages import (
    close_page,
    numbers_of,
    page_feed,
    stale_pages,
    topics_waiting,
    waiting_before_digests,
    waiting_stories,
)
from db.digests import make_digests
from db.due import Due
from db.health import topic_status
from db.output import Policy
from db.regroup import status
from db.shown import front_of, note_front
from db.topics import feed_of, mark_changed_topics, topic_feed
from ingest.grouping import Grouping
from newsroom import Newsroom, at
from random_news import poll_all, rounds
from regrouped import HOUR, regroup
from wireroom.upkeep import forget

SOURCES = ("wire", "post", "herald", "echo", "star")
GROWING = (
    "archive_pages",
    "entries",
    "entry_keys",
    "events",
    "event_terms",
    "merges",
    "revisions",
    "selections",
    "shingles",
    "stories",
)
SCAN = re.compile(r"SCAN (\w+)(?! VIRTUAL)")
ALIAS = r"\b{}\s+(?:AS\s+)?(\w+)"


def scanned(room: Newsroom, sql: str) -> set[str]:
    """Tell which of the growing tables a statement reads from end to end."""
    if not sql.lstrip().startswith(("WITH", "SELECT", "UPDATE", "DELETE", "INSERT")):
        return set()
    steps = [detail for *_, detail in room.db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    names = {alias: table for table in GROWING for alias in (table, *re.findall(ALIAS.format(table), sql))}
    return {names[found[1]] for step in steps if (found := SCAN.match(step)) and found[1] in names}


def test_nothing_that_grows_is_read_from_end_to_end(tmp_path: Path) -> None:
    """Not by polls (new entries, changed ones, stories that unite), steps of a regroup, upkeep, or what is shown."""
    asked: dict[str, str] = {}
    for grouping in (Grouping(), Grouping(dedupe="exact", level="off")):
        room = Newsroom(tmp_path / f"{grouping.dedupe}.db", SOURCES, grouping)
        room.db.conn.set_trace_callback(lambda sql: asked.setdefault(re.sub(r"\d+|'[^']*'", "?", sql), sql))
        poll_all(room, rounds(3, SOURCES, 20))
        regroup(room, Grouping())
        topic_feed(room.db, "all", 50)
        topic_feed(room.db, "all", 50, dedupe="exact")
        for policy in (Policy(limit=9, per_source=2), Policy(limit=9, order="coverage", dedupe="off")):
            front = front_of(room.db, 1, policy)
            note_front(room.db, front)
            feed_of(room.db, "all", policy, front)
        for days in (0, 1):
            make_digests(room.db, {"all": Due(None, 7, 0)}, at(30 * days), lambda: "urn:digest")
        feed_of(room.db, "all", Policy(limit=9), None)
        waiting_stories(room.db, 1, Policy(limit=9), 9)
        waiting_before_digests(room.db, 1, 9)
        for last in (5, 10):
            close_page(room.db, 1, "stories", last, at(0).isoformat())
        page_feed(room.db, "all", stale_pages(room.db, 1)[0], Policy(limit=9))
        numbers_of(room.db, [1, 2])
        topics_waiting(room.db)
        mark_changed_topics(room.db, [1, 2])
        topic_status(room.db)
        status(room.db, 1, "2026-11-01T00:00:00Z")
        forget(room.db, at(HOUR) + timedelta(days=60))
        room.db.conn.set_trace_callback(None)

    found = {sql: tables for sql in asked.values() if (tables := scanned(room, sql))}

    assert found == {}
    assert any("INSERT INTO digests" in sql for sql in asked.values())
    assert any("INSERT INTO merges" in sql for sql in asked.values()), "stories unite too"
    assert any("entry_keys WHERE entry_id" in sql for sql in asked.values()), "and entries are compared again"


def test_stories_that_went_are_gone_through_once_for_all_topics(tmp_path: Path) -> None:
    """The front page is written at every change, with how many stories each topic has."""
    topics, gone = 40, 500
    db = open_writer(tmp_path / "wireroom.db")
    db.execute("BEGIN")
    db.conn.executemany(
        "INSERT INTO stories (id, title, text, first_seen, updated, merged_into) VALUES (?, '', '', '', '', ?)",
        [(id_, id_ - 1 or None) for id_ in range(1, gone + 2)],
    )
    db.conn.executemany(
        "INSERT INTO topics (id, config_id, title, urn, created_at) VALUES (?1, ?1, '', ?1, '')",
        [(id_,) for id_ in range(1, topics + 1)],
    )
    db.conn.executemany(
        "INSERT INTO selections (topic_id, story_id, number, guid, selected_at) VALUES (1, ?1, ?1, ?1, '')",
        [(1,), (2,)],
    )
    found: list[dict[str, object]] = []

    steps = steps_of(db, lambda: found.extend(topic_status(db)))

    db.close()
    assert [row["stories"] for row in found] == [1] + [0] * (topics - 1)
    assert steps < topics * gone


def test_view_of_events_does_not_count_an_event_for_each_of_its_stories(tmp_path: Path) -> None:
    """One that went on for long has thousands."""
    stories = 300
    db = open_writer(tmp_path / "wireroom.db")
    db.execute("BEGIN")
    db.execute("INSERT INTO events (id, first_seen, last_seen, stories, words, terms) VALUES (1, '', '', 1, 1, x'')")
    db.conn.executemany(
        "INSERT INTO stories (id, title, text, first_seen, updated, event_id) VALUES (?, '', '', '', '', 1)",
        [(id_,) for id_ in range(1, stories + 1)],
    )
    found: list[tuple[object, ...]] = []

    steps = steps_of(db, lambda: found.extend(db.execute("SELECT * FROM event_stories")))

    db.close()
    assert len(found) == stories
    assert steps < stories * stories


def steps_of(db: Database, ask: Callable[[], None]) -> int:
    """Count the steps that SQLite's machine takes for what is asked, to the hundred."""
    hundreds: list[None] = []
    db.conn.set_progress_handler(lambda: hundreds.append(None), 100)
    ask()
    return 100 * len(hundreds)
