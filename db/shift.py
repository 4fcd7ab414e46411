"""The clock was set: what is planned by it moves along. IO: sqlite.

Everything keeps its distance from now: a source that was due in ten minutes is, a lease has as long to run as before,
and nothing comes due all at once.
"""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from db.times import iso

PLANNED = {
    "sources": ("next_poll_at", "held_until", "pushed_until"),
    "subscriptions": ("next_try_at", "expires_at"),
    "subscribers": ("next_try_at", "expires_at"),
    "pings": ("next_try_at",),
    "webhooks": ("next_try_at",),
    "waiting": ("due_at",),
}
"""Columns of times to come."""

PAST = {
    "sources": ("last_poll_at", "last_good_at", "last_new_at", "last_push_at", "whole_at"),
    "subscriptions": ("asked_at",),
}
"""Columns that what is to come is reckoned from: they are never later than now."""


def shift_times(db: Database, now: datetime, by_s: int) -> None:
    """Move all plans by so many seconds; ``now`` is the new time. Runs inside the writer's transaction."""
    moved = "strftime('%Y-%m-%dT%H:%M:%SZ', {0}, :by)"
    values = {"by": f"{by_s:+} seconds", "now": iso(now)}
    for table, names in PLANNED.items():
        new = [f"{name} = {moved.format(name)}" for name in names]
        new += [f"{name} = min({moved.format(name)}, :now)" for name in PAST.get(table, ())]
        some = " OR ".join(f"{name} IS NOT NULL" for name in names)
        db.execute(f"UPDATE {table} SET {', '.join(new)} WHERE {some}", values)


def last_poll(db: Database) -> str | None:
    """Find when any source was polled last; None where none ever was."""
    ((last,),) = db.execute("SELECT max(last_poll_at) FROM sources").fetchall()
    return None if last is None else str(last)
