"""Stories that turned out to be one are joined, and taken apart again. IO: sqlite.

Runs inside the writer's transaction. The older id lives; the row of the younger stays, and says into which it went.
What moved is written down, so that it can move back. Tags and topics are asked anew by whoever calls.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from db.gone import gone_at
from db.marks import settle_marks
from db.recall import JoinedBy
from db.text import count_words, folded
from db.topics import mark_changed_topics
from db.trade import trade_back, trade_for_shown


class MergeError(ValueError):
    """What is asked of stories can't be done; the text says why, and the mend."""


def living(db: Database, story_id: int) -> int:
    """Follow the merges of a story → the id of the one that it is now. Raises MergeError where there is none."""
    return way(db, story_id)[-1]


def way(db: Database, story_id: int) -> list[int]:
    """List a story, the one that it went into, the one that that went into … Raises MergeError for no such story."""
    rows = db.execute(
        "WITH RECURSIVE way (id, next, step) AS (SELECT id, merged_into, 0 FROM stories WHERE id = ? "
        "UNION ALL SELECT st.id, st.merged_into, way.step + 1 FROM way JOIN stories st ON st.id = way.next) "
        "SELECT id FROM way ORDER BY step",
        [story_id],
    ).fetchall()
    if not rows:
        if (at := gone_at(db, story_id)) is not None:
            raise MergeError(f"story {story_id} was pruned at {at}, by what [keep] says; nothing is left of it")
        raise MergeError(f"there is no story {story_id}; `wireroom search` shows the ids")
    return [id_ for (id_,) in rows]


def merge_stories(
    db: Database,
    kept_id: int,
    gone_id: int,
    *,
    by: JoinedBy,
    score: float | None,
    words: Sequence[str],
    now: str,
    lead: int | None = None,
) -> int:
    """Make two stories one → the id of the row in ``merges``.

    Stories that were merged before are followed, and the older of the two lives, whichever is called ``kept_id``.
    ``lead``: the entry that leads from now on, if it is another. A selection of the younger one moves where the topic
    has none of the older; otherwise it stays behind and is shown no more: who has subscribed has seen the story. But
    where only the younger one's is shown, the other being archived or left, that one stays behind.
    Neither moves ``stories.updated``. Raises MergeError where they are one story already.
    """
    kept, gone = sorted((living(db, kept_id), living(db, gone_id)))
    if kept == gone:
        raise MergeError(f"stories {kept_id} and {gone_id} are one already: {kept}")
    was: dict[str, Any] = {"lead": lead_of_story(db, kept), "firsts": firsts(db, gone)}
    told = json.dumps(list(words), ensure_ascii=False) if words else None
    db.execute(
        "UPDATE entries SET joined_by = ?, joined_score = ?, joined_words = ?, joined_to = ? "
        "WHERE story_id = ? AND joined_by = 'first'",
        [by, score, told, was["lead"] if by == "person" else None, gone],  # a third entry showed it, whichever
    )
    if traded := trade_for_shown(db, kept, gone):
        was["traded"] = traded
    entries, selections = swallow(db, kept, gone)
    if lead is not None:
        show_lead(db, kept, lead)
    ((id_,),) = db.execute(
        "INSERT INTO merges (at, kept_id, gone_id, by, score, words, entries, selections, was) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        [
            now,
            kept,
            gone,
            by,
            score,
            told,
            json.dumps(entries),
            json.dumps(selections),
            json.dumps(was),
        ],
    ).fetchall()
    return int(id_)


def swallow(db: Database, kept: int, gone: int) -> tuple[list[int], list[int]]:
    """Move all of a living story into another → the entries and the selections that moved."""
    mark_changed_topics(db, [kept, gone])
    entries = ids(db, "UPDATE entries SET story_id = ?1 WHERE story_id = ?2 RETURNING id", kept, gone)
    selections = ids(
        db,
        "UPDATE selections SET story_id = ?1 WHERE story_id = ?2 AND NOT EXISTS (SELECT 1 FROM selections other "
        "WHERE other.topic_id = selections.topic_id AND other.story_id = ?1 "
        "AND coalesce(other.entry_id, 0) = coalesce(selections.entry_id, 0)) RETURNING id",
        kept,
        gone,
    )
    db.execute("UPDATE stories SET merged_into = ? WHERE id = ?", [kept, gone])
    settle_marks(db, [kept, gone])
    return entries, selections


