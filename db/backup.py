"""A copy of the archive, made while others read and write it, checked before it counts. IO: sqlite, files.

One read transaction is held from the first page to the last: the copy is the archive of one moment, however much is
written meanwhile, and the writer waits for nothing. Its log grows until the copy is made.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from db.archive import (
    CANNOT_CREATE,
    CORRUPT,
    IO_ERROR,
    NO_INPUT_OR_NEWER,
    ArchiveError,
    archive_error,
    check_version,
    connect,
)
from db.files import is_still, put_new, sync
from db.packing import SUFFIXES, Packing, pack
from db.schema import APPLICATION_ID

STEP_PAGES = 1024
REST_S = 0.002
SYNC_STEPS = 4
"""4 MB are copied at a time, then others have the disk for a moment. So often all that is copied is put on the disk: a
whole copy at its end would have the writer's own commits wait for it."""

TEMPORARY = ".wireroom-backup-"
COUNTED = ("sources", "stories", "entries", "revisions", "selections", "polls")
IN_USE = 75
LEGACY = b"\x01\x01"
"""What bytes 18 and 19 of a SQLite file without a log say (sqlite.org/fileformat2.html, 1.3.3)."""

Progress = Callable[[int, int], None]
"""Told of pages that are done, and of all there are; what it raises breaks off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an archive has: its schema's version, its size in bytes, rows by table.

    ``lost``: rows that point to some that are not there. That is for ``wireroom verify`` to tell of; it is no reason to
    have no backup.
    """

    version: int
    size: int
    rows: dict[str, int]
    lost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was made: where, how many bytes it takes, what is in it."""

    path: Path
    size: int
    facts: Facts


def make_backup(
    archive: Path, target: Path, *, packing: Packing = "none", full: bool = True, progress: Progress = lambda *_: None
) -> Backup:
    """Copy ``archive`` to ``target``, which is there whole and checked, of mode 0600, or not at all.

    ``full``: every index is held against its table too, which takes twice as long. Raises ArchiveError: 65 the archive
    is damaged, 66 there is none, 73 the target is there already, 74 no room, or it can't be written.
    """
    if not archive.exists():
        raise ArchiveError(NO_INPUT_OR_NEWER, f"{archive}: there is no archive yet, so nothing to copy")
    check_version(archive)
    with temporary(target) as copy:
        facts = check_copy(copy, copy_pages(archive, copy, progress), full=full)
        if packing != "none":
            with temporary(target, "packed") as packed:
                pack(copy, packed, packing)
                publish(packed, target)
        else:
            publish(copy, target)
    return Backup(path=target, size=target.stat().st_size, facts=facts)


@contextlib.contextmanager
def temporary(target: Path, kind: str = "copy") -> Iterator[Path]:
    """Give an empty file of mode 0600 beside ``target``, which is gone afterwards unless it was renamed.

    Its name tells what it is for: what a kill left of it is used again. Raises ArchiveError: 75 another process writes
    it, 74 for whatever the disk refuses meanwhile.
    """
    path = target.with_name(f"{TEMPORARY}{target.name}.{kind}")
    handle = -1
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)  # a link would lead out of the folder
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not is_still(path, os.fstat(handle)):  # swept away in between, or at its end and renamed
            raise BlockingIOError
        os.ftruncate(handle, 0)
        try:
            yield path
        finally:
            for end in ("", "-journal", "-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
    except BlockingIOError as error:
        raise ArchiveError(IN_USE, f"{target}: another process is writing it; wait for its end") from error
    except OSError as error:
        raise ArchiveError(
            IO_ERROR,
            f"{error.filename or target}: can't be read or written: {error.strerror or error}; check the folder, its "
            f"rights and the disk",
        ) from error
    finally:
        if handle >= 0:
            os.close(handle)


def sweep(folder: Path) -> None:
    """Take away what a kill left half made in a folder of backups. Raises OSError."""
    for path in folder.glob(f"{TEMPORARY}*") if folder.is_dir() else ():
        with contextlib.suppress(BlockingIOError), path.open("rb") as left:  # another process is at it
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def copy_pages(archive: Path, copy: Path, progress: Progress) -> Facts:
    """Copy the archive's pages as they are at one moment → what it has then. Raises ArchiveError."""
    source = connect(archive, readonly=True)
    made = sqlite3.connect(copy, isolation_level=None)
    handle = os.open(copy, os.O_RDWR)
    steps = itertools.count(1)
    try:
        source.execute("BEGIN")  # else a commit in between has the copy begin anew, again and again
        facts = facts_of(source)
        need_room(copy.parent, facts.size, archive)
        made.execute("PRAGMA synchronous = OFF")  # it counts only once it is whole, checked and synced

        def step(_: int, left: int, pages: int) -> None:
            progress(pages - left, pages)
            if next(steps) % SYNC_STEPS == 0:
                os.fdatasync(handle)
            time.sleep(REST_S if left else 0)

        source.backup(made, pages=STEP_PAGES, progress=step)
    except sqlite3.DatabaseError as error:
        found = archive_error(archive, error)
        where = archive if found.code == CORRUPT else f"{archive} → {copy.parent}"
        mend = "restore a backup, or move it away" if found.code == CORRUPT else "check both disks, and the room there"
        raise ArchiveError(found.code, f"{where}: can't be copied: {error}; {mend}") from error
    else:
        made.close()
        os.pwrite(handle, LEGACY, 18)  # it has no log: whoever opens it to read need not be able to write beside it
        os.fsync(handle)
        return facts
    finally:
        made.close()
        source.close()
        os.close(handle)


