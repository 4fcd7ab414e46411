"""Where in the publish folder what of ours is: the one description of its paths. Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from db.model import FORMATS, Format

ENDS: Final = (".gz", ".br")
"""Beside each document is what is compressed of it."""

_NAME = r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.))*"
_FMT = "|".join(FORMATS)
_PATH = re.compile(
    rf"(?P<whole>index\.html|topics\.opml|static/{_NAME})|topics/(?P<name>{_NAME})"
    rf"(?:\.(?P<feed>{_FMT})|/index\.html|/(?P<page>[1-9][0-9]{{0,8}})\.(?P<past>{_FMT}))"
)


class Spot(NamedTuple):
    """What a path says: ``name`` is the topic's public name, or empty; ``fmt``: None where it is no feed.

    ``page``: which of its archive pages, 0 for none. ``order``: what is of a lower one is put there first, so that
    nothing leads to what is not there: archive pages and the style, then feeds, then what names them.
    """

    name: str
    fmt: Format | None
    page: int
    order: int


def spot(path: str) -> Spot | None:
    """Read the path of a document, from the publish folder → what it says; None for what is none of ours."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    fmt = next((each for each in FORMATS if each == (found["feed"] or found["past"])), None)
    order = 0 if found["page"] or path.startswith("static/") else 1 if found["feed"] else 2
    return Spot(found["name"] or "", fmt, int(found["page"] or 0), order)


def spot_of_file(path: str) -> Spot | None:
    """Read the path of a document or of what is compressed of it."""
    return spot(next((path.removesuffix(end) for end in ENDS if path.endswith(end)), path))