def unmerge(db: Database, merge_id: int, now: str) -> tuple[int, int]:
    """Take a merge back → the ids of the story that had swallowed the other, and of that other, which lives again.

    What moved then moves back, wherever later merges have taken it; what joined since stays. Raises MergeError where
    there is no such merge, it is undone already, or one of the two would have no entry.
    """
    row = db.execute(
        "SELECT kept_id, gone_id, entries, selections, was FROM merges WHERE id = ? AND undone_at IS NULL", [merge_id]
    ).fetchone()
    if row is None:
        raise MergeError(f"there is no merge {merge_id} that could be undone")
    kept, gone, entries, selections, was = row[0], row[1], *map(json.loads, row[2:])
    places = way(db, kept)
    mark_changed_topics(db, [gone, *places])
    moved = ids(
        db,
        "UPDATE entries SET story_id = ?1 WHERE id IN (SELECT value FROM json_each(?2)) "
        "AND story_id IN (SELECT value FROM json_each(?3)) RETURNING id",
        gone,
        json.dumps(entries),
        json.dumps(places),
    )
    db.execute("UPDATE stories SET merged_into = NULL WHERE id = ?", [gone])
    db.execute(
        "UPDATE selections SET story_id = ?1 WHERE id IN (SELECT value FROM json_each(?2)) "
        "AND story_id IN (SELECT value FROM json_each(?3))",
        [gone, json.dumps(selections), json.dumps(places)],
    )
    trade_back(db, was.get("traded", ()), places, [gone])
    take_along(db, moved, places, gone)
    db.execute(
        "UPDATE entries SET joined_by = 'first', joined_score = NULL, joined_words = NULL, joined_to = NULL "
        "WHERE story_id = ? AND id IN (SELECT value FROM json_each(?))",
        [gone, json.dumps(was["firsts"])],
    )
    if not moved or not has_entries(db, places[-1]):
        raise MergeError(f"of the stories {kept} and {gone} one would have no entry; undo what was split off first")
    mend_lead(db, places[-1], was["lead"])
    mend_lead(db, gone, None)
    db.execute("UPDATE merges SET undone_at = ? WHERE id = ?", [now, merge_id])
    settle_marks(db, [gone, *places])
    mark_changed_topics(db, [gone, places[-1]])
    return places[-1], gone


def split_entry(db: Database, story_id: int, entry_id: int, now: str) -> int:
    """Take one entry out of a story → the id of the story that it is now, whose lead it is.

    Where it led a story that was merged into this one, that story lives again: who subscribed to that has it already.
    Otherwise the story is new. Only this entry goes, not its copies. Raises MergeError where the entry is not in the
    story, or all that it has.
    """
    story = living(db, story_id)
    if db.execute("SELECT 1 FROM entries WHERE id = ? AND story_id = ?", [entry_id, story]).fetchone() is None:
        raise MergeError(f"story {story} has no entry {entry_id}; `wireroom explain {story}` lists its entries")
    ((others,),) = db.execute("SELECT count(*) FROM entries WHERE story_id = ? AND id <> ?", [story, entry_id])
    if not others:
        raise MergeError(f"entry {entry_id} is all that story {story} has: there is nothing to split it from")
    for (merge_id,) in db.execute(
        "SELECT id FROM merges WHERE undone_at IS NULL AND entries = json_array(?) ORDER BY id DESC LIMIT 1", [entry_id]
    ).fetchall():
        return unmerge(db, merge_id, now)[1]
    mark_changed_topics(db, [story])
    new = wake(db, story, entry_id) or new_story(db, entry_id, now)
    db.execute(
        "UPDATE entries SET story_id = ?, joined_by = 'person', joined_score = NULL, joined_words = NULL, "
        "joined_to = NULL WHERE id = ?",
        [new, entry_id],
    )
    take_along(db, [entry_id], [story], new)
    settle_marks(db, [story, new])
    show_lead(db, new, entry_id)
    mend_lead(db, story, None)
    return new


