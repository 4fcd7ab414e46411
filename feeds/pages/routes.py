"""Which page is where. IO: network."""

from __future__ import annotations

from starlette.routing import Route

from feeds.site import Site


def page_routes(site: Site) -> list[Route]:
    """Make the routes, for the daemon's application."""
    _ = site
    return []
