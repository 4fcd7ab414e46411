"""Feeds of tags, sources, searches and of health, made when they are asked for. IO: network."""

from __future__ import annotations

from starlette.routing import Route

from feeds.site import Site


def live_routes(site: Site) -> list[Route]:
    """Make the routes, for the daemon's application."""
    _ = site
    return []
