"""The archive for programs, JSON over HTTP. IO: network."""

from __future__ import annotations

from starlette.routing import Route

from feeds.site import Site


def api_routes(site: Site) -> list[Route]:
    """Make the routes, for the daemon's application."""
    _ = site
    return []
