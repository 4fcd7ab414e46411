"""Numbers of the whole archive, for who watches it: each costs little, however large it is. IO: sqlite, files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlite_utils import Database


class TopicFigures(NamedTuple):
    """A topic: how much it has ever taken, whether all of it is published."""

    id: str
    taken: int
    behind: bool
    secret: bool


def ever_made(db: Database) -> Mapping[str, int]:
    """Read how many entries, stories and selections were ever made, by table."""
    rows = db.execute("SELECT name, seq FROM sqlite_sequence WHERE name IN ('entries', 'stories', 'selections')")
    return {"entries": 0, "stories": 0, "selections": 0} | {str(name): int(seq) for name, seq in rows}


def count_due(db: Database, now: str) -> int:
    """Count the sources that are due."""
    ((count,),) = db.execute("SELECT count(*) FROM sources WHERE next_poll_at <= ?", [now])
    return int(count)


def topic_figures(db: Database) -> Sequence[TopicFigures]:
    """Read the topics of the config."""
    rows = db.execute(
        "SELECT config_id, last_number, published < changes, secret FROM topics WHERE removed_at IS NULL ORDER BY id"
    )
    return [TopicFigures(id_, taken, bool(behind), bool(secret)) for id_, taken, behind, secret in rows]


def waiting_to_be_told(db: Database, now: str) -> Mapping[str, int]:
    """Count who has not been told of the newest: ``subscribers`` of our hub, outside ``hubs``, ``webhooks``."""
    ((subscribers,),) = db.execute(
        "SELECT count(*) FROM subscribers s JOIN documents d ON d.topic_id = s.topic_id AND d.format = s.format "
        "WHERE s.delivered < d.version AND s.expires_at > ?",
        [now],
    )
    ((hubs,),) = db.execute(
        "SELECT count(*) FROM pings p JOIN documents d ON d.topic_id = p.topic_id AND d.format = p.format "
        "JOIN topics t ON t.id = p.topic_id WHERE p.told < d.version AND t.removed_at IS NULL AND t.secret = 0"
    )
    ((webhooks,),) = db.execute(
        "SELECT count(*) FROM webhooks w JOIN topics t ON t.id = w.topic_id "
        "WHERE t.removed_at IS NULL AND w.sent < t.last_number AND w.gone_url IS NULL"
    )
    return {"subscribers": int(subscribers), "hubs": int(hubs), "webhooks": int(webhooks)}


def size_of(path: str) -> int:
    """Give a file's size, bytes; 0 where there is none."""
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
