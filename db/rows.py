"""Many rows in one step. IO: sqlite.

Python's sqlite3 lets go of the interpreter at every row, and a busy thread beside it keeps it for 5 ms each time: a
thousand rows took seconds. As one value they take one step.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

from sqlite_utils import Database

AT_ONCE = 5000


def rows_at_once(db: Database, columns: Sequence[str], rest: str, params: Sequence[object] = ()) -> list[list[Any]]:
    """Read ``SELECT columns rest`` → its rows. The columns are names, and hold text, numbers or null: no blobs."""
    named = ", ".join(columns)
    sql = f"SELECT json_group_array(json_array({named})) FROM (SELECT {named} {rest})"
    ((found,),) = db.execute(sql, params).fetchall()
    rows: list[list[Any]] = json.loads(found)
    return rows


def all_rows(db: Database, table: str, columns: Sequence[str], *, after: int = 0) -> Iterator[list[Any]]:
    """Read all rows of a table whose ``id`` is above ``after``, in its order, some thousand at a time.

    Each row begins with its ``id``. The table may be changed meanwhile.
    """
    while True:
        rest = f"FROM {table} WHERE id > ? ORDER BY id LIMIT {AT_ONCE}"
        found = rows_at_once(db, ("id", *columns), rest, [after])
        yield from found
        if len(found) < AT_ONCE:
            return
        after = found[-1][0]


def new_ids(db: Database, table: str, refs: Sequence[int]) -> dict[int, int]:
    """Give a plan's negative refs the next row ids of a table, in their order."""
    if not refs:
        return {}
    ((last,),) = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?", [table])
    return dict(zip(refs, count(last + 1)))
