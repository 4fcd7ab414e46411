"""Sources as their pages tell them: how they are, what each day and each poll brought. IO: sqlite."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from sqlite_utils import Database

from db.health import source_status
from db.plan import GOOD
from db.poll_log import first_poll
from db.preview import each_day
from db.reading import PollDay, PollRead, SourceRead
from db.times import iso

DAYS = 30
POLLS = 50

BY_DAY = f"""
SELECT p.source_id, substr(p.started_at, 1, 10) AS day, count(*),
       count(*) FILTER (WHERE p.outcome NOT IN ({", ".join(f"'{outcome}'" for outcome in sorted(GOOD))})), sum(p.new)
FROM polls p {{}} AND p.id >= ? AND p.started_at >= ? GROUP BY p.source_id, day
"""
OF_ALL, OF_SOME = "NOT INDEXED WHERE 1", "WHERE p.source_id IN (SELECT value FROM json_each(?))"
"""By the index of sources, the polls of a month would be looked up one by one in those of years."""

SUMMED = "SELECT day, polls, failed, new FROM poll_days WHERE source_id = ? AND day >= ?"
"""Of polls that were pruned: where the log is kept for less than the days that are shown."""

LAST = """
SELECT p.started_at, p.outcome, p.status, p.new, p.changed, p.error, p.duration_ms
FROM polls p JOIN sources s ON s.id = p.source_id WHERE s.config_id = ? ORDER BY p.id DESC LIMIT ?
"""


Days = Mapping[str, Mapping[str, PollDay]]
"""By source and day."""


def read_sources(
    db: Database, now: datetime, only: Sequence[str] | None = None, days: Days | None = None
) -> tuple[SourceRead, ...]:
    """Read all sources of the config, in its order, or ``only`` these, with each of the last 30 days.

    ``days``: what ``days_of`` counted of them before.
    """
    days = days_of(db, now, only) if days is None else days
    sites = sites_of(db)
    return tuple(
        SourceRead(
            source=row["source"],
            title=row["title"] or row["source"],
            site_url=sites[row["source"]],
            status=row,
            days=whole(days.get(row["source"], {}), now),
        )
        for row in source_status(db, now, only=only)
    )


def read_source(db: Database, source: str, now: datetime) -> SourceRead | None:
    """Read one source (its config id), also one that was taken out of the config, with its last 50 polls, newest first.

    None where there never was one.
    """
    row = next(iter(source_status(db, now, only=[source])), None)
    if row is None:
        return None
    return SourceRead(
        source=source,
        title=row["title"] or source,
        site_url=sites_of(db)[source],
        status=row,
        days=whole(days_of(db, now, [source])[source], now),
        polls=tuple(
            PollRead(
                started_at=at, outcome=outcome, status=status, new=new, changed=changed, error=error, duration_ms=took
            )
            for at, outcome, status, new, changed, error, took in db.execute(LAST, [source, POLLS])
        ),
    )


def sources_after(db: Database, after: str, most: int) -> list[str]:
    """Read which sources of the config come behind this one in its order, the first ones behind none → config ids."""
    rows = db.execute(
        "SELECT config_id FROM sources WHERE removed_at IS NULL "
        "AND id > coalesce((SELECT id FROM sources WHERE config_id = ?), 0) ORDER BY id LIMIT ?",
        [after, most],
    )
    return [source for (source,) in rows]


def sites_of(db: Database) -> dict[str, str | None]:
    """Read the page that each source belongs to."""
    return dict(db.execute("SELECT config_id, site_url FROM sources").fetchall())


def days_of(db: Database, now: datetime, only: Sequence[str] | None = None) -> defaultdict[str, dict[str, PollDay]]:
    """Count the polls of the last days, of all sources or of some → by source and day."""
    since = iso(now - timedelta(days=DAYS - 1))[:10]
    params: list[str | int] = [first_poll(db, since), since]
    names = dict(db.execute("SELECT id, config_id FROM sources").fetchall())
    wanted = frozenset(only or ())
    if only is not None:
        params.insert(0, json.dumps([id_ for id_, name in names.items() if name in wanted]))
    found: defaultdict[str, dict[str, PollDay]] = defaultdict(dict)
    for id_, day, polls, failed, new in db.execute(BY_DAY.format(OF_ALL if only is None else OF_SOME), params):
        found[names[id_]][day] = PollDay(day=day, polls=polls, failed=failed, new=new)
    for id_, name in names.items():
        if only is None or name in wanted:
            for day, *sums in db.execute(SUMMED, [id_, since]):
                there = found[name].get(day, PollDay(day=day, polls=0, failed=0, new=0))
                polls, failed, new = (now + then for now, then in zip(counts(there), sums, strict=True))
                found[name][day] = PollDay(day=day, polls=polls, failed=failed, new=new)
    return found


def counts(day: PollDay) -> tuple[int, int, int]:
    """List what is counted of a day."""
    return day.polls, day.failed, day.new


def whole(days: Mapping[str, PollDay], now: datetime) -> tuple[PollDay, ...]:
    """Put in the days without any poll."""
    return tuple(days.get(empty.day, empty) for empty in without_polls(now.date()))


@lru_cache(maxsize=2)
def without_polls(last: date) -> tuple[PollDay, ...]:
    """Make the last days, up to this one, of a source that was never polled."""
    first = last - timedelta(days=DAYS - 1)
    return tuple(PollDay(day=day, polls=0, failed=0, new=0) for day in each_day(first, last))
