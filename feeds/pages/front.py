"""The front page: the topics with what is new in them, what most sources carry, how much there is. IO: network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from sqlite_utils import Database
from starlette.responses import Response

from db.found import find_stories, volume
from db.query import parse
from db.reading import StoryRow, Viewer
from db.topic_read import topic_page, topic_volume
from feeds.pages.answers import Ask
from feeds.pages.charts import by_day, sparkline
from feeds.pages.topics import cards
from feeds.pages.words import counted, today
from feeds.site import TopicCard

DAYS = 30
TOPICS = 50
"""So many topics are shown with their stories, the first of the config; of more only the names."""
STORIES = 4
"""Of each topic so many are shown …"""
MOST = 5
"""… and so many of those that most sources carry …"""
LOOKED_AT = 60
"""… among so many new ones that several do, of the last two days."""
SEVERAL = "sources:>=2 seen:>=now-2d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A topic on the front page; ``rhythm``: how often it has a digest, where that is told."""

    card: TopicCard
    stories: tuple[StoryRow, ...]
    spark: Markup | None
    total: int
    latest: str | None
    rhythm: str | None = None


async def front(ask: Ask) -> Response:
    """Make the page."""
    topics = cards(ask.site, secret=ask.session is not None)

    def read(db: Database) -> tuple[list[Section], list[StoryRow], Sequence[tuple[str, int]]]:
        sections = [section(db, card, ask) for card in topics[:TOPICS]]
        return sections, most_covered(db, ask.at, ask.viewer), volumes(db, ask)

    sections, covered, days = await ask.site.readers.read(read)
    return ask.page(
        "front.html",
        sections=sections,
        others=topics[TOPICS:],
        covered=covered,
        several=any(len(row.sources) > 1 for row in covered),
        chart=by_day(days, "story"),
        total=sum(number for _, number in days),
        days=DAYS,
        today=today(ask.now),
    )


def section(db: Database, card: TopicCard, ask: Ask) -> Section:
    """Read what the front page shows of a topic."""
    page = topic_page(db, card.id, ask.viewer, limit=STORIES)
    days = topic_days(db, card.id, ask)
    total = sum(number for _, number in days)
    return Section(
        card=card,
        stories=tuple(row for row, taken in page.stories if not taken.hidden),
        spark=sparkline([number for _, number in days], f"{counted(total, 'story')} in the last {DAYS} days"),
        total=total,
        latest=page.stories[0][1].selected_at if page.stories else None,
    )


def topic_days(db: Database, topic: str, ask: Ask) -> Sequence[tuple[str, int]]:
    """Count a topic's stories by day."""
    return ask.kept.get(("topic", topic), ask.now, lambda: topic_volume(db, topic, ask.at, DAYS))


def volumes(db: Database, ask: Ask) -> Sequence[tuple[str, int]]:
    """Count all stories by day."""
    return ask.kept.get(("all", ask.viewer), ask.now, lambda: volume(db, None, ask.at, DAYS, ask.viewer))


def most_covered(db: Database, now: str, viewer: Viewer) -> list[StoryRow]:
    """Find what most sources carry of what is new; of as many, the newest first. Where none does, the newest."""
    found = find_stories(db, parse(SEVERAL), now, viewer, limit=LOOKED_AT).stories
    if not found:
        return list(find_stories(db, None, now, viewer, limit=MOST).stories)
    return sorted(found, key=lambda row: (-len(row.sources), -row.id))[:MOST]
