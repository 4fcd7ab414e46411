"""How sources and topics are doing, as ``wireroom status`` and ``/healthz`` tell it. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from db.times import parse_iso

SILENT_GAPS = 3
"""A source is silent when it has had nothing new for so many times as long as it usually has …"""

SILENT_DAYS = 3
"""… and for at least so many days."""

CROWDED_POLLS = 2


def source_status(db: Database, now: datetime, *, only: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Read every source of the config with its last outcome, next poll, entry count, health, and notes on it.

    ``only``: just the sources with these config ids, and also those that were taken out of the config.
    """
    where = "s.removed_at IS NULL" if only is None else "s.config_id IN (SELECT value FROM json_each(?))"
    found = db.query(
        f"""
        SELECT s.config_id AS source, s.title AS title, s.url AS url, s.last_outcome AS outcome, s.last_error AS error,
               s.last_poll_at AS last_poll, s.last_good_at AS last_good, s.next_poll_at AS next_poll,
               s.failures AS failures, s.held_until AS held_until, s.gone_at AS gone_at, s.spacing_s AS spacing_s,
               s.moved_url AS moved_url, s.moving_to AS moving_to, s.moving_polls AS moving_polls,
               s.offers AS offers, s.doubts AS doubts, s.crowded AS crowded, s.last_new_at AS last_new,
               s.usual_gap_s AS usual_gap_s,
               (SELECT count(*) FROM entries e WHERE e.source_id = s.id) AS entries,
               s.hub_url AS hub, x.state AS push, x.last_error AS push_error, x.expires_at AS lease_until,
               s.last_push_at AS last_push
        FROM sources s LEFT JOIN subscriptions x ON x.source_id = s.id
        WHERE {where} ORDER BY s.id
        """,
        [] if only is None else [json.dumps(list(only))],
    )
    rows = list(found)
    holders: dict[str, list[str]] = {}
    moved = any(row["moved_url"] for row in rows)
    for source, *places in (
        () if not moved else db.execute("SELECT config_id, url, moved_url FROM sources WHERE removed_at IS NULL")
    ):
        for place in set(places) - {None}:
            holders.setdefault(place, []).append(source)
    for row in rows:
        row["twin"] = next((one for one in holders.get(row["moved_url"], ()) if one != row["source"]), None)
    return [told(row, now) for row in rows]


def source_healths(db: Database, now: datetime) -> list[tuple[str, str, str]]:
    """Read how each source of the config is, in its order → (config id, title, health)."""
    found = db.query(
        "SELECT config_id AS source, coalesce(nullif(title, ''), config_id) AS title, url, last_outcome AS outcome, "
        "last_error AS error, failures, held_until, gone_at, last_new_at AS last_new, usual_gap_s "
        "FROM sources WHERE removed_at IS NULL ORDER BY id"
    )
    return [(row["source"], row["title"], health(row, now)) for row in found]


