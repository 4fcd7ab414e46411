"""Durations and sizes as the config writes them: ``"30m"``, ``"10MB"``. Pure."""

from __future__ import annotations

import re

SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
BYTES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
QUANTITY = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*([A-Za-z]+)", re.ASCII)


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
        raise ValueError(f'{text!r} is no size|write a number and B, KB, MB or GB in quotes, such as "10MB"')
    return int(float(quantity[1]) * BYTES[quantity[2]])
