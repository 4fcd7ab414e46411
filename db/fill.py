"""What a topic that is new is filled with: the newest stories of the archive that it takes. IO: sqlite."""

from __future__ import annotations

import json

from sqlite_utils import Database

from db.apart import heads
from db.index import index_stories
from db.members import members_of
from db.model import Dedupe, belongs
from db.query_sql import newest
from db.query_tree import Query

PAGE, PAGES = 1000, 20
"""Of a topic with one item for each event so many matches are looked at, a page at a time, to find ``limit`` events."""


def filling(
    db: Database, query: Query, limit: int, now: str, *, dedupe: Dedupe = "copies", same_event: float | None = None
) -> list[tuple[int, int | None]]:
    """Find what fills a topic → (story, and its entry where the topic shows copies apart), the newest last.

    Stories that are kept out of all topics are left out. ``same_event``: of an event only the newest story is taken,
    and others where they are less alike to it than this.
    """
    index_stories(db)  # those of the polls before us in this transaction
    sql, params = newest(query, now)
    found: list[int] = []
    events: set[int] = set()
    for page in range(PAGES):
        ids = [story_id for (story_id,) in db.execute(sql, [*params, max(PAGE, limit), page * max(PAGE, limit)])]
        rows = {
            id_: (event, score)
            for id_, event, score in db.execute(
                "SELECT id, event_id, event_score FROM stories "
                "WHERE id IN (SELECT value FROM json_each(?)) AND withheld IS NULL",
                [json.dumps(ids)],
            )
        }
        for story in ids:
            if story not in rows or len(found) == limit:
                continue
            event, score = rows[story]
            if same_event is not None and event is not None and belongs(score, same_event):
                if event in events:
                    continue
                events.add(event)
            found.append(story)
        if len(found) == limit or len(ids) < max(PAGE, limit):
            break
    stories = found[::-1]
    if dedupe == "copies":
        return [(story, None) for story in stories]
    members = members_of(db, stories)
    items: list[tuple[int, int | None]] = [
        (story, head) for story in stories for head in set(heads(members[story], dedupe).values())
    ]
    return sorted(items, key=lambda item: item[1] or 0)
