"""The topics that the front page lists: not the secret ones. IO: sqlite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlite_utils import Database

from db.shown import VISIBLE


class Listed(NamedTuple):
    """A topic: how many stories it has, the newest that is shown, and when its last digest was due, in which zone."""

    topic: str
    title: str
    stories: int
    newest: str | None
    newest_at: str | None
    digest_to: str | None
    digest_zone: str | None


def listed_topics(db: Database) -> Iterator[Listed]:
    """Read the topics of the config that anybody may know of, in its order."""
    rows = db.execute(
        f"""
        SELECT t.config_id, t.title,
               (SELECT count(DISTINCT x.story_id) FROM selections x WHERE x.topic_id = t.id
                  AND x.story_id NOT IN (SELECT gone.id FROM stories gone WHERE gone.merged_into IS NOT NULL)
                  AND x.story_id NOT IN (SELECT kept.id FROM stories kept WHERE kept.withheld IS NOT NULL)
                  AND x.id NOT IN (SELECT l.id FROM selections l WHERE l.left_at IS NOT NULL)),
               told.title, newest.selected_at, d.period_to, d.zone
        FROM topics t
        LEFT JOIN selections newest ON newest.id = (
          SELECT x.id FROM selections x JOIN stories st ON st.id = x.story_id
          WHERE x.topic_id = t.id AND {VISIBLE} ORDER BY x.number DESC LIMIT 1)
        LEFT JOIN stories told ON told.id = newest.story_id
        LEFT JOIN digests d ON d.id = (SELECT max(id) FROM digests WHERE topic_id = t.id)
        WHERE t.removed_at IS NULL AND NOT t.secret ORDER BY t.id
        """
    )
    return (Listed(*row) for row in rows)
