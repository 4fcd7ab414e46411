"""What the archive remembers of the config's sources: titles, sites, where they have moved. IO: sqlite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from db.archive import ArchiveError, open_reader
from wireroom.config import Source

Names = dict[str, tuple[str | None, str | None]]
"""Source ids → title and site."""


def names_of(archive: Path) -> tuple[Names, str | None]:
    """Read titles and sites → those, and why they are not all. Without an archive there are none."""
    try:
        return {id_: (title, site) for id_, title, site in rows(archive, "config_id, title, site_url")}, None
    except ArchiveError as error:
        return {}, f"titles and sites are left out: {error}"


def places_of(sources: Iterable[Source], archive: Path) -> list[tuple[str, str]]:
    """List the addresses of ``sources`` with their ids: as configured, and where a permanent redirect has led them.

    An archive that can't be read, or of an older version, knows of no moves.
    """
    places = [(source.url, source.id) for source in sources]
    here = {id_ for _, id_ in places}
    try:
        moved = rows(archive, "config_id, moved_url")
    except (ArchiveError, sqlite3.OperationalError):
        moved = []
    return places + [(url, id_) for id_, url in moved if url is not None and id_ in here]


def rows(archive: Path, columns: str) -> list[tuple[Any, ...]]:
    """Read columns of the sources; none where there is no archive. Raises ArchiveError."""
    if not archive.exists():
        return []
    db = open_reader(archive)
    try:
        return list(db.execute(f"SELECT {columns} FROM sources WHERE removed_at IS NULL").fetchall())
    finally:
        db.close()
