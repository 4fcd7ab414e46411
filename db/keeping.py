"""How long stories are kept, and which have had their time, told from the ids of their entries. Pure.

Ids rise with first sight. So an age, and a number of the newest, are both an id for each source: what is below it has
had its time there. A story goes as a whole, when all of its entries have had theirs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Literal, NamedTuple

FOREVER = math.inf

LEAST = timedelta(days=28)
"""Whatever is asked for, nothing goes that was first seen, or changed, in so long: as long as copies are looked for.

Otherwise the copy of a story that is gone would be a story of its own, and be announced again.
"""

Why = Literal["age", "count"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """What is kept of a source: stories and the HTML of their entries for so many seconds, so many of its entries."""

    stories_s: float = FOREVER
    bodies_s: float = FOREVER
    per_source: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Except:
    """What is kept for ever: stories that topics have, that a person pinned, that have a tag of these patterns."""

    published: bool = True
    pinned: bool = True
    tagged: tuple[str, ...] = ()


class Line(NamedTuple):
    """Of a source the ids below which entries have had their time: by age, by count; and their HTML has."""

    aged: int
    counted: int
    bodies: int


class Coverage(NamedTuple):
    """An entry in a story."""

    story_id: int
    source_id: int
    entry_id: int


class Past(NamedTuple):
    """What has had its time: stories, each with the reason; other stories, of whose entries the HTML has."""

    stories: Mapping[int, Why]
    bodies: Mapping[int, Sequence[int]]


def past(rows: Iterable[Coverage], lines: Mapping[int, Line]) -> Past:
    """Tell what of some stories has had its time; ``rows``: all of their entries, story by story.

    ``lines`` by source; a source without one keeps all. A story loses HTML only where all of its entries have had
    theirs: who reads it finds it as it was, or as plain text.
    """
    stories: dict[int, Why] = {}
    bodies: dict[int, list[int]] = {}
    for story, some in groupby(rows, key=lambda row: row.story_id):
        entries = [(entry, lines.get(source, KEEPS_ALL)) for _, source, entry in some]
        if all(entry < line.aged for entry, line in entries):
            stories[story] = "age"
        elif all(entry < max(line.aged, line.counted) for entry, line in entries):
            stories[story] = "count"
        elif all(entry < line.bodies for entry, line in entries):
            bodies[story] = [entry for entry, _ in entries]
    return Past(stories, bodies)


KEEPS_ALL = Line(0, 0, 0)


def together(edges: Iterable[tuple[int, int]], ids: Iterable[int]) -> list[frozenset[int]]:
    """Part ids into those that hang together by pairs of them → the groups; a pair may name others."""
    group: dict[int, set[int]] = {id_: {id_} for id_ in ids}
    for one, other in edges:
        a, b = group.setdefault(one, {one}), group.setdefault(other, {other})
        if a is not b:
            small, large = sorted((a, b), key=len)
            large |= small
            group.update(dict.fromkeys(small, large))
    return [frozenset(some) for some in {id(some): some for some in group.values()}.values()]
