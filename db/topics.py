"""Topics as they are published: what each shows now, and which must be written anew. IO: sqlite."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlite_utils import Database

from db.apart import heads
from db.members import members_of
from db.model import Coverage, Dedupe, Enclosure, FeedItem, Level, TopicFeed
from db.siblings import events_of


def unpublished(db: Database) -> dict[str, int]:
    """Read the topics whose output has changed since it was last written → their change count by config id."""
    return dict(db.execute("SELECT config_id, changes FROM topics WHERE published < changes AND removed_at IS NULL"))


def change_counts(db: Database) -> dict[str, int]:
    """Read every topic of the config with its change count, by config id."""
    return dict(db.execute("SELECT config_id, changes FROM topics WHERE removed_at IS NULL"))


def removed_topics(db: Database) -> set[str]:
    """Read the ids of topics that were taken out of the config."""
    return {topic for (topic,) in db.execute("SELECT config_id FROM topics WHERE removed_at IS NOT NULL")}


def mark_published(db: Database, topic: str, changes: int) -> None:
    """Note that the topic's output is on disk as of that change count (a later change stays open)."""
    db.execute("UPDATE topics SET published = max(published, ?) WHERE config_id = ?", [changes, topic])


def mark_changed_topics(db: Database, story_ids: Iterable[int]) -> None:
    """Note, for the publisher, every topic that has one of these stories, or one that is of an event with them."""
    db.execute(
        """
        WITH told AS (SELECT value AS id FROM json_each(?)),
             happened AS (SELECT event_id FROM stories WHERE id IN (SELECT id FROM told) AND event_id IS NOT NULL)
        UPDATE topics SET changes = changes + 1 WHERE id IN (
            SELECT topic_id FROM selections WHERE story_id IN (
                SELECT id FROM told UNION SELECT id FROM stories WHERE event_id IN (SELECT event_id FROM happened)
            )
        )
        """,
        [json.dumps(list(story_ids))],
    )


def mark_topics_naming(db: Database, source_id: int) -> None:
    """Note, for the publisher, every topic that names a source: it carries a story there, or one of its event."""
    carried = [
        story for (story,) in db.execute("SELECT DISTINCT story_id FROM entries WHERE source_id = ?", [source_id])
    ]
    mark_changed_topics(db, carried)


def topic_feed(
    db: Database, topic: str, limit: int, *, dedupe: Dedupe = "copies", grouping: Level = "normal"
) -> TopicFeed:
    """Read what a topic shows: its newest ``limit`` items, newest first. Raises KeyError for no such topic.

    ``dedupe``: which copies share an item; ``grouping``: how alike the stories of an event must be to be named.
    All of it as of one moment: polls go on, and stories are merged and split, while it is read.
    """
    with one_moment(db):
        for id_, title, urn, created_at in db.execute(
            "SELECT id, title, urn, created_at FROM topics WHERE config_id = ?", [topic]
        ).fetchall():
            items = tuple(feed_items(db, id_, limit, dedupe, grouping))
            return TopicFeed(id=topic, title=title, urn=urn, created_at=created_at, items=items)
    raise KeyError(topic)


@contextmanager
def one_moment(db: Database) -> Iterator[None]:
    """Have all that is read in the body be of one moment; inside a transaction it is so already."""
    if db.conn.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("ROLLBACK")  # nothing was written


WHOLE = """
SELECT x.guid, x.number, x.selected_at, st.id, st.title, st.url, st.language, st.published, st.updated,
       st.first_seen, e.id, e.author, e.html, e.text, e.enclosures
FROM (SELECT * FROM selections WHERE topic_id = ?1 ORDER BY number DESC LIMIT ?2) x
     JOIN stories st ON st.id = x.story_id JOIN entries e ON e.id = st.lead_entry_id
WHERE st.merged_into IS NULL
  AND NOT EXISTS (SELECT 1 FROM selections y
                  WHERE y.topic_id = x.topic_id AND y.story_id = x.story_id AND +y.number < x.number)
ORDER BY x.number DESC
"""
"""A topic's items, each a whole story. Of a story that was selected copy by copy before, the first selection stays.

Selections of stories that went into another are counted but not shown: no older item comes back in their place, which
readers that have forgotten it would take for a new one.
"""

