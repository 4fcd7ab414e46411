"""The whole at a glance, for who watches a terminal: what fails, what is next, what is new. IO: sqlite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlite_utils import Database

from db.health import source_healths
from db.times import iso

LAST_POLLS = 5000
"""Among so many, those of the last minute are counted."""


class Failing(NamedTuple):
    """A source that does not answer as it should: how often in a row, why, when it is polled again."""

    source: str
    failures: int
    outcome: str
    error: str
    next_poll: str | None


class NextPoll(NamedTuple):
    """A source that is due, or will be first."""

    source: str
    next_poll: str


class Newest(NamedTuple):
    """A new story: when it was seen, who carries it, what it is called."""

    first_seen: str
    sources: int
    source: str
    title: str


def healths(db: Database, now: datetime) -> Mapping[str, int]:
    """Count the sources of the config by health. It looks at all of them."""
    return Counter(health for *_, health in source_healths(db, now))


def failing(db: Database, limit: int) -> Sequence[Failing]:
    """Read the sources that fail, those that failed last first. It looks at all of them."""
    rows = db.execute(
        "SELECT config_id, failures, coalesce(last_outcome, ''), coalesce(last_error, ''), next_poll_at FROM sources "
        "WHERE removed_at IS NULL AND (failures > 0 OR gone_at IS NOT NULL) "
        "ORDER BY last_poll_at DESC, id LIMIT ?",
        [limit],
    )
    return [Failing(*row) for row in rows]


def next_polls(db: Database, limit: int) -> Sequence[NextPoll]:
    """Read the sources that are due, and those that will be first."""
    rows = db.execute(
        "SELECT config_id, next_poll_at FROM sources WHERE next_poll_at IS NOT NULL ORDER BY next_poll_at, id LIMIT ?",
        [limit],
    )
    return [NextPoll(*row) for row in rows]


def newest(db: Database, limit: int) -> Sequence[Newest]:
    """Read the newest stories."""
    rows = db.execute(
        """
        SELECT st.first_seen,
               (SELECT count(DISTINCT e.source_id) FROM entries e WHERE e.story_id = st.id),
               coalesce((SELECT s.config_id FROM entries e JOIN sources s ON s.id = e.source_id
                         WHERE e.id = st.lead_entry_id), ''),
               st.title
        FROM stories st WHERE st.merged_into IS NULL ORDER BY st.id DESC LIMIT ?
        """,
        [limit],
    )
    return [Newest(*row) for row in rows]


def polls_since(db: Database, now: datetime, seconds: int) -> int:
    """Count the polls that were begun so lately; no more than LAST_POLLS are looked at."""
    ((count,),) = db.execute(
        "SELECT count(*) FROM (SELECT started_at FROM polls ORDER BY id DESC LIMIT ?) WHERE started_at > ?",
        [LAST_POLLS, iso(now - timedelta(seconds=seconds))],
    )
    return int(count)
