"""Why a query takes a story, or does not: which of its words matched, which failed, told in words. Pure.

Each leaf is asked by itself, by the SQL that the whole query is asked by; what AND, OR and NOT make of it is here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from db.query import And, Not, Or, Query
from db.query_text import written
from db.text import fold


class Seen(NamedTuple):
    """What was seen of a leaf in a story: does it hold, the words of the text that it found, what the story has."""

    holds: bool
    words: tuple[str, ...] = ()
    has: str | None = None


Look = Callable[[Query], Seen]
"""Asks one leaf of one story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a query: ``matched`` and ``failed`` are its parts in words, each with what was found."""

    takes: bool
    matched: tuple[str, ...]
    failed: tuple[str, ...]

    def __str__(self) -> str:
        told = [f"{name}: {', '.join(parts)}" for name, parts in (("matched", self.matched), ("failed", self.failed))]
        return "; ".join(part for part, some in zip(told, (self.matched, self.failed), strict=True) if some)


def verdict(query: Query, look: Look) -> Verdict:
    """Ask a query's leaves of one story → what came of it. A leaf that stands twice is asked once."""
    seen: dict[Query, Seen] = {}

    def known(leaf: Query) -> Seen:
        if leaf not in seen:
            seen[leaf] = look(leaf)
        return seen[leaf]

    takes = holds(query, known)
    matched, failed = reasons(query, known)
    return Verdict(takes=takes, matched=tuple(dict.fromkeys(matched)), failed=tuple(dict.fromkeys(failed)))


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


def reasons(query: Query, look: Look) -> tuple[list[str], list[str]]:
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
            because = ", ".join(reasons(part, look)[0])
            return [], [f"{written(query)}: it has {because}"]
        case Or() | Not():
            told = [written(query)]
            return (told, []) if isinstance(query, Not) else ([], told)
    seen = look(query)
    told = [leaf_told(query, seen)]
    return (told, []) if seen.holds else ([], told)


def leaf_told(leaf: Query, seen: Seen) -> str:
    """Write a leaf, with what was found where that is not just what it says."""
    text = written(leaf)
    plain = fold(text).strip('"')
    found = [word for word in seen.words if fold(word) != plain]
    if found:
        return f"{text} ({', '.join(f'“{word}”' for word in found)})"
    return f"{text} ({seen.has})" if seen.has is not None else text
