"""What items tell of their event: who else reports it, in which topics, and what that does not change."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlite_utils import Database

from db.archive import open_writer
from db.health import topic_status
from db.merge import merge_stories
from db.model import FORMATS, EventTold, Sibling
from db.output import TopicFeed
from db.query import parse
from db.search import search
from db.topics import mark_changed_topics, mark_published, topic_feed, unpublished
from feeds.item import content_html, feed_updated
from house import House
from origin import Origin, item, rss
from test_front import mark
from test_render import COVERAGE, FEED, ITEM, check_json_feed, schema, written

NOW = "2026-11-25T10:00:00Z"


def sibling(number: int, **changes: Any) -> Sibling:
    """Make another story of an event."""
    name = f"S{number}"
    made = Sibling(
        story_id=number,
        title=f"Told by {name}",
        source=name.lower(),
        source_title=name,
        url=f"https://{name.lower()}.example/",
        first_seen=NOW,
    )
    return replace(made, **changes)


def event(*named: Sibling, stories: int | None = None, sources: int | None = None) -> EventTold:
    """Make what is told of an event whose other stories are these."""
    many = len(named)
    return EventTold(id=3, stories=stories or many, sources=sources or many, named=named)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (event(sibling(1)), '<a href="https://s1.example/">S1</a> (1 source)'),
        (
            event(sibling(1, url=None), sibling(2, source_title="A & B"), sources=5),
            'S1, <a href="https://s2.example/">A &amp; B</a> (5 sources)',
        ),
        (event(sibling(1), sibling(1), sources=1), '<a href="https://s1.example/">S1</a> (1 source)'),
        (event(sibling(1, url=None), stories=2), "S1 and 1 more story (1 source)"),
        (event(sibling(1, url=None), stories=12, sources=9), "S1 and 11 more stories (9 sources)"),
    ],
)
def test_line_names_who_else_reports_and_counts_the_sources(told: EventTold, said: str) -> None:
    """One line beneath the coverage."""
    whole = content_html(replace(ITEM, event=told))

    assert whole == f"{content_html(ITEM)}\n<p>Also reported by: {said}</p>"


def test_one_article_in_eight_section_feeds_is_named_once() -> None:
    """Feeds of one site under one name and with one link are one name; the link of another page is kept."""
    urls = ["https://a.example/1", *(f"https://a.example/1?from=section-{n}" for n in range(7))]
    sections = tuple(replace(COVERAGE, source=f"site-{n}", source_title="Site", url=url) for n, url in enumerate(urls))
    other = replace(sections[0], url="https://a.example/live")
    atom = written(replace(FEED, items=(replace(ITEM, coverage=sections),)), "atom").body

    assert content_html(replace(ITEM, coverage=sections)).endswith(
        '<p>Source: <a href="https://a.example/1">Site</a></p>'
    )
    assert b'rel="related"' not in atom
    assert content_html(replace(ITEM, coverage=(*sections, other))).endswith(
        '<p>Reported by: <a href="https://a.example/1">Site</a>, <a href="https://a.example/live">Site</a></p>'
    )


def test_every_format_tells_of_the_event_and_stays_valid() -> None:
    """HTML for readers, related links in Atom, an object in JSON Feed; the feed's own time does not move."""
    feed = replace(FEED, items=(replace(ITEM, event=event(sibling(1), sibling(2, url=None), stories=7, sources=4)),))
    bodies = {fmt: written(feed, fmt).body for fmt in FORMATS}
    document = json.loads(bodies["json"])
    check_json_feed(document)

    for fmt in ("rss", "atom"):
        schema(fmt).assertValid(etree.fromstring(bodies[fmt]))
    assert all(b"Also reported by: " in body for body in bodies.values())
    assert b'rel="related" href="https://s1.example/" title="S1"' in bodies["atom"].replace(b" xmlns", b"")
    told = document["items"][0]["_wireroom"]["event"]
    assert (told["id"], told["stories"], told["sources"]) == (3, 7, 4)
    assert [one["title"] for one in told["also"]] == ["Told by S1", "Told by S2"]
    assert feed_updated(feed.items, feed.created_at) == feed_updated((ITEM,), feed.created_at)


