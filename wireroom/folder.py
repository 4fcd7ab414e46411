"""What the publish folder has beside feeds: the front page, a page of each topic, the list of topics, the style.

Any web server can serve it as it is: links are relative, and nothing in it needs more than files. IO: sqlite, files.
"""

from __future__ import annotations

from sqlite_utils import Database

from db.due import Due
from db.listed import Listed, listed_topics
from db.topic_read import topic_page
from feeds.digest import DAYS, day_name, local
from feeds.front_page import TopicSummary, index_page
from feeds.pages.environment import static_files
from feeds.pages.still import static_topic_page
from feeds.publish import Published, Publisher
from feeds.site import TopicCard
from feeds.topics_opml import OPML_TYPE, topics_opml
from wireroom.config import Config, Topic

STORIES = 30
"""A topic's page has so many, the newest."""
HTML = "text/html; charset=utf-8"


def print_folder(reader: Database, publisher: Publisher, config: Config) -> dict[str, Published]:
    """Write what tells of all topics, but for secret ones → the documents by path. Raises PublishError."""
    due = {topic.id: topic.digest for topic in config.topics}
    listed = list(listed_topics(reader))
    page = index_page([summary(topic, due.get(topic.topic)) for topic in listed], base_url=config.base_url)
    outlines = topics_opml([(topic.topic, topic.title) for topic in listed], base_url=config.base_url)
    made = {
        "index.html": publisher.write("index.html", page, HTML),
        "topics.opml": publisher.write("topics.opml", outlines, OPML_TYPE),
    }
    for name, file in static_files().items():
        made[f"static/{name}"] = publisher.write(f"static/{name}", file.body, file.media_type)
    return made


def print_page(reader: Database, publisher: Publisher, config: Config, topic: Topic, name: str, last_page: int) -> None:
    """Write a topic's page for a browser: its newest stories, where to subscribe. Raises PublishError.

    Of a topic that has digests, no story is told before the digest that tells it.
    """
    ((told,),) = reader.execute("SELECT digest_from FROM topics WHERE config_id = ?", [topic.id]).fetchall()
    page = static_topic_page(
        TopicCard(id=topic.id, name=name, title=topic.title, match=topic.match, secret=topic.secret),
        topic_page(reader, topic.id, "public", before=told, limit=STORIES).stories,
        base_url=config.base_url,
        archive=last_page,
    )
    publisher.write(f"topics/{name}/index.html", page, HTML)


def summary(topic: Listed, due: Due | None) -> TopicSummary:
    """Say of a topic what the front page does. Of one that has digests, its newest stories are not told before."""
    newest, newest_at, rhythm = topic.newest, topic.newest_at, None
    if due is not None:
        day = "day" if due.weekday is None else DAYS[due.weekday]
        rhythm = f"a digest each {day} at {due.hour:02}:{due.minute:02} ({due.zone})"
        newest, newest_at = None, topic.digest_to
        if topic.digest_to is not None and topic.digest_zone is not None:
            newest = f"Digest of {day_name(local(topic.digest_to, topic.digest_zone))}"
    return TopicSummary(
        id=topic.topic, title=topic.title, stories=topic.stories, newest=newest, newest_at=newest_at, rhythm=rhythm
    )
