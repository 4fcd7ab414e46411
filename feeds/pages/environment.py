"""The templates and what is beside them: style, icon. IO: files, once, when it is imported."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from db.told_url import without_secrets
from feeds.pages import words
from feeds.pages.links import asked, has_term, host_of, narrowed, outside, segment, without

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent.parent / "static"

JOINED = {
    "first": "the first of its story",
    "link": "the same link",
    "print": "the same words",
    "near": "nearly the same words",
    "person": "a person said so",
}
ORIGINS = {
    "language": "its language",
    "category": "a category of its source",
    "vocabulary": "a category that names a subject",
    "gazetteer": "named in its text",
    "entity": "named in its text",
    "source": "all stories of its source",
    "rule": "a rule",
    "person": "a person",
}
HEALTH = {
    "good": "good",
    "new": "not polled yet",
    "remark": "read, with a remark",
    "silent": "silent",
    "held": "asked us to wait",
    "offline": "our network is down",
    "wall": "a page in its place",
    "failing": "failing",
    "gone": "gone",
}
"""How a source does, in words that need no table (``db.health.health``)."""
FORMATS = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}
MEDIA = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}


FIRST = ("subject", "place", "org", "person")
UNTOLD = ("lang", "category")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A file that pages need; ``version`` is in its address, so that it may be kept for ever."""

    body: bytes
    media_type: str
    version: str


@lru_cache(maxsize=1)
def static_files() -> dict[str, StaticFile]:
    """Read what is served under ``static/`` → by name."""
    found = {}
    for path in sorted(STATIC.iterdir()):
        kind = mimetypes.guess_type(path.name)[0]
        if kind is not None and path.is_file():
            body = path.read_bytes()
            media_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
            found[path.name] = StaticFile(
                body=body, media_type=media_type, version=hashlib.sha256(body).hexdigest()[:12]
            )
    return found


def static_address(name: str) -> str:
    """Give the address of such a file, relative to the front page."""
    return f"static/{name}?v={static_files()[name].version}"


def telling(tags: Iterable[str]) -> list[str]:
    """Put first the tags that say most of a story, for a line in a list.

    Left out: its language, which nearly all of a page have; its source's own categories, of which subjects were made.
    """
    kinds = {tag: tag.partition(":")[0] for tag in tags}
    rank = {kind: n for n, kind in enumerate(FIRST)}
    return sorted((tag for tag in kinds if kinds[tag] not in UNTOLD), key=lambda tag: rank.get(kinds[tag], len(rank)))


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Make the templates' environment: all that is put in is escaped, a name that is missing is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "moment": words.moment,
        "day": words.day,
        "size": words.size,
        "span": words.span,
        "clock": words.clock,
    }
    made.filters |= {"outside": outside, "host": host_of, "segment": segment, "bare": without_secrets}
    made.filters["telling"] = telling
    made.globals |= {
        "age": words.age,
        "later": words.later,
        "counted": words.counted,
        "asked": asked,
        "narrowed": narrowed,
        "has_term": has_term,
        "without": without,
        "static_address": static_address,
        "JOINED": JOINED,
        "ORIGINS": ORIGINS,
        "HEALTH": HEALTH,
        "FORMATS": FORMATS,
        "MEDIA": MEDIA,
    }
    return made


def written(template: str, **context: Any) -> bytes:
    """Write a page → UTF-8 bytes."""
    return environment().get_template(template).render(context).encode("utf-8", "replace")
