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
from db.rows import new_ids
from db.text import fold

ENTRY_COLUMNS = (
    "own_id, url, title, author, language, published, updated, categories, enclosures, version, "
    "host, mentions, language_from, image, podcast"
)

KEPT_COLUMNS = ("url", "title", "author", "html", "summary", "text", "categories", "enclosures")
"""What a revision keeps of what an entry said."""


SHARED = """
SELECT e.body_id FROM stories st JOIN entries e ON e.id = st.lead_entry_id JOIN bodies b ON b.id = e.body_id
WHERE st.id = ? AND e.story_id = st.id AND b.html = ? AND b.summary IS ? AND coalesce(b.text, st.text) = ?
"""
"""The body of a story's lead, where that says just the same."""

ANOTHER = """
SELECT e.story_id FROM entries e JOIN entry_texts w ON w.entry_id = e.id
WHERE e.id = ? AND (e.body_id IS NULL OR (w.html, w.summary, w.text) IS NOT (?, ?, ?))
"""
"""The story of an entry that says something else than it did, or of which no body is kept."""

INSERT_BODY = """
INSERT INTO bodies (id, html, summary, text)
VALUES (?, ?, ?, nullif(?, (SELECT text FROM stories WHERE id = ?)))
"""
"""Its plain text only where that is another than the story's (see ``db/storing_schema.py``)."""


def insert_entries(db: Database, plan: PollPlan, refs: Mapping[int, int], entry_refs: Mapping[int, int]) -> None:
    """Insert the new entries into their stories."""
    bodies = insert_bodies(db, plan.new_entries, refs)
    db.conn.executemany(
        "INSERT INTO entries (id, source_id, story_id, joined_by, joined_to, joined_score, joined_words, first_seen, "
        f"body_id, {ENTRY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?{', ?' * len(ENTRY_COLUMNS.split(', '))})",
        [
            (
                entry_refs[new.ref],
                plan.source_id,
                refs.get(new.story, new.story),
                new.joined_by,
                *likeness_columns(new),
                plan.now,
                bodies[new.ref],
                *entry_columns(new.entry),
            )
            for new in plan.new_entries
        ],
    )


def insert_bodies(db: Database, entries: Sequence[NewEntry], refs: Mapping[int, int]) -> dict[int, int]:
    """Insert what new entries say at length → the body of each, by ref: a copy that adds nothing has its lead's."""
    shared: dict[int, int] = {}
    for new in entries:
        if new.story > 0:
            said = [new.story, new.entry.html, new.entry.summary, new.entry.text]
            for (body,) in db.execute(SHARED, said).fetchall():
                shared[new.ref] = body
    own = new_ids(db, "bodies", [new.ref for new in entries if new.ref not in shared])
    db.conn.executemany(
        INSERT_BODY,
        [
            (own[new.ref], new.entry.html, new.entry.summary, new.entry.text, refs.get(new.story, new.story))
            for new in entries
            if new.ref in own
        ],
    )
    return shared | own


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
        "" if entry.raw_id is not None and entry.raw_id == entry.url else entry.raw_id,  # see db/storing_schema.py
        entry.url,
        entry.title,
        entry.author,
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

    The id moves along too (a source that went from http to https); the old one stays among the entry's keys. The
    date of publication stays the first one that was given: some feeds rewrite it with every edit.
    """
    columns = dict(zip(ENTRY_COLUMNS.split(", "), entry_columns(entry), strict=True))
    said = {"html": entry.html, "summary": entry.summary, "text": entry.text}
    db.execute(
        """
        INSERT INTO revisions (entry_id, number, replaced_at, url, title, author, html, summary, text, published,
                               updated, categories, enclosures, version, meaningful)
        SELECT id, 1 + coalesce((SELECT max(number) FROM revisions WHERE entry_id = entries.id), 0), ?1, url, title,
               author, html, summary, text, published, updated, categories, enclosures, version, ?3
        FROM entries JOIN entry_texts ON entry_id = id WHERE id = ?2 AND (
          ?3 OR coalesce((SELECT meaningful FROM revisions WHERE entry_id = ?2 ORDER BY number DESC LIMIT 1), 1)
        )
        AND (url, title, author, html, summary, text, categories, enclosures) IS NOT (?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        """,
        [now, id_, not minor, *((columns | said)[name] for name in KEPT_COLUMNS)],
    )
    assignments = ", ".join(
        "published = coalesce(published, ?)" if column == "published" else f"{column} = ?"
        for column in ENTRY_COLUMNS.split(", ")
    )
    db.execute(f"UPDATE entries SET {assignments} WHERE id = ?", [*columns.values(), id_])
    db.execute("DELETE FROM slim_entries WHERE entry_id = ?", [id_])  # it has its HTML again
    for (story,) in db.execute(ANOTHER, [id_, *said.values()]).fetchall():
        body = new_ids(db, "bodies", [id_])[id_]
        db.execute(INSERT_BODY, [body, *said.values(), story])
        db.execute("UPDATE entries SET body_id = ? WHERE id = ?", [body, id_])


def json_array(values: Sequence[object]) -> str:
    """Write a JSON array; most are empty."""
    return json.dumps(values, ensure_ascii=False) if values else "[]"
