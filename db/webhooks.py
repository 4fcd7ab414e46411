"""Webhooks: up to which selection each has got a topic's stories, and the message that is being sent. IO: sqlite.

A message is the selections after ``sent`` up to ``batch_to``. Both stand in the archive before it is sent, so that a
message that is sent again is the same one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlite_utils import Database

from db.items import feed_items
from db.output import FeedItem, Policy
from db.shown import VISIBLE
from db.topics import one_moment

MAX_STORIES = 50
"""In one message."""

REACH = "min(t.last_number, coalesce(t.digest_from - 1, t.last_number))"
"""Up to which number a topic's selections are announced; one that has digests is silent on what is in none yet."""


class Hook(NamedTuple):
    """A webhook that has not got all of a topic's stories. ``topic`` is its config id, ``archive`` the archive's."""

    id: str
    topic_id: int
    topic: str
    title: str
    urn: str
    archive: str
    failures: int

    @property
    def key(self) -> tuple[str, int]:
        """What names its row."""
        return self.id, self.topic_id


class Batch(NamedTuple):
    """A message: the selections above ``after``, up to ``to``."""

    after: int
    to: int


def keep_webhooks(db: Database, wanted: Iterable[tuple[str, str]]) -> None:
    """Have a row for each (webhook, topic) of the config, and no other. A new one begins at the newest selection."""
    pairs = json.dumps(list(wanted))
    db.execute(
        "DELETE FROM webhooks WHERE (config_id, topic_id) NOT IN (SELECT p.value ->> 0, t.id FROM json_each(?) p "
        "JOIN topics t ON t.config_id = p.value ->> 1)",
        [pairs],
    )
    db.execute(
        f"INSERT OR IGNORE INTO webhooks (config_id, topic_id, sent) SELECT p.value ->> 0, t.id, {REACH} "
        "FROM json_each(?) p JOIN topics t ON t.config_id = p.value ->> 1",
        [pairs],
    )


def due_webhooks(db: Database, now: str, urls: Mapping[str, str]) -> list[Hook]:
    """Read the webhooks that are to get something now, by their addresses; one that was told 410 Gone gets no more."""
    rows = db.execute(
        f"SELECT w.config_id, w.topic_id, t.config_id, t.title, t.urn, (SELECT uuid FROM archive), w.failures "
        f"FROM webhooks w JOIN topics t ON t.id = w.topic_id JOIN json_each(?1) u ON u.key = w.config_id "
        f"WHERE t.removed_at IS NULL AND w.sent < {REACH} AND coalesce(w.next_try_at, '') <= ?2 "
        "AND w.gone_url IS NOT u.value ORDER BY coalesce(w.next_try_at, ''), w.config_id, w.topic_id",
        [json.dumps(dict(urls)), now],
    )
    return [Hook(*row) for row in rows]


def take_batch(db: Database, hook: Hook, most: int = MAX_STORIES) -> Batch | None:
    """Begin a webhook's next message, or go on with the one that was begun → None where there is nothing to send.

    What nobody may see (it was hidden, or archived unannounced) is passed over.
    """
    rows = db.execute(
        f"SELECT w.sent, w.batch_to, {REACH} FROM webhooks w JOIN topics t ON t.id = w.topic_id "
        "WHERE w.config_id = ? AND w.topic_id = ?",
        [*hook.key],
    ).fetchall()
    for after, to, reach in rows:
        if to is not None:
            return Batch(after, to)
        numbers = [
            number
            for (number,) in db.execute(
                f"SELECT x.number FROM selections x JOIN stories st ON st.id = x.story_id "
                f"WHERE x.topic_id = ? AND x.number > ? AND x.number <= ? AND {VISIBLE} ORDER BY x.number LIMIT ?",
                [hook.topic_id, after, reach, most + 1],
            )
        ]
        if not numbers:
            write_sent(db, hook, Batch(after, reach), None)
            return None
        begun = Batch(after, numbers[most - 1] if len(numbers) > most else reach)
        db.execute("UPDATE webhooks SET batch_to = ? WHERE config_id = ? AND topic_id = ?", [begun.to, *hook.key])
        return begun
    return None


def batch_items(db: Database, hook: Hook, batch: Batch, policy: Policy) -> tuple[FeedItem, ...]:
    """Read the stories of a message as they are now, in the order in which they were selected."""
    with one_moment(db):
        ids = [
            id_
            for (id_,) in db.execute(
                "SELECT id FROM selections WHERE topic_id = ? AND number > ? AND number <= ? ORDER BY number",
                [hook.topic_id, batch.after, batch.to],
            )
        ]
        return tuple(feed_items(db, hook.topic_id, ids, policy))


def write_sent(db: Database, hook: Hook, batch: Batch, now: str | None) -> None:
    """Note that a webhook has got a message; ``now`` is None where there was nothing in it to send."""
    db.execute(
        "UPDATE webhooks SET sent = max(sent, ?), batch_to = NULL, next_try_at = NULL, failures = 0, "
        "last_error = NULL, gone_url = NULL, last_sent_at = coalesce(?, last_sent_at) "
        "WHERE config_id = ? AND topic_id = ?",
        [batch.to, now, *hook.key],
    )


def write_unsent(db: Database, hook: Hook, error: str, again_at: str | None, gone_url: str | None = None) -> None:
    """Note that a message was not taken, and when it is tried again; ``gone_url``: the address that wants no more."""
    db.execute(
        "UPDATE webhooks SET failures = failures + 1, next_try_at = ?, last_error = ?, gone_url = ? "
        "WHERE config_id = ? AND topic_id = ?",
        [again_at, error, gone_url, *hook.key],
    )


def webhook_status(db: Database) -> list[Mapping[str, Any]]:
    """Read how each webhook is doing → ``webhook``, ``topic``, ``waiting``, ``last_sent``, ``next_try``, ``error``.

    ``waiting``: so many selections are not sent yet.
    """
    return list(
        db.query(
            f"""
            SELECT w.config_id AS webhook, t.config_id AS topic,
                   (SELECT count(*) FROM selections x JOIN stories st ON st.id = x.story_id
                    WHERE x.topic_id = w.topic_id AND x.number > w.sent AND x.number <= {REACH} AND {VISIBLE})
                   AS waiting, w.last_sent_at AS last_sent, w.next_try_at AS next_try, w.last_error AS error
            FROM webhooks w JOIN topics t ON t.id = w.topic_id WHERE t.removed_at IS NULL
            ORDER BY w.config_id, t.id
            """
        )
    )
