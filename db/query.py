"""The query language of rules, topics and search: text → a tree (``db/query_tree.py``). Pure.

``docs/query.md`` is its page. Precedence: NOT binds tightest, then AND, then OR, then mere adjacency, which means AND.
So ``moscow kremlin OR putin`` is ``moscow AND (kremlin OR putin)``. Lower-case and, or, not are plain words. Case and
accents never matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from luqum.exceptions import ParseError
from luqum.thread import parse as parse_lucene  # the plain parser mixes trees between threads
from luqum.tree import (
    AndOperation,
    BaseOperation,
    FieldGroup,
    From,
    Group,
    Item,
    OrOperation,
    Phrase,
    Plus,
    Prohibit,
    Proximity,
    Range,
    SearchField,
    To,
    UnknownOperation,
    Word,
)
from luqum.tree import (
    Not as LuceneNot,
)

from db import query_values as values
from db.query_faults import (
    MAX_CHARS,
    MAX_DEPTH,
    MAX_LEVELS,
    MAX_QUOTED,
    MAX_TERMS,
    UNSUPPORTED,
    QueryError,
    check_nesting,
    fault,
    levels,
    quoted,
    syntax_fault,
)
from db.query_tree import And, Author, Has, Leaf, Near, Not, Or, Query, Saved, Tag, Text, TextField, leaves
from db.text import fold, slug

TEXT_FIELDS: dict[str, TextField] = {"": "", "title": "title", "text": "text"}
COUNTED: dict[str, Callable[[Item, str], Leaf]] = {
    "sources": values.number,
    "words": values.number,
    "published": values.when,
    "seen": values.when,
}
"""Fields that take >=, ranges and the like."""

NAMED: dict[str, Callable[[Item, str], Leaf]] = {
    "source": values.source,
    "domain": values.domain,
    "lang": values.language,
    "has": values.holding,
    "is": values.state,
    "event": values.event,
}
"""Fields that take a whole name."""

FIELDS = frozenset({"title", "text", "author", "tag", *COUNTED, *NAMED})
"""No tag kind may have the name of a field."""

QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂〝〞", '"') | dict.fromkeys("‘’‚‛", "'"))
KIND = re.compile(r"[a-z][a-z0-9_-]*\Z")
SAVED_ID = re.compile(r"@([a-z0-9][a-z0-9._-]*)\Z")
STAR = re.compile(r"(?<!\\)[*?]")
STAR_IN_PHRASE = re.compile(r"(?<=\w)\*(?=\s)")
MAX_WITHIN = 1000
"""Words between the first and the last in a query for nearness: more is no nearness."""


class Field(NamedTuple):
    """The field that a part stands in, ``tag:place`` for ``tag:place:…``; "": none. ``column``: where it is named."""

    name: str
    column: int


NO_FIELD = Field("", 0)


@lru_cache(maxsize=4096)  # a config is checked, looked up and asked: each of its queries is read several times
def parse(text: str) -> Query:
    """Read a query; what it names is looked up by ``db/query_names.py``. Raises QueryError."""
    plain = text.translate(QUOTES).rstrip()
    if any("\ud800" <= char <= "\udfff" for char in plain):
        raise QueryError("the query is no whole text; the terminal's encoding and the locale do not agree")
    if not plain:
        raise QueryError("the query is empty; write a word to look for")
    if len(plain) > MAX_CHARS:
        raise QueryError(f"the query has {len(plain)} characters; {MAX_CHARS} are the most")
    check_nesting(plain)
    try:
        tree = parse_lucene(plain)
    except (ParseError, ValueError, ArithmeticError) as error:  # the last two: of a number after ~ or ^
        raise syntax_fault(plain, error) from None
    if levels(tree) > MAX_LEVELS:
        raise QueryError(f"the query's parts nest deeper than {MAX_DEPTH}; make two queries of it")
    query = convert(tree, NO_FIELD, 0)
    terms = sum(1 for _ in leaves(query))
    if terms > MAX_TERMS:
        raise QueryError(f"the query has {terms} terms; {MAX_TERMS} are the most; keep some in a [[query]] and name it")
    return query


def convert(item: Item, field: Field, depth: int) -> Query:
    """Turn luqum's tree into ours; ``field`` and ``depth`` say what is around it. Raises QueryError."""
    if depth > MAX_DEPTH:
        raise fault(item, f"AND, OR and NOT nest deeper than {MAX_DEPTH}; make two queries of it")
    match item:
        case Group() | FieldGroup():
            return convert(item.children[0], field, depth)
        case Plus():
            return convert(item.children[0], field, depth + 1)
        case LuceneNot() | Prohibit():
            return Not(convert(item.children[0], field, depth + 1))
        case OrOperation():
            return Or(tuple(convert(child, field, depth + 1) for child in flat(item)))
        case AndOperation() | UnknownOperation():
            return And(tuple(convert(child, field, depth + 1) for child in flat(item)))
        case SearchField():
            return convert(item.children[0], inner_field(item, field), depth)
        case Word() | Phrase() | Range() | From() | To() if field.name in COUNTED:
            return COUNTED[field.name](item, field.name)
        case Phrase():
            return phrase(item, field)
        case Proximity() if field.name in TEXT_FIELDS and isinstance(item.term, Phrase):
            return near(item, TEXT_FIELDS[field.name])
        case Word():
            return word(item, field)
    raise unsupported(item, field.name)


