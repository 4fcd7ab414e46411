"""Feeds of tags, sources and searches, made when they are asked for: their newest stories. IO: network.

Whoever asks sees what everybody may see: an address in a reader has no owner. In all these feeds a story has one id, so
that none is shown twice by who reads several of them as one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import cast
from urllib.parse import quote

from sqlite_utils import Database
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from db.found import asked_query, newest_below
from db.live_read import Origin, origin_of, story_items, touched_at
from db.model import FORMATS, Format
from db.output import MAX_BYTES, TopicFeed
from db.query_faults import QueryError, SlowError, pointed
from db.query_names import Names
from db.query_tree import Query, Source, Tag
from db.readers import BusyError
from db.text import slug
from db.times import iso
from feeds.api_answers import BUSY_S, SLOW_S
from feeds.conditional import ANY_ORIGIN, UNLISTED, answer, made
from feeds.freshness import cache_control
from feeds.item import feed_updated, moment, xml_text
from feeds.links import link_header
from feeds.live_cache import LiveCache
from feeds.publish import Published
from feeds.render import MEDIA_TYPES, Channel, ItemCache, Part, assembled, rendered_items
from feeds.site import Site

MOST_STORIES = 50
MOST_ITEMS = 1000
"""Of the items whose bytes are kept for the next time; of more, all are forgotten."""
NO_FEED = "There is no such feed.\n"
NO_TAG = "There is no such tag: no story ever had it. /api/tags lists those that there are.\n"
NO_SOURCE = "There is no such source. /sources lists those that there are.\n"
TAG_FORM = "Write a tag as KIND:NAME, such as /tags/place:kiel.rss.\n"


class Missing(Exception):  # noqa: N818 - it is an answer
    """There is no such feed; the text says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A feed that is asked for: what it is called, where it and its page are (below the base URL), what it asks.

    ``name`` is what its id is made of. ``ask`` gives what it asks the archive, and its title; it raises QueryError and
    Missing. ``query``: what the address asks for, encoded. ``unlisted``: no search engine is to keep it.
    """

    name: str
    path: str
    ask: Callable[[Database], tuple[Query | None, str]]
    query: str = ""
    unlisted: bool = False

    def address(self, base_url: str, fmt: Format) -> str:
        """Give its address in a format."""
        return f"{base_url}{self.path}.{fmt}{self.query}"

    def page(self, base_url: str) -> str:
        """Give the address of its page."""
        return f"{base_url}{self.path}{self.query}"


class Live:
    """Makes these feeds of a site's archive, and answers with them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._cache = LiveCache(site.readers, now=lambda: site.now().timestamp())
        self._items = ItemCache()

    async def answer(self, request: Request, wanted: Wanted, fmt: Format) -> Response:
        """Answer with a feed, or with what is wrong."""
        base_url = self._site.base_url
        key = (wanted.name, fmt)
        given = (base_url, self._site.public_names())
        try:
            found = await self._cache.get(key, partial(self._make, wanted, fmt, base_url), given)
        except Missing as missing:
            return said(404, str(missing))
        except SlowError as error:
            return said(503, f"{error}\n", {"Retry-After": str(SLOW_S)})
        except QueryError as error:
            return said(400, "\n".join([str(error), *pointed(error), ""]))
        except BusyError:
            return said(503, "Too many ask at once; try again.\n", {"Retry-After": str(BUSY_S)})
        others = [one for one in FORMATS if one != fmt]
        link = link_header(
            wanted.address(base_url, fmt),
            page=wanted.page(base_url),
            feeds=[f"{wanted.address(base_url, one)} {MEDIA_TYPES[one].partition(';')[0]}" for one in others],
        )
        keep = cache_control(found.last_modified, self._site.now(), unlisted=found.unlisted)
        more = {"Cache-Control": keep, **({"Link": link} if link else {}), **(UNLISTED if wanted.unlisted else {})}
        return answer(request, found, more)

    def _make(self, wanted: Wanted, fmt: Format, base_url: str, db: Database) -> tuple[Published, float]:
        """Make a feed, on a reader's thread → it, and when it last changed."""
        if len(self._items) > MOST_ITEMS:
            self._items = ItemCache()
        query, title = wanted.ask(db)
        sql, params = newest_below(query, iso(self._site.now()), "public")
        ids = [id_ for (id_,) in db.execute(f"{sql} LIMIT ?", [*params, MOST_STORIES])]
        origin = origin_of(db)
        items = story_items(db, ids, origin)
        channel = channel_of(wanted, title, fmt, base_url, origin)
        feed = TopicFeed(id=wanted.name, title=channel.title, urn=channel.urn, created_at=origin.since, items=items)
        parts = fitting(rendered_items(feed, fmt, self._items), len(assembled(channel, fmt, ())))
        changed = feed_updated([part.item for part in parts], origin.since)
        if (touched := touched_at(db, ids)) is not None:
            changed = max(changed, moment(touched))
        return made(assembled(channel, fmt, parts), MEDIA_TYPES[fmt]), changed.timestamp()


