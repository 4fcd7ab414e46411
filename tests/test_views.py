"""The views that answer without joins say what the application says, and find it without going through tables."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import pytest

from db.document import fresh_archive
from db.health import source_healths
from db.topics import topic_feed
from worked import NOW, Wire, fill

EMPTY = fresh_archive()


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Wire:
    """Give the worked archive."""
    made = Wire(tmp_path_factory.mktemp("views") / "wireroom.db")
    fill(made)
    return made


def plan(sql: str) -> list[str]:
    """Read how SQLite would go about it."""
    return [detail for *_, detail in EMPTY.execute(f"EXPLAIN QUERY PLAN {sql}")]


GROWS = r"SCAN (?!\(subquery|daily|[wy]$|[jk] VIRTUAL)"
"""A step through a table that grows: not the few topics (w), a thousand numbers of each (y) at most, or a list (j)."""

VIEWS = {
    "story_overview": "story_id = 7",
    "story_sources": "story_id = 7",
    "story_changes": "story_id = 7",
    "topic_stories": "topic = 'shipping'",
    "daily_by_source": "day = '2026-11-24'",
}


@pytest.mark.parametrize(("view", "asked"), VIEWS.items(), ids=list(VIEWS))
def test_what_is_asked_for_is_looked_up(view: str, asked: str) -> None:
    """No table that grows is gone through for one story, topic or day, whatever else the view tells of it."""
    steps = plan(f"SELECT * FROM {view} WHERE {asked}")

    assert [step for step in steps if re.match(GROWS, step)] == []


@pytest.mark.parametrize("view", ["story_overview", "story_sources", "story_changes", "topic_stories"])
def test_first_rows_cost_no_more_than_they_are(view: str) -> None:
    """A LIMIT stops it: one loop over one table, nothing sorted but what a row has, and no table within it."""
    steps = plan(f"SELECT * FROM {view} LIMIT 100")

    assert re.match(r"SCAN \w+$", steps[0])
    assert [step for step in steps[1:] if re.match(GROWS, step)] == []


@pytest.mark.parametrize(
    ("view", "order"),
    [
        ("story_overview", "story_id"),
        ("story_changes", "revision_id"),
        ("topic_stories", "selection_id"),
        ("story_sources", "entry_id"),
        ("coverage", "entry_id"),
    ],
)
def test_newest_first_sorts_nothing(view: str, order: str) -> None:
    """It is read from the end."""
    steps = plan(f"SELECT {order}, title FROM {view} ORDER BY {order} DESC LIMIT 50".replace("title", "*"))
    steps = steps[: next((n for n, step in enumerate(steps) if "SUBQUERY" in step), len(steps))]

    assert [step for step in steps if "TEMP B-TREE" in step] == []


def test_days_of_sources_are_read_from_an_index() -> None:
    """In its order, newest day first, so that a LIMIT stops it; no entry is read."""
    steps = plan("SELECT * FROM daily_by_source LIMIT 100")

    assert "SCAN e USING INDEX entries_day" in steps
    assert [step for step in steps if "TEMP B-TREE" in step] == []


def test_days_of_tags_are_looked_up_day_by_day() -> None:
    """A day's stories by the index of their times, their tags by their key; not all of the past for a LIMIT."""
    steps = plan("SELECT * FROM daily_by_tag WHERE day >= '2026-11-20' LIMIT 100")

    assert "SEARCH st USING COVERING INDEX stories_seen (first_seen>? AND first_seen<?)" in steps
    assert "SEARCH x USING PRIMARY KEY (story_id=?)" in steps


@pytest.mark.parametrize("topic", ["shipping", "labour"])
def test_what_is_in_the_feed_is_what_the_feed_has(wire: Wire, topic: str) -> None:
    """What left, is hidden, or has been pushed off by newer ones is not."""
    limit = next(one.limit for one in wire.config.topics if one.id == topic)
    shown = {item.story_id for item in topic_feed(wire.db, topic, limit).items}
    rows = wire.db.execute("SELECT story_id, in_feed FROM topic_stories WHERE topic = ?", [topic]).fetchall()

    assert {story for story, in_feed in rows if in_feed} == shown
    assert shown
    assert len(rows) == wire.db.execute("SELECT count(*) FROM published WHERE topic = ?", [topic]).fetchone()[0]


def test_health_is_what_status_says(wire: Wire) -> None:
    """Source by source."""
    told = {source: health for source, _, health in source_healths(wire.db, NOW)}

    assert dict(wire.db.execute("SELECT source, health FROM source_health")) == told
    assert set(told.values()) == {"good", "failing", "silent"}


