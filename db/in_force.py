"""What the config said when the archive was last brought in line with it: what an edited one is compared with.

IO: sqlite.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlite_utils import Database

WRITER = json.JSONEncoder(ensure_ascii=False, sort_keys=True)


class Said(NamedTuple):
    """What the config says of one thing: ``kind`` is its table there, ``id`` is "" where it has none."""

    kind: str
    id: str
    says: dict[str, Any]


class InForce(NamedTuple):
    """The same as the archive remembers it, and since when it says so."""

    kind: str
    id: str
    says: dict[str, Any]
    since: str


def put_in_force(db: Database, said: Iterable[Said], now: str) -> None:
    """Remember what the config says, in its order. Rows that agree stay; one that is edited says so since ``now``."""
    before = {
        (kind, id_): (position, text)
        for kind, id_, position, text in db.execute("SELECT kind, config_id, position, said FROM config_in_force")
    }
    positions: dict[str, int] = {}
    changed, moved = [], []
    for kind, id_, says in said:
        position = positions[kind] = positions.get(kind, -1) + 1
        text = WRITER.encode(says)
        old = before.pop((kind, id_), None)
        if old is None or old[1] != text:
            changed.append((kind, id_, position, now, text))
        elif old[0] != position:
            moved.append((position, kind, id_))
    db.conn.executemany("DELETE FROM config_in_force WHERE kind = ? AND config_id = ?", before)
    db.conn.executemany(
        "INSERT OR REPLACE INTO config_in_force (kind, config_id, position, since, said) VALUES (?, ?, ?, ?, ?)",
        changed,
    )
    db.conn.executemany("UPDATE config_in_force SET position = ? WHERE kind = ? AND config_id = ?", moved)


def in_force(db: Database) -> list[InForce]:
    """Read what the config said, each kind in its order; nothing where it was never taken over by this version."""
    rows = db.execute("SELECT kind, config_id, said, since FROM config_in_force ORDER BY kind, position")
    return [InForce(kind, id_, json.loads(said), since) for kind, id_, said, since in rows]
