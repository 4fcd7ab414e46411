"""Where a regroup of the archive stands, and what it reads and clears there, a little at a time. IO: sqlite.

It goes through the entries of the index's window (``texts``), then through all stories (``stories``), each from the
oldest on, and then throws away the events that were there before (``sweep``). How far it has come is written with what
it did, in one transaction, so that it can be broken off anywhere. Meanwhile polls go on: while stories are gone
through they give no events, since the regroup will come to their stories too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlite_utils import Database

Stage = Literal["texts", "stories", "sweep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far a regroup has come: the columns of ``grouping`` (see ``db/grouping_schema.py``)."""

    stage: Stage | None
    since: int
    done: int
    old_events: int


def standing(db: Database) -> Standing:
    """Read how far the regroup has come that is under way; ``stage`` is None where none is."""
    ((stage, since, done, old),) = db.execute("SELECT stage, since, done, old_events FROM grouping").fetchall()
    return Standing(stage=stage, since=since, done=done, old_events=old)


def gives_events(db: Database) -> bool:
    """Tell whether polls give their stories events, and what is old is forgotten: not while a regroup does that."""
    return standing(db).stage != "stories"


def write_standing(db: Database, now: Standing) -> None:
    """Write how far it has come."""
    db.execute(
        "UPDATE grouping SET stage = ?, since = ?, done = ?, old_events = ?",
        [now.stage, now.since, now.done, now.old_events],
    )


def begin(db: Database, since_time: str, *, comparing: bool) -> Standing:
    """Begin, with the entries first seen since then; where nothing is compared, the index is empty from now on."""
    since = first_since(db, since_time)
    if not comparing:
        db.execute("DELETE FROM shingles")
        db.execute("DELETE FROM prints")
    made = Standing(stage="texts", since=since, done=since - 1, old_events=0)
    write_standing(db, made)
    return made


def begin_stories(db: Database, now: Standing) -> Standing:
    """Go on to the stories: events begin anew, and so does the learning of words."""
    for table in ("event_terms", "term_counts", "unlearned"):
        db.execute(f"DELETE FROM {table}")
    db.execute("UPDATE grouping SET learned = 0")
    ((last,),) = db.execute("SELECT coalesce(max(id), 0) FROM events").fetchall()
    made = replace(now, stage="stories", done=0, old_events=last)
    write_standing(db, made)
    return made


def sweep(db: Database, now: Standing, most: int) -> bool:
    """Throw away some events that were there before → whether there may be more."""
    cursor = db.execute(
        "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE id <= ? ORDER BY id LIMIT ?)",
        [now.old_events, most],
    )
    return cursor.rowcount >= most


def finish(db: Database, now: Standing, version: int) -> None:
    """Note that the index is whole, and of this version, and for the publisher that all topics name other events.

    So do their archive pages.
    """
    db.execute("UPDATE grouping SET version = ?, indexed_from = ?", [version, now.since])
    db.execute("UPDATE topics SET changes = changes + 1")
    db.execute(
        "UPDATE archive_pages SET changes = changes + 1 "
        "WHERE topic_id IN (SELECT id FROM topics WHERE removed_at IS NULL)"
    )
    write_standing(db, Standing(stage=None, since=0, done=0, old_events=0))


def stamp(db: Database, version: int, *, comparing: bool) -> None:
    """Note by which version texts are compared from now on, if they are, and that those from before are not.

    An index that is there already is of the version that it was begun with.
    """
    if comparing:
        db.execute(
            "UPDATE grouping SET version = ?, indexed_from = (SELECT coalesce(max(id), 0) + 1 FROM entries) "
            "WHERE version = 0",
            [version],
        )
    else:
        db.execute("UPDATE grouping SET version = 0 WHERE version <> 0")


def status(db: Database, version: int, since_time: str) -> dict[str, Any]:
    """Read how the index of copies and events does, with notes on what is wrong, each with the mend.

    ``version`` is what would make it now, entries first seen before ``since_time`` need not be in it.
    """
    ((made_by, indexed_from, stage),) = db.execute("SELECT version, indexed_from, stage FROM grouping").fetchall()
    ((indexed,),) = db.execute("SELECT count(*) FROM prints").fetchall()
    lacking = max(0, indexed_from - first_since(db, since_time))  # of the recent ones none is ever deleted
    notes = []
    if stage is not None:
        notes.append("a regroup is under way, or was broken off: `wireroom regroup` goes on, or the daemon, slowly")
    elif made_by not in (0, version):
        notes.append("the index of copies and events is of another version: `wireroom regroup` makes it anew")
    elif made_by and lacking:
        notes.append(f"{lacking} recent entries are compared with none that come: `wireroom regroup` mends that")
    return {"indexed": indexed, "lacking": lacking, "version": made_by, "regrouping": stage, "notes": notes}


def first_since(db: Database, time: str) -> int:
    """Find the first entry that was seen since then → its id, or the next free one: ids rise with first sight."""
    ((low, high),) = db.execute(  # apart: of both at once SQLite reads every row
        "SELECT (SELECT coalesce(min(id), 1) FROM entries), (SELECT coalesce(max(id), 0) + 1 FROM entries)"
    ).fetchall()
    while low < high:
        middle = (low + high) // 2
        id_, seen = db.execute(
            "SELECT id, first_seen FROM entries WHERE id >= ? ORDER BY id LIMIT 1", [middle]
        ).fetchone()
        if seen < time:
            low = id_ + 1
        else:
            high = middle
    return int(low)


def last_ids(db: Database) -> tuple[int, int]:
    """Read the ids of the newest entry and of the newest story."""
    ((entry, story),) = db.execute(
        "SELECT (SELECT coalesce(max(id), 0) FROM entries), (SELECT coalesce(max(id), 0) FROM stories)"
    ).fetchall()
    return int(entry), int(story)


def clear_event(db: Database, stories: Sequence[int]) -> None:
    """Take stories out of the events that they are in."""
    db.conn.executemany(
        "UPDATE stories SET event_id = NULL, event_score = NULL, event_words = NULL "
        "WHERE id = ? AND event_id IS NOT NULL",
        [(id_,) for id_ in stories],
    )


def close_events(db: Database, now: Standing, before: str) -> None:
    """End the new events that had no story since then, as time goes on."""
    over = db.execute(
        "SELECT id FROM events WHERE id > ? AND length(terms) > 0 AND last_seen < ?", [now.old_events, before]
    ).fetchall()
    db.conn.executemany("DELETE FROM event_terms WHERE event_id = ?", over)
    db.conn.executemany("UPDATE events SET terms = x'' WHERE id = ?", over)
