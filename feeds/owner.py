"""The owner signs in, and has things done. IO: network."""

from __future__ import annotations

from starlette.routing import Route

from feeds.site import Site


def owner_routes(site: Site) -> list[Route]:
    """Make the routes, for the daemon's application."""
    _ = site
    return []
