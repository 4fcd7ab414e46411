"""A backup put in the archive's place; what was there is kept beside it. IO: sqlite, files.

A kill at any moment leaves the old archive or the new one under its name, and never the log of one beside the other,
which SQLite would write into it: it takes whatever log lies beside a file for its own. So it goes step by step, each on
the disk before the next:

1. what is in the old one's log is written into its file, and the new one lies beside it, whole and synced;
2. the old file gets its second name, under which it is kept;
3. a log that could not be written back, since the file is damaged, goes to that name;
4. the new file takes the place of the old one, by one rename, which a kill does not divide.

A kill between 2 and 4 leaves the old file with two names, which the next start refuses in general: two programs would
each write a log of their own. Of these two it knows where they come from, and takes 3 and 2 back (``take_back``). A
disk without links has a copy instead, and then nothing is taken back: the old file is one of its own, without its log
only if it is damaged, and its copy has that.
"""

from __future__ import annotations

import contextlib
import glob
import itertools
import os
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from db.archive import CANNOT_CREATE, CORRUPT, NO_INPUT_OR_NEWER, ArchiveError, connect
from db.backup import IN_USE, Facts, check_copy, need_room, publish, sweep, temporary
from db.files import sync
from db.packing import unpack
from db.schema import SCHEMA_VERSION

PATIENCE_MS = 500
LOGS = ("-wal", "-journal")
KEPT = ".before-restore-"


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
        take_back(real)
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
        for end in (*LOGS, "-shm"):
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
    """Give the archive a second name, which nothing has, and its log that name alone → the name."""
    settle(archive)
    stem = f"{archive.name}{KEPT}{now:%Y-%m-%dT%H%M%SZ}"
    names = (archive.with_name(stem if number == 1 else f"{stem}-{number}") for number in itertools.count(1))
    kept = next(name for name in names if not any(beside(name, end).exists() for end in ("", *LOGS)))
    try:
        os.link(archive, kept)
    except OSError:  # a disk without links; to rename it would leave no archive for a moment
        with temporary(kept) as copy:
            need_room(copy.parent, archive.stat().st_size, archive)
            shutil.copyfile(archive, copy)
            sync(copy)
            publish(copy, kept)
    sync(archive.parent)
    for end in LOGS:
        if there_is_more_in(beside(archive, end)):
            beside(archive, end).rename(beside(kept, end))
            sync(archive.parent)
    return kept


def take_back(archive: Path) -> None:
    """Undo what a kill left of a restore, so that the old archive is as it was. The caller holds the archive's lock.

    A log that some program has put in its place meanwhile is left to people. Raises OSError.
    """
    real = archive.resolve()
    if real.exists() and real.stat().st_nlink > 1:
        for kept in real.parent.glob(f"{glob.escape(real.name)}{KEPT}*"):
            if not kept.samefile(real):
                continue
            for end in LOGS:
                log, aside = beside(real, end), beside(kept, end)
                if aside.exists() and not there_is_more_in(log):
                    beside(real, "-shm").unlink(missing_ok=True)
                    aside.replace(log)
            sync(real.parent)
            if not any(beside(kept, end).exists() for end in LOGS):
                kept.unlink()
                sync(real.parent)
    with contextlib.suppress(OSError):
        sweep(real.parent)


def there_is_more_in(log: Path) -> bool:
    """Tell whether a log is there, and not empty."""
    return log.exists() and log.stat().st_size > 0


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
