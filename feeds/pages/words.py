"""Times, numbers and sizes as pages say them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from db.times import parse_iso

MINUTE, HOUR, DAY = 60, 3600, 86_400
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def age(when: str, now: datetime) -> str:
    """Say how long ago a time was, short → ``3 min ago``; past a week, its day. What is to come is ``in 3 min``."""
    then = parse_iso(when)
    seconds = (now - then).total_seconds()
    if abs(seconds) >= 7 * DAY:
        return day_of(then, now)
    if -MINUTE < seconds < MINUTE:
        return "now"
    said = span(abs(seconds))
    return f"{said} ago" if seconds > 0 else f"in {said}"


def span(seconds: float) -> str:
    """Say a length of time, short, in one unit: ``40 s``, ``3 min``, ``5 h``, ``2 days``."""
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE:.0f} min"
    if seconds < 2 * DAY:
        return f"{seconds // HOUR:.0f} h"
    return f"{seconds // DAY:.0f} days"


def later(when: str, first: str) -> str:
    """Say how much later than ``first`` a time is → ``+3 min``; empty where it is not."""
    seconds = (parse_iso(when) - parse_iso(first)).total_seconds()
    return f"+{span(seconds)}" if seconds >= 1 else ""


def day_of(then: datetime, now: datetime) -> str:
    """Name a day; the year stands there where it is not this one."""
    year = "" if then.year == now.year else f" {then.year}"
    return f"{then.day} {MONTHS[then.month - 1]}{year}"


def moment(when: str) -> str:
    """Write a time of the archive for people → ``26 Nov 2026, 02:57 UTC``."""
    then = parse_iso(when).astimezone(UTC)
    return f"{then.day} {MONTHS[then.month - 1]} {then.year}, {then:%H:%M} UTC"


def day(date: str) -> str:
    """Write a date, ``2026-11-26`` → ``26 Nov``. Of what is no date, the text itself."""
    try:
        then = datetime.fromisoformat(date)
    except ValueError:
        return date
    return f"{then.day} {MONTHS[then.month - 1]}"


def today(now: datetime) -> str:
    """Write the day of a page's head → ``Thursday, 26 November`` is too long on a phone: ``Thursday, 26 Nov 2026``."""
    return f"{WEEKDAYS[now.weekday()]}, {now.day} {MONTHS[now.month - 1]} {now.year}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Say a number of things → ``1 story``, ``1,204 stories``."""
    if many is None:
        many = f"{one[:-1]}ies" if one.endswith("y") and one[-2] not in "aeou" else f"{one}s"
    return f"{number:,} {one if number == 1 else many}"


def size(length: int) -> str:
    """Say a file's length → ``340 kB``, ``1.2 MB``."""
    if length < 1000:
        return f"{length} bytes"
    for unit, one in (("kB", 1000), ("MB", 1_000_000)):
        if length < 1000 * one:
            return f"{length / one:.1f} {unit}" if length < 10 * one else f"{length / one:.0f} {unit}"
    return f"{length / 1_000_000_000:.1f} GB"


def clock(seconds: int) -> str:
    """Say how long a recording is → ``4:05``, ``1:02:03``."""
    minutes, rest = divmod(seconds, MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
