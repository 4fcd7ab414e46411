"""What may happen to the archive's file under the writer: it is full, held by others, broken, gone. IO: sqlite, files.

Most of it passes: a batch is undone, whoever waited for it is told, and the next one is tried. Three things end all
writing, since every further write may do harm: a disk that did not keep what it was told to keep, a damaged file, a
file that is not at its path any more.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from concurrent.futures import Future
from pathlib import Path

from sqlite_utils import Database

from db.archive import CORRUPT, IO_ERROR, ArchiveError, archive_error, connect, sqlite_name
from db.checkpoint import Checkpoints
from db.files import is_still
from db.room import least_free

FAULTS = ("FULL", "READONLY", "BUSY", "IOERR", "CANTOPEN", "PROTOCOL", "CORRUPT", "NOTADB", "NOLFS", "PERM")
"""SQLite's names for what is no fault of a statement: of the file, the disk, or others that use it."""

FINAL = ("IOERR_FSYNC", "IOERR_DIR_FSYNC", "IOERR_CORRUPTFS", "IOERR_DATA", "READONLY_DBMOVED")
"""After these nothing is known of what is on disk: an fsync that failed may "succeed" when it is called again."""

SAVE_TRIES = 50


def is_busy(error: BaseException) -> bool:
    """Tell whether another program holds the archive."""
    return sqlite_name(error).startswith("BUSY")


class Guard:
    """Looks after the file of one writer. ``attach`` it to the connection on the writer's thread; all else any.

    Without ``checkpoints`` another program has the log written back.
    """

    def __init__(self, *, checkpoints: bool = True) -> None:
        self._moves = checkpoints
        self.failed: Future[ArchiveError] = Future()
        """Done when nothing is written any more, with what ended it."""
        self._path: Path | None = None
        self._there: dict[Path, os.stat_result] = {}
        self._keeper: sqlite3.Connection | None = None
        self._checkpoints: Checkpoints | None = None
        self._before = 0  # rows written, those that were undone too, when this batch began
        self._fault: str | None = None
        self._full = False  # that is the fault
        self.faults: tuple[int, str] = 0, ""
        """How many there were that passed, and what the last one was."""

    @property
    def trouble(self) -> str | None:
        """Why the archive takes nothing now, and the mend; None: as far as is known, it does."""
        return str(self.failed.result()) if self.failed.done() else self._fault

    @property
    def warning(self) -> str | None:
        """What harms nothing yet."""
        return self._checkpoints.held if self._checkpoints is not None else None

    @property
    def log_bytes(self) -> int:
        """How long the archive's log is."""
        return self._checkpoints.bytes if self._checkpoints is not None else 0

    def attach(self, db: Database) -> None:
        """Remember which files ``db`` has open; do its checkpoints from now on. Raises sqlite3.Error, OSError."""
        ((path,),) = list(db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'"))
        if not path:
            return
        self._path = Path(path)
        self._checkpoints = Checkpoints(db, self._path, moves=self._moves)
        self._keeper = connect(self._path, readonly=True)
        self._keeper.execute("SELECT count(*) FROM sqlite_master").fetchone()  # only now it has the file open
        for name in (path, f"{path}-wal", f"{path}-shm"):
            self._there[Path(name)] = Path(name).stat()

    def check(self, db: Database) -> None:
        """Make sure that what is written is kept; a batch begins. Raises ArchiveError, for good.

        A file that was removed or replaced under us takes every write and keeps none.
        """
        if self.failed.done():
            raise self.failed.result()
        for path, opened in self._there.items():
            if not is_still(path, opened):
                raise self.fail(ArchiveError(IO_ERROR, self._gone(db, path)))
        self._before = db.conn.total_changes

    def _gone(self, db: Database, path: Path) -> str:
        """Say which file is gone; where it is not the archive itself, put into that what is in its log."""
        if path == self._path:
            return f"{path}: the archive was removed or replaced while in use; put it back and start again"
        for _ in range(SAVE_TRIES):
            ((_, frames, moved),) = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            if frames == moved:
                return f"{path}: was removed or replaced while in use; its archive has what was in it: start again"
            time.sleep(0.1)  # somebody is reading
        return f"{path}: was removed or replaced while in use, and somebody reads: not all of it is saved; start again"

    def kept(self, db: Database) -> None:
        """Note that a commit is on disk, and see to the log. Raises nothing: what was committed is committed."""
        if db.conn.total_changes != self._before and not (self._full and self._no_room()):
            self._fault, self._full = None, False  # a commit that wrote nothing proves nothing
        if self._checkpoints is not None:
            try:
                self._checkpoints.after_commit()
            except (sqlite3.Error, OSError) as error:
                self.judged(error)

    def _no_room(self) -> bool:
        """Tell whether the disk is full still: what little was written found a place in the log, the next may not."""
        try:
            told = os.statvfs(self._path or "")
        except OSError:
            return False
        return told.f_bavail * told.f_frsize < least_free(told.f_blocks * told.f_frsize)

    def look(self, db: Database) -> None:
        """See, while there is nothing to do, whether all is well. Raises nothing."""
        try:
            self.check(db)
            if self._checkpoints is not None:
                self._checkpoints.at_leisure()
        except (sqlite3.Error, OSError, ArchiveError) as error:
            self.judged(error)

    def judged(self, error: Exception) -> Exception:
        """Note a failure, if it is the file's → the error that says so; any other as it is."""
        name = sqlite_name(error)
        if not isinstance(error, sqlite3.DatabaseError) or not name.startswith(FAULTS):
            return error
        found = archive_error(self._path or Path("the archive"), error)
        if found.code == CORRUPT or name.startswith(FINAL):
            return self.fail(found)
        self._full = name.startswith("FULL")
        if self._fault != str(found):
            self._fault = str(found)
            self.faults = self.faults[0] + 1, self._fault
        return found

    def met(self, error: Exception) -> Exception:
        """Take what somebody met who only reads → the error that says so: damage ends all, the rest is his."""
        return self.judged(error) if ends_all(error) else error

    def fail(self, error: ArchiveError) -> ArchiveError:
        """End all writing → the first error that did. Also for who reads and finds the file damaged."""
        with contextlib.suppress(Exception):  # InvalidStateError: it has ended already
            self.failed.set_result(error)
        return self.failed.result()

    def close(self, db: Database) -> None:
        """Close the connection: all is in one file then, but nothing more is written where writing has ended.

        The last connection that closes would move the log; one that only reads can't, so it is the last then.
        """
        try:
            if self._moves and self._keeper is not None and not self.failed.done():
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # a reader in the way: the log stays beside it, no loss
        except sqlite3.Error as error:
            self.judged(error)
        if self._checkpoints is not None:
            self._checkpoints.close()
        last = self._keeper if self.failed.done() else None
        if self._keeper is not None and last is None:
            self._keeper.close()
        db.close()
        if last is not None:
            last.close()


def ends_all(error: Exception) -> bool:
    """Tell whether nothing more may be written after this error."""
    return isinstance(error, sqlite3.Error) and sqlite_name(error).startswith(("CORRUPT", "NOTADB", *FINAL))
