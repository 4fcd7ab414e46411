"""WebSub (W3C Recommendation of 23 January 2018), a hub's rules: what may be asked, how it is verified, told. Pure.

Only our own topics are told of, so nobody publishes here; who asks is not known, so nothing is sent to an address
before it has said that it wants it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from db.model import FORMATS, Format

LEASE_S, MIN_LEASE_S, MAX_LEASE_S = 10 * 86400, 3600, 30 * 86400
"""What is given where none is asked for, and between what a wish is granted (5.1: the hub decides)."""
MAX_FORM_BYTES = 16_384
MAX_URL_CHARS = 2048
MAX_SECRET_BYTES = 199
"""5.1: it must be shorter than 200 bytes."""
MAX_FIELDS = 50
BURST, REFILL_S = 30, 4
"""Requests for callbacks of one host: so many at once, and one more each so many seconds."""

Mode = Literal["subscribe", "unsubscribe"]


class RefusedAskingError(Exception):
    """A request can't be taken; ``status`` is what it is answered with, the text says why and what to do."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a subscriber asks: ``topic`` and ``callback`` are addresses as it wrote them."""

    mode: Mode
    topic: str
    callback: str
    lease_s: int
    secret: str | None = field(repr=False)


def read_form(body: bytes) -> Asking:
    """Read a subscriber's form (5.1); fields that it does not have are passed over. Raises RefusedAskingError."""
    try:
        form = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError:  # UnicodeDecodeError is one
        raise RefusedAskingError(400, f"The form can't be read: write at most {MAX_FIELDS} fields, in UTF-8.") from None
    mode = one_of(form.get("hub.mode"), "hub.mode")
    if mode == "publish":
        raise RefusedAskingError(403, "This hub tells of its own feeds only; nobody publishes here.")
    if mode not in ("subscribe", "unsubscribe"):
        raise RefusedAskingError(400, "hub.mode must be subscribe or unsubscribe.")
    topic, callback = one_of(form.get("hub.topic"), "hub.topic"), one_of(form.get("hub.callback"), "hub.callback")
    if not is_callback(callback):
        raise RefusedAskingError(
            400,
            f"hub.callback must be an http or https address of at most {MAX_URL_CHARS} characters, without a name "
            "and password and without a fragment.",
        )
    secret = form.get("hub.secret", [""])
    if len(secret) > 1 or len(secret[0].encode()) > MAX_SECRET_BYTES:
        raise RefusedAskingError(400, "hub.secret must be there once at most, and shorter than 200 bytes.")
    return Asking(
        mode="subscribe" if mode == "subscribe" else "unsubscribe",
        topic=topic,
        callback=callback,
        lease_s=lease_s(form.get("hub.lease_seconds", [""])),
        secret=secret[0] or None,
    )


def one_of(values: Sequence[str] | None, name: str) -> str:
    """Give the value of a field that must be there just once. Raises RefusedAskingError."""
    if values is None or len(values) != 1 or not values[0]:
        raise RefusedAskingError(400, f"{name} must be there, once.")
    return values[0]


def lease_s(values: Sequence[str]) -> int:
    """Read ``hub.lease_seconds`` → how long the lease is, seconds. Raises RefusedAskingError for what is no number."""
    if values == [""]:
        return LEASE_S
    if len(values) != 1 or not (values[0].isascii() and values[0].isdigit()):
        raise RefusedAskingError(400, "hub.lease_seconds must be a whole number of seconds.")
    return min(max(int(values[0][:12]), MIN_LEASE_S), MAX_LEASE_S)


def is_callback(url: str) -> bool:
    """Tell whether ``url`` has the form of an address that can be told; where it leads, the guard looks at."""
    try:
        parts = urlsplit(url)
        port_is_good = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return (
        len(url) <= MAX_URL_CHARS
        and all("!" <= char <= "~" and char not in '"<>\\^`{|}' for char in url)  # anything else may mean two things
        and parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and port_is_good
        and "@" not in parts.netloc
        and "#" not in url
    )


def topic_name(url: str, base_url: str) -> tuple[str, Format] | None:
    """Read the address of one of our topics' feeds → its public name and its format; None for any other address."""
    found, base = urlsplit_or_none(url), urlsplit(base_url)
    if found is None or found[:2] != (base.scheme, base.netloc.lower()):
        return None
    return feed_name(found[2].removeprefix(base.path)) if found[2].startswith(base.path) else None


def urlsplit_or_none(url: str) -> tuple[str, str, str] | None:
    """Part an address that is scheme, host and path alone; None for any other."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return None
    return parts.scheme, parts.netloc.lower(), parts.path


def feed_name(path: str) -> tuple[str, Format] | None:
    """Read the path of a topic's feed, relative to the base URL → its public name and format."""
    folder, _, file = path.rpartition("/")
    name, _, suffix = file.rpartition(".")
    fmt = next((each for each in FORMATS if each == suffix), None)
    return (name, fmt) if folder == "topics" and name and fmt is not None else None


def with_arguments(callback: str, arguments: dict[str, str]) -> str:
    """Add arguments to a callback's address; the query that it has is kept as it is (5.3)."""
    return f"{callback}{'&' if '?' in callback else '?'}{urlencode(arguments)}"


def verification_url(asking: Asking, challenge: str) -> str:
    """Write the address that is asked whether a request was meant (5.3)."""
    arguments = {"hub.mode": asking.mode, "hub.topic": asking.topic, "hub.challenge": challenge}
    if asking.mode == "subscribe":
        arguments["hub.lease_seconds"] = str(asking.lease_s)
    return with_arguments(asking.callback, arguments)


def denial_url(callback: str, topic: str, reason: str) -> str:
    """Write the address that is told that there is no subscription (5.2)."""
    return with_arguments(callback, {"hub.mode": "denied", "hub.topic": topic, "hub.reason": reason})


def confirms(status: int, body: bytes, challenge: str) -> bool:
    """Tell whether an answer says that the request was meant: success, with the challenge and nothing else (5.3.1)."""
    return 200 <= status < 300 and hmac.compare_digest(body, challenge.encode())


def delivery_headers(body: bytes, *, media_type: str, hub: str, self_url: str, secret: str | None) -> dict[str, str]:
    """Write the headers that a document is told with (7): as it is served, and signed where a secret is set (7.1)."""
    headers = {"Content-Type": media_type, "Link": f'<{hub}>; rel="hub", <{self_url}>; rel="self"'}
    if secret is not None:
        headers["X-Hub-Signature"] = f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"
    return headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """How many requests for callbacks of one host are taken at once; ``at`` is when it was looked at (loop time, s)."""

    tokens: float = BURST
    at: float = 0.0


def take(bucket: Bucket, now_s: float) -> tuple[Bucket, bool]:
    """Fill the bucket for the time that went by, and take one token → what is left, and whether there was one."""
    tokens = min(BURST, bucket.tokens + max(0.0, now_s - bucket.at) / REFILL_S)
    if tokens < 1:
        return replace(bucket, tokens=tokens, at=now_s), False
    return replace(bucket, tokens=tokens - 1, at=now_s), True
