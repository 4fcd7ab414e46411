"""What a person said of stories: these two are one, this entry is none of it. No later run overrides it. IO: sqlite.

Runs inside the writer's transaction. A merge leaves a must link, a split cannot links, both between entries, which stay
the same whatever becomes of their stories. Tags and topics are asked anew by whoever calls.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlite_utils import Database

from db.marks import settle_marks
from db.merge import (
    MergeError,
    ids,
    lead_of_story,
    living,
    mend_lead,
    merge_stories,
    show_lead,
    split_entry,
    take_along,
    unmerge,
)
from db.topics import mark_changed_topics
from db.trade import trade_back

JOINING = ("merge", "split")
"""The kinds of decisions that are made here; all others are marks."""

JOINED = ("joined_by", "joined_to", "joined_score", "joined_words")
"""Of an entry's columns those that say why it is in its story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided, or undone: ``story_id`` lives on or was split, ``other_id`` went into it or came out of it.

    Of marks both are the story that was marked.
    """

    id: int
    kind: str
    story_id: int
    other_id: int
    entry_id: int | None


def decide_merge(db: Database, story_a: int, story_b: int, now: str, by: str | None = None) -> Decision:
    """Make two stories one, for good → the decision. Raises MergeError where they are one, or one is not there."""
    kept, gone = sorted((living(db, story_a), living(db, story_b)))
    if kept == gone:
        raise MergeError(
            f"{story_a} is one story: give another to merge it with"
            if story_a == story_b
            else f"stories {story_a} and {story_b} are one already: {kept}"
        )
    leads = lead_of_story(db, kept), lead_of_story(db, gone)
    merge = merge_stories(db, kept, gone, by="person", score=None, words=(), now=now)
    id_ = record(db, now, "merge", kept, gone, None, merge, {}, by)
    db.execute(
        "INSERT INTO links (entry_a, entry_b, kind, decision_id) VALUES (?, ?, 'must', ?)", [*sorted(leads), id_]
    )
    return Decision(id=id_, kind="merge", story_id=kept, other_id=gone, entry_id=None)


def decide_split(db: Database, story_id: int, entry_id: int, now: str, by: str | None = None) -> Decision:
    """Take an entry out of a story, for good → the decision. Raises MergeError (see ``split_entry``)."""
    story = living(db, story_id)
    was: dict[str, object] = {"lead": lead_of_story(db, story)}
    for row in db.query(f"SELECT {', '.join(JOINED)} FROM entries WHERE id = ?", [entry_id]):
        was |= row
    before = merges_alive(db, entry_id)
    new = split_entry(db, story, entry_id, now)
    taken_back = min(before - merges_alive(db, entry_id), default=None)
    id_ = record(db, now, "split", story, new, entry_id, taken_back, was, by)
    db.execute(
        "INSERT INTO links (entry_a, entry_b, kind, decision_id) "
        "SELECT min(id, ?1), max(id, ?1), 'cannot', ?2 FROM entries WHERE story_id = ?3",
        [entry_id, id_, story],
    )
    return Decision(id=id_, kind="split", story_id=story, other_id=new, entry_id=entry_id)


def undo(db: Database, decision_id: int | None, now: str, by: str | None = None) -> Decision:
    """Take back a decision, or the last one that stands → it. What joined a story since stays with the one that lives.

    Of marks (``db/curate.py``) only they themselves are taken back here: what they changed is the caller's to put back.
    Raises MergeError where there is none, it is undone already, or a later one builds on it.
    """
    decision = standing(db, decision_id)
    db.execute("UPDATE decisions SET undone_at = ?, undone_by = ? WHERE id = ?", [now, by, decision.id])
    if decision.kind not in JOINING:
        settle_marks(db, ids(db, "SELECT story_id FROM mark_log WHERE decision_id = ?", decision.id))
        return decision
    ((merge, was, selections),) = db.execute(
        "SELECT merge_id, was, selections FROM decisions WHERE id = ?", [decision.id]
    ).fetchall()
    if decision.kind == "merge":
        unmerge(db, merge, now)
    else:
        put_back(db, decision, merge, json.loads(was))
    mark_changed_topics(db, [decision.story_id, living(db, decision.story_id), decision.other_id])
    db.execute(
        "DELETE FROM selections WHERE id IN (SELECT value FROM json_each(?1)) "
        "AND (?2 <> 'split' OR story_id <> ?3 OR EXISTS (SELECT 1 FROM merges WHERE gone_id = ?3))",
        [selections, decision.kind, decision.other_id],
    )
    db.execute("DELETE FROM links WHERE decision_id = ?", [decision.id])
    return decision


def standing(db: Database, decision_id: int | None) -> Decision:
    """Find a decision that can be undone: this one, or the last. Raises MergeError."""
    found = db.execute(
        "SELECT id, kind, story_id, other_id, entry_id, undone_at FROM decisions "
        "WHERE id = ?1 OR (?1 IS NULL AND undone_at IS NULL) ORDER BY id DESC LIMIT 1",
        [decision_id],
    ).fetchone()
    if found is None:
        raise MergeError(
            "there is no decision to undo"
            if decision_id is None
            else f"there is no decision {decision_id}; `wireroom undo --list` shows them"
        )
    id_, kind, story, other, entry, undone_at = found
    if undone_at is not None:
        raise MergeError(f"decision {id_} was undone at {undone_at}")
    if kind not in JOINING:  # of marks each counts for itself
        return Decision(id=id_, kind=kind, story_id=story, other_id=other, entry_id=entry)
    touched = [other] if kind == "split" else [story, other]
    later = ids(
        db,
        "SELECT id FROM decisions WHERE id > ?1 AND undone_at IS NULL "
        "AND (?4 = 'split' OR kind IN ('merge', 'split')) AND (entry_id = ?2 "
        "OR story_id IN (SELECT value FROM json_each(?3)) OR other_id IN (SELECT value FROM json_each(?3)))",
        id_,
        entry,
        json.dumps(touched),
        kind,
    )
    if later:
        raise MergeError(f"decision {later[-1]} came after {id_} and builds on it: undo {later[-1]} first")
    return Decision(id=id_, kind=kind, story_id=story, other_id=other, entry_id=entry)


def put_back(db: Database, decision: Decision, merge_id: int | None, was: Mapping[str, object]) -> None:
    """Undo a split: the entry is again in the story that it was in, as it was; so is what joined it since.

    Where it had never been a story before, what topics selected of it stays behind, unseen: split off again, it has the
    same items.
    """
    kept, apart = living(db, decision.story_id), living(db, decision.other_id)
    if apart == decision.other_id and apart != kept:
        mark_changed_topics(db, [kept, apart])
        came = ids(db, "UPDATE entries SET story_id = ? WHERE story_id = ? RETURNING id", kept, apart)
        take_along(db, came, [apart], kept)
        db.execute("UPDATE stories SET merged_into = ? WHERE id = ?", [kept, apart])
    db.execute(
        f"UPDATE entries SET story_id = ?, {' = ?, '.join(JOINED)} = ? WHERE id = ?",
        [kept, *(was[column] for column in JOINED), decision.entry_id],
    )
    take_along(db, [int(str(decision.entry_id))], [apart], kept)
    settle_marks(db, [kept, apart])
    if merge_id is not None:
        db.execute("UPDATE merges SET undone_at = NULL WHERE id = ?", [merge_id])
        db.execute(
            "UPDATE OR IGNORE selections SET story_id = ?1 WHERE story_id = ?2 AND id IN "
            "(SELECT moved.value FROM merges m, json_each(m.selections) moved WHERE m.id = ?3)",
            [kept, decision.other_id, merge_id],
        )
        ((merged,),) = db.execute("SELECT was FROM merges WHERE id = ?", [merge_id]).fetchall()
        trade_back(db, json.loads(merged).get("traded", ()), [decision.other_id], [kept])
    if apart not in (kept, decision.other_id):  # a poll has joined it to a third story, which stays
        mend_lead(db, apart, None)
    if was["lead"] == decision.entry_id:
        show_lead(db, kept, int(str(was["lead"])))


def record(
    db: Database,
    now: str,
    kind: str,
    story: int,
    other: int,
    entry: int | None,
    merge: int | None,
    was: Mapping[str, object],
    by: str | None,
) -> int:
    """Write the row of a decision → its id."""
    ((id_,),) = db.execute(
        "INSERT INTO decisions (at, kind, story_id, other_id, entry_id, merge_id, was, by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        [now, kind, story, other, entry, merge, json.dumps(was, ensure_ascii=False), by],
    ).fetchall()
    return int(id_)


def merges_alive(db: Database, entry_id: int) -> frozenset[int]:
    """Read the merges by which this entry came, that are not undone."""
    sql = "SELECT id FROM merges WHERE undone_at IS NULL AND entries = json_array(?)"
    return frozenset(ids(db, sql, entry_id))


def note_selections(db: Database, decision_id: int, selections: Collection[int]) -> None:
    """Note which selections topics made because of a decision: they go with it, where it is undone."""
    db.execute("UPDATE decisions SET selections = ? WHERE id = ?", [json.dumps(sorted(selections)), decision_id])


def divided(db: Database, pairs: Collection[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """Find the pairs of living stories that a person keeps apart: no run may make one of them."""
    if not pairs or db.execute("SELECT 1 FROM links WHERE kind = 'cannot' LIMIT 1").fetchone() is None:
        return frozenset()
    rows = db.execute(
        """
        WITH pairs AS (SELECT json_extract(value, '$[0]') AS a, json_extract(value, '$[1]') AS b FROM json_each(?))
        SELECT DISTINCT p.a, p.b FROM pairs p
        JOIN entries x ON x.story_id IN (p.a, p.b)
        JOIN links l ON l.entry_a = x.id AND l.kind = 'cannot'
        JOIN entries y ON y.id = l.entry_b
        WHERE x.story_id <> y.story_id AND y.story_id IN (p.a, p.b)
        """,
        [json.dumps(list(pairs))],
    )
    return frozenset((a, b) for a, b in rows)
