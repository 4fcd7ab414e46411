"""Which event does a story tell of: one that is under way, or one of its own? Pure.

Stories about one happening share what is rare: names, places, numbers. A story is a vector of its terms, each weighing
what it counts in the text times how rare it is at all, of length 1; an event is the mean of its stories' vectors, cut
to the heaviest terms. A story joins the event that it is most like, where that is enough:

    likeness = story · event / |event| ** POWER

With POWER 1 that would be the cosine. But the more stories an event has, the nearer to each other all of a kind come to
its mean, and look-alikes (last year's cup final) with them: a lower power asks more of a large event than of one story.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice, pairwise

from db.model import LEAST_SCORES, Level
from db.plan import Event
from ingest.terms import packed, unpacked

Vector = Mapping[int, float]

POWER = 0.5

LENGTHS = ((10, 0.18), (30, 0.22), (100, 0.275))
"""From so many words on so much likeness is enough for ``normal``, and evenly between: a bare headline has few words
to share."""

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

MAX_EVENTS = 40
"""Of the events with one term the newest so many are looked at."""

MAX_CANDIDATES = 24
"""Of the events so found those with most of the terms, the newer first, are compared."""

DECIDING = 5
"""So many terms are named as those that decided."""


def weighted(terms: bytes, rarity: Callable[[int], float]) -> dict[int, float]:
    """Make ``Prints.terms`` a vector of length 1, heaviest first; empty where there are no terms."""
    hashes, weights = unpacked(terms)
    raw = [(term, weight * rarity(term)) for term, weight in zip(hashes, weights, strict=True)]
    length = math.hypot(*(weight for _, weight in raw))
    raw.sort(key=heaviest)
    return {term: weight / length for term, weight in raw} if length else {}


def asked(vector: Vector) -> tuple[int, ...]:
    """Give the terms by which a story (a vector, heaviest first) looks for events."""
    return tuple(islice(vector, ASKED))


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


def likeness(vector: Vector, event: Event) -> float:
    """Tell how alike a story and an event are, 0 to 1."""
    hashes, weights = unpacked(event.terms)
    length = math.hypot(*weights)
    shared = sum(vector[term] * weight for term, weight in zip(hashes, weights, strict=True) if term in vector)
    return min(1.0, shared / length**POWER) if length else 0.0


def choose(
    vector: Vector, words: int, time: str, candidates: Iterable[Event], level: Level
) -> tuple[Event, float, tuple[int, ...]] | None:
    """Choose the event of a story → it, how alike they are, the terms that decided; None: an event of its own.

    How alike: as a multiple of what ``normal`` asks for (see ``LEAST_SCORES``).

    The one that exceeds most what is asked of it; of equal ones the older. The order of ``candidates`` plays no part.
    """
    best: tuple[float, int, Event] | None = None
    for event in candidates:
        aged = ageing(event, time)
        if aged is None:
            continue
        score = likeness(vector, event)
        margin = score / (enough(min(words, event.words)) * aged)
        if margin >= LEAST_SCORES[level] and (best is None or (margin, -event.id) > best[:2]):
            best = (margin, -event.id, event)
    return (best[2], best[0], deciding(vector, best[2])) if best else None


def deciding(vector: Vector, event: Event) -> tuple[int, ...]:
    """Name the terms that a story and an event share, those that count most first."""
    shared = (
        (term, vector[term] * weight) for term, weight in zip(*unpacked(event.terms), strict=True) if term in vector
    )
    return tuple(term for term, _ in sorted(shared, key=heaviest)[:DECIDING])


def begun(ref: int, vector: Vector, words: int, time: str) -> Event:
    """Begin an event with its first story."""
    heavy = list(islice(vector.items(), MAX_TERMS))
    return Event(id=ref, first_seen=time, last_seen=time, stories=1, words=words, terms=packed(heavy))


def joined(event: Event, vector: Vector, words: int, time: str) -> Event:
    """Give an event as it is with one more story: each story counts alike, and once, copies do not count."""
    stories = event.stories + 1
    means = {term: weight * event.stories / stories for term, weight in zip(*unpacked(event.terms), strict=True)}
    for term, weight in vector.items():
        means[term] = means.get(term, 0.0) + weight / stories
    heavy = sorted(means.items(), key=heaviest)[:MAX_TERMS]
    return replace(
        event,
        first_seen=min(event.first_seen, time),
        last_seen=max(event.last_seen, time),
        stories=stories,
        words=event.words + round((words - event.words) / stories),
        terms=packed(heavy),
    )


def heaviest(weighed: tuple[int, float]) -> tuple[float, int]:
    """Order by weight, falling, then by term: the same in every process."""
    return -weighed[1], weighed[0]