def wake(db: Database, story_id: int, entry_id: int) -> int | None:
    """Have the story live again that this entry led before it was merged into ``story_id``; None: there is none."""
    led = ids(
        db,
        "SELECT id FROM stories WHERE lead_entry_id = ?1 AND merged_into IS NOT NULL AND id IN "
        "(SELECT gone_id FROM merges UNION SELECT other_id FROM decisions WHERE entry_id = ?1)",
        entry_id,
    )
    woken = next((one for one in led if way(db, one)[-1] == story_id), None)
    db.execute("UPDATE stories SET merged_into = NULL WHERE id = ?", [woken])
    return woken


def new_story(db: Database, entry_id: int, now: str) -> int:
    """Make a story that shows an entry → its id."""
    ((id_,),) = db.execute(
        "INSERT INTO stories (title, text, url, language, published, first_seen, updated, lead_entry_id) "
        "SELECT title, text, url, language, published, first_seen, ?, id "
        "FROM entries JOIN entry_texts ON entry_id = id WHERE id = ? RETURNING id",
        [now, entry_id],
    ).fetchall()
    fold(db, id_)
    return int(id_)


def take_along(db: Database, entries: Sequence[int], places: Sequence[int], story_id: int) -> None:
    """Have selections of single entries (of topics that show copies apart) follow these out of other stories."""
    db.execute(
        "UPDATE selections SET story_id = ? WHERE story_id IN (SELECT value FROM json_each(?)) "
        "AND entry_id IN (SELECT value FROM json_each(?))",
        [story_id, json.dumps(places), json.dumps(entries)],
    )


def mend_lead(db: Database, story_id: int, wanted: int | None) -> None:
    """Give a story whose lead has left it another: ``wanted``, where it is there, or the first that was seen."""
    ((lead,),) = db.execute("SELECT lead_entry_id FROM stories WHERE id = ?", [story_id]).fetchall()
    there = ids(db, "SELECT id FROM entries WHERE story_id = ? ORDER BY id", story_id)
    if there:
        show_lead(db, story_id, next(one for one in (lead, wanted, there[0]) if one in there))


def show_lead(db: Database, story_id: int, entry_id: int) -> None:
    """Make an entry the lead of its story; what the story shows is written only where that is something else.

    ``updated`` does not move: another lead is no news of the story.
    """
    db.execute(
        "UPDATE stories SET lead_entry_id = ?1 WHERE id = ?2 AND lead_entry_id IS NOT ?1",
        [entry_id, story_id],
    )
    cursor = db.execute(
        "UPDATE stories SET (title, text, url, language, published) = "
        "(SELECT title, w.text, url, language, published FROM entries e JOIN entry_texts w ON w.entry_id = e.id "
        "WHERE e.id = ?1) WHERE id = ?2 "
        "AND EXISTS (SELECT 1 FROM entries e JOIN entry_texts w ON w.entry_id = e.id WHERE e.id = ?1 "
        "AND (e.title, w.text, e.url, e.language) IS NOT "
        "(stories.title, stories.text, stories.url, stories.language))",
        [entry_id, story_id],
    )
    if cursor.rowcount:
        fold(db, story_id)


def fold(db: Database, story_id: int) -> None:
    """Write the folded words of what a story shows, for search, and how many words that are."""
    ((title, text),) = db.execute("SELECT title, text FROM stories WHERE id = ?", [story_id]).fetchall()
    db.execute(
        "UPDATE stories SET folded_title = ?, folded_text = ?, words = ? WHERE id = ?",
        [folded(title), folded(text), count_words(title, text), story_id],
    )


def lead_of_story(db: Database, story_id: int) -> int:
    """Read the entry that leads a story."""
    ((lead,),) = db.execute("SELECT lead_entry_id FROM stories WHERE id = ?", [story_id]).fetchall()
    return int(lead)


def firsts(db: Database, story_id: int) -> list[int]:
    """Read the entries that a story began with."""
    return ids(db, "SELECT id FROM entries WHERE story_id = ? AND joined_by = 'first'", story_id)


def has_entries(db: Database, story_id: int) -> bool:
    """Tell whether a story has an entry."""
    return db.execute("SELECT 1 FROM entries WHERE story_id = ? LIMIT 1", [story_id]).fetchone() is not None


def ids(db: Database, sql: str, *params: object) -> list[int]:
    """Run what gives ids → them, rising."""
    return sorted(id_ for (id_,) in db.execute(sql, list(params)).fetchall())