class Archive:
    """An archive of stories, each of one source's one entry, and a topic that has the first two."""

    def __init__(self, path: Path, stories: int = 4) -> None:
        self.db: Database = open_writer(path / "w.db")
        self.db.execute(
            "INSERT INTO topics (id, config_id, title, urn, created_at) VALUES (1, 't', 'T', 'u', ?)", [NOW]
        )
        for n in range(1, stories + 1):
            self.db.execute(
                "INSERT INTO sources (id, config_id, title, url, added_at) VALUES (?, ?, ?, 'http://x/', ?)",
                [n, f"s{n}", f"S{n}", NOW],
            )
            self.db.execute(
                "INSERT INTO stories (id, title, text, first_seen, updated) VALUES (?, ?, 'words', ?, ?)",
                [n, f"Story {n}", NOW, NOW],
            )
            self.enter(n, n)
            self.db.execute("UPDATE stories SET lead_entry_id = ? WHERE id = ?", [n, n])
        for n in (1, 2):
            self.db.execute(
                "INSERT INTO selections (topic_id, story_id, number, guid, selected_at) VALUES (1, ?, ?, ?, ?)",
                [n, n, f"g{n}", NOW],
            )
        self.db.execute("UPDATE topics SET last_number = 2")
        self.db.execute(
            "INSERT INTO events (id, first_seen, last_seen, stories, words, terms) "
            "VALUES (1, ?1, ?1, 1, 1, x''), (2, ?1, ?1, 1, 1, x'')",
            [NOW],
        )

    def enter(self, story: int, source: int) -> None:
        """Have a source carry a story."""
        self.db.execute(
            "INSERT INTO entries (source_id, story_id, joined_by, url, title, version, first_seen) "
            "VALUES (?, ?, 'first', ?, ?, 0, ?)",
            [source, story, f"http://s{source}/{story}", f"Story {story}", NOW],
        )

    def tell(self, story: int, score: float | None, event_id: int = 1) -> None:
        """Have a story tell of an event."""
        self.db.execute("UPDATE stories SET event_id = ?, event_score = ? WHERE id = ?", [event_id, score, story])

    def feed(self, grouping: Any = "normal") -> TopicFeed:
        """Read the topic."""
        return topic_feed(self.db, "t", 50, grouping=grouping)

    def named(self, grouping: Any = "normal") -> dict[int, list[int]]:
        """Read which stories each item names → by its own."""
        return {
            one.story_id: [each.story_id for each in one.event.named] if one.event is not None else []
            for one in self.feed(grouping).items
        }

    def marked(self) -> bool:
        """Tell whether the topic must be written anew, and take it as written."""
        was = unpublished(self.db)
        for topic, changes in was.items():
            mark_published(self.db, topic, changes)
        return bool(was)


def test_topic_names_the_stories_that_are_as_alike_as_it_asks(tmp_path: Path) -> None:
    """1.0 is just what normal asks for; the story that began the event always belongs to it."""
    archive = Archive(tmp_path)
    for story, score in ((1, None), (2, 1.0), (3, 0.9), (4, 1.5)):
        archive.tell(story, score)

    assert archive.named("loose") == {1: [2, 3, 4], 2: [1, 3, 4]}
    assert archive.named("normal") == {1: [2, 4], 2: [1, 4]}
    assert archive.named("strict") == {1: [4], 2: []}
    assert archive.named("off") == {1: [], 2: []}


def test_event_that_nobody_else_tells_of_is_not_told(tmp_path: Path) -> None:
    """Nor one of which all others are less alike than the topic asks for."""
    archive = Archive(tmp_path)
    archive.tell(1, None)
    archive.tell(2, 0.9)

    assert [one.event for one in archive.feed().items] == [None, None]
    assert all(one.event is not None for one in archive.feed("loose").items)


def test_first_ten_are_named_and_all_are_counted(tmp_path: Path) -> None:
    """In order of first sight; a source that tells of it twice, or carries two of the stories, counts once."""
    archive = Archive(tmp_path, 14)
    for story in (1, *range(3, 15)):
        archive.tell(story, 1.2 if story > 1 else None)
    archive.enter(5, 4)

    (one,) = (one for one in archive.feed().items if one.story_id == 1)
    assert one.event is not None
    assert [each.story_id for each in one.event.named] == list(range(3, 13))
    assert [each.source_title for each in one.event.named][:2] == ["S3", "S4"]
    assert (one.event.stories, one.event.sources) == (12, 12)


def test_story_alone_in_its_event_tells_of_none(tmp_path: Path) -> None:
    """Nobody else is nobody to name; another event's stories are not named either."""
    archive = Archive(tmp_path)
    archive.tell(1, None)
    archive.tell(3, None, event_id=2)

    assert archive.named() == {1: [], 2: []}


def test_item_of_a_story_that_gains_a_sibling_changes_without_an_update(tmp_path: Path) -> None:
    """The topic is written anew; subscribers see no update of the item."""
    archive = Archive(tmp_path)
    archive.tell(1, None)
    before = archive.feed()
    archive.marked()
    archive.tell(3, 1.1)

    mark_changed_topics(archive.db, [3])  # as a poll does with the stories that it touched
    assert archive.marked()
    mark_changed_topics(archive.db, [4])
    assert not archive.marked()
    after = archive.feed()
    assert [one.updated for one in after.items] == [one.updated for one in before.items]
    assert feed_updated(after.items, after.created_at) == feed_updated(before.items, before.created_at)
    assert archive.named()[1] == [3]


