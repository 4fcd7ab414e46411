"""The archive's lock: one holder at a time, gone with its process. IO: files.

An advisory ``flock`` on a file beside the archive's real path (never on the archive itself: closing it would drop
SQLite's own locks). A stale file after ``kill -9`` is no obstacle: the kernel has released the lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock: ``command`` is ``run`` (the daemon) or ``poll``."""

    pid: int
    command: str


class LockHeldError(Exception):
    """Another process holds the archive; ``holder`` is None where it has not yet said who it is."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__(holder)
        self.holder = holder


def beside(archive: Path, suffix: str) -> Path:
    """Name a file beside the archive's real path, whatever link leads to it."""
    real = archive.resolve()
    return real.with_name(real.name + suffix)


class ArchiveLock:
    """Take the archive's lock on entry, release it on exit. Raises LockHeldError at once, or OSError."""

    def __init__(self, archive: Path, command: str) -> None:
        self._path = beside(archive, ".lock")
        self._command = command
        self._fd = -1

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = read_holder(fd)
            os.close(fd)
            raise LockHeldError(holder) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps({"pid": os.getpid(), "command": self._command}).encode(), 0)
        self._fd = fd
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # the disk has turned read-only: the lock is gone all the same
            os.ftruncate(self._fd, 0)
        os.close(self._fd)


def read_holder(fd: int) -> Holder | None:
    """Read who holds the lock; None where the file does not (yet) say."""
    try:
        said = json.loads(os.pread(fd, 1000, 0))
        return Holder(pid=int(said["pid"]), command=str(said["command"]))
    except (ValueError, KeyError, TypeError):
        return None
