"""What a query would take from the archive: how many stories, on which days, of which sources; and what that changes.

IO: sqlite.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from db.query_sql import compile_query
from db.query_tree import Query
from db.search import stories_told
from db.times import iso

TAKEN = """
WITH taken AS MATERIALIZED (
  SELECT id, substr(first_seen, 1, 10) AS day, withheld FROM stories
  WHERE merged_into IS NULL AND first_seen >= ? AND ({where})
), shown AS MATERIALIZED (SELECT id, day FROM taken WHERE withheld IS NULL)
SELECT 'day', day, count(*) FROM shown GROUP BY day
UNION ALL SELECT 'withheld', withheld, count(*) FROM taken WHERE withheld IS NOT NULL GROUP BY withheld
UNION ALL SELECT 'source', s.config_id, n FROM (
  SELECT e.source_id AS source_id, count(DISTINCT e.story_id) AS n
  FROM shown JOIN entries e ON e.story_id = shown.id GROUP BY e.source_id) JOIN sources s ON s.id = source_id
UNION ALL SELECT 'newest', id, 0 FROM (SELECT id FROM shown ORDER BY id DESC LIMIT ?)
"""

CHANGE = """
WITH taken AS MATERIALIZED (
  SELECT id FROM stories WHERE merged_into IS NULL AND withheld IS NULL AND first_seen >= ? AND ({where})
), has AS MATERIALIZED (
  SELECT DISTINCT st.id AS id FROM selections x JOIN stories st ON st.id = x.story_id
  WHERE x.topic_id = ? AND x.left_at IS NULL AND st.merged_into IS NULL AND st.withheld IS NULL AND st.first_seen >= ?
), enters AS MATERIALIZED (SELECT id FROM taken EXCEPT SELECT id FROM has),
leaves AS MATERIALIZED (SELECT id FROM has EXCEPT SELECT id FROM taken)
SELECT 'selected', count(*) FROM has
UNION ALL SELECT 'enters', count(*) FROM enters
UNION ALL SELECT 'leaves', count(*) FROM leaves
UNION ALL SELECT 'entering', id FROM (SELECT id FROM enters ORDER BY id DESC LIMIT ?)
UNION ALL SELECT 'leaving', id FROM (SELECT id FROM leaves ORDER BY id DESC LIMIT ?)
"""


def preview(db: Database, query: Query, since: datetime, now: datetime, limit: int) -> dict[str, Any]:
    """Ask what ``query`` takes of the stories first seen since then → values for JSON, with the newest ``limit``.

    Withheld stories are counted apart: no topic takes them.
    """
    where = compile_query(query, iso(now))
    rows = db.execute(TAKEN.format(where=where.sql), [iso(since), *where.params, limit]).fetchall()
    days = {day: count for what, day, count in rows if what == "day"}
    sources = sorted(
        ((count, name) for what, name, count in rows if what == "source"), key=lambda one: (-one[0], one[1])
    )
    return {
        "since": iso(since),
        "stories": sum(days.values()),
        "withheld": {how: count for what, how, count in rows if what == "withheld"},
        "days": [{"day": day, "stories": days.get(day, 0)} for day in each_day(since.date(), now.date())],
        "sources": [{"source": name, "stories": count} for count, name in sources],
        "newest": stories_told(db, [id_ for what, id_, _ in rows if what == "newest"]),
    }


def change(db: Database, query: Query, topic: str, since: datetime, now: datetime, limit: int) -> dict[str, Any] | None:
    """Compare what ``query`` takes with what the topic of this config id has selected: of stories seen since then.

    None where the archive does not know the topic yet.
    """
    found = db.execute("SELECT id FROM topics WHERE config_id = ? AND removed_at IS NULL", [topic]).fetchone()
    if found is None:
        return None
    where = compile_query(query, iso(now))
    rows = db.execute(
        CHANGE.format(where=where.sql), [iso(since), *where.params, found[0], iso(since), limit, limit]
    ).fetchall()

    def examples(what: str) -> list[dict[str, Any]]:
        return stories_told(db, [id_ for name, id_ in rows if name == what])

    counts = {name: number for name, number in rows if name in ("selected", "enters", "leaves")}
    return {**counts, "entering": examples("entering"), "leaving": examples("leaving")}


def each_day(first: date, last: date) -> Sequence[str]:
    """List the days from one to another, both included."""
    return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
