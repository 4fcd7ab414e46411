"""The facts of a text: its numbers and names, and between which words each stands. Pure.

Two texts may share nearly all their words and tell of two things: a forecast, a tender, a box score made from a form.
Their facts tell them apart, where the words do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ingest.prints import Reading

MAX_REMEMBERED = 32
"""Texts that are kept as they were read: all that one entry is compared with, and some of those before. Of a long text
that is up to 160 KB; 512 of them saved no measurable time."""

FORM_NUMBERS, FORM_SHARE = 2, 0.6
"""A form filled in twice: of the words that either text has alone so many are numbers, and such a share numbers or
names. Of 7,140 pairs of one town's forecasts none is left that joins; no copy out of 3,671 was lost by it."""

TOKEN = re.compile(r"([^\w]*)([^\W_]+(?:[.,:/'’-][^\W_]+)*)")
STOPS = frozenset('.!?:…"“”„»\n')
FACT_CHARS = 1600


@dataclass(frozen=True, slots=True)
class Facts:
    """A text's numbers and names, and between which neighbours each stands."""

    numbers: frozenset[str]
    names: frozenset[str]
    slots: dict[tuple[str, str], set[str]]


@lru_cache(maxsize=MAX_REMEMBERED)
def facts(reading: Reading) -> Facts:
    """Find a text's numbers and names: words with a digit, words with a capital inside a sentence."""
    numbers: set[str] = set()
    names: set[str] = set()
    places: list[int] = []
    if reading.apart:
        tokens = list(reading.body)
        places = [at for at, token in enumerate(tokens) if token.isdigit()]
        numbers = {tokens[at] for at in places}
    else:
        tokens = []
        for gap, token in TOKEN.findall(reading.plain[:FACT_CHARS]):
            if not token.islower() or not token.isalpha():
                is_name = (
                    token.lower() != token
                    and not token[0].isdigit()
                    and len(token) > 1
                    and tokens
                    and STOPS.isdisjoint(gap)
                )
                is_number = not token.isalpha() and any(map(str.isdigit, token))
                token = token.lower().removesuffix("'s").removesuffix("’s")  # noqa: PLW2901
                if is_number:
                    numbers.add(token)
                    places.append(len(tokens))
                elif is_name:
                    names.add(token)
                    places.append(len(tokens))
            tokens.append(token)
    slots: dict[tuple[str, str], set[str]] = {}
    for at in places:
        if 0 < at < len(tokens) - 1:
            slots.setdefault((tokens[at - 1], tokens[at + 1]), set()).add(tokens[at])
    return Facts(numbers=frozenset(numbers), names=frozenset(names), slots=slots)


def from_one_form(one: Reading, other: Reading) -> bool:
    """Tell whether two texts differ in their facts and in hardly a word besides: one form, filled in twice."""
    words = frozenset(one.body), frozenset(other.body)
    for mine, theirs, found in ((words[0], words[1], facts(one)), (words[1], words[0], facts(other))):
        odd = mine - theirs
        numbers = sum(1 for word in odd if any(map(str.isdigit, word)))
        names = sum(1 for word in odd if word.isalpha() and word in found.names)
        if numbers < FORM_NUMBERS or numbers + names < FORM_SHARE * len(odd):
            return False
    return True
