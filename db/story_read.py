"""A story as its own page tells it: text, coverage, revisions, tags and why, topics, event. IO: sqlite."""

from __future__ import annotations

import json

from sqlite_utils import Database

from db.found import story_rows
from db.merge import MergeError, way
from db.model import Enclosure
from db.reading import EntryRead, EntryTold, EventRead, RevisionRead, StoryRead, TagRead, TopicRead, Viewer
from db.topic_read import TAKEN, TOLD, topic_read

MAX_TOLD = 200
"""Of an event's stories only the newest so many are told."""

LEAD = """
SELECT w.html, w.text, w.summary, e.author, e.enclosures, st.withheld_by
FROM stories st JOIN entries e ON e.id = st.lead_entry_id JOIN entry_texts w ON w.entry_id = e.id WHERE st.id = ?
"""
ENTRIES = """
SELECT e.id, s.config_id, coalesce(nullif(s.title, ''), s.config_id), e.url, e.title, e.author, e.published, e.updated,
       e.first_seen, coalesce(e.last_seen, s.last_good_at), e.joined_by, e.joined_score, st.lead_entry_id = e.id,
       (SELECT count(*) FROM revisions r WHERE r.entry_id = e.id)
FROM entries e JOIN sources s ON s.id = e.source_id JOIN stories st ON st.id = e.story_id
WHERE e.story_id = ? ORDER BY e.id
"""
ENTRY = """
SELECT e.story_id, e.guid, w.html, w.text, w.summary, e.language, e.categories, e.enclosures
FROM entries e JOIN stories st ON st.id = e.story_id JOIN entry_texts w ON w.entry_id = e.id
WHERE e.id = ? AND (? = 'owner' OR st.withheld IS NULL)
"""
WHY = """
SELECT t.kind || ':' || t.name, x.origin, x.why FROM story_tags x JOIN tags t ON t.id = x.tag_id
WHERE x.story_id = ? ORDER BY 1, 2, 3
"""
TOPICS = f"{TAKEN} WHERE x.story_id = ?1 AND t.removed_at IS NULL AND (?2 = 'owner' OR {TOLD}) ORDER BY x.id"
SAID = """
SELECT r.entry_id, r.number, r.replaced_at, r.meaningful, r.title, r.text
FROM revisions r JOIN entries e ON e.id = r.entry_id WHERE e.story_id = ?1
UNION ALL
SELECT e.id, 1 + (SELECT max(r.number) FROM revisions r WHERE r.entry_id = e.id), NULL, 0, e.title, w.text
FROM entries e JOIN entry_texts w ON w.entry_id = e.id
WHERE e.story_id = ?1 AND EXISTS (SELECT 1 FROM revisions r WHERE r.entry_id = e.id)
ORDER BY 1, 2
"""
TOLD_OF = """
SELECT id FROM stories WHERE event_id = ?1 AND merged_into IS NULL AND (?2 = 'owner' OR id NOT IN (
  SELECT w.id FROM stories w WHERE w.withheld IS NOT NULL)) ORDER BY id DESC LIMIT ?3
"""


def living_story(db: Database, story_id: int) -> int | None:
    """Find the story that this one is now: itself, or the one that it went into; None for no such story."""
    try:
        return way(db, story_id)[-1]
    except (MergeError, OverflowError):  # the latter: a number that no id can be
        return None


def read_story(db: Database, story_id: int, viewer: Viewer) -> StoryRead | None:
    """Read a story, or the one that it went into (compare ``row.id``); None where there is none for this viewer.

    The public is not told which person or rule withheld it or tagged it by hand, nor of topics that are secret, where
    it is hidden, or that take it no longer. ``event``: the other stories of it, oldest first.
    """
    living = living_story(db, story_id)
    rows = story_rows(db, [living], viewer) if living is not None else ()
    if not rows:
        return None
    row = rows[0]
    lead = db.execute(LEAD, [row.id]).fetchone()
    html, text, summary, author, enclosures, withheld_by = lead or ("", "", None, None, "[]", None)
    others = told_of(db, row.event, viewer) if row.event is not None else ()
    return StoryRead(
        row=row,
        html=html,
        text=text,
        summary=summary,
        author=author,
        enclosures=tuple(Enclosure(**each) for each in json.loads(enclosures)),
        entries=entries_read(db, row.id),
        tags=tags_read(db, row.id, viewer),
        topics=topics_read(db, row.id, viewer),
        event=story_rows(db, [id_ for id_ in others if id_ != row.id], viewer),
        withheld_by=withheld_by if viewer == "owner" else None,
    )


