"""Where a redirect leads, and how far it is permanent. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from yarl import URL

MAX_REDIRECTS = 5
PERMANENT = frozenset({301, 308})
REDIRECTS = PERMANENT | {302, 303, 307}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One redirect: its status, and the address that it led to, without credentials."""

    status: int
    url: str


_WRITTEN = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")


def as_written(url: str) -> URL:
    """Take an address as it is written, where it may be: to some servers ``?q=a%2Fb`` and ``?q=a/b`` are two places."""
    return URL(url, encoded=_WRITTEN.fullmatch(url) is not None)


def redirect_target(url: URL, location: str) -> URL:
    """Resolve a Location (RFC 9110 10.2.2) → the next address. Raises ValueError for what is no http(s) address.

    Credentials never come from one, and never leave their origin.
    """
    target = url.join(as_written(location))
    if target.scheme not in ("http", "https") or not target.host:
        shown = location.partition("?")[0][:200].rpartition("@")[2]
        raise ValueError(f"redirected to {shown!r}, which is no http or https address")
    target = target.with_user(None).with_fragment(None)
    if target.origin() == url.with_user(None).origin() and url.user is not None:
        return target.with_user(url.user).with_password(url.password)
    return target


def permanent_url(hops: Sequence[Hop]) -> str | None:
    """Give the address that a chain leads to for good: as far as its first hops are 301 or 308 (RFC 9110 15.4.2).

    What stands behind a temporary hop may be elsewhere tomorrow, whatever the hops after it say.
    """
    found = None
    for hop in hops:
        if hop.status not in PERMANENT:
            break
        found = hop.url
    return found
