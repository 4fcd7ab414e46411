"""The HTTP side: documents from memory, with validators, compressed, and nothing that changes state. IO: network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, get_args

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db.model import Format
from feeds.front_page import PAGE_POLICY
from feeds.publish import Published

MAX_AGE_S = 60
"""How long a reader may go without asking: the publisher looks for changes every second, feeds change by the minute."""
CACHE = f"public, max-age={MAX_AGE_S}"
ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}
"""Readers that are web pages may fetch feeds: who knows a feed's address may read it."""
UNLISTED = {"X-Robots-Tag": "noindex", "Cache-Control": f"private, max-age={MAX_AGE_S}"}
GONE = "This feed has another address now. Ask for it where you got this one.\n"


class Site(Protocol):
    """What is served: documents that are ready, looked up in memory."""

    def published(self, topic: str, fmt: Format) -> Published | None:
        """The document in one format of the topic with this public name."""

    def moved(self, topic: str, fmt: Format) -> str | None:
        """The address of a topic that was known under this name before."""

    def gone(self, topic: str) -> bool:
        """Whether this was a secret topic's name, before it got another."""

    def index(self) -> Published | None:
        """The front page, once it is there."""

    def health(self) -> dict[str, Any]:
        """How we are; ``ok`` decides the status."""


def make_app(site: Site, more: Sequence[Route] = ()) -> ASGIApp:
    """Make the ASGI application over ``site``; ``more`` are routes of others, behind the same safe headers."""

    async def front(request: Request) -> Response:
        page = site.index()
        if page is None:
            return PlainTextResponse("Nothing could be published yet; /healthz says why.\n", 503)
        return document(request, page, {"Content-Security-Policy": PAGE_POLICY})

    async def healthz(_: Request) -> Response:
        health = site.health()
        return JSONResponse(health, 200 if health["ok"] else 503, headers={"Cache-Control": "no-store"})

    async def topic(request: Request) -> Response:
        name, _, suffix = request.path_params["file"].rpartition(".")
        for fmt in get_args(Format):
            if fmt == suffix:
                found = site.published(name, fmt)
                if found is not None:
                    return document(request, found, ANY_ORIGIN | (UNLISTED if found.unlisted else {}))
                address = site.moved(name, fmt)
                if address is not None:
                    return RedirectResponse(address, 301, {**ANY_ORIGIN, "Cache-Control": CACHE})
                if site.gone(name):
                    return PlainTextResponse(GONE, 410, {**ANY_ORIGIN, **UNLISTED})
        return PlainTextResponse("There is no such feed. The front page lists the topics.\n", 404)

    async def no_such_page(_: Request, __: Exception) -> Response:
        return PlainTextResponse("There is no such page.\n", 404)

    app = Starlette(
        routes=[Route("/", front), Route("/healthz", healthz), Route("/topics/{file}", topic), *more],
        exception_handlers={404: no_such_page},
    )
    app.router.redirect_slashes = False  # it would redirect to whatever the Host header says
    return SafeHeaders(app)  # around all of it: as middleware it would miss the answer to an error of ours


class SafeHeaders:
    """Adds to every answer what keeps a browser from guessing types, running anything or telling where it came from."""

    HEADERS = (
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    )

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add to its answer."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                if all(name != b"content-security-policy" for name, _ in headers):
                    headers.append((b"content-security-policy", b"default-src 'none'"))
                message["headers"] = [*headers, *self.HEADERS]
            await send(message)

        await self._app(scope, receive, sending)


def document(request: Request, found: Published, more: dict[str, str]) -> Response:
    """Answer with a document, or with 304 where the client has this very state of it (RFC 9110 13.2.2)."""
    compressed = accepts_gzip(",".join(request.headers.getlist("Accept-Encoding")))
    etag = found.gzip_etag if compressed else found.etag
    headers = {
        "ETag": etag,
        "Last-Modified": found.last_modified,
        "Cache-Control": CACHE,
        "Vary": "Accept-Encoding",
        **more,
    }
    known = request.headers.getlist("If-None-Match")
    if known:
        same = known_etag(",".join(known), found, etag)
        if same is not None:
            return Response(status_code=304, headers=headers | {"ETag": same})
    elif not_modified_since(request.headers.get("If-Modified-Since"), found):
        return Response(status_code=304, headers=headers)
    if compressed:
        headers["Content-Encoding"] = "gzip"
    body = found.gzip if compressed else found.body
    headers["Content-Type"] = found.media_type
    headers["Content-Length"] = str(len(body))
    return Response(b"" if request.method == "HEAD" else body, headers=headers)


def known_etag(known: str, found: Published, etag: str) -> str | None:
    """Compare If-None-Match weakly (RFC 9110 13.1.2) → the ETag of this state that the client has, or None.

    Either encoding will do, and is named in the answer: the client keeps the one that it has.
    """
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    if "*" in tags or etag in tags:
        return etag
    return next((one for one in (found.etag, found.gzip_etag) if one in tags), None)


def not_modified_since(since: str | None, found: Published) -> bool:
    """Compare If-Modified-Since; a date that can't be read asks nothing (RFC 9110 13.1.3)."""
    if since is None:
        return False
    try:
        date = parsedate_to_datetime(since)
    except (ValueError, IndexError, TypeError, OverflowError):
        return False
    date = date.replace(tzinfo=UTC) if date.tzinfo is None else date
    return parsedate_to_datetime(found.last_modified) <= date <= datetime.max.replace(tzinfo=UTC)


def accepts_gzip(accept: str) -> bool:
    """Tell whether the client takes gzip (RFC 9110 12.5.3): named, or by ``*``, and not with a weight of zero."""
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, _, parameters = part.partition(";")
        label, _, weight = parameters.partition("=")
        try:
            weights[name.strip()] = float(weight) if label.strip() == "q" else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0
