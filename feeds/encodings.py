"""Which compression an answer may have, as the client says it (RFC 9110 12.5.3). Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

Encoding = Literal["", "gzip", "br"]
"""Of an answer's body; empty: as it is."""


@lru_cache(maxsize=512)
def encodings_of(accept: str) -> tuple[Encoding, ...]:
    """Read an Accept-Encoding → what the client takes, the best first; the plain form is always last.

    Of two that are as welcome, br is shorter. It must be named: behind ``*`` may be a client that never heard of it.
    A weight of zero refuses.
    """
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, _, parameters = part.partition(";")
        label, _, weight = parameters.partition("=")
        try:
            weights[name.strip()] = float(weight) if label.strip() == "q" else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    br = weights.get("br", 0.0)
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    welcome: list[Encoding] = []
    if gzip > 0:
        welcome.append("gzip")
    if br > 0:
        welcome.insert(0 if br >= gzip else 1, "br")
    return (*welcome, "")
