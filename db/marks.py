"""What a person said of stories, as it stands. IO: sqlite."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlite_utils import Database

from db.recall import Mark


def marks_of(db: Database, story_ids: Collection[int]) -> Mapping[int, tuple[Mark, ...]]:
    """Read the marks of stories, in the order in which they were made; stories without any are left out."""
    found: defaultdict[int, list[Mark]] = defaultdict(list)
    rows = db.execute(
        "SELECT m.story_id, m.kind, m.topic_id, t.kind, t.name, m.entry_id, d.by "
        "FROM marks m JOIN decisions d ON d.id = m.decision_id LEFT JOIN tags t ON t.id = m.tag_id "
        "WHERE m.story_id IN (SELECT value FROM json_each(?)) ORDER BY m.id",
        [json.dumps(list(story_ids))],
    )
    for story, kind, topic, tag_kind, tag_name, entry, by in rows:
        tag = (tag_kind, tag_name) if tag_kind is not None else None
        found[story].append(Mark(kind=kind, topic_id=topic, tag=tag, entry_id=entry, by=by))
    return {story: tuple(marks) for story, marks in found.items()}
