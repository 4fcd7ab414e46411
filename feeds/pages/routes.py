"""Which page is where. IO: network."""

from __future__ import annotations

from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from feeds.pages.answers import Make, answered
from feeds.pages.environment import static_files
from feeds.pages.front import front
from feeds.pages.kept import Kept
from feeds.pages.search import search, tag
from feeds.pages.sources import source, sources
from feeds.pages.story import event, story
from feeds.pages.topic import beside, topic
from feeds.site import Site

PAGES: tuple[tuple[str, Make], ...] = (
    ("/", front),
    ("/topics/{name}/", topic),
    ("/topics/{name}", beside),
    ("/stories/{id}", story),
    ("/events/{id}", event),
    ("/search", search),
    ("/tags/{tag}", tag),
    ("/sources", sources),
    ("/sources/{id}", source),
)
TYPED = {
    "/topics": "./",
    "/topics/": "../",
    "/stories": "search",
    "/stories/": "../search",
    "/search/": "../search",
    "/sources/": "../sources",
    "/stories/{id}/": "../{id}",
    "/events/{id}/": "../{id}",
    "/sources/{id}/": "../{id}",
}
"""Addresses that people type, or make by cutting another; where each leads, relative."""
FEEDS = (".rss", ".atom", ".json")
FOR_EVER = "public, max-age=31536000, immutable"


class PageRoute(Route):
    """A page's route; an address that ends as a feed's does is none: ``/sources/ID.rss``."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Leave feeds to others."""
        if scope["type"] == "http" and scope["path"].endswith(FEEDS):
            return Match.NONE, {}
        return super().matches(scope)


def page_routes(site: Site) -> list[Route]:
    """Make the routes, for the daemon's application."""
    kept = Kept()
    return [
        *(PageRoute(path, answered(make, site, kept), methods=["GET"]) for path, make in PAGES),
        *(Route(path, partial(lead_on, to=to), methods=["GET"]) for path, to in TYPED.items()),
        Route("/static/{name}", static_file, methods=["GET"]),
    ]


async def lead_on(request: Request, *, to: str) -> Response:
    """Lead to the page that was meant."""
    id_ = quote(request.path_params.get("id", ""), safe="")
    return RedirectResponse(to.replace("{id}", id_), 301)


async def static_file(request: Request) -> Response:
    """Answer with a file that pages need."""
    found = static_files().get(request.path_params["name"])
    if found is None:
        return PlainTextResponse("There is no such file.\n", 404)
    kept = FOR_EVER if request.query_params.get("v") == found.version else "public, max-age=300"
    headers = {"Cache-Control": kept, "ETag": f'"{found.version}"', "Content-Type": found.media_type}
    if found.version in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.body, headers=headers)
