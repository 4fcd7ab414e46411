"""``/metrics`` for Prometheus: told on this machine, or to the owner. IO: network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from feeds.serve import asked_here
from feeds.session import session_of
from feeds.site import Site

PATH = "/metrics"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's text format, https://prometheus.io/docs/instrumenting/exposition_formats/."""
NOT_FOR_YOU = (
    "Metrics are told on this machine, or to whoever sends the token: Authorization: Bearer TOKEN ([wireroom] token).\n"
)


def metrics_routes(site: Site, page: Callable[[], Awaitable[bytes]]) -> list[Route]:
    """Make the route; ``page`` writes what is told."""

    async def metrics(request: Request) -> Response:
        if not asked_here(request) and session_of(request, site) is None:
            return PlainTextResponse(NOT_FOR_YOU, 403, {"Cache-Control": "no-store"})
        return Response(await page(), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})

    return [Route(PATH, metrics)]
