"""A query as SQL over the stories and their FTS5 index: the same for ingest, topics and search. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from db.query import And, Lang, Not, Or, Query, Source, Sources, Tag, Text

TEXT_COLUMNS = {"": "", "title": "{title folded_title} : ", "text": "{text folded_text} : "}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A boolean SQL expression over ``stories``, its values bound apart."""

    sql: str
    params: tuple[str | int, ...]


def compile_query(query: Query) -> Compiled:
    """Turn a query into SQL over ``stories``; neighbouring text becomes one FTS5 expression."""
    match = fts(query)
    if match is not None:
        return Compiled("stories.id IN (SELECT rowid FROM stories_fts WHERE stories_fts MATCH ?)", (match,))
    match query:
        case And(parts):
            return join(" AND ", [compile_query(part) for part in gathered(parts, And)])
        case Or(parts):
            return join(" OR ", [compile_query(part) for part in gathered(parts, Or)])
        case Not(part):
            inner = compile_query(part)
            return Compiled(f"NOT ({inner.sql})", inner.params)
        case Tag(kind, name):
            return Compiled(
                "stories.id IN (SELECT st.story_id FROM story_tags st JOIN tags t ON t.id = st.tag_id "
                "WHERE t.kind = ? AND t.name = ?)",
                (kind, name),
            )
        case Source(id_):
            return Compiled(
                "stories.id IN (SELECT e.story_id FROM entries e JOIN sources s ON s.id = e.source_id "
                "WHERE s.config_id = ?)",
                (id_,),
            )
        case Sources(least, most):
            number = "(SELECT count(DISTINCT e.source_id) FROM entries e WHERE e.story_id = stories.id)"
            if most is None:
                return Compiled(f"{number} >= ?", (least,))
            return Compiled(f"{number} BETWEEN ? AND ?", (least, most))
        case Lang(code):
            return Compiled(
                "coalesce(lower(stories.language) = ? OR lower(stories.language) LIKE ? ESCAPE '\\', 0)",
                (code, re.sub(r"([%_\\])", r"\\\1", code) + "-%"),
            )
    raise AssertionError(query)


def gathered(parts: tuple[Query, ...], kind: type[And | Or]) -> list[Query]:
    """Put the parts that are text together, so that FTS5 is asked once."""
    text = tuple(part for part in parts if fts(part) is not None)
    rest = [part for part in parts if fts(part) is None]
    return [kind(text) if len(text) > 1 else text[0], *rest] if text else rest


def join(operator: str, parts: list[Compiled]) -> Compiled:
    """Join SQL expressions."""
    return Compiled(
        operator.join(f"({part.sql})" for part in parts), tuple(value for part in parts for value in part.params)
    )


def fts(query: Query) -> str | None:
    """Write a query as one FTS5 expression; None where it has other parts, or only negative ones."""
    match query:
        case Text(field, phrase, prefix):
            quoted = '"' + phrase.replace('"', '""') + '"'
            return f"{TEXT_COLUMNS[field]}{quoted}{' *' if prefix else ''}"
        case Or(parts):
            whole = [fts(part) for part in parts]
            return " OR ".join(f"({part})" for part in whole) if all(whole) else None
        case And(parts):
            positive = [fts(part) for part in parts if not isinstance(part, Not)]
            negative = [fts(part.part) for part in parts if isinstance(part, Not)]
            if not positive or not all(positive) or not all(negative):
                return None
            wanted = " AND ".join(f"({part})" for part in positive)
            return f"({wanted}) NOT ({' OR '.join(f'({part})' for part in negative)})" if negative else wanted
    return None


def newest(query: Query) -> tuple[str, tuple[str | int, ...]]:
    """Make the SQL that gives matching story ids, newest first → (sql, params); bind LIMIT and OFFSET after them.

    Text alone is asked of the index in its own row order, newest first: it stops at the limit, however many hits.
    """
    match = fts(query)
    if match is not None:
        return (
            "SELECT f.rowid FROM stories_fts f CROSS JOIN stories ON stories.id = f.rowid "
            "WHERE f.stories_fts MATCH ? AND stories.merged_into IS NULL ORDER BY f.rowid DESC LIMIT ? OFFSET ?",
            (match,),
        )
    where = compile_query(query)
    return (
        f"SELECT id FROM stories WHERE merged_into IS NULL AND ({where.sql}) ORDER BY id DESC LIMIT ? OFFSET ?",
        where.params,
    )
