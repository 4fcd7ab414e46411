"""Of two selections of stories that are one now, the one that subscribers know is the one that stays. IO: sqlite."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlite_utils import Database


def trade_for_shown(db: Database, kept: int, gone: int) -> list[list[int]]:
    """Have the selections of two stories trade places where a topic has both and shows the younger one's only.

    → the ids of those that were shown, each with that of the other.
    """
    shown = "({0}.archived = 0 AND {0}.left_at IS NULL)"
    pairs = db.execute(
        "SELECT x.id, y.id FROM selections x JOIN selections y ON y.topic_id = x.topic_id "
        "AND coalesce(y.entry_id, 0) = coalesce(x.entry_id, 0) WHERE x.story_id = ? AND y.story_id = ? "
        f"AND {shown.format('x')} AND NOT {shown.format('y')}",
        [gone, kept],
    ).fetchall()
    for one, other in pairs:
        trade(db, one, other)
    return [list(pair) for pair in pairs]


def trade_back(
    db: Database, pairs: Iterable[Sequence[int]], stories: Collection[int], other_stories: Collection[int]
) -> None:
    """Have selections that traded places do so again, those of which each is still in one of its stories."""
    for one, other in pairs:
        where = dict(db.execute("SELECT id, story_id FROM selections WHERE id IN (?, ?)", [one, other]).fetchall())
        if where.get(one) in stories and where.get(other) in other_stories:
            trade(db, one, other)


def trade(db: Database, one: int, other: int) -> None:
    """Have two selections trade stories. No story may have two of them, not even for a moment."""
    ((story,),) = db.execute("SELECT story_id FROM selections WHERE id = ?", [one]).fetchall()
    (row,) = db.query("SELECT * FROM selections WHERE id = ?", [other])
    db.execute("DELETE FROM selections WHERE id = ?", [other])
    db.execute("UPDATE selections SET story_id = ? WHERE id = ?", [row["story_id"], one])
    row["story_id"] = story
    marks = ", ".join("?" * len(row))
    db.execute(f"INSERT INTO selections ({', '.join(row)}) VALUES ({marks})", list(row.values()))
