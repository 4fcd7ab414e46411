"""Where hubs reach us: ``/websub/TOKEN``, a route of the daemon's server. IO: network, sqlite.

Whoever does not know a token learns nothing, and costs one look-up. A hub's body is hashed while it streams and never
kept: what is pushed cannot enter the archive, it only leads to a poll.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from datetime import timedelta
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from db.archive import ArchiveError
from db.model import Subscription
from db.subscriptions import subscription_of, write_denial, write_lease
from db.times import iso, iso_after
from ingest.websub import (
    DENIED_WAIT_S,
    MAX_CHALLENGE_CHARS,
    granted_lease_s,
    new_mac,
    one_line,
    only,
    read_signature,
    renew_at,
    verdict,
)
from wireroom.clock import utc_now
from wireroom.subscriber import Subscriber, shown

TOKEN = re.compile(r"[A-Za-z0-9_-]{40,80}", re.ASCII)
SMALL_BYTES = 65536
"""An unread body of this size is read off by the server; after a larger one the connection is closed."""


class TooLargeError(Exception):
    """The body is over ``[poll] max_body``."""


def callback_routes(subscriber: Subscriber) -> list[Route]:
    """Make the route, for the daemon's application."""

    async def endpoint(request: Request) -> Response:
        token = request.path_params["token"]
        one = subscription_of(subscriber.engine.reader, token) if TOKEN.fullmatch(token) else None
        try:
            if request.method == "GET":
                return await verify(subscriber, one, request)
            if request.method == "POST":
                return await pushed(subscriber, one, request)
        except (ArchiveError, sqlite3.Error, RuntimeError):  # no disk, or we are being stopped: the hub tries again
            return answer(request, 503, "Not now; try again.\n", Retry_After="60")
        return answer(request, 405, "GET or POST.\n", Allow="GET, POST")

    return [Route("/websub/{token}", endpoint, methods=["GET", "POST"])]


def answer(request: Request, status: int, text: str, **headers: str) -> Response:
    """Make an answer; it closes the connection where a large body is still to come."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named["Cache-Control"] = "no-store"
    length = request.headers.get("Content-Length", "0")
    if "Transfer-Encoding" in request.headers or not length.isdigit() or int(length[:12]) > SMALL_BYTES:
        named["Connection"] = "close"
    return PlainTextResponse(text, status, named)


async def verify(subscriber: Subscriber, one: Subscription | None, request: Request) -> Response:
    """Answer a hub's GET: with its challenge where we asked for this, else with 404 (5.2, 5.3)."""
    engine, now = subscriber.engine, utc_now()
    try:
        query = parse_qs(request.scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=50)
    except ValueError:
        query = {}
    found = verdict(one, only(query, "hub.mode"), only(query, "hub.topic"), now) if one is not None else None
    challenge = only(query, "hub.challenge") or ""
    if one is None or found is None or (found != "denied" and not 0 < len(challenge) <= MAX_CHALLENGE_CHARS):
        return answer(request, 404, "There is no such page.\n")
    if found == "denied":
        reason = "denied: " + (one_line(only(query, "hub.reason") or "") or "no reason given")
        again = iso_after(now + timedelta(seconds=DENIED_WAIT_S))
        await engine.write(lambda db: write_denial(db, one, reason, again))
        engine.log.warning("subscription denied", source=one.source, hub=shown(one.hub), error=reason, next=again)
        return answer(request, 200, "")
    if found == "lease":
        lease_s = granted_lease_s(only(query, "hub.lease_seconds"))
        expires, renew = iso(now + timedelta(seconds=lease_s)), iso_after(renew_at(now, lease_s))
        open_ = await engine.write(
            lambda db: write_lease(db, one, lease_s=lease_s, expires_at=expires, renew_at=renew, now=iso(now))
        )
        if open_:
            engine.log.info("subscribed", source=one.source, hub=shown(one.hub), until=expires)
    return answer(request, 200, challenge)


async def pushed(subscriber: Subscriber, one: Subscription | None, request: Request) -> Response:
    """Answer a hub's POST: 202 where its signature is good, and the source will be polled (7, 7.1)."""
    if one is None:
        return answer(request, 404, "There is no such page.\n")
    if one.state in ("ended", "denied"):
        return answer(request, 410, "There is no subscription any more.\n")
    signature = read_signature(request.headers.getlist("X-Hub-Signature"))
    if signature is None:
        return answer(request, 403, "X-Hub-Signature must be there, once, with sha256, sha384 or sha512.\n")
    mac, size, poll = new_mac(one, signature), 0, subscriber.engine.config.poll
    try:
        async with asyncio.timeout(poll.timeout_s):
            async for chunk in request.stream():
                size += len(chunk)
                if size > poll.max_body_bytes:
                    return answer(request, 413, "The body is too large.\n", Connection="close")
                mac.update(chunk)
    except TimeoutError:
        return answer(request, 408, "The body did not come in time.\n", Connection="close")
    except ClientDisconnect:
        return answer(request, 400, "The body broke off.\n")
    if not signature.made_by(mac):
        return answer(request, 403, "The signature is wrong.\n")
    await subscriber.pushes.push(one)
    return answer(request, 202, "")
