"""An archive's version read from its bytes, so that one of a newer Wireroom is refused without being opened. IO: files.

SQLite itself puts files beside an archive that it only reads, and writes into them (sqlite.org/fileformat2.html has the
file's header in 1.3, the log's in 4.1).
"""

from __future__ import annotations

import struct
from pathlib import Path

MAGIC = b"SQLite format 3\x00"
USER_VERSION = slice(60, 64)
LOG_HEADER, FRAME_HEADER = struct.Struct(">4s4xI4x8s8x"), struct.Struct(">II8s8x")
LOG_STARTS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")


def version_in(path: Path) -> int | None:
    """Read the schema's version, of the newest commit too that is in the log only → None for no SQLite file.

    Raises OSError.
    """
    with path.open("rb") as file:
        header = file.read(100)
    version = int.from_bytes(header[USER_VERSION], "big") if header.startswith(MAGIC) else None
    log = path.with_name(f"{path.name}-wal")
    return (version_in_log(log) if log.exists() else None) or version


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
