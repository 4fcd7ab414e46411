"""A made archive of stories, and what must hold of it whatever is merged and split."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from db.in_memory import in_memory
from db.index import index_stories

NOW = "2026-11-25T12:00:00Z"


def archive(*stories: int, topics: int = 1) -> Database:
    """Make an archive with stories of so many entries each, all selected by the first topic, each second by others."""
    db = in_memory()
    db.conn.execute("PRAGMA foreign_keys = ON")
    entries = sum(stories)
    for n in range(1, entries + 1):
        db.execute("INSERT INTO sources (id, config_id, url, added_at) VALUES (?, ?, '', '')", [n, f"source-{n}"])
    for n in range(1, topics + 1):
        db.execute("INSERT INTO topics (id, config_id, title, urn, created_at) VALUES (?1, ?1, '', 'u' || ?1, '')", [n])
    entry = 0
    for story, size in enumerate(stories, start=1):
        first = entry + 1
        db.execute(
            "INSERT INTO stories (id, title, text, url, first_seen, updated) VALUES (?, ?, ?, ?, ?, ?)",
            [story, f"title{first}", f"words{first}", f"http://e.example/{first}", f"seen {first}", f"updated {first}"],
        )
        for n in range(size):
            entry += 1
            db.execute(
                "INSERT INTO bodies (id, html, text) VALUES (?, ?, ?)",
                [entry, f"<p>words{entry}</p>", f"words{entry}" if n else None],
            )
            db.execute(
                "INSERT INTO entries (id, source_id, story_id, joined_by, joined_to, joined_score, joined_words, "
                "title, url, version, first_seen, body_id) VALUES (?1, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?1)",
                [
                    entry,
                    entry,
                    story,
                    "near" if n else "first",
                    first if n else None,
                    0.5 if n else None,
                    '["ports"]' if n else None,
                    f"title{entry}",
                    f"http://e.example/{entry}",
                    f"seen {entry}",
                ],
            )
        db.execute("UPDATE stories SET lead_entry_id = ? WHERE id = ?", [first, story])
        for topic in range(1, topics + 1):
            if topic == 1 or story % topic == 0:
                db.execute(
                    "INSERT INTO selections (topic_id, story_id, number, guid, selected_at) VALUES (?, ?, ?, ?, '')",
                    [topic, story, story, f"guid {topic} {story}"],
                )
    index_stories(db)
    return db


def table(db: Database, sql: str) -> list[tuple[Any, ...]]:
    """Read rows."""
    return db.execute(sql).fetchall()


def shown(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Read all that a reader could see of the living stories."""
    return {
        "stories": table(
            db,
            "SELECT id, title, text, folded_title, folded_text, url, language, published, first_seen, updated, "
            "lead_entry_id, withheld, withheld_by FROM stories "
            "WHERE merged_into IS NULL ORDER BY id",
        ),
        "entries": table(db, "SELECT * FROM entries ORDER BY id"),
        "texts": table(db, "SELECT * FROM entry_texts ORDER BY entry_id"),
        "selections": table(
            db,
            "SELECT x.* FROM selections x JOIN stories st ON st.id = x.story_id WHERE st.merged_into IS NULL "
            "AND x.left_at IS NULL ORDER BY x.id",
        ),
        "tags": table(
            db,
            "SELECT x.* FROM story_tags x JOIN stories st ON st.id = x.story_id WHERE st.merged_into IS NULL "
            "ORDER BY 1, 2, 3, 4",
        ),
        "marks": table(db, "SELECT * FROM marks ORDER BY id"),
    }


def check_whole(db: Database) -> None:
    """No entry is lost, each is in a living story, each living story has entries and is led by one of them."""
    assert (
        table(db, "SELECT e.id FROM entries e JOIN stories st ON st.id = e.story_id WHERE st.merged_into IS NOT NULL")
        == []
    )
    assert (
        table(
            db,
            "SELECT st.id FROM stories st WHERE st.merged_into IS NULL AND NOT EXISTS "
            "(SELECT 1 FROM entries e WHERE e.story_id = st.id AND e.id = st.lead_entry_id)",
        )
        == []
    )
    assert table(db, "PRAGMA foreign_key_check") == []
    assert table(db, "PRAGMA integrity_check") == [("ok",)]
