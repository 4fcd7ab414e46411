"""The HTTP side put together: documents from memory, pages and programs' routes, within a hard shell. IO: network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast, get_args

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from db.model import Format
from db.readers import BusyError
from feeds.clients import Rate, address_of
from feeds.conditional import ANY_ORIGIN, UNLISTED, answer
from feeds.counted import Served
from feeds.limits import RATES
from feeds.pages.faults import FaultPages
from feeds.publish import Published
from feeds.quick import Quick, common_headers
from feeds.shell import Shell
from feeds.site import Site

MOVED = "public, max-age=3600"
"""A renamed topic's old address is not asked at every poll, and not kept for ever: names come back."""
GONE = "This feed has another address now. Ask for it where you got this one.\n"
NO_FEED = "There is no such feed. The front page lists the topics.\n"
FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")
NO_PAGE = "There is no such page.\n"


def make_app(
    site: Site,
    more: Sequence[BaseRoute] = (),
    *,
    listen: str = "127.0.0.1",
    proxies: Callable[[], Sequence[str]] = tuple,
    rates: Mapping[str, Rate] = RATES,
    served: Served | None = None,
) -> Quick:
    """Make the ASGI application over ``site``; ``more`` are the routes of others: they go before ours.

    ``listen``, ``proxies``, ``rates``: see ``Shell``; ``served`` counts what is answered.
    """

    async def healthz(request: Request) -> Response:
        health = site.health()
        told = health if asked_here(request) else {"ok": health["ok"]}  # trouble names paths and addresses
        return JSONResponse(told, 200 if health["ok"] else 503, headers={"Cache-Control": "no-store"})

    async def topic(request: Request) -> Response:
        name, _, suffix = request.path_params["file"].rpartition(".")
        if suffix not in get_args(Format):
            return missing(404, NO_FEED)
        fmt = cast("Format", suffix)
        found = site.published(name, fmt)
        if found is not None:
            return ready(request, found)
        address = site.moved(name, fmt)
        if address is not None:
            return RedirectResponse(address, 301, {**ANY_ORIGIN, "Cache-Control": MOVED})
        if site.gone(name):
            return missing(410, GONE, {**ANY_ORIGIN, **UNLISTED})
        return missing(404, NO_FEED)

    async def other(request: Request) -> Response:
        found = site.document(request.scope["path"][1:])
        if found is not None:
            return ready(request, found)
        page, _, suffix = request.path_params.get("file", "").rpartition(".")
        if suffix in get_args(Format) and page.isascii() and page.isdigit():  # an archive page
            name = request.path_params["name"]
            if (address := site.moved(name, cast("Format", suffix))) is not None:
                moved = f"{address.removesuffix(f'.{suffix}')}/{page}.{suffix}"
                return RedirectResponse(moved, 301, {**ANY_ORIGIN, "Cache-Control": MOVED})
            if site.gone(name):
                return missing(410, GONE, {**ANY_ORIGIN, **UNLISTED})
        return missing(404, NO_FEED)

    def ready(request: Request, found: Published) -> Response:
        return answer(request, found, common_headers(site, request.scope["path"], found, site.now()))

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return missing(404, NO_PAGE)
        return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)

    app = Starlette(
        routes=[
            *more,
            Route("/healthz", healthz),
            Route("/topics/{file}", topic),
            Route("/topics/{name}/{file}", other),
            Route("/topics.opml", other),
        ],
        exception_handlers={HTTPException: refused, BusyError: busy},
    )
    app.router.redirect_slashes = False  # it would redirect to whatever the Host header says
    shell = Shell(app, site, listen=listen, proxies=proxies, rates=rates)
    return Quick(site, FaultPages(shell), shell.named, served)


def missing(status: int, why: str, headers: Mapping[str, str] | None = None) -> Response:
    """Say what there is not; who reads in a browser is told as a page (``FaultPages``)."""
    return PlainTextResponse(why, status, headers)


def asked_here(request: Request) -> bool:
    """Tell whether a program of this machine asks, and not through a web server."""
    peer = address_of(request.client.host) if request.client is not None else None
    return peer is not None and peer.is_loopback and not any(name in request.headers for name in FORWARDED)


async def busy(_: Request, __: Exception) -> Response:
    """Say that too many ask at once."""
    return PlainTextResponse("Too many ask at once; try again.\n", 503, {"Retry-After": "5"})
