"""What topics have selected, what waits for a second look, and what they do next, written. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from operator import itemgetter

from sqlite_utils import Database

from db.plan import Chosen
from db.recall import Shown, Taken
from db.times import iso, parse_iso


def taken_of(db: Database, story_ids: Collection[int]) -> frozenset[Taken]:
    """Read what topics have of these stories."""
    if not story_ids:
        return frozenset()
    rows = db.execute(
        "SELECT topic_id, story_id, entry_id, left_at IS NOT NULL FROM selections "
        "WHERE story_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(story_ids))],
    )
    return frozenset(Taken(topic, story, entry, bool(left)) for topic, story, entry, left in rows)


def events_shown(db: Database, event_ids: Collection[int], *, archived: bool = False) -> frozenset[Shown]:
    """Read which topics have announced which stories of these events (``archived``: or have them at all), and still do.

    A story that a rule keeps out does not speak for its event; one that a person hid does: they want none of it.
    """
    if not event_ids:
        return frozenset()
    rows = db.execute(
        "SELECT DISTINCT x.topic_id, st.event_id, st.event_score "
        "FROM stories st JOIN selections x ON x.story_id = st.id "
        "WHERE st.event_id IN (SELECT value FROM json_each(?)) AND st.merged_into IS NULL "
        "AND coalesce(st.withheld, 'hide') = 'hide' AND x.archived <= ? AND x.left_at IS NULL",
        [json.dumps(list(event_ids)), archived],
    )
    return frozenset(Shown(*row) for row in rows)


def waiting_of(db: Database, story_ids: Collection[int]) -> frozenset[tuple[int, int]]:
    """Read which topics will look at these stories once more later → (topic, story)."""
    if not story_ids:
        return frozenset()
    rows = db.execute(
        "SELECT topic_id, story_id FROM waiting WHERE story_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(story_ids))],
    )
    return frozenset((topic, story) for topic, story in rows)


def write_chosen(
    db: Database,
    chosen: Chosen,
    now: str,
    mint: Callable[[], str],
    stories: Mapping[int, int] | None = None,
    entries: Mapping[int, int] | None = None,
) -> None:
    """Write what topics do with stories; ``stories`` and ``entries`` give the row ids of a plan's refs.

    What is archived gets the lower numbers: what is announced is on top of it.
    """
    story_of, entry_of = stories or {}, entries or {}
    for taken, archived in ((chosen.archived, True), (chosen.selections, False)):
        for topic, some in groupby(taken, key=itemgetter(0)):
            items = [(story_of.get(ref, ref), entry and entry_of.get(entry, entry)) for _, ref, entry in some]
            select(db, topic, items, now, mint, archived=archived)
    db.conn.executemany(
        "INSERT OR IGNORE INTO waiting (topic_id, story_id, due_at) VALUES (?, ?, ?)",
        [(topic, story_of.get(ref, ref), due_at) for topic, ref, due_at in chosen.waiting],
    )
    db.conn.executemany(
        "UPDATE selections SET left_at = NULL WHERE topic_id = ? AND story_id = ? AND left_at IS NOT NULL", chosen.back
    )
    db.conn.executemany(
        "UPDATE selections SET left_at = ? WHERE topic_id = ? AND story_id = ? AND left_at IS NULL",
        [(now, *one) for one in chosen.left],
    )


def select(
    db: Database,
    topic_id: int,
    items: Sequence[tuple[int, int | None]],
    now: str,
    mint: Callable[[], str],
    *,
    archived: bool = False,
) -> None:
    """Record that the topic took the items, (story, entry or None), under its next numbers and ids minted for them.

    ``archived``: they are never announced, so the topic's output is what it was; so it is while it waits for a digest.
    """
    ((last,),) = db.execute(
        "UPDATE topics SET last_number = last_number + ?1, changes = changes + iif(digest_from IS NULL, ?3, 0) "
        "WHERE id = ?2 RETURNING last_number",
        [len(items), topic_id, 0 if archived else len(items)],
    )
    db.conn.executemany(
        "INSERT INTO selections (topic_id, story_id, entry_id, number, guid, selected_at, archived) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (topic_id, *item, number, mint(), now, archived)
            for number, item in enumerate(items, start=last - len(items) + 1)
        ],
    )


def due(db: Database, now: str, most: int) -> list[tuple[int, int]]:
    """Read what is to be looked at once more by now → (topic, story), the longest overdue first."""
    rows = db.execute("SELECT topic_id, story_id FROM waiting WHERE due_at <= ? ORDER BY due_at LIMIT ?", [now, most])
    return [(topic, story) for topic, story in rows]


def waits_no_more(db: Database, looked_at: Iterable[tuple[int, int]]) -> None:
    """Forget what was looked at once more."""
    db.conn.executemany("DELETE FROM waiting WHERE topic_id = ? AND story_id = ?", looked_at)


def wait(db: Database, topic_id: int, story_ids: Collection[int], delay_s: float, now: str) -> frozenset[int]:
    """Have those of the stories that are younger than a topic's delay wait for it → them."""
    if not delay_s:
        return frozenset()
    since = iso(parse_iso(now) - timedelta(seconds=delay_s))
    rows = db.execute(
        "INSERT INTO waiting (topic_id, story_id, due_at) SELECT ?, id, '' FROM stories "
        "WHERE id IN (SELECT value FROM json_each(?)) AND first_seen > ? RETURNING story_id",
        [topic_id, json.dumps(list(story_ids)), since],
    ).fetchall()
    reschedule(db, topic_id, delay_s)
    return frozenset(story for (story,) in rows)


def reschedule(db: Database, topic_id: int, delay_s: float) -> None:
    """Have what waits in a topic be due when its delay, as it is now, is over: with none, at once."""
    db.execute(
        "UPDATE waiting SET due_at = wanted.due_at FROM (SELECT w.story_id, "
        "strftime('%Y-%m-%dT%H:%M:%SZ', st.first_seen, ?2) AS due_at FROM waiting w JOIN stories st "
        "ON st.id = w.story_id WHERE w.topic_id = ?1) wanted "
        "WHERE waiting.topic_id = ?1 AND waiting.story_id = wanted.story_id AND waiting.due_at <> wanted.due_at",
        [topic_id, f"+{delay_s:.0f} seconds"],
    )
