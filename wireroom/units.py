"""Durations, sizes and times as the config writes them: ``"30m"``, ``"10MB"``, ``"mon 07:00"``. Pure."""

from __future__ import annotations

import difflib
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from db.due import WEEKDAYS

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
BYTES = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
QUANTITY = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([A-Za-z]+)", re.ASCII)
DIGEST = re.compile(rf"(?:({'|'.join(WEEKDAYS)}) )?([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def parse_duration(text: object) -> float:
    """Read a duration → seconds. Raises ValueError with the mend."""
    quantity = QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if quantity is None or quantity[2] not in SECONDS:
        raise ValueError(f'{text!r} is no duration|write a number and s, m, h or d in quotes, such as "30m"')
    return float(quantity[1]) * SECONDS[quantity[2]]


def parse_size(text: object) -> int:
    """Read a size → bytes. Raises ValueError with the mend."""
    quantity = QUANTITY.fullmatch(text) if isinstance(text, str) else None
    if quantity is None or quantity[2] not in BYTES:
        raise ValueError(f'{text!r} is no size|write a number and B, kB, MB or GB in quotes, such as "10MB"')
    return int(float(quantity[1]) * BYTES[quantity[2]])


def parse_digest(value: object) -> tuple[int | None, int, int]:
    """Read when a digest is due → the weekday (0 is Monday, None is every day), the hour, the minute."""
    found = DIGEST.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f'{value!r} is no time for a digest|write "07:00" for every day, "mon 07:00" for once a week')
    return (WEEKDAYS.index(found[1]) if found[1] else None), int(found[2]), int(found[3])


def digest_text(weekday: int | None, hour: int, minute: int) -> str:
    """Write when a digest is due, as the config has it."""
    return f"{'' if weekday is None else f'{WEEKDAYS[weekday]} '}{hour:02}:{minute:02}"


def check_zone(value: object) -> str:
    """Check the name of a time zone."""
    try:
        return ZoneInfo(str(value)).key
    except (ValueError, OSError, ZoneInfoNotFoundError):  # OSError: a folder of zones, such as Europe
        close = difflib.get_close_matches(str(value), sorted(available_timezones()), n=1)
        mend = f"did you mean {close[0]!r}?" if close else 'write it like "Europe/Berlin" or "UTC"'
        raise ValueError(f"{value!r} is no time zone|{mend}") from None
