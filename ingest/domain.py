"""Under which budget a host falls: its registered domain. Pure.

Budgets go by registered domain (eTLD+1, from the Public Suffix List that ships with its package), since
``feeds.example.org`` and ``www.example.org`` are one machine room. A literal address, or a name without a registered
domain, is budgeted by host and port.
"""

from __future__ import annotations

import ipaddress
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList
from yarl import URL


@cache
def suffixes() -> PublicSuffixList:
    """Load the list once, on first use: it takes a tenth of a second."""
    return PublicSuffixList()


@lru_cache(maxsize=10_000)
def budget_key(host: str, port: int) -> str:
    """Name the budget that a host falls under."""
    host = host.rstrip(".").lower()
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        domain = suffixes().privatesuffix(host)
        if domain:
            return str(domain)
    return f"{host}:{port}"


def domain_of(url: str) -> str | None:
    """Name the budget of an address; None for what has no host (a file)."""
    try:
        parts = URL(url)
        raw = parts.raw_host
        decoded = raw is not None and ("xn--" in raw or "%" in raw)
        host = parts.host if decoded else raw  # decoding is slow, and changes no other name
        return budget_key(host, parts.port or 0) if host else None
    except ValueError:
        return None
