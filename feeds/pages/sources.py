"""The pages of sources: how each does, and one by itself. IO: network."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from sqlite_utils import Database
from starlette.responses import Response

from db.found import asked_query, find_stories
from db.reading import Found, SourceRead
from db.source_read import days_of, read_source, read_sources
from feeds.asked import whole_number
from feeds.pages.answers import Ask
from feeds.pages.charts import Chart, by_day, polls, sparkline
from feeds.pages.words import counted

TROUBLED = ("failing", "wall", "gone", "silent", "held", "offline")
"""What stands first: worst first, the others in the order of the config."""
STORIES = 20
PAGE = 200
"""Sources on a page of the list: each has two pictures, and is written where everybody else is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A source in the list."""

    source: SourceRead
    new: int
    news: Markup
    polls: Markup


async def sources(ask: Ask) -> Response:
    """Make the list, page by page."""

    def read(db: Database) -> tuple[SourceRead, ...]:
        return read_sources(db, ask.now, ask.kept.get("days of sources", ask.now, lambda: days_of(db, ask.now)))

    found = await ask.site.readers.read(read)
    rank = {health: n for n, health in enumerate(TROUBLED)}
    ranked = sorted(found, key=lambda one: rank.get(one.status["health"], len(rank)))
    page = max(1, whole_number(ask.parameter("page")) or 1)
    return ask.page(
        "sources.html",
        lines=[line(one) for one in ranked[(page - 1) * PAGE : page * PAGE]],
        total=len(found),
        page=page,
        more=len(found) > page * PAGE,
        troubled=sum(one.status["health"] in rank for one in found),
    )


async def source(ask: Ask) -> Response:
    """Make one source's page."""
    name = ask.request.path_params["id"]

    def read(db: Database) -> tuple[SourceRead, Found] | None:
        found = read_source(db, name, ask.now)
        if found is None:
            return None
        query = asked_query(db, f'source:"{name}"', ask.names, ask.viewer)
        return found, find_stories(db, query, ask.at, ask.viewer, limit=STORIES)

    found = await ask.site.readers.read(read)
    if found is None:
        ask.missing("There is no such source. The list names those that there are.")
    told, stories = found
    return ask.page("source.html", line=line(told), source=told, found=stories, chart=chart(told))


def line(one: SourceRead) -> Line:
    """Draw how a source did."""
    new = sum(day.new for day in one.days)
    asked, failed = sum(day.polls for day in one.days), sum(day.failed for day in one.days)
    span = f"in {counted(len(one.days), 'day')}"
    return Line(
        source=one,
        new=new,
        news=sparkline([day.new for day in one.days], f"{counted(new, 'new entry')} {span}"),
        polls=polls(
            [(day.polls, day.failed) for day in one.days], f"{counted(asked, 'poll')} {span}, {failed:,} of them failed"
        ),
    )


def chart(one: SourceRead) -> Chart | None:
    """Draw a source's new entries by day."""
    return by_day([(day.day, day.new) for day in one.days], "new entry")
