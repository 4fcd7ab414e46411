"""Open the archive: one connection that writes and checkpoints, any number that only read. IO: sqlite.

SQLite from 3.7.0 to 3.51.2 can corrupt a WAL database when two connections write and checkpoint at the same instant
(sqlite.org, "WAL-reset bug"), so exactly one connection here ever writes: the holder of the archive's lock opens it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlite_utils import Database

from db.files import sync
from db.header import version_in
from db.reshape import reshape, shape_new
from db.schema import APPLICATION_ID, SCHEMA_VERSION, migrations

BUSY_TIMEOUT_MS = 3_000


class ArchiveError(Exception):
    """The archive can't be used; ``code`` is the process's exit code (sysexits), the text says what and the mend."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


CORRUPT, NO_INPUT_OR_NEWER, CANNOT_CREATE, IO_ERROR = 65, 66, 73, 74


def open_writer(
    path: Path,
    *,
    before_upgrade: Callable[[Path, int], None] = lambda *_: None,
    checkpoints: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> Database:
    """Open, and where needed create or migrate, the archive at ``path`` → the one connection that may write.

    ``before_upgrade`` is called with the path and the older version, before anything is changed. Without
    ``checkpoints`` another program has the log written back. ``tell`` gets why an older archive is not made as small as
    a new one would be, where that can't be done now. The caller holds the archive's lock.
    Raises ArchiveError: 65 damaged or no archive of ours, 66 written by a newer Wireroom (the file is left as it is),
    73 cannot be created, 74 cannot be read or written.
    """
    if path.exists():
        version = check_version(path)
        if version is not None and version < SCHEMA_VERSION:
            before_upgrade(path, version)
    else:
        create(path)
    try:
        sync_log(path)
        conn = connect(path, readonly=False)
        db = Database(conn, execute_plugins=False)
        shape_new(conn)
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = FULL")  # a commit survives a power cut, not only a crash
        if not checkpoints:
            conn.execute("PRAGMA wal_autocheckpoint = 0")
        with db.atomic():
            migrations.ensure_migrations_table(db)  # a kill leaves it with its index, or not at all
        migrate(db, path)
        conn.execute("PRAGMA foreign_keys = ON")  # no step breaks a reference; to look up each takes half of its time
        reshape(conn, path, tell)
    except sqlite3.DatabaseError as error:
        raise archive_error(path, error) from error
    except OSError as error:
        raise ArchiveError(IO_ERROR, f"{path}: can't be read or written: {error.strerror}; check the disk") from error
    return db


def sync_log(path: Path) -> None:
    """Put on the disk what a killed process wrote to the archive's log, and its name.

    SQLite takes a whole transaction there for committed, synced or not, and it would be published; a power cut would
    then take back what subscribers have (tests/test_power_cuts.py found it).
    """
    log = path.with_name(f"{path.name}-wal")
    if log.exists():
        sync(log)
        sync(path.parent)


def open_reader(path: Path) -> Database:
    """Open the archive at ``path`` read-only → a connection of the caller's own thread.

    Raises ArchiveError: 66 there is none yet or it is of another version, 65 damaged, 74 unreadable.
    """
    if not path.exists():
        raise ArchiveError(
            NO_INPUT_OR_NEWER, f"{path}: there is no archive yet; start `wireroom run` or `wireroom poll` first"
        )
    version = check_version(path)
    if version is None:
        raise ArchiveError(
            NO_INPUT_OR_NEWER, f"{path}: the archive is empty yet: it is being made, or its making broke off"
        )
    if version < SCHEMA_VERSION:
        raise ArchiveError(
            NO_INPUT_OR_NEWER,
            f"{path}: written by an older Wireroom (schema {version}); `wireroom run` or `wireroom poll` brings it up "
            f"to date",
        )
    return Database(connect(path, readonly=True), execute_plugins=False)


def connect(path: Path, *, readonly: bool) -> sqlite3.Connection:
    """Open one connection: autocommit (transactions are said out loud), waiting for locks, rows as tuples.

    Every wait for a lock is the busy timeout's. A reader neither checkpoints nor writes.
    """
    uri = f"{path.absolute().as_uri()}?mode={'ro' if readonly else 'rw'}"
    conn = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    conn.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    if readonly:
        conn.execute("PRAGMA query_only = ON")
    return conn


def create(path: Path) -> None:
    """Make an empty file of mode 0600 with its folder (reading habits are private), or raise ArchiveError 73."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise ArchiveError(CANNOT_CREATE, f"{path}: the archive can't be created: {error.strerror}") from error


def roll_back(path: Path) -> None:
    """Take back what a kill left half written in a file that is no archive with a log yet: who only reads can't."""
    if not path.with_name(f"{path.name}-journal").exists():
        return
    conn = connect(path, readonly=False)
    try:
        conn.execute("SELECT count(*) FROM sqlite_master").fetchone()
    finally:
        conn.close()


def check_version(path: Path) -> int | None:
    """Refuse what is no archive of this version or an older one, without changing a byte of it → its version.

    Gives None for a file that is empty yet: a writer fills it, a reader finds nothing in it.
    """
    if not path.is_file():
        raise ArchiveError(IO_ERROR, f"{path}: no regular file; name another in [wireroom] archive")
    try:
        refuse_newer(path, version_in(path))  # to open it would write beside it
    except OSError as error:
        raise ArchiveError(IO_ERROR, f"{path}: can't be read: {error.strerror}; check its rights") from error
    try:
        roll_back(path)
        conn = connect(path, readonly=True)
        try:
            (application,) = conn.execute("PRAGMA application_id").fetchone()
            (version,) = conn.execute("PRAGMA user_version").fetchone()
            # a kill between the ledger of migrations and the first of them leaves that alone: it is empty yet
            (tables,) = conn.execute(
                "SELECT count(*) FROM sqlite_master WHERE tbl_name <> '_sqlite_migrations'"
            ).fetchone()
        finally:
            conn.close()
    except sqlite3.DatabaseError as error:
        raise archive_error(path, error) from error
    if tables and application != APPLICATION_ID:
        raise ArchiveError(
            CORRUPT, f"{path}: a SQLite file, but no Wireroom archive; name another in [wireroom] archive"
        )
    refuse_newer(path, version)
    return int(version) if tables else None


def refuse_newer(path: Path, version: int | None) -> None:
    """Refuse what a newer Wireroom wrote. Raises ArchiveError 66."""
    if version is not None and version > SCHEMA_VERSION:
        raise ArchiveError(
            NO_INPUT_OR_NEWER,
            f"{path}: written by a newer Wireroom (schema {version}, this one knows {SCHEMA_VERSION}); upgrade, or "
            f"restore a backup of this version",
        )


MENDS = (
    (("FULL",), "there is no room on the disk", "make some: what is polled comes again"),
    (("READONLY",), "only reading is allowed there", "check its rights, its folder's, and how the disk is mounted"),
    (("BUSY",), "another program holds it", "end that program, or its transaction"),
    (
        ("IOERR_FSYNC", "IOERR_DIR_FSYNC"),
        "the disk did not keep what it was told to keep",
        "check the disk, then start again: nothing is lost that was reported",
    ),
)
"""What SQLite means by some of its errors, and what to do; of all others its own words are told."""


def sqlite_name(error: BaseException) -> str:
    """Give SQLite's name of an error, without its prefix; "" where it has none."""
    return (getattr(error, "sqlite_errorname", "") or "").removeprefix("SQLITE_")


def migrate(db: Database, path: Path) -> None:
    """Take the steps that the archive has not. Raises sqlite3.DatabaseError.

    Raises ArchiveError where it is no fault of the disk: then something that people put there is in the way.
    """
    try:
        migrations.apply(db)
    except sqlite3.DatabaseError as error:
        if not sqlite_name(error).startswith(("ERROR", "CONSTRAINT")):
            raise
        raise ArchiveError(
            IO_ERROR,
            f"{path}: can't be changed for this version: {error}; if that is an index, a table or a view of your own, "
            f"take it away (sqlite3 {path} 'DROP …') and start again",
        ) from error


def archive_error(path: Path, error: sqlite3.DatabaseError) -> ArchiveError:
    """Turn SQLite's own error into one that says the path, the exit code and what to do."""
    name = sqlite_name(error)
    if name.startswith(("CORRUPT", "NOTADB", "IOERR_SHORT_READ")):
        return ArchiveError(CORRUPT, f"{path}: damaged, or no SQLite file ({error}); restore a backup, or move it away")
    for names, what, mend in MENDS:
        if name.startswith(names):
            return ArchiveError(IO_ERROR, f"{path}: {what} ({error}); {mend}")
    return ArchiveError(
        IO_ERROR, f"{path}: can't be read or written: {error}; check the disk, the folder and its rights"
    )
