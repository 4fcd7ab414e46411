"""Numbers in the addresses of requests. Pure."""

from __future__ import annotations

LAST_ID = 2**63 - 1
"""The highest number that the archive can give anything."""


def whole_number(text: str) -> int | None:
    """Read a number of the archive's; None for what can be none."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    number = int(text)
    return number if number <= LAST_ID else None
