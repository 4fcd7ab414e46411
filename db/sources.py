"""Sources as the poller and the owner read them. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from db.model import Outline
from db.plan import DOUBTFUL, PolledSource

POLLED_COLUMNS = tuple(name for name in PolledSource.__dataclass_fields__ if name != "outline")
POLLED = f"SELECT context, items, {', '.join(POLLED_COLUMNS)} FROM sources LEFT JOIN outlines ON source_id = id"
MARKS = ", ".join("?" * len(DOUBTFUL))


def due_sources(
    db: Database, now: str, limit: int, busy: Iterable[str] = (), *, doubtful: bool | None = None
) -> list[PolledSource]:
    """Read the sources whose time has come, longest overdue first; none of the domains that are ``busy``.

    Else the thousand feeds of one host, which wait for one another, would keep all others waiting. ``doubtful``: only
    those that used up all their time at their last poll, or only the others.
    """
    which = "" if doubtful is None else f"AND coalesce(last_outcome, '') {'' if doubtful else 'NOT'} IN ({MARKS}) "
    return polled(
        db.execute(
            f"{POLLED} WHERE next_poll_at <= ? AND removed_at IS NULL "
            f"AND coalesce(domain, '') NOT IN (SELECT value FROM json_each(?)) {which}ORDER BY next_poll_at LIMIT ?",
            [now, json.dumps(list(busy)), *(DOUBTFUL if doubtful is not None else ()), limit],
        )
    )


def sources_named(db: Database, config_ids: Iterable[str]) -> list[PolledSource]:
    """Read the sources with these config ids, those that are in the config."""
    return polled(
        db.execute(
            f"{POLLED} WHERE removed_at IS NULL AND config_id IN (SELECT value FROM json_each(?)) ORDER BY id",
            [json.dumps(list(config_ids))],
        )
    )


def source_now(db: Database, id_: int) -> PolledSource:
    """Read one source, whatever became of it."""
    (source,) = polled(db.execute(f"{POLLED} WHERE id = ?", [id_]))
    return source


def polled(rows: Iterable[tuple[Any, ...]]) -> list[PolledSource]:
    """Make values of rows of POLLED."""
    return [
        PolledSource(
            outline=Outline(context=context, items=items) if items is not None else None,
            **dict(zip(POLLED_COLUMNS, row, strict=True)),
        )
        for context, items, *row in rows
    ]
