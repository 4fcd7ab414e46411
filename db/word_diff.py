"""Which words of two texts differ: the shortest edit, under a bound, made readable. Pure.

The rule is Myers's (An O(ND) Difference Algorithm, 1986): its cost grows with what differs, not with what is alike, and
a bound on it bounds the cost of texts that were made to be hard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from db.text import UNSPACED

MAX_SHOWN_EDITS = 1_500
"""Of words, for people: past it two texts have so little in common that one stands after the other."""

_PIECE = re.compile(rf"(?:{UNSPACED.pattern}|(?:(?!{UNSPACED.pattern})\S)+)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """A place where two sequences differ: ``old[from_:to]`` became ``new[new_from:new_to]``."""

    from_: int
    to: int
    new_from: int
    new_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A run of a text's words with the white space between: in both texts, only in the old, only in the new."""

    kind: Literal["same", "removed", "added"]
    text: str


def hunks(old: Sequence[str], new: Sequence[str], most: int) -> list[Hunk] | None:
    """Find where two sequences of words differ → in order; None: more than ``most`` words differ.

    Words that were only added, or only removed, in one place may be more.
    """
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    if not a and not b:
        return []
    if not a or not b:  # only added, or only removed: nothing to search for
        return [Hunk(from_=head, to=head + len(a), new_from=head, new_to=head + len(b))]
    trail = _trail(a, b, most)
    return None if trail is None else [_moved(each, head) for each in _gathered(a, b, trail)]


def _trail(a: Sequence[str], b: Sequence[str], most: int) -> list[dict[int, int]] | None:
    """Go as far as one, two … edits lead → for each number of edits, how far on each diagonal; None: not to the end."""
    furthest = {1: 0}
    trail = []
    for edits in range(min(most, len(a) + len(b)) + 1):
        trail.append(furthest)
        furthest = dict(furthest) if edits == 0 else {k: x for k, x in furthest.items() if abs(k) <= edits}
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and furthest.get(k - 1, -1) < furthest.get(k + 1, -1))
            x = furthest[k + 1] if down else furthest[k - 1] + 1
            while x < len(a) and 0 <= x - k < len(b) and a[x] == b[x - k]:
                x += 1
            furthest[k] = x
            if x >= len(a) and x - k >= len(b):
                return trail
    return None


def _gathered(a: Sequence[str], b: Sequence[str], trail: list[dict[int, int]]) -> list[Hunk]:
    """Go the way back, and gather edits that touch."""
    x, y = len(a), len(b)
    found: list[Hunk] = []
    for edits in range(len(trail) - 1, 0, -1):
        furthest, k = trail[edits], x - y
        down = k == -edits or (k != edits and furthest.get(k - 1, -1) < furthest.get(k + 1, -1))
        before = k + 1 if down else k - 1
        from_x = furthest[before]
        from_y = from_x - before
        to_x, to_y = (from_x, from_y + 1) if down else (from_x + 1, from_y)
        if found and (found[-1].from_, found[-1].new_from) == (to_x, to_y):
            after = found.pop()
            found.append(Hunk(from_=from_x, to=after.to, new_from=from_y, new_to=after.new_to))
        else:
            found.append(Hunk(from_=from_x, to=to_x, new_from=from_y, new_to=to_y))
        x, y = from_x, from_y
    return found[::-1]


def _moved(hunk: Hunk, by: int) -> Hunk:
    return Hunk(from_=hunk.from_ + by, to=hunk.to + by, new_from=hunk.new_from + by, new_to=hunk.new_to + by)


def readable(found: Sequence[Hunk], old: Sequence[str]) -> list[Hunk]:
    """Join changes between which there is less than was changed on either side: single words that happen to agree."""
    made: list[Hunk] = []
    for hunk in found:
        if made and hunk.from_ - made[-1].to <= min(_size(made[-1]), _size(hunk), 3):
            last = made.pop()
            made.append(Hunk(from_=last.from_, to=hunk.to, new_from=last.new_from, new_to=hunk.new_to))
        else:
            made.append(hunk)
    assert all(hunk.to <= len(old) for hunk in made)
    return made


def _size(hunk: Hunk) -> int:
    return max(hunk.to - hunk.from_, hunk.new_to - hunk.new_from) - 1


def pieces(text: str) -> list[str]:
    """Take a text apart into words, or characters of scripts without spaces, each with the white space behind it."""
    return _PIECE.findall(text.lstrip())


def diff(old: str, new: str, most: int = MAX_SHOWN_EDITS) -> list[Part]:
    """Compare two texts word by word (in scripts without spaces: by character) → their runs, in order.

    Where more than ``most`` words differ, one text stands after the other. White space is not compared; of what both
    have, that of the new one is given.
    """
    before, after = pieces(old), pieces(new)
    a, b = [piece.rstrip() for piece in before], [piece.rstrip() for piece in after]
    found = hunks(a, b, most)
    if found is None:
        found = [Hunk(from_=0, to=len(a), new_from=0, new_to=len(b))]
    parts: list[Part] = []
    at = 0
    for hunk in readable(found, a):
        parts += [
            Part(kind="same", text="".join(after[at : hunk.new_from])),
            Part(kind="removed", text="".join(before[hunk.from_ : hunk.to])),
            Part(kind="added", text="".join(after[hunk.new_from : hunk.new_to])),
        ]
        at = hunk.new_to
    parts.append(Part(kind="same", text="".join(after[at:])))
    return [part for part in parts if part.text]
