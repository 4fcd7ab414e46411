"""Media in the archive and in a topic's items; what may move an item's dates, and what must not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlite_utils import Database

from db.apply import apply_plan
from db.known import ArchiveKnown
from db.model import Document, Enclosure
from db.output import FeedItem, Policy, TopicFeed
from db.plan import PollPlan
from db.podcast import Podcast, PodcastPerson
from db.shown import front_of
from db.sources import source_now
from db.topics import feed_of
from db.writer import Job, run_batch
from factory import minting
from feeds.item import feed_updated, published, updated
from ingest.answer import answer_of
from ingest.digest import digest
from ingest.fetched import Fetched
from ingest.plan import plan_poll
from newsroom import RHYTHM, Newsroom, at

TEXT = "The ferry left the harbour at noon with four hundred people and came back an hour later, smoke over its bow."
PODCAST = (
    '<enclosure url="https://a.example/1.mp3" type="audio/mpeg" length="5"/><itunes:duration>61</itunes:duration>'
    "<podcast:person>Jane</podcast:person>"
)


def rss(text: str = TEXT, more: str = "", *, date: str = "Fri, 20 Nov 2026 07:00:00 GMT", link: str = "/1") -> bytes:
    return (
        '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
        'xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel><title>T</title>'
        f"<item><guid isPermaLink='false'>1</guid><link>https://a.example{link}</link><title>Ferry returns</title>"
        f"<pubDate>{date}</pubDate><description>{text}</description>{more}</item></channel></rss>"
    ).encode()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    made = Newsroom(tmp_path / "a.db", ("one", "two"))
    yield made
    made.db.close()


def poll(room: Newsroom, source: str, body: bytes, hour: float) -> PollPlan:
    """Poll a source whose document is these bytes, so many hours after the beginning."""
    document = digest(body, None, f"http://{source}.example/", comparing=room.grouping.comparing)
    assert isinstance(document, Document)
    fetched = Fetched(outcome="ok", status=200, url=f"http://{source}.example/")

    def write(db: Database) -> PollPlan:
        known, present = ArchiveKnown(db, room.desk), source_now(db, room.synced.sources[source])
        answer = answer_of(fetched, document)
        plan = plan_poll(present, answer, known, room.desks(), RHYTHM, at(hour), room.grouping)
        apply_plan(db, plan, mint=minting(f"{source} {hour}"))
        return plan

    job = Job(write)
    run_batch(room.db, [job], give_up=lambda: True)
    plan: PollPlan = job.future.result()
    return plan


def shown_feed(room: Newsroom, policy: Policy) -> TopicFeed:
    """What the topic shows."""
    ((topic_id,),) = room.db.execute("SELECT id FROM topics")
    return feed_of(room.db, "all", policy, front_of(room.db, topic_id, policy))


def feed_time(feed: TopicFeed) -> datetime:
    """When it changed last, as it says itself."""
    return feed_updated(feed.entries, feed.created_at)


def shown(room: Newsroom, policy: Policy) -> tuple[FeedItem, ...]:
    """Its items."""
    return shown_feed(room, policy).items


ANNOUNCE = Policy(limit=20)
SILENT = Policy(limit=20, edits="silent")


def test_files_picture_and_podcast_come_out_as_they_went_in(room: Newsroom) -> None:
    """From the bytes of a feed to the item of a topic; what few have takes no room where it is not."""
    poll(room, "one", rss(more=PODCAST + '<media:thumbnail url="/t.jpg"/>'), 1)

    (item,) = shown(room, ANNOUNCE)
    assert item.enclosures == (Enclosure(url="https://a.example/1.mp3", type="audio/mpeg", length=5, duration_s=61),)
    assert item.image == "http://one.example/t.jpg"
    assert item.podcast == Podcast(duration_s=61, persons=(PodcastPerson(name="Jane"),))
    assert room.value("SELECT podcast FROM entries") == '{"duration_s": 61, "persons": [{"name": "Jane"}]}'


def test_file_of_an_archive_of_before_reads_as_it_did(room: Newsroom) -> None:
    """Its rows have three members each."""
    poll(room, "one", rss(), 1)
    room.db.execute(
        "UPDATE entries SET enclosures = ?", ['[{"url": "https://a.example/x", "type": null, "length": 5}]']
    )

    (item,) = shown(room, ANNOUNCE)

    assert item.enclosures == (Enclosure(url="https://a.example/x", length=5),)
    assert item.podcast is None


def test_gained_picture_is_no_news_and_leaves_no_revision(room: Newsroom) -> None:
    """As after an upgrade, when all entries are read anew: the item has it, and nothing is announced."""
    poll(room, "one", rss(), 1)
    (before,) = shown(room, ANNOUNCE)
    plan = poll(room, "one", rss(more='<media:thumbnail url="/t.jpg"/>'), 2)
    (after,) = shown(room, ANNOUNCE)

    assert len(plan.minor) == len(plan.changed_entries) == 1
    assert after == replace(before, image="http://one.example/t.jpg")
    assert room.value("SELECT count(*) FROM revisions") == 0

    poll(room, "one", rss(more=PODCAST), 3)  # files are kept in revisions
    (after,) = shown(room, ANNOUNCE)

    assert after.updated == before.updated
    assert room.value("SELECT count(*) FROM revisions") == 1


def test_pictures_of_thousands_of_long_entries_at_once_are_no_news(room: Newsroom) -> None:
    """However much text there is: it is the same."""
    head = '<rss xmlns:media="http://search.yahoo.com/mrss/" version="2.0">'
    item = "<item><guid>g{n}</guid><title>T {n}</title><description>{text} {n}</description>{more}</item>"

    def feed(more: str) -> bytes:
        text = "word " * 8_000
        items = "".join(item.format(n=n, text=text, more=more) for n in range(120))
        return f"{head}<channel>{items}</channel></rss>".encode()

    poll(room, "one", feed(""), 1)
    plan = poll(room, "one", feed('<media:thumbnail url="/t.jpg"/>'), 2)

    assert len(plan.changed_entries) == len(plan.minor) == 120


@pytest.mark.parametrize("policy", [ANNOUNCE, SILENT], ids=["announce", "silent"])
def test_edited_text_follows_and_is_announced_as_the_topic_says(room: Newsroom, policy: Policy) -> None:
    """Silent: the new words are there, and no date moves, of the item or of the feed."""
    poll(room, "one", rss(), 1)
    before = shown_feed(room, policy)
    poll(room, "one", rss("Another ferry sank off Malta in the storm, and thirteen people are missing."), 2)
    after = shown_feed(room, policy)

    moved = updated(after.items[0]) > updated(before.items[0])
    assert after.items[0].text.startswith("Another ferry")
    assert after.items[0].guid == before.items[0].guid
    assert published(after.items[0]) == published(before.items[0])
    assert moved is (policy.edits == "announce")
    assert (feed_time(after) > feed_time(before)) is moved


@pytest.mark.parametrize("policy", [ANNOUNCE, SILENT], ids=["announce", "silent"])
def test_source_more_moves_no_date_even_where_it_leads(room: Newsroom, policy: Policy) -> None:
    """A second source has the same story, fuller, with another date: its text is shown, under the dates that were."""
    poll(room, "one", rss(), 1)
    before = shown_feed(room, policy)
    fuller = TEXT + " " + " ".join(f"Passenger {n} told of the smoke, the noise and the wait." for n in range(20))
    poll(room, "two", rss(fuller, date="Fri, 20 Nov 2026 03:00:00 GMT"), 2)
    after = shown_feed(room, policy)

    assert [one.source for one in after.items[0].coverage] == ["one", "two"]
    assert after.items[0].lead == 1
    assert (published(after.items[0]), updated(after.items[0])) == (
        published(before.items[0]),
        updated(before.items[0]),
    )
    assert feed_time(after) == feed_time(before)


def test_feed_id_is_kept_told_and_forgotten_with_the_address(room: Newsroom) -> None:
    """Of an Atom source; its topics are published anew once it is known, and not each time."""
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>{id}</id><title>T</title><entry><id>tag:a.example,2026:1</id>'
        "<title>Ferry</title></entry></feed>"
    )
    changes = "SELECT changes FROM topics"
    poll(room, "one", atom.format(id="").encode(), 1)
    first = room.value(changes)
    poll(room, "one", atom.format(id="tag:a.example,2026:feed").encode(), 2)
    second = room.value(changes)
    poll(room, "one", atom.format(id="tag:a.example,2026:feed").encode(), 3)

    assert first < second == room.value(changes)
    assert [one.feed_id for item in shown(room, ANNOUNCE) for one in item.coverage] == ["tag:a.example,2026:feed"]
