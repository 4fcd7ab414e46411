"""Pages that are files, for a web server without us: topics and their list, without search, stories, ages. Pure.

The same values give the same bytes: what is said of time is the time itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from db.reading import StoryRow, TopicPage, TopicRead
from feeds.pages.charts import by_day
from feeds.pages.environment import written
from feeds.pages.front import TOPICS, Section
from feeds.pages.links import root_of
from feeds.site import TopicCard


def static_topic_page(
    card: TopicCard,
    stories: Sequence[tuple[StoryRow, TopicRead]],
    *,
    base_url: str,
    archive: int = 0,
    days: Sequence[tuple[str, int]] = (),
) -> bytes:
    """Write a topic's page → UTF-8 bytes, for ``topics/NAME/index.html``.

    ``stories`` as ``db.topic_read.topic_page`` gives them to the public; ``archive``: how many archive pages there are.
    """
    return written(
        "topic.html",
        **still(f"/topics/{card.name}/"),
        topic=card,
        page=TopicPage(stories=tuple(stories)),
        first=True,
        chart=by_day(days, "story"),
        total=sum(number for _, number in days),
        days=len(days),
        archive=archive,
        base_url=base_url,
    )


def static_index(
    topics: Sequence[tuple[TopicCard, Sequence[StoryRow], str | None]], rhythms: Mapping[str, str] | None = None
) -> bytes:
    """Write the list of topics → UTF-8 bytes, for ``index.html``: (topic, its newest stories, when the newest came).

    ``rhythms``: how often they have digests, by the ids of those that do.
    """
    sections = [
        Section(
            card=card,
            stories=tuple(stories),
            spark=None,
            total=0,
            latest=latest,
            rhythm=rhythms.get(card.id) if rhythms else None,
        )
        for card, stories, latest in topics
        if not card.secret
    ]
    others = [section.card for section in sections[TOPICS:]]
    context = {
        "sections": sections[:TOPICS],
        "others": others,
        "covered": (),
        "several": False,
        "chart": None,
        "total": 0,
        "days": 0,
        "today": "",
    }
    return written("front.html", **still("/"), **context)


def still(path: str) -> dict[str, Any]:
    """Give what every page needs, of one that is a file."""
    return {
        "root": root_of(path),
        "path": path,
        "now": None,
        "session": None,
        "csrf": None,
        "can_sign_in": False,
        "static": True,
    }
