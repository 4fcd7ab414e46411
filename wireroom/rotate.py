"""Where topics are published, and a secret one's address exchanged. IO: sqlite, files."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from db.model import FORMATS
from db.times import iso
from db.tokens import rotate_token, tokens_of
from db.topics import topic_row
from feeds.render import feed_path
from wireroom.addresses import addresses
from wireroom.clock import utc_now
from wireroom.config import Config
from wireroom.control import ControlError

if TYPE_CHECKING:
    from wireroom.engine import Engine


def topic_addresses(config: Config, db: Database) -> list[dict[str, Any]]:
    """List the config's topics with their addresses in each format, None where a secret one has none yet."""
    names = addresses(config.topics, tokens_of(db), ()).names
    return [
        {
            "topic": topic.id,
            "title": topic.title,
            "secret": topic.secret,
            **{
                fmt: config.base_url + feed_path(names[topic.id], fmt) if topic.id in names else None for fmt in FORMATS
            },
        }
        for topic in config.topics
    ]


async def rotate(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Give a secret topic another token and publish it there → its row of ``topic_addresses``.

    Raises ControlError (exit code 2) where the config has no such topic, or it is not secret; ArchiveError.
    """
    wanted = str(request["topic"])
    topics = {topic.id: topic for topic in engine.config.topics}
    if wanted not in topics:
        close = difflib.get_close_matches(wanted, list(topics), 1)
        mend = f"; did you mean {close[0]!r}?" if close else ""
        raise ControlError(f"no topic {wanted!r} in {engine.config.path}{mend}", 2)
    if not topics[wanted].secret:
        raise ControlError(f"topic {wanted!r} is not secret: everybody knows its address; write secret = true first", 2)
    now = iso(utc_now())
    await engine.writer.write(lambda db: rotate_token(db, topic_row(db, wanted), now), own=True)
    engine.log.info("rotated", topic=wanted)
    await engine.press.publish(everything=True)
    (row,) = (row for row in topic_addresses(engine.config, engine.reader) if row["topic"] == wanted)
    return row
