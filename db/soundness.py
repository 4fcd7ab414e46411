"""Before anything is written to an archive, it is looked whether its file is whole, if not for long. IO: sqlite, files.

Of a small one every page is read; of a large one the schema and both ends of each table: a file that was cut off, or
overwritten at its beginning, is found at once; the rest by ``wireroom verify``, by a backup, or when it is met.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from db.archive import CORRUPT, IO_ERROR, ArchiveError, archive_error, check_version, connect

SMALL_BYTES = 32_000_000
"""So much is read whole: 0.1 s. A gigabyte would take 3 s (docs/faults.md)."""

LOG_MAGIC = (b"\x37\x7f\x06\x82\x00\x2d\xe2\x18", b"\x37\x7f\x06\x83\x00\x2d\xe2\x18")
"""How a log begins (https://sqlite.org/fileformat2.html#the_write_ahead_log)."""


def check_sound(path: Path) -> None:
    """Refuse an archive that is damaged, without changing a byte of it. Raises ArchiveError: 65, 66, 74."""
    if not path.exists() or check_version(path) is None:
        return
    try:
        names = path.stat().st_nlink
        log = read_beginning(Path(f"{path}-wal"), len(LOG_MAGIC[0]))
    except OSError as error:
        raise ArchiveError(IO_ERROR, f"{error.filename}: can't be read: {error.strerror}; check its rights") from error
    if names > 1:
        raise ArchiveError(
            IO_ERROR,
            f"{path}: the file has {names} names (hard links); under two of them two programs would damage it: "
            "remove the others, or make copies of them",
        )
    if not begins_log(log):
        raise ArchiveError(
            CORRUPT,
            f"{path}-wal: damaged: it is no log of the archive beside it; restore a backup, or move it away to go on "
            "without what was in it",
        )
    try:
        with contextlib.closing(connect(path, readonly=True)) as conn:
            if path.stat().st_size > SMALL_BYTES:
                read_ends(conn)
            elif (fault := found_in_whole(conn)) is not None:
                raise ArchiveError(CORRUPT, f"{path}: damaged ({fault}); restore a backup, or move it away")
    except sqlite3.DatabaseError as error:
        raise archive_error(path, error) from error


def read_beginning(path: Path, count: int) -> bytes:
    """Read so many bytes of a file; none where there is no file. Raises OSError."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except FileNotFoundError:
        return b""


def begins_log(beginning: bytes) -> bool:
    """Tell whether a log may begin so; also one of which a power cut left only zeros, or a part.

    >>> begins_log(b""), begins_log(bytes(8)), begins_log(LOG_MAGIC[0][:3] + bytes(5)), begins_log(b"garbage!")
    (True, True, True, False)
    """
    kept = beginning.rstrip(b"\0")
    return any(magic.startswith(kept) for magic in LOG_MAGIC)


def found_in_whole(conn: sqlite3.Connection) -> str | None:
    """Read every page → what is wrong first. Raises sqlite3.DatabaseError."""
    (found,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    return None if found == "ok" else " ".join(str(found).split())


def read_ends(conn: sqlite3.Connection) -> None:
    """Read both ends of every table, which are far from each other. Raises sqlite3.DatabaseError."""
    tables = conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND rootpage > 0").fetchall()
    for name, sql in tables:
        quoted = '"' + name.replace('"', '""') + '"'
        conn.execute(f"SELECT * FROM {quoted} LIMIT 1").fetchone()
        if "WITHOUT ROWID" not in sql.upper():
            conn.execute(f"SELECT * FROM {quoted} ORDER BY rowid DESC LIMIT 1").fetchone()
