"""Entries lose their HTML, and old revisions go: the plain text stays, and is shown instead. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

from sqlite_utils import Database

from db.expired import Bounds, kept_by
from db.keeping import Past


def slimmable(db: Database, found: Past, bounds: Bounds) -> list[int]:
    """Find, of what a look found, the entries that still have HTML, and whose stories are not excepted."""
    kept = kept_by(db, found.bodies, bounds)
    entries = [entry for story, some in found.bodies.items() if story not in kept for entry in some]
    slim = {
        id_
        for (id_,) in db.execute(
            "SELECT entry_id FROM slim_entries WHERE entry_id IN (SELECT value FROM json_each(?))",
            [json.dumps(entries)],
        )
    }
    return [entry for entry in entries if entry not in slim]


def slim(db: Database, entries: Sequence[int]) -> None:
    """Take the HTML of entries away, that of their revisions too, and note so."""
    given = json.dumps(entries)
    db.execute(
        "UPDATE bodies SET html = '' WHERE html <> '' AND id IN "
        "(SELECT body_id FROM entries WHERE id IN (SELECT value FROM json_each(?1))) AND NOT EXISTS "
        "(SELECT 1 FROM entries o WHERE o.body_id = bodies.id AND o.id NOT IN (SELECT value FROM json_each(?1)))",
        [given],
    )
    db.execute(
        "UPDATE revisions SET html = '' WHERE entry_id IN (SELECT value FROM json_each(?)) AND html <> ''", [given]
    )
    db.conn.executemany("INSERT OR IGNORE INTO slim_entries (entry_id) VALUES (?)", [(id_,) for id_ in entries])


def old_revisions(db: Database, bounds: Bounds, before: str, after: int, most: int) -> tuple[list[int], int | None]:
    """Read revisions after one that were replaced before then, but for excepted stories'.

    → their ids, and the last that was looked at; None: there are no more.
    """
    rows = db.execute(
        "SELECT r.id, e.story_id, r.replaced_at FROM revisions r JOIN entries e ON e.id = r.entry_id WHERE r.id > ? "
        "ORDER BY r.id LIMIT ?",
        [after, most],
    ).fetchall()
    old: Mapping[int, int] = {id_: story for id_, story, at in rows if at < before}
    kept = kept_by(db, frozenset(old.values()), bounds)
    found = [id_ for id_, story in old.items() if story not in kept]
    is_last = len(rows) < most or rows[-1][2] >= before
    return found, None if is_last else rows[-1][0]


def forget_revisions(db: Database, ids: Collection[int]) -> None:
    """Take revisions away."""
    db.conn.executemany("DELETE FROM revisions WHERE id = ?", [(id_,) for id_ in ids])
