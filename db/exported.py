"""The stories of a query as rows, newest first, each with its text, sources and tags. IO: sqlite."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import islice
from typing import Any

from sqlite_utils import Database

from db.query_sql import newest
from db.query_tree import Query
from db.search import stories_told

COLUMNS = (
    *("story_id", "title", "url", "language", "published", "first_seen", "updated"),
    *("sources", "tags", "event_id", "words", "text"),
)
AT_ONCE = 500


def story_ids(db: Database, query: Query, now: str) -> Iterator[int]:
    """Find the living stories that a query takes, newest first. Raises sqlite3.Error."""
    sql, params = newest(query, now)
    for (id_,) in db.execute(sql, [*params, -1, 0]):
        yield id_


def exported_stories(db: Database, query: Query, now: str) -> Generator[list[Any], None, None]:
    """Read them → their rows by ``COLUMNS``; as of one moment, whatever comes in meanwhile. Raises sqlite3.Error."""
    db.execute("BEGIN")
    try:
        ids = story_ids(db, query, now)
        while some := list(islice(ids, AT_ONCE)):
            more = {
                id_: {"event_id": event, "words": words, "text": text}
                for id_, event, words, text in db.execute(
                    f"SELECT id, event_id, words, text FROM stories WHERE id IN ({', '.join('?' * len(some))})", some
                )
            }
            for row in stories_told(db, some):
                told = row | more[row["story_id"]]
                yield [told[name] for name in COLUMNS]
    finally:
        db.execute("ROLLBACK")
