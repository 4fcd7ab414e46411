"""Search the archive: the query language of rules and topics, newest first. IO: sqlite."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from sqlite_utils import Database

from db.query_names import Names
from db.query_sql import newest
from db.query_tree import Query


def search(db: Database, query: Query, now: str, limit: int, offset: int = 0) -> list[dict[str, Any]]:
    """Find the stories that ``query`` takes, newest first → a dict each, with its sources in order of first sight."""
    sql, params = newest(query, now)
    ids = [id_ for (id_,) in db.execute(sql, [*params, limit, offset])]
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
        [json.dumps(ids)],
    )
    return [{**row, "sources": json.loads(row["sources"]), "tags": json.loads(row["tags"])} for row in rows]


def with_archived(db: Database, names: Names) -> Names:
    """Add what the archive knows to what a query can name: its tag kinds, its sources."""
    return replace(
        names,
        kinds=names.kinds | {kind for (kind,) in db.execute("SELECT DISTINCT kind FROM tags")},
        sources=(names.sources or frozenset()) | {id_ for (id_,) in db.execute("SELECT config_id FROM sources")},
    )
