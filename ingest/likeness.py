"""Do two entries carry one text? What they share is weighed against what speaks against it. Pure.

A cut, a retitled or lightly rewritten copy and an update share runs of words with the report: the share of the shorter
one's runs that the longer has too (containment) is the proof, and the more runs there are, the better it is. Reports
made from one form (dividends, tenders, box scores, forecasts) share as many, but tell of other things: in the same
surroundings stands another number or name, names and numbers of each are nowhere in the other, and each headline has
words that the other entry has not. So these are counted too, and all of it together must come up to ``ENOUGH``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import log

from db.plan import KnownText, Likeness
from ingest.prints import READ_CHARS, Reading, read, unpacked

MAX_HOLDERS = 40
"""A shingle that more entries have is boilerplate and finds nobody."""

MAX_REMEMBERED = 32
"""Texts that are kept as they were read: all that one entry is compared with, and some of those before. Of a long text
that is up to 160 KB; 512 of them saved no measurable time."""

MAX_COMPARED = 8
"""So many candidates are compared word by word, those first that share most of the kept shingles."""

WINDOW = timedelta(days=14)
"""Copies of one text come within days."""

HEADLINE_WINDOW = timedelta(days=3)
"""A headline alone is proof for this long: "Stocks close higher on Monday" comes again."""

MIN_HEADLINE_WORDS = 5
"""Fewer make a column's title."""

MIN_CONTAINMENT, MIN_CONTAINMENT_LONG, MIN_CONTAINMENT_SHORT = 0.40, 0.30, 0.60
SHORT_RUNS, LONG_RUNS = 15, 120
"""No copy without so much containment, by the runs of the shorter text. What an editor went over twice, or a scanner
misread, has little: in a long text a third of all runs is no chance."""

CONTAINMENT, RUNS, AGREEING, NAMES, NUMBER, STRANGE, ENOUGH = 14.0, 3.2, 12.0, 5.0, -1.7, -3.5, 32.0
"""What each finding weighs (see ``Comparison.weight``): fitted on half a million pairs of Reuters and BBC texts with
their copies and look-alikes, where a look-alike that joins cost three times a copy that does not (bench/group.py)."""

MAX_RUNS, MAX_MISSING, MAX_STRANGE = 200, 8, 3
NEAR_TITLE = 5
"""Words that begin with the same so many letters count as one word in a headline ("raises", "raised")."""

NEARLY_EQUAL = 0.9
MAX_WORDS = 8

TOKEN = re.compile(r"([^\w]*)([^\W_]+(?:[.,:/'’-][^\W_]+)*)")
STOPS = frozenset('.!?:…"“”„»\n')
FACT_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Facts:
    """A text's numbers and names, between which neighbours each stands, and all words with how they begin."""

    numbers: frozenset[str]
    names: frozenset[str]
    slots: dict[tuple[str, str], set[str]]
    words: frozenset[str]
    beginnings: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two readings have in common, and what not. The same whichever comes first.

    ``containment``: the share of the shorter one's runs that both have, and ``runs`` how many it has. ``agreeing`` and
    ``clashing``: surroundings that both have, with the same number or name in them, or another. ``names`` are those of
    both, ``no_names`` and ``no_numbers`` those that one lacks of the other, whichever lacks fewer: an update has new
    ones and a cut lacks some, but only other facts are missing on both sides. ``strange``: words of a headline that
    the other entry has nowhere, of the headline that has fewer.
    """

    containment: float
    runs: int
    agreeing: int
    clashing: int
    names: int
    no_names: int
    numbers: int
    no_numbers: int
    strange: int

    @property
    def weight(self) -> float:
        """All findings together."""
        return (
            CONTAINMENT * self.containment
            + RUNS * log(max(1, min(self.runs, MAX_RUNS)))
            + AGREEING * (self.agreeing + 0.5) / (self.agreeing + self.clashing + 1)
            + NAMES * (self.names + 0.5) / (self.names + self.no_names + 0.5)
            + NUMBER * min(self.no_numbers, MAX_MISSING)
            + STRANGE * min(self.strange, MAX_STRANGE)
        )

    @property
    def is_copy(self) -> bool:
        """Tell whether it is enough for one text."""
        least = MIN_CONTAINMENT
        if self.runs < SHORT_RUNS:
            least = MIN_CONTAINMENT_SHORT
        elif self.runs >= LONG_RUNS:
            least = MIN_CONTAINMENT_LONG
        return self.containment >= least and self.weight >= ENOUGH


def likeliest(own: Collection[int], holders: Iterable[tuple[int, int]], limit: int = MAX_COMPARED) -> tuple[int, ...]:
    """Choose which entries to compare, from (hash, entry) rows of the index → entry ids, the likeliest first.

    ``own``: the new entry's kept hashes. What more than ``MAX_HOLDERS`` have counts for nothing. Raises nothing.
    """
    by_hash: dict[int, list[int]] = {}
    wanted = frozenset(own)
    for hash_, entry in holders:
        if hash_ in wanted:
            by_hash.setdefault(hash_, []).append(entry)
    counts: Counter[int] = Counter()
    for entries in by_hash.values():
        if len(entries) <= MAX_HOLDERS:
            counts.update(entries)
    return tuple(sorted(counts, key=lambda entry: (-counts[entry], entry))[:limit])


def choose(
    new: Reading, at: str, candidates: Iterable[KnownText], ignored: Collection[int] = frozenset()
) -> Likeness | None:
    """Find the entry whose text this is → why; None: it is none's. The order of the candidates changes nothing.

    ``at``: when the new one was published, or first seen. ``ignored``: hashes of runs that are the sources'
    boilerplate. Of several, the one with the highest score, then the one that was there first. Raises nothing.
    """
    found = [(each, known) for known in candidates if (each := likeness(new, at, known, ignored))]
    if not found:
        return None
    return min(found, key=lambda pair: (-pair[0].score, pair[1].published or pair[1].first_seen, pair[1].id))[0]


def likeness(new: Reading, at: str, known: KnownText, ignored: Collection[int] = frozenset()) -> Likeness | None:
    """Tell whether a known entry carries the same text → the score and the words that decided; None: it does not."""
    apart = abs(datetime.fromisoformat(at) - datetime.fromisoformat(known.published or known.first_seen))
    if apart > WINDOW:
        return None
    other = reading_of(known.title, known.text[: READ_CHARS + 1])
    if new.is_bare or other.is_bare:
        alike = apart <= HEADLINE_WINDOW and same_headline(new, other)
        return Likeness(to=known.id, score=1.0, words=new.title[:MAX_WORDS]) if alike else None
    comparison = compare(new, other, ignored)
    if comparison.is_copy:
        return Likeness(to=known.id, score=round(comparison.containment, 3), words=deciding(new, other, ignored))
    return None


def same_headline(one: Reading, other: Reading) -> bool:
    """Tell whether two headlines are one, and long enough to be no column's."""
    return one.title == other.title and len(one.title) >= MIN_HEADLINE_WORDS * (2 if one.apart else 1)


