"""Search: the query language, what it found, and what narrows it down. IO: network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlite_utils import Database
from starlette.responses import Response

from db.found import asked_query, facets_of, find_stories
from db.preview import each_day
from db.query_faults import QueryError, SlowError
from db.query_tree import Query
from db.rank import Cursor, find_best, read_cursor
from db.reading import Best, Facets, Found
from db.snippets import with_snippets
from feeds.asked import whole_number
from feeds.pages.answers import Ask
from feeds.pages.charts import by_day

PAGE = 30
DAYS = 30
"""The picture of what was found by day has so many at least."""
FACETS_OF = 1000
"""What narrows a search down is counted in so many of its newest stories."""
TIMES = (
    ("seen:>=now-1d", "last 24 hours"),
    ("seen:>=now-7d", "last 7 days"),
    ("seen:>=now-30d", "last 30 days"),
)
EXAMPLES = (
    ("moscow kremlin", "both words"),
    ('"diplomatic mission"', "a phrase"),
    ("title:(ferry OR harbour*)", "in the title, either word, or one that begins so"),
    ("talks -lang:en", "a word, and not in English; tags are asked for so too"),
    ("sources:>=3 seen:>=now-7d", "carried by three sources or more, in the last week"),
    ("words:>300 has:enclosure", "longer than 300 words, with a file"),
)


async def search(ask: Ask) -> Response:
    """Make the page of the query in ``q``."""
    return await found_page(ask, ask.parameter("q").strip())


async def tag(ask: Ask) -> Response:
    """Make the page of all stories with a tag, which is that of its query."""
    return await found_page(ask, ask.request.path_params["tag"])


async def found_page(ask: Ask, text: str) -> Response:
    """Make the page of a query: what it finds, or what is wrong with it."""
    context: dict[str, Any] = {
        "q": text,
        "examples": EXAMPLES,
        "times": TIMES,
        "counted_in": FACETS_OF,
        "found": None,
        "facets": None,
        "chart": None,
        "fault": None,
        "column": None,
        "first": True,
        "best": False,
        "following": None,
    }
    try:
        if text and ask.parameter("order") == "best":
            cursor = read_cursor(ask.parameter("after"))
            best, facets = await ask.site.readers.read(lambda db: read_best(db, text, ask, cursor))
            found = Found(stories=best.stories)
            context |= {"best": True, "following": best.next}
            before = cursor.top if cursor is not None else None
        else:
            before = whole_number(ask.parameter("before"))
            found, facets = await ask.site.readers.read(lambda db: read(db, text, ask, before))
    except QueryError as error:
        context |= {"fault": str(error), "column": error.column}
        return ask.page("search.html", 503 if isinstance(error, SlowError) else 400, **context)
    context |= {"found": found, "facets": facets, "first": before is None}
    if facets is not None:
        context["chart"] = by_day(facets.days if facets.of >= FACETS_OF else at_least(DAYS, facets.days), "story")
    made = ask.page("search.html", **context)
    made.headers["X-Robots-Tag"] = "noindex"
    return made


def read(db: Database, text: str, ask: Ask, before: int | None) -> tuple[Found, Facets | None]:
    """Ask the archive. What narrows a search down stands on its first page. Raises QueryError."""
    query = asked_query(db, text, ask.names, ask.viewer)
    found = find_stories(db, query, ask.at, ask.viewer, before=before, limit=PAGE)
    found = replace(found, stories=with_snippets(db, found.stories, query))
    if before is not None or not found.stories:
        return found, None
    if query is None:
        return found, ask.kept.get(("facets", ask.viewer), ask.now, lambda: facets(db, query, ask))
    return found, facets(db, query, ask)


def read_best(db: Database, text: str, ask: Ask, cursor: Cursor | None) -> tuple[Best, Facets | None]:
    """Ask the archive likewise, the best first. Raises QueryError."""
    query = asked_query(db, text, ask.names, ask.viewer)
    best = find_best(db, query, ask.at, ask.viewer, limit=PAGE, cursor=cursor)
    best = replace(best, stories=with_snippets(db, best.stories, query))
    return best, facets(db, query, ask) if cursor is None and best.stories else None


def at_least(number: int, days: Sequence[tuple[str, int]]) -> Sequence[tuple[str, int]]:
    """Put empty days before those of a picture that has fewer: a single day would be one block as wide as it.

    Only where all that was found is counted: else those days may have some.
    """
    if not days:
        return days
    first = date.fromisoformat(days[0][0])
    return [*((day, 0) for day in each_day(first - timedelta(days=max(0, number - len(days))), first)[:-1]), *days]


def facets(db: Database, query: Query | None, ask: Ask) -> Facets:
    """Count what the newest of the stories found have."""
    return facets_of(db, query, ask.at, ask.viewer, most=FACETS_OF)
