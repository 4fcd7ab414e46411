"""WebSub (W3C Recommendation of 23 January 2018), the subscriber's rules: whom to ask, what, when; what counts. Pure.

A hub is not trusted: what it sends only ever leads to a poll, and only with a signature that nobody else can make.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal
from urllib.parse import urlsplit

from db.model import HubSource, Subscription
from db.times import parse_iso
from ingest.guard import Allowed, is_public

LEASE_S = 10 * 86400
"""What a hub is asked for; it may give another lease (5.1)."""
MAX_LEASE_S = 30 * 86400
UNSAID_LEASE_S = 86400
"""A lease that can't be read, or is of no time at all, is taken as a day: it is renewed, and trusted no longer."""
MIN_RENEWAL_S = 5
FIRST_WAIT_S, MAX_WAIT_S = 60, 86400
DENIED_WAIT_S = 86400
REPEAT_S = 3600
"""So long after it asked, a hub may verify again what it has verified: our answer may have been lost."""
MAX_CHALLENGE_CHARS = 1024
MAX_REASON_CHARS = 300
MAX_URL_CHARS = 2048
BURST, REFILL_S = 5, 30
"""Pushes of one subscription: so many at once, and one more each so many seconds."""

SIGNATURE = re.compile(r"(sha256|sha384|sha512)=([0-9a-f]+)", re.ASCII | re.IGNORECASE)
DIGEST_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}
NEVER_PUBLIC = (".localhost", ".local", ".internal", ".home.arpa")

Mode = Literal["subscribe", "unsubscribe"]
Need = Literal["make", "end"]
Verdict = Literal["lease", "repeat", "unsubscribed", "denied"]


def settle(source: HubSource, *, base_url: str, allow: Collection[Allowed], enabled: bool) -> Need | None:
    """Decide what a source's subscription needs: to be made (anew), to be ended, or nothing (None).

    It is made anew where the hub, the topic or our own address changed: the old callback dies with its token.
    """
    wanted = (
        enabled
        and source.hub is not None
        and source.topic is not None
        and 0 < len(source.topic) <= MAX_URL_CHARS
        and may_ask(source.hub, base_url, allow)
    )
    if not wanted:
        return "end" if source.state not in (None, "ended") else None
    same = (source.hub, source.topic) == (source.subscribed_hub, source.subscribed_topic)
    if same and source.state != "ended" and (source.token or "").startswith(address_mark(base_url)):
        return None
    return "make"


def may_ask(hub: str, base_url: str, allow: Collection[Allowed]) -> bool:
    """Tell whether this hub could reach us, and is one that may be asked.

    Where we are reached at a private address, only a hub that ``allow`` names by address and port can; any other would
    be asked for nothing, and told an address of our network.
    """
    try:
        parts = urlsplit(hub)
        host, port = parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return False
    if not host or len(hub) > MAX_URL_CHARS:
        return False
    if not is_private(urlsplit(base_url).hostname or ""):
        return True  # the guard still looks at the address that the hub's name leads to
    addresses = ("127.0.0.1", "::1") if host == "localhost" else (host,)
    try:
        return any(ipaddress.ip_address(a) in one.network and one.port == port for a in addresses for one in allow)
    except ValueError:
        return False


def is_private(host: str) -> bool:
    """Tell whether nobody outside can reach a host of this name: a private or loopback address, or a local name."""
    try:
        return not is_public(ipaddress.ip_address(host))
    except ValueError:
        name = host.rstrip(".").lower()
        return "." not in name or name.endswith(NEVER_PUBLIC)


def address_mark(base_url: str) -> str:
    """Give the characters that a token begins with, by which it is known whether it was made for this ``base_url``."""
    return blake2b(base_url.encode(), digest_size=3).hexdigest()


def request_form(one: Subscription, mode: Mode, base_url: str) -> dict[str, str]:
    """Write what is asked of the hub (5.1).

    The secret is sent over http too, where the recommendation would rather not: without it no push could be told from
    a forged one, and whoever reads it can bring about nothing but polls.
    """
    form = {"hub.mode": mode, "hub.topic": one.topic, "hub.callback": callback_url(one, base_url)}
    if mode == "subscribe":
        form |= {"hub.secret": one.secret, "hub.lease_seconds": str(LEASE_S)}
    return form


