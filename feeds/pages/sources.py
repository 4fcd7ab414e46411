"""The pages of sources: how each does, and one by itself. IO: network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup
from sqlite_utils import Database
from starlette.responses import Response

from db.found import asked_query, find_stories
from db.health import source_healths
from db.reading import Found, PollDay, SourceRead
from db.source_read import days_of, read_source, read_sources, whole
from feeds.asked import whole_number
from feeds.pages.answers import Ask
from feeds.pages.charts import Chart, by_day, polls, sparkline
from feeds.pages.environment import HEALTH
from feeds.pages.words import counted

TROUBLED = ("failing", "wall", "gone", "silent", "held", "offline")
"""What stands first: worst first, the others in the order of the config."""
RANK = {health: n for n, health in enumerate(TROUBLED)}
STORIES = 20
PAGE = 100
"""So many are on a page of the list."""


class Line(NamedTuple):
    """A source in the list."""

    source: SourceRead
    new: int
    news: Markup
    polls: Markup


async def sources(ask: Ask) -> Response:
    """Make a page of the list: what is in trouble first; of those with ``q`` in a name, and a ``health``, if asked."""
    words, health = ask.parameter("q").strip().casefold(), ask.parameter("health")
    number = max(1, whole_number(ask.parameter("page")) or 1)

    def read(db: Database) -> tuple[list[tuple[str, str, str]], int, list[Line]]:
        every = source_healths(db, ask.now)
        names = [
            id_
            for id_, title, how in sorted(every, key=lambda one: RANK.get(one[2], len(RANK)))
            if (not health or how == health) and (not words or words in f"{id_} {title}".casefold())
        ]
        shown = names[(number - 1) * PAGE : number * PAGE]
        drawn = ask.kept.get(("polls", *shown), ask.now, lambda: pictures(db, shown, ask))
        rows = {one.source: one for one in read_sources(db, ask.now, shown, {})}
        return every, len(names), [Line(rows[id_], *drawn[id_]) for id_ in shown if id_ in rows]

    every, count, lines = await ask.site.readers.read(read)
    healths = Counter(how for *_, how in every)
    return ask.page(
        "sources.html",
        lines=lines,
        total=len(every),
        count=count,
        healths=healths,
        troubled=sum(healths[each] for each in TROUBLED),
        q=ask.parameter("q").strip(),
        health=health if health in HEALTH else "",
        number=number,
        pages=-(-count // PAGE),
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
    return ask.page("source.html", line=Line(told, *picture(told.days)), source=told, found=stories, chart=chart(told))


def pictures(db: Database, shown: Sequence[str], ask: Ask) -> dict[str, tuple[int, Markup, Markup]]:
    """Draw how these sources did → by source."""
    days = days_of(db, ask.now, shown)
    return {id_: picture(whole(days[id_], ask.now)) for id_ in shown}


def picture(days: Sequence[PollDay]) -> tuple[int, Markup, Markup]:
    """Draw how a source did → its new entries, a picture of them, and one of its polls."""
    new = sum(day.new for day in days)
    asked, failed = sum(day.polls for day in days), sum(day.failed for day in days)
    span = f"in {counted(len(days), 'day')}"
    return (
        new,
        sparkline([day.new for day in days], f"{counted(new, 'new entry')} {span}"),
        polls([(day.polls, day.failed) for day in days], f"{counted(asked, 'poll')} {span}, {failed:,} of them failed"),
    )


def chart(one: SourceRead) -> Chart | None:
    """Draw a source's new entries by day."""
    return by_day([(day.day, day.new) for day in one.days], "new entry")