def unsupported(item: Item, field: str) -> QueryError:
    """Say what is not supported here, and what is instead."""
    kind = next((name for kinds, name in UNSUPPORTED.items() if isinstance(item, kinds)), "this")
    if isinstance(item, Proximity):
        return fault(item, f"{kind} is for words of title and text; take {field}: away")
    if isinstance(item, Range | From | To):
        fields = ", ".join(f"{name}:" for name in sorted(COUNTED))
        return fault(item, f"{kind} is not supported here; it goes with {fields}, or put it in quotes to search for it")
    if field in COUNTED:
        return fault(item, f"{kind} is not supported; write a number or date after {field}:")
    return fault(item, f"{kind} is not supported; put the text in quotes to search for it as it stands")


def flat(item: BaseOperation) -> Iterable[Item]:
    """Yield the operands of a chain of one operation."""
    for child in item.children:
        if type(child) is type(item):
            yield from flat(child)
        else:
            yield child


def inner_field(item: SearchField, outer: Field) -> Field:
    """Give the field or tag kind that ``item`` names, in lower case."""
    name = str(item.name).lower()
    if outer.name and outer.name != "tag":
        raise fault(
            item, f"{outer.name}:{name[:MAX_QUOTED]}: is a field in a field; put what follows {outer.name}: in quotes"
        )
    if not KIND.match(name):
        raise fault(item, f"{quoted(str(item.name))} is no field or tag kind; put the text in quotes")
    return Field(f"tag:{name}" if outer.name else name, (item.pos or 0) + 1)


def word(item: Word, field: Field) -> Query:
    """Convert a bare word: operators of other dialects are named, a trailing * is a prefix."""
    value = str(item.value)
    if sign := re.search(r"&&|\|\||\A!", value):
        mend = {"&&": "AND", "||": "OR", "!": "NOT"}[sign[0]]
        raise fault(item, f"{sign[0]!r} is not supported; write {mend}")
    if value.startswith("@"):
        return saved(item, field)
    prefix = value.endswith("*") and not value.endswith("\\*")
    stem = value[:-1] if prefix else value
    if STAR.search(stem) or (prefix and not stem and (field.name in TEXT_FIELDS or field.name == "author")):
        raise fault(item, "* stands only at the end of a word, ? nowhere; write the word's beginning and *")
    return leaf(item, field, re.sub(r"\\(.)", r"\1", stem, flags=re.DOTALL), prefix=prefix)


