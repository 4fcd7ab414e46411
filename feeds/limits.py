"""What a request may be, and how often each client may ask for what is dear. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from feeds.clients import Buckets, Rate, client_of, networks

MAX_ADDRESS_BYTES = 8192
"""Of path and query: a query may have 2,000 characters, each up to twelve in an address."""
MAX_HEADERS = 100
MAX_BODY_BYTES = 65536
"""Of a form; what hubs push has its own bound ([poll] max_body)."""
OWN_BOUND = "/websub/"

RATES: Mapping[str, Rate] = {
    "sign-in": Rate(burst=20, per_s=0.2),
    "act": Rate(burst=60, per_s=2),
    "dear": Rate(burst=200, per_s=20),
    "page": Rate(burst=600, per_s=60),
}
"""For one client. ``dear`` is read from the archive for whoever asks; a page is read too, but a person looks at it."""

DEAR = re.compile(r"/(?:search|api|tags)(?:[/.]|$)|/sources/.+\.(?:rss|atom|json)$|/health\.(?:rss|atom|json)$")
FREE = re.compile(r"/(?:healthz$|static/|websub/|topics/[^/]+$|topics\.opml$)")
"""Documents that are ready, and what has another bound; whether hubs may push is for their signatures to say."""


def kind_of(method: str, path: str) -> str | None:
    """Tell which rate a request falls under, if any."""
    if FREE.match(path):
        return None
    if method == "POST":
        return "sign-in" if path == "/owner/sign-in" else "act"
    return "dear" if DEAR.match(path) else "page"


class Limits:
    """The buckets of all kinds, and which peers are proxies of ours."""

    def __init__(self, rates: Mapping[str, Rate] = RATES) -> None:
        self._buckets = {kind: Buckets(rate) for kind, rate in rates.items()}
        self._proxies: Sequence[str] = ()
        self._networks = networks(())

    def wait_s(
        self, method: str, path: str, peer: str, forwarded: Sequence[str], proxies: Sequence[str], now: float
    ) -> int:
        """Count a request → 0 where it may go on, or the seconds that the client is to wait. ``now``: steady."""
        kind = kind_of(method, path)
        if kind is None or kind not in self._buckets:
            return 0
        if proxies != self._proxies:
            self._proxies, self._networks = proxies, networks(proxies)
        return math.ceil(self._buckets[kind].take(client_of(peer, forwarded, self._networks), now))


def fault_of(headers: Sequence[tuple[bytes, bytes]], address_bytes: int, path: str) -> tuple[int, str] | None:
    """Say what of a request is too much → (status, why), or None."""
    if address_bytes > MAX_ADDRESS_BYTES:
        return 414, f"An address has at most {MAX_ADDRESS_BYTES} bytes here.\n"
    if len(headers) > MAX_HEADERS:
        return 431, f"A request has at most {MAX_HEADERS} header lines here.\n"
    length = next((value for name, value in headers if name == b"content-length"), b"0")
    if not path.startswith(OWN_BOUND) and length.isdigit() and int(length[:12]) > MAX_BODY_BYTES:
        return 413, f"A form has at most {MAX_BODY_BYTES} bytes here.\n"
    return None
