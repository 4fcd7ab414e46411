"""What a person said of stories, as it stands. IO: sqlite.

A mark follows its story into those that it goes into, and back; a lead goes where its entry goes. That, and what counts
where several come together, is worked out anew for the stories that were joined or taken apart.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlite_utils import Database

from db.last_word import standing
from db.recall import Mark

MARKS = (
    "SELECT m.id, m.kind, m.topic_id, t.kind, t.name, m.entry_id, d.by, m.story_id, m.stands, d.undone_at IS NULL "
    "FROM mark_log m JOIN decisions d ON d.id = m.decision_id LEFT JOIN tags t ON t.id = m.tag_id"
)


def marks_of(db: Database, story_ids: Collection[int]) -> Mapping[int, tuple[Mark, ...]]:
    """Read what counts of the marks of stories, oldest first; stories without any are left out."""
    found: defaultdict[int, list[Mark]] = defaultdict(list)
    for row in db.execute(
        f"{MARKS} WHERE m.story_id IN (SELECT value FROM json_each(?)) AND m.stands = 1 ORDER BY m.id",
        [json.dumps(list(story_ids))],
    ):
        found[row[7]].append(mark_of(row))
    return {story: tuple(marks) for story, marks in found.items()}


def mark_of(row: tuple[Any, ...]) -> Mark:
    """Make a mark of a row of MARKS."""
    id_, kind, topic, tag_kind, tag_name, entry, by, *_ = row
    tag = (tag_kind, tag_name) if tag_kind is not None else None
    return Mark(kind=kind, topic_id=topic, tag=tag, entry_id=entry, by=by, id=id_)


def settle_marks(db: Database, story_ids: Iterable[int]) -> None:
    """Have the marks of stories follow them to where they are now, and find anew which count there.

    To be called, with all stories that were touched, after they were joined or taken apart, and after marks were made
    or undone.
    """
    touched = json.dumps(list(story_ids))
    rows: list[tuple[int, int]] = db.execute(
        """
        SELECT id, coalesce(
            (SELECT e.story_id FROM entries e WHERE e.id = mark_log.entry_id),
            (WITH RECURSIVE way (id, next) AS (
                SELECT st.id, st.merged_into FROM stories st WHERE st.id = mark_log.said_of
                UNION ALL SELECT st.id, st.merged_into FROM way JOIN stories st ON st.id = way.next
            ) SELECT id FROM way WHERE next IS NULL))
        FROM mark_log WHERE story_id IN (SELECT value FROM json_each(?))
        """,
        [touched],
    ).fetchall()
    if not rows:
        return
    db.conn.executemany(
        "UPDATE mark_log SET story_id = ?1 WHERE id = ?2 AND story_id <> ?1", [(home, id_) for id_, home in rows]
    )
    marks: defaultdict[int, list[Mark]] = defaultdict(list)
    stood: dict[int, bool] = {}
    for row in db.execute(
        f"{MARKS} WHERE m.story_id IN (SELECT value FROM json_each(?))", [json.dumps([home for _, home in rows])]
    ):
        story, stands, is_said = row[7:]
        stood[row[0]] = bool(stands)
        if is_said:
            marks[story].append(mark_of(row))
    stand = {mark.id for said in marks.values() for mark in standing(said)}
    db.conn.executemany(
        "UPDATE mark_log SET stands = ? WHERE id = ?",
        [(id_ in stand, id_) for id_, was in stood.items() if was != (id_ in stand)],
    )


def marked(db: Database, decision_id: int) -> dict[str, Any]:
    """Tell what a decision's marks are about → ``topic`` (None: all, or none), ``tags``, and whether they count.

    Nothing for a decision that made no mark.
    """
    rows = db.execute(
        "SELECT c.config_id, t.kind || ':' || t.name, m.stands FROM mark_log m LEFT JOIN topics c ON c.id = m.topic_id "
        "LEFT JOIN tags t ON t.id = m.tag_id WHERE m.decision_id = ? ORDER BY m.id",
        [decision_id],
    ).fetchall()
    if not rows:
        return {}
    tags = [tag for _, tag, _ in rows if tag is not None]
    return {"topic": rows[0][0], "tags": tags, "stands": any(stands for *_, stands in rows)}
