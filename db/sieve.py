"""Which of many queries can take what lies on the desk? Only these are asked of it. Pure.

Of each query it is known which *atoms* must be there, whatever else it asks: words or their beginnings, tags, sources.
A query of which nothing can be said (NOT, a range) is always asked. So the answers are those of the queries themselves.

Atoms are text: ``word``, ``begin*``, ``kind:name`` (``:name``: of any kind), ``@source``, ``#3`` for three sources or
more, ``/host``, ``~language``. A word of the index has none of these signs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from db.query_tree import Ago, And, Domain, Lang, Near, Or, Query, Source, Sources, Tag, Text, When, leaves

Way = frozenset[str]
"""Atoms that must all be there. What a query takes has all of one of its ways; an empty one: that may be anything."""

ANY_WAY: Sequence[Way] = (frozenset(),)

MAX_WAYS = 64
"""Of an AND of several ORs; what would make more of them is left to the query itself."""

PREFIX_CHARS = 5
"""By so many characters a beginning is looked for: of the few stories with those, the query itself is asked."""

SHARE_BY_LENGTH = (1.0, 1.0, 0.5, 0.2, 0.08, 0.05, 0.03, 0.02)
"""About the share of stories that have a word of so many characters; of a longer one, the last."""

SHARE_BY_SIGN = {"@": 0.005, "/": 0.01, "#": 0.2, "~": 0.3}
SHARE_OF_TAG = 0.02


class Asks(Protocol):
    """A rule or a topic, as far as the desk must know it."""

    @property
    def query(self) -> Query: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Sieve:
    """Queries by what they need.

    ``anchored``: by the rarest atom of each way, the queries with what else they need there, but for tags, which may
    come later. ``tagged``: all ways of the queries that need any. ``always``: those that may take anything.
    ``begins``: the beginnings that are asked for, by length.
    """

    anchored: Mapping[str, Sequence[tuple[int, Way]]]
    tagged: Mapping[int, Sequence[Way]]
    always: Sequence[int]
    begins: Mapping[int, frozenset[str]]

    def among(self, atoms: set[str]) -> list[int]:
        """Find the queries that these atoms bring up → their numbers, each as often as it is brought up."""
        found = list(self.always)
        for atom in self.anchored.keys() & atoms:
            found += self.with_atom(atom, atoms)
        return found

    def with_atom(self, atom: str, atoms: set[str]) -> list[int]:
        """Find those of them that one of the atoms brings up."""
        return [number for number, fixed in self.anchored.get(atom, ()) if fixed <= atoms]

    def can_take(self, number: int, atoms: set[str]) -> bool:
        """Tell whether a query that was brought up has the tags that it needs."""
        ways = self.tagged.get(number)
        return ways is None or any(way <= atoms for way in ways)

    def begun(self, words: Iterable[str]) -> set[str]:
        """Find which of the beginnings that are asked for these words have → atoms."""
        found: set[str] = set()
        for length, wanted in self.begins.items():
            found |= wanted & {word[:length] for word in words}
        return {f"{begin}*" for begin in found}


def sieve_of(asked: Sequence[Asks], words_of: Callable[[Iterable[str]], Mapping[str, Sequence[str]]]) -> Sieve:
    """Sort queries by what they need. ``words_of`` splits phrases as the index does."""
    phrases = {text.phrase for one in asked for text in texts(one.query)}
    words = words_of(phrases)
    anchored: dict[str, list[tuple[int, Way]]] = {}
    tagged: dict[int, Sequence[Way]] = {}
    always: list[int] = []
    begins: dict[int, set[str]] = {}
    for number, one in enumerate(asked):
        ways = ways_of(one.query, words)
        if not all(ways):
            always.append(number)
            continue
        for way in ways:
            fixed = frozenset(atom for atom in way if ":" not in atom)
            anchored.setdefault(min(way, key=share), []).append((number, fixed))
            if fixed != way:
                tagged[number] = ways
            for begin in (atom[:-1] for atom in way if atom.endswith("*")):
                begins.setdefault(len(begin), set()).add(begin)
    return Sieve(
        anchored=anchored,
        tagged=tagged,
        always=always,
        begins={length: frozenset(begun) for length, begun in sorted(begins.items())},
    )


def texts(query: Query) -> Iterator[Text]:
    """Yield the words and phrases of a query."""
    for leaf in leaves(query):
        if isinstance(leaf, Text):
            yield leaf
        elif isinstance(leaf, Near):
            yield from leaf.parts


def is_timed(query: Query) -> bool:
    """Tell whether a query asks for a time that moves with the present."""
    return any(isinstance(leaf, When) and (Ago in map(type, (leaf.since, leaf.before))) for leaf in leaves(query))


def atoms_of_tag(kind: str, name: str) -> tuple[str, str]:
    """Give the atoms that are there with a tag."""
    return f"{kind}:{name}", f":{name}"


def atoms_of_sources(ids: Iterable[str], most: int) -> list[str]:
    """Give the atoms that are there with sources, of which one story has so many at most."""
    return [*(f"@{id_}" for id_ in ids), *(f"#{count}" for count in range(2, most + 1))]


def atoms_of_host(host: str) -> list[str]:
    """Give the atoms that are there with a host, ``uk.co.bbc.www``: it and those above it."""
    parts = host.split(".")
    return [f"/{'.'.join(parts[:count])}" for count in range(1, len(parts) + 1)]


def atoms_of_language(language: str) -> list[str]:
    """Give the atoms that are there with a language, ``pt-BR``: it and those that it is a kind of."""
    parts = language.lower().split("-")
    return [f"~{'-'.join(parts[:count])}" for count in range(1, len(parts) + 1)]


def ways_of(query: Query, words: Mapping[str, Sequence[str]]) -> Sequence[Way]:
    """List the ways in which a query can take something; that of all things, alone, where that can't be said."""
    match query:
        case And(parts) | Near(parts):
            return crossed([ways_of(part, words) for part in parts])
        case Or(parts):
            found = tuple(dict.fromkeys(way for part in parts for way in ways_of(part, words)))
            return found if all(found) else ANY_WAY
        case Text(_, phrase, prefix) if words[phrase]:
            *before, last = words[phrase]
            return (frozenset([*before, f"{last[:PREFIX_CHARS]}*" if prefix else last]),)
        case Tag(kind, name, prefix=False):
            return (frozenset([f"{kind}:{name}"]),)
        case Source(id_):
            return (frozenset([f"@{id_}"]),)
        case Sources(least, _) if least > 1:
            return (frozenset([f"#{least}"]),)
        case Domain(host):
            return (frozenset([f"/{host}"]),)
        case Lang(code):
            return (frozenset([f"~{code}"]),)
    return ANY_WAY


def crossed(parts: Sequence[Sequence[Way]]) -> Sequence[Way]:
    """Put the ways of parts together that must all hold, those of few ways first."""
    found = ANY_WAY
    for ways in sorted(parts, key=len):
        if len(found) * len(ways) <= MAX_WAYS:
            found = tuple(dict.fromkeys(one | other for one in found for other in ways))
    return found


def share(atom: str) -> float:
    """Guess which share of stories has an atom."""
    if atom[0] in SHARE_BY_SIGN:
        return SHARE_BY_SIGN[atom[0]]
    if ":" in atom:
        return SHARE_OF_TAG
    return SHARE_BY_LENGTH[min(len(atom), len(SHARE_BY_LENGTH) - 1)]
