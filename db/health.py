"""How sources and topics are doing, as ``wireroom status`` and ``/healthz`` tell it. IO: sqlite."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database


def source_status(db: Database) -> list[dict[str, Any]]:
    """Read every source of the config with its last outcome, next poll, entry count and health."""
    rows = db.query(
        """
        SELECT s.config_id AS source, s.title AS title, s.last_outcome AS outcome, s.last_error AS error,
               s.last_poll_at AS last_poll, s.last_good_at AS last_good, s.next_poll_at AS next_poll,
               s.failures AS failures, s.held_until AS held_until, s.gone_at AS gone_at,
               (SELECT count(*) FROM entries e WHERE e.source_id = s.id) AS entries,
               s.hub_url AS hub, x.state AS push, x.last_error AS push_error, x.expires_at AS lease_until,
               s.last_push_at AS last_push
        FROM sources s LEFT JOIN subscriptions x ON x.source_id = s.id
        WHERE s.removed_at IS NULL ORDER BY s.id
        """
    )
    return [{**row, "health": health(row)} for row in rows]


def health(row: dict[str, Any]) -> str:
    """Name a source's health in a word: new, good, remark (read, but something was wrong), held, gone or failing."""
    if row["gone_at"] is not None:
        return "gone"
    if row["outcome"] is None:
        return "new"
    if row["held_until"] is not None:
        return "held"
    if row["failures"]:
        return "failing"
    return "remark" if row["error"] is not None else "good"


def topic_status(db: Database) -> list[dict[str, Any]]:
    """Read every topic of the config with its number of stories and its newest one."""
    return list(
        db.query(
            """
            SELECT t.config_id AS topic, t.title AS title,
                   (SELECT count(*) FROM selections x WHERE x.topic_id = t.id) AS stories,
                   newest.selected_at AS newest_at, st.title AS newest
            FROM topics t
            LEFT JOIN selections newest ON newest.topic_id = t.id AND newest.number = t.last_number
            LEFT JOIN stories st ON st.id = newest.story_id
            WHERE t.removed_at IS NULL ORDER BY t.id
            """
        )
    )
