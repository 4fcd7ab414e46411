"""Which events do a poll's new stories tell of? One that is under way, or one of their own. Pure.

Stories are looked at in the order of the plan, oldest first, and each may join an event that one before it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from db.model import Entry
from db.plan import Event, Happening, Known, NewEvent, PollPlan
from db.times import iso
from ingest.commonness import rarity, shipped
from ingest.dedupe import Placed
from ingest.event import WINDOW, Told, asked, begun, choose, joined, kept, told
from ingest.grouping import Grouping
from ingest.terms import unpacked, words_of


def with_events(plan: PollPlan, placed: Sequence[Placed], known: Known, grouping: Grouping) -> PollPlan:
    """Add the events of the plan's new stories. Copies tell nothing new: an event has each text once."""
    happenings, events = happenings_of([p for p in placed if p.joined_by == "first"], plan.now, known, grouping)
    return replace(plan, happenings=happenings, events=events)


def happenings_of(
    new: Sequence[Placed], now: str, known: Known, grouping: Grouping
) -> tuple[tuple[Happening, ...], tuple[NewEvent, ...]]:
    """Find the events of stories that came in one poll, at ``now`` → what each tells of; those events as they are then.

    ``new``: the entries that they begin with, oldest first.
    """
    first = [p for p in new if p.entry.prints is not None and p.entry.prints.terms]
    if grouping.level == "off" or not first:
        return (), ()
    stories, learned = known.term_counts(all_terms(first))
    rare = rarity(shipped(), learned, stories)
    changed: dict[int, Event] = {}  # as they stand after the stories before
    found_by: dict[int, tuple[int, ...]] = {}
    happenings: list[Happening] = []
    for p in first:
        prints = p.entry.prints
        if prints is None:
            continue
        story = told(prints.terms, prints.words, time_of(p.entry, now), rare)
        since = iso(datetime.fromisoformat(story.time) - WINDOW)
        candidates = {event.id: event for event in known.events_with(asked(story), since)}
        candidates.update(
            (id_, event) for id_, event in changed.items() if id_ in candidates or shares(story, found_by[id_])
        )
        chosen = choose(story, candidates.values(), grouping.level)
        words: tuple[str, ...] = ()
        score: float | None = None
        if chosen is None:
            event = begun(-1 - sum(id_ < 0 for id_ in changed), story)
        else:
            event, score, terms = chosen
            words = words_of(p.entry.title, p.entry.text, terms)
            event = joined(event, story)
        changed[event.id] = event
        found_by[event.id] = kept(event)
        happenings.append(Happening(story=p.story, event=event.id, score=score, words=words, terms=prints.terms))
    return tuple(happenings), tuple(NewEvent(event=event, rare=found_by[id_]) for id_, event in changed.items())


def all_terms(placed: Sequence[Placed]) -> frozenset[int]:
    """Collect the terms of new entries."""
    return frozenset(term for p in placed if p.entry.prints is not None for term in unpacked(p.entry.prints.terms)[0])


def shares(story: Told, terms: Sequence[int]) -> bool:
    """Tell whether a story asks for one of the terms by which an event is found."""
    return not frozenset(asked(story)).isdisjoint(terms)


def time_of(entry: Entry, now: str) -> str:
    """Give when a story came out: when it says so, never later than it was seen."""
    return min(entry.published or now, now)