def need_room(folder: Path, size: int, archive: Path) -> None:
    """Refuse to begin what can't end. Raises ArchiveError 74."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise ArchiveError(
            IO_ERROR,
            f"{folder}: no room for a copy of {archive}: it takes {size / 1e6:,.1f} MB, and {free / 1e6:,.1f} MB are "
            f"free; make room, or name another folder",
        )


def facts_of(conn: sqlite3.Connection) -> Facts:
    """Read what an archive has, in the transaction that is open."""
    ((version,),) = conn.execute("PRAGMA user_version")
    ((pages,),) = conn.execute("PRAGMA page_count")
    ((page_size,),) = conn.execute("PRAGMA page_size")
    there = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    rows = {name: conn.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in COUNTED if name in there}
    return Facts(version=version, size=pages * page_size, rows=rows)


def check_copy(copy: Path, wanted: Facts | None = None, *, full: bool = True) -> Facts:
    """Check a file that nobody writes: ours, whole, with these facts → what it has. Raises ArchiveError 65.

    No byte of it is changed, and nothing is put beside it.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as conn:
            ((application,),) = conn.execute("PRAGMA application_id")
            if application != APPLICATION_ID:
                raise ArchiveError(CORRUPT, f"{copy}: a SQLite file, but no Wireroom archive; name another")
            wrong = [str(row[0]) for row in conn.execute(f"PRAGMA {'integrity' if full else 'quick'}_check(5)")]
            if wrong != ["ok"]:
                raise ArchiveError(
                    CORRUPT, f"{copy}: damaged: {'; '.join(wrong)}; `wireroom verify` has more of the archive itself"
                )
            facts = facts_of(conn)
            lost = len(conn.execute("PRAGMA foreign_key_check").fetchall())
    except sqlite3.DatabaseError as error:
        raise archive_error(copy, error) from error
    if wanted is not None and facts != wanted:
        raise ArchiveError(CORRUPT, f"{copy}: has {facts}, where the archive has {wanted}; the disk can't be trusted")
    return replace(facts, lost=lost)


def publish(made: Path, target: Path) -> None:
    """Put a file that is written and synced in its place, where none is. Raises ArchiveError 73, OSError."""
    try:
        put_new(made, target)
    except FileExistsError:
        raise ArchiveError(
            CANNOT_CREATE, f"{target}: is there already, and is left as it is; name another file"
        ) from None
    sync(target.parent)


def packing_of(path: Path) -> Packing:
    """Tell from a file's name how a backup is to be packed."""
    return next((packing for packing, suffix in SUFFIXES.items() if suffix and path.name.endswith(suffix)), "none")
