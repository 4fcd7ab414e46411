"""Stories are pruned: all of them goes but by what their entries are known again. IO: sqlite.

Runs inside the writer's transaction, so a kill leaves a story whole or gone. What hangs together goes together or not
at all: a story with those that went into it, and with those that a person joined it with or split from it, so that
every decision that is remembered can be undone.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlite_utils import Database

from db.compare import forget_prints
from db.expired import Bounds, Reason, kept_by
from db.index import merging_slowly
from db.keeping import Coverage, Line, Why, past, together
from db.topics import mark_changed_topics

EDGES = (
    "SELECT id, merged_into FROM stories WHERE merged_into IN {0}",
    "SELECT id, merged_into FROM stories WHERE merged_into IS NOT NULL AND id IN {0}",
)
SAID_EDGES = (
    "SELECT story_id, other_id FROM decisions WHERE story_id IN {0}",
    "SELECT story_id, other_id FROM decisions WHERE other_id IN {0}",
    "SELECT d.story_id, e.story_id FROM decisions d JOIN entries e ON e.id = d.entry_id WHERE d.story_id IN {0}",
    "SELECT d.story_id, e.story_id FROM entries e JOIN decisions d ON d.entry_id = e.id WHERE e.story_id IN {0}",
    "SELECT d.story_id, m.kept_id FROM decisions d JOIN merges m ON m.id = d.merge_id WHERE d.story_id IN {0}",
    "SELECT d.story_id, m.gone_id FROM decisions d JOIN merges m ON m.id = d.merge_id WHERE d.story_id IN {0}",
    "SELECT d.story_id, m.kept_id FROM merges m JOIN decisions d ON d.merge_id = m.id WHERE m.kept_id IN {0}",
    "SELECT d.story_id, m.gone_id FROM merges m JOIN decisions d ON d.merge_id = m.id WHERE m.gone_id IN {0}",
    "SELECT a.story_id, b.story_id FROM entries a JOIN links l ON l.entry_a = a.id JOIN entries b ON b.id = l.entry_b "
    "WHERE a.story_id IN {0}",
    "SELECT a.story_id, b.story_id FROM entries b JOIN links l ON l.entry_b = b.id JOIN entries a ON a.id = l.entry_a "
    "WHERE b.story_id IN {0}",
    "SELECT d.story_id, a.story_id FROM entries a JOIN links l ON l.entry_a = a.id JOIN decisions d "
    "ON d.id = l.decision_id WHERE a.story_id IN {0}",
    "SELECT said_of, story_id FROM mark_log WHERE said_of IN {0}",
    "SELECT said_of, story_id FROM mark_log WHERE story_id IN {0}",
    "SELECT d.story_id, m.story_id FROM mark_log m JOIN decisions d ON d.id = m.decision_id WHERE m.story_id IN {0}",
)
"""By what stories hang together; the first two concern most, the others only those that a person said something of."""

MERGED = 24
"""Pages of the search index that are merged after each call: 15 stories leave some 6, to be merged on each level."""

GIVEN = "(SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What went, or would go: stories and those that had gone into them, their entries; what is kept, and why."""

    stories: Mapping[int, Why] = field(default_factory=dict)
    members: tuple[int, ...] = ()
    entries: tuple[Coverage, ...] = ()
    kept: Mapping[int, Reason] = field(default_factory=dict)


def prunable(db: Database, wanted: Mapping[int, Why], bounds: Bounds, lines: Mapping[int, Line]) -> Pruned:
    """Find which of these living stories, which have had their time, may go, with all that must go with them."""
    kept: dict[int, Reason] = dict(kept_by(db, wanted, bounds))
    free = [story for story in wanted if story not in kept]
    groups = [group for group in groups_of(db, free) if group & set(free)]
    others = {story for group in groups for story in group} - set(free)
    kept_others = kept_by(db, others, bounds)
    alive = coverage(db, others)
    young = {row.story_id for row in alive} - set(past(alive, lines).stories)
    stories: dict[int, Why] = {}
    members: list[int] = []
    for group in groups:
        mine = [story for story in group if story in wanted]
        if young & group or kept_others.keys() & group:
            kept |= dict.fromkeys(mine, "bound")
            continue
        stories |= {story: wanted[story] for story in mine}
        members += group
    members.sort()
    return Pruned(stories=stories, members=tuple(members), entries=tuple(coverage(db, members)), kept=kept)


def groups_of(db: Database, stories: Collection[int]) -> list[frozenset[int]]:
    """Find what these stories hang together with, near and far → the groups."""
    has_decisions = db.execute("SELECT 1 FROM decisions LIMIT 1").fetchone() is not None
    edges: set[tuple[int, int]] = set()
    seen: set[int] = set()
    new = set(stories)
    while new:
        seen |= new
        given = json.dumps(sorted(new))
        for sql in (*EDGES, *(SAID_EDGES if has_decisions else ())):
            edges.update(db.conn.execute(sql.format(GIVEN), (given,)).fetchall())
        new = {story for edge in edges for story in edge} - seen
    return together(edges, stories)


def coverage(db: Database, stories: Collection[int]) -> list[Coverage]:
    """Read the entries of stories, story by story."""
    rows = db.execute(
        f"SELECT story_id, source_id, id FROM entries WHERE story_id IN {GIVEN} ORDER BY story_id, id",
        [json.dumps(list(stories))],
    )
    return [Coverage(*row) for row in rows]


