"""Where a story stands in topics after a person's word: brought to the front, taken out, put back. IO: sqlite.

Nothing is deleted: an item that leaves a topic keeps its id, and comes back under it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import TypedDict

from sqlite_utils import Database

from db.merge import ids

Places = Collection[tuple[int, int]]
"""(topic, story)"""

OF_PLACES = (
    "(topic_id, story_id) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1))"
)


class Moved(TypedDict, total=False):
    """What a decision did to selections, by their ids: for its undoing.

    ``left``: taken out; ``returned``: with the time at which they had left; ``fronted``: out of the archive of their
    topic; ``archived``: into it again.
    """

    left: list[int]
    returned: list[tuple[int, str]]
    fronted: list[int]
    archived: list[int]


def unselected_pins(db: Database, story_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Find where stories are pinned in a topic that has not selected them → (topic, story)."""
    rows = db.execute(
        "SELECT DISTINCT m.topic_id, m.story_id FROM marks m JOIN stories st ON st.id = m.story_id "
        "WHERE m.kind = 'pin' AND m.story_id IN (SELECT value FROM json_each(?)) AND st.withheld IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM selections x WHERE x.topic_id = m.topic_id AND x.story_id = m.story_id) "
        "ORDER BY 1, 2",
        [json.dumps(list(story_ids))],
    )
    return [(topic, story) for topic, story in rows]


def move(db: Database, decision_id: int, *, gained: Places, pinned: Places, lost: Places, now: str) -> None:
    """Have topics show again what they took before and take now, show what is pinned, and leave out what they lost.

    What that changes is noted with the decision. Of an unpin: only what a pin brought is lost, and what it took out of
    the archive of a topic goes there again.
    """
    shown = json.dumps([*gained, *pinned])
    left = db.execute(
        f"SELECT id, left_at FROM selections WHERE {OF_PLACES} AND left_at IS NOT NULL", [shown]
    ).fetchall()
    out = ids(db, f"SELECT id FROM selections WHERE {OF_PLACES} AND left_at IS NULL", json.dumps([*lost]))
    front = ids(db, f"SELECT id FROM selections WHERE {OF_PLACES} AND archived = 1", json.dumps([*pinned]))
    back: list[int] = []
    if (pins := pins_taken_back(db, decision_id)) is not None:
        brought = {id_ for was, made in pins for id_ in (*made, *(id_ for id_, _ in was.get("returned", [])))}
        out = [id_ for id_ in out if id_ in brought]
        back = sorted({id_ for was, _ in pins for id_ in was.get("fronted", [])})
    moved = Moved(left=out, returned=[(id_, at) for id_, at in left], fronted=front, archived=back)
    set_left(db, [(id_, None) for id_, _ in moved["returned"]])
    set_left(db, [(id_, now) for id_ in out])
    archive(db, front, 0)
    archive(db, back, 1)
    db.execute("UPDATE decisions SET was = ? WHERE id = ?", [json.dumps(moved), decision_id])


def pins_taken_back(db: Database, decision_id: int) -> list[tuple[Moved, list[int]]] | None:
    """Read what the pins did that an unpin takes back, and the selections that they made; None: it is no unpin."""
    if db.execute("SELECT 1 FROM mark_log WHERE decision_id = ? AND kind = 'unpin'", [decision_id]).fetchone() is None:
        return None
    rows = db.execute(
        "SELECT d.was, d.selections FROM mark_log u JOIN mark_log p ON p.story_id = u.story_id AND p.kind = 'pin' "
        "AND p.topic_id = u.topic_id AND p.id < u.id JOIN decisions d ON d.id = p.decision_id WHERE u.decision_id = ?",
        [decision_id],
    ).fetchall()
    return [(json.loads(was), json.loads(made)) for was, made in rows]


def move_back(db: Database, decision_id: int, taken: Places, now: str) -> None:
    """Put selections back to where they were before a decision, which is undone.

    What it brought into topics leaves them, but for what they take by now without it: ``taken``.
    """
    ((was, made),) = db.execute("SELECT was, selections FROM decisions WHERE id = ?", [decision_id]).fetchall()
    moved: Moved = json.loads(was)
    set_left(db, [(id_, None) for id_ in moved.get("left", [])])
    set_left(db, [(id_, left_at) for id_, left_at in moved.get("returned", [])])
    archive(db, moved.get("fronted", []), 1)
    archive(db, moved.get("archived", []), 0)
    db.execute(
        f"UPDATE selections SET left_at = ?3 WHERE NOT {OF_PLACES} "
        "AND id IN (SELECT value FROM json_each(?2)) AND left_at IS NULL",
        [json.dumps([*taken]), made, now],
    )


def set_left(db: Database, rows: Sequence[tuple[int, str | None]]) -> None:
    """Write since when selections have left their topics; None: they have not."""
    db.conn.executemany("UPDATE selections SET left_at = ?2 WHERE id = ?1", rows)


def archive(db: Database, selections: Sequence[int], archived: int) -> None:
    """Put selections into their topics' archives, 1, or take them out, 0."""
    db.conn.executemany("UPDATE selections SET archived = ?2 WHERE id = ?1", [(id_, archived) for id_ in selections])
