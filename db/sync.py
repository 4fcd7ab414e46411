"""Bring the archive in line with the config: sources, rules and topics, their renames and removals. IO: sqlite.

One transaction: an edited config applies as a whole or not at all. Nothing is ever deleted: what was taken out of the
config is marked as removed and keeps its history.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple, Protocol

from sqlite_utils import Database

from db.apply import mint_urn
from db.fill import filling
from db.model import Dedupe
from db.policies import note_policy
from db.query_tree import Query
from db.rows import AT_ONCE, all_rows
from db.selections import reschedule, select, wait
from db.times import iso, parse_iso

CLOCK_DAYS = timedelta(days=1)

OF_AN_ADDRESS = (
    *("etag", "last_modified", "validators_url", "body_hash", "held_until", "gone_at", "moved_url", "moving_to"),
    *("probe_after", "whole_at", "offers", "fresh_s", "ttl_s", "skip_hours", "skip_days", "shown", "pace"),
    *("spacing_s", "last_new_at", "usual_gap_s", "hub_url", "hub_topic", "pushed_until", "feed_id"),
)
TRIED = ("subscribers", "pings", "webhooks")
"""Tables of those who are told of news, and told again after a failure."""
COUNTS = ("failures", "setback", "moving_polls", "unmodified", "doubts", "crowded")
FORGOTTEN = ", ".join([*(f"{name} = NULL" for name in OF_AN_ADDRESS), *(f"{name} = 0" for name in COUNTS)])
"""What was learned at one address says nothing of another."""


class ConfiguredSource(Protocol):
    """A source of the config, as far as the archive must know it.

    ``shown_url`` has no credentials in it; ``domain`` is the budget that it falls under.
    """

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def shown_url(self) -> str: ...  # noqa: D102
    @property
    def domain(self) -> str | None: ...  # noqa: D102
    @property
    def was(self) -> tuple[str, ...]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredTopic:
    """A topic of the config: all that it asks as one query, and what of its policy the archive must know.

    ``fronted_by`` and ``styled_by``: the keys by which it is shown, as text (see ``db/policies.py``).
    """

    id: str
    title: str
    was: tuple[str, ...]
    query: Query
    limit: int
    dedupe: Dedupe = "copies"
    same_event: float | None = None
    delay_s: float = 0
    fronted_by: str = ""
    styled_by: str = ""
    secret: bool = False


class Standing(NamedTuple):
    """A source in the archive, as far as a config may change it."""

    id: int
    url: str
    moved_url: str | None
    removed_at: str | None
    gone_at: str | None


STANDING = ("config_id", "url", "moved_url", "removed_at", "gone_at", "domain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """The row ids of what the config names, by config id.

    ``remarks`` are what the owner should know, ``hosts`` is how many domains are polled.
    """

    sources: dict[str, int]
    topics: dict[str, int]
    remarks: tuple[str, ...]
    hosts: int


def sync_config(
    db: Database,
    sources: Iterable[ConfiguredSource],
    rules: Iterable[str],
    topics: Iterable[ConfiguredTopic],
    now: str,
    *,
    mint: Callable[[], str] = mint_urn,
) -> Synced:
    """Write the config's sources, rule ids and topics → their row ids.

    A new topic is filled at once with the newest ``limit`` stories of the archive that it takes.
    """
    sources, topics = list(sources), list(topics)
    remarks = rename(db, "sources", [(s.id, s.was) for s in sources])
    remarks += rename(db, "topics", [(t.id, t.was) for t in topics])
    source_ids = put_sources(db, sources, now)
    topic_ids = {topic.id: put_topic(db, topic, now, mint) for topic in topics}
    for topic in topics:
        id_, secret = topic_ids[topic.id], topic.secret
        note_policy(db, id_, fronted_by=topic.fronted_by, styled_by=topic.styled_by, secret=secret, now=now)
    for rule in rules:
        db.execute("INSERT OR IGNORE INTO rules (config_id, added_at) VALUES (?, ?)", [rule, now])
    retire(db, "sources", source_ids, now)
    retire(db, "topics", topic_ids, now)
    mend_times(db, parse_iso(now))
    ((hosts,),) = db.execute("SELECT count(DISTINCT domain) FROM sources WHERE removed_at IS NULL")
    return Synced(sources=source_ids, topics=topic_ids, remarks=tuple(remarks), hosts=hosts)


def mend_times(db: Database, now: datetime) -> None:
    """Make due what was polled in the future: the clock was wrong then, and what was planned by it may be years away.

    A machine without a clock of its own may start in the past and be right a minute later: up to a day is let pass.
    """
    soon, at = iso(now + CLOCK_DAYS), iso(now)
    db.execute(
        "UPDATE sources SET next_poll_at = min(next_poll_at, ?), held_until = NULL, "
        "last_poll_at = min(last_poll_at, ?), last_good_at = min(last_good_at, ?), "
        "last_new_at = min(last_new_at, ?), whole_at = min(whole_at, ?), pushed_until = NULL WHERE last_poll_at > ?",
        [at, at, at, at, at, soon],
    )
    db.execute(
        "UPDATE subscriptions SET next_try_at = min(next_try_at, ?), asked_at = min(asked_at, ?) WHERE asked_at > ?",
        [at, at, soon],
    )
    late = " UNION ALL ".join(
        f"SELECT '{one}' WHERE EXISTS (SELECT 1 FROM {one} WHERE next_try_at > ?1)" for one in TRIED
    )
    for (table,) in db.execute(late, [soon]).fetchall():
        db.execute(f"UPDATE {table} SET next_try_at = ? WHERE next_try_at > ?", [at, soon])
    db.execute(
        "UPDATE waiting SET due_at = ?1 "
        "WHERE due_at > ?1 AND story_id IN (SELECT id FROM stories WHERE first_seen > ?2)",
        [at, soon],
    )


def known_ids(db: Database, table: str) -> dict[str, int]:
    """Read the rows of ``table`` by config id."""
    return {config_id: id_ for id_, config_id in all_rows(db, table, ["config_id"])}


def rename(db: Database, table: str, names: list[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Give rows that are known under an earlier id their new one → remarks on those that could not be."""
    remarks: list[str] = []
    if not any(earlier for _, earlier in names):
        return remarks
    present = known_ids(db, table)
    for new, earlier in names:
        for old in earlier:
            if old in present and new in present:
                remarks.append(
                    f"{table[:-1]} {new!r}: was = {old!r} is not followed, since both have a history of their own"
                )
            elif old in present:
                present[new] = present.pop(old)
                db.execute(f"UPDATE {table} SET config_id = ? WHERE id = ?", [new, present[new]])
    return remarks


