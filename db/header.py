"""An archive's version read with no byte changed beside it: so one of a newer Wireroom is refused. IO: sqlite, files.

SQLite puts files beside an archive that it only reads, and writes into them, unless it is told that nobody changes it:
then it looks at the file alone, and not at the log (sqlite.org/fileformat2.html has that in 4.1). The archive itself is
never opened by other means than SQLite's: whoever closes it again drops the locks that this process has on it.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from pathlib import Path

USER_VERSION = slice(60, 64)
LOG_HEADER, FRAME_HEADER = struct.Struct(">4s4xI4x8s8x"), struct.Struct(">II8s8x")
LOG_STARTS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")


def version_in(path: Path) -> int | None:
    """Read the schema's version, of the newest commit too that is in the log only → None where it can't be told.

    Raises OSError.
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and (newest := version_in_log(log)) is not None:
        return newest
    with (
        contextlib.suppress(sqlite3.DatabaseError),  # whoever opens it says what is wrong
        contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as conn,
    ):
        return int(conn.execute("PRAGMA user_version").fetchone()[0])
    return None


def version_in_log(log: Path) -> int | None:
    """Read likewise what the first page says in a log as of its last commit → None where no commit changed it."""
    with log.open("rb") as file:
        begins = file.read(LOG_HEADER.size)
        if len(begins) < LOG_HEADER.size or not begins.startswith(LOG_STARTS):
            return None
        _, page_size, salt = LOG_HEADER.unpack(begins)
        found = pending = None
        while len(frame := file.read(FRAME_HEADER.size)) == FRAME_HEADER.size:
            page, commits, own_salt = FRAME_HEADER.unpack(frame)
            if own_salt != salt:
                break  # from before the log was begun anew
            if page == 1:
                pending = int.from_bytes(file.read(100)[USER_VERSION], "big")
                file.seek(page_size - 100, 1)
            else:
                file.seek(page_size, 1)
            found = pending if commits else found
        return found
