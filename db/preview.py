"""What a query would take from the archive: how many stories, on which days, of which sources; and what that changes.

IO: sqlite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from db.query_sql import OF_TAGS, OF_TEXT, Compiled, compile_query
from db.query_tree import Query
from db.search import limited, stories_told
from db.times import iso

MAX_S = 60.0
"""A preview that takes longer is broken off. Of a million stories of a year most take 0.3 to 2.6 seconds of CPU."""

SINCE = "first_seen >= ? AND id NOT IN (SELECT id FROM stories WHERE merged_into IS NOT NULL) AND"
"""No row of ``stories`` is read for it: its text stands before these columns, and would be read too."""

TAKEN = """
WITH taken AS MATERIALIZED (SELECT id, substr(first_seen, 1, 10) AS day FROM stories WHERE {since} ({where})),
shut AS MATERIALIZED (SELECT id, withheld FROM stories WHERE withheld IS NOT NULL AND +id IN (SELECT id FROM taken)),
shown AS MATERIALIZED (SELECT id, day FROM taken WHERE id NOT IN (SELECT id FROM shut))
SELECT 'day', day, count(*) FROM shown GROUP BY day
UNION ALL SELECT 'withheld', withheld, count(*) FROM shut GROUP BY withheld
UNION ALL SELECT 'source', s.config_id, n FROM (
  SELECT e.source_id AS source_id, count(DISTINCT e.story_id) AS n
  FROM shown CROSS JOIN entries e ON e.story_id = shown.id GROUP BY e.source_id) JOIN sources s ON s.id = source_id
UNION ALL SELECT 'newest', id, 0 FROM (SELECT id FROM shown ORDER BY id DESC LIMIT ?)
"""

CHANGE = """
WITH shut AS MATERIALIZED (SELECT id FROM stories WHERE withheld IS NOT NULL),
taken AS MATERIALIZED (SELECT id FROM stories WHERE {since} ({where})),
has AS MATERIALIZED (
  SELECT DISTINCT id FROM stories WHERE {since} id IN (
    SELECT x.story_id FROM selections x WHERE x.topic_id = ? AND x.left_at IS NULL)),
enters AS MATERIALIZED (SELECT id FROM taken EXCEPT SELECT id FROM has EXCEPT SELECT id FROM shut),
leaves AS MATERIALIZED (SELECT id FROM has EXCEPT SELECT id FROM taken EXCEPT SELECT id FROM shut)
SELECT 'selected', count(*) FROM has WHERE id NOT IN (SELECT id FROM shut)
UNION ALL SELECT 'enters', count(*) FROM enters
UNION ALL SELECT 'leaves', count(*) FROM leaves
UNION ALL SELECT 'entering', id FROM (SELECT id FROM enters ORDER BY id DESC LIMIT ?)
UNION ALL SELECT 'leaving', id FROM (SELECT id FROM leaves ORDER BY id DESC LIMIT ?)
"""

BOUNDED = {
    OF_TEXT: f"{OF_TEXT[:-1]} AND rowid >= {{first}})",
    OF_TAGS: f"{OF_TAGS} AND st.story_id >= {{first}}",
}
"""What a query looks up in all stories, and the same of those from a row on: rows rise with first sight."""


def asked(db: Database, query: Query, since: str, now: str) -> Compiled:
    """Compile a query that is asked of the stories first seen since then alone."""
    ((first,),) = db.execute("SELECT coalesce(min(+id), 0) FROM stories WHERE first_seen >= ?", [since])
    where = compile_query(query, now)
    sql = where.sql
    for everywhere, bounded in BOUNDED.items():
        sql = sql.replace(everywhere, bounded.format(first=int(first)))
    return replace(where, sql=sql)


def preview(
    db: Database, query: Query, since: datetime, now: datetime, limit: int, *, limit_s: float = MAX_S
) -> dict[str, Any]:
    """Ask what ``query`` takes of the stories first seen since then → values for JSON, with the newest ``limit``.

    Withheld stories are counted apart: no topic takes them. Raises QueryError where it takes longer than ``limit_s``.
    """
    with limited(db, limit_s):
        where = asked(db, query, iso(since), iso(now))
        sql = TAKEN.format(since=SINCE, where=where.sql)
        rows = db.execute(sql, [iso(since), *where.params, limit]).fetchall()
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


def change(
    db: Database, query: Query, topic: str, since: datetime, now: datetime, limit: int, *, limit_s: float = MAX_S
) -> dict[str, Any] | None:
    """Compare what ``query`` takes with what the topic of this config id has selected: of stories seen since then.

    None where the archive does not know the topic yet. Raises QueryError where it takes longer than ``limit_s``.
    """
    found = db.execute("SELECT id FROM topics WHERE config_id = ? AND removed_at IS NULL", [topic]).fetchone()
    if found is None:
        return None
    with limited(db, limit_s):
        where = asked(db, query, iso(since), iso(now))
        sql = CHANGE.format(since=SINCE, where=where.sql)
        params = [iso(since), *where.params, iso(since), found[0], limit, limit]
        rows = db.execute(sql, params).fetchall()

    def examples(what: str) -> list[dict[str, Any]]:
        return stories_told(db, [id_ for name, id_ in rows if name == what])

    counts = {name: number for name, number in rows if name in ("selected", "enters", "leaves")}
    return {**counts, "entering": examples("entering"), "leaving": examples("leaving")}


def each_day(first: date, last: date) -> Sequence[str]:
    """List the days from one to another, both included."""
    return [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
