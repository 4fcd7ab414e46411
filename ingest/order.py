"""In which order rules are asked: each behind those whose tags it asks for, wherever it stands in the config. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from db.query_tree import Has, Leaf, Query, Tag, leaves


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


def asks_for(leaf: Leaf, tag: tuple[str, str]) -> bool:
    """Tell whether the answer of a leaf changes with a tag."""
    kind, name = tag
    match leaf:
        case Tag(wanted_kind, wanted, prefix):
            return wanted_kind in ("", kind) and (name.startswith(wanted) if prefix else name == wanted)
        case Has("tag"):
            return True
    return False


def waits_for(query: Query, givers: Mapping[tuple[str, str], Sequence[int]]) -> list[int]:
    """List the rules that give what a query asks for, also behind a NOT. ``givers``: the numbers of rules by tag."""
    found: list[int] = []
    for leaf in leaves(query):
        if isinstance(leaf, Tag) and leaf.kind and not leaf.prefix:
            found += givers.get((leaf.kind, leaf.name), ())
        elif isinstance(leaf, Tag | Has):
            found += (number for tag, numbers in givers.items() if asks_for(leaf, tag) for number in numbers)
    return found


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
        before = waits_for(rule.query, givers)
        if number in before:  # the sorter does not see a circle of one
            raise CircleError((number,))
        sorter.add(number, *before)
    try:
        return tuple(sorter.static_order())
    except CycleError as error:
        # each gives what the next one asks for, and the last is the first: told from who asks
        raise CircleError(tuple(reversed(error.args[1][1:]))) from None
