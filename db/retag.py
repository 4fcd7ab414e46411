"""What a retag reads of the archive: the next stories, which tags change, which topics show that. IO: sqlite."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from db.plan import Withheld
from db.recall import StoryTag

FRONT = 5000
"""A feed shows 1,000 stories at most; a topic's output can't change by what is so many behind its newest."""


class TagChanges(NamedTuple):
    """Stories of which a tag or a cause of one changes, and how many stories gain or lose each ``kind:name``."""

    stories: frozenset[int]
    gained: Counter[str]
    lost: Counter[str]


def next_ids(db: Database, after: int, until: int, since: str, most: int) -> list[int]:
    """Read the living stories after one, up to another, first seen since then → so many ids, rising."""
    rows = db.execute(
        "SELECT id FROM stories WHERE id > ? AND id <= ? AND merged_into IS NULL AND first_seen >= ? "
        "ORDER BY id LIMIT ?",
        [after, until, since, most],
    )
    return [id_ for (id_,) in rows]


def extent(db: Database, since: str) -> tuple[int, int, int]:
    """Read which stories were first seen since then → the id before the first of them, the last, how many they are."""
    ((first, last, count),) = db.execute(
        "SELECT coalesce(min(id), 1), coalesce(max(id), 0), count(*) FROM stories "
        "WHERE first_seen >= ? AND merged_into IS NULL",
        [since],
    ).fetchall()
    return first - 1, last, count


def tag_changes(db: Database, wanted: Mapping[int, Sequence[StoryTag]]) -> TagChanges:
    """Compare the tags that stories should have with those that they have."""
    has: dict[int, set[tuple[str, str, str, str]]] = {story: set() for story in wanted}
    for story, *tag in db.execute(
        "SELECT x.story_id, t.kind, t.name, x.origin, x.why FROM story_tags x JOIN tags t ON t.id = x.tag_id "
        "WHERE x.story_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(wanted))],
    ):
        kind, name, origin, why = tag
        has[story].add((kind, name, origin, why))
    stories: set[int] = set()
    gained: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for story, tags in wanted.items():
        new = {(tag.kind, tag.name, str(tag.origin), tag.why) for tag in tags}
        if new != has[story]:
            stories.add(story)
            now, before = ({f"{kind}:{name}" for kind, name, *_ in some} for some in (new, has[story]))
            gained.update(now - before)
            lost.update(before - now)
    return TagChanges(frozenset(stories), gained, lost)


def withheld_changes(
    db: Database, wanted: Sequence[tuple[int, Withheld | None]]
) -> tuple[frozenset[int], frozenset[int]]:
    """Compare whether stories should be kept out of all topics with whether they are → newly kept out, let in again."""
    out = {
        id_
        for (id_,) in db.execute(
            "SELECT id FROM stories WHERE withheld IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
            [json.dumps([id_ for id_, _ in wanted])],
        )
    }
    should = {id_ for id_, withheld in wanted if withheld is not None}
    return frozenset(should - out), frozenset(out - should)


def fronts(db: Database) -> dict[int, int]:
    """Read from which number on a topic's announced selections may be in its feed → by topic, with room to spare."""
    found = {}
    for (topic,) in db.execute("SELECT id FROM topics").fetchall():
        row = db.execute(
            "SELECT number FROM selections WHERE topic_id = ? AND archived = 0 ORDER BY number DESC LIMIT 1 OFFSET ?",
            [topic, FRONT],
        ).fetchone()
        found[topic] = row[0] if row is not None else 0
    return found


def mark_fronts(
    db: Database, stories: Collection[int], fronts: Mapping[int, int], pinned: Collection[tuple[int, int]]
) -> None:
    """Note, for the publisher, the topics that may show one of these stories: near their front, or pinned there."""
    rows = db.execute(
        "SELECT topic_id, story_id, number FROM selections "
        "WHERE archived = 0 AND story_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(stories))],
    )
    topics = {topic for topic, _, number in rows if number >= fronts.get(topic, 0)}
    topics |= {topic for topic, story in pinned if story in stories}
    db.conn.executemany("UPDATE topics SET changes = changes + 1 WHERE id = ?", [(topic,) for topic in topics])


def topic_names(db: Database) -> dict[int, str]:
    """Read the topics' ids in the config, by row id."""
    return dict(db.execute("SELECT id, config_id FROM topics").fetchall())
