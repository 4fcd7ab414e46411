"""A query's tree → text that reads as the same tree. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta

from db.hosts import backwards
from db.query_dates import UNITS
from db.query_tree import (
    Ago,
    And,
    Author,
    Domain,
    Has,
    Is,
    Lang,
    Moment,
    Near,
    Not,
    OfEvent,
    Or,
    Query,
    Saved,
    Source,
    Sources,
    Tag,
    Text,
    When,
    Words,
)
from db.text import UNSPACED

BARE = re.compile(r"[^\W_][\w']*\Z")
OPERATORS = frozenset({"AND", "OR", "NOT", "TO"})
BETWEEN_UNSPACED = re.compile(f"(?<={UNSPACED.pattern}) (?={UNSPACED.pattern})")
DAY_S, MIDNIGHT = UNITS["d"], "T00:00:00Z"


def written(query: Query, *, inner: bool = False) -> str:
    """Write a query as a person would; ``inner``: as a part of another, in parentheses where it needs them."""
    match query:
        case And(()):
            return "any story"
        case Or(()):
            return "no story"
        case And(parts) | Or(parts):
            word = " AND " if isinstance(query, And) else " OR "
            text = word.join(written(part, inner=True) for part in parts)
            return f"({text})" if inner and len(parts) > 1 else text
        case Not(part):
            return f"NOT {written(part, inner=True)}"
        case Text(field, phrase, prefix):
            return in_field(field, phrase_text(phrase, prefix=prefix))
        case Near(parts, within):
            words = " ".join(escaped(part.phrase.replace(" ", "")) + "*" * part.prefix for part in parts)
            return in_field(parts[0].field, f'"{words}"~{within}')
        case Author(phrase, prefix):
            return f"author:{phrase_text(phrase, prefix=prefix)}"
        case Tag(kind, name, prefix):
            plain = f"{name}*" if prefix else name
            return f"{kind or 'tag'}:{plain if re.fullmatch(r'[a-z0-9-]*[*]?', plain) else quoted(name, prefix=prefix)}"
        case Sources(least, most):
            return f"sources:{numbers(least, most)}"
        case Words(least, most):
            return f"words:{numbers(least, most)}"
        case When(field, since, before):
            return f"{field}:{period_text(since, before)}"
    return named(query)


def named(leaf: Query) -> str:
    """Write a leaf that is a field and a name."""
    match leaf:
        case Source(id_):
            return f"source:{id_}"
        case Domain(host):
            return f"domain:{backwards(host)}"
        case Lang(code):
            return f"lang:{code}"
        case OfEvent(id_):
            return f"event:{id_}"
        case Has(what):
            return f"has:{what}"
        case Is(what):
            return f"is:{what}"
        case Saved(id_):
            return f"@{id_}"
    raise AssertionError(leaf)


def in_field(field: str, text: str) -> str:
    """Write what is asked of one field."""
    return f"{field}:{text}" if field else text


def phrase_text(phrase: str, *, prefix: bool) -> str:
    """Write words: bare where they are one."""
    plain = BETWEEN_UNSPACED.sub("", phrase)
    if BARE.match(plain) and plain not in OPERATORS:
        return f"{plain}*" if prefix else plain
    return quoted(plain, prefix=prefix)


def quoted(phrase: str, *, prefix: bool) -> str:
    """Put a phrase in quotes."""
    return f'"{escaped(phrase)}{"*" if prefix else ""}"'


def escaped(phrase: str) -> str:
    """Take the meaning of what means something in quotes."""
    return re.sub(r'(["\\*])', r"\\\1", phrase)


def numbers(least: int, most: int | None) -> str:
    """Write bounds of a number."""
    if most is None:
        return f">={least}"
    if least == most:
        return str(least)
    if most < least:  # nothing is
        return f"<{most + 1}" if least == 0 else f"{{{least - 1} TO {most + 1}}}"
    return f"<={most}" if least == 0 else f"{least}..{most}"


def period_text(since: Moment | None, before: Moment | None) -> str:
    """Write a period; whole days as days, today and yesterday by name."""
    low, low_in = moment_text(since, is_end=False)
    high, high_in = moment_text(before, is_end=True)
    if since is None:
        return f"{'<=' if high_in else '<'}{high}"
    if before is None:
        return f"{'>=' if low_in else '>'}{low}"
    match since, before:
        case Ago(start, True), Ago(end, True) if start - end == DAY_S and start in (0, DAY_S):
            return low
        case str(), str() if since.endswith(MIDNIGHT) and before.endswith(MIDNIGHT) and since < before:
            last = (date.fromisoformat(before[:10]) - timedelta(days=1)).isoformat()
            return low if low == last else f"{low}..{last}"
    return f"{'[' if low_in else '{'}{low} TO {high}{']' if high_in else '}'}"


def moment_text(at: Moment | None, *, is_end: bool) -> tuple[str, bool]:
    """Write a time → it, and whether the period has all of it: ``today`` as such is more than an instant."""
    match at:
        case None:
            return "*", True
        case str():
            day, _, time = at.partition("T")
            return (day, not is_end) if f"T{time}" == MIDNIGHT else (f'"{at}"', not is_end)
        case Ago(seconds, True):
            name, start = ("yesterday", DAY_S) if seconds == DAY_S else ("today", 0)
            return name, (seconds != start) if is_end else (seconds == start)
        case Ago(seconds) if seconds % 60 == 59:  # after an instant, or up to it with it
            return f"now{ago_text(seconds + 1)}", is_end
        case Ago(seconds):
            return f"now{ago_text(seconds)}", not is_end
    raise AssertionError(at)


def ago_text(seconds: int) -> str:
    """Write how long ago, in the largest unit that it is whole in."""
    if seconds == 0:
        return ""
    unit = next(name for name, size in sorted(UNITS.items(), key=lambda one: -one[1]) if seconds % size == 0)
    return f"{'-' if seconds > 0 else '+'}{abs(seconds) // UNITS[unit]}{unit}"
