"""Write one poll's plan: entries, revisions, stories, tags, selections, validators and the poll record. IO: sqlite.

Runs inside the poll's savepoint (see ``db/writer.py``): all of it is kept or none.
"""

from __future__ import annotations

import json
import struct
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict

from sqlite_utils import Database

from db.model import Entry
from db.plan import Listing, NewEntry, PollPlan, StoryTag, StoryText


def mint_urn() -> str:
    """Make a new random ``urn:uuid:`` (RFC 9562 version 4)."""
    return uuid.uuid4().urn


def apply_plan(db: Database, plan: PollPlan, *, mint: Callable[[], str] = mint_urn) -> None:
    """Write ``plan``. Raises sqlite3.Error where the archive refuses; nothing of the plan is then kept."""
    refs: dict[int, int] = {}  # the plan's negative refs of stories → their row ids
    entry_refs: dict[int, int] = {}
    for story in plan.new_stories:
        refs[story.ref] = insert_story(db, story, plan.now)
    for new in plan.new_entries:
        entry_refs[new.ref] = insert_entry(db, new, refs.get(new.story, new.story), plan)
    for story in plan.new_stories:
        db.execute(
            "UPDATE stories SET lead_entry_id = ? WHERE id = ?",
            [entry_refs.get(story.lead, story.lead), refs[story.ref]],
        )
    for id_, entry in plan.changed_entries:
        revise_entry(db, id_, entry, plan.now)
    for story in plan.changed_stories:
        update_story(db, story, plan.now)
    for ref, kind, key in plan.keys:
        db.execute(
            "INSERT OR IGNORE INTO entry_keys (key, source_id, entry_id, kind) VALUES (?, ?, ?, ?)",
            [key, plan.source_id, entry_refs.get(ref, ref), kind],
        )
    for id_ in plan.left:
        db.execute("UPDATE entries SET last_seen = ? WHERE id = ?", [plan.left_at or plan.now, id_])
    for id_ in plan.returned:
        db.execute("UPDATE entries SET last_seen = NULL WHERE id = ?", [id_])
    for ref, tags in plan.tags:
        replace_tags(db, refs.get(ref, ref), tags, plan.now)
    for topic, ref in plan.selections:
        select(db, topic, refs.get(ref, ref), plan.now, mint)
    mark_changed_topics(db, [refs.get(ref, ref) for ref, _ in plan.tags])
    if plan.is_read:
        write_listing(db, plan.source_id, plan.listing, entry_refs)
    write_source(db, plan)


def insert_story(db: Database, story: StoryText, now: str) -> int:
    """Insert a story → its id. Its lead is set once the entry exists."""
    cursor = db.execute(
        "INSERT INTO stories (title, text, folded_title, folded_text, url, language, published, first_seen, updated) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [*story_columns(story), now, now],
    )
    assert cursor.lastrowid is not None
    return int(cursor.lastrowid)


def update_story(db: Database, story: StoryText, now: str) -> None:
    """Give a known story its lead's new text."""
    db.execute(
        "UPDATE stories SET title = ?, text = ?, folded_title = ?, folded_text = ?, url = ?, language = ?, "
        "published = ?, updated = ? WHERE id = ?",
        [*story_columns(story), now, story.ref],
    )


def story_columns(story: StoryText) -> list[str | None]:
    """List the columns that insert and update share, in their order."""
    return [
        story.title,
        story.text,
        story.folded_title,
        story.folded_text,
        story.url,
        story.language,
        story.published,
    ]


ENTRY_COLUMNS = (
    "guid, url, title, author, html, summary, text, language, published, updated, categories, enclosures, version"
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
        json.dumps(entry.categories, ensure_ascii=False),
        json.dumps([asdict(enclosure) for enclosure in entry.enclosures], ensure_ascii=False),
        entry.version,
    ]


def insert_entry(db: Database, new: NewEntry, story_id: int, plan: PollPlan) -> int:
    """Insert an entry into its story → its id."""
    values = [plan.source_id, story_id, new.joined_by, plan.now, *entry_columns(new.entry)]
    cursor = db.execute(
        f"INSERT INTO entries (source_id, story_id, joined_by, first_seen, {ENTRY_COLUMNS}) "
        f"VALUES ({', '.join('?' * len(values))})",
        values,
    )
    assert cursor.lastrowid is not None
    return int(cursor.lastrowid)


def revise_entry(db: Database, id_: int, entry: Entry, now: str) -> None:
    """Keep what the entry said as a revision, and write what it says now.

    ``guid`` moves along too (a source that went from http to https); the old one stays among the entry's keys. The
    date of publication stays the first one that was given: some feeds rewrite it with every edit.
    """
    db.execute(
        """
        INSERT INTO revisions (entry_id, number, replaced_at, url, title, author, html, summary, text, published,
                               updated, categories, enclosures, version)
        SELECT id, 1 + (SELECT count(*) FROM revisions WHERE entry_id = entries.id), ?, url, title, author, html,
               summary, text, published, updated, categories, enclosures, version
        FROM entries WHERE id = ?
        """,
        [now, id_],
    )
    assignments = ", ".join(
        "published = coalesce(published, ?)" if column == "published" else f"{column} = ?"
        for column in ENTRY_COLUMNS.split(", ")
    )
    db.execute(f"UPDATE entries SET {assignments} WHERE id = ?", [*entry_columns(entry), id_])


