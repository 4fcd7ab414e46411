"""Sources as the poller and the owner read them. IO: sqlite."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlite_utils import Database

from db.model import Outline
from db.plan import DOUBTFUL, PolledSource
from db.rows import rows_at_once

POLLED_COLUMNS = tuple(name for name in PolledSource.__dataclass_fields__ if name != "outline")
POLLED = f"SELECT context, items, {', '.join(POLLED_COLUMNS)} FROM sources LEFT JOIN outlines ON source_id = id"


class Due(NamedTuple):
    """A source whose time has come, as far as it matters before its poll is begun."""

    next_poll_at: str
    id: int
    domain: str | None
    last_outcome: str | None

    @property
    def doubtful(self) -> bool:
        """Tell whether it used up all its time at its last poll."""
        return self.last_outcome in DOUBTFUL


Place = tuple[str, int]
"""Where in the order of what is due: ``next_poll_at`` and row id."""

FRONT: Place = ("", 0)


def due_page(db: Database, now: str, after: Place, limit: int) -> list[Due]:
    """Read the sources whose time has come, longest overdue first, those behind ``after`` in that order.

    An index has all of it: a hundred thousand that are due at once are no more work than as many as are asked for.
    """
    rest = "FROM sources WHERE next_poll_at <= ? AND (next_poll_at, id) > (?, ?) ORDER BY next_poll_at, id LIMIT ?"
    return [Due(*row) for row in rows_at_once(db, Due._fields, rest, [now, *after, limit])]


def longest_due(db: Database) -> str | None:
    """Read since when the source is due that waits longest, or when the first will be; None: none ever is."""
    ((first,),) = db.execute("SELECT min(next_poll_at) FROM sources WHERE next_poll_at IS NOT NULL")
    return first if first is None else str(first)


def due_sources(db: Database, now: str, ids: Iterable[int]) -> list[PolledSource]:
    """Read those of the sources with these row ids that are due still, longest overdue first."""
    return polled(
        db.execute(
            f"{POLLED} WHERE id IN (SELECT value FROM json_each(?)) AND next_poll_at <= ? AND removed_at IS NULL "
            "ORDER BY next_poll_at, id",
            [json.dumps(list(ids)), now],
        )
    )


class Named(NamedTuple):
    """A source that is named, as far as it matters before its poll is begun."""

    id: int
    config_id: str
    domain: str | None
    next_poll_at: str | None
    gone_at: str | None
    held_until: str | None


def named_in_short(db: Database, config_ids: Iterable[str]) -> list[Named]:
    """Read the sources with these config ids, those that are in the config, without what only their polls need."""
    rest = "FROM sources WHERE removed_at IS NULL AND config_id IN (SELECT value FROM json_each(?)) ORDER BY id"
    return [Named(*row) for row in rows_at_once(db, Named._fields, rest, [json.dumps(list(config_ids))])]


def sources_by_id(db: Database, ids: Iterable[int]) -> list[PolledSource]:
    """Read the sources with these row ids, those that are in the config."""
    return polled(
        db.execute(
            f"{POLLED} WHERE removed_at IS NULL AND id IN (SELECT value FROM json_each(?)) ORDER BY id",
            [json.dumps(list(ids))],
        )
    )


def well_places(db: Database, but: str, most: int) -> list[str]:
    """Read addresses of sources that were well at their last poll, of so many domains, not of the one named."""
    rows = db.execute(
        "SELECT domain, coalesce(moved_url, url) FROM sources WHERE failures = 0 AND last_good_at IS NOT NULL "
        "AND domain IS NOT NULL AND domain <> ? AND removed_at IS NULL LIMIT 1000",
        [but],
    )
    places: dict[str, str] = {}
    for domain, url in rows:
        if len(places) < most:
            places.setdefault(domain, url)
    return list(places.values())


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
