"""The query language of rules, topics and search: text → a tree, which ``query_sql`` compiles. Pure.

    moscow kremlin              both words, in title or text
    "diplomatic mission"        a phrase              mosc*         words that begin so
    title:summit  text:summit   one field only        lang:en       the story's language
    source:ID                   carried by that source
    sources:>=3                 by so many sources; also >, <=, <, a number alone, sources:2..5
    kind:name                   a tag of any other kind: subject:diplomacy, place:"united states"
    a AND b   a OR b   NOT a    also -a for NOT a; parentheses group, also title:(a OR b)

Precedence: NOT binds tightest, then AND, then OR, then mere adjacency, which means AND. So ``moscow kremlin OR putin``
is ``moscow AND (kremlin OR putin)``. Lower-case and, or, not are plain words. Case and accents never matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from luqum.exceptions import ParseError
from luqum.thread import parse as parse_lucene  # the plain parser mixes trees between threads
from luqum.tree import (
    AndOperation,
    BaseOperation,
    FieldGroup,
    Group,
    Item,
    OrOperation,
    Phrase,
    Plus,
    Prohibit,
    SearchField,
    UnknownOperation,
    Word,
)
from luqum.tree import (
    Not as LuceneNot,
)

from db.query_faults import (
    MAX_CHARS,
    MAX_DEPTH,
    MAX_LEVELS,
    MAX_TERMS,
    UNSUPPORTED,
    QueryError,
    check_nesting,
    column,
    explain,
    levels,
)
from db.text import fold, slug

FIELDS = frozenset({"title", "text", "source", "sources", "lang"})
RESERVED = frozenset({"author", "domain", "tag", "published", "seen", "words", "has", "event"})
"""Field names that later versions will know; no tag kind may have the name of a field."""

QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂〝〞", '"') | dict.fromkeys("‘’‚‛", "'"))
KIND = re.compile(r"[a-z][a-z0-9_-]*\Z")
SOURCE_ID = re.compile(r"[a-z0-9][a-z0-9._-]*\Z")
COUNTED = re.compile(r"(?P<sign>[<>]=?|=)?(?P<number>\d{1,6})|(?P<least>\d{1,6})\.\.(?P<most>\d{1,6})", re.ASCII)
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*\Z")


@dataclass(frozen=True, slots=True)
class Text:
    """A word or phrase; ``field`` is "", ``title`` or ``text``."""

    field: str
    phrase: str
    prefix: bool


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """A source's config id."""

    id: str


@dataclass(frozen=True, slots=True)
class Sources:
    """How many different sources carry it: from ``least`` to ``most``; None: any number above."""

    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Lang:
    """A language, with all its regions."""

    code: str


@dataclass(frozen=True, slots=True)
class And:
    """All of these."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of these."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Not this."""

    part: Query


Query = Text | Tag | Source | Sources | Lang | And | Or | Not


def parse(text: str) -> Query:
    """Read a query. Raises QueryError."""
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
    except ParseError as error:
        raise QueryError(explain(plain, str(error))) from None
    if levels(tree) > MAX_LEVELS:
        raise QueryError(f"the query's parts nest deeper than {MAX_DEPTH}; make two queries of it")
    query = convert(tree, "", 0)
    if count(query) > MAX_TERMS:
        raise QueryError(f"the query has {count(query)} terms; {MAX_TERMS} are the most")
    return query


def convert(item: Item, field: str, depth: int) -> Query:
    """Turn luqum's tree into ours; ``field`` and ``depth`` say what is around it. Raises QueryError."""
    if depth > MAX_DEPTH:
        raise QueryError(f"{column(item)}: AND, OR and NOT nest deeper than {MAX_DEPTH}; make two queries of it")
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
            if field:
                raise QueryError(
                    f"{column(item)}: {field}:{item.name}: is a field inside a field; put the name in quotes"
                )
            return convert(item.children[0], check_field(item), depth)
        case _ if field == "sources":
            return counted(item)
        case Phrase():
            return leaf(item, field, item.value[1:-1], prefix=False)
        case Word():
            return word(item, field)
    kind = next((name for kinds, name in UNSUPPORTED.items() if isinstance(item, kinds)), "this")
    raise QueryError(f"{column(item)}: {kind} is not supported; put the text in quotes to search for it as it stands")


