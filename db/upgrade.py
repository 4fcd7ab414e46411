"""A copy of the archive that is kept before a newer version changes its schema. IO: sqlite, files."""

from __future__ import annotations

import contextlib
import sqlite3
from itertools import count
from pathlib import Path

from db.archive import IO_ERROR, ArchiveError, connect
from db.backup import make_backup, sweep
from db.schema import SCHEMA_VERSION

TRACES = ("polls", "entries", "revisions", "selections", "decisions")
"""Whatever is done to an archive leaves a row in one of these; a change of the schema leaves none."""


def keep_copy(archive: Path, folder: Path | None = None) -> Path | None:
    """Have a copy of an older archive kept, in a folder or beside it → where; None: there is nothing in it.

    One that was made already, before the change of the schema was broken off, is not made again. Raises ArchiveError.
    """
    now = traces(archive)
    if not any(now.values()):
        return None
    for number in count(1):
        end = f"-{number}" if number > 1 else ""
        copy = (folder or archive.parent) / f"{archive.name}.before-schema-{SCHEMA_VERSION}{end}"
        if not copy.exists():
            try:
                make_backup(archive, copy, full=False)
            except ArchiveError as error:
                if error.code != IO_ERROR:
                    raise
                raise ArchiveError(
                    IO_ERROR,
                    f"{error}. It is the copy that is kept before the archive is changed for this version: nothing is "
                    f"changed yet. `before_upgrade = false` under [backup] goes on without one",
                ) from error
            return copy
        if is_same(traces(copy), now):
            with contextlib.suppress(OSError):
                sweep(copy.parent)
            return copy
    raise AssertionError


def is_same(copy: dict[str, int], now: dict[str, int]) -> bool:
    """Tell whether nothing was done to the archive since, but for steps of the change that was broken off."""
    return all(now.get(table) == newest for table, newest in copy.items()) and not any(
        newest for table, newest in now.items() if table not in copy
    )


def traces(archive: Path) -> dict[str, int]:
    """Read the newest id of each table that has a row of whatever is done; those that there are."""
    with contextlib.closing(connect(archive, readonly=True)) as conn:
        try:
            there = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return {
                table: conn.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()[0]
                for table in TRACES
                if table in there
            }
        except sqlite3.DatabaseError:
            return {}  # no copy of ours: whatever it is, it stays
