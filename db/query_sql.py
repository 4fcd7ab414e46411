"""A query as SQL over the stories and their FTS5 index: the same for ingest, topics and search. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from db.query_tree import (
    And,
    Author,
    Domain,
    Has,
    Holding,
    Is,
    Lang,
    Moment,
    Near,
    Not,
    OfEvent,
    Or,
    Query,
    Source,
    Sources,
    State,
    Tag,
    Text,
    When,
    Words,
)
from db.times import iso, parse_iso

TEXT_COLUMNS = {"": "", "title": "{title folded_title} : ", "text": "{text folded_text} : "}
WHEN_COLUMNS = {"published": "published", "seen": "first_seen"}

OF_TEXT = "stories.id IN (SELECT rowid FROM stories_fts WHERE stories_fts MATCH ?)"
OF_TAGS = "FROM tags t CROSS JOIN story_tags st ON st.tag_id = t.id"
"""What is looked up in all stories; a preview of some days narrows just these (db/preview.py)."""

OF_ENTRIES = "stories.id IN (SELECT e.story_id FROM entries e WHERE {})"
OF_STORIES = "stories.id IN (SELECT o.id FROM stories o WHERE {})"
"""Not asked of each row: newest first, SQLite would go through all stories rather than by the index."""

HAS: dict[Holding, str] = {
    "enclosure": OF_ENTRIES.format("e.enclosures <> '[]'"),
    "author": OF_ENTRIES.format("e.author IS NOT NULL AND e.author <> ''"),
    "link": OF_ENTRIES.format("e.host IS NOT NULL"),
    "event": "EXISTS (SELECT 1 FROM stories o WHERE o.event_id = stories.event_id AND o.merged_into IS NULL "
    "AND o.id <> stories.id)",
    "tag": "EXISTS (SELECT 1 FROM story_tags st WHERE st.story_id = stories.id)",
    "date": "stories.published IS NOT NULL",
    "language": "stories.language IS NOT NULL",
}
IS: dict[State, str] = {
    "dropped": OF_STORIES.format("o.withheld = 'drop'"),
    "held": OF_STORIES.format("o.withheld = 'hold'"),
    "hidden": OF_STORIES.format("o.withheld = 'hide'"),
    "withheld": OF_STORIES.format("o.withheld IS NOT NULL"),
    "pinned": "stories.id IN (SELECT m.story_id FROM mark_log m WHERE m.stands = 1 AND m.kind = 'pin')",
}
"""None of them is ever null, so that NOT means what it says."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A boolean SQL expression over ``stories``, its values bound apart."""

    sql: str
    params: tuple[str | int, ...]


def compile_query(query: Query, now: str) -> Compiled:
    """Turn a query into SQL over ``stories``; neighbouring text becomes one FTS5 expression.

    ``now`` is the present, as the archive has times. Raises ValueError where a saved query is still named only.
    """
    match = fts(query)
    if match is not None:
        return Compiled(OF_TEXT, (match,))
    match query:
        case And(parts):
            return join(" AND ", [compile_query(part, now) for part in gathered(parts, And)], "1")
        case Or(parts):
            return join(" OR ", [compile_query(part, now) for part in gathered(parts, Or)], "0")
        case Not(part):
            inner = compile_query(part, now)
            return Compiled(f"NOT ({inner.sql})", inner.params)
        case Tag():
            return tagged(query)
        case Author(phrase, prefix):
            return Compiled(
                OF_ENTRIES.format(
                    "e.author IN (SELECT a.name FROM authors a WHERE a.id IN "
                    "(SELECT rowid FROM authors_fts WHERE authors_fts MATCH ?))"
                ),
                (phrase_of(phrase, prefix=prefix),),
            )
        case Source(id_):
            return Compiled(
                OF_ENTRIES.format("e.source_id IN (SELECT s.id FROM sources s WHERE s.config_id = ?)"), (id_,)
            )
        case Domain(host):  # those below it begin with it and a dot; a slash is the character after the dot
            return Compiled(
                OF_ENTRIES.format("(e.host = ? OR (e.host > ? AND e.host < ?))"), (host, f"{host}.", f"{host}/")
            )
        case Sources(least, most):
            number = "(SELECT count(DISTINCT e.source_id) FROM entries e WHERE e.story_id = stories.id)"
            return counted(number, least, most)
        case Words(least, most):
            return counted("stories.words", least, most)
        case Lang(code):
            return Compiled(
                "coalesce(lower(stories.language) = ? OR lower(stories.language) LIKE ? ESCAPE '\\', 0)",
                (code, f"{code}-%"),
            )
        case When(field, since, before):
            return within(WHEN_COLUMNS[field], since, before, now)
        case OfEvent(id_):
            return Compiled(OF_STORIES.format("o.event_id = ?"), (id_,))
        case Has(what):
            return Compiled(HAS[what], ())
        case Is(what):
            return Compiled(IS[what], ())
    raise ValueError(f"{query} is not looked up yet")


