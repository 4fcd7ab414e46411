"""What the publish folder has beside feeds: the front page, a page of each topic, the list of topics, the style.

Any web server can serve it as it is: links are relative, and nothing in it needs more than files. IO: sqlite, files.
"""

from __future__ import annotations

from collections.abc import Collection, MutableMapping

from sqlite_utils import Database

from db.due import Due
from db.listed import listed_topics
from db.reading import StoryRow
from db.topic_read import topic_page
from feeds.digest import DAYS
from feeds.pages.environment import static_files
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


Told = MutableMapping[str, tuple[StoryRow, ...]]
"""What the front page tells of topics."""


def print_folder(
    reader: Database, publisher: Publisher, config: Config, told: Told, changed: Collection[str] | None
) -> dict[str, Published]:
    """Write what tells of all topics, but for secret ones → the documents by path. Raises PublishError.

    ``changed``: the topics that are read, the others are as they were ``told`` the last time; None: all are, and what
    never changes is looked after too.
    """
    for id_ in tuple(told) if changed is None else changed:
        told.pop(id_, None)
    topics = {topic.id: topic for topic in config.topics}
    listed = [topics[id_] for id_ in listed_topics(reader) if id_ in topics]
    told.update({topic.id: newest(reader, topic) for topic in listed if topic.id not in told})
    outlines = topics_opml([(topic.id, topic.title) for topic in listed], base_url=config.base_url)
    rhythms = {topic.id: rhythm(topic.digest) for topic in listed if topic.digest is not None}
    index = static_index([(card(topic, topic.id), told[topic.id], None) for topic in listed], rhythms)
    made = {
        "index.html": publisher.write("index.html", index, HTML),
        "topics.opml": publisher.write("topics.opml", outlines, OPML_TYPE),
    }
    for name, file in static_files().items() if changed is None else ():
        made[f"static/{name}"] = publisher.write(f"static/{name}", file.body, file.media_type)
    return made


def newest(reader: Database, topic: Topic) -> tuple[StoryRow, ...]:
    """Read what the front page tells of a topic; of one that has digests nothing, before the digest that tells it."""
    if topic.digest is not None:
        return ()
    return tuple(row for row, _ in topic_page(reader, topic.id, "public", limit=EACH).stories)


def rhythm(due: Due) -> str:
    """Say how often a topic has a digest."""
    day = "day" if due.weekday is None else DAYS[due.weekday]
    return f"A digest each {day} at {due.hour:02}:{due.minute:02} ({due.zone})"


def card(topic: Topic, name: str) -> TopicCard:
    """Name a topic."""
    return TopicCard(id=topic.id, name=name, title=topic.title, match=topic.match, secret=topic.secret)


def print_page(reader: Database, publisher: Publisher, config: Config, topic: Topic, name: str, last_page: int) -> None:
    """Write a topic's page for a browser: its newest stories, where to subscribe. Raises PublishError.

    Of a topic that has digests, no story is told before the digest that tells it.
    """
    ((first_untold,),) = reader.execute("SELECT digest_from FROM topics WHERE config_id = ?", [topic.id]).fetchall()
    page = static_topic_page(
        card(topic, name),
        topic_page(reader, topic.id, "public", before=first_untold, limit=STORIES).stories,
        base_url=config.base_url,
        archive=last_page,
    )
    publisher.write(f"topics/{name}/index.html", page, HTML)
