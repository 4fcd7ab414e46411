"""Why a query takes a story, or does not: which of its words matched, which failed, told in words. Pure.

Each leaf is asked by itself, by the SQL that the whole query is asked by; what AND, OR and NOT make of it is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from db.query_text import written
from db.query_tree import And, Not, Or, Query, Text
from db.text import fold


class Seen(NamedTuple):
    """What was seen of a leaf in a story: does it hold, the words that it found, what the story has in that field."""

    holds: bool
    words: tuple[str, ...] = ()
    has: str | None = None


Look = Callable[[Query], Seen]
"""Asks one leaf of one story."""


class Reason(NamedTuple):
    """A part of a query as it is told, and what of the story it found: words of its text, or the part itself."""

    part: str
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a query: ``matched`` and ``failed`` are its parts, ``found`` what of the story matched."""

    takes: bool
    matched: tuple[str, ...]
    failed: tuple[str, ...]
    found: tuple[str, ...]

    def __str__(self) -> str:
        told = [("matched", self.matched), ("failed", self.failed)]
        return "; ".join(f"{name}: {', '.join(parts)}" for name, parts in told if parts)


def verdict(query: Query, look: Look) -> Verdict:
    """Ask a query's leaves of one story → what came of it. A leaf that stands twice is asked once."""
    seen: dict[Query, Seen] = {}

    def known(leaf: Query) -> Seen:
        if leaf not in seen:
            seen[leaf] = look(leaf)
        return seen[leaf]

    matched, failed = reasons(query, known)
    return Verdict(
        takes=holds(query, known),
        matched=each(reason.part for reason in matched),
        failed=each(reason.part for reason in failed),
        found=each(one for reason in matched for one in reason.found),
    )


def holds(query: Query, look: Look) -> bool:
    """Tell whether a story is taken."""
    match query:
        case And(parts):
            return all(holds(part, look) for part in parts)
        case Or(parts):
            return any(holds(part, look) for part in parts)
        case Not(part):
            return not holds(part, look)
    return look(query).holds


def reasons(query: Query, look: Look) -> tuple[list[Reason], list[Reason]]:
    """Find what made a query take a story, and what kept it from it.

    Of alternatives that match those count that do; where none does, they failed together.
    """
    match query:
        case And(parts):
            found = [reasons(part, look) for part in parts]
            return [one for matched, _ in found for one in matched], [one for _, failed in found for one in failed]
        case Or(parts) if holds(query, look):
            return [one for part in parts if holds(part, look) for one in reasons(part, look)[0]], []
        case Not(part) if holds(part, look):
            has = ", ".join(each(reason.part for reason in reasons(part, look)[0]))
            return [], [Reason(f"{written(query)} (it has {has})" if has else written(query), ())]
        case Not():
            return [Reason(written(query), ())], []
        case Or(parts):
            some = each(one.part for part in parts for one in reasons(part, look)[0] if not one.part.startswith("NOT "))
            return [], [Reason(f"{written(query)} (of that it has {', '.join(some)})" if some else written(query), ())]
    seen = look(query)
    told = [leaf_told(query, seen)]
    return (told, []) if seen.holds else ([], told)


def wanted_leaves(query: Query) -> Iterator[Query]:
    """Yield the leaves that help a query to take a story where they hold: those under no NOT."""
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                yield from wanted_leaves(part)
        case Not():
            return
        case _:
            yield query


def leaf_told(leaf: Query, seen: Seen) -> Reason:
    """Tell a leaf, with the words that it found where they are not just what it says."""
    text = written(leaf)
    asked = leaf.phrase if isinstance(leaf, Text) else ""
    other = [word for word in seen.words if fold(word) != asked]
    quoted = tuple(f"“{word}”" for word in seen.words)
    found = ", ".join(quoted) if other else seen.has
    told = f"{text} ({found})" if found else text
    return Reason(told, quoted if quoted or not seen.holds else (text,))


def each(parts: Iterable[str]) -> tuple[str, ...]:
    """Keep each once, in their order."""
    return tuple(dict.fromkeys(parts))
