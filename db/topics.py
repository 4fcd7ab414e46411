"""Topics as they are published: what each shows now, and which must be written anew. IO: sqlite."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from db.model import Coverage, Enclosure, FeedItem, TopicFeed


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


def topic_feed(db: Database, topic: str, limit: int) -> TopicFeed:
    """Read what a topic shows: its newest ``limit`` selections, newest first. Raises KeyError for no such topic."""
    for id_, title, urn, created_at in db.execute(
        "SELECT id, title, urn, created_at FROM topics WHERE config_id = ?", [topic]
    ).fetchall():
        return TopicFeed(id=topic, title=title, urn=urn, created_at=created_at, items=tuple(feed_items(db, id_, limit)))
    raise KeyError(topic)


def feed_items(db: Database, topic_id: int, limit: int) -> Iterable[FeedItem]:
    """Read a topic's newest selections as items, newest first.

    Those of stories that went into another are counted but not shown: no older item comes back in their place.
    """
    rows = db.execute(
        """
        SELECT x.guid, x.number, x.selected_at, st.id, st.title, st.url, st.language, st.published, st.updated,
               st.first_seen, st.lead_entry_id, e.author, e.html, e.text, e.enclosures
        FROM (SELECT * FROM selections WHERE topic_id = ? ORDER BY number DESC LIMIT ?) x
        JOIN stories st ON st.id = x.story_id AND st.merged_into IS NULL JOIN entries e ON e.id = st.lead_entry_id
        ORDER BY x.number DESC
        """,
        [topic_id, limit],
    ).fetchall()
    stories = json.dumps([row[3] for row in rows])
    coverage = coverage_of(db, stories)
    tags = tags_of(db, stories)
    for guid, number, selected_at, story, title, url, language, published, updated, first_seen, lead, *entry in rows:
        author, html, text, enclosures = entry
        covering = coverage[story]
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
            lead=next(n for n, (entry_id, _) in enumerate(covering) if entry_id == lead),
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


def mark_changed_topics(db: Database, story_ids: list[int]) -> None:
    """Note, for the publisher, every topic that has one of these stories."""
    db.execute(
        "UPDATE topics SET changes = changes + 1 WHERE id IN "
        "(SELECT topic_id FROM selections WHERE story_id IN (SELECT value FROM json_each(?)))",
        [json.dumps(story_ids)],
    )
