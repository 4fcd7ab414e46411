"""The topics that the front page lists: not the secret ones. IO: sqlite."""

from __future__ import annotations

from sqlite_utils import Database


def listed_topics(db: Database) -> list[str]:
    """Read the topics of the config that anybody may know of, in its order."""
    rows = db.execute("SELECT config_id FROM topics WHERE removed_at IS NULL AND NOT secret ORDER BY id")
    return [topic for (topic,) in rows]
