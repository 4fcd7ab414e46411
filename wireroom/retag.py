"""``wireroom retag``: tags and topics asked anew of the archive's stories, step by step, beside the polls. IO: sqlite.

Nothing is announced: what a topic takes only now enters its archive, what it takes no longer leaves it, and comes back
to its old place when it is taken again. What is as it should be is not written, so a retag that was broken off is
harmless to repeat: the next one begins anew, and finds done what is done.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database

from db.apply import mint_urn
from db.desk import DraftDesk
from db.known import ArchiveKnown
from db.mentions import other_mentions, write_mentions
from db.retag import extent, fronts, mark_fronts, next_ids, tag_changes, topic_names, withheld_changes
from db.times import iso
from db.topics import mark_changed_topics
from feeds.pages.words import counted
from ingest.grouping import Grouping
from ingest.retold import asked_again
from ingest.select import Occasion
from ingest.tag import Desks, mentions_of
from wireroom.again import write_again
from wireroom.clock import utc_now
from wireroom.control import ControlError, Progress
from wireroom.curate import pins_of

if TYPE_CHECKING:
    from wireroom.engine import Engine

AIM_S = 0.1
"""So long a step may hold up the writer: the next is made larger or smaller to fit."""

FIRST, LEAST, MOST = 100, 100, 1000
"""So many stories make a step: fewer would each pay for all the rules and topics that are asked of a step at once."""

NAMED = 100
"""So many tags are told of, those that change most; of an index of names very many may."""

LONG_AGO = ""
"""Before any time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a retag did so far. By topic (its id in the config): stories that entered its archive, left it, came back.

    ``changed``: stories of which anything changed; ``retagged``: of which tags did, or why they have them;
    ``withheld``: that rules keep out of all topics now; ``released``: that they let in again.
    """

    stories: int = 0
    changed: int = 0
    retagged: int = 0
    leads: int = 0
    withheld: int = 0
    released: int = 0
    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    entered: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    back: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Sums) -> Sums:
        """Add what a step did."""
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in Sums.__dataclass_fields__})

    def told(self) -> dict[str, Any]:
        """Tell it as JSON has it."""
        changes = self.gained + self.lost
        return {
            "stories": self.stories,
            "changed": self.changed,
            "retagged": self.retagged,
            "leads": self.leads,
            "withheld": self.withheld,
            "released": self.released,
            "tags": {
                tag: {"gained": self.gained[tag], "lost": self.lost[tag]} for tag, _ in changes.most_common(NAMED)
            },
            "topics": {
                topic: {"entered": self.entered[topic], "left": self.left[topic], "back": self.back[topic]}
                for topic in sorted({*self.entered, *self.left, *self.back})
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Retagger:
    """Does the steps by one config: for the stories up to ``until`` that were first seen since then.

    ``fronts``: see ``db.retag``. ``dry``: nothing is written.
    """

    desks: Desks
    grouping: Grouping
    now: datetime
    desk: DraftDesk
    since: str
    until: int
    fronts: dict[int, int]
    dry: bool = False
    mint: Callable[[], str] = mint_urn

    def step(self, db: Database, after: int, most: int) -> tuple[Sums, int | None]:
        """Ask rules and topics of the next stories → what changes, and the last of them; None where there are no more.

        Runs inside the writer's transaction.
        """
        stories = next_ids(db, after, self.until, self.since, most)
        return (self.do(db, stories), stories[-1]) if stories else (Sums(), None)

    def do(self, db: Database, stories: list[int]) -> Sums:
        """Ask rules and topics of these stories → what changes."""
        mentioned = other_mentions(db, stories, partial(mentions_of, desks=self.desks))
        now, known = iso(self.now), ArchiveKnown(db, self.desk, mentioned=mentioned)
        occasion = Occasion(now=now, quiet=True, leaves=True)
        again = asked_again(stories, known, self.desks, self.grouping, occasion)
        tags, chosen = tag_changes(db, dict(again.tags)), again.chosen
        names = topic_names(db)

        def by_topic(some: Iterable[tuple[int, int]]) -> Counter[str]:
            return Counter(names[topic] for topic, _ in frozenset(some))

        retold = {text.ref for text in again.retold}
        withheld, released = withheld_changes(db, again.withheld)
        moved = {story for _, story, *_ in (*chosen.archived, *chosen.left, *chosen.back)}
        if not self.dry:
            write_mentions(db, mentioned)
            write_again(db, again, now, self.mint)
            if told_otherwise := retold | withheld | released:
                mark_changed_topics(db, sorted(told_otherwise))
            if seen := tags.stories | {story for _, story in (*chosen.left, *chosen.back)}:
                mark_fronts(db, seen, self.fronts, pins_of(db, list(seen)))
        return Sums(
            stories=len(stories),
            changed=len(tags.stories | retold | moved | withheld | released),
            retagged=len(tags.stories),
            leads=len(retold),
            withheld=len(withheld),
            released=len(released),
            gained=tags.gained,
            lost=tags.lost,
            entered=by_topic((topic, story) for topic, story, _ in chosen.archived),
            left=by_topic(chosen.left),
            back=by_topic(chosen.back),
        )


async def retag(engine: Engine, request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Ask rules and topics of the stories first seen ``since`` a time (None: of all), and publish what that changes.

    ``dry_run``: only tell what it would. → the sums. Raises ControlError where a stop comes first; ArchiveError.
    """
    dry, since = bool(request.get("dry_run")), request.get("since") or LONG_AGO
    sums, desk, at_once = Sums(), DraftDesk(), FIRST
    config = engine.config
    after, until, total = extent(engine.reader, since)
    limits = fronts(engine.reader)
    while True:
        if engine.closing:
            raise ControlError("stopped before it was done; the next `wireroom retag` begins anew")
        if engine.config is not config and policy(engine) != policy(engine, config):
            raise ControlError("the config was changed meanwhile; the next `wireroom retag` goes by the new one")
        setup = engine.poller.setup
        doing = Retagger(
            desks=setup.desks,
            grouping=setup.grouping,
            now=utc_now(),
            desk=desk,
            since=since,
            until=until,
            fronts=limits,
            dry=dry,
        )
        done, last, took_s = await engine.writer.write(partial(timed, doing, after=after, most=at_once), own=True)
        if last is None:
            break
        sums, after = sums + done, last
        at_once = fitting(at_once, took_s)
        progress({"done": min(sums.stories, total), "total": total, "changed": sums.changed, "last": False})
    progress({"done": total, "total": total, "changed": sums.changed, "last": True})
    told = {"did": "retag", "dry_run": dry, **sums.told()}
    engine.log.info("retagged", dry_run=dry, stories=sums.stories, changed=sums.changed)
    if not engine.closing and not dry:
        await engine.press.publish()
    return told


