"""Troubles of sources in the archive: looked for, written, read for the feed of health. IO: sqlite."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from db.apply import mint_urn
from db.health import SILENT_DAYS
from db.plan import GOOD
from db.times import iso
from db.trouble import RELAPSE, Ailment, News, Trouble, ailments, news_of

_GOOD = ", ".join(f"'{outcome}'" for outcome in sorted(GOOD))

SUSPECTS = """
SELECT s.id, s.config_id AS source, s.url, s.last_outcome AS outcome, s.last_error AS error, s.failures, s.held_until,
       s.last_poll_at AS last_poll, s.last_good_at AS last_good, s.gone_at, s.moved_url, s.last_new_at AS last_new,
       s.usual_gap_s, s.offers,
       (SELECT p.status FROM polls p WHERE p.source_id = s.id ORDER BY p.id DESC LIMIT 1) AS status
FROM sources s
WHERE s.removed_at IS NULL AND s.last_poll_at IS NOT NULL
  AND (s.failures > 0 OR s.last_outcome = 'offline' OR s.gone_at IS NOT NULL OR s.moved_url IS NOT NULL
       OR s.held_until IS NOT NULL OR (s.last_new_at < ? AND s.usual_gap_s IS NOT NULL))
ORDER BY s.id
"""

TROUBLES = """
SELECT t.id, t.guid, t.source_id, s.config_id, coalesce(s.title, s.config_id), s.site_url, t.kind,
       t.cause, t.said, t.mend, t.began_at, t.opened_at, t.changed_at, t.ended_at
FROM troubles t LEFT JOIN sources s ON s.id = t.source_id
"""

FIRST_BAD = f"""
SELECT min(p.started_at) FROM polls p WHERE p.source_id = ?1
AND p.id > coalesce((SELECT max(g.id) FROM polls g WHERE g.source_id = ?1 AND g.outcome IN ({_GOOD})), 0)
"""
COLUMNS = tuple(Trouble.__dataclass_fields__)


def look(db: Database, now: datetime) -> News:
    """Find what has begun, changed or ended since it was looked last."""
    rows: list[dict[str, Any]] = list(db.query(SUSPECTS, [iso(now - timedelta(days=SILENT_DAYS))]))
    for row in rows:
        row["offers"] = json.loads(row["offers"] or "[]")
    ((last_good,),) = (
        db.execute("SELECT max(last_good_at) FROM sources")
        if any(row["outcome"] == "offline" for row in rows)
        else [(None,)]
    )
    found, unknown = ailments(rows, last_good)
    lately = read(db, "WHERE t.ended_at IS NULL OR t.ended_at >= ? ORDER BY t.id", [iso(now - RELAPSE)])
    return news_of(lately, found, unknown, now)


def note(db: Database, news: News, now: str, *, mint: Callable[[], str] = mint_urn) -> None:
    """Write what is new. What began is dated by the first poll that showed it."""
    for ailment in news.begun:
        db.execute(
            "INSERT INTO troubles (guid, source_id, kind, cause, said, mend, began_at, opened_at, changed_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [mint(), ailment.source_id, *_told(ailment), _began(db, ailment, now), now, now],
        )
    for id_, ailment in news.told:
        db.execute(
            "UPDATE troubles SET kind = ?, cause = ?, said = ?, mend = ?, changed_at = ?, ended_at = NULL WHERE id = ?",
            [*_told(ailment), now, id_],
        )
    db.conn.executemany(
        "UPDATE troubles SET ended_at = ?1, changed_at = ?1 WHERE id = ?2", [(now, id_) for id_ in news.ended]
    )


def read_troubles(db: Database, limit: int) -> tuple[Trouble, ...]:
    """Read so many troubles, those that last and those that ended, what was told last first."""
    return tuple(read(db, "ORDER BY t.changed_at DESC, t.id DESC LIMIT ?", [limit]))


def health_urn(db: Database) -> str:
    """Give the id of this archive's feed of health: the same for ever, and another in each archive."""
    ((own,),) = db.execute("SELECT uuid FROM archive")
    return uuid.uuid5(uuid.UUID(own), "health").urn


def read(db: Database, rest: str, params: list[object]) -> list[Trouble]:
    """Read troubles."""
    return [Trouble(**dict(zip(COLUMNS, row, strict=True))) for row in db.execute(f"{TROUBLES} {rest}", params)]


def _told(ailment: Ailment) -> list[str]:
    return [ailment.kind, ailment.cause, ailment.said, ailment.mend]


def _began(db: Database, ailment: Ailment, now: str) -> str:
    """Find when it began, where that is not said: with the first bad poll, or with the move."""
    if ailment.began_at is not None or ailment.source_id is None:
        return ailment.began_at or now
    sql = "SELECT max(moved_at) FROM moves WHERE source_id = ?" if ailment.kind == "moved" else FIRST_BAD
    ((at,),) = db.execute(sql, [ailment.source_id])
    return at or now
