"""Which of many queries can take what lies on the desk? Only these are asked of it. Pure.

Of each query it is known which *atoms* must be there, whatever else it asks: a word or its beginning, a tag, a source.
A query that nothing can be said of (NOT, a range) is always asked. So the answers are those of the queries themselves.

Atoms are text: ``word``, ``begin*``, ``kind:name`` (``:name``: of any kind), ``@source``, ``/host``, ``~language``; a
word of the index has none of these signs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Protocol

from db.query_tree import Ago, And, Domain, Lang, Near, Or, Query, Source, Tag, Text, When, leaves

Clause = frozenset[str]
"""Atoms of which one at least is there in all that a query takes."""

MAX_CLAUSES = 4
"""The rarest of a query: one more would hardly ever keep it from being asked."""

PREFIX_CHARS = 5
"""By so many characters a beginning is looked for: of the few stories with those, the query itself is asked."""

COST_BY_LENGTH = (1.0, 1.0, 0.5, 0.2, 0.08, 0.05, 0.03, 0.02)
"""About the share of stories that have a word of so many characters; of a longer one, the last."""

COST_BY_SIGN = {"@": 0.005, "/": 0.01, "~": 0.3}
COST_OF_TAG = 0.02


class Asks(Protocol):
    """A rule or a topic, as far as the desk must know it."""

    @property
    def query(self) -> Query: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Sieve:
    """Queries by what they need.

    ``anchored``: by each atom, the numbers of the queries of which it is in the rarest clause; ``clauses``: those of
    each. ``always``: the numbers of those that have none. ``begins``: the beginnings that are asked for, by length.
    """

    anchored: Mapping[str, Sequence[int]]
    clauses: Sequence[Sequence[Clause]]
    always: Sequence[int]
    begins: Mapping[int, frozenset[str]]

    def among(self, atoms: set[str]) -> list[int]:
        """Find the queries that these atoms bring up → their numbers, each as often as it is brought up."""
        found = list(self.always)
        for atom in self.anchored.keys() & atoms:
            found += self.anchored[atom]
        return found

    def can_take(self, number: int, atoms: set[str]) -> bool:
        """Tell whether all that a query needs is there."""
        return not any(clause.isdisjoint(atoms) for clause in self.clauses[number])

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
    clauses = [needs(one.query, words)[:MAX_CLAUSES] for one in asked]
    anchored: dict[str, list[int]] = {}
    begins: dict[int, set[str]] = {}
    for number, needed in enumerate(clauses):
        for atom in needed[0] if needed else ():
            anchored.setdefault(atom, []).append(number)
        for atom in frozenset().union(*needed):
            if atom.endswith("*"):
                begins.setdefault(len(atom) - 1, set()).add(atom[:-1])
    return Sieve(
        anchored=anchored,
        clauses=clauses,
        always=[number for number, needed in enumerate(clauses) if not needed],
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


def atoms_of_host(host: str) -> list[str]:
    """Give the atoms that are there with a host, ``uk.co.bbc.www``: it and those above it."""
    parts = host.split(".")
    return [f"/{'.'.join(parts[:count])}" for count in range(1, len(parts) + 1)]


def atoms_of_language(language: str) -> list[str]:
    """Give the atoms that are there with a language, ``pt-BR``: it and those that it is a kind of."""
    parts = language.lower().split("-")
    return [f"~{'-'.join(parts[:count])}" for count in range(1, len(parts) + 1)]


def needs(query: Query, words: Mapping[str, Sequence[str]]) -> list[Clause]:
    """List what must be there in all that a query takes, the rarest first; nothing: that can't be said."""
    found: list[Clause] = []
    match query:
        case And(parts):
            found = [clause for part in parts for clause in needs(part, words)]
        case Or(parts):
            each = [needs(part, words) for part in parts]
            if all(each):  # one of the parts takes it, so of these clauses, one of each part, one at least holds
                rows = zip_longest(*each)
                found = [frozenset().union(*(c or each[n][0] for n, c in enumerate(row))) for row in rows]
        case Text(_, phrase, prefix):
            found = [frozenset([word]) for word in words[phrase]]
            if prefix and found:
                found[-1] = frozenset([f"{words[phrase][-1][:PREFIX_CHARS]}*"])
        case Near(parts):
            found = [clause for part in parts for clause in needs(part, words)]
        case Tag(kind, name, prefix=False):
            found = [frozenset([f"{kind}:{name}"])]
        case Source(id_):
            found = [frozenset([f"@{id_}"])]
        case Domain(host):
            found = [frozenset([f"/{host}"])]
        case Lang(code):
            found = [frozenset([f"~{code}"])]
    return sorted(dict.fromkeys(found), key=cost)


def cost(clause: Clause) -> float:
    """Guess which share of stories a clause lets through."""
    return sum(map(cost_of, clause))


def cost_of(atom: str) -> float:
    """Guess which share of stories has an atom."""
    if atom[0] in COST_BY_SIGN:
        return COST_BY_SIGN[atom[0]]
    if ":" in atom:
        return COST_OF_TAG
    return COST_BY_LENGTH[min(len(atom), len(COST_BY_LENGTH) - 1)]
