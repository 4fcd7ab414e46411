"""Which of the things that a text names is it about? Pure.

A thing counts that stands in the title, in the beginning of the text, or twice, and then at least a third as often as
the one of its kind that is named most: in a long text about one country others come up twice. What the user named
counts wherever it stands. ``bench/places.py`` measured this rule and others (docs/tagging.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from db.model import Mention

BEGINNING = 250
MAX_BEGINNING = 400
"""A text begins with so many characters, or with its first paragraph where that is longer, but no longer than this."""

TIMES = 2
SHARE = 3
"""So many times; and the most that another of the kind is named, for each time that this one is."""

MAX_SPELLINGS = 5
"""Of the ways that a name stood in a text so many are told."""

DATELINE = re.compile(r"[A-Z\u00c0-\u00de][^:;!?\"“”()]{0,60}?(?: ?\([^()]{2,40}\) ?(?:--?|[–—_])| (?:--?|[–—])) ")
"""The longest: "GAZA CITY, Gaza Strip, Sept. 7, 2004 (Reuters) - "."""

LOWER_WORD = re.compile(r"(?<![\w’'-])(?!(?:de|la|le|of|al|el)\b)[a-z]")
"""A sentence that goes on after a dash has some."""


@dataclass(slots=True)
class Found:
    """A thing in the text: how often, whether ahead in it, and in which words."""

    times: int = 0
    ahead: bool = False
    words: list[str] = field(default_factory=list)


class Tally:
    """What a text names, counted as it is read."""

    def __init__(self, ahead: int) -> None:
        self._ahead = ahead
        self._found: dict[tuple[str, str, str], Found] = {}

    def note(self, kind: str, name: str, origin: str, start: int, words: str) -> None:
        """Count a thing that is named at a place in the text, in these words."""
        key = (kind, name, origin)
        one = self._found.get(key)
        if one is None:
            one = self._found[key] = Found()
        one.times += 1
        one.ahead = one.ahead or start < self._ahead
        if words not in one.words and len(one.words) < MAX_SPELLINGS:
            folded = words.casefold()
            if all(folded != other.casefold() for other in one.words):
                one.words.append(words)

    def names(self) -> set[tuple[str, str]]:
        """Give the tags of what was noted so far."""
        return {(kind, name) for kind, name, _ in self._found}

    def mentions(self) -> tuple[Mention, ...]:
        """Give what counts, in the order of the tags."""
        most: dict[str, int] = {}
        for (kind, _, _), one in self._found.items():
            most[kind] = max(most.get(kind, 0), one.times)
        return tuple(
            Mention(kind, name, origin, ", ".join(one.words))
            for (kind, name, origin), one in sorted(self._found.items(), key=lambda item: item[0])
            if origin == "entity" or one.ahead or (one.times >= TIMES and one.times * SHARE >= most[kind])
        )


def beginning(text: str) -> int:
    """Give how many characters of a text, with a line for each paragraph, are its beginning."""
    end = text.find("\n") if "\n" in text else len(text)
    return end if BEGINNING < end <= MAX_BEGINNING else BEGINNING


def dateline(text: str) -> int:
    """Give how many characters at the start of a text say but where it was sent from: "ANKARA, Nov. 21 (Reuters) - ".

    What is named there does not count: half the world's markets are told from London.
    """
    found = DATELINE.match(text)
    if found is None or LOWER_WORD.search(found[0].partition("(")[0]):
        return 0
    return found.end()
