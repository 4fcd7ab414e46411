"""``wireroom regroup``: the index of copies and events made anew, step by step, beside the polls. IO: sqlite, files.

Each step is one transaction and says how far it came, so whoever comes after a kill goes on there. Entries are compared
as a poll would have compared them when they came, stories are given events in the order in which they came; what turns
out to be one story is joined, and nothing is ever taken apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from db import regroup as archive
from db.apply import mint_urn
from db.compare import replace_prints, write_events
from db.compared import carriers, prints
from db.desk import DraftDesk
from db.known import ArchiveKnown
from db.merge import merge_stories
from db.regroup import Standing
from db.reread import (
    Row,
    earlier_stories,
    entry_of,
    is_changed,
    keys_of_entries,
    next_entries,
    next_stories,
    title_and_text,
)
from db.times import iso, parse_iso
from db.topics import mark_changed_topics
from ingest.dedupe import Placed
from ingest.grouping import GROUPING_VERSION, Grouping
from ingest.happening import happenings_of
from ingest.prints import prints_of, sampled
from ingest.replay import Replayed, Seen, replayed
from ingest.retold import UNTOUCHED, asked_again
from ingest.select import Occasion
from ingest.stories import told_anew
from ingest.tag import Desks
from wireroom.again import write_again
from wireroom.clock import utc_now
from wireroom.control import ControlError, Progress
from wireroom.upkeep import EVENTS_FOR, PRINTS_FOR

if TYPE_CHECKING:
    from wireroom.engine import Engine

AT_ONCE = 100
"""So many entries or stories make a step, which holds up the writer for some 100 ms; one poll's are never divided."""

SWEPT = 2000
"""Of former events so many are thrown away in a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step did: how many entries it compared, stories it gave events, stories it joined, leads it changed.

    ``done`` of ``total`` is how far all of it is; None for ``stage``: that was the last step.
    """

    stage: str | None
    done: int
    total: int
    entries: int = 0
    stories: int = 0
    merged: int = 0
    leads: int = 0


