"""Digests: one item for all that a topic selected in a day or a week. IO: sqlite.

A topic that has digests is at a number of its selections, ``digest_from``: all before it are in a digest, or were
selected before it had any. A digest takes from there on, so that each selection is in one only, whatever the clock did.
What it shows of its stories is as they are now: a story that a curator hides goes out of it, coverage goes on. Its id
stays, and no reader is told of a change.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from sqlite_utils import Database

from db.due import Due, last_due
from db.front import places
from db.items import feed_items
from db.output import Digest, Policy
from db.shown import VISIBLE, period, pinned
from db.times import iso, parse_iso

SHOWN = 10
"""So many digests are in the feed, the newest."""

AHEAD = timedelta(days=1)
"""A topic whose digests are made up to later than this was brought there by a clock that was wrong."""


def make_digests(db: Database, due: Mapping[str, Due], now: datetime, mint: Callable[[], str]) -> int:
    """Make the digests that are due by ``now``, by the topics' config ids → how many.

    One for each topic at most: after a time in which nothing could be made, it has all of that time. A topic whose
    stories of the period are none, or none to be seen, gets none. Other topics have no digests from now on.
    """
    db.execute(
        "UPDATE topics SET digest_at = NULL, digest_from = NULL WHERE digest_at IS NOT NULL "
        "AND config_id NOT IN (SELECT value FROM json_each(?))",
        [json.dumps(list(due))],
    )
    return sum(make_digest(db, topic, when, now, mint) for topic, when in due.items())


def make_digest(db: Database, topic: str, due: Due, now: datetime, mint: Callable[[], str]) -> bool:
    """Make the digest of a topic that is due by ``now`` → whether there was one to make."""
    found = db.execute("SELECT id, digest_at, digest_from FROM topics WHERE config_id = ?", [topic]).fetchone()
    if found is None:
        return False
    id_, digest_at, first = found
    moment = last_due(due, now)
    if digest_at is None or parse_iso(digest_at) > now + AHEAD:
        begin(db, id_, iso(moment))
        return False
    if parse_iso(digest_at) >= moment:
        return False
    to = iso(moment)
    db.execute("UPDATE topics SET digest_at = ? WHERE id = ?", [to, id_])
    last = last_before(db, id_, to)
    is_seen = db.execute(
        "SELECT 1 FROM selections x JOIN stories st ON st.id = x.story_id "
        f"WHERE x.topic_id = ? AND x.number BETWEEN ? AND ? AND {VISIBLE} LIMIT 1",
        [id_, first, last],
    ).fetchone()
    if is_seen is None:
        return False
    db.execute(
        "INSERT INTO digests (topic_id, number, guid, made_at, period_from, period_to, rhythm, zone, first_number, "
        "last_number) SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 "
        "FROM digests WHERE topic_id = ?1",
        [id_, mint(), iso(now), digest_at, to, due.rhythm, due.zone, first, last],
    )
    db.execute("UPDATE topics SET digest_from = ?, changes = changes + 1 WHERE id = ?", [last + 1, id_])
    return True


def begin(db: Database, topic_id: int, moment: str) -> None:
    """Have a topic's digests begin with what it has selected since ``moment`` and no digest has yet."""
    db.execute(
        "UPDATE topics SET digest_at = ?2, digest_from = "
        "1 + max(?3, (SELECT coalesce(max(last_number), 0) FROM digests WHERE topic_id = ?1)) WHERE id = ?1",
        [topic_id, moment, last_before(db, topic_id, moment)],
    )


def last_before(db: Database, topic_id: int, moment: str) -> int:
    """Find the last selection of a topic that was made before ``moment`` → its number, 0 where there is none."""
    found = db.execute(
        "SELECT number FROM selections WHERE topic_id = ? AND selected_at < ? ORDER BY number DESC LIMIT 1",
        [topic_id, moment],
    ).fetchone()
    return int(found[0]) if found is not None else 0


def digests_of(db: Database, topic_id: int, policy: Policy, numbers: tuple[int, int] | None = None) -> Iterator[Digest]:
    """Read the digests that a topic shows, newest first, each with its stories by the topic's policy.

    ``numbers``: instead those from the one to the other.
    """
    first, last = numbers or (0, None)
    rows = db.execute(
        "SELECT guid, number, made_at, period_from, period_to, rhythm, zone, first_number, last_number "
        "FROM digests WHERE topic_id = ?1 AND number >= ?2 AND (?3 IS NULL OR number <= ?3) "
        "ORDER BY number DESC LIMIT ?4",
        [topic_id, first, last, SHOWN if numbers is None else -1],
    ).fetchall()
    pins = pinned(db, topic_id) if rows else []
    for guid, number, made_at, period_from, period_to, rhythm, zone, first, last in rows:
        found = period(db, topic_id, policy, first, last)
        there = {one.id for one in found}
        first_of_all = [id_ for id_ in pins if id_ in there]
        ids = [*first_of_all, *(id_ for id_ in places(found, policy) if id_ not in first_of_all)][: policy.limit]
        stories = tuple(feed_items(db, topic_id, ids, policy, first_of_all))
        if stories:
            yield Digest(
                guid=guid,
                number=number,
                made_at=made_at,
                period_from=period_from,
                period_to=period_to,
                rhythm=rhythm,
                zone=zone,
                stories=stories,
                more=len(there) - len(ids),
            )