def flat(item: BaseOperation) -> Iterable[Item]:
    """Yield the operands of a chain of one operation."""
    for child in item.children:
        if type(child) is type(item):
            yield from flat(child)
        else:
            yield child


def check_field(item: SearchField) -> str:
    """Give the field or tag kind that ``item`` names, in lower case."""
    name = str(item.name).lower()
    if name in RESERVED:
        raise QueryError(f"{column(item)}: {name}: is not a field yet; the fields are {', '.join(sorted(FIELDS))}")
    if not KIND.match(name):
        raise QueryError(f"{column(item)}: {item.name!r} is no field or tag kind; put the text in quotes")
    return name


def word(item: Word, field: str) -> Query:
    """Convert a bare word: operators of other dialects are named, a trailing * is a prefix."""
    value = str(item.value)
    if sign := re.search(r"&&|\|\||\A!", value):
        mend = {"&&": "AND", "||": "OR", "!": "NOT"}[sign[0]]
        raise QueryError(f"{column(item)}: {sign[0]!r} is not supported; write {mend}")
    plain = re.sub(r"\\(.)", r"\1", value)
    prefix = value.endswith("*") and not value.endswith("\\*")
    if prefix:
        plain = plain[:-1]
    if re.search(r"(?<!\\)[*?]", value.removesuffix("*")) or (prefix and not plain):
        raise QueryError(
            f"{column(item)}: * stands only at the end of a word, ? nowhere; write the word's beginning and *"
        )
    return leaf(item, field, plain, prefix=prefix)


def counted(item: Item) -> Sources:
    """Read how many sources are asked for: ``>=3``, ``>3``, ``<=3``, ``<3``, ``3``, ``=3`` or ``2..5``."""
    asked = "".join(str(item).split())
    found = COUNTED.fullmatch(asked)
    if found is None:
        mend = "write it like sources:>=3, sources:3 or sources:2..5"
        raise QueryError(f"{column(item)}: {asked!r} is no number of sources; {mend}")
    if found["number"] is None:
        least, most = int(found["least"]), int(found["most"])
        if least > most:
            raise QueryError(f"{column(item)}: {asked} counts down; write sources:{most}..{least}")
        return Sources(least, most)
    number = int(found["number"])
    match found["sign"]:
        case ">=":
            return Sources(number, None)
        case ">":
            return Sources(number + 1, None)
        case "<=":
            return Sources(0, number)
        case "<":
            return Sources(0, number - 1)
    return Sources(number, number)


def leaf(item: Item, field: str, value: str, *, prefix: bool) -> Query:
    """Make a leaf of the field's kind."""
    value = re.sub(r"\\(.)", r"\1", value) if isinstance(item, Phrase) else value
    if prefix and field not in ("", "title", "text"):
        raise QueryError(f"{column(item)}: {field}: takes a whole name, without *")
    if field == "source":
        if not SOURCE_ID.match(value.lower()):
            raise QueryError(f"{column(item)}: {value!r} is no source's id; write it as the config has it")
        return Source(value.lower())
    if field == "lang":
        code = value.lower().replace("_", "-")
        if not LANGUAGE.match(code):
            raise QueryError(f"{column(item)}: {value!r} is no language code; write one such as en, de or pt-br")
        return Lang(code)
    if field not in ("", "title", "text"):
        name = slug(value)
        if not name:
            raise QueryError(f"{column(item)}: {value!r} is no tag's name; it needs a letter or digit")
        return Tag(field, name)
    phrase = fold(value.replace("\x00", " "))
    if not any(char.isalnum() for char in phrase):
        raise QueryError(f"{column(item)}: there is nothing to search for in {value!r}; it needs a letter or digit")
    return Text(field, phrase, prefix)


def count(query: Query) -> int:
    """Count the leaves."""
    match query:
        case And(parts) | Or(parts):
            return sum(count(part) for part in parts)
        case Not(part):
            return count(part)
    return 1
