"""The newest stories that a query takes, where words come with other parts: quick in a large archive. IO: sqlite.

Words that many stories have come out of the index newest first, and the other parts are asked of those alone. Where
that finds too few, the other parts' own indices lead, or the index of words: whichever has fewer stories, as far as
that can be told by looking at some of them. Each way gives the same stories.
"""

from __future__ import annotations

import json

from sqlite_utils import Database

from db.query_sql import OF_ENTRIES, OF_TAGS, OF_TEXT, Compiled, compile_query, fts, gathered
from db.query_tree import And, Author, Domain, OfEvent, Query, Source, Tag, When

LOOKED_AT = 300
"""Stories that have the words, newest first, of which the other parts are asked one by one."""
MANY_OF = 50
"""Words that more than one in so many stories has are asked for story by story, of those that another part gives."""

OF_ONE_TEXT = "EXISTS (SELECT 1 FROM stories_fts f WHERE f.rowid = stories.id AND f.stories_fts MATCH ?)"
OF_ONE = {
    OF_TAGS: f"{OF_TAGS} AND st.story_id = stories.id",
    OF_ENTRIES.partition("{}")[0]: f"{OF_ENTRIES.partition('{}')[0]}e.story_id = stories.id AND ",
    "(SELECT o.id FROM stories o WHERE ": "(SELECT o.id FROM stories o WHERE o.id = stories.id AND ",
}
"""What a query looks up in all stories, and the same of one of them."""


def newest_ids(db: Database, query: Query, now: str, living: str, before: int | None, limit: int) -> list[int] | None:
    """Find the newest stories by id, below ``before``, for which the SQL ``living`` holds; None: words play no part.

    ``limit``: so many are enough.
    """
    parts = gathered(query.parts, And) if isinstance(query, And) else []
    match = fts(parts[0]) if parts else None
    if match is None or len(parts) < 2:
        return None
    rest = compile_query(And(tuple(parts[1:])), now)
    hits = words_in(db, match, before, LOOKED_AT)
    sql = of_one(rest.sql)
    rows = db.execute(
        f"SELECT stories.id FROM json_each(?) h CROSS JOIN stories ON stories.id = h.value "
        f"WHERE ({sql}) AND {living} ORDER BY stories.id DESC LIMIT ?",
        [json.dumps(hits), *rest.params, limit],
    )
    found = [id_ for (id_,) in rows]
    if len(found) == limit or len(hits) < LOOKED_AT:
        return found
    leads = any(isinstance(part, Tag | Source | Author | Domain | OfEvent) or since(part) for part in parts[1:])
    many = leads and are_many(db, match)
    whole = Compiled(f"{OF_ONE_TEXT if many else OF_TEXT} AND ({rest.sql})", (match, *rest.params))
    rows = db.execute(
        f"SELECT stories.id FROM stories WHERE {whole.sql} AND stories.id < ? AND {living} ORDER BY stories.id DESC "
        "LIMIT ?",
        [*whole.params, hits[-1], limit - len(found)],
    )
    return found + [id_ for (id_,) in rows]


def words_in(db: Database, match: str, before: int | None, most: int) -> list[int]:
    """Find the newest stories that have the words, whatever else holds of them."""
    below, bound = ("", []) if before is None else ("AND rowid < ? ", [before])
    rows = db.execute(
        f"SELECT rowid FROM stories_fts WHERE stories_fts MATCH ? {below}ORDER BY rowid DESC LIMIT ?",
        [match, *bound, most],
    )
    return [id_ for (id_,) in rows]


def are_many(db: Database, match: str) -> bool:
    """Tell whether so many stories have the words that it is quicker to ask one after the other whether it has."""
    ((last,),) = db.execute("SELECT coalesce(max(id), 0) FROM stories").fetchall()
    most = last // MANY_OF
    ((count,),) = db.execute(
        "SELECT count(*) FROM (SELECT 1 FROM stories_fts WHERE stories_fts MATCH ? LIMIT ?)", [match, most]
    ).fetchall()
    return bool(count == most)


def since(part: Query) -> bool:
    """Tell whether a part is a time from which on."""
    return isinstance(part, When) and part.since is not None


def of_one(sql: str) -> str:
    """Have SQL be asked of one story at a time: what it looks up is then not gathered first."""
    for everywhere, one in OF_ONE.items():
        sql = sql.replace(everywhere, one)
    return sql