def phrase(item: Phrase, field: Field) -> Query:
    """Convert a phrase; a * after its last word makes that one a prefix, as outside of quotes."""
    raw = str(item.value)[1:-1]
    if found := STAR_IN_PHRASE.search(raw):
        raise QueryError(
            'in quotes * stands only after the last word; for several write "foreign* minist*"~0',
            (item.pos or 0) + 2 + found.start(),
        )
    value = raw.rstrip()
    prefix = bool(re.search(r"(?<=\w)\*\Z", value))
    value = value[:-1] if prefix else raw
    return leaf(item, field, re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL), prefix=prefix)


def near(item: Proximity, field: TextField) -> Query:
    """Convert ``"two words"~5``: what blanks part in the quotes are its words, each of which may end in a *."""
    if item._implicit_degree:  # noqa: SLF001 - the only place that says so
        raise fault(item, 'a ~ needs a number; write "moscow talks"~5 for at most five words between the two')
    if not 0 <= item.degree <= MAX_WITHIN:
        raise fault(item, f"~{str(item.degree)[:20]} is no nearness; {MAX_WITHIN} words are the most")
    parts: dict[Text, None] = {}
    for part in str(item.term.value)[1:-1].split():
        prefix = bool(re.search(r"(?<=\w)\*\Z", part))
        plain = re.sub(r"\\(.)", r"\1", part[:-1] if prefix else part, flags=re.DOTALL)
        if (folded := searched(plain)) is not None:
            parts[Text(field, folded, prefix)] = None
    if not parts:
        raise fault(
            item, f"there is nothing to search for in {quoted(str(item.term.value))}; it needs a letter or digit"
        )
    return Near(tuple(parts), item.degree) if len(parts) > 1 else next(iter(parts))


def saved(item: Word, field: Field) -> Saved:
    """Convert ``@name``."""
    found = SAVED_ID.match(str(item.value).lower())
    if found is None:
        raise fault(item, f"{quoted(str(item.value))} names no saved query; put it in quotes to search for the text")
    if field.name:
        raise fault(item, f"a saved query stands on its own; take {field.name}: away, or put it in quotes")
    return Saved(found[1], column=(item.pos or 0) + 1)


def leaf(item: Item, field: Field, value: str, *, prefix: bool) -> Query:
    """Make a leaf of the field's kind. Raises QueryError."""
    name = field.name
    if name in TEXT_FIELDS or name == "author":
        folded = searched(value)
        if folded is None:
            raise fault(item, f"there is nothing to search for in {quoted(value)}; it needs a letter or digit")
        return Author(folded, prefix) if name == "author" else Text(TEXT_FIELDS[name], folded, prefix)
    if name in NAMED:
        if prefix:
            raise fault(item, f"{name}: takes a whole name, without *")
        return NAMED[name](item, value.strip())
    return tag(item, field, value, prefix=prefix)


def tag(item: Item, field: Field, value: str, *, prefix: bool) -> Query:
    """Make a tag of ``kind:name``, ``kind:beg*``, ``kind:*``, ``tag:kind:name``, ``tag:name``. Raises QueryError."""
    kind, column = field.name.removeprefix("tag:"), 0 if field.name.startswith("tag:") else field.column
    if field.name == "tag":
        kind, _, value = value.rpartition(":")
        kind, column = kind.strip().lower(), 0
        if kind and not KIND.match(kind):
            raise fault(item, f"{quoted(kind)} is no tag kind; write tag:kind:name or tag:name")
    name = slug(value)
    if not name and not (prefix and not value.strip()):
        raise fault(item, f"{quoted(value)} is no tag's name; it needs a letter or digit")
    if not kind and not name:
        return Has("tag")
    if prefix and name and value.endswith("-"):
        name += "-"
    return Tag(kind, name, prefix, column)


def searched(value: str) -> str | None:
    """Fold what is to be searched for; None where it has no letter or digit."""
    phrase = fold(value.replace("\x00", " ")).strip()
    return phrase if any(char.isalnum() for char in phrase) else None
