"""The config's sources as an OPML list has them, with the names that polling found. Pure."""

from __future__ import annotations

from wireroom.config import Source
from wireroom.opml import Listed
from wireroom.source_memory import Names
from wireroom.units import SECONDS


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
