"""What is written goes to the log first; in time it is moved into the archive's own file. IO: sqlite, files.

SQLite would do that by itself after a commit, but says nothing where it fails. After an fsync that failed, a second one
may tell success though nothing is on disk: the log would be used anew, and what it had be lost. So the writer does it.
"""

from __future__ import annotations

import os
from pathlib import Path

from sqlite_utils import Database

FRAMES = 1000
"""So many pages in the log are worth the moving: it costs two fsyncs. (SQLite's own number.)"""

AGAIN = 250
"""Where a reader still needs what is in the log, it is tried again after so many more."""

LARGE_BYTES = 16_000_000
"""A log that became larger is cut short when nobody needs it; until then its room is used anew: to write there again
costs a quarter less than to let a file grow."""

HELD_BYTES = 64_000_000
"""A log in which so much is needed has a reader who does not end."""

HEADER, FRAME_HEADER = 32, 24
SALT_AT, FRAME_SALT_AT, SALT = 16, 8, 8
"""https://sqlite.org/fileformat2.html#the_write_ahead_log: a frame counts if it has the salt of the log's header."""


class Checkpoints:
    """The log of one writing connection, which does its own checkpoints from now on.

    Unless it ``moves`` nothing: another program does them then, and it is only told where that one does not.
    """

    def __init__(self, db: Database, archive: Path, *, moves: bool = True) -> None:
        self._db = db
        self._moves = moves
        db.conn.execute("PRAGMA wal_autocheckpoint = 0")
        ((page_bytes,),) = db.conn.execute("PRAGMA page_size").fetchall()
        self._frame_bytes = FRAME_HEADER + int(page_bytes)
        self._fd = os.open(f"{archive}-wal", os.O_RDONLY | os.O_CLOEXEC)  # it has no locks that closing it could drop
        self._salt = b""
        self._next = FRAMES
        self.held: str | None = None
        """Who keeps the log from being moved, for people; None: nobody."""

    @property
    def bytes(self) -> int:
        """How long the log's file is."""
        return os.fstat(self._fd).st_size

    def after_commit(self) -> None:
        """Move the log, if that is worth it. Raises sqlite3.Error; the commit stays as it is."""
        salt = os.pread(self._fd, SALT, SALT_AT)
        if salt != self._salt:  # it was begun anew
            self._salt, self._next = salt, FRAMES
        if not self._moves:
            self._watch()
        elif self._reaches(self._next):
            self._move()

    def at_leisure(self) -> None:
        """Cut a large log short, if nobody needs it any more. Raises sqlite3.Error."""
        if not self._moves:
            self.after_commit()
        elif self.bytes > LARGE_BYTES:
            self._move()

    def close(self) -> None:
        """Let go of the log's file."""
        os.close(self._fd)

    def _reaches(self, frames: int) -> bool:
        """Tell whether the log has so many pages since it was begun anew; the file may be longer."""
        at = HEADER + (frames - 1) * self._frame_bytes + FRAME_SALT_AT
        return bool(self._salt) and os.pread(self._fd, SALT, at) == self._salt

    def _watch(self) -> None:
        self.held = None
        if self._reaches(HELD_BYTES // self._frame_bytes):
            self.held = (
                f"the archive's log has grown to {self.bytes // 1_000_000} MB: Litestream does not run, or some "
                f"program has been reading for so long; start the one, end the other's transaction"
            )

    def _move(self) -> None:
        ((_, frames, moved),) = self._db.conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        self._next = frames + AGAIN
        needed = frames * self._frame_bytes
        self.held = None
        if moved < frames and needed > HELD_BYTES:
            self.held = (
                f"some program has been reading for so long that the archive's log has grown to "
                f"{needed // 1_000_000} MB; end its transaction: the log is cut short then"
            )
        elif moved == frames and self.bytes > LARGE_BYTES:
            self._cut()

    def _cut(self) -> None:
        """Empty the log's file; not now, if somebody is just reading."""
        ((patience,),) = self._db.conn.execute("PRAGMA busy_timeout").fetchall()
        self._db.conn.execute("PRAGMA busy_timeout = 0")
        try:
            self._db.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            self._db.conn.execute(f"PRAGMA busy_timeout = {patience}")
