"""A link's host as the archive keeps it, its parts from the last. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit


def host_of(url: str | None) -> str | None:
    """Give the host of a link from its last part, in lower case (``uk.co.bbc.www``); None where it has none.

    An address in numbers stays as it is; letters beyond ASCII are written as the net has them.
    """
    if not url:
        return None
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return backwards(in_ascii(host)) if host else None


def in_ascii(host: str) -> str:
    """Write a name of other letters as the net has it (``xn--…``): feeds have the one or the other."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def backwards(host: str) -> str:
    """Turn a host's parts round: its own inverse."""
    if ":" in host or host.replace(".", "").isdigit():
        return host
    return ".".join(reversed(host.rstrip(".").split(".")))