@lru_cache(maxsize=MAX_REMEMBERED)
def reading_of(title: str, text: str) -> Reading:
    """Read a known entry: when a report comes through many sources, the same few are compared again and again."""
    return read(title, text)


def compare(one: Reading, other: Reading, ignored: Collection[int] = frozenset()) -> Comparison:
    """Compare two readings. Raises nothing."""
    mine, theirs = one.shingles, other.shingles
    if ignored:
        mine, theirs = mine.difference(ignored), theirs.difference(ignored)
    runs = min(len(mine), len(theirs))
    containment = len(mine & theirs) / runs if runs else 0.0
    if containment < MIN_CONTAINMENT_LONG:  # no more is needed to know, and it is by far the most frequent
        return Comparison(
            containment=containment,
            runs=runs,
            agreeing=0,
            clashing=0,
            names=0,
            no_names=0,
            numbers=0,
            no_numbers=0,
            strange=0,
        )
    here, there = facts(one), facts(other)
    slots = here.slots.keys() & there.slots.keys()
    agreeing = sum(1 for slot in slots if not here.slots[slot].isdisjoint(there.slots[slot]))
    return Comparison(
        containment=containment,
        runs=runs,
        agreeing=agreeing,
        clashing=len(slots) - agreeing,
        names=len(here.names & there.names),
        no_names=min(len(here.names - there.names), len(there.names - here.names)),
        numbers=len(here.numbers & there.numbers),
        no_numbers=min(len(here.numbers - there.numbers), len(there.numbers - here.numbers)),
        strange=min(strange(one, there), strange(other, here)),
    )


def strange(reading: Reading, other: Facts) -> int:
    """Count a headline's words that are nowhere in another entry."""
    return sum(1 for word in set(reading.title) - other.words if word[:NEAR_TITLE] not in other.beginnings)


@lru_cache(maxsize=MAX_REMEMBERED)
def facts(reading: Reading) -> Facts:
    """Find a text's numbers and names: words with a digit, words with a capital inside a sentence."""
    if reading.apart:
        tokens = list(reading.body)
        numbers = {token for token in tokens if token.isdigit()}
        names: set[str] = set()
    else:
        tokens, numbers, names = [], set(), set()
        for gap, token in TOKEN.findall(reading.plain[:FACT_CHARS]):
            low = token.lower().removesuffix("'s").removesuffix("’s")
            if not token.isalpha() and any(map(str.isdigit, token)):
                numbers.add(low)
            elif token[0].isupper() and len(token) > 1 and tokens and STOPS.isdisjoint(gap):
                names.add(low)
            tokens.append(low)
    slots: dict[tuple[str, str], set[str]] = {}
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token in numbers or token in names:
            slots.setdefault((before, after), set()).add(token)
    words = frozenset(reading.title).union(reading.body)
    return Facts(
        numbers=frozenset(numbers),
        names=frozenset(names),
        slots=slots,
        words=words,
        beginnings=frozenset(word[:NEAR_TITLE] for word in words),
    )


def deciding(new: Reading, other: Reading, ignored: Collection[int] = frozenset()) -> tuple[str, ...]:
    """Give the longest run of words that both have, for a person to see → its first words."""
    shared = (new.shingles & other.shingles).difference(ignored)
    best: tuple[int, int] = (0, 0)
    start = 0
    for at, each in enumerate((*new.order, None)):
        if each in shared:
            continue
        if at - start > best[0]:
            best = (at - start, start)
        start = at + 1
    return new.body[best[1] : best[1] + min(MAX_WORDS, best[0] + new.run - 1)] if best[0] else ()


def nearly_equal(one: bytes, other: bytes) -> bool:
    """Tell whether two entries' kept shingles are nearly the same: to index both would find no more than one does."""
    mine, theirs = frozenset(unpacked(one)), frozenset(unpacked(other))
    return len(mine & theirs) >= NEARLY_EQUAL * max(1, len(mine | theirs))