def channel_of(wanted: Wanted, title: str, fmt: Format, base_url: str, origin: Origin) -> Channel:
    """Tell of a feed's document. No hub tells of its changes."""
    title = xml_text(title)
    return Channel(
        title=title,
        urn=origin.urn(wanted.name),
        description=f"{title}: the newest stories, each once, with all its sources",
        self_url=wanted.address(base_url, fmt),
        home_url=wanted.page(base_url),
        since=origin.since,
    )


def fitting(parts: list[Part], head: int, most: int = MAX_BYTES) -> list[Part]:
    """Take as many of the first items as fit into a document of ``most`` bytes, whole; ``head``: those around them.

    One that alone is too long for any document is left out, and so is one that can't be written.
    """
    room = most - head - len('<language xml:lang="xx-Xxxx-XX"></language>\n')
    taken: list[Part] = []
    for part in parts:
        size = len(part.body) + len(",\n") if part.body is not None else 0
        if not size or size > most - head:
            continue
        room -= size
        if room < 0:
            break
        taken.append(part)
    return taken


def said(status: int, why: str, more: dict[str, str] | None = None) -> Response:
    """Say what is wrong, in plain text."""
    return PlainTextResponse(why, status, {**ANY_ORIGIN, "Cache-Control": "no-store", **(more or {})})


def tag_wanted(kind: str, name: str) -> Wanted:
    """Tell of the feed of a tag."""
    tag = f"{kind}:{name}"

    def ask(db: Database) -> tuple[Query, str]:
        if not db.execute("SELECT 1 FROM tags WHERE kind = ? AND name = ?", [kind, name]).fetchall():
            raise Missing(NO_TAG)
        return Tag(kind, name), f"Stories tagged {tag}"

    return Wanted(name=f"tag {tag}", path=f"tags/{quote(tag, safe=':')}", ask=ask)


def source_wanted(source: str) -> Wanted:
    """Tell of the feed of a source: the stories that it carries, each with all that carry it."""

    def ask(db: Database) -> tuple[Query, str]:
        titles = db.execute("SELECT coalesce(nullif(title, ''), config_id) FROM sources WHERE config_id = ?", [source])
        for (title,) in titles.fetchall():
            return Source(source), f"Stories of {title}"
        raise Missing(NO_SOURCE)

    return Wanted(name=f"source {source}", path=f"sources/{quote(source, safe='')}", ask=ask)


def search_wanted(text: str, names: Names) -> Wanted:
    """Tell of the feed of a search; its address is the same however many blanks were typed."""
    text = " ".join(text.split())
    return Wanted(
        name=f"search {text}",
        path="search",
        ask=lambda db: (asked_query(db, text, names, "public"), f"Search: {text}" if text else "All stories"),
        query=f"?q={quote(text, safe='')}" if text else "",
        unlisted=True,
    )


Endpoint = Callable[[Request], Awaitable[Response]]


def live_routes(site: Site) -> list[Route]:
    """Make the routes, for the daemon's application."""
    live = Live(site)

    async def tag(request: Request) -> Response:
        kind, _, name = request.path_params["tag"].partition(":")
        fmt, kind, plain = request.path_params["fmt"], kind.strip().lower(), slug(name)
        if not kind or not plain:
            return said(404, TAG_FORM)
        wanted = tag_wanted(kind, plain)
        if f"{kind}:{plain}" != request.path_params["tag"]:
            return RedirectResponse(wanted.address(site.base_url, fmt), 301, ANY_ORIGIN)
        return await live.answer(request, wanted, fmt)

    async def source(request: Request) -> Response:
        return await live.answer(request, source_wanted(request.path_params["id"]), request.path_params["fmt"])

    async def search(request: Request) -> Response:
        text = str(request.query_params.get("q", ""))
        return await live.answer(request, search_wanted(text, site.public_names()), request.path_params["fmt"])

    return [
        Route("/tags/{tag}.{fmt}", in_format(tag), methods=["GET"]),
        Route("/sources/{id}.{fmt}", in_format(source), methods=["GET"]),
        Route("/search.{fmt}", in_format(search), methods=["GET"]),
    ]


def in_format(endpoint: Endpoint) -> Endpoint:
    """Answer for the formats that there are; any other is no feed."""

    async def checked(request: Request) -> Response:
        if cast("Format", request.path_params["fmt"]) not in FORMATS:
            return said(404, NO_FEED)
        return await endpoint(request)

    return checked
