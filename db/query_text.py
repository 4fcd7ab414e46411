"""A query's tree → text that reads as the same tree. Pure."""

from __future__ import annotations

import re

from db.query import And, Lang, Not, Or, Query, Source, Sources, Tag, Text

BARE = re.compile(r"[\w'-]+\Z")
WORDS_OF_OURS = frozenset({"AND", "OR", "NOT", "TO"})


def written(query: Query, *, inner: bool = False) -> str:
    """Write a query as a person would; ``inner``: as a part of another, in parentheses where it needs them."""
    match query:
        case And(parts):
            text = " AND ".join(written(part, inner=True) for part in parts)
            return f"({text})" if inner else text
        case Or(parts):
            text = " OR ".join(written(part, inner=True) for part in parts)
            return f"({text})" if inner else text
        case Not(part):
            return f"NOT {written(part, inner=True)}"
        case Text(field, phrase, prefix):
            star = "*" if prefix else ""
            plain = BARE.match(phrase) and phrase not in WORDS_OF_OURS and not phrase.startswith("-")
            return f"{field}{':' if field else ''}{phrase if plain else quoted(phrase)}{star}"
        case Tag(kind, name):
            return f"{kind}:{name}"
        case Source(id_):
            return f"source:{id_}"
        case Sources(least, None):
            return f"sources:>={least}"
        case Sources(least, most):
            return f"sources:{least}" if least == most else f"sources:{least}..{most}"
        case Lang(code):
            return f"lang:{code}"
    raise AssertionError(query)


def quoted(phrase: str) -> str:
    """Put a phrase in quotes."""
    return '"' + re.sub(r'(["\\])', r"\\\1", phrase) + '"'