def test_merged_story_is_shown_nowhere(tmp_path: Path) -> None:
    """Its item goes where the topic has the living one too, it moves where not; no event, search or count has it."""
    archive = Archive(tmp_path)
    for story in (1, 2, 3):
        archive.tell(story, 2.0)
    merge_stories(archive.db, 1, 2, by="near", score=0.9, words=(), now=NOW)
    merge_stories(archive.db, 3, 4, by="person", score=None, words=(), now=NOW)

    (one,) = archive.feed().items
    assert (one.story_id, one.guid, [each.source for each in one.coverage]) == (1, "g1", ["s1", "s2"])
    assert archive.named() == {1: [3]}
    (status,) = topic_status(archive.db)
    assert (status["stories"], status["newest"]) == (1, "Story 1")
    assert [row["story_id"] for row in search(archive.db, parse("sources:>=1"), NOW, 10)] == [3, 1]


def test_lone_selection_of_a_merged_story_is_the_living_ones(tmp_path: Path) -> None:
    """Who subscribed to the younger story alone keeps its item, and sees no second one."""
    archive = Archive(tmp_path)
    archive.db.execute("DELETE FROM selections WHERE story_id = 1")
    merge_stories(archive.db, 1, 2, by="near", score=0.9, words=(), now=NOW)

    (one,) = archive.feed().items
    assert (one.story_id, one.guid, one.title) == (1, "g2", "Story 1")


def test_stories_that_a_person_made_one_are_one_item_apart_too(tmp_path: Path) -> None:
    """Someone said that they are one: that is said of exact copies too, but not where each entry is an item."""
    archive = Archive(tmp_path)
    archive.db.execute("UPDATE selections SET entry_id = story_id")
    shown = {}
    for by in ("near", "person"):
        archive.db.execute("SAVEPOINT one")
        merge_stories(archive.db, 1, 2, by=by, score=None, words=(), now=NOW)
        shown[by] = [
            [one.guid for one in topic_feed(archive.db, "t", 50, dedupe=dedupe).items] for dedupe in ("exact", "off")
        ]
        archive.db.execute("ROLLBACK TO one")

    assert shown == {"near": [["g2", "g1"], ["g2", "g1"]], "person": [["g1"], ["g2", "g1"]]}


def test_published_files_tell_of_the_event(house: House, origin: Origin) -> None:
    """Through polls and files: who is alone is told so, a topic that wants no events has none."""
    for name, text in (
        ("one", "A bridge fell into the river at dawn."),
        ("two", "Lorries queue: the crossing is gone."),
    ):
        origin.feed(f"/{name}", rss(item(name, text=text), title=name.title()))
    topics = (
        '[[topic]]\nid = "t"\ntitle = "T"\nmatch = "NOT zzz"\n[[topic]]\nid = "u"\ntitle = "U"\nmatch = "NOT zzz"\n'
    )
    sources = {name: origin.url(f"/{name}") for name in ("one", "two")}
    house.configure(sources, topics + 'grouping = "off"\n', allow=origin.port)
    house.poll("one")
    house.poll("two")
    db = open_writer(house.archive)
    with db.conn:
        db.execute("UPDATE stories SET event_id = NULL")
        db.execute("DELETE FROM events")
        db.execute(
            "INSERT INTO events (id, first_seen, last_seen, stories, words, terms) VALUES (7, ?1, ?1, 2, 9, x'')", [NOW]
        )
        db.execute("UPDATE stories SET event_id = 7, event_score = 1.2")
        mark_changed_topics(db, [1])
    db.close()
    house.poll("one")

    said = {}
    for topic in "tu":
        document = json.loads((house.folder / "public" / "topics" / f"{topic}.json").read_bytes())
        said[topic] = [one["content_html"].splitlines()[-1] for one in document["items"]]
    link = '<a href="http://news.example/story/{}">{}</a>'
    assert said["t"] == [f"<p>Also reported by: {link.format(n, n.title())} (1 source)</p>" for n in ("one", "two")]
    assert said["u"] == [f"<p>Source: {link.format(n, n.title())}</p>" for n in ("two", "one")]


def test_story_that_is_kept_out_is_named_by_no_item(tmp_path: Path) -> None:
    """Withheld by a rule, or hidden in that topic; hidden in another, it is named."""
    archive = Archive(tmp_path)
    for story in (1, 2, 3, 4):
        archive.tell(story, 2.0)
    assert archive.named()[1] == [2, 3, 4]

    archive.db.execute("UPDATE stories SET withheld = 'hold' WHERE id = 3")
    mark(archive.db, "hide", 4, 1)
    assert archive.named()[1] == [2]
    archive.db.execute("UPDATE mark_log SET topic_id = NULL")
    mark(archive.db, "show", 4, 1)
    assert archive.named()[1] == [2, 4]
