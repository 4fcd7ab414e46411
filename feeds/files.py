"""Files that are always whole: written beside their place, and put there at once, one or many together. IO: files.

Many together cost little more time than one: all are written, then the disk is asked to keep them all at once, and
only then do they get their names, what others lead to first.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from db.files import sync

AT_ONCE = 8
"""So many files are synced at once: the disk does that in one turn; one after the other, each waits for its own."""


def replace_file(path: Path, body: bytes) -> None:
    """Write a file that is there after a power cut too: who reads it sees the old bytes or the new ones, whole."""
    one = Part("")
    one.lay(path, body)
    put_in_place([one])
    if one.error is not None:
        raise one.error


class Laid(NamedTuple):
    """A file that is written under another name; those of a lower ``order`` get theirs first."""

    temporary: Path
    order: int


@dataclass(slots=True, eq=False)
class Part:
    """Files of one matter, by the paths that they are to have: all get them, or it is told why not.

    ``then`` is done when they have; what it returns is waited for.
    """

    key: str
    files: dict[Path, Laid] = field(default_factory=dict)
    then: list[Callable[[], Future[Any] | None]] = field(default_factory=list)
    error: OSError | None = None

    def lay(self, path: Path, body: bytes, changed: int | None = None, order: int = 0) -> None:
        """Write a file beside its place; ``changed``: the time that it is to have, seconds since 1970.

        Raises OSError.
        """
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".wireroom-", suffix=".tmp")
        self.files[path] = Laid(Path(temporary), order)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body)
                file.flush()
                os.fchmod(file.fileno(), 0o644)  # a web server of another user may serve it
                if changed is not None:
                    os.utime(file.fileno(), (changed, changed))
        except BaseException:
            self.take_back([path])
            raise

    def take_back(self, paths: Iterable[Path]) -> None:
        """Have files be as if they had not been written."""
        for path in paths:
            if (laid := self.files.pop(path, None)) is not None:
                with contextlib.suppress(OSError):
                    laid.temporary.unlink()


def put_in_place(parts: Sequence[Part]) -> None:
    """Give files that are laid their names, once they are on the disk; ``error`` of a part says why not all of it is.

    A part of which one file can't be kept gets no names any more. A folder is on the disk too before what is of a
    higher order, anywhere, gets its names.
    """
    laid = [(one, path, part) for part in parts for path, one in part.files.items()]
    whose = {one.temporary: [part] for one, _, part in laid}
    note_failures(sync_all(whose), whose)
    for order in sorted({one.order for one, _, _ in laid}):
        folders: dict[Path, list[Part]] = {}
        for one, path, part in laid:
            if one.order == order and part.error is None:
                try:
                    one.temporary.replace(path)
                except OSError as error:
                    part.error = error
                else:
                    del part.files[path]
                    folders.setdefault(path.parent, []).append(part)
        note_failures(sync_all(folders), folders)
    for part in parts:
        part.take_back([*part.files])


def note_failures(errors: dict[Path, OSError], whose: dict[Path, list[Part]]) -> None:
    """Note with parts why what is of theirs can't be kept."""
    for path, error in errors.items():
        for part in whose[path]:
            part.error = part.error or error


def sync_all(paths: Collection[Path]) -> dict[Path, OSError]:
    """Have files, or folders' lists of files, on the disk → those that can't be, and why."""

    def failure(path: Path) -> OSError | None:
        try:
            sync(path)
        except OSError as error:
            return error
        return None

    if len(paths) < 2:
        made = [failure(path) for path in paths]
    else:
        with ThreadPoolExecutor(min(AT_ONCE, len(paths)), thread_name_prefix="sync") as threads:
            made = list(threads.map(failure, paths))
    return {path: error for path, error in zip(paths, made, strict=True) if error is not None}


def has_bytes(path: Path, body: bytes) -> bool:
    """Tell whether the file is there with just these bytes."""
    return path.is_file() and path.stat().st_size == len(body) and path.read_bytes() == body


def modified(path: Path) -> int:
    """Read the time of a file, whole seconds; 0 where there is none."""
    return int(path.stat().st_mtime) if path.is_file() else 0


def is_of(path: Path, changed: int) -> bool:
    """Tell whether the file is there with just this time."""
    return path.is_file() and path.stat().st_mtime_ns == changed * 10**9