def policy(engine: Engine, config: Any = None) -> tuple[Any, ...]:
    """Give what a retag goes by: rules, saved queries, topics, what is said of sources, names, categories."""
    of = config or engine.config
    sources = [(one.id, one.tags, one.categories, one.dedupe, one.priority) for one in of.sources]
    return (of.rules, of.queries, of.topics, sources, of.categories, of.vocabulary, of.gazetteer, of.entities)


def timed(doing: Retagger, db: Database, after: int, most: int) -> tuple[Sums, int | None, float]:
    """Do a step → what it did, its last story, and for how long the writer was at it, seconds."""
    began = time.monotonic()
    done, last = doing.step(db, after, most)
    return done, last, time.monotonic() - began


def fitting(at_once: int, took_s: float) -> int:
    """Choose how many stories the next step has, so that it takes what it may; by steps of two at most."""
    factor = min(2.0, max(0.5, AIM_S / max(took_s, 0.001)))
    return max(LEAST, min(MOST, round(at_once * factor)))


def retag_lines(told: dict[str, Any]) -> list[str]:
    """Tell in lines what a retag did, or would do."""
    would = "would be " if told["dry_run"] else ""
    lines = [
        f"{counted(told['stories'], 'story')} gone through: {told['changed']} {would}changed, "
        f"{told['retagged']} {would}tagged otherwise, {told['leads']} {would}led by another entry, "
        f"{told['withheld']} {would}withheld, {told['released']} {would}released"
    ]
    lines += [
        f"  {topic}: {one['entered']} enter its archive, {one['left']} leave, {one['back']} come back"
        for topic, one in told["topics"].items()
    ]
    lines += [f"  {tag}: {one['gained']} gain it, {one['lost']} lose it" for tag, one in told["tags"].items()]
    return lines
