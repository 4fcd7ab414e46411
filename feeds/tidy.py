"""What is no more to be in the publish folder is taken away, and nothing else is touched. IO: files."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection
from pathlib import Path

from feeds.places import spot_of_file

TEMPORARY = re.compile(r"\.wireroom-[a-z0-9_]{8}\.tmp")


def tidy(folder: Path, gone: Collection[str]) -> None:
    """Take away what is of topics whose public names are ``gone``, and what a killed process left half written.

    Nothing else in the publish folder is touched, and no links. Raises OSError.
    """
    topics = folder / "topics"
    for place in (folder, folder / "static", topics):
        if place == folder or not place.is_symlink():
            for path in files_of(place):
                found = spot_of_file(f"topics/{path.name}") if place == topics else None
                if (found and found.name in gone) or TEMPORARY.fullmatch(path.name):
                    path.unlink()
    for place in [] if topics.is_symlink() else entries_of(topics):
        if place.is_dir() and not place.is_symlink():
            tidy_topic(place, gone=place.name in gone)


def tidy_topic(folder: Path, *, gone: bool) -> None:
    """Take away what is in a topic's folder, where that is ``gone``, and what was left half written. Raises OSError."""
    for path in files_of(folder):
        if (gone and spot_of_file(f"topics/{folder.name}/{path.name}")) or TEMPORARY.fullmatch(path.name):
            path.unlink()
    if gone:
        with contextlib.suppress(OSError):  # there is something in it that is not ours
            folder.rmdir()


def files_of(folder: Path) -> list[Path]:
    """List the files in a folder that are no links; none where there is no folder."""
    return [path for path in entries_of(folder) if path.is_file() and not path.is_symlink()]


def entries_of(folder: Path) -> list[Path]:
    """List all that is in a folder."""
    return list(folder.iterdir()) if folder.is_dir() else []
