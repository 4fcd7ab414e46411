"""Who our own hub tells of news: who asked for it, what each was told, what is to be tried when. IO: sqlite.

A subscription that has not been told of a document's newest version is the queue: nothing else has to be remembered.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlite_utils import Database

from db.model import Format

MAX_SUBSCRIBERS = 10_000
MAX_OF_HOST = 1_000
"""Subscriptions of callbacks under one registered domain: a big reader's service has one for each topic and format."""


class Delivery(NamedTuple):
    """A subscription that has not been told of ``version``, the newest of its document."""

    id: int
    topic: str
    format: Format
    callback: str
    host: str
    asked: str
    secret: str | None
    version: int
    failures: int


class Subscribed(NamedTuple):
    """A subscription, as far as it is needed to see whether it still holds. ``topic``: None where it was removed."""

    id: int
    topic: str | None
    format: Format
    callback: str
    asked: str


DUE = """
FROM documents d CROSS JOIN subscribers s INDEXED BY subscribers_queue
  ON s.topic_id = d.topic_id AND s.format = d.format AND s.delivered < d.version
JOIN topics t ON t.id = d.topic_id
WHERE t.removed_at IS NULL AND s.expires_at > ?1 AND coalesce(s.next_try_at, '') <= ?1
"""


def due_deliveries(
    db: Database, now: str, limit: int, *, not_ids: Collection[int] = (), not_hosts: Collection[str] = ()
) -> list[Delivery]:
    """Read what is to be delivered now, longest due first, without what is under way and hosts that are busy."""
    rows = db.execute(
        "SELECT s.id, t.config_id, s.format, s.callback, s.host, s.asked, s.secret, d.version, s.failures "
        f"{DUE} AND s.id NOT IN (SELECT value FROM json_each(?2)) AND s.host NOT IN (SELECT value FROM json_each(?3)) "
        "ORDER BY coalesce(s.next_try_at, d.changed_at), s.id LIMIT ?4",
        [now, json.dumps(list(not_ids)), json.dumps(list(not_hosts)), limit],
    )
    return [Delivery(*row) for row in rows]


def document_version(db: Database, topic: str, fmt: Format) -> int:
    """Read which version of its document a topic (config id) has published; 0: none yet."""
    rows = db.execute(
        "SELECT d.version FROM documents d JOIN topics t ON t.id = d.topic_id WHERE t.config_id = ? AND d.format = ?",
        [topic, fmt],
    )
    return next((int(version) for (version,) in rows), 0)


def has_room(db: Database, host: str) -> bool:
    """Tell whether one more subscription is taken of a host."""
    ((every, of_host),) = db.execute(
        "SELECT (SELECT count(*) FROM subscribers), (SELECT count(*) FROM subscribers WHERE host = ?)", [host]
    )
    return bool(every < MAX_SUBSCRIBERS and of_host < MAX_OF_HOST)


def is_subscribed(db: Database, topic: str, fmt: Format, callback: str) -> bool:
    """Tell whether there is such a subscription."""
    rows = db.execute(
        "SELECT 1 FROM subscribers s JOIN topics t ON t.id = s.topic_id "
        "WHERE s.callback = ? AND t.config_id = ? AND s.format = ?",
        [callback, topic, fmt],
    )
    return rows.fetchone() is not None


def subscribe(
    db: Database,
    topic: str,
    fmt: Format,
    callback: str,
    *,
    host: str,
    asked: str,
    secret: str | None,
    now: str,
    expires_at: str,
    version: int,
) -> bool:
    """Begin a subscription that was verified, or renew it with all that is new → False where there is no room for it.

    ``version``: which one the document had when it was asked for: what came since is still to be told. One that is
    renewed keeps what it was told, and what failed before is tried again at once.
    """
    if not is_subscribed(db, topic, fmt, callback) and not has_room(db, host):
        return False
    db.execute(
        "INSERT INTO subscribers (topic_id, format, callback, host, asked, secret, verified_at, expires_at, delivered) "
        "SELECT id, ?, ?, ?, ?, ?, ?, ?, ? FROM topics WHERE config_id = ? "
        "ON CONFLICT (callback, topic_id, format) DO UPDATE SET asked = excluded.asked, secret = excluded.secret, "
        "verified_at = excluded.verified_at, expires_at = excluded.expires_at, next_try_at = NULL, failures = 0, "
        "last_error = NULL",
        [fmt, callback, host, asked, secret, now, expires_at, version, topic],
    )
    return True


def unsubscribe(db: Database, topic: str, fmt: Format, callback: str) -> None:
    """End a subscription, if there is such a one."""
    db.execute(
        "DELETE FROM subscribers WHERE callback = ? AND format = ? "
        "AND topic_id = (SELECT id FROM topics WHERE config_id = ?)",
        [callback, fmt, topic],
    )


def end_subscriptions(db: Database, ids: Collection[int]) -> None:
    """End these subscriptions."""
    db.execute("DELETE FROM subscribers WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(list(ids))])


def has_expired(db: Database, now: str) -> bool:
    """Tell whether there are subscriptions whose lease is over."""
    return db.execute("SELECT 1 FROM subscribers WHERE expires_at <= ? LIMIT 1", [now]).fetchone() is not None


def end_expired(db: Database, now: str) -> None:
    """End the subscriptions whose lease is over."""
    db.execute("DELETE FROM subscribers WHERE expires_at <= ?", [now])


def all_subscribed(db: Database) -> list[Subscribed]:
    """Read all subscriptions."""
    rows = db.execute(
        "SELECT s.id, iif(t.removed_at IS NULL, t.config_id, NULL), s.format, s.callback, s.asked "
        "FROM subscribers s JOIN topics t ON t.id = s.topic_id ORDER BY s.id"
    )
    return [Subscribed(*row) for row in rows]


def write_delivered(db: Database, one: Delivery) -> None:
    """Note that a subscription was told of the version."""
    db.execute(
        "UPDATE subscribers SET delivered = max(delivered, ?), next_try_at = NULL, failures = 0, last_error = NULL "
        "WHERE id = ?",
        [one.version, one.id],
    )


def write_failed(db: Database, one: Delivery, error: str, again_at: str) -> None:
    """Note that a subscription could not be told, and when it is tried again.

    One that was renewed meanwhile (its failures are fewer) is tried at once.
    """
    db.execute(
        "UPDATE subscribers SET failures = failures + 1, next_try_at = ?, last_error = ? WHERE id = ? AND failures = ?",
        [again_at, error, one.id, one.failures],
    )


def hub_status(db: Database, now: str) -> list[Mapping[str, Any]]:
    """Count each topic's subscriptions by format → ``topic``, ``format``, ``subscribers``, ``failing``, ``error``.

    ``failing``: those that could not be told at the last try; ``error``: why, of the one that was tried last.
    """
    return list(
        db.query(
            """
            SELECT t.config_id AS topic, s.format AS format, count(*) AS subscribers,
                   sum(s.failures > 0) AS failing,
                   (SELECT x.last_error FROM subscribers x WHERE x.topic_id = s.topic_id AND x.format = s.format
                    AND x.failures > 0 ORDER BY x.next_try_at DESC LIMIT 1) AS error
            FROM subscribers s JOIN topics t ON t.id = s.topic_id
            WHERE s.expires_at > ? AND t.removed_at IS NULL GROUP BY s.topic_id, s.format ORDER BY t.id, s.format
            """,
            [now],
        )
    )
