"""The best stories of a query: those that answer it best among the newest that match. IO: sqlite.

Only the newest WITHIN matches are compared: they come out of the index in the order of their row ids, newest first, so
that it costs the same however many there are.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from sqlite_utils import Database

from db.found import newest_below, story_rows
from db.query_tree import And, Query
from db.reading import Best, Viewer
from db.relevance import Candidate, folded_for_count, scores
from db.term_spans import terms_of
from db.times import iso, parse_iso

WITHIN = 1000
LOOKED_AT = 2000
"""Characters of a text that are compared: what a report is about stands at its beginning."""

COLUMNS = (
    f"stories.id, stories.title, substr(stories.text, 1, {LOOKED_AT}), stories.folded_title, "
    f"substr(stories.folded_text, 1, {LOOKED_AT}), stories.words, stories.first_seen"
)
CURSOR = re.compile(r"(\d{1,18})\.(\d{8}T\d{6}Z)\.(\d{1,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a next page goes on: the ranking of the stories up to ``top`` as it was at ``at``, from ``offset`` on."""

    top: int
    at: str
    offset: int

    def __str__(self) -> str:
        """Write it as it stands in an address."""
        return f"{self.top}.{self.at.replace('-', '').replace(':', '')}.{self.offset}"


def read_cursor(text: str) -> Cursor | None:
    """Read what ``str`` of a cursor wrote; None where it is none."""
    match = CURSOR.fullmatch(text)
    if match is None:
        return None
    top, at, offset = match.groups()
    try:
        time = iso(parse_iso(f"{at[:4]}-{at[4:6]}-{at[6:11]}:{at[11:13]}:{at[13:]}"))
    except ValueError:
        return None
    return Cursor(int(top), time, int(offset))


def ranked(
    db: Database, query: Query | None, now: str, viewer: Viewer, *, below: int | None = None
) -> list[tuple[int, float]]:
    """Rank the newest WITHIN stories of a query whose ids are below ``below`` → (story, score), the best first."""
    sql, params = newest_below(query, now, viewer, below, COLUMNS)
    rows = db.execute(f"{sql} LIMIT ?", [*params, WITHIN]).fetchall()
    carried = dict(
        db.execute(
            "SELECT story_id, count(DISTINCT source_id) FROM entries "
            "WHERE story_id IN (SELECT value FROM json_each(?)) GROUP BY story_id",
            [json.dumps([row[0] for row in rows])],
        ).fetchall()
    )
    present = parse_iso(now)
    candidates = [
        Candidate(
            id=row[0],
            title=folded_for_count(row[1], row[3]),
            text=folded_for_count(row[2], row[4]),
            words=row[5] or 0,
            days=(present - parse_iso(row[6])).total_seconds() / 86_400,
            sources=carried.get(row[0], 1),
        )
        for row in rows
    ]
    found = zip((one.id for one in candidates), scores(candidates, terms_of(query or And(()))), strict=True)
    return sorted(found, key=lambda one: (-one[1], -one[0]))


def find_best(
    db: Database, query: Query | None, now: str, viewer: Viewer, *, limit: int = 30, cursor: Cursor | None = None
) -> Best:
    """Find stories, the best first; with a cursor, the page that follows it, of the same ranking.

    Stories that came in since the first page are on none of the others.
    """
    at = cursor.at if cursor is not None else now
    found = ranked(db, query, at, viewer, below=cursor.top + 1 if cursor is not None else None)
    top = cursor.top if cursor is not None else max((id_ for id_, _ in found), default=0)
    offset = cursor.offset if cursor is not None else 0
    page = [id_ for id_, _ in found[offset : offset + limit]]
    more = offset + limit < len(found)
    return Best(
        stories=story_rows(db, page, viewer),
        of=len(found),
        next=str(Cursor(top, at, offset + limit)) if more else None,
    )