class Present:
    """What a replay asks of the archive as it is now; entries before ``since`` are not in the index any more."""

    def __init__(self, db: Database, since: int) -> None:
        self._db = db
        self._since = since

    def is_changed(self, entry_id: int) -> bool:
        """Ask whether an entry's source has changed it."""
        return is_changed(self._db, entry_id)

    def are_apart(self, story: int, other: int) -> bool:
        """Ask whether no source carries both stories."""
        one, two = carriers(self._db, [story, other]).values()
        return one.isdisjoint(two)

    def prints(self, entry_id: int) -> bytes:
        """Read what the index holds of an entry, or make what it held."""
        if entry_id >= self._since:
            return prints(self._db, entry_id)
        return sampled(*title_and_text(self._db, entry_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrouper:
    """Does the steps. ``now`` is the present: what is too old by it is not indexed, and topics select at that time."""

    desks: Desks
    grouping: Grouping
    now: datetime
    desk: DraftDesk
    mint: Callable[[], str] = mint_urn
    at_once: int = AT_ONCE

    def step(self, db: Database, *, restart: bool = False) -> Step:
        """Do the next step of the regroup that is under way, or begin one. Runs inside the writer's transaction."""
        at = archive.standing(db)
        if at.stage is None or restart:
            at = archive.begin(db, iso(self.now - PRINTS_FOR), comparing=self.grouping.comparing)
        if at.stage == "texts":
            done = self.texts(db, at) if self.grouping.comparing else None
            if done is not None:
                return done
            at = archive.begin_stories(db, at)
        if at.stage == "stories":
            done = self.stories(db, at)
            if done is not None:
                return done
            at = replace(at, stage="sweep")
            archive.write_standing(db, at)
        if archive.sweep(db, at, SWEPT):
            return self.told(db, at)
        archive.finish(db, at, GROUPING_VERSION if self.grouping.comparing else 0)
        return replace(self.told(db, at), stage=None)

    def texts(self, db: Database, at: Standing) -> Step | None:
        """Compare the next entries → what that did; None where there are no more."""
        polls = next_entries(db, at.done, self.at_once)
        if not polls:
            return None
        merged = 0
        for rows in polls:
            merged += self.compare(db, rows, at)
        at = replace(at, done=polls[-1][-1].id)
        archive.write_standing(db, at)
        return replace(self.told(db, at), entries=sum(map(len, polls)), merged=merged)

    def compare(self, db: Database, rows: Sequence[Row], at: Standing) -> int:
        """Compare the entries of one poll with what was there before it → how many stories went into others."""
        first, source, now = rows[0].id, rows[0].source_id, rows[0].first_seen
        earlier = earlier_stories(db, {row.story for row in rows}, first)
        keys = keys_of_entries(db, [row.id for row in rows])
        seen = [
            Seen(
                id=row.id,
                story=row.story,
                joined_by=row.joined_by,
                joined_to=row.joined_to,
                began=row.began,
                changed=row.changed,
                alone=row.story not in earlier,
                entry=replace(
                    entry_of(row.title, row.text, row.published, keys[row.id]),
                    prints=prints_of(row.title, row.text),
                ),
            )
            for row in rows
        ]

        before = ArchiveKnown(db, self.desk, before=first)
        found = replayed(seen, source, now, before, Present(db, at.since), self.grouping)
        for id_, packed in found.prints:
            replace_prints(db, id_, packed)
        if found.unions:
            self.unite(db, found, now)
        return len(found.unions)

    def unite(self, db: Database, found: Replayed, now: str) -> None:
        """Join stories that turned out to be one, as if that had been known when the entries came."""
        for union in found.unions:
            merge_stories(
                db,
                union.kept,
                union.gone,
                by=union.by,
                score=union.likeness.score if union.likeness and union.by == "near" else None,
                words=union.likeness.words if union.likeness else (),
                now=now,
            )
        db.conn.executemany(
            "UPDATE entries SET joined_to = ? WHERE id = ? AND joined_by <> 'first'",
            [(to, id_) for id_, to in found.joined],
        )
        self.retell(db, sorted({union.kept for union in found.unions} - {union.gone for union in found.unions}))

    def stories(self, db: Database, at: Standing) -> Step | None:
        """Give the next stories their events, choose their leads → what that did; None where there are no more."""
        polls = next_stories(db, at.done, self.at_once)
        if not polls:
            return None
        known = ArchiveKnown(db, self.desk)
        latest = ""
        for some in polls:
            archive.clear_event(db, [one.story for one in some])
            if (now := some[0].first_seen) is None:
                continue
            latest = max(latest, now)
            placed = []
            for number, one in enumerate(some, start=1):
                entry = replace(entry_of(one.title, one.text, one.published), prints=prints_of(one.title, one.text))
                placed.append(Placed(ref=-number, story=one.story, joined_by="first", entry=entry))
            happenings, events = happenings_of(placed, now, known, self.grouping)
            write_events(db, events, happenings, {})
        if latest:
            archive.close_events(db, at, iso(parse_iso(latest) - EVENTS_FOR))
        stories = [one.story for some in polls for one in some]
        leads = self.lead(db, stories, known)
        at = replace(at, done=stories[-1])
        archive.write_standing(db, at)
        return replace(self.told(db, at), stories=len(stories), leads=leads)

    def lead(self, db: Database, stories: Sequence[int], known: ArchiveKnown) -> int:
        """Choose the leads of stories anew → how many have another one now."""
        by_rules = any(rule.priority for rule in self.desks.rules)
        asked = [
            story.id
            for story in known.stories(stories).values()
            if (len(story.entries) > 1 and by_rules)  # which these take is only known when they are asked
            or (story.entries and told_anew(story, UNTOUCHED, known, self.grouping) is not None)
        ]
        return self.retell(db, asked) if asked else 0

    def retell(self, db: Database, stories: Sequence[int]) -> int:
        """Choose the leads of stories, and ask rules and topics of them, as a poll does → how many have another lead.

        It is no news of theirs, so what a topic takes only now is not announced either: it is archived there.
        """
        now = iso(self.now)
        occasion = Occasion(now=now, quiet=True)
        again = asked_again(stories, ArchiveKnown(db, self.desk), self.desks, self.grouping, occasion)
        write_again(db, again, now, self.mint)
        mark_changed_topics(db, list(stories))
        return len(again.retold)

    def told(self, db: Database, at: Standing) -> Step:
        """Tell how far it is."""
        entry, story = archive.last_ids(db)
        entries = max(0, entry - at.since + 1)
        done = at.done - at.since + 1 if at.stage == "texts" else entries + at.done
        return Step(stage=at.stage, done=min(done, entries + story), total=entries + story)


async def regroup(engine: Engine, request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Make the index anew, or go on with that, and publish what it changes → what was done by this run.

    ``restart``: what was under way counts no more. Raises ControlError where a stop comes first; ArchiveError.
    """
    sums = dict.fromkeys(("entries", "stories", "merged", "leads"), 0)
    desk, restart, step = DraftDesk(), bool(request.get("restart")), None
    engine.regroups += 1
    try:
        while step is None or step.stage is not None:
            if engine.closing:
                raise ControlError("stopped before it was done; the next `wireroom regroup` goes on there")
            step = await one_step(engine, desk, restart=restart)
            restart = False
            for name in sums:
                sums[name] += getattr(step, name)
            progress({"stage": step.stage, "done": step.done, "total": step.total, **sums})
    finally:
        engine.regroups -= 1
    engine.log.info("regrouped", **sums)
    if not engine.closing:
        await engine.press.publish()
    return {"did": "regroup", **sums}


async def one_step(engine: Engine, desk: DraftDesk, *, restart: bool = False) -> Step:
    """Do the next step by the config of now."""
    setup = engine.poller.setup
    doing = Regrouper(desks=setup.desks, grouping=setup.grouping, now=utc_now(), desk=desk)
    return await engine.writer.write(partial(doing.step, restart=restart), own=True)


async def go_on(engine: Engine) -> None:
    """Do a step of a regroup that was broken off, where there is one: the daemon's job, every second."""
    if not engine.regroups and not engine.closing and archive.standing(engine.reader).stage is not None:
        await one_step(engine, DraftDesk())