def replace_tags(db: Database, story_id: int, tags: Iterable[StoryTag], now: str) -> None:
    """Make the story's tags of the three origins these; tags of any other origin stay, rows that agree too."""
    wanted = {(tag_id(db, tag), tag.origin, tag.why) for tag in tags}
    present = {
        (tag, origin, why)
        for tag, origin, why in db.execute(
            "SELECT tag_id, origin, why FROM story_tags "
            "WHERE story_id = ? AND origin IN ('source', 'category', 'rule')",
            [story_id],
        )
    }
    for row in present - wanted:
        db.execute(
            "DELETE FROM story_tags WHERE story_id = ? AND tag_id = ? AND origin = ? AND why = ?", [story_id, *row]
        )
    for tag, origin, why in sorted(wanted - present):
        db.execute(
            "INSERT INTO story_tags (story_id, tag_id, origin, why) VALUES (?, ?, ?, ?)", [story_id, tag, origin, why]
        )
        if origin == "rule":
            db.execute("UPDATE rules SET hits = hits + 1, last_hit_at = ? WHERE config_id = ?", [now, why])


def tag_id(db: Database, tag: StoryTag) -> int:
    """Find or make the row of ``kind:name`` → its id."""
    for (id_,) in db.execute("SELECT id FROM tags WHERE kind = ? AND name = ?", [tag.kind, tag.name]):
        return int(id_)
    cursor = db.execute("INSERT INTO tags (kind, name) VALUES (?, ?)", [tag.kind, tag.name])
    assert cursor.lastrowid is not None
    return int(cursor.lastrowid)


def select(db: Database, topic_id: int, story_id: int, now: str, mint: Callable[[], str]) -> None:
    """Record that the topic took the story, under the topic's next number and an id minted for it."""
    ((number,),) = list(
        db.execute(
            "UPDATE topics SET last_number = last_number + 1, changes = changes + 1 WHERE id = ? RETURNING last_number",
            [topic_id],
        )
    )
    db.execute(
        "INSERT INTO selections (topic_id, story_id, number, guid, selected_at) VALUES (?, ?, ?, ?, ?)",
        [topic_id, story_id, number, mint(), now],
    )


def mark_changed_topics(db: Database, story_ids: list[int]) -> None:
    """Note, for the publisher, every topic that has one of these stories."""
    db.execute(
        "UPDATE topics SET changes = changes + 1 WHERE id IN "
        "(SELECT topic_id FROM selections WHERE story_id IN (SELECT value FROM json_each(?)))",
        [json.dumps(story_ids)],
    )


def write_listing(db: Database, source_id: int, listing: Listing | None, entry_refs: Mapping[int, int]) -> None:
    """Replace the outline of the source's last document; with none, the next one is parsed whole."""
    if listing is None:
        db.execute("DELETE FROM outlines WHERE source_id = ?", [source_id])
        return
    ids = [entry_refs.get(ref, ref) for ref in listing.entries]
    db.execute(
        "INSERT INTO outlines (source_id, context, items, entries) VALUES (?, ?, ?, ?) ON CONFLICT (source_id) "
        "DO UPDATE SET context = excluded.context, items = excluded.items, entries = excluded.entries",
        [source_id, listing.outline.context, listing.outline.items, struct.pack(f"<{len(ids)}q", *ids)],
    )


def write_source(db: Database, plan: PollPlan) -> None:
    """Write the source's new state and the record of the poll.

    Output feeds name their sources: another title, site or address is a change of every topic that has the source's
    stories.
    """
    named = [(plan.state.title, plan.state.site_url, plan.state.moved_url)]
    if db.execute("SELECT title, site_url, moved_url FROM sources WHERE id = ?", [plan.source_id]).fetchall() != named:
        db.execute(
            "UPDATE topics SET changes = changes + 1 WHERE id IN (SELECT x.topic_id FROM selections x "
            "JOIN entries e ON e.story_id = x.story_id WHERE e.source_id = ?)",
            [plan.source_id],
        )
    columns = {**asdict(plan.state), "last_poll_at": plan.record.started_at}
    db.execute(
        f"UPDATE sources SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?",
        [*columns.values(), plan.source_id],
    )
    if plan.moved is not None:
        db.execute(
            "INSERT INTO moves (source_id, moved_at, from_url, to_url, why) VALUES (?, ?, ?, ?, ?)",
            [plan.source_id, plan.now, *plan.moved],
        )
    record = {"source_id": plan.source_id, **asdict(plan.record)}
    db.execute(
        f"INSERT INTO polls ({', '.join(record)}) VALUES ({', '.join('?' * len(record))})", list(record.values())
    )
