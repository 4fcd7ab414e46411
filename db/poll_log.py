"""The log of polls, and of troubles that ended, is kept for a while; of polls each day's sums for ever. IO: sqlite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from db.plan import GOOD
from db.times import iso

BORNE_OUT = timedelta(days=1), timedelta(days=3)


def old_polls(db: Database, before: str, after: int, most: int) -> tuple[list[int], int | None]:
    """Read polls after one that began before then, but for the last one of each source.

    → their ids, and the last that was looked at; None: there are no more.
    """
    rows: Sequence[tuple[Any, ...]] = db.execute(
        "SELECT p.id, p.started_at, EXISTS (SELECT 1 FROM polls q WHERE q.source_id = p.source_id AND q.id > p.id) "
        "FROM polls p WHERE p.id > ? ORDER BY p.id LIMIT ?",
        [after, most],
    ).fetchall()
    found = [id_ for id_, at, has_later in rows if at < before and has_later]
    return found, None if len(rows) < most or rows[-1][1] >= before else rows[-1][0]


def sum_up(db: Database, ids: Sequence[int]) -> None:
    """Put polls into the sums of their days, and take them away."""
    good = ", ".join(f"'{outcome}'" for outcome in sorted(GOOD))
    db.conn.executemany(
        "INSERT INTO poll_days (source_id, day, polls, failed, bytes, new, changed) "
        f"SELECT source_id, substr(started_at, 1, 10), 1, outcome NOT IN ({good}), bytes, new, changed "
        "FROM polls WHERE id = ? ON CONFLICT (source_id, day) DO UPDATE SET polls = polls + 1, "
        "failed = failed + excluded.failed, bytes = bytes + excluded.bytes, new = new + excluded.new, "
        "changed = changed + excluded.changed",
        [(id_,) for id_ in ids],
    )
    db.conn.executemany("DELETE FROM polls WHERE id = ?", [(id_,) for id_ in ids])


def forget_troubles(db: Database, before: str, most: int) -> int:
    """Take troubles away that ended before then → how many."""
    cursor = db.execute(
        "DELETE FROM troubles WHERE id IN (SELECT id FROM troubles WHERE ended_at < ? ORDER BY ended_at LIMIT ?)",
        [before, most],
    )
    return int(cursor.rowcount)


def old_troubles(db: Database, before: str) -> int:
    """Count the troubles that ended before then."""
    ((count,),) = db.execute("SELECT count(*) FROM troubles WHERE ended_at < ?", [before]).fetchall()
    return int(count)


def is_borne_out(db: Database, now: datetime) -> bool:
    """Tell whether the log of polls bears out the clock: something was polled one to three days before ``now``.

    A clock that was just set a year forward would have a year of stories pruned. Where we were down for long, or begin
    with an empty archive, pruning begins after a day.
    """
    late, early = (iso(now - span) for span in BORNE_OUT)
    row = db.execute(
        "SELECT started_at FROM polls WHERE id >= ? ORDER BY id LIMIT 1", [first_poll(db, early)]
    ).fetchone()
    return row is not None and row[0] <= late


def first_poll(db: Database, since: str) -> int:
    """Find the first poll that began since then, by halves: the many polls of years are not gone through.

    Polls are written in about the order in which they began; who asks compares the times too.
    """
    ((low,),) = db.execute("SELECT coalesce(min(id), 0) FROM polls")
    ((high,),) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM polls")
    while low < high:
        middle = (low + high) // 2
        row = db.execute("SELECT id, started_at FROM polls WHERE id >= ? ORDER BY id LIMIT 1", [middle]).fetchone()
        if row is None or row[1] >= since:
            high = middle
        else:
            low = row[0] + 1
    return int(low)
