"""The feed of health: broken, silent and moved sources, for their owner's reader. IO: network."""

from __future__ import annotations

from functools import partial
from typing import cast

from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.model import FORMATS, Format
from db.output import TopicFeed
from db.troubles import health_urn, read_troubles
from feeds.conditional import answer, made
from feeds.links import link_header
from feeds.publish import Published
from feeds.render import MEDIA_TYPES, Channel, ItemCache, render
from feeds.site import Site
from feeds.troubles import TITLE, health_feed

ITEMS = 50
CACHE = "public, max-age=60"
"""It is looked once a minute whether something is new (wireroom/health_feed.py)."""
SINCE = "2026-01-01T00:00:00Z"
"""The time of a feed in which there was never anything: any that stays."""


class Documents:
    """The document of each format as it was asked for last; rendered again only where something of it is another."""

    def __init__(self) -> None:
        self._made: dict[Format, tuple[TopicFeed, Channel, Published]] = {}
        self._items = ItemCache()

    def of(self, feed: TopicFeed, channel: Channel, fmt: Format) -> Published:
        """Give the document that these make."""
        kept = self._made.get(fmt)
        if kept is not None and kept[:2] == (feed, channel):
            return kept[2]
        body = render(feed, fmt, channel, self._items).body
        self._items.keep_only(item.guid for item in feed.items)
        document = made(body, MEDIA_TYPES[fmt])
        self._made[fmt] = feed, channel, document
        return document


def health_routes(site: Site) -> list[Route]:
    """Make the routes, for the daemon's application."""
    documents = Documents()

    async def health(request: Request) -> Response:
        fmt = cast("Format", request.scope["path"].rpartition(".")[2])
        feed = await site.readers.read(partial(read_feed, base_url=site.base_url))
        channel = channel_of(feed, fmt, site.base_url)
        page = f"{site.base_url}sources"
        headers = {"Cache-Control": CACHE, "Link": link_header(channel.self_url, page=page)}
        return answer(request, documents.of(feed, channel, fmt), headers)

    return [Route(f"/health.{fmt}", health) for fmt in FORMATS]


def read_feed(db: Database, base_url: str) -> TopicFeed:
    """Read what there is to tell."""
    return health_feed(read_troubles(db, ITEMS), health_urn(db), SINCE, base_url)


def channel_of(feed: TopicFeed, fmt: Format, base_url: str) -> Channel:
    """Make the channel of its document in one format."""
    return Channel(
        title=TITLE,
        urn=feed.urn,
        description="Sources that fail, fell silent or moved, and when they are well again",
        self_url=f"{base_url}health.{fmt}",
        home_url=f"{base_url}sources",
        since=feed.created_at,
    )
