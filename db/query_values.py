"""What stands after a field: numbers, dates, hosts, names → the leaf that it asks for. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

from luqum.tree import From, Item, Phrase, Prohibit, Range, To, Word

from db.hosts import host_of
from db.query_dates import Period, period_of
from db.query_faults import MAX_QUOTED, fault, nearest, quoted
from db.query_tree import (
    Ago,
    Domain,
    Has,
    Holding,
    Is,
    Lang,
    Leaf,
    Moment,
    OfEvent,
    Source,
    Sources,
    State,
    When,
    Words,
)

SOURCE_ID = re.compile(r"[a-z0-9][a-z0-9._-]*\Z")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*\Z")
NUMBER = re.compile(r"\d{1,9}\Z", re.ASCII)
HOST = re.compile(r"[^\s/?#@]+\Z")
SIGNED = re.compile(r"(?P<sign>[<>]=?|=)\s*(?P<value>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a value may be: from ``low`` to ``high``, as they are written; None: any. ``…_in``: they are part of it."""

    low: str | None
    high: str | None
    low_in: bool = True
    high_in: bool = True


def bounds(item: Item) -> Bounds | None:
    """Read ``3``, ``=3``, ``>3``, ``>=3``, ``<3``, ``<=3``, ``2..5``, ``2..``, ``[2 TO 5]``; None where it is none."""
    match item:
        case Range():
            return Bounds(end_of(item.low), end_of(item.high), bool(item.include_low), bool(item.include_high))
        case From():
            return Bounds(plain(item.a), None, low_in=bool(item.include))
        case To():
            return Bounds(None, plain(item.a), high_in=bool(item.include))
        case Word() | Phrase():
            return written(plain(item))
    return None


def written(text: str) -> Bounds:
    """Read bounds that are one word."""
    if found := SIGNED.fullmatch(text):
        sign, value = found["sign"], found["value"].strip()
        if sign == "=":
            return Bounds(value, value)
        if sign[0] == ">":
            return Bounds(value, None, low_in=sign == ">=")
        return Bounds(None, value, high_in=sign == "<=")
    low, dots, high = text.partition("..")
    return Bounds(low.strip() or None, high.strip() or None) if dots else Bounds(text, text)


def end_of(item: Item) -> str | None:
    """Read an end of a range; ``*`` is open."""
    text = f"-{plain(item.a)}" if isinstance(item, Prohibit) else plain(item)
    return None if text == "*" else text


def plain(item: Item) -> str:
    """Give a word or phrase without its quotes, without the backslashes that take a sign's meaning."""
    value = str(item.value)
    return re.sub(r"\\(.)", r"\1", value[1:-1] if isinstance(item, Phrase) else value, flags=re.DOTALL).strip()


def number(item: Item, field: str) -> Leaf:
    """Read how many sources or words are asked for. Raises QueryError."""
    found = bounds(item)
    ends = (found.low, found.high) if found is not None else (None, None)
    if found is None or ends == (None, None) or not all(end is None or NUMBER.match(end) for end in ends):
        asked = "".join(str(item).split())
        raise fault(
            item, f"{quoted(asked)} is no number of {field}; write it like {field}:>=3, {field}:3 or {field}:2..5"
        )
    least = 0 if found.low is None else int(found.low) + (not found.low_in)
    most = None if found.high is None else int(found.high) - (not found.high_in)
    if None not in ends and found.low_in and found.high_in and most is not None and least > most:
        raise fault(item, f"{found.low}..{found.high} counts down; write {field}:{most}..{least}")
    return Sources(least, most) if field == "sources" else Words(least, most)


def when(item: Item, field: str) -> When:
    """Read when a story was published or seen. Raises QueryError."""
    found = bounds(item)
    if found is None or (found.low is None and found.high is None):
        raise fault(
            item, f"{quoted(str(item).strip())} is no date; write it like {field}:2026-11-20 or {field}:>=now-7d"
        )
    low = None if found.low is None else period(item, field, found.low)
    high = low if found.low == found.high else None if found.high is None else period(item, field, found.high)
    if found.low == found.high and low is not None and low.moves:
        raise fault(item, f"{found.low} is an instant; write {field}:>={found.low} or {field}:<{found.low}")
    since: Moment | None = None if low is None else low.start if found.low_in else low.end
    before: Moment | None = None if high is None else high.end if found.high_in else high.start
    if low is not None and high is not None and later(low.start, high.start):
        raise fault(item, f"{found.low} is after {found.high}; write {field}:{found.high}..{found.low}")
    return When("seen" if field == "seen" else "published", since, before)


def later(one: Moment, other: Moment) -> bool:
    """Tell whether a time is surely after another; of one that moves and one that does not, nobody can say."""
    if isinstance(one, str) and isinstance(other, str):
        return one > other
    return isinstance(one, Ago) and isinstance(other, Ago) and one.day == other.day and one.seconds < other.seconds


def period(item: Item, field: str, text: str) -> Period:
    """Read one date. Raises QueryError."""
    try:
        return period_of(text)
    except ValueError as error:
        problem, _, mend = str(error).partition("; ")
        raise fault(item, f"{problem}; {mend.format(field=field)}") from None


def source(item: Item, value: str) -> Source:
    """Read a source's id. Raises QueryError."""
    if not SOURCE_ID.match(value.lower()):
        raise fault(item, f"{quoted(value)} is no source's id; write it as the config has it")
    return Source(value.lower(), column=(item.pos or 0) + 1)


def language(item: Item, value: str) -> Lang:
    """Read a language. Raises QueryError."""
    code = value.lower().replace("_", "-")
    if not LANGUAGE.match(code):
        raise fault(item, f"{quoted(value)} is no language code; write one such as en, de or pt-br")
    return Lang(code)


def domain(item: Item, value: str) -> Domain:
    """Read a host, also out of an address. Raises QueryError."""
    host = host_of(value if "://" in value else f"http://{value.strip('.')}")
    if host is None or not HOST.match(host) or not any(char.isalnum() for char in host):
        raise fault(item, f"{quoted(value)} is no domain; write one such as bbc.co.uk")
    return Domain(host)


def holding(item: Item, value: str) -> Has:
    """Read what a story is to have. Raises QueryError."""
    for what in get_args(Holding):
        if what == value.lower():
            return Has(what)
    raise fault(item, unknown("has", value, get_args(Holding)))


def state(item: Item, value: str) -> Is:
    """Read what is to have become of a story. Raises QueryError."""
    for what in get_args(State):
        if what == value.lower():
            return Is(what, column=(item.pos or 0) + 1)
    raise fault(item, unknown("is", value, get_args(State)))


def event(item: Item, value: str) -> OfEvent:
    """Read an event's id. Raises QueryError."""
    if not NUMBER.match(value):
        raise fault(item, f"{quoted(value)} is no event; write the number that `wireroom explain` shows")
    return OfEvent(int(value))


def unknown(field: str, value: str, known: tuple[str, ...]) -> str:
    """Say that a field has no such value."""
    meant = nearest(value, known)
    mend = f"did you mean {field}:{meant}?" if meant else f"write one of {', '.join(known)}"
    return f"{field}:{value[:MAX_QUOTED]} is nothing that can be asked; {mend}"
