"""Which event does a story tell of: one that is under way, or one of its own? Pure.

Stories about one happening share what is rare: names, places, numbers. A story is a vector of its terms, each weighing
what it counts in the text times how rare it is at all, of length 1; an event is the mean of its stories' vectors, cut
to the heaviest terms. A story joins the event that it is most like, where that is enough:

    likeness = story · event / |event| ** POWER, and less where too little of it comes from rare terms

With POWER 1 the first would be the cosine. But the more stories an event has, the nearer come to its mean all of a
kind, look-alikes too (last year's cup final): a lower power asks more of a large event than of one story. The second
keeps apart what is written by a form: dividends, bonds, box scores share most of their words, and none that is rare.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, pairwise

from db.model import LEAST_SCORES, Level
from db.recall import Event
from ingest.terms import packed, unpacked

POWER = 0.5
"""Measured on ECB+: 0.4 to 1 are alike at the best threshold of each; the lower, the more exact with large events."""

RARE = math.log(200)
"""A term is rare that fewer than one story in so many has …"""

RARE_SHARE = 0.4
"""… and of likeness so much must come from rare terms. Measured: of 3,000 reports of 1987, many written by a form, 3 %
were in groups of ten and more instead of 15 %, and on ECB+ nothing was lost."""

FORMS = (16, 30)
"""From so many words on this is asked, more and more up to so many: a bare headline has no room for a form."""

LENGTHS = ((10, 0.16), (30, 0.22), (100, 0.275))
"""From so many words on so much likeness is enough for ``normal``, and evenly between: a bare headline has few words
to share."""

MAX_STORIES = 1000
"""An event of so many stories is a subject, no happening: it takes no others, so that it costs no more and more."""

WINDOW = timedelta(days=7)
"""An event is over when nothing was told of it for so long."""

FRESH = timedelta(days=1)
AGED = 1.25
"""From a day's silence on more is asked, at the end of the window this many times as much. Not measured."""

MAX_TERMS = 160
"""Of an event."""

ASKED = 12
"""By so many of its terms, the heaviest, a story finds events …"""

KEPT = 24
"""… and by so many an event is found."""

DECIDING = 5
"""So many terms are named as those that decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A story as it is compared with events: its vector, heaviest term first, and which of its terms are rare.

    ``words`` is its length. ``time`` is its publication, where that is believed, or its first sight.
    """

    vector: Mapping[int, float]
    rare: frozenset[int]
    words: int
    time: str


def told(terms: bytes, words: int, time: str, rarity: Callable[[int], float]) -> Told:
    """Weigh ``Prints.terms`` by how rare each is; ``words`` is theirs."""
    raw = []
    rare = []
    for term, weight in zip(*unpacked(terms), strict=True):
        scarce = rarity(term)
        raw.append((term, weight * scarce))
        if scarce >= RARE:
            rare.append(term)
    length = math.hypot(*(weight for _, weight in raw))
    raw.sort(key=heaviest)
    vector = {term: weight / length for term, weight in raw} if length else {}
    return Told(vector=vector, rare=frozenset(rare), words=words, time=time)


def asked(story: Told) -> tuple[int, ...]:
    """Give the terms by which a story looks for events."""
    return tuple(islice(story.vector, ASKED))


def kept(event: Event) -> tuple[int, ...]:
    """Give the terms by which an event is found."""
    return tuple(unpacked(event.terms[: 8 * KEPT])[0])


def enough(words: int) -> float:
    """Tell how alike a story and an event must be, of which the shorter has so many words, at the level ``normal``."""
    (least, low), (most, high) = LENGTHS[0], LENGTHS[-1]
    if words <= least:
        return low
    if words >= most:
        return high
    for (fewer, under), (more, above) in pairwise(LENGTHS):
        if words <= more:
            return under + (above - under) * (words - fewer) / (more - fewer)
    raise AssertionError(words)


def ageing(event: Event, time: str) -> float | None:
    """Tell how much more is asked of a story of ``time`` as the event is of another time; None: it is too far off."""
    when = datetime.fromisoformat(time)
    gap = max(datetime.fromisoformat(event.first_seen) - when, when - datetime.fromisoformat(event.last_seen))
    if gap > WINDOW:
        return None
    return 1.0 + (AGED - 1.0) * max(0.0, (gap - FRESH) / (WINDOW - FRESH))


def likeness(story: Told, event: Event) -> float:
    """Tell how alike a story and an event are, 0 to 1."""
    hashes, weights = unpacked(event.terms)
    vector, rare = story.vector, story.rare
    shared, of_rare = 0.0, 0.0
    for term, weight in zip(hashes, weights, strict=True):
        if term in vector:
            both = vector[term] * weight
            shared += both
            if term in rare:
                of_rare += both
    if not shared:
        return 0.0
    alike: float = min(1.0, shared / math.hypot(*weights) ** POWER)
    least, most = FORMS
    wanted = shared * RARE_SHARE * min(1.0, (min(story.words, event.words) - least) / (most - least))
    return alike if of_rare >= wanted else alike * of_rare / wanted


def choose(story: Told, candidates: Iterable[Event], level: Level) -> tuple[Event, float, tuple[int, ...]] | None:
    """Choose the event of a story → it, how alike they are, the terms that decided; None: an event of its own.

    How alike: as a multiple of what ``normal`` asks for (see ``LEAST_SCORES``).

    The one that exceeds most what is asked of it; of equal ones the older. The order of ``candidates`` plays no part.
    """
    best: tuple[float, int, Event] | None = None
    for event in candidates:
        aged = ageing(event, story.time)
        if aged is None or event.stories >= MAX_STORIES:
            continue
        score = likeness(story, event)
        margin = score / (enough(min(story.words, event.words)) * aged)
        if margin >= LEAST_SCORES[level] and (best is None or (margin, -event.id) > best[:2]):
            best = (margin, -event.id, event)
    return (best[2], best[0], deciding(story, best[2])) if best else None


def deciding(story: Told, event: Event) -> tuple[int, ...]:
    """Name the terms that a story and an event share, those that count most first."""
    both = zip(*unpacked(event.terms), strict=True)
    shared = ((term, story.vector[term] * weight) for term, weight in both if term in story.vector)
    return tuple(term for term, _ in sorted(shared, key=heaviest)[:DECIDING])


def begun(ref: int, story: Told) -> Event:
    """Begin an event with its first story."""
    heavy = list(islice(story.vector.items(), MAX_TERMS))
    time = story.time
    return Event(id=ref, first_seen=time, last_seen=time, stories=1, words=story.words, terms=packed(heavy))


def joined(event: Event, story: Told) -> Event:
    """Give an event as it is with one more story: each story counts alike, and once, copies do not count."""
    stories = event.stories + 1
    means = {term: weight * event.stories / stories for term, weight in zip(*unpacked(event.terms), strict=True)}
    for term, weight in story.vector.items():
        means[term] = means.get(term, 0.0) + weight / stories
    heavy = sorted(means.items(), key=heaviest)[:MAX_TERMS]
    return replace(
        event,
        first_seen=min(event.first_seen, story.time),
        last_seen=max(event.last_seen, story.time),
        stories=stories,
        words=event.words + round((story.words - event.words) / stories),
        terms=packed(heavy),
    )


def heaviest(weighed: tuple[int, float]) -> tuple[float, int]:
    """Order by weight, falling, then by term: the same in every process."""
    return -weighed[1], weighed[0]
