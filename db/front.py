"""Which of a topic's selections have a place in its feed, by its policy. Pure.

What others have pushed off never comes back by itself: readers that have forgotten it would take it for new. Of the
newest so many, none ever does. A share for each source and an order by coverage could bring one back, when a lead or
the coverage changes: there it is noted what was shown (``selections.front``), and what lost its place is passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from db.output import Policy

REACH, LEAST_REACH = 20, 1000
"""Places are filled from the newest so many times ``limit`` selections, and from at least so many: not from all."""


class Candidate(NamedTuple):
    """A selection: the source that leads its story, how many carry that, whether it has left the feed already."""

    id: int
    source: int | None
    sources: int
    has_left: bool


def reach(policy: Policy) -> int:
    """Tell how many of the newest selections are looked at."""
    return policy.limit if policy.is_plain else max(REACH * policy.limit, LEAST_REACH)


def places(candidates: Sequence[Candidate], policy: Policy) -> list[int]:
    """Give out the places in the feed → the selections that have one, first to last.

    ``candidates`` are newest first. Of two that as many sources carry, the newer one goes first: what is new is told at
    once, unless better covered stories have all the places.
    """
    ranked = sorted(candidates, key=lambda one: -one.sources) if policy.order == "coverage" else candidates
    taken: list[int] = []
    shares: Counter[int | None] = Counter()
    for one in ranked:
        if len(taken) == policy.limit:
            break
        if one.has_left or (policy.per_source is not None and shares[one.source] == policy.per_source):
            continue
        shares[one.source] += 1
        taken.append(one.id)
    return taken
