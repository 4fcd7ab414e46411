"""The tags that stories have, with their numbers, some at a time in their order. IO: sqlite."""

from __future__ import annotations

from typing import NamedTuple

from sqlite_utils import Database

from db.reading import TagCount, Viewer

TAGS = """
SELECT t.kind, t.name, (
  SELECT count(*) FROM (SELECT DISTINCT x.story_id FROM story_tags x WHERE x.tag_id = t.id
    AND x.story_id NOT IN (SELECT g.id FROM stories g WHERE g.merged_into IS NOT NULL)
    AND (?1 = 'owner' OR x.story_id NOT IN (SELECT w.id FROM stories w WHERE w.withheld IS NOT NULL))))
FROM tags t
WHERE (t.kind, t.name) > (?2, ?3) AND (?4 IS NULL OR t.kind = ?4)
  AND (?5 = '' OR (t.name >= ?5 AND t.name < ?5 || char(1114111)))
ORDER BY t.kind, t.name LIMIT ?6
"""


class Tags(NamedTuple):
    """Some tags by kind and name; ``after``: the one to go on behind, ``kind:name``; None where these are the last."""

    tags: tuple[TagCount, ...]
    after: str | None


def read_tags(
    db: Database, viewer: Viewer, *, kind: str | None = None, prefix: str = "", after: str = "", limit: int = 100
) -> Tags:
    """Read tags of a kind, or of all, whose names begin so. Those that no story has that may be seen are left out."""
    last_kind, _, last_name = after.partition(":")
    rows = db.execute(TAGS, [viewer, last_kind, last_name, kind, prefix, limit + 1]).fetchall()
    more = f"{rows[limit - 1][0]}:{rows[limit - 1][1]}" if len(rows) > limit else None
    return Tags(tags=tuple(TagCount(*row) for row in rows[:limit] if row[2]), after=more)