def prune(db: Database, pruned: Pruned, now: str) -> None:
    """Have these stories go; who shows one of them, or one of an event with it, is published anew."""
    if not pruned.members:
        return
    stories, entries = json.dumps(pruned.members), json.dumps([row.entry_id for row in pruned.entries])
    mark_changed_topics(db, pruned.members)
    remember(db, pruned, entries, now)
    events = db.execute(
        f"SELECT DISTINCT event_id FROM stories WHERE event_id IS NOT NULL AND id IN {GIVEN}", [stories]
    ).fetchall()
    authors = db.execute(f"SELECT DISTINCT author FROM entries WHERE author <> '' AND id IN {GIVEN}", [entries])
    names = authors.fetchall()
    forget_said(db, stories, entries)
    forget_entries(db, entries)
    with merging_slowly(db, MERGED):
        forget_stories(db, stories, entries)
    forget_events(db, [event for (event,) in events])
    db.conn.executemany(
        "DELETE FROM authors WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM entries WHERE author = ?1)", names
    )


def remember(db: Database, pruned: Pruned, entries: str, now: str) -> None:
    """Write down by what the entries are known again, and that the stories were there."""
    why = next(iter(pruned.stories.values()))
    db.conn.executemany(
        "INSERT INTO gone_stories (id, gone_at, why) VALUES (?, ?, ?)",
        [(story, now, pruned.stories.get(story, why)) for story in pruned.members],
    )
    db.execute(
        "INSERT INTO gone_entries (id, story_id, source_id, guid, title, published, version, first_seen) "
        f"SELECT id, story_id, source_id, guid, title, published, version, first_seen FROM entries WHERE id IN {GIVEN}",
        [entries],
    )
    db.execute(
        f"INSERT INTO gone_keys (key, entry_id) SELECT key, entry_id FROM entry_keys WHERE entry_id IN {GIVEN}",
        [entries],
    )


def forget_said(db: Database, stories: str, entries: str) -> None:
    """Take away what was decided of the stories, by a person or by their words; all that it is about goes too."""
    decisions = json.dumps(ids_of(db, "decisions", ("story_id", "other_id"), stories))
    merges = json.dumps(ids_of(db, "merges", ("kept_id", "gone_id"), stories))
    for sql, given in (
        ("DELETE FROM mark_log WHERE decision_id IN {0}", decisions),
        ("DELETE FROM links WHERE decision_id IN {0}", decisions),
        ("DELETE FROM links WHERE entry_a IN {0}", entries),
        ("DELETE FROM links WHERE entry_b IN {0}", entries),
        ("DELETE FROM decisions WHERE id IN {0}", decisions),
        ("DELETE FROM merges WHERE id IN {0}", merges),
        ("DELETE FROM selections WHERE story_id IN {0}", stories),
        ("DELETE FROM waiting WHERE story_id IN {0}", stories),
        ("DELETE FROM story_tags WHERE story_id IN {0}", stories),
        ("DELETE FROM unlearned WHERE story_id IN {0}", stories),
    ):
        if given != "[]":
            db.execute(sql.format(GIVEN), [given])


def ids_of(db: Database, table: str, columns: Sequence[str], given: str) -> list[int]:
    """Find the rows of which one of these columns is given."""
    sql = " UNION ".join(f"SELECT id FROM {table} WHERE {column} IN {GIVEN}" for column in columns)
    return [id_ for (id_,) in db.execute(sql, [given] * len(columns))]


def forget_entries(db: Database, entries: str) -> None:
    """Take away what belongs to the entries."""
    for id_, packed in db.execute(
        f"SELECT entry_id, shingles FROM prints WHERE entry_id IN {GIVEN}", [entries]
    ).fetchall():
        forget_prints(db, id_, packed)
    for table in ("revisions", "entry_keys", "slim_entries"):
        db.execute(f"DELETE FROM {table} WHERE entry_id IN {GIVEN}", [entries])


def forget_stories(db: Database, stories: str, entries: str) -> None:
    """Take away the stories and their entries, first of all from the search index: all of them in one step of it."""
    db.execute(
        "INSERT INTO stories_fts (stories_fts, rowid, title, text, folded_title, folded_text) "
        "SELECT 'delete', id, title, text, folded_title, folded_text FROM stories "
        f"WHERE id IN {GIVEN} AND id IN (SELECT id FROM stories_fts_docsize)",
        [stories],
    )
    db.execute(f"UPDATE stories SET lead_entry_id = NULL WHERE id IN {GIVEN}", [stories])
    db.execute(f"DELETE FROM entries WHERE id IN {GIVEN}", [entries])
    db.execute(f"DELETE FROM stories WHERE id IN {GIVEN}", [stories])


def forget_events(db: Database, events: Collection[int]) -> None:
    """Take away those of the events that have no story any more."""
    for event in events:
        if db.execute("SELECT 1 FROM stories WHERE event_id = ? LIMIT 1", [event]).fetchone() is None:
            db.execute("DELETE FROM event_terms WHERE event_id = ?", [event])
            db.execute("DELETE FROM events WHERE id = ?", [event])
