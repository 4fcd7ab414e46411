"""How those do who are told of news: our hub's subscribers, outside hubs, webhooks. IO: sqlite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlite_utils import Database

from db.pings import ping_status
from db.subscribers import hub_status
from db.webhooks import webhook_status
from wireroom.config import Config
from wireroom.escape import escaped
from wireroom.table import table


def told_status(config: Config, db: Database, now: str) -> dict[str, list[Mapping[str, Any]]]:
    """Read ``hub`` (subscriptions by topic and format), ``pings`` (by hub) and ``webhooks`` (by topic).

    A hub that is not told at all has a row too, with why.
    """
    away = []
    if config.ping:
        from wireroom.pings import unreachable  # noqa: PLC0415 - with it comes the HTTP client, a quarter of a second

        away = [{"hub": hub, "documents": 0, "told": 0, "failing": 0, "error": why} for hub, why in unreachable(config)]
    hubs = set(config.ping) - {row["hub"] for row in away}
    pings = [row for row in ping_status(db) if row["hub"] in hubs]
    return {"hub": hub_status(db, now) if config.hub else [], "pings": [*pings, *away], "webhooks": webhook_status(db)}


def told_lines(told: Mapping[str, list[Mapping[str, Any]]]) -> Iterator[str]:
    """Tell the same as tables, what is wrong beneath each; nothing where nobody is told."""
    for rows, columns in (
        (told["hub"], ["topic", "format", "subscribers", "failing"]),
        (told["pings"], ["hub", "documents", "told", "failing"]),
        (told["webhooks"], ["webhook", "topic", "waiting", "last_sent", "next_try"]),
    ):
        if rows:
            yield ""
            yield table(rows, columns)
        for row in rows:
            if row["error"]:
                yield f"  {row[columns[0]]}: {escaped(row['error'])}"
