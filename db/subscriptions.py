"""WebSub subscriptions: read what is due, write what was asked and answered, what a push changes. IO: sqlite.

One row per source. A subscription that is replaced gets a new token, so every write names the token it means: an answer
that comes too late changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlite_utils import Database

from db.model import HubSource, Subscription

COLUMNS = tuple(Subscription.__dataclass_fields__)
SELECT = (
    f"SELECT {', '.join('s.config_id' if name == 'source' else f'x.{name}' for name in COLUMNS)} "
    "FROM subscriptions x JOIN sources s ON s.id = x.source_id "
)
POLLED = "s.removed_at IS NULL AND s.gone_at IS NULL AND s.url LIKE 'http%://%'"


def subscription_of(db: Database, token: str) -> Subscription | None:
    """Find the subscription whose callback ends in ``token``."""
    return next(iter(rows(db.execute(f"{SELECT} WHERE x.token = ?", [token]))), None)


def due_subscriptions(db: Database, now: str, limit: int) -> list[Subscription]:
    """Read the subscriptions whose hub is to be asked, longest overdue first."""
    return rows(
        db.execute(f"{SELECT} WHERE x.next_try_at <= ? ORDER BY x.next_try_at, x.id LIMIT ?", [now, limit]),
    )


def rows(found: Iterable[tuple[object, ...]]) -> list[Subscription]:
    """Make values of rows of COLUMNS."""
    return [Subscription(**dict(zip(COLUMNS, row, strict=True))) for row in found]  # type: ignore[arg-type]


def hub_sources(
    db: Database, config_ids: Iterable[str] | None = None, rows_between: tuple[int, int] | None = None
) -> list[HubSource]:
    """Read the sources that name a hub or have a subscription: all, those with these ids, or those of these rows.

    ``rows_between``: row ids above the first and up to the second. A source that was removed, is gone or is a file
    names none: nobody polls it for a push.
    """
    names = HubSource.__dataclass_fields__
    named, params = "", list[object]()
    if config_ids is not None:
        named, params = "AND s.config_id IN (SELECT value FROM json_each(?)) ", [json.dumps(list(config_ids))]
    if rows_between is not None:
        named, params = named + "AND s.id > ? AND s.id <= ? ", [*params, *rows_between]
    found = db.execute(
        f"SELECT s.id, s.config_id, iif({POLLED}, s.hub_url, NULL), iif({POLLED}, s.hub_topic, NULL), "
        "x.hub, x.topic, x.token, x.state FROM sources s LEFT JOIN subscriptions x ON x.source_id = s.id "
        f"WHERE (s.hub_url IS NOT NULL OR x.id IS NOT NULL) {named}ORDER BY s.id",
        params,
    )
    return [HubSource(**dict(zip(names, row, strict=True))) for row in found]


def last_source(db: Database) -> int:
    """Give the highest row id of a source; 0 where there is none."""
    ((last,),) = db.execute("SELECT coalesce(max(id), 0) FROM sources")
    return int(last)


def make_subscription(
    db: Database, source_id: int, *, hub: str, topic: str, token: str, secret: str, next_try_at: str
) -> None:
    """Begin a subscription; one that the source had is replaced, and its hub trusted no more."""
    db.execute(
        "INSERT INTO subscriptions (source_id, hub, topic, token, secret, state, next_try_at) "
        "VALUES (?, ?, ?, ?, ?, 'asked', ?) ON CONFLICT (source_id) DO UPDATE SET hub = excluded.hub, "
        "topic = excluded.topic, token = excluded.token, secret = excluded.secret, state = 'asked', "
        "next_try_at = excluded.next_try_at, asked_at = NULL, lease_s = NULL, expires_at = NULL, failures = 0, "
        "last_error = NULL",
        [source_id, hub, topic, token, secret, next_try_at],
    )
    db.execute("UPDATE sources SET pushed_until = NULL WHERE id = ?", [source_id])


def end_subscription(db: Database, source_id: int, *, tell_hub_at: str | None) -> None:
    """End a subscription; ``tell_hub_at``: when its hub is asked to unsubscribe us, None: not at all."""
    db.execute(
        "UPDATE subscriptions SET state = 'ended', next_try_at = ?, expires_at = NULL, failures = 0, last_error = NULL "
        "WHERE source_id = ?",
        [tell_hub_at, source_id],
    )
    db.execute("UPDATE sources SET pushed_until = NULL WHERE id = ?", [source_id])


def write_asking(db: Database, one: Subscription, now: str, again_at: str | None) -> bool:
    """Note, before the hub is asked, that it is → False where the subscription is another by now.

    ``again_at`` is when it is asked again if nothing comes of it: a crash in between asks no sooner. None: never. A
    lease that runs on stays active while it is renewed.
    """
    cursor = db.execute(
        "UPDATE subscriptions SET asked_at = ?, next_try_at = ?, failures = failures + 1, state = CASE "
        "WHEN state = 'ended' OR (state = 'active' AND expires_at > ?) THEN state ELSE 'asked' END "
        "WHERE id = ? AND token = ? AND state = ?",
        [now, again_at, now, one.id, one.token, one.state],
    )
    return bool(cursor.rowcount)


def write_answer(db: Database, one: Subscription, error: str | None, again_at: str | None) -> None:
    """Note how the hub answered the asking after ``one`` was read, unless it has verified or denied it meanwhile."""
    db.execute(
        "UPDATE subscriptions SET last_error = ?, next_try_at = coalesce(?, next_try_at) "
        "WHERE id = ? AND token = ? AND failures = ? AND state != 'ended'",
        [error, again_at, one.id, one.token, one.failures + 1],
    )


def write_lease(db: Database, one: Subscription, *, lease_s: int, expires_at: str, renew_at: str, now: str) -> bool:
    """Note that the hub verified the asking → False where none is open any more. A trusted hub stays trusted."""
    cursor = db.execute(
        "UPDATE subscriptions SET state = 'active', lease_s = ?, expires_at = ?, next_try_at = ?, failures = 0, "
        "last_error = NULL WHERE id = ? AND token = ? AND state IN ('asked', 'active') AND failures > 0",
        [lease_s, expires_at, renew_at, one.id, one.token],
    )
    if cursor.rowcount:
        db.execute(
            "UPDATE sources SET pushed_until = ? WHERE id = ? AND pushed_until > ?", [expires_at, one.source_id, now]
        )
    return bool(cursor.rowcount)


def write_denial(db: Database, one: Subscription, reason: str, again_at: str) -> None:
    """Note that the hub will not push; the source is polled as any other."""
    cursor = db.execute(
        "UPDATE subscriptions SET state = 'denied', last_error = ?, next_try_at = ?, expires_at = NULL, failures = 0 "
        "WHERE id = ? AND token = ? AND state IN ('asked', 'active')",
        [reason, again_at, one.id, one.token],
    )
    if cursor.rowcount:
        db.execute("UPDATE sources SET pushed_until = NULL WHERE id = ?", [one.source_id])


def write_push(db: Database, one: Subscription, now: str) -> None:
    """Note a push, and make its source due."""
    db.execute(
        "UPDATE subscriptions SET last_push_at = ?, pushes = pushes + 1 WHERE id = ? AND token = ?",
        [now, one.id, one.token],
    )
    tell_source(db, one, now)


def tell_source(db: Database, one: Subscription, now: str) -> None:
    """Make a source due that a hub told of: the hub is trusted to tell until its lease ends.

    A server's Retry-After beats a push, and a source that is polled no more (no ``next_poll_at``) stays so.
    """
    db.execute(
        "UPDATE sources SET last_push_at = ?, pushed_until = coalesce((SELECT expires_at FROM subscriptions "
        "WHERE id = ? AND token = ?), pushed_until) WHERE id = ?",
        [now, one.id, one.token, one.source_id],
    )
    poll_by(db, one.source_id, now)


def poll_by(db: Database, source_id: int, when: str) -> None:
    """Bring the source's next poll forward to ``when``, unless its server asked to be left alone until later."""
    db.execute(
        "UPDATE sources SET next_poll_at = min(next_poll_at, ?) WHERE id = ? AND coalesce(held_until, '') <= ?",
        [when, source_id, when],
    )


def poll_missed_pushes(db: Database, now: str) -> None:
    """Make the sources due whose last push came after their last poll began: a stop or crash came before the next."""
    db.execute(
        "UPDATE sources SET next_poll_at = min(next_poll_at, ?) "
        "WHERE last_push_at > last_poll_at AND coalesce(held_until, '') <= ?",
        [now, now],
    )
