"""Topics as they are published: what each shows now, and which must be written anew. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlite_utils import Database

from db.digests import digests_of
from db.items import feed_items
from db.model import Dedupe, Level
from db.output import Policy, TopicFeed
from db.shown import Front, front_of


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


MEANT = """
WITH told AS (SELECT value AS id FROM json_each(?)),
     happened AS (SELECT event_id FROM stories WHERE id IN (SELECT id FROM told) AND event_id IS NOT NULL),
     meant AS (SELECT id FROM told UNION SELECT id FROM stories WHERE event_id IN (SELECT event_id FROM happened))
"""
"""Stories, and those that are of an event with them."""

PAGE_WITH = """(SELECT p.page FROM archive_pages p WHERE p.topic_id = x.topic_id AND p.has = '{has}'
  AND p.last_number >= {number} ORDER BY p.last_number LIMIT 1)"""


def mark_changed_topics(db: Database, story_ids: Iterable[int]) -> None:
    """Note, for the publisher, every topic that shows one of these stories, or one that is of an event with them.

    So are its archive pages that have them. What a topic with digests has in none of them yet is not shown.
    """
    told = json.dumps(list(story_ids))
    changed = db.execute(
        f"""{MEANT} UPDATE topics SET changes = changes + 1 WHERE id IN (
            SELECT x.topic_id FROM selections x JOIN topics t ON t.id = x.topic_id
            WHERE x.story_id IN (SELECT id FROM meant) AND (t.digest_from IS NULL OR x.number < t.digest_from)
        ) RETURNING id""",
        [told],
    ).fetchall()
    if not changed:
        return
    # A join that begins with what is in the pages: of an IN, SQLite would look at every page there is.
    db.execute(
        f"""{MEANT} UPDATE archive_pages SET changes = changes + 1 FROM (
            SELECT x.topic_id AS topic_id, {PAGE_WITH.format(has="stories", number="x.number")} AS page
            FROM selections x WHERE x.story_id IN (SELECT id FROM meant)
            UNION
            SELECT x.topic_id, {PAGE_WITH.format(has="digests", number="d.number")}
            FROM selections x JOIN digests d ON d.id = (
              SELECT first.id FROM digests first WHERE first.topic_id = x.topic_id AND first.last_number >= x.number
              ORDER BY first.last_number LIMIT 1) AND d.first_number <= x.number
            WHERE x.story_id IN (SELECT id FROM meant)
        ) has_them WHERE archive_pages.topic_id = has_them.topic_id AND archive_pages.page = has_them.page""",
        [told],
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
    """Read what a topic shows whose policy says no more than this. Raises KeyError for no such topic."""
    policy = Policy(limit=limit, dedupe=dedupe, grouping=grouping)
    with one_moment(db):
        return feed_of(db, topic, policy, front_of(db, topic_row(db, topic), policy))


def topic_row(db: Database, topic: str) -> int:
    """Find the row of a topic by its config id → its id. Raises KeyError."""
    for (id_,) in db.execute("SELECT id FROM topics WHERE config_id = ?", [topic]).fetchall():
        return int(id_)
    raise KeyError(topic)


def feed_of(db: Database, topic: str, policy: Policy, front: Front | None) -> TopicFeed:
    """Read a topic with the items of its front; with none, with its digests. Raises KeyError for no such topic.

    All of it as of one moment: polls go on, and stories are merged and split, while it is read.
    """
    with one_moment(db):
        for id_, title, urn, created_at in db.execute(
            "SELECT id, title, urn, created_at FROM topics WHERE config_id = ?", [topic]
        ).fetchall():
            items = tuple(feed_items(db, id_, front.ids, policy, front.pinned)) if front is not None else ()
            digests = tuple(digests_of(db, id_, policy)) if front is None else ()
            return TopicFeed(id=topic, title=title, urn=urn, created_at=created_at, items=items, digests=digests)
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
