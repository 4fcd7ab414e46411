"""How rare a word is: by counts that come with the program, and by those of the archive's own stories. IO: files.

The counts that come with it (``commonness.bin``) were made by ``bench/commonness.py``, which names its texts. They are
there so that the first stories are judged well; what the archive holds outweighs them as it grows.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from sys import byteorder

PRIOR = 10_000
"""So many stories the counts that come with the program are worth, beside those of the archive."""

STEP = 20
"""Shares are kept as a byte: by the logarithm, in steps of 1/20 (5 %)."""

FILE = "commonness.bin"


@dataclass(frozen=True, slots=True)
class Table:
    """Terms, rising, and of each the share of texts that have it: the byte n stands for exp(-n / STEP)."""

    terms: array[int]
    levels: bytes

    def share(self, term: int) -> float:
        """Give the share of texts that have a term; 0.0 where it is in none."""
        at = bisect_left(self.terms, term)
        if at == len(self.terms) or self.terms[at] != term:
            return 0.0
        return SHARES[self.levels[at]]

    def packed(self) -> bytes:
        """Give the file's bytes: the terms (4 bytes each, little-endian), then the levels."""
        terms = array("I", self.terms)
        if byteorder == "big":
            terms.byteswap()
        return terms.tobytes() + self.levels


SHARES = tuple(math.exp(-level / STEP) for level in range(256))


def level(share: float) -> int:
    """Give the byte for a share of texts (more than 0, at most 1)."""
    return max(0, min(255, round(-math.log(share) * STEP)))


def read(blob: bytes) -> Table:
    """Read a file's bytes. Raises ValueError where they are no table."""
    count, rest = divmod(len(blob), 5)
    if rest:
        raise ValueError(f"{FILE} is torn: 5 bytes a term, {rest} too many")
    terms = array("I", blob[: 4 * count])
    if byteorder == "big":
        terms.byteswap()
    return Table(terms, blob[4 * count :])


@cache
def shipped() -> Table:
    """Read the counts that come with the program, once in a process."""
    return read((files("ingest") / FILE).read_bytes())


def rarity(table: Table, learned: Mapping[int, int], stories: int) -> Callable[[int], float]:
    """Make what tells how rare a term is, above 0: the logarithm of one in how many stories has it.

    ``learned``: in how many of the archive's ``stories`` a term stood; a term that it lacks stood in none.
    """
    whole = PRIOR + stories + 1.0

    def of(term: int) -> float:
        return math.log(whole / (PRIOR * table.share(term) + min(learned.get(term, 0), stories) + 0.5))

    return of
