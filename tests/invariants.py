"""What must hold of an archive whatever was polled, merged, split, undone, regrouped or killed."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from db.invariants import NEVER, SHOWN
from db.invariants import broken as rows_broken
from ingest.prints import sampled

__all__ = ["NEVER", "broken"]


def broken(db: Database) -> dict[str, list[Any]]:
    """Find what does not hold → what is wrong by its name, at most five cases of each; empty: all is well."""
    found = rows_broken(db)
    found["integrity"] = [row for row in db.execute("PRAGMA integrity_check").fetchall() if row != ("ok",)]
    found["foreign keys"] = db.execute("PRAGMA foreign_key_check").fetchall()
    found["prints"] = wrong_prints(db)
    db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('integrity-check', 1)")  # raises
    return {name: rows[:SHOWN] for name, rows in found.items() if rows}


def wrong_prints(db: Database) -> list[Any]:
    """Find entries of whose triples the two tables say different things, or that say something else by now."""
    counted = dict(db.execute("SELECT entry_id, count(*) FROM shingles GROUP BY entry_id").fetchall())
    return [
        (id_, title, counted.get(id_))
        for id_, packed, title, text in db.execute(
            "SELECT p.entry_id, p.shingles, e.title, w.text FROM prints p JOIN entries e ON e.id = p.entry_id "
            "JOIN entry_texts w USING (entry_id)"
        ).fetchall()
        if packed != sampled(title, text) or counted.get(id_) != len(packed) // 8
    ]
