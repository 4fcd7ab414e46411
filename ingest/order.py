"""In which order rules are asked: each behind those whose tags it asks for, wherever it stands in the config. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from db.query_tree import Has, Query, Tag, leaves


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


def asks_for(query: Query, given: Collection[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the tags of ``given`` that a query asks for, also behind a NOT, and also as any of a kind or of a name."""
    for leaf in leaves(query):
        match leaf:
            case Has("tag"):
                yield from given
            case Tag(kind, name, prefix) if prefix or not kind:
                for tag in given:
                    if kind in ("", tag[0]) and (tag[1].startswith(name) if prefix else tag[1] == name):
                        yield tag
            case Tag(kind, name) if (kind, name) in given:
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
        before = [giver for tag in asks_for(rule.query, givers.keys()) for giver in givers[tag]]
        if number in before:  # the sorter does not see a circle of one
            raise CircleError((number,))
        sorter.add(number, *before)
    try:
        return tuple(sorter.static_order())
    except CycleError as error:
        # each gives what the next one asks for, and the last is the first: told from who asks
        raise CircleError(tuple(reversed(error.args[1][1:]))) from None
