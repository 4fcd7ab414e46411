"""Search the archive: the query language of rules and topics, newest first. IO: sqlite."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlite_utils import Database

from db.archive import sqlite_name
from db.query_faults import SlowError
from db.query_names import Names
from db.query_sql import newest
from db.query_tree import Query

MAX_SEARCH_S = 20.0
"""A search that takes longer is broken off; on a million stories hardly any takes more than one."""

STEPS = 1000
"""Of SQLite's machine, between two looks at the clock."""


@contextmanager
def limited(db: Database, seconds: float) -> Iterator[None]:
    """Break off what the body asks of ``db`` when it takes too long. Raises SlowError, a QueryError, then."""
    until = time.monotonic() + seconds
    db.conn.set_progress_handler(lambda: time.monotonic() > until, STEPS)
    try:
        yield
    except sqlite3.OperationalError as error:
        if sqlite_name(error) != "INTERRUPT":
            raise
        problem = f"it takes longer than {seconds:g} s to answer this"
        raise SlowError(f"{problem}; make its words longer, or add what is rare, such as seen:>=now-30d") from None
    finally:
        db.conn.set_progress_handler(None, 0)


def search(
    db: Database, query: Query, now: str, limit: int, offset: int = 0, *, limit_s: float = MAX_SEARCH_S
) -> list[dict[str, Any]]:
    """Find the stories that ``query`` takes, newest first → a dict each, with its sources in order of first sight.

    Raises QueryError where that takes longer than ``limit_s``.
    """
    sql, params = newest(query, now)
    with limited(db, limit_s):
        return stories_told(db, [id_ for (id_,) in db.execute(sql, [*params, limit, offset])])


def stories_told(db: Database, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Read stories for a list of them, newest first."""
    rows = db.query(
        """
        SELECT st.id AS story_id, st.title AS title, st.url AS url, st.language AS language,
               st.published AS published, st.first_seen AS first_seen, st.updated AS updated,
               (SELECT json_group_array(config_id) FROM (
                  SELECT DISTINCT s.config_id FROM entries e JOIN sources s ON s.id = e.source_id
                  WHERE e.story_id = st.id ORDER BY e.id)) AS sources,
               (SELECT json_group_array(tag) FROM (
                  SELECT DISTINCT t.kind || ':' || t.name AS tag FROM story_tags x JOIN tags t ON t.id = x.tag_id
                  WHERE x.story_id = st.id ORDER BY tag)) AS tags
        FROM stories st WHERE st.id IN (SELECT value FROM json_each(?)) ORDER BY st.id DESC
        """,
        [json.dumps(list(ids))],
    )
    return [{**row, "sources": json.loads(row["sources"]), "tags": json.loads(row["tags"])} for row in rows]


def with_archived(db: Database, names: Names) -> Names:
    """Add what the archive knows to what a query can name: its tag kinds, its sources."""
    return replace(
        names,
        kinds=names.kinds | {kind for (kind,) in db.execute("SELECT DISTINCT kind FROM tags")},
        all_sources=True,
        sources=(names.sources or frozenset()) | {id_ for (id_,) in db.execute("SELECT config_id FROM sources")},
    )
