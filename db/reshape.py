"""How an archive's file is laid out: its page size, and that what is deleted gives room back. IO: sqlite, files.

Both are chosen before the first table is made. An archive of before gets them by one VACUUM, which writes all of it
anew: from a copy in its own folder, under a rollback journal, so that a kill at any moment leaves it whole, as it was.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PAGE_BYTES = 8192
"""A text of a kilobyte or two leaves half of a page of 4 KB empty; larger ones than 8 KB gain nothing more."""
INCREMENTAL = 2
"""What SQLite calls an archive of which some free pages at a time can be given back."""

WAITS = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL")
"""What passes: somebody reads, the disk is full. It is tried again at the next start."""


def shape_new(conn: sqlite3.Connection) -> None:
    """Lay out a file that has no table yet; on any other this does nothing."""
    ((tables,),) = conn.execute("SELECT count(*) FROM sqlite_master").fetchall()
    if not tables:
        conn.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        conn.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")


def is_shaped(conn: sqlite3.Connection) -> bool:
    """Tell whether the file is laid out as a new one would be."""
    return (value_of(conn, "page_size"), value_of(conn, "auto_vacuum")) == (PAGE_BYTES, INCREMENTAL)


def reshape(conn: sqlite3.Connection, path: Path, tell: Callable[[str], None]) -> None:
    """Lay out an older archive anew, in WAL mode before and after; ``tell`` gets why, where that can't be done now.

    It works as it is too: it is only larger. Raises sqlite3.DatabaseError for what is no lack of room and no reader.
    """
    if is_shaped(conn):
        return
    page, pages, unused = (value_of(conn, name) for name in ("page_size", "page_count", "freelist_count"))
    room = page * (2 * pages - unused)  # the copy, and the journal of what it replaces
    log = path.with_name(f"{path.name}-wal")
    free = shutil.disk_usage(path.parent).free + (log.stat().st_size if log.exists() else 0)  # it goes first
    if free < room:
        tell(
            f"{path}: it could be smaller: that takes {megabytes(room)} MB of room for a while, and {megabytes(free)} "
            f"MB are free; give it room and start again, or leave it as it is"
        )
        return
    try:
        with temporary_files_in(path.parent):
            conn.execute("PRAGMA journal_mode = DELETE")
            conn.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            conn.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
            conn.execute("VACUUM")
    except sqlite3.OperationalError as error:
        if not str(getattr(error, "sqlite_errorname", "")).startswith(WAITS):
            raise
        tell(f"{path}: it could be smaller, but not now ({error}); that is tried again at the next start")
    finally:
        conn.execute("PRAGMA journal_mode = WAL")


@contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Have SQLite make its temporary files there: /tmp may be small, and the room was looked for here."""
    before = os.environ.get("SQLITE_TMPDIR")
    os.environ["SQLITE_TMPDIR"] = str(folder)
    try:
        yield
    finally:
        del os.environ["SQLITE_TMPDIR"]
        if before is not None:
            os.environ["SQLITE_TMPDIR"] = before


def value_of(conn: sqlite3.Connection, pragma: str) -> int:
    """Read a number that SQLite tells of the file."""
    ((value,),) = conn.execute(f"PRAGMA {pragma}").fetchall()
    return int(value)


def megabytes(size: int) -> int:
    """Count megabytes, rounded up."""
    return -(-size // 1_000_000)