def retire(db: Database, table: str, kept: dict[str, int], now: str) -> None:
    """Mark the rows that the config no longer names."""
    for config_id, id_ in known_ids(db, table).items():
        if config_id not in kept:
            db.execute(f"UPDATE {table} SET removed_at = ? WHERE id = ? AND removed_at IS NULL", [now, id_])
            if table == "sources":
                db.execute("UPDATE sources SET next_poll_at = NULL WHERE id = ?", [id_])


def put_sources(db: Database, sources: Iterable[ConfiguredSource], now: str) -> dict[str, int]:
    """Insert or update the sources → their row ids. Those of which nothing has changed are only read, all together."""
    configured = {source.id: source for source in sources}
    ids: dict[str, int] = {}
    last = 0
    for id_, config_id, url, moved_url, removed_at, gone_at, domain in all_rows(db, "sources", STANDING):
        last = id_
        if (source := configured.get(config_id)) is not None:
            ids[config_id] = id_
            moved = source.shown_url != url or source.shown_url == moved_url
            if moved or removed_at is not None or (domain is None and source.domain is not None):
                put_source(db, source, now, Standing(id_, url, moved_url, removed_at, gone_at))
    new = (source for id_, source in configured.items() if id_ not in ids)
    while some := [[source.id, source.shown_url, source.domain] for source in islice(new, AT_ONCE)]:
        db.execute(
            "INSERT INTO sources (config_id, url, domain, added_at, next_poll_at) "
            "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), ?1, ?1 "
            "FROM json_each(?2) ORDER BY key",
            [now, json.dumps(some)],
        )
    return ids | {config_id: id_ for id_, config_id in all_rows(db, "sources", ["config_id"], after=last)}


def put_source(db: Database, source: ConfiguredSource, now: str, old: Standing) -> None:
    """Update one source. A new address is polled at once, and whole."""
    url = old.url
    if old.moved_url == source.shown_url and old.gone_at is None:  # it is polled there already: its rhythm goes on
        db.execute(
            "UPDATE sources SET url = ?, domain = ?, moved_url = NULL WHERE id = ?",
            [old.moved_url, source.domain, old.id],
        )
        url = old.moved_url
    if url != source.shown_url:
        db.execute(
            f"UPDATE sources SET url = ?, domain = ?, next_poll_at = ?, {FORGOTTEN} WHERE id = ?",
            [source.shown_url, source.domain, now, old.id],
        )
        db.execute(
            "INSERT INTO moves (source_id, moved_at, from_url, to_url, why) VALUES (?, ?, ?, ?, 'the config')",
            [old.id, now, old.moved_url or url, source.shown_url],
        )
    elif old.removed_at is not None and old.gone_at is None:
        db.execute("UPDATE sources SET next_poll_at = max(?, coalesce(held_until, '')) WHERE id = ?", [now, old.id])
    db.execute("UPDATE sources SET domain = ? WHERE id = ? AND domain IS NULL", [source.domain, old.id])
    if old.removed_at is not None:
        db.execute("UPDATE sources SET removed_at = NULL WHERE id = ?", [old.id])


def put_topic(db: Database, topic: ConfiguredTopic, now: str, mint: Callable[[], str]) -> int:
    """Insert or update one topic → its row id; fill it when it is new. What waits in it is due by its present delay."""
    for id_, title in db.execute("SELECT id, title FROM topics WHERE config_id = ?", [topic.id]).fetchall():
        if title != topic.title:
            db.execute("UPDATE topics SET title = ?, changes = changes + 1 WHERE id = ?", [topic.title, id_])
        db.execute("UPDATE topics SET removed_at = NULL WHERE id = ? AND removed_at IS NOT NULL", [id_])
        reschedule(db, id_, topic.delay_s)
        return int(id_)
    cursor = db.execute(
        "INSERT INTO topics (config_id, title, urn, created_at) VALUES (?, ?, ?, ?)",
        [topic.id, topic.title, mint(), now],
    )
    assert cursor.lastrowid is not None
    topic_id = int(cursor.lastrowid)
    items = filling(db, topic.query, topic.limit, now, dedupe=topic.dedupe, same_event=topic.same_event)
    young = wait(db, topic_id, {story for story, _ in items}, topic.delay_s, now)
    select(db, topic_id, [item for item in items if item[0] not in young], now, mint)  # the newest gets the top number
    return topic_id
