"""A file, or a folder's list of files, brought to the disk; a new file given its name; which file has it. IO: files."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Have on disk what a file says, or which files are in a folder. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_new(made: Path, path: Path) -> None:
    """Give a file that is written its name, if no other has it; it may keep the old one too.

    That the folder has it is on disk after ``sync`` only. Raises FileExistsError, OSError.
    """
    try:
        os.link(made, path)  # unlike a rename it never takes the place of another
    except FileExistsError:
        raise
    except OSError:  # a disk without links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        made.rename(path)


def is_still(path: Path, opened: os.stat_result) -> bool:
    """Tell whether the path leads to the file that was opened."""
    try:
        return os.path.samestat(opened, path.stat())
    except OSError:
        return False
