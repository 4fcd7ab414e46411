"""What the publish folder has beside feeds: the front page, a page of each topic, the list of topics, the style.

Any web server can serve it as it is: links are relative, and nothing in it needs more than files. IO: sqlite, files.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlite_utils import Database

from db.due import Due
from db.reading import StoryRow
from db.topic_read import topic_page
from feeds.digest import DAYS
from feeds.pages.environment import static_files
from feeds.pages.front import TOPICS
from feeds.pages.still import static_index, static_topic_page
from feeds.publish import Published, Publisher
from feeds.site import TopicCard
from feeds.topics_opml import OPML_TYPE, topics_opml
from wireroom.config import Config, Topic

STORIES = 30
"""A topic's page has so many, the newest …"""
EACH = 4
"""… and the front page so many of each."""
HTML = "text/html; charset=utf-8"


class FrontPage:
    """The front page, and what else tells of all topics but secret ones.

    Of each topic its newest stories are kept until it has others: a poll brings something to a few of a thousand.
    """

    def __init__(self) -> None:
        self._newest: dict[str, tuple[StoryRow, ...]] = {}

    def write(
        self, reader: Database, publisher: Publisher, config: Config, names: Collection[str], done: Collection[str]
    ) -> dict[str, Published]:
        """Write it all → the documents by path; ``names``: the topics that have one. Raises PublishError.

        ``done``: the topics that have something else to show now.
        """
        listed = [topic for topic in config.topics if topic.id in names and not topic.secret]
        kept = {id_: rows for id_, rows in self._newest.items() if id_ not in done}
        self._newest = {
            topic.id: kept[topic.id] if topic.id in kept else newest(reader, topic)
            for topic in listed[:TOPICS]
            if topic.digest is None  # of one that has digests nothing is told before the digest that tells it
        }
        outlines = topics_opml([(topic.id, topic.title) for topic in listed], base_url=config.base_url)
        rhythms = {topic.id: rhythm(topic.digest) for topic in listed if topic.digest is not None}
        index = static_index(
            [(card(topic, topic.id), self._newest.get(topic.id, ()), None) for topic in listed], rhythms
        )
        made = {
            "index.html": publisher.write("index.html", index, HTML),
            "topics.opml": publisher.write("topics.opml", outlines, OPML_TYPE),
        }
        for name, file in static_files().items():
            made[f"static/{name}"] = publisher.write(f"static/{name}", file.body, file.media_type)
        return made


def newest(reader: Database, topic: Topic) -> tuple[StoryRow, ...]:
    """Read what the front page tells of a topic."""
    return tuple(row for row, _ in topic_page(reader, topic.id, "public", limit=EACH).stories)


def rhythm(due: Due) -> str:
    """Say how often a topic has a digest."""
    day = "day" if due.weekday is None else DAYS[due.weekday]
    return f"A digest each {day} at {due.hour:02}:{due.minute:02} ({due.zone})"


def card(topic: Topic, name: str, *, told: bool = True) -> TopicCard:
    """Name a topic."""
    return TopicCard(id=topic.id, name=name, title=topic.title, match=topic.match, secret=topic.secret, told=told)


def print_page(
    reader: Database, publisher: Publisher, config: Config, topic: Topic, name: str, last_page: int, *, told: bool
) -> None:
    """Write a topic's page for a browser: its newest stories, where to subscribe. Raises PublishError.

    ``told``: its query too. Of a topic that has digests, no story is told before the digest that tells it.
    """
    page = static_topic_page(
        card(topic, name, told=told),
        topic_page(reader, topic.id, "public", limit=STORIES).stories,
        base_url=config.base_url,
        archive=last_page,
    )
    publisher.write(f"topics/{name}/index.html", page, HTML)
