"""How large the archive is, how much of it is free, and free pages given back to the disk. IO: sqlite."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlite_utils import Database

SLACK = 0.02
"""So much of the file may be free: tomorrow's polls fill it again, without the file growing."""

INCREMENTAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The archive's file: its size and what of it is free, bytes; ``gives_back``: whether it can shrink by itself."""

    size: int
    free: int
    gives_back: bool

    @property
    def excess(self) -> bool:
        """Tell whether so much is free that some should be given back."""
        return self.gives_back and self.free > SLACK * self.size


def room(db: Database) -> Room:
    """Read it."""
    page, pages, free, mode = (
        db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_size", "page_count", "freelist_count", "auto_vacuum")
    )
    return Room(size=page * pages, free=page * free, gives_back=mode == INCREMENTAL)


def room_of(db: Database) -> dict[str, int | bool]:
    """Read it as JSON has it."""
    return asdict(room(db))


def give_back(db: Database, pages: int) -> None:
    """Give so many free pages at the end of the file back to the disk; what lies there moves forward."""
    for _ in range(pages):  # Python's sqlite3 stops at its first row, which has no columns, so it does one page
        db.conn.execute("PRAGMA incremental_vacuum(1)")
