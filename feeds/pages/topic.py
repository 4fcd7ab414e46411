"""A topic's page: its stories, page by page, what it takes, where to subscribe. IO: network."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from sqlite_utils import Database
from starlette.responses import Response

from db.reading import TopicPage
from db.topic_read import topic_page
from feeds.asked import whole_number
from feeds.pages.answers import Ask, fault, moved
from feeds.pages.charts import by_day
from feeds.pages.front import DAYS, topic_days
from feeds.pages.topics import named

PAGE = 30
GONE = "It has another address now. Ask for it where you got this one."


async def topic(ask: Ask) -> Response:
    """Make the page."""
    name = ask.request.path_params["name"]
    card = named(ask.site, name)
    if card is None:
        address = ask.site.moved(name, "rss")
        if address is not None:
            now_called = address.rsplit("/", 1)[1].removesuffix(".rss")
            return moved(f"../{quote(now_called)}/")
        if ask.site.gone(name):
            return fault(ask, 410, "This topic has moved", GONE)
        ask.missing("There is no such topic. The front page lists those that there are.")
    before = whole_number(ask.parameter("before"))

    def read(db: Database) -> tuple[TopicPage, Sequence[tuple[str, int]]]:
        return (
            topic_page(db, card.id, ask.viewer, before=before, limit=PAGE),
            topic_days(db, card.id, ask),
        )

    page, days = await ask.site.readers.read(read)
    made = ask.page(
        "topic.html",
        topic=card,
        page=page,
        first=before is None,
        chart=by_day(days, "story"),
        total=sum(number for _, number in days),
        days=DAYS,
        archive=ask.site.last_page(card.name),
        base_url=ask.site.base_url,
    )
    if card.secret:
        made.headers["X-Robots-Tag"] = "noindex"
        made.headers["Cache-Control"] = "private, no-store" if ask.session is not None else "private, max-age=60"
    return made


async def beside(ask: Ask) -> Response:
    """Lead from a topic's address without its last slash, as people type it, to its page."""
    name = ask.request.path_params["name"]
    if named(ask.site, name) is None and ask.site.moved(name, "rss") is None:
        ask.missing("There is no such topic. The front page lists those that there are.")
    return moved(f"{quote(name)}/")
