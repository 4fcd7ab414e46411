"""A GET request's head, byte for byte: our name, what we take, validators, and nothing that is nobody's business. Pure.

No cookies, no Referer; a password only where the address has one.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

from yarl import URL

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
CODINGS = "gzip, br, zstd"
"""Content codings that are read (RFC 9110 12.5.3)."""


def request_head(url: URL, *, user_agent: str, conditions: Mapping[str, str]) -> bytes:
    """Write the request for ``url`` (RFC 9112 3) → its bytes. Raises ValueError where a value would break out of it.

    The target is as the address has it, byte for byte; so are the validators in ``conditions``.
    """
    fields = {
        "Host": url.host_port_subcomponent or "",
        "User-Agent": user_agent,
        "Accept-Encoding": CODINGS,
        "Accept": ACCEPT,
        **conditions,
    }
    if url.raw_user or url.raw_password:
        fields["Authorization"] = basic(url.user or "", url.password or "")
    fields["Connection"] = "close"
    target = url.raw_path_qs
    values = "".join((target, *fields.values()))
    if "\n" in values or "\r" in values or "\0" in values:
        raise ValueError("a line break or NUL in what would be sent")
    lines = "\r\n".join([f"{name}: {value}" for name, value in fields.items()])
    return f"GET {target} HTTP/1.1\r\n{lines}\r\n\r\n".encode()


def basic(user: str, password: str) -> str:
    """Write credentials (RFC 7617), as ISO 8859-1 where they can be, as all clients do."""
    pair = f"{user}:{password}"
    try:
        raw = pair.encode("latin-1")
    except UnicodeEncodeError:
        raw = pair.encode()
    return f"Basic {b64encode(raw).decode()}"
