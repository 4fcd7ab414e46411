"""How well a story answers a query: its words, how new it is, how many carry it. Pure.

BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) with their usual values, a word of the
title counted as three, over the stories that are compared: FTS5's own asks in how many of all stories each word stands,
which takes longer the more there are (1.6 s where 580,000 have it).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from db.term_spans import Term
from db.text import fold

K1, B = 1.2, 0.75
TITLE_WEIGHT = 3
MOST_COUNTED = 8
"""A word is counted up to so often: by then its weight hardly grows."""

FADED, HALF_LIFE_DAYS = 0.4, 30.0
"""A very old story has so much of a new one's score; half of the way is gone after so many days."""

PER_DOUBLING = 0.15
"""Each doubling of the sources that carry it adds so much."""

LETTER = r"[^\W_]"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A story to be compared: its title and the beginning of its text, folded; ``days`` since first sight."""

    id: int
    title: str
    text: str
    words: int
    days: float
    sources: int


def scores(candidates: Sequence[Candidate], terms: Sequence[Term]) -> list[float]:
    """Give each story's score, all above 0; without terms it is told by age and sources alone."""
    if not candidates:
        return []
    mean = sum(one.words for one in candidates) / len(candidates)
    patterns = [pattern_of(term) for term in terms]
    found = [[frequency(one, term, each) for term, each in zip(terms, patterns, strict=True)] for one in candidates]
    weights = [1 + math.log(len(candidates) / max(1, sum(1 for row in found if row[n]))) for n in range(len(terms))]
    return [
        likeness(row, weights, one.words / mean if mean else 1.0) * freshness(one.days) * company(one.sources)
        for one, row in zip(candidates, found, strict=True)
    ]


def likeness(found: Sequence[int], weights: Sequence[float], length: float) -> float:
    """Sum up what a story's words say; ``length``: as a part of the mean. What only the index found counts once."""
    if not found:
        return 1.0
    if not any(found):
        found = [1, *found[1:]]
    room = K1 * (1 - B + B * length)
    return sum(weight * n * (K1 + 1) / (n + room) for n, weight in zip(found, weights, strict=True) if n)


def freshness(days: float) -> float:
    """Give what age leaves of a score."""
    return FADED + (1 - FADED) * math.pow(2, -max(0.0, days) / HALF_LIFE_DAYS)


def company(sources: int) -> float:
    """Give what many sources add to a score."""
    return 1 + PER_DOUBLING * math.log2(max(1, sources))


def frequency(story: Candidate, term: Term, pattern: re.Pattern[str]) -> int:
    """Count how often a story has a term, in its title threefold."""
    title = count(story.title, term, pattern) if term.field != "text" else 0
    text = count(story.text, term, pattern) if term.field != "title" else 0
    return min(MOST_COUNTED, TITLE_WEIGHT * title + text)


def pattern_of(term: Term) -> re.Pattern[str]:
    """Make the pattern of a term in folded text; it begins with letters, so that most texts are passed over quickly."""
    words = r"[\W_]+".join(map(re.escape, term.words))
    return re.compile(words if term.prefix else rf"{words}(?!{LETTER})")


def count(text: str, term: Term, pattern: re.Pattern[str]) -> int:
    """Count a term's places in a folded text, where no letter stands before them; at most MOST_COUNTED."""
    if term.words[0] not in text:
        return 0
    number = 0
    for match in pattern.finditer(text):
        at = match.start()
        number += at == 0 or text[at - 1] == "_" or not text[at - 1].isalnum()
        if number == MOST_COUNTED:
            break
    return number


def folded_for_count(text: str, kept: str | None) -> str:
    """Fold a text, unless it is kept folded already."""
    return kept if kept is not None else fold(text)
