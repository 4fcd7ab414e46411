"""The shell around all answers: who is asked for, how much, how often, and headers that are safe. IO: network, clock.

Nothing here knows what is served. An error of ours is told as such and no more; the server logs it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from feeds.clients import Rate
from feeds.limits import MAX_BODY_BYTES, OWN_BOUND, RATES, Limits
from feeds.limits import fault_of as size_fault
from feeds.named_hosts import Hosts
from feeds.named_hosts import fault_of as host_fault
from feeds.policy import NOTHING, PAGE, SAFE
from feeds.site import Site

HEALTH = "/healthz"
"""Answers to any name: whoever watches us may know us by another one, and learns nothing that he could use."""
OPEN = ("/topics/", "/topics.opml", "/tags/", "/sources/", "/search.", "/api/")
"""What web pages of others may read; and so may ask whether they may."""
PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Accept, Cache-Control, If-Modified-Since, If-None-Match",
    "Access-Control-Max-Age": "86400",
}
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
SAFE_RAW = [(name.lower().encode(), value.encode()) for name, value in SAFE]
PAGE_RAW = [(name.lower().encode(), value.encode()) for name, value in PAGE]
NOTHING_RAW = (b"content-security-policy", NOTHING.encode())


class Shell:
    """Passes on what may pass, and makes every answer a safe one.

    ``listen``: the host that we listen at; ``proxies``: gives ``[wireroom] proxies``; ``rates``: by kind of request.
    """

    def __init__(
        self,
        app: ASGIApp,
        site: Site,
        *,
        listen: str = "127.0.0.1",
        proxies: Callable[[], Sequence[str]] = tuple,
        rates: Mapping[str, Rate] = RATES,
    ) -> None:
        self._app = app
        self._site = site
        self._listen = listen
        self._proxies = proxies
        self._limits = Limits(rates)
        self._hosts: tuple[str, Hosts] = ("", Hosts("", listen))

    def named(self, host: str) -> bool:
        """Tell whether a Host header names us."""
        return self._names().has(host)

    def _names(self) -> Hosts:
        base_url = self._site.base_url
        if self._hosts[0] != base_url:
            self._hosts = base_url, Hosts(base_url, self._listen)
        return self._hosts[1]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what may not pass; pass on the rest, its body counted."""
        if scope["type"] != "http":
            return  # no WebSocket is spoken here
        safe = safely(scope, send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, safe)
            return
        body = receive if scope["path"].startswith(OWN_BOUND) else counted(receive)
        try:
            await self._app(scope, body, safe)
        except ClientDisconnect:
            return  # nobody is there to be told

    def _refusal(self, scope: Scope) -> Response | None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        path: str = scope["path"]
        lines = {name: [value.decode("latin-1") for key, value in headers if key == name] for name in READ}
        fault = size_fault(headers, len(scope.get("raw_path") or path) + len(scope["query_string"]), path)
        if fault is not None:
            return refused(*fault, close=True)
        if path != HEALTH:
            fault = host_fault(lines[b"host"], scope["http_version"], self._names())
            if fault is not None:
                return refused(*fault)
        method: str = scope["method"]
        if method not in METHODS:
            return refused(405, "That is not done here.\n", Allow="GET, HEAD, OPTIONS")
        if method == "OPTIONS" and path.startswith(OPEN) and lines[b"access-control-request-method"]:
            return Response(status_code=204, headers=PREFLIGHT)
        peer = (scope.get("client") or ("",))[0]
        forwarded = lines[b"x-forwarded-for"]
        wait_s = self._limits.wait_s(method, path, peer, forwarded, self._proxies(), time.monotonic())
        if wait_s:
            return refused(429, "That is too much at once.\n", Retry_After=str(wait_s))
        return None


READ = (b"host", b"x-forwarded-for", b"access-control-request-method")


def refused(status: int, why: str, *, close: bool = False, **headers: str) -> Response:
    """Make an answer that says no; ``close``: what is still to come is not read."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named["Cache-Control"] = "no-store"
    if close:
        named["Connection"] = "close"
    return PlainTextResponse(why, status, named)


def counted(receive: Receive) -> Receive:
    """Count a body while it comes: one without a length may be of any. Raises HTTPException (413)."""
    size = 0

    async def receiving() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY_BYTES:
            raise HTTPException(413, f"A form has at most {MAX_BODY_BYTES} bytes here.", {"Connection": "close"})
        return message

    return receiving


def safely(scope: Scope, send: Send) -> Send:
    """Add safe headers to an answer that has none of its own, and say what may be asked where OPTIONS is not known."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            there = {name.lower() for name, _ in headers}
            more = [*SAFE_RAW, NOTHING_RAW]
            if any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers):
                more += PAGE_RAW
            message["headers"] = [*headers, *(pair for pair in more if pair[0] not in there)]
        await send(message)

    return sending if scope["method"] != "OPTIONS" else allowing(sending)


def allowing(send: Send) -> Send:
    """Answer OPTIONS with what a 405 says to be allowed."""
    asked = False

    async def sending(message: Message) -> None:
        nonlocal asked
        if message["type"] == "http.response.start" and message["status"] == 405:
            asked = True
            allow = b", ".join(value for name, value in message["headers"] if name.lower() == b"allow")
            message = {**message, "status": 204, "headers": [(b"allow", allow + b", OPTIONS")]}
        elif asked:
            message = {**message, "body": b""}
        await send(message)

    return sending