def tagged(tag: Tag) -> Compiled:
    """Compile a tag, of one kind or any, of one name or any that begins so."""
    wanted, params = [], []
    if tag.kind:
        wanted.append("t.kind = ?")
        params.append(tag.kind)
    if not tag.prefix:
        wanted.append("t.name = ?")
        params.append(tag.name)
    elif tag.name:
        wanted.append("t.name >= ? AND t.name < ?")
        params += [tag.name, f"{tag.name}\U0010ffff"]
    where = " AND ".join(wanted) or "1"
    return Compiled(
        f"stories.id IN (SELECT st.story_id {OF_TAGS} WHERE {where})",
        tuple(params),
    )


def counted(number: str, least: int, most: int | None) -> Compiled:
    """Compile a number between two others."""
    if most is None:
        return Compiled(f"{number} >= ?", (least,))
    return Compiled(f"{number} BETWEEN ? AND ?", (least, most))


def within(column: str, since: Moment | None, before: Moment | None, now: str) -> Compiled:
    """Compile a time between two others; what has no time is not within any.

    What begins at some time is few stories mostly, and found by the index; what ends at some time is most of them.
    """
    bounds = [(">=", since), ("<", before)]
    given = [(sign, at(moment, now)) for sign, moment in bounds if moment is not None]
    of, form = ("stories", "{}") if since is None else ("o", OF_STORIES)
    sql = " AND ".join([f"{of}.{column} IS NOT NULL", *(f"{of}.{column} {sign} ?" for sign, _ in given)])
    return Compiled(form.format(sql), tuple(value for _, value in given))


def at(moment: Moment, now: str) -> str:
    """Give the time that a moment is at present."""
    if isinstance(moment, str):
        return moment
    present = parse_iso(now).astimezone(UTC)
    if moment.day:
        present = datetime(present.year, present.month, present.day, tzinfo=UTC)
    return iso(present - timedelta(seconds=moment.seconds))


def gathered(parts: tuple[Query, ...], kind: type[And | Or]) -> list[Query]:
    """Put the parts that are text together, so that FTS5 is asked once; also those of a part that is of one kind."""
    parts = tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,)))
    text = tuple(part for part in parts if fts(part) is not None)
    rest = [part for part in parts if fts(part) is None]
    return [kind(text) if len(text) > 1 else text[0], *rest] if text else rest


def join(operator: str, parts: list[Compiled], empty: str) -> Compiled:
    """Join SQL expressions, by halves: SQLite takes chains as deep as they are long, and no depth beyond 1000."""
    if len(parts) < 2:
        return parts[0] if parts else Compiled(empty, ())
    half = len(parts) // 2
    left, right = join(operator, parts[:half], empty), join(operator, parts[half:], empty)
    return Compiled(f"({left.sql}){operator}({right.sql})", left.params + right.params)


def fts(query: Query) -> str | None:
    """Write a query as one FTS5 expression; None where it has other parts, or only negative ones."""
    match query:
        case Text(field, phrase, prefix):
            return f"{TEXT_COLUMNS[field]}{phrase_of(phrase, prefix=prefix)}"
        case Near(parts, within):
            near = " ".join(phrase_of(part.phrase, prefix=part.prefix) for part in parts)
            return f"{TEXT_COLUMNS[parts[0].field]}NEAR({near}, {within})"
        case Or(parts):
            whole = [fts(part) for part in parts]
            return " OR ".join(f"({part})" for part in whole) if whole and all(whole) else None
        case And(parts):
            positive = [fts(part) for part in parts if not isinstance(part, Not)]
            negative = [fts(part.part) for part in parts if isinstance(part, Not)]
            if not positive or not all(positive) or not all(negative):
                return None
            wanted = " AND ".join(f"({part})" for part in positive)
            return f"({wanted}) NOT ({' OR '.join(f'({part})' for part in negative)})" if negative else wanted
    return None


def phrase_of(phrase: str, *, prefix: bool) -> str:
    """Write a phrase as FTS5 reads it."""
    quoted = '"' + phrase.replace('"', '""') + '"'
    return f"{quoted} *" if prefix else quoted


def newest(query: Query, now: str) -> tuple[str, tuple[str | int, ...]]:
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
    where = compile_query(query, now)
    return (
        f"SELECT id FROM stories WHERE merged_into IS NULL AND ({where.sql}) ORDER BY id DESC LIMIT ? OFFSET ?",
        where.params,
    )