def test_overview_agrees_with_coverage_and_tags(wire: Wire) -> None:
    """Each story once; its lists are those of the views that have a row for each."""
    for story, sources, count, tags in wire.db.execute(
        "SELECT story_id, sources, source_count, tags FROM story_overview"
    ).fetchall():
        carried = [name for (name,) in wire.db.execute("SELECT source FROM coverage WHERE story_id = ?", [story])]
        given = {
            f"{kind}:{name}"
            for kind, name in wire.db.execute("SELECT kind, name FROM tagged WHERE story_id = ?", [story])
        }

        assert json.loads(sources) == sorted(set(carried))
        assert count == len(set(carried))
        assert json.loads(tags) == sorted(given)
    ((all_of_them,),) = wire.db.execute("SELECT count(*) FROM stories WHERE merged_into IS NULL").fetchall()
    assert wire.db["story_overview"].count == all_of_them


def test_days_add_up(wire: Wire) -> None:
    """No entry, and no tag of a story, is on no day or on two."""
    assert wire.db.execute("SELECT sum(entries) FROM daily_by_source").fetchone() == (wire.db["entries"].count,)
    tags = wire.db.execute(
        "SELECT count(*) FROM (SELECT DISTINCT story_id, tag_id FROM story_tags WHERE story_id IN "
        "(SELECT id FROM stories WHERE merged_into IS NULL))"
    ).fetchone()
    assert wire.db.execute("SELECT sum(stories) FROM daily_by_tag").fetchone() == tags


def test_lists_are_json_whatever_is_in_them(wire: Wire) -> None:
    """A category is what a source wrote."""
    wire.db.execute("BEGIN")
    why = 'Ports \\ "Harbours", [north]'
    wire.db.execute("INSERT INTO story_tags (story_id, tag_id, origin, why) VALUES (4, 1, 'category', ?)", [why])
    rows = wire.db.execute("SELECT tags FROM topic_stories WHERE story_id = 4").fetchall()
    lists = wire.db.execute("SELECT sources, tags, topics FROM story_overview").fetchall()
    wire.db.execute("ROLLBACK")

    assert all(any(tag.endswith(f"(category: {why})") for tag in json.loads(tags)) for (tags,) in rows)
    assert rows
    assert all(isinstance(json.loads(one), list) for row in lists for one in row)


def test_changes_follow_one_another(wire: Wire) -> None:
    """What a change made of a headline is what the next one found, and the last is the headline of now."""
    wire.db.execute("BEGIN")
    wire.db.execute(
        "INSERT INTO revisions (entry_id, number, replaced_at, title, html, text, categories, enclosures, version) "
        "SELECT entry_id, 7, '2026-11-18T00:00:00Z', 'Between the two', html, text, categories, enclosures, 0 "
        "FROM revisions WHERE number = 1 AND entry_id = 4"
    )
    rows = wire.db.execute(
        "SELECT old_title, new_title, changed FROM story_changes WHERE entry_id = 4 ORDER BY number"
    ).fetchall()
    wire.db.execute("ROLLBACK")

    assert rows == [
        ("Dockers at Saltmouth begin strike over night shifts", "Between the two", "title url"),
        ("Between the two", "Dockers at Saltmouth strike for a second day", "title url"),
    ]


@pytest.mark.parametrize("view", sorted(EMPTY.view_names()))
def test_view_is_written_so_that_duckdb_reads_it(view: str) -> None:
    """It parses a view's text by its own grammar: tried with 1.4.4, each view gave there what it gives here."""
    sql = re.sub(r"--.*", "", str(EMPTY[view].schema))

    for odd in (r"\bIS (?:NOT )?(?!NOT\b|NULL\b)", r"\bCROSS JOIN \w+ \w+ ON\b", r"\bdate\([^()]*,"):
        assert not re.search(odd, sql), odd


@pytest.mark.parametrize("view", sorted(EMPTY.view_names()))
def test_view_calls_nothing_that_may_do_harm(wire: Wire, view: str) -> None:
    """Whoever reads a file that he does not trust has SQLite refuse such functions in views."""
    with closing(sqlite3.connect(f"file:{wire.path}?mode=ro", uri=True)) as conn:
        conn.execute("PRAGMA trusted_schema = OFF")

        assert conn.execute(f"SELECT * FROM {view}").fetchall()
