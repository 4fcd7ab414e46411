"""A copy of the archive that is kept before a newer version changes its schema, and the room that takes.

IO: sqlite, files.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from itertools import count
from pathlib import Path

from db.archive import IO_ERROR, ArchiveError, connect
from db.backup import make_backup, sweep
from db.schema import SCHEMA_VERSION

TRACES = ("polls", "entries", "revisions", "selections", "decisions")
"""Whatever is done to an archive leaves a row in one of these; a change of the schema leaves none."""

WITH_TEXTS = 9
"""The step that writes all texts anew, in one transaction: before it is whole, its log has them all."""

SAMPLE = 500
"""So many entries tell how long all are."""

TEXTS, TABLES = 1.75, 2_000_000
"""The file grows by what they say, and the log has that and all that was there: so many times their texts, beside the
size of the file; and so many bytes of new tables and indexes. That says 1.47 and 2.04 times the file where 1.37 and 2.0
were measured (docs/backup.md).
"""


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
            need_room_to_change(archive, copy.parent)
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
            need_room_to_change(archive)
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


def need_room_to_change(archive: Path, copies: Path | None = None) -> None:
    """Refuse to begin a change that can't end. ``copies``: where a copy is made before it. Raises ArchiveError 74."""
    log = archive.with_name(f"{archive.name}-wal")
    written = log.stat().st_size if log.exists() else 0  # by a change that was broken off: that room is used again
    free, room = shutil.disk_usage(archive.parent).free, max(0, room_to_change(archive) - written)
    there = None if copies is None else next(each for each in (copies, *copies.parents) if each.exists())
    with_copy = there is not None and there.stat().st_dev == archive.parent.stat().st_dev
    if with_copy:
        room += archive.stat().st_size
    if free < room:
        without = ". `before_upgrade = false` under [backup] goes on without the copy" if with_copy else ""
        raise ArchiveError(
            IO_ERROR,
            f"{archive.parent}: no room to change {archive} for this version: it takes about {room / 1e6:,.1f} MB for "
            f"a while{', with the copy that is kept' if with_copy else ''}, and {free / 1e6:,.1f} MB are free; make "
            f"room and start again: nothing is changed yet{without}",
        )


def room_to_change(archive: Path) -> int:
    """Estimate how many bytes more an archive's files take while it is changed, from its size and some entries."""
    with contextlib.closing(connect(archive, readonly=True)) as conn:
        if conn.execute("PRAGMA user_version").fetchone()[0] >= WITH_TEXTS:
            return 0
        entries, last = conn.execute("SELECT count(*), coalesce(max(id), 1) FROM entries").fetchone()
        ((mean,),) = conn.execute(
            "SELECT coalesce(avg(length(CAST(html || coalesce(summary, '') AS BLOB))), 0) FROM entries "
            "WHERE id IN (SELECT value FROM json_each(?))",
            [json.dumps([*range(1, last + 1, max(1, last // SAMPLE))])],
        )
    return archive.stat().st_size + TABLES + int(TEXTS * entries * mean)
