"""A query as a tree: what rules, topics and search ask, whoever compiles or explains it. Pure.

``db/query.py`` reads it from text, ``db/query_names.py`` looks up what it names, ``db/query_sql.py`` compiles it.
Trees are equal where they ask the same: the columns in which things stand do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

TextField = Literal["", "title", "text"]
Holding = Literal["enclosure", "author", "link", "event", "tag", "date", "language"]
State = Literal["dropped", "held", "hidden", "withheld", "pinned"]


@dataclass(frozen=True, slots=True)
class Text:
    """A word or phrase, folded; ``field`` "": in title or text. ``prefix``: its last word may go on."""

    field: TextField
    phrase: str
    prefix: bool


@dataclass(frozen=True, slots=True)
class Near:
    """Words or phrases of one field, in any order, with at most ``within`` words between the first and the last."""

    parts: tuple[Text, ...]
    within: int


@dataclass(frozen=True, slots=True)
class Author:
    """Words of one name that an entry of the story is signed with, folded; ``prefix``: the last one may go on."""

    phrase: str
    prefix: bool


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag; ``kind`` "": of any kind. ``prefix``: its name may go on; "" with it is any name.

    ``column`` is 0 where the query says itself that it is a tag (``tag:kind:name``).
    """

    kind: str
    name: str
    prefix: bool = False
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Source:
    """A source's config id."""

    id: str
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Domain:
    """A host of an entry's link, or one below it, as the archive keeps hosts: ``uk.co.bbc`` (db/hosts.py)."""

    host: str


@dataclass(frozen=True, slots=True)
class Sources:
    """How many different sources carry it: from ``least`` to ``most``; None: any number above."""

    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Words:
    """How many words title and text have, likewise."""

    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Lang:
    """A language, with all its regions."""

    code: str


@dataclass(frozen=True, slots=True)
class Ago:
    """A time so many seconds before the present, or after it; ``day``: before the beginning of today, in UTC."""

    seconds: int
    day: bool = False


Moment = str | Ago
"""A time as the archive has them, or one that moves with the present."""


@dataclass(frozen=True, slots=True)
class When:
    """When it was published or first seen: not before ``since``, and before ``before``; None: whenever."""

    field: Literal["published", "seen"]
    since: Moment | None
    before: Moment | None


@dataclass(frozen=True, slots=True)
class Has:
    """Something that a story may have: a file, an author, a link, another story of its event."""

    what: Holding


@dataclass(frozen=True, slots=True)
class OfEvent:
    """An event's id."""

    id: int


@dataclass(frozen=True, slots=True)
class Is:
    """What became of the story by a rule or a person; of no use to rules and topics, which come before."""

    what: State
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved query or a topic, by its id; ``db/query_names.py`` puts the query itself in its place."""

    id: str
    column: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """All of these; of none: every story."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these; of none: no story."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    part: Query


Leaf = Text | Near | Author | Tag | Source | Domain | Sources | Words | Lang | When | Has | OfEvent | Is | Saved
Query = Leaf | And | Or | Not


def leaves(query: Query) -> Iterator[Leaf]:
    """Yield the leaves, in the order in which they stand."""
    match query:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield query


def depth(query: Query) -> int:
    """Count how deep AND, OR and NOT nest; a leaf is 0 deep."""
    match query:
        case And(parts) | Or(parts):
            return 1 + max(map(depth, parts), default=0)
        case Not(part):
            return 1 + depth(part)
    return 0