def callback_url(one: Subscription, base_url: str) -> str:
    """Give the address at which the hub reaches us for this subscription alone."""
    return f"{base_url}websub/{one.token}"


def verdict(one: Subscription, mode: str | None, topic: str | None, now: datetime) -> Verdict | None:
    """Judge a hub's GET (5.2, 5.3): what it verifies or tells, or None where we asked for nothing of the kind."""
    if topic != one.topic:
        return None
    live = one.state in ("asked", "active")
    if mode == "denied" and live:
        return "denied"  # a hub may deny at any time
    if mode == "unsubscribe" and one.state == "ended":
        return "unsubscribed"
    if mode == "subscribe" and live:
        if one.failures > 0:
            return "lease"
        if one.asked_at is not None and now - parse_iso(one.asked_at) < timedelta(seconds=REPEAT_S):
            return "repeat"
    return None


def granted_lease_s(said: str | None) -> int:
    """Read ``hub.lease_seconds`` → seconds, at most MAX_LEASE_S (5.3)."""
    text = (said or "").strip()
    seconds = int(text[:12]) if text.isascii() and text.isdigit() else 0
    return min(seconds, MAX_LEASE_S) if seconds > 0 else UNSAID_LEASE_S


def renew_at(now: datetime, lease_s: int) -> datetime:
    """Give the time to ask for the next lease: after two thirds of this one, so that a hub may be down for a while."""
    return now + timedelta(seconds=max(lease_s * 2 / 3, MIN_RENEWAL_S))


def ask_again_at(now: datetime, failures: int, retry_after_s: int | None = None) -> datetime:
    """Give the time of the next asking after ``failures`` (1 or more) in a row: doubling, and never given up."""
    wait = min(FIRST_WAIT_S * 2 ** min(failures - 1, 20), MAX_WAIT_S)
    return now + timedelta(seconds=max(wait, min(retry_after_s or 0, MAX_WAIT_S)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a push says its body's HMAC is."""

    method: str
    digest: bytes

    def made_by(self, mac: hmac.HMAC) -> bool:
        """Compare with the HMAC that we computed, in constant time."""
        return hmac.compare_digest(mac.digest(), self.digest)


def read_signature(headers: Collection[str]) -> Signature | None:
    """Read the values of ``X-Hub-Signature`` (7.1) → None where there is not just one, or it proves nothing.

    sha1 is refused: its collisions are cheap, and the registry of WebSub advises against it.
    """
    for header in headers if len(headers) == 1 else ():
        found = SIGNATURE.fullmatch(header.strip())
        if found:
            method, digits = found[1].lower(), found[2]
            if len(digits) == 2 * DIGEST_BYTES[method]:
                return Signature(method=method, digest=bytes.fromhex(digits))
    return None


def new_mac(one: Subscription, signature: Signature) -> hmac.HMAC:
    """Begin the HMAC of a push's body."""
    return hmac.new(one.secret.encode(), digestmod=signature.method)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """How many pushes of a subscription lead to a poll at once; ``at`` is when it was looked at (loop time, s)."""

    tokens: float = BURST
    at: float = 0.0


def take(bucket: Bucket, now_s: float) -> tuple[Bucket, bool]:
    """Fill the bucket for the time that went by, and take one token → what is left, and whether there was one."""
    tokens = min(BURST, bucket.tokens + max(0.0, now_s - bucket.at) / REFILL_S)
    if tokens < 1:
        return replace(bucket, tokens=tokens, at=now_s), False
    return replace(bucket, tokens=tokens - 1, at=now_s), True


def one_line(text: str, most: int = MAX_REASON_CHARS) -> str:
    """Make what a stranger sent into one line of ``most`` characters, with nothing in it that drives a terminal."""
    return " ".join("".join(char if char.isprintable() else " " for char in text[: most * 4]).split())[:most]


def only(values: Mapping[str, list[str]], name: str) -> str | None:
    """Give a query argument that is there just once; None for all else."""
    found = values.get(name, [])
    return found[0] if len(found) == 1 else None
