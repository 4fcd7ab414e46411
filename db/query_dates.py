"""A date as a person writes it → the period that it means, in UTC. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from db.query_faults import quoted
from db.query_tree import Ago, Moment
from db.times import iso

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
DAY_S = UNITS["d"]
RELATIVE = re.compile(r"now(?:(?P<sign>[+-])(?P<number>\d{1,5})(?P<unit>[smhdw]))?\Z", re.ASCII)
FIXED = re.compile(
    r"(?P<year>[12]\d{3})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:[Tt ](?P<hour>\d\d)(?::(?P<minute>\d\d)(?::(?P<second>\d\d))?)?(?P<zone>[Zz]|[+-]\d\d:?\d\d)?)?)?)?\Z",
    re.ASCII,
)
MEND = "write it like {field}:2026-11-20, {field}:2026-11, {field}:>=now-7d or {field}:today"


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` on, before ``end``; ``moves``: it is an instant that moves with the present."""

    start: Moment
    end: Moment
    moves: bool = False


def period_of(text: str) -> Period:
    """Read a date: a year, a month, a day, a time to the hour, minute or second, ``today``, ``now-7d``.

    Without a zone it is UTC. Raises ValueError("problem; mend").
    """
    match text.lower():
        case "today":
            return Period(Ago(0, day=True), Ago(-DAY_S, day=True))
        case "yesterday":
            return Period(Ago(DAY_S, day=True), Ago(0, day=True))
    if found := RELATIVE.match(text.lower()):
        seconds = int(found["number"] or 0) * UNITS[found["unit"] or "s"]
        seconds = -seconds if found["sign"] == "+" else seconds
        return Period(Ago(seconds), Ago(seconds - 1), moves=True)
    if text.lower().startswith("now"):
        raise ValueError(f"{quoted(text)} is no time; write it like now-30m, now-12h, now-7d or now-2w")
    found = FIXED.match(text)
    if found is None:
        raise ValueError(f"{quoted(text)} is no date; {MEND}")
    try:
        return fixed(found)
    except ValueError:
        raise ValueError(f"there is no such date as {text}; {MEND}") from None


def fixed(found: re.Match[str]) -> Period:
    """Make the period of a date that is written out. Raises ValueError where the calendar has no such."""
    year, month, day = int(found["year"]), int(found["month"] or 1), int(found["day"] or 1)
    if found["day"] is None:
        following = date(year + 1, 1, 1) if found["month"] is None else date(year + month // 12, month % 12 + 1, 1)
        return Period(iso(midnight(date(year, month, day))), iso(midnight(following)))
    if found["hour"] is None:
        start = midnight(date(year, month, day))
        return Period(iso(start), iso(start + timedelta(days=1)))
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    start = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    zone = (found["zone"] or "Z").replace(":", "")
    if zone not in "Zz":
        away = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
        start = start + away if zone[0] == "-" else start - away
    lasts = "second" if found["second"] else "minute" if found["minute"] else "hour"
    return Period(iso(start), iso(start + timedelta(**{f"{lasts}s": 1})))


def midnight(day: date) -> datetime:
    """Give the beginning of a day."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
