"""The archive for programs, JSON over HTTP: stories, events, topics, sources, tags, search. IO: network.

It only reads. ``feeds/openapi.json`` describes it, ``docs/api.md`` tells how to use it.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from sqlite_utils import Database
from starlette.responses import RedirectResponse
from starlette.routing import Route

from db.found import asked_query, facets_of, find_stories
from db.gone import gone_at
from db.rank import find_best, read_cursor
from db.reading import SourceRead
from db.snippets import with_snippets
from db.source_read import days_of, read_source, read_sources, sources_after
from db.story_read import read_entry, read_event, read_revisions, read_story
from db.tag_read import read_tags
from db.text import slug
from db.topic_read import topic_page
from feeds import api_values as values
from feeds.api_answers import Call, Fault, Make, answered, missing
from feeds.api_sql import SQL_ADDRESS, SQL_PARAMETERS, SqlDesk, sql
from feeds.conditional import ANY_ORIGIN
from feeds.site import Site

OPENAPI = Path(__file__).with_name("openapi.json")
METHODS = ["GET", "POST", "OPTIONS"]
"""Those that are not done are refused in JSON too."""


async def stories(call: Call) -> Any:
    """List stories, newest first: all, or those of a query."""
    limit, before, text = call.limit, call.number("before"), call.text("q")

    def job(db: Any) -> Any:
        query = asked_query(db, text, call.names, call.viewer)
        return find_stories(db, query, call.at, call.viewer, before=before, limit=limit)

    found = await call.site.readers.read(job)
    return {
        "stories": [values.story_row(row, call.base_url) for row in found.stories],
        "next": call.next("before", found.before),
    }


async def search(call: Call) -> Any:
    """List what a query finds, newest or best first, and on its first page what narrows it down."""
    limit, before, text = call.limit, call.number("before"), call.text("q")
    if not text.strip():
        raise Fault(400, "q is missing", "give a query: ?q=ferry")
    order, after = call.text("order"), call.text("after")
    if order not in ("", "newest", "best"):
        raise Fault(400, f"order is {order[:40]!r}", "give newest or best")
    best = order == "best"
    if best and before is not None:
        raise Fault(400, "before goes with order=newest alone", "follow `next`: it has the cursor of order=best")
    cursor = read_cursor(after) if best else None
    if after and cursor is None:
        raise Fault(400, f"after is {after[:40]!r}", "follow `next` of a page of order=best")

    def job(db: Any) -> Any:
        query = asked_query(db, text, call.names, call.viewer)
        facets = facets_of(db, query, call.at, call.viewer) if before is None and cursor is None else None
        if best:
            ranked = find_best(db, query, call.at, call.viewer, limit=limit, cursor=cursor)
            return with_snippets(db, ranked.stories, query), call.next("after", ranked.next), facets
        found = find_stories(db, query, call.at, call.viewer, before=before, limit=limit)
        return with_snippets(db, found.stories, query), call.next("before", found.before), facets

    rows, following, facets = await call.site.readers.read(job)
    return {
        "stories": [values.story_row(row, call.base_url) for row in rows],
        "facets": values.facets(facets) if facets is not None else None,
        "next": following,
    }


async def story(call: Call) -> Any:
    """Tell a story; one that went into another leads there."""
    asked = call.id("story")

    def job(db: Any) -> Any:
        return read_story(db, asked, call.viewer) or gone_at(db, asked)

    told = await call.site.readers.read(job)
    if isinstance(told, str):
        raise Fault(410, f"this story was pruned at {told}", "the archive keeps stories for a time only")
    if told is None:
        raise missing("story")
    if told.row.id != asked:
        return RedirectResponse(f"{call.base_url}api/stories/{told.row.id}", 307, ANY_ORIGIN)
    return values.story(told, call.base_url)


async def revisions(call: Call) -> Any:
    """Tell what the entries of a story said before they were changed."""
    asked = call.id("story")

    def job(db: Any) -> Any:
        told = read_story(db, asked, call.viewer)
        return (told, read_revisions(db, told.row.id)) if told is not None else (None, ())

    told, said = await call.site.readers.read(job)
    if told is None:
        raise missing("story")
    return {"story": told.row.id, "revisions": [values.revision(one) for one in said]}


async def entry(call: Call) -> Any:
    """Tell an entry."""
    asked = call.id("entry")
    told = await call.site.readers.read(lambda db: read_entry(db, asked, call.viewer))
    if told is None:
        raise missing("entry")
    return values.whole_entry(told, call.base_url)


async def event(call: Call) -> Any:
    """Tell an event."""
    asked = call.id("event")
    told = await call.site.readers.read(lambda db: read_event(db, asked, call.viewer))
    if told is None:
        raise missing("event")
    return values.event(told, call.base_url)


async def topics(call: Call) -> Any:
    """List the topics; secret ones for the owner alone."""
    shown = [card for card in call.site.topics() if call.viewer == "owner" or not card.secret]
    return {"topics": [values.topic(card, call.base_url, call.viewer) for card in shown]}


async def topic_stories(call: Call) -> Any:
    """List what a topic has taken, newest first. A secret topic is read by whoever knows its name."""
    name = call.request.path_params["id"]
    card = next((one for one in call.site.topics() if one.name == name), None)
    if card is None:
        raise missing("topic")
    limit, before = call.limit, call.number("before")
    page = await call.site.readers.read(
        lambda db: topic_page(db, card.id, call.viewer, before=before, limit=limit),
    )
    return {
        "topic": values.topic(card, call.base_url, call.viewer),
        "stories": [values.story_row(row, call.base_url) | {"taken": values.taken(one)} for row, one in page.stories],
        "next": call.next("before", page.before),
    }


async def sources(call: Call) -> Any:
    """List the sources of the config, in its order, and how they are; their days as two minutes ago at most."""
    limit, after = call.limit, call.text("after")

    def read(db: Database) -> tuple[tuple[SourceRead, ...], bool]:
        names = sources_after(db, after, limit + 1)
        shown = names[:limit]
        days = call.kept.get(("days", *shown), call.now, lambda: days_of(db, call.now, shown))
        return read_sources(db, call.now, shown, days), len(names) > limit

    told, more = await call.site.readers.read(read)
    return {
        "sources": [values.source(one, call.base_url, call.viewer) for one in told],
        "next": call.next("after", told[-1].source if more else None),
    }


async def source(call: Call) -> Any:
    """Tell a source with its last polls."""
    name = call.request.path_params["id"]
    told = await call.site.readers.read(lambda db: read_source(db, name, call.now))
    if told is None:
        raise missing("source")
    return values.source(told, call.base_url, call.viewer, polls=True)


async def tags(call: Call) -> Any:
    """List tags by kind and name, with how many stories have each."""
    limit, kind, prefix, after = call.limit, call.text("kind") or None, slug(call.text("prefix")), call.text("after")
    found = await call.site.readers.read(
        lambda db: read_tags(db, call.viewer, kind=kind, prefix=prefix, after=after, limit=limit)
    )
    return {
        "tags": [values.tag(one, call.base_url) for one in found.tags],
        "next": call.next("after", found.after),
    }


async def openapi(call: Call) -> Any:
    """Give the description of all this, with our own address in it."""
    described = json.loads(OPENAPI.read_bytes())
    described["servers"] = [{"url": call.base_url.rstrip("/")}]
    return described


async def nothing(_: Call) -> Any:
    """Say that there is nothing."""
    raise Fault(404, "there is no such address", "api/openapi.json tells of all that there is")


PAGED = ("limit", "before")
CALLS: tuple[tuple[str, Make, tuple[str, ...]], ...] = (
    ("/api/openapi.json", openapi, ()),
    ("/api/stories", stories, ("q", *PAGED)),
    ("/api/stories/{id}", story, ()),
    ("/api/stories/{id}/revisions", revisions, ()),
    ("/api/entries/{id}", entry, ()),
    ("/api/events/{id}", event, ()),
    ("/api/topics", topics, ()),
    ("/api/topics/{id}/stories", topic_stories, PAGED),
    ("/api/sources", sources, ("limit", "after")),
    ("/api/sources/{id}", source, ()),
    ("/api/tags", tags, ("kind", "prefix", "after", "limit")),
    ("/api/search", search, ("q", "order", "after", *PAGED)),
)
"""What can be asked: where, and with which parameters. And in SQL, by the owner: ``feeds/api_sql.py``."""


def api_routes(site: Site) -> list[Route]:
    """Make the routes, for the daemon's application."""
    in_sql: tuple[str, Make, tuple[str, ...]] = (SQL_ADDRESS, partial(sql, desk=SqlDesk()), SQL_PARAMETERS)
    return [
        *(
            Route(path, answered(make, site, frozenset(parameters)), methods=METHODS)
            for path, make, parameters in (*CALLS, in_sql)
        ),
        Route("/api/{rest:path}", answered(nothing, site, frozenset()), methods=METHODS),
    ]
