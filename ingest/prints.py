"""An entry's title and text → what copies are found and proved by: runs of three words, hashed. Pure.

A copy is cut, retitled, lightly rewritten, and set in another site's furniture, so what can be furniture is taken off
first (``ingest/trim.py``). What is left is compared by its first words, since cuts keep the beginning.

Not all runs are kept in the archive: one in six by its hash, the same in every copy, one in three where the text
begins, as an excerpt has no more than that. The title as a whole is one more, by which a bare headline is found.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from dataclasses import dataclass

from xxhash import xxh3_64_intdigest

from db.model import Prints
from db.text import UNSPACED, words
from ingest.terms import terms
from ingest.trim import clean_text, clean_title

COMPARED_WORDS = 200
"""So many words of the text are compared: enough for a proof, and cuts keep the beginning."""

RUN = 3
"""Words in a shingle. Copies that an editor went over share hardly any longer runs."""

UNSPACED_COMPARED, UNSPACED_RUN = 400, 5
"""The same for scripts without spaces, where each character counts as a word: some three words are five of them."""

KEPT_OF, KEPT_OF_LEAD, LEAD_RUNS = 6, 3, 40
MIN_KEPT = 6
"""One hash in so many is kept, of the first ``LEAD_RUNS`` one in fewer; ``MIN_KEPT`` wherever there are as many."""

MIN_TEXT_WORDS = 8
"""A text of fewer words is none ("Read more", a picture's caption): the headline is all there is."""

MIN_TITLE_WORDS = 4
"""A title of fewer words is that of a column, and finds nothing."""

TITLE_SEED = 1


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A title and text as they are compared. ``is_bare``: there is no text worth the name, so the title is all.

    ``title`` and ``body`` are their words, ``plain`` is the body with its capitals and marks, ``shingles`` the hashes
    of the runs in the body's first ``COMPARED_WORDS``, 64 bits, signed, as the archive has them (``order``: as they
    stand there, each of ``run`` words). ``kept`` of them, and of the title, are what the archive keeps. ``apart``: the
    script has no spaces.
    """

    title: tuple[str, ...]
    body: tuple[str, ...]
    headline: str
    plain: str
    order: tuple[int, ...]
    run: int
    shingles: frozenset[int]
    kept: tuple[int, ...]
    is_bare: bool
    apart: bool


def read(title: str, text: str) -> Reading:
    """Read a title and a text as published → what is compared. Raises nothing."""
    headline = clean_title(title)
    plain = clean_text(text)
    title_words = tuple(words(headline))
    body = words(plain)
    apart = is_unspaced(body or title_words)
    least = MIN_TEXT_WORDS * (2 if apart else 1)
    again = len(title_words) if body[: len(title_words)] == list(title_words) else 0  # as aggregators do
    is_bare = len(body) - again < least
    if not is_bare:
        body = body[again:]
    elif len(body) < least:
        body, plain = list(title_words), headline
    compared = body[: UNSPACED_COMPARED if apart else COMPARED_WORDS]
    size = UNSPACED_RUN if apart else RUN
    hashes = run_hashes(compared, size)
    marks = (title_hash(title_words),) if len(title_words) >= (2 if apart else 1) * MIN_TITLE_WORDS else ()
    return Reading(
        title=title_words,
        body=tuple(body),
        headline=headline,
        plain=plain,
        order=tuple(hashes),
        run=size,
        shingles=frozenset(hashes),
        kept=(*(kept(hashes) if len(body) >= least else ()), *marks),
        is_bare=is_bare,
        apart=apart,
    )


def shingles(title: str, text: str) -> frozenset[int]:
    """Hash all runs of the words that are compared → signed 64-bit numbers."""
    return read(title, text).shingles


def sampled(title: str, text: str) -> bytes:
    """Give what the archive keeps of a text → ``Prints.shingles``."""
    return packed(read(title, text).kept)


def prints_of(title: str, text: str) -> Prints:
    """Make what a text is compared by, without what its site puts around every text."""
    reading = read(title, text)
    weighed, count = terms(reading.headline, "" if reading.is_bare else reading.plain)
    return Prints(shingles=packed(reading.kept), terms=weighed, words=count)


def packed(hashes: Collection[int]) -> bytes:
    """Write signed 64-bit numbers: 8 bytes each, little-endian, rising, each once."""
    rising = sorted(set(hashes))
    return struct.pack(f"<{len(rising)}q", *rising)


def run_hashes(tokens: list[str], size: int) -> list[int]:
    """Hash each run of so many words, in order; a text that is shorter is one run."""
    if not tokens:
        return []
    coded = " ".join(tokens).encode("utf-8", "surrogatepass").split(b" ")
    runs = zip(*(coded[at:] for at in range(size)), strict=False) if len(coded) >= size else [coded]
    unsigned = [*map(xxh3_64_intdigest, map(b" ".join, runs))]
    return list(struct.unpack(f"<{len(unsigned)}q", struct.pack(f"<{len(unsigned)}Q", *unsigned)))


def kept(hashes: list[int]) -> set[int]:
    """Choose the hashes that are kept: the same in every copy of a text, wherever it is cut."""
    chosen = {each for each in hashes if not each % KEPT_OF}
    chosen.update(each for each in hashes[:LEAD_RUNS] if not each % KEPT_OF_LEAD)
    if len(chosen) < MIN_KEPT:
        chosen.update(sorted(set(hashes) - chosen)[: MIN_KEPT - len(chosen)])
    return chosen


def title_hash(title: Collection[str]) -> int:
    """Hash a whole title; no run of a text has the same."""
    unsigned = xxh3_64_intdigest(" ".join(title).encode("utf-8", "surrogatepass"), seed=TITLE_SEED)
    return unsigned - (1 << 64) if unsigned >> 63 else unsigned


def is_unspaced(tokens: Collection[str]) -> bool:
    """Tell whether most words are single characters of a script without spaces."""
    if not tokens or "".join(tokens).isascii():
        return False
    return 2 * sum(1 for each in tokens if len(each) == 1 and UNSPACED.match(each)) > len(tokens)
