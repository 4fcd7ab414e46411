"""An entry's words → its terms, by which events are told apart: a hash and a weight each. Pure.

No list of stop words and no stemmer: for most languages there is neither. A word that stands everywhere weighs little
by ``ingest/commonness.py``, whatever its language. Scripts without spaces give their characters two by two.

Terms are made in the workers and weigh only what stands in this one text. How rare a word is elsewhere changes with the
archive, so it is asked where texts are compared.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache
from sys import byteorder
from zlib import crc32

from db.text import SPACES, UNSPACED, fold, with_spaces

MAX_WORDS = 300
"""Of the text: who, what and where stand at its top; what comes later is background, which other events share."""

TITLE_TIMES = 2
"""So often the title counts."""

CAPITAL = 2.0
"""What a word with a capital counts: it is a name, more often than not. Measured: 1 is worse, 3 no better."""

DIGIT = 1.5
"""What a number counts. It tells look-alikes apart: 23 pirates of one year, 26 of another."""

MAX_CHARS = 6_000
"""Of the text; no more is looked at, whatever its words are."""

MAX_WORD_CHARS = 40


def terms(title: str, text: str) -> tuple[bytes, int]:
    """Weigh the words of a title and of the text's beginning → ``Prints.terms``, and how many words these are.

    A word weighs 1 + log n, where n is how often it stands there: twice for the title, more for names and numbers.
    """
    in_title, in_text = spelled(title), beginning(text)
    counts = Counter(in_title * TITLE_TIMES)
    counts.update(in_text)
    weights: dict[int, float] = {}
    for word, times in counts.items():
        term = hashed(word)
        if term is not None:
            first = word[0]
            count = times * (CAPITAL if first.isupper() else DIGIT if first.isdigit() else 1.0)
            weights[term] = weights.get(term, 0.0) + count
    made = sorted((term, 1.0 + math.log(count)) for term, count in weights.items())
    return packed(made), len(in_title) + len(in_text)


def words_of(title: str, text: str, wanted: Collection[int]) -> tuple[str, ...]:
    """Find how the wanted terms are spelled in a text → those that stand there, in the order of ``wanted``."""
    found: dict[int | None, str] = {}
    for word in (*spelled(title), *beginning(text)):
        found.setdefault(hashed(word), word)
    return tuple(found[term] for term in wanted if term in found)


def term_hashes(title: str, text: str) -> frozenset[int]:
    """Tell which terms ``terms`` gives a text."""
    made = {hashed(word) for word in (*spelled(title), *beginning(text))}
    return frozenset(term for term in made if term is not None)


def beginning(text: str) -> list[str]:
    """Split a text's beginning into words."""
    return spelled(text[:MAX_CHARS])[:MAX_WORDS]


def spelled(text: str) -> list[str]:
    """Split a text into words as they are spelled: letters, digits, their marks; an apostrophe parts (l'État).

    Where no spaces are written each two characters that stand side by side are a word: 外交部 gives 外交 and 交部.
    """
    if text.isascii():
        return text.translate(SPACES).split()
    parts = with_spaces(text).split()
    if not "".join(parts).isalnum():
        parts = [word for part in parts for word in ((part,) if part.isalnum() else part.translate(SPACES).split())]
    if UNSPACED.search(text):
        return [word for part in parts for word in ((part,) if part.isascii() else in_pairs(part))]
    return parts


def in_pairs(run: str) -> tuple[str, ...]:
    """Fold a run of letters that may be of scripts without spaces → its pairs of characters, and its other words."""
    parts = fold(run).split()
    apart = [UNSPACED.match(part) is not None for part in parts]
    if not any(apart):
        return (run,)
    found = []
    for at, part in enumerate(parts):
        if not apart[at]:
            found.append(part)
        elif at + 1 < len(parts) and apart[at + 1]:
            found.append(part + parts[at + 1])
        elif at == 0 or not apart[at - 1]:
            found.append(part)  # one alone
    return tuple(found)


@lru_cache(maxsize=30_000)
def hashed(word: str) -> int | None:
    """Hash a word as it is spelled, alike in any case and with or without accents; None for a lone letter."""
    folded = fold(word[:MAX_WORD_CHARS])
    if len(folded) < 2 and not UNSPACED.match(folded):
        return None
    return crc32(folded.encode("utf-8", "replace"))


def packed(made: Iterable[tuple[int, float]]) -> bytes:
    """Put (hash, weight) pairs into bytes, in their order: 4 and 4, little-endian."""
    made = tuple(made)
    both = array("I", bytes(8 * len(made)))
    both[::2] = array("I", [term for term, _ in made])
    both[1::2] = array("I", array("f", [weight for _, weight in made]).tobytes())
    if byteorder == "big":
        both.byteswap()
    return both.tobytes()


def unpacked(blob: bytes) -> tuple[array[int], array[float]]:
    """Read what ``packed`` made → the hashes and the weights, in its order. Raises ValueError at a torn one."""
    both = array("I", blob)
    if len(both) % 2:
        raise ValueError("terms are pairs of 4 and 4 bytes")
    if byteorder == "big":
        both.byteswap()
    return both[::2], array("f", both[1::2].tobytes())
