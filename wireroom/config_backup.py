"""What is wrong in the config's part about backups. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any

from wireroom.config_queries import Found


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