def entries_read(db: Database, story_id: int) -> tuple[EntryRead, ...]:
    """Read the entries of a story, in order of first sight."""
    return tuple(
        EntryRead(
            id=id_,
            source=source,
            source_title=source_title,
            url=url,
            title=title,
            author=author,
            published=published,
            updated=updated,
            first_seen=first_seen,
            last_seen=last_seen,
            joined_by=joined_by,
            joined_score=score,
            leads=bool(leads),
            revisions=revisions,
        )
        for (
            id_,
            source,
            source_title,
            url,
            title,
            author,
            published,
            updated,
            first_seen,
            last_seen,
            joined_by,
            score,
            leads,
            revisions,
        ) in db.execute(ENTRIES, [story_id])
    )


def read_entry(db: Database, entry_id: int, viewer: Viewer) -> EntryTold | None:
    """Read one entry; None where there is none, or its story is none for this viewer."""
    try:
        row = db.execute(ENTRY, [entry_id, viewer]).fetchone()
    except OverflowError:  # a number that no id can be
        row = None
    if row is None:
        return None
    story, guid, html, text, summary, language, categories, enclosures = row
    return EntryTold(
        entry=next(one for one in entries_read(db, story) if one.id == entry_id),
        story=story,
        guid=guid,
        html=html,
        text=text,
        summary=summary,
        language=language,
        categories=tuple(json.loads(categories)),
        enclosures=tuple(Enclosure(**each) for each in json.loads(enclosures)),
    )


def tags_read(db: Database, story_id: int, viewer: Viewer) -> tuple[TagRead, ...]:
    """Read a story's tags, each with every cause; who tagged it by hand is the owner's to know."""
    return tuple(
        TagRead(tag=tag, origin=origin, why="" if origin == "person" and viewer == "public" else why)
        for tag, origin, why in db.execute(WHY, [story_id])
    )


def topics_read(db: Database, story_id: int, viewer: Viewer) -> tuple[TopicRead, ...]:
    """Read which topics have taken a story, in the order in which they did."""
    found = (topic_read(row[1:]) for row in db.execute(TOPICS, [story_id, viewer]).fetchall())
    return tuple(one for one in found if viewer == "owner" or not (one.secret or one.hidden or one.left_at is not None))


def read_revisions(db: Database, story_id: int) -> tuple[RevisionRead, ...]:
    """Read all that a story's entries said, entry by entry, oldest first; the last one of each is what it says now.

    Entries that never changed are left out. Whether the story may be seen is for the caller to know.
    """
    return tuple(
        RevisionRead(entry=entry, number=number, replaced_at=at, meaningful=bool(meaningful), title=title, text=text)
        for entry, number, at, meaningful, title, text in db.execute(SAID, [story_id])
    )


def read_event(db: Database, event_id: int, viewer: Viewer) -> EventRead | None:
    """Read an event with its stories, oldest first, the newest 200 of very many; None where there is none to see."""
    found = db.execute("SELECT first_seen, last_seen FROM events WHERE id = ?", [event_id]).fetchone()
    stories = story_rows(db, told_of(db, event_id, viewer), viewer) if found is not None else ()
    if not stories:
        return None
    return EventRead(id=event_id, first_seen=found[0], last_seen=found[1], stories=stories)


def told_of(db: Database, event_id: int, viewer: Viewer) -> list[int]:
    """List the newest stories of an event, oldest first."""
    return sorted(id_ for (id_,) in db.execute(TOLD_OF, [event_id, viewer, MAX_TOLD]))
