"""Which events do a poll's new stories tell of? One that is under way, or one of their own. Pure.

Stories are looked at in the order of the plan, oldest first, and each may join an event that one before it began.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from db.model import Entry
from db.plan import Happening, NewEvent, PollPlan
from db.recall import MAX_EVENTS, MAX_HOLDING, Event, Known
from db.times import iso
from ingest.commonness import rarity, shipped
from ingest.dedupe import Placed
from ingest.event import WINDOW, asked, begun, choose, joined, kept, told
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
    changed = Changed()
    happenings: list[Happening] = []
    for p in first:
        prints = p.entry.prints
        if prints is None:
            continue
        story = told(prints.terms, prints.words, time_of(p.entry, now), rare)
        since = iso(datetime.fromisoformat(story.time) - WINDOW)
        candidates = changed.among(known.events_with(asked(story), since), asked(story))
        chosen = choose(story, candidates, grouping.level)
        words: tuple[str, ...] = ()
        score: float | None = None
        if chosen is None:
            event = begun(-1 - changed.begun, story)
        else:
            event, score, terms = chosen
            words = words_of(p.entry.title, p.entry.text, terms)
            event = joined(event, story)
        changed.add(event)
        happenings.append(Happening(story=p.story, event=event.id, score=score, words=words, terms=prints.terms))
    return (
        tuple(happenings),
        tuple(NewEvent(event=event, rare=changed.found_by[id_]) for id_, event in changed.events.items()),
    )


class Changed:
    """The events that a plan begins or changes, as they stand after the stories before; found as in the archive.

    A document may have thousands of new stories, so none of them looks at all that came before it.
    """

    def __init__(self) -> None:
        self.events: dict[int, Event] = {}
        self.found_by: dict[int, tuple[int, ...]] = {}
        self.begun = 0
        self._holders: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, event: Event) -> None:
        """Put in an event as it stands now."""
        self.begun += event.id < 0 and event.id not in self.events
        terms = kept(event)
        for term in set(terms).difference(self.found_by.get(event.id, ())):
            self._holders[term].append(event.id)
        self.events[event.id], self.found_by[event.id] = event, terms

    def among(self, found: Iterable[Event], terms: Sequence[int]) -> list[Event]:
        """Give what the archive has ``found`` as it stands now, and the changed events that are found by the terms."""
        candidates = {event.id: event for event in found}
        counts = Counter(
            id_ for term in terms for id_ in {*self._holders.get(term, ())[-MAX_HOLDING:]} if term in self.found_by[id_]
        )
        likeliest = sorted(counts, key=lambda id_: (-counts[id_], id_))[:MAX_EVENTS]
        here = self.events.keys() & (candidates.keys() | likeliest)
        return [*({**candidates, **{id_: self.events[id_] for id_ in here}}).values()]


def all_terms(placed: Sequence[Placed]) -> frozenset[int]:
    """Collect the terms of new entries."""
    return frozenset(term for p in placed if p.entry.prints is not None for term in unpacked(p.entry.prints.terms)[0])


def time_of(entry: Entry, now: str) -> str:
    """Give when a story came out: when it says so, never later than it was seen."""
    return min(entry.published or now, now)
