"""The folder of backups: one more made, those that need not stay taken away, how they stand. IO: sqlite, files."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from db.archive import IO_ERROR, ArchiveError
from db.backup import Backup, Progress, make_backup, sweep
from db.packing import SUFFIXES
from db.times import iso
from feeds.pages.words import size
from wireroom.config import Config
from wireroom.rotation import Kept, backups_of, last_before, name_of, surplus

LATE = 2
"""Where the last backup is so many times as old as `every` says, something is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that was made, and those that went for it."""

    backup: Backup
    dropped: tuple[Path, ...]


def back_up(config: Config, now: datetime, *, full: bool, progress: Progress = lambda *_: None) -> Made:
    """Make a backup in the folder that the config names, then take away what need not stay. Raises ArchiveError."""
    folder = folder_of(config)
    name = name_of(config.archive, now, SUFFIXES[config.backup.packing])
    with contextlib.suppress(OSError):
        sweep(folder)
    made = make_backup(config.archive, folder / name, packing=config.backup.packing, full=full, progress=progress)
    gone = [backup.path for backup in surplus(backups_in(config), config.backup.keep) if backup.path != made.path]
    for path in gone:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ArchiveError(
                IO_ERROR, f"{path}: an old backup can't be taken away: {error.strerror}; check the folder's rights"
            ) from error
    return Made(backup=made, dropped=tuple(gone))


def folder_of(config: Config) -> Path:
    """Give the folder of backups; to be called where the config names one."""
    assert config.backup.folder is not None
    return config.backup.folder


def backups_in(config: Config) -> list[Kept]:
    """Find the archive's backups in the folder, oldest first; none where there is no folder. Raises OSError."""
    folder = folder_of(config)
    return backups_of(config.archive, folder.iterdir()) if folder.is_dir() else []


def wait_s(config: Config, now: datetime) -> float:
    """Tell in how many seconds the next backup is due; 0 or less: it is. Raises OSError."""
    last = last_before(backups_in(config), now)
    return 0.0 if last is None else config.backup.every_s - (now - last.at).total_seconds()


def backup_status(config: Config, now: datetime) -> dict[str, Any] | None:
    """Tell how backups stand → where, how many, the last one, a note where that is late; None: none are made."""
    if config.backup.folder is None:
        return None
    told: dict[str, Any] = {"folder": str(config.backup.folder), "backups": 0, "last": None, "bytes": 0, "note": None}
    try:
        found = backups_in(config)
        told |= {"backups": len(found), "bytes": sum(backup.path.stat().st_size for backup in found)}
    except OSError as error:
        return told | {"note": f"{error.filename}: can't be read: {error.strerror}; check its rights"}
    last = last_before(found, now)
    if last is None:
        return told | {"note": "there is no backup yet: the daemon makes one, or `wireroom backup`"}
    told["last"] = iso(last.at)
    if now - last.at > LATE * timedelta(seconds=config.backup.every_s):
        told["note"] = f"there is none since {iso(last.at)}: look into the daemon's log, or try `wireroom backup`"
    return told


def backup_lines(told: dict[str, Any] | None) -> list[str]:
    """Tell it in lines."""
    if told is None:
        return []
    last = told["last"] or "-"
    lines = [f"\nbackups: {told['backups']} in {told['folder']}, {size(told['bytes'])}, the last {last}"]
    return lines + ([f"  {told['note']}"] if told["note"] else [])
