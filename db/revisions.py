"""What a story's entries said, one version after the other. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlite_utils import Database

from db.model import Enclosure, Entry, Keys

COLUMNS = ["url", "title", "author", "html", "summary", "text", "published", "updated", "version"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """One kept change: what an entry said, what it said instead, and when that was seen. ``number`` is the older's."""

    number: int
    at: str
    meaningful: bool
    old: Entry
    new: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """An entry of a story with its kept changes, oldest first. ``source`` is the config id."""

    entry_id: int
    source: str
    title: str
    url: str | None
    first_seen: str
    changes: tuple[Revised, ...]


def story_title(db: Database, story_id: int) -> str:
    """Read what a story is called now. Raises KeyError for no such story."""
    for (title,) in db.execute("SELECT title FROM stories WHERE id = ?", [story_id]):
        return str(title)
    raise KeyError(story_id)


def histories(db: Database, story_id: int) -> list[History]:
    """Read the entries of a story, in order of first sight, with all changes of theirs that were kept."""
    rows = db.execute(
        "SELECT e.id, s.config_id, e.title, e.url, e.first_seen FROM entries e JOIN sources s ON s.id = e.source_id "
        "WHERE e.story_id = ? ORDER BY e.id",
        [story_id],
    ).fetchall()
    return [
        History(entry_id=id_, source=source, title=title, url=url, first_seen=seen, changes=tuple(changes(db, id_)))
        for id_, source, title, url, seen in rows
    ]


def changes(db: Database, entry_id: int) -> Iterator[Revised]:
    """Read the kept changes of one entry, oldest first."""
    versions = db.execute(
        f"""
        SELECT number, replaced_at, meaningful, categories, enclosures, {", ".join(COLUMNS)}
        FROM revisions WHERE entry_id = ?1
        UNION ALL
        SELECT NULL, NULL, NULL, categories, enclosures, {", ".join(COLUMNS)}
        FROM entries JOIN entry_texts ON entry_id = id WHERE id = ?1
        ORDER BY 1 NULLS LAST
        """,
        [entry_id],
    ).fetchall()
    for (number, at, meaningful, *said), (_, _, _, *says) in pairwise(versions):
        old, new = version_of(said), version_of(says)
        yield Revised(number=number, at=at, meaningful=bool(meaningful), old=old, new=new)


def version_of(row: Sequence[Any]) -> Entry:
    """Make the entry of one version: what revisions keep, without keys."""
    categories, enclosures, *plain = row
    return Entry(
        **dict(zip(COLUMNS, plain, strict=True)),
        raw_id=None,
        language=None,
        categories=tuple(json.loads(categories)),
        enclosures=tuple(Enclosure(**each) for each in json.loads(enclosures)),
        keys=Keys(id=None, loose_id=None, link=None, print=0),
        words=0,
    )
