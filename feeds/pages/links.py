"""Links from page to page, all of them relative: a proxy may serve us under any path. Pure."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, urlencode, urlsplit

MAX_URL = 2000


def root_of(path: str) -> str:
    """Give the way from a page to the front page: ``./`` from ``/``, ``../../`` from ``/topics/NAME/``."""
    return "../" * (path.count("/") - 1) or "./"


def asked(address: str, **parameters: object) -> str:
    """Add a query to an address; a parameter that is None or empty is left out."""
    given = {name: value for name, value in parameters.items() if value not in (None, "")}
    return f"{address}?{urlencode(given, quote_via=quote)}" if given else address


def segment(name: str) -> str:
    """Write a name as one segment of a path."""
    return quote(name, safe=":~@")


def narrowed(query: str, term: str) -> str:
    """Add a term to a query, so that both must hold: standing side by side binds loosest (``docs/query.md``)."""
    query = query.strip()
    return query if has_term(query, term) else f"{query} {term}".strip()


def has_term(query: str, term: str) -> bool:
    """Tell whether a term stands in a query by itself."""
    return f" {term} " in f" {query} "


def without(query: str, term: str) -> str:
    """Take a term that was added out again."""
    return f" {query} ".replace(f" {term} ", " ", 1).strip()


@lru_cache(maxsize=4096)
def outside(url: str | None) -> str | None:
    """Let a foreign address through where it is a whole http(s) one, without a user's name and password in it."""
    if not url or len(url) > MAX_URL or any(ord(char) < 33 or char == "\\" for char in url):
        return None
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return None
    except ValueError:
        return None
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


@lru_cache(maxsize=4096)
def host_of(url: str | None) -> str | None:
    """Name the host of a foreign address, without ``www.``."""
    safe = outside(url)
    if safe is None:
        return None
    host = urlsplit(safe).hostname or ""
    return host.removeprefix("www.")
