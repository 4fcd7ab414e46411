"""A backup put in the archive's place; what was there is kept beside it. IO: sqlite, files.

The order is such that a kill leaves either the old archive or the new one under its name, and never the log of one
beside the other, which SQLite would write into it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from db.archive import CANNOT_CREATE, CORRUPT, NO_INPUT_OR_NEWER, ArchiveError, connect
from db.backup import IN_USE, Facts, check_copy, need_room, temporary
from db.files import sync
from db.packing import unpack
from db.schema import SCHEMA_VERSION

PATIENCE_MS = 500
BESIDE = ("-wal", "-journal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What is in the archive now, and where the one that was there is kept; None: there was none."""

    facts: Facts
    kept: Path | None


def restore(archive: Path, backup: Path, now: datetime) -> Restored:
    """Put a backup in the archive's place, once it is checked → what came of it. The caller holds the archive's lock.

    Raises ArchiveError: 65 the backup is damaged or no archive, 66 of a newer Wireroom, 73, 74; the archive is then as
    it was.
    """
    real = archive.resolve()  # a link stays one
    if backup.exists() and real.exists() and backup.samefile(real):
        raise ArchiveError(CANNOT_CREATE, f"{backup}: is the archive itself; name a backup of it")
    with temporary(real) as made:
        need_room(made.parent, backup.stat().st_size, backup)
        unpack(backup, made)
        facts = checked(made, backup)
        if facts.version > SCHEMA_VERSION:
            raise ArchiveError(
                NO_INPUT_OR_NEWER,
                f"{backup}: written by a newer Wireroom (schema {facts.version}, this one knows {SCHEMA_VERSION}); "
                f"upgrade",
            )
        kept = keep_aside(real, now) if real.exists() else None
        for end in BESIDE:
            beside(real, end).unlink(missing_ok=True)
        sync(real.parent)
        made.replace(real)
        sync(real.parent)
    return Restored(facts=facts, kept=kept)


def checked(made: Path, backup: Path) -> Facts:
    """Check what was unpacked of a backup → what it has. An error names the backup: the copy is gone by then."""
    try:
        return check_copy(made)
    except ArchiveError as error:
        if error.code != CORRUPT:
            raise
        what = str(error).removeprefix(f"{made}: ").rpartition("; ")[0]
        raise ArchiveError(CORRUPT, f"{backup}: {what}; take another backup") from error


def keep_aside(archive: Path, now: datetime) -> Path:
    """Give the archive and what is beside it a second name, which nothing has → that."""
    settle(archive)
    stem = f"{archive.name}.before-restore-{now:%Y-%m-%dT%H%M%SZ}"
    names = (archive.with_name(stem if number == 1 else f"{stem}-{number}") for number in itertools.count(1))
    kept = next(name for name in names if not any(beside(name, end).exists() for end in ("", *BESIDE[:2])))
    for end in ("", *BESIDE[:2]):
        there, aside = beside(archive, end), beside(kept, end)
        if there.exists():
            try:
                os.link(there, aside)
            except OSError:  # a disk without links
                there.rename(aside)
    sync(archive.parent)
    return kept


def settle(archive: Path) -> None:
    """Have all of the archive in its one file: what is beside it is then worth nothing.

    One that is damaged is taken as it is. Raises ArchiveError 75 where another program still reads an older state.
    """
    try:
        with contextlib.closing(connect(archive, readonly=False)) as conn:
            conn.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
            ((busy, *_),) = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error:
        return
    if busy:
        raise ArchiveError(IN_USE, f"{archive}: another program is reading it; end that first")


def beside(archive: Path, end: str) -> Path:
    """Name a file that SQLite has beside the archive."""
    return archive.with_name(archive.name + end)