APART = """
SELECT x.guid, x.number, x.selected_at, st.id, e.title, e.url, e.language, e.published,
       coalesce((SELECT max(r.replaced_at) FROM revisions r WHERE r.entry_id = e.id AND r.meaningful), e.first_seen),
       e.first_seen, e.id, e.author, e.html, e.text, e.enclosures
FROM (SELECT * FROM selections WHERE topic_id = ?1 ORDER BY number DESC LIMIT ?2) x
     JOIN entries e ON e.id = coalesce(x.entry_id, (SELECT min(f.id) FROM entries f WHERE f.story_id = x.story_id))
     JOIN stories st ON st.id = e.story_id
WHERE st.merged_into IS NULL
  AND (?3 = 'off' OR e.joined_by NOT IN ('link', 'print', 'person')
       OR e.id = (SELECT min(f.id) FROM entries f WHERE f.story_id = e.story_id))
  AND NOT EXISTS (
      SELECT 1 FROM selections y
      WHERE y.topic_id = x.topic_id AND y.story_id = x.story_id AND +y.number < x.number
        AND coalesce(y.entry_id, (SELECT min(f.id) FROM entries f WHERE f.story_id = y.story_id)) = e.id)
ORDER BY x.number DESC
"""
"""Likewise, each an entry, the head of its exact copies. A whole story that was selected before is its first entry."""


def feed_items(db: Database, topic_id: int, limit: int, dedupe: Dedupe, grouping: Level) -> Iterable[FeedItem]:
    """Read a topic's newest selections as items, newest first."""
    if dedupe == "copies":
        rows = db.execute(WHOLE, [topic_id, limit]).fetchall()
    else:
        rows = db.execute(APART, [topic_id, limit, dedupe]).fetchall()
    ids = [row[3] for row in rows]
    stories = json.dumps(ids)
    coverage = coverage_of(db, stories)
    members = members_of(db, ids) if dedupe != "copies" else {}
    tags = tags_of(db, stories)
    events = events_of(db, ids, grouping)
    for guid, number, selected_at, story, title, url, language, published, updated, first_seen, shown, *entry in rows:
        author, html, text, enclosures = entry
        covering = coverage[story]
        if dedupe != "copies":
            head = heads(members[story], dedupe)
            covering = [(id_, one) for id_, one in covering if head[id_] == head[shown]]
        yield FeedItem(
            guid=guid,
            number=number,
            story_id=story,
            title=title,
            url=url,
            author=author,
            html=html,
            text=text,
            language=language,
            published=published,
            updated=updated,
            first_seen=first_seen,
            selected_at=selected_at,
            tags=tuple(tags[story]),
            enclosures=tuple(Enclosure(**enclosure) for enclosure in json.loads(enclosures)),
            coverage=tuple(one for _, one in covering),
            lead=next((n for n, (id_, _) in enumerate(covering) if id_ == shown), 0),
            event=events.get(story),
        )


def coverage_of(db: Database, stories: str) -> defaultdict[int, list[tuple[int, Coverage]]]:
    """Read the coverage of stories (a JSON array of ids) → (entry id, coverage) in order of first sight."""
    found: defaultdict[int, list[tuple[int, Coverage]]] = defaultdict(list)
    rows: Iterable[tuple[Any, ...]] = db.execute(
        """
        SELECT e.story_id, e.id, s.config_id, coalesce(s.title, s.config_id),
               coalesce(s.moved_url, s.url), s.site_url, e.url, e.title,
               e.first_seen
        FROM entries e JOIN sources s ON s.id = e.source_id
        WHERE e.story_id IN (SELECT value FROM json_each(?)) ORDER BY e.id
        """,
        [stories],
    )
    for story, entry, source, source_title, source_url, site_url, url, title, first_seen in rows:
        one = Coverage(
            source=source,
            source_title=source_title,
            source_url=source_url if source_url.startswith(("http://", "https://")) else None,
            site_url=site_url,
            url=url,
            title=title,
            first_seen=first_seen,
        )
        found[story].append((entry, one))
    return found


def tags_of(db: Database, stories: str) -> defaultdict[int, list[str]]:
    """Read the tags of stories (a JSON array of ids) → ``kind:name``, sorted, each once."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for story, tag in db.execute(
        """
        SELECT DISTINCT st.story_id, t.kind || ':' || t.name AS tag
        FROM story_tags st JOIN tags t ON t.id = st.tag_id
        WHERE st.story_id IN (SELECT value FROM json_each(?)) ORDER BY tag
        """,
        [stories],
    ):
        found[story].append(tag)
    return found
