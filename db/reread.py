"""Entries and stories read once more, in the polls that brought them, for a regroup. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import NamedTuple, TypeVar

from sqlite_utils import Database

from db.model import Entry, Keys
from db.recall import JoinedBy
from db.text import words

T = TypeVar("T")


class Row(NamedTuple):
    """An entry to be compared again; ``began``: it began a story, ``changed``: its source has changed it since."""

    id: int
    source_id: int
    first_seen: str
    story: int
    joined_by: JoinedBy
    joined_to: int | None
    began: bool
    changed: bool
    title: str
    text: str
    published: str | None


class Beginning(NamedTuple):
    """A story and the entry that it began with, as that read at first; no entry for one that never was a story."""

    story: int
    source_id: int | None
    first_seen: str | None
    title: str
    text: str
    published: str | None


def whole_polls(rows: Iterable[T], key: Callable[[T], object], least: int) -> list[list[T]]:
    """Take from ``rows`` those that came in one poll together, poll by poll, until there are so many."""
    polls: list[list[T]] = []
    count = 0
    for _, some in groupby(rows, key):
        polls.append(list(some))
        count += len(polls[-1])
        if count >= least:
            break
    return polls


def next_entries(db: Database, after: int, least: int) -> list[list[Row]]:
    """Read the entries after one, poll by poll → at least so many, where there are."""
    ids = whole_polls(
        db.execute("SELECT id, source_id, first_seen FROM entries WHERE id > ? ORDER BY id", [after]),
        lambda row: row[1:],
        least,
    )
    if not ids:
        return []
    rows = db.execute(
        """
        SELECT e.id, e.source_id, e.first_seen, e.story_id, e.joined_by, e.joined_to, e.joined_by = 'first',
               EXISTS (SELECT 1 FROM revisions r WHERE r.entry_id = e.id), e.title, w.text, e.published
        FROM entries e JOIN entry_texts w ON w.entry_id = e.id WHERE e.id BETWEEN ? AND ? ORDER BY e.id
        """,
        [ids[0][0][0], ids[-1][-1][0]],
    )
    found = [Row(*row) for row in rows]
    began = merged_firsts(db, {row.story for row in found if not row.began})
    found = [row._replace(began=bool(row.began) or row.id in began, changed=bool(row.changed)) for row in found]
    return [list(some) for _, some in groupby(found, lambda row: (row.source_id, row.first_seen))]


def merged_firsts(db: Database, stories: Iterable[int]) -> frozenset[int]:
    """Find the entries that began stories which went into these later: not at once, as copies do in a regroup."""
    rows = db.execute(
        """
        WITH RECURSIVE parts (id) AS (
            SELECT value FROM json_each(?)
            UNION SELECT m.gone_id FROM parts JOIN merges m ON m.kept_id = parts.id WHERE m.undone_at IS NULL
        )
        SELECT f.value FROM parts JOIN merges m ON m.kept_id = parts.id JOIN stories st ON st.id = m.gone_id,
               json_each(m.was, '$.firsts') f
        WHERE m.undone_at IS NULL AND m.at > st.first_seen
        """,
        [json.dumps(list(stories))],
    )
    return frozenset(id_ for (id_,) in rows)


def earlier_stories(db: Database, stories: Iterable[int], before: int) -> frozenset[int]:
    """Find which of these stories had an entry before this one."""
    rows = db.execute(
        "SELECT DISTINCT story_id FROM entries WHERE story_id IN (SELECT value FROM json_each(?)) AND id < ?",
        [json.dumps(list(stories)), before],
    )
    return frozenset(id_ for (id_,) in rows)


def title_and_text(db: Database, entry_id: int) -> tuple[str, str]:
    """Read an entry's title and text."""
    ((title, text),) = db.execute(
        "SELECT title, text FROM entries JOIN entry_texts ON entry_id = id WHERE id = ?", [entry_id]
    ).fetchall()
    return title, text


def is_changed(db: Database, entry_id: int) -> bool:
    """Tell whether an entry's source has changed it."""
    return db.execute("SELECT 1 FROM revisions WHERE entry_id = ? LIMIT 1", [entry_id]).fetchone() is not None


def next_stories(db: Database, after: int, least: int) -> list[list[Beginning]]:
    """Read the stories after one, also those that went into others, in the polls that brought them → at least so many.

    A story began with its first entry, as that read then; one that a person split off, with its oldest. A story that
    would have been none, had its entry been compared when it came, has no beginning.
    """
    rows = db.execute(
        """
        SELECT st.id, e.source_id, e.first_seen, iif(r.entry_id IS NULL, e.title, r.title),
               iif(r.entry_id IS NULL, (SELECT w.text FROM entry_texts w WHERE w.entry_id = e.id), r.text),
               iif(r.entry_id IS NULL, e.published, r.published)
        FROM stories st LEFT JOIN entries e ON e.id = CASE WHEN st.merged_into IS NULL THEN coalesce(
            (SELECT min(f.id) FROM entries f WHERE f.story_id = st.id AND f.joined_by = 'first'),
            (SELECT min(f.id) FROM entries f WHERE f.story_id = st.id)
        ) ELSE (
            SELECT min(f.value) FROM merges m, json_each(m.was, '$.firsts') f
            WHERE m.gone_id = st.id AND m.undone_at IS NULL AND m.at > st.first_seen
        ) END
        LEFT JOIN revisions r ON r.entry_id = e.id AND r.number = 1
        WHERE st.id > ? ORDER BY st.id
        """,
        [after],
    )
    return whole_polls((Beginning(*row) for row in rows), lambda row: (row.source_id, row.first_seen), least)


def keys_of_entries(db: Database, ids: Iterable[int]) -> dict[int, Keys]:
    """Read the identity keys of entries; of a changed one, which has several of a kind, any."""
    found: dict[int, dict[str, int]] = {id_: {} for id_ in ids}
    for id_, kind, key in db.execute(
        "SELECT entry_id, kind, key FROM entry_keys WHERE entry_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(found))],
    ):
        found[id_][kind] = key
    return {
        id_: Keys(
            id=keys.get("id"),
            loose_id=keys.get("loose_id"),
            link=keys.get("link"),
            print=keys.get("print", 0),
            page=keys.get("page"),
        )
        for id_, keys in found.items()
    }


NO_KEYS = Keys(id=None, loose_id=None, link=None, print=0)


def entry_of(title: str, text: str, published: str | None, keys: Keys = NO_KEYS) -> Entry:
    """Make an entry of what is compared of it; all else is left empty."""
    return Entry(
        raw_id=None,
        url=None,
        title=title,
        author=None,
        html="",
        summary=None,
        text=text,
        language=None,
        published=published,
        updated=None,
        categories=(),
        enclosures=(),
        keys=keys,
        version=0,
        words=len(words(title)) + len(words(text)) if keys is not NO_KEYS else 0,
    )
