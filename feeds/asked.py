"""What answers made for a request are made by: the clock, numbers in addresses. IO: clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

LAST_ID = 2**63 - 1
"""The highest number that the archive can give anything."""

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


def whole_number(text: str) -> int | None:
    """Read a number of the archive's; None for what can be none."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    number = int(text)
    return number if number <= LAST_ID else None
