"""A link's host as the archive keeps it, its parts from the last; what is secret in addresses. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_USER = re.compile(r"(https?://)[^\s/?#]*@", re.IGNORECASE)
_FILE = re.compile(r"^/.*?(?=: )")
_QUERY = re.compile(r"(https?://[^\s?#]+)[?#]\S*?(?=[;,]?(?:\s|$))", re.IGNORECASE)


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


def without_secrets(text: str, *, all_of_it: bool = False) -> str:
    """Take what may be secret out of the addresses in a text: users, passwords, and what stands behind ``?``.

    Where a file is, of which the text begins, is nobody's business either. ``all_of_it``: for the owner, who has put
    it there; only users and passwords are taken out.
    """
    text = _USER.sub(r"\1", text)
    return text if all_of_it else _QUERY.sub(r"\1", _FILE.sub("its file", text))
