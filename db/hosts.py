"""A link's host as the archive keeps it: its parts from the last, so that a domain is the beginning. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit


def host_of(url: str | None) -> str | None:
    """Give the host of a link from its last part, in lower case (``uk.co.bbc.www``); None where it has none.

    An address in numbers stays as it is.
    """
    if not url:
        return None
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return backwards(host) if host else None


def backwards(host: str) -> str:
    """Turn a host's parts round: its own inverse."""
    if ":" in host or host.replace(".", "").isdigit():
        return host
    return ".".join(reversed(host.rstrip(".").split(".")))
