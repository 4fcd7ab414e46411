"""Files that are always whole: written beside their place, and put there at once. IO: files."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from db.files import sync


def replace_file(path: Path, body: bytes) -> None:
    """Write a file that is there after a power cut too: who reads it sees the old bytes or the new ones, whole."""
    put_file(path, body)
    sync(path.parent)


def put_file(path: Path, body: bytes, changed: int | None = None) -> None:
    """Write by a temporary file, fsync and rename; ``changed``: the time that the file is to have, seconds since 1970.

    That the folder has it is on disk after ``db.files.sync`` only.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".wireroom-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fchmod(file.fileno(), 0o644)  # a web server of another user may serve it
            if changed is not None:
                os.utime(file.fileno(), (changed, changed))
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def has_bytes(path: Path, body: bytes) -> bool:
    """Tell whether the file is there with just these bytes."""
    return path.is_file() and path.stat().st_size == len(body) and path.read_bytes() == body


def modified(path: Path) -> int:
    """Read the time of a file, whole seconds; 0 where there is none."""
    return int(path.stat().st_mtime) if path.is_file() else 0


def is_of(path: Path, changed: int) -> bool:
    """Tell whether the file is there with just this time."""
    return path.is_file() and path.stat().st_mtime_ns == changed * 10**9
