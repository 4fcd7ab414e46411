"""What the config says of backups, and what is wrong in that. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from db.output import DAY_S
from db.packing import Packing
from wireroom.config_queries import Found
from wireroom.config_tables import Backup
from wireroom.rotation import KEEP, Keep


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """Which backups are made by themselves, and where; ``folder`` None: none. See ``wireroom/rotation.py``."""

    folder: Path | None = None
    every_s: float = DAY_S
    keep: Keep = KEEP
    packing: Packing = "zstd"
    before_upgrade: bool = True
    litestream: bool = False


def backup_settings(said: Backup, folder: Path) -> BackupSettings:
    """Make what the config says of backups; a path in it is relative to ``folder``."""
    return BackupSettings(
        folder=folder / said.folder if said.folder is not None else None,
        every_s=said.every,
        keep=Keep(said.daily, said.weekly, said.monthly),
        packing=said.packing,
        before_upgrade=said.before_upgrade,
        litestream=said.litestream,
    )


def backup_faults(raw: dict[str, Any]) -> Iterator[Found]:
    """Find backups that anybody could download, and that none would stay."""
    backup, above = raw.get("backup"), raw.get("wireroom")
    if not isinstance(backup, dict):
        return
    folder = backup.get("folder")
    public = above.get("publish", "public") if isinstance(above, dict) else "public"
    if isinstance(folder, str) and isinstance(public, str):
        inside, outside = (posixpath.normpath(posixpath.join("/config", path)) for path in (folder, public))
        if posixpath.commonpath([inside, outside]) == outside:
            yield (
                ("backup", "folder"),
                f"{folder!r} is in the publish folder, which everybody can read",
                "name a folder of its own",
            )
    if folder is None and backup.keys() & {"every", "daily", "weekly", "monthly"}:
        yield ("backup",), "says when backups are made, but not where", 'write folder = "backups" too'
