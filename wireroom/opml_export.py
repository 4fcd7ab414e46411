"""The config's sources as an OPML list has them, with the names that polling found. IO: sqlite."""

from __future__ import annotations

from pathlib import Path

from db.archive import ArchiveError, open_reader
from wireroom.config import Source
from wireroom.opml import Listed
from wireroom.units import SECONDS

Names = dict[str, tuple[str | None, str | None]]
"""Source ids → title and site."""


def names_of(archive: Path) -> tuple[Names, str | None]:
    """Read what the archive knows of the sources → that, and why it is not all. Without an archive there is nothing."""
    if not archive.exists():
        return {}, None
    try:
        db = open_reader(archive)
        try:
            rows = db.execute("SELECT config_id, title, site_url FROM sources WHERE removed_at IS NULL").fetchall()
        finally:
            db.close()
    except ArchiveError as error:
        return {}, f"titles and sites are left out: {error}"
    return {id_: (title, site_url) for id_, title, site_url in rows}, None


def listed(source: Source, names: Names) -> Listed:
    """Write one source as the list has it."""
    title, site_url = names.get(source.id, (None, None))
    return Listed(
        id=source.id,
        url=source.shown_url,
        title=title,
        site_url=site_url,
        tags=source.tags,
        every=None if source.every_s is None else duration(source.every_s),
    )


def duration(seconds: float) -> str:
    """Write a duration as the config does, in the largest unit that it is whole in."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % SECONDS[unit] == 0:
            return f"{seconds / SECONDS[unit]:.0f}{unit}"
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
