"""Write a poll's entries: new ones into their stories, changed ones with a revision of what they said. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from sqlite_utils import Database

from db.hosts import host_of
from db.model import Enclosure, Entry
from db.plan import NewEntry, PollPlan
from db.podcast import podcast_json
from db.text import fold

ENTRY_COLUMNS = (
    "guid, url, title, author, html, summary, text, language, published, updated, categories, enclosures, version, "
    "host, mentions, language_from, image, podcast"
)

KEPT_COLUMNS = ("url", "title", "author", "html", "summary", "text", "categories", "enclosures")
"""What a revision keeps of what an entry said."""


def insert_entries(db: Database, plan: PollPlan, refs: Mapping[int, int], entry_refs: Mapping[int, int]) -> None:
    """Insert the new entries into their stories."""
    db.conn.executemany(
        "INSERT INTO entries (id, source_id, story_id, joined_by, joined_to, joined_score, joined_words, first_seen, "
        f"{ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?{', ?' * len(ENTRY_COLUMNS.split(', '))})",
        [
            (
                entry_refs[new.ref],
                plan.source_id,
                refs.get(new.story, new.story),
                new.joined_by,
                *likeness_columns(new),
                plan.now,
                *entry_columns(new.entry),
            )
            for new in plan.new_entries
        ],
    )


def note_authors(db: Database, entries: Iterable[Entry]) -> None:
    """Note the names that entries are signed with, to be searched."""
    names = dict.fromkeys(entry.author for entry in entries if entry.author)
    db.conn.executemany(
        "INSERT INTO authors (name, folded) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM authors WHERE name = ?1)",
        [(name, fold(name)) for name in names],
    )


def entry_columns(entry: Entry) -> list[str | int | None]:
    """List the values of ENTRY_COLUMNS."""
    return [
        entry.raw_id,
        entry.url,
        entry.title,
        entry.author,
        entry.html,
        entry.summary,
        entry.text,
        entry.language,
        entry.published,
        entry.updated,
        json_array(entry.categories),
        json_array([enclosure_members(each) for each in entry.enclosures]),
        entry.version,
        host_of(entry.url),
        json_array(entry.mentions),
        entry.language_from,
        entry.image,
        podcast_json(entry.podcast),
    ]


def enclosure_members(enclosure: Enclosure) -> dict[str, str | int | None]:
    """List what the archive keeps of a file; of what few have, only what is given."""
    members = asdict(enclosure)
    return {name: value for name, value in members.items() if name in ("url", "type", "length") or value is not None}


def likeness_columns(new: NewEntry) -> tuple[int | None, float | None, str | None]:
    """List what shows why an entry is in its story: the entry it is like, how far, by which words."""
    if new.likeness is None:
        return None, None, None
    to, score, words = new.likeness.to, new.likeness.score, new.likeness.words
    return to, score if new.joined_by == "near" else None, json_array(words) if words else None


def revise_entry(db: Database, id_: int, entry: Entry, now: str, *, minor: bool) -> None:
    """Keep what the entry said as a revision, and write what it says now.

    Of minor changes in a row only what was said before the first of them is kept: a counter that ticks at every poll
    would fill the archive. Where only what no revision keeps is another (a picture, a podcast's facts), none is kept.

    ``guid`` moves along too (a source that went from http to https); the old one stays among the entry's keys. The
    date of publication stays the first one that was given: some feeds rewrite it with every edit.
    """
    columns = dict(zip(ENTRY_COLUMNS.split(", "), entry_columns(entry), strict=True))
    db.execute(
        """
        INSERT INTO revisions (entry_id, number, replaced_at, url, title, author, html, summary, text, published,
                               updated, categories, enclosures, version, meaningful)
        SELECT id, 1 + coalesce((SELECT max(number) FROM revisions WHERE entry_id = entries.id), 0), ?1, url, title,
               author, html, summary, text, published, updated, categories, enclosures, version, ?3
        FROM entries WHERE id = ?2 AND (
          ?3 OR coalesce((SELECT meaningful FROM revisions WHERE entry_id = ?2 ORDER BY number DESC LIMIT 1), 1)
        )
        AND (url, title, author, html, summary, text, categories, enclosures) IS NOT (?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        """,
        [now, id_, not minor, *(columns[name] for name in KEPT_COLUMNS)],
    )
    assignments = ", ".join(
        "published = coalesce(published, ?)" if column == "published" else f"{column} = ?"
        for column in ENTRY_COLUMNS.split(", ")
    )
    db.execute(f"UPDATE entries SET {assignments} WHERE id = ?", [*columns.values(), id_])
    db.execute("DELETE FROM slim_entries WHERE entry_id = ?", [id_])  # it has its HTML again


def json_array(values: Sequence[object]) -> str:
    """Write a JSON array; most are empty."""
    return json.dumps(values, ensure_ascii=False) if values else "[]"
