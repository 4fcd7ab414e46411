"""Whether the publish folder is the one that was filled: one may be put in its place, or it may be gone. IO: files."""

from __future__ import annotations

from pathlib import Path

AGAIN_S = 10.0
"""A folder that was taken away is filled anew so often, until that succeeds."""

Place = tuple[tuple[int, int] | None, ...]


def place_of(folder: Path) -> Place:
    """Tell which folder this is, and which is its folder of topics: another may be put in its place, or none."""
    found: list[tuple[int, int] | None] = []
    for one in (folder, folder / "topics"):
        try:
            there = one.stat()
        except OSError:
            found.append(None)
        else:
            found.append((there.st_dev, there.st_ino))
    return tuple(found)


class PublishPlace:
    """The folder as it was when all was in it; times are on one steady clock."""

    def __init__(self) -> None:
        self._place: Place | None = None
        self._again_at = 0.0

    def is_elsewhere(self, folder: Path, now_s: float) -> bool:
        """Tell whether the folder is not the one that was filled, and is to be filled now."""
        place = place_of(folder)
        return now_s >= self._again_at and (None in place if self._place is None else place != self._place)

    def filled(self, folder: Path) -> None:
        """Note that all is in the folder; it may have been made only now."""
        self._place = place_of(folder)

    def failed(self, now_s: float) -> None:
        """Note that it could not be filled."""
        self._again_at = now_s + AGAIN_S
