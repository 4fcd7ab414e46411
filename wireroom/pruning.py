"""A pass over the archive that prunes what has had its time, step by step. IO: sqlite.

Each step is one short job of the writer, and leaves the archive whole: a kill between two loses nothing, and the next
pass begins anew, where it finds done what is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal

from sqlite_utils import Database

from db.expired import Bounds, Wanted, bounds, kept_by, look
from db.keeping import FOREVER
from db.poll_log import forget_troubles, old_polls, old_troubles, sum_up
from db.prune import prunable, prune
from db.slim import forget_revisions, old_revisions, slim, slimmable
from db.times import iso
from db.vacuum import give_back, room
from wireroom.config import Config

LOOKED, ASKED, STORIES, BODIES, ROWS, PAGES = 500, 100, 15, 100, 200, 32
"""In one step so many entries are looked at, so many stories asked whether they are kept, so many stories go, so many
entries lose their HTML, so many rows of a log go, so many pages are given back: each holds up the writer for some 10 ms
(``bench/keeping.py``)."""

Stage = Literal["stories", "revisions", "polls", "troubles", "vacuum"]
STAGES: tuple[Stage, ...] = ("stories", "revisions", "polls", "troubles", "vacuum")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a pass goes by. ``revisions``, ``polls``: what is from before that time goes; empty: nothing does.

    ``now``: as the archive has times. ``dry``: nothing is written.
    """

    bounds: Bounds
    revisions: str
    polls: str
    now: str
    dry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What went, or would: stories by reason, entries by source (row id) and of all kinds; what is kept, and why.

    ``freed``: bytes given back to the disk.
    """

    stories: Counter[str] = field(default_factory=Counter)
    sources: Counter[int] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    freed: int = 0

    def __add__(self, other: Sums) -> Sums:
        """Add what a step did."""
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in Sums.__dataclass_fields__})


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """How far a pass is: at which stage, behind which row; None: it is done."""

    stage: Stage | None = "stories"
    after: int = 0


def wanted_of(config: Config) -> Wanted:
    """Make what the config says of keeping."""
    return Wanted(
        keep=config.keep.of_all,
        by_source={source.id: source.keep for source in config.sources if source.keep is not None},
        excepted=config.keep.excepted,
        policies={topic.id: topic.policy for topic in config.topics},
    )


def planned(db: Database, config: Config, now: datetime, *, dry: bool = False) -> Plan:
    """Read what a pass goes by, once for all its steps; not for the writer's thread."""
    return Plan(
        bounds=bounds(db, wanted_of(config), now),
        revisions=since(now, config.keep.revisions_s),
        polls=since(now, config.keep.polls_s),
        now=iso(now),
        dry=dry,
    )


def since(now: datetime, seconds: float) -> str:
    """Tell which time was so long ago; empty: before all times."""
    return "" if seconds == FOREVER else iso(now - timedelta(seconds=seconds))


def step(db: Database, plan: Plan, at: At) -> tuple[Sums, At]:
    """Do the next step of a pass → what went, and how far the pass is now. Runs inside the writer's transaction."""
    if at.stage == "stories":
        return of_stories(db, plan, at)
    if at.stage == "revisions":
        found, last = old_revisions(db, plan.bounds, plan.revisions, at.after, ROWS) if plan.revisions else ([], None)
        if not plan.dry:
            forget_revisions(db, found)
        return Sums(rows=Counter(revisions=len(found))), further(at, last)
    if at.stage == "polls":
        found, last = old_polls(db, plan.polls, at.after, ROWS) if plan.polls else ([], None)
        if not plan.dry:
            sum_up(db, found)
        return Sums(rows=Counter(polls=len(found))), further(at, last)
    if at.stage == "troubles":
        if plan.dry:
            return Sums(rows=Counter(troubles=old_troubles(db, plan.polls))), At(stage=None)
        count = forget_troubles(db, plan.polls, ROWS)
        return Sums(rows=Counter(troubles=count)), further(at, 0 if count == ROWS else None)
    return given_back(db)


def further(at: At, last: int | None) -> At:
    """Go on behind this row, or with the next stage."""
    if last is not None:
        return replace(at, after=last)
    following = dict(zip(STAGES, [*STAGES[1:], None], strict=True))
    return At(stage=following[at.stage] if at.stage is not None else None)


def of_stories(db: Database, plan: Plan, at: At) -> tuple[Sums, At]:
    """Look at the next stories, and have those go that may."""
    if not plan.bounds.lines:
        return Sums(), further(at, None)
    found = look(db, plan.bounds.lines, at.after, LOOKED)
    asked = dict(islice(found.past.stories.items(), ASKED))
    kept = kept_by(db, asked, plan.bounds)
    wanted = dict(islice(((story, why) for story, why in asked.items() if story not in kept), STORIES))
    last = max(asked) if len(asked) < len(found.past.stories) else found.after
    last = max(wanted) if len(wanted) == STORIES else last
    bodies = {story: some for story, some in found.past.bodies.items() if last is None or story <= last}
    for story, count in list(zip(bodies, cumulative(bodies), strict=True)):
        if count >= BODIES and (last is None or story < last):
            last = story
            break
    bodies = {story: some for story, some in bodies.items() if last is None or story <= last}
    wanted = {story: why for story, why in wanted.items() if last is None or story <= last}
    pruned = prunable(db, wanted, plan.bounds, plan.bounds.lines)
    slimmed = slimmable(db, found.past._replace(bodies=bodies), plan.bounds)
    if not plan.dry:
        prune(db, pruned, plan.now)
        if slimmed:
            slim(db, slimmed)
    sums = Sums(
        stories=Counter(pruned.stories.values()),
        sources=Counter(row.source_id for row in pruned.entries),
        kept=Counter(why for story, why in {**kept, **pruned.kept}.items() if last is None or story <= last),
        rows=Counter(entries=len(pruned.entries), bodies=len(slimmed)),
    )
    return sums, further(at, last)


def cumulative(bodies: Mapping[int, Any]) -> list[int]:
    """Count the entries of stories, each with those before it."""
    counts, total = [], 0
    for some in bodies.values():
        total += len(some)
        counts.append(total)
    return counts


def given_back(db: Database) -> tuple[Sums, At]:
    """Give some free pages back, where there are many."""
    before = room(db)
    if not before.excess:
        return Sums(), At(stage=None)
    give_back(db, PAGES)
    return Sums(freed=before.size - room(db).size), At(stage="vacuum")
