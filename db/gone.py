"""What is remembered of entries that were pruned: by it they are known again, and are never new. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping

from sqlite_utils import Database

from db.carriers import by_key
from db.model import Keys
from db.plan import PollPlan
from db.recall import KnownEntry


def gone_owners(db: Database, keys: Collection[int], most: int) -> Mapping[int, tuple[KnownEntry, ...]]:
    """Find the pruned entries, of any source, that carry each key, oldest first; of very many the newest ``most``."""
    if not has_gone(db):
        return {}
    rows = db.execute(
        """
        WITH carried AS (
            SELECT k.key, k.entry_id, row_number() OVER (PARTITION BY k.key ORDER BY k.entry_id DESC) AS number
            FROM json_each(?1) AS wanted JOIN gone_keys k ON k.key = wanted.value
        )
        SELECT c.key, e.id, e.source_id, e.story_id, e.version, e.title, e.guid, e.published, e.first_seen
        FROM carried c JOIN gone_entries e ON e.id = c.entry_id WHERE c.number <= ?2 ORDER BY e.id
        """,
        [json.dumps(list(keys)), most],
    )
    return by_key(rows, gone=True)


def has_gone(db: Database) -> bool:
    """Tell whether anything was ever pruned."""
    return db.execute("SELECT 1 FROM gone_entries LIMIT 1").fetchone() is not None


def gone_count(db: Database) -> int:
    """Count the stories that were pruned."""
    ((count,),) = db.execute("SELECT count(*) FROM gone_stories").fetchall()
    return int(count)


def gone_of(db: Database, ids: Collection[int]) -> frozenset[int]:
    """Find which of these entries were pruned."""
    rows = db.execute(
        "SELECT id FROM gone_entries WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(list(ids))]
    )
    return frozenset(id_ for (id_,) in rows)


def note_keys(db: Database, keys: Iterable[tuple[int, int]]) -> None:
    """Remember what else pruned entries are known by now → ``keys`` as (entry, key)."""
    db.conn.executemany("INSERT OR IGNORE INTO gone_keys (entry_id, key) VALUES (?, ?)", keys)


def note_late(db: Database, plan: PollPlan, refs: Mapping[int, int]) -> None:
    """Note that copies of pruned stories came, by which they are known from now on; ``refs`` gives their row ids.

    Ids of entries are never given twice, so those that ``entries`` never sees are counted there too.
    """
    if not plan.late_entries:
        return
    db.conn.executemany(
        "INSERT INTO gone_entries (id, story_id, source_id, guid, title, published, version, first_seen) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (refs[ref], story, plan.source_id, entry.raw_id, entry.title, entry.published, entry.version, plan.now)
            for ref, story, entry in plan.late_entries
        ],
    )
    keys = ((refs[ref], key) for ref, _, entry in plan.late_entries for key in keys_of(entry.keys))
    note_keys(db, keys)
    db.execute(
        "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'entries'",
        [max(refs[ref] for ref, *_ in plan.late_entries)],
    )


def keys_of(keys: Keys) -> list[int]:
    """List identity keys."""
    return [key for key in (keys.id, keys.loose_id, keys.link, keys.page, keys.print) if key is not None]


def gone_with(db: Database, key: int | None) -> tuple[int] | None:
    """Find the story of the newest pruned entry that carried a key; None where none did."""
    row: tuple[int] | None = db.execute(
        "SELECT g.story_id FROM gone_keys k JOIN gone_entries g ON g.id = k.entry_id WHERE k.key = ? "
        "ORDER BY g.id DESC LIMIT 1",
        [key],
    ).fetchone()
    return row


def gone_at(db: Database, story_id: int) -> str | None:
    """Tell when a story was pruned; None where it never was, or is no number that a story can have."""
    try:
        row = db.execute("SELECT gone_at FROM gone_stories WHERE id = ?", [story_id]).fetchone()
    except OverflowError:
        return None
    return str(row[0]) if row is not None else None
