"""A file that is there whole or not at all, and never in another's place unless that is meant. IO: files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from db.archive import CANNOT_CREATE, ArchiveError
from db.files import put_new, sync


class TakenError(ArchiveError):
    """There is a file of that name."""

    def __init__(self, path: Path) -> None:
        super().__init__(CANNOT_CREATE, f"{path}: there is such a file already; --force, or another name")


@contextmanager
def new_file(path: Path, *, force: bool, suffix: str = ".tmp") -> Iterator[Path]:
    """Give a place for a file, and put what the body has written there at ``path``, on disk, when it ends well.

    Raises TakenError where there is something at ``path`` and ``force`` does not say that it may go, OSError.
    """
    path = path.resolve()
    if path.exists() and not (force and path.is_file()):
        raise TakenError(path)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".wireroom-", suffix=suffix)
    except OSError as error:  # it would name the temporary file
        raise OSError(error.errno, f"can't be written: {error.strerror}", str(path)) from error
    os.close(handle)
    place = Path(name)
    try:
        yield place
        sync(place)
        if force:
            place.replace(path)
        else:
            try:
                put_new(place, path)
            except FileExistsError:
                raise TakenError(path) from None
        sync(path.parent)
    finally:
        with suppress(OSError):
            place.unlink()
