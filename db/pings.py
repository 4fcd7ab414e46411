"""Outside hubs that are told of news: up to which version of each document, what is to be tried when. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlite_utils import Database

from db.model import Format


class Ping(NamedTuple):
    """A hub that has not been told of ``version`` of a topic's document."""

    hub: str
    topic_id: int
    topic: str
    format: Format
    version: int
    failures: int


def keep_pings(db: Database, hubs: Collection[str]) -> None:
    """Have a row for each document and hub, and none for hubs that are told no more. A new hub is told once of all."""
    wanted = json.dumps(list(hubs))
    db.execute("DELETE FROM pings WHERE hub NOT IN (SELECT value FROM json_each(?))", [wanted])
    db.execute(
        "INSERT OR IGNORE INTO pings (hub, topic_id, format) SELECT h.value, d.topic_id, d.format "
        "FROM json_each(?) h CROSS JOIN documents d JOIN topics t ON t.id = d.topic_id "
        "WHERE t.removed_at IS NULL AND t.secret = 0",
        [wanted],
    )


def due_pings(db: Database, now: str, limit: int) -> list[Ping]:
    """Read what hubs are to be told now, longest due first. Of secret topics nobody outside is told."""
    rows = db.execute(
        "SELECT p.hub, p.topic_id, t.config_id, p.format, d.version, p.failures FROM pings p "
        "JOIN documents d ON d.topic_id = p.topic_id AND d.format = p.format JOIN topics t ON t.id = p.topic_id "
        "WHERE p.told < d.version AND coalesce(p.next_try_at, '') <= ? AND t.removed_at IS NULL AND t.secret = 0 "
        "ORDER BY coalesce(p.next_try_at, d.changed_at), p.hub, p.topic_id, p.format LIMIT ?",
        [now, limit],
    )
    return [Ping(*row) for row in rows]


def lacks_pings(db: Database, hubs: Collection[str]) -> bool:
    """Tell whether some document has no row for one of these hubs yet."""
    ((lacks,),) = db.execute(
        "SELECT EXISTS (SELECT 1 FROM json_each(?) h CROSS JOIN documents d JOIN topics t ON t.id = d.topic_id "
        "WHERE t.removed_at IS NULL AND t.secret = 0 AND NOT EXISTS (SELECT 1 FROM pings p WHERE p.hub = h.value "
        "AND p.topic_id = d.topic_id AND p.format = d.format))",
        [json.dumps(list(hubs))],
    )
    return bool(lacks)


def write_told(db: Database, one: Ping) -> None:
    """Note that a hub was told of the version."""
    db.execute(
        "UPDATE pings SET told = max(told, ?), next_try_at = NULL, failures = 0, last_error = NULL "
        "WHERE hub = ? AND topic_id = ? AND format = ?",
        [one.version, one.hub, one.topic_id, one.format],
    )


def write_untold(db: Database, one: Ping, error: str, again_at: str) -> None:
    """Note that a hub could not be told, and when it is tried again."""
    db.execute(
        "UPDATE pings SET failures = failures + 1, next_try_at = ?, last_error = ? "
        "WHERE hub = ? AND topic_id = ? AND format = ?",
        [again_at, error, one.hub, one.topic_id, one.format],
    )


def ping_status(db: Database) -> list[Mapping[str, Any]]:
    """Read how each hub is doing → ``hub``, ``documents``, ``told``, ``failing``, ``error``.

    ``told``: of how many documents it knows the newest version; ``error``: of the last that failed.
    """
    return list(
        db.query(
            """
            SELECT p.hub AS hub, count(*) AS documents, sum(p.told >= d.version) AS told,
                   sum(p.failures > 0) AS failing,
                   (SELECT x.last_error FROM pings x WHERE x.hub = p.hub AND x.failures > 0
                    ORDER BY x.next_try_at DESC LIMIT 1) AS error
            FROM pings p JOIN documents d ON d.topic_id = p.topic_id AND d.format = p.format
            JOIN topics t ON t.id = p.topic_id
            WHERE t.removed_at IS NULL AND t.secret = 0 GROUP BY p.hub ORDER BY p.hub
            """
        )
    )
