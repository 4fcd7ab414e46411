"""Which backups stay: the newest of each of so many days, weeks and months. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

STAMP = "%Y-%m-%dT%H%M%SZ"
NAME = re.compile(r"(?P<stem>.+)-(?P<stamp>\d{4}-\d\d-\d\dT\d{6}Z)\.db(?:\.gz|\.zst)?", re.ASCII)


class Keep(NamedTuple):
    """Of how many days, weeks and months that have backups the newest stays."""

    daily: int
    weekly: int
    monthly: int


KEEP = Keep(7, 4, 6)


class Kept(NamedTuple):
    """A backup in a folder, and when it was begun."""

    at: datetime
    path: Path


def name_of(archive: Path, now: datetime, suffix: str) -> str:
    """Name the backup that is made now; ``suffix``: ``.zst``, ``.gz`` or nothing."""
    return f"{archive.stem}-{now:{STAMP}}.db{suffix}"


def backups_of(archive: Path, files: Iterable[Path]) -> list[Kept]:
    """Find the backups of this archive among files, by their names, oldest first. All else is somebody's own."""
    found = []
    for path in files:
        name = NAME.fullmatch(path.name)
        if name is not None and name["stem"] == archive.stem:
            try:
                found.append(Kept(datetime.strptime(name["stamp"], STAMP).replace(tzinfo=UTC), path))
            except ValueError:  # no such day
                continue
    return sorted(found)


def surplus(backups: Iterable[Kept], keep: Keep) -> list[Kept]:
    """Find the backups that need not stay. The newest always does.

    Days without a backup do not count: of a machine that was off for a year none goes.
    """
    newest_first = sorted(backups, reverse=True)
    stays = set(newest_first[:1])
    periods: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (keep.daily, lambda at: at.date()),
        (keep.weekly, lambda at: at.isocalendar()[:2]),
        (keep.monthly, lambda at: (at.year, at.month)),
    )
    for most, period in periods:
        newest: dict[object, Kept] = {}
        for backup in newest_first:
            newest.setdefault(period(backup.at), backup)
        stays |= set(list(newest.values())[:most])
    return [backup for backup in newest_first if backup not in stays]


def last_before(backups: Iterable[Kept], now: datetime) -> Kept | None:
    """Find the newest one that is not of the future, as a clock that was wrong leaves them."""
    return max((backup for backup in backups if backup.at <= now), default=None)
