"""An archive pruned by a test: whole passes, as the daemon does them, at any time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from sqlite_utils import Database

from db.expired import Wanted, bounds
from db.keeping import FOREVER, Except, Keep
from db.output import Policy
from db.times import iso
from db.writer import Job, run_batch
from newsroom import Newsroom, at
from wireroom.pruning import At, Plan, Sums, step

DAY_S = 86_400


def wanted(days: float | None = None, *, bodies: float | None = None, count: int | None = None, **more: Any) -> Wanted:
    """Make what is asked for, in days; what topics have is no exception, unless ``published`` says so."""
    policies = more.pop("policies", {"all": Policy(limit=1)})
    by_source = more.pop("by_source", {})
    keep = Keep(
        stories_s=FOREVER if days is None else days * DAY_S,
        bodies_s=FOREVER if bodies is None else bodies * DAY_S,
        per_source=count,
    )
    excepted = Except(**{"published": False, **more})
    return Wanted(keep=keep, by_source=by_source, excepted=excepted, policies=policies)


def plan(
    db: Database, asked: Wanted, hour: float, *, polls: float | None = None, revisions: float | None = None
) -> Plan:
    """Make what a pass goes by that begins so many hours after the beginning."""

    def ago(days: float | None) -> str:
        return iso(at(hour) - timedelta(days=days)) if days is not None else ""

    return Plan(bounds=bounds(db, asked, at(hour)), revisions=ago(revisions), polls=ago(polls), now=iso(at(hour)))


def prune(
    room: Newsroom, asked: Wanted, hour: float, *, after_step: Callable[[], None] = lambda: None, **more: Any
) -> Sums:
    """Do a whole pass, each step a job of the writer → what went."""
    made, where, sums = plan(room.db, asked, hour, **more), At(), Sums()
    while where.stage is not None:
        job = Job(partial(step, plan=made, at=where))
        run_batch(room.db, [job], give_up=lambda: True)
        done, where = job.future.result()
        sums += done
        after_step()
    return sums
