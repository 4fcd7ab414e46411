"""Values for tests: entries and their keys, made from what a test cares about."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlite_utils import Database

from db.model import Entry, Keys
from db.plan import PolledSource
from db.recall import KnownEntry
from db.sources import source_now


def source_named(db: Database, config_id: str) -> PolledSource:
    """Read the source with a config id, as its poll does."""
    ((id_,),) = db.execute("SELECT id FROM sources WHERE config_id = ?", [config_id])
    return source_now(db, id_)


def key(*parts: str | None) -> int:
    """Hash like the real keys do: 64 bits, signed."""
    text = "\x00".join(part or "" for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)


def entry(
    raw_id: str | None = None,
    url: str | None = None,
    title: str = "A title",
    text: str = "Some text.",
    **more: Any,
) -> Entry:
    """Make an entry whose keys and version follow from its id, link, title and text."""
    return Entry(
        raw_id=raw_id,
        url=url,
        title=title,
        author=None,
        html=f"<p>{text}</p>",
        summary=None,
        text=text,
        language=None,
        published=more.get("published"),
        updated=None,
        categories=more.get("categories", ()),
        enclosures=(),
        keys=Keys(
            id=key("id", raw_id) if raw_id else None,
            loose_id=key("loose", raw_id.split("://")[-1].lower()) if raw_id else None,
            link=key("link", url.split("://")[-1]) if url else None,
            print=key("print", title, text),
        ),
        version=key("version", title, text),
        words=len(f"{title} {text}".split()),
    )


def known(number: int, like: Entry, *, source_id: int = 1, story_id: int | None = None) -> KnownEntry:
    """Make the archive's memory of ``like`` as entry ``number``."""
    return KnownEntry(
        id=number,
        source_id=source_id,
        story_id=story_id or number,
        version=like.version,
        title=like.title,
        guid=like.raw_id,
        published=like.published,
        first_seen="2026-11-20T00:00:00Z",
    )


def owners(*pairs: tuple[KnownEntry, Entry]) -> dict[int, tuple[KnownEntry, ...]]:
    """Make the key index over known entries and what they looked like."""
    index: dict[int, tuple[KnownEntry, ...]] = {}
    for one, like in pairs:
        for value in (like.keys.id, like.keys.loose_id, like.keys.link, like.keys.print):
            if value is not None and one not in index.get(value, ()):
                index[value] = (*index.get(value, ()), one)
    return index


def polled_source(**columns: Any) -> PolledSource:
    """Make a source as the archive has it before its first poll; ``columns`` are what a test cares about."""
    nothing: dict[str, Any] = dict.fromkeys(PolledSource.__dataclass_fields__)
    counts = dict.fromkeys(("failures", "moving_polls", "crowded", "setback", "unmodified", "doubts"), 0)
    basics = {"id": 1, "config_id": "one", "url": "http://one.example/feed"}
    return PolledSource(**{**nothing, **counts, **basics, **columns})


@dataclass(frozen=True)
class Named:
    """A source of the config."""

    id: str
    was: tuple[str, ...] = ()
    domain: str | None = None

    @property
    def shown_url(self) -> str:
        """Its address."""
        return f"http://{self.id}.example/"


def minting(what: str) -> Callable[[], str]:
    """Mint ids that are the same in every archive."""
    numbers = count()
    return lambda: f"urn:{what}:{next(numbers)}"