def told(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Add health and notes to a row, and leave out what only they need."""
    made = {**row, "offers": json.loads(row["offers"] or "[]")}
    made |= {"health": health(row, now), "notes": list(notes(made, now))}
    return {name: value for name, value in made.items() if name not in ("moving_to", "moving_polls", "doubts", "twin")}


def health(row: dict[str, Any], now: datetime) -> str:
    """Name a source's health in a word.

    ``new`` (never polled), ``good``, ``remark`` (read, but something was wrong), ``silent`` (against its own rhythm),
    ``held`` (it asked to wait), ``offline`` (our own network), ``wall`` (a page in the feed's place), ``failing`` or
    ``gone``.
    """
    if row["gone_at"] is not None:
        return "gone"
    if row["outcome"] is None:
        return "new"
    if row["held_until"] is not None:
        return "held"
    if row["outcome"] in ("offline", "wall"):
        return str(row["outcome"])
    if row["failures"]:
        return "failing"
    if is_silent(row, now):
        return "silent"
    return "remark" if row["error"] is not None else "good"


def is_silent(row: dict[str, Any], now: datetime) -> bool:
    """Tell whether a source on the web has been without news for much longer than it usually is."""
    if row["last_new"] is None or row["usual_gap_s"] is None or not row["url"].startswith("http"):
        return False
    longest_s: float = max(SILENT_GAPS * row["usual_gap_s"], SILENT_DAYS * 86_400)
    return (now - parse_iso(row["last_new"])).total_seconds() > longest_s


def notes(row: dict[str, Any], now: datetime) -> Iterator[str]:
    """Say what its owner should know of a source beside its last error, each with the mend."""
    if row["moved_url"] is not None:
        mend = "put that into the config" if row["twin"] is None else f"so is {row['twin']!r}; take one of the two out"
        yield f"it has moved for good and is polled at {row['moved_url']}: {mend}"
    if row["moving_to"] is not None:
        polls = row["moving_polls"]
        why = (
            f"({polls} polls): not believed yet"
            if polls > 0
            else "to another feed: if it is right, put it into the config"
        )
        yield f"it is redirected for good to {row['moving_to']} {why}"
    if row["offers"]:
        yield f"the page in its place advertises {', '.join(row['offers'][:3])}: try `wireroom add` with it"
    if row["doubts"] >= 2:
        yield "its 304 answers hid news, or were no HTTP, twice: it is asked for the whole body every time"
    if row["crowded"] >= CROWDED_POLLS:
        yield f"its last {row['crowded']} documents were all new: some may be missing; shorten [poll] floor or `every`"
    if row["outcome"] is not None and is_silent(row, now):
        days = row["usual_gap_s"] / 86_400
        yield f"nothing new since {row['last_new']}, where it usually pauses for {days:.1f} days at most"


def topic_status(db: Database) -> list[dict[str, Any]]:
    """Read every topic of the config with its newest story, and how many it has announced and takes still."""
    return list(
        db.query(
            """
            SELECT t.config_id AS topic, t.title AS title,
                   (SELECT count(DISTINCT x.story_id) FROM selections x
                    WHERE x.topic_id = t.id AND x.archived = 0 AND x.left_at IS NULL AND x.story_id NOT IN (
                      SELECT gone.id FROM stories gone WHERE gone.merged_into IS NOT NULL)) AS stories,
                   newest.selected_at AS newest_at, st.title AS newest
            FROM topics t
            LEFT JOIN selections newest ON newest.id = (
              SELECT x.id FROM selections x JOIN stories living ON living.id = x.story_id
              WHERE x.topic_id = t.id AND x.archived = 0 AND x.left_at IS NULL AND living.merged_into IS NULL
              ORDER BY x.number DESC LIMIT 1)
            LEFT JOIN stories st ON st.id = newest.story_id
            WHERE t.removed_at IS NULL ORDER BY t.id
            """
        )
    )


def unseen_status(db: Database) -> dict[str, dict[str, int]]:
    """Count what topics have and do not show → by topic of the config.

    ``archived``: stories that were never announced; ``left``: that it takes no longer; ``waiting``: that it will look
    at once more.
    """
    rows = db.execute(
        """
        SELECT t.config_id,
               (SELECT count(DISTINCT x.story_id) FROM selections x JOIN stories living ON living.id = x.story_id
                WHERE x.topic_id = t.id AND x.archived = 1 AND x.left_at IS NULL AND living.merged_into IS NULL),
               (SELECT count(DISTINCT x.story_id) FROM selections x JOIN stories living ON living.id = x.story_id
                WHERE x.topic_id = t.id AND x.left_at IS NOT NULL AND living.merged_into IS NULL),
               (SELECT count(*) FROM waiting w WHERE w.topic_id = t.id)
        FROM topics t WHERE t.removed_at IS NULL
        """
    )
    return {topic: {"archived": archived, "left": left, "waiting": wait} for topic, archived, left, wait in rows}
