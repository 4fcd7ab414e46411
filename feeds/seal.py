"""The owner's session, sealed into a cookie, and what else is compared with the owner's token. Pure.

Nothing is kept by us: the cookie says until when it holds, and a key made from the token signs that. Another token ends
all sessions.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

COOKIE = "wireroom"
LASTS_S = 30 * 86400
"""So long is the owner signed in."""

_SEAL = re.compile(r"v1\.(\d{1,12})\.([A-Za-z0-9_-]{16,64})\.([0-9a-f]{64})", re.ASCII)
_OWN_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A good seal: when it ends (seconds of Unix time), and what is random in it."""

    until: int
    nonce: str


def sealed(token: str, nonce: str, until: int) -> str:
    """Make the cookie's value; ``nonce`` is random, ``until`` in seconds of Unix time."""
    said = f"v1.{until}.{nonce}"
    return f"{said}.{signed(token, 'session', said)}"


def opened(token: str, value: str, now: float) -> Opened | None:
    """Read a cookie's value; None where we have not made it with this token, or it is over."""
    found = _SEAL.fullmatch(value)
    if found is None:
        return None
    said = value.rpartition(".")[0]
    if not hmac.compare_digest(found[3], signed(token, "session", said)):
        return None
    until = int(found[1])
    return Opened(until=until, nonce=found[2]) if now < until <= now + LASTS_S else None


def csrf_of(token: str, nonce: str) -> str:
    """Make what the forms of one session carry: who can't read our pages can't know it."""
    return signed(token, "csrf", nonce)


def signed(token: str, purpose: str, said: str) -> str:
    """Sign a text with a key that is made from the token for this purpose alone → hexadecimal digits."""
    key = hmac.digest(token.encode(), f"wireroom {purpose}".encode(), "sha256")
    return hmac.new(key, said.encode("utf-8", "surrogatepass"), "sha256").hexdigest()


def is_secret(given: str, secret: str) -> bool:
    """Compare in constant time, whatever characters are given."""
    # digests of equal length: neither the time nor an exception tells anything of the secret
    return hmac.compare_digest(signed(secret, "compare", given), signed(secret, "compare", secret))


def is_ours(origin: str | None, site: str | None, host: str | None, base_url: str) -> bool:
    """Tell whether a request comes from our own pages, as far as the browser says; a program says nothing.

    ``origin``: its Origin; ``site``: its Sec-Fetch-Site (Fetch Metadata, W3C); ``host``: the Host it asked.
    Under no-referrer a browser writes ``null`` for an Origin of ours, too (Fetch 3.2), so that says nothing.
    """
    if site is not None and site not in ("same-origin", "none"):
        return False
    if origin is None or origin == "null":
        return True
    base = urlsplit(base_url)
    ours = {f"{base.scheme}://{base.netloc}".lower()}
    if host:
        ours |= {f"{scheme}://{host}".lower() for scheme in ("http", "https")}
    return origin.lower() in ours


def own_path(wanted: str | None) -> str:
    """Check where to go on after a form → a path below our root, without a slash before it; "" for any other place."""
    path = (wanted or "")[:2000]
    if not _OWN_PATH.fullmatch(path) or path.startswith("/") or "//" in path.partition("?")[0]:
        return ""
    if any(part in (".", "..") for part in path.partition("?")[0].replace("%2e", ".").replace("%2E", ".").split("/")):
        return ""
    return path
