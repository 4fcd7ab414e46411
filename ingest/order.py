"""In which order rules are asked: each behind those whose tags it asks for, wherever it stands in the config. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from db.query_tree import And, Not, Or, Query, Tag


class Asked(NamedTuple):
    """A rule as far as its place matters: its query, and the tag that it gives, (kind, name); None: it gives none."""

    query: Query
    gives: tuple[str, str] | None


class CircleError(ValueError):
    """Rules that wait for each other's tags. ``way``: their numbers; each asks for what the next one gives.

    The last one asks for what the first gives; of a rule that asks for its own tag it is that one alone.
    """

    def __init__(self, way: tuple[int, ...]) -> None:
        super().__init__(f"rules {way} wait for each other")
        self.way = way


def tags_asked(query: Query) -> Iterator[tuple[str, str]]:
    """Yield the tags that a query asks for, also behind a NOT."""
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                yield from tags_asked(part)
        case Not(part):
            yield from tags_asked(part)
        case Tag(kind, name):
            yield kind, name


def in_order(rules: Sequence[Asked]) -> tuple[int, ...]:
    """Order rules → their numbers; those that wait for none stay as they stand. Raises CircleError."""
    givers: dict[tuple[str, str], list[int]] = {}
    for number, rule in enumerate(rules):
        if rule.gives is not None:
            givers.setdefault(rule.gives, []).append(number)
    if not givers:
        return tuple(range(len(rules)))
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for number, rule in enumerate(rules):
        before = [giver for tag in tags_asked(rule.query) for giver in givers.get(tag, ())]
        if number in before:  # the sorter does not see a circle of one
            raise CircleError((number,))
        sorter.add(number, *before)
    try:
        return tuple(sorter.static_order())
    except CycleError as error:
        # each gives what the next one asks for, and the last is the first: told from who asks
        raise CircleError(tuple(reversed(error.args[1][1:]))) from None
