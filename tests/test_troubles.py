"""The feed of health: what is a trouble, when it is told, and how it reads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import feedparser
import pytest
from sqlite_utils import Database

from db.apply import apply_plan
from db.archive import open_writer
from db.known import ArchiveKnown
from db.model import FORMATS
from db.readers import Readers
from db.sources import source_now
from db.times import iso
from db.trouble import News, Trouble
from db.troubles import look, note, read_troubles
from db.writer import Job, Writer, run_batch
from factory import minting
from feeds.health import health_routes
from ingest.answer import Answer
from ingest.fetched import Fetched
from ingest.plan import plan_poll
from ingest.schedule import Rhythm
from newsroom import Newsroom, Printed, at
from prose import Report
from served import Client, Stub, running_site
from wireroom.health_feed import HealthFeed

RHYTHM = Rhythm(floor_s=300, ceiling_s=86_400)
MINT = minting("trouble")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    made = Newsroom(tmp_path / "a.db", ("one", "two"))
    yield made
    made.db.close()


def good(room: Newsroom, source: str, hour: float, *, new: bool = True) -> None:
    """Have a poll that brings something, or the same again."""
    name = f"{source} {hour if new else 0}"
    room.poll(source, Printed(name, Report(f"Title {name}", (f"Text of {name}.",)), hour if new else 0), hour=hour)


def bad(room: Newsroom, source: str, hour: float, outcome: str = "http-error", **more: Any) -> None:
    """Have a poll that fails."""
    said: dict[str, Any] = {"status": 503, "error": "HTTP 503"} if outcome == "http-error" else {"error": outcome}
    fetched = Fetched(outcome=outcome, url=f"http://{source}.example/", **{**said, **more})  # type: ignore[arg-type]

    def write(db: Database) -> None:
        present = source_now(db, room.synced.sources[source])
        answer = Answer(fetched=fetched, document=None, started=at(hour), duration_ms=5, digest_version=1)
        plan = plan_poll(present, answer, ArchiveKnown(db, room.desk), room.desks(), RHYTHM, at(hour))
        apply_plan(db, plan)

    job = Job(write)
    run_batch(room.db, [job], give_up=lambda: True)
    job.future.result()


def looked(room: Newsroom, hour: float) -> News:
    """Look as the daemon does, once."""
    now = at(hour)
    news = look(room.db, now)
    run_batch(room.db, [Job(partial(note, news=news, now=iso(now), mint=MINT))], give_up=lambda: True)
    return news


def troubles(room: Newsroom) -> tuple[Trouble, ...]:
    """What there is to tell."""
    return read_troubles(room.db, 50)


def only(room: Newsroom) -> Trouble:
    """The one trouble that there is."""
    (trouble,) = troubles(room)
    return trouble


# What is a trouble


def test_a_hiccup_is_none_and_what_lasts_is_one_with_the_time_of_the_first_failure(room: Newsroom) -> None:
    """Three failures in a row; it is noted once, however often it is looked."""
    good(room, "one", 1)
    bad(room, "one", 2)
    bad(room, "one", 2.5)
    assert not looked(room, 3)
    bad(room, "one", 3)

    assert looked(room, 3.1)
    assert not looked(room, 3.2)
    trouble = only(room)
    assert (trouble.source, trouble.kind, trouble.said, trouble.ended_at) == ("one", "failing", "HTTP 503", None)
    assert (trouble.began_at, trouble.opened_at) == (iso(at(2)), iso(at(3.1)))


def test_one_failed_poll_of_a_source_that_is_polled_daily_is_none(room: Newsroom) -> None:
    """Its last good poll is a day ago; two in a row count then."""
    good(room, "one", 1)
    bad(room, "one", 25)
    assert not looked(room, 26)
    bad(room, "one", 27)

    assert looked(room, 28)


def test_it_ends_with_a_good_poll_and_a_relapse_is_the_same_trouble(room: Newsroom) -> None:
    """Its guid stays, its time moves; much later it is another one."""
    for hour in (1, 2, 3):
        bad(room, "one", hour)
    looked(room, 3)
    begun = only(room)
    good(room, "one", 4)
    looked(room, 4)
    ended = only(room)
    for hour in (5, 6, 7):
        bad(room, "one", hour)
    looked(room, 7)
    again = only(room)
    good(room, "one", 8)
    looked(room, 8)
    for hour in (90, 91, 92):
        bad(room, "one", hour)
    looked(room, 92)

    assert ended.ended_at == ended.changed_at == iso(at(4))
    assert (again.guid, again.began_at, again.ended_at, again.changed_at) == (
        begun.guid,
        begun.began_at,
        None,
        iso(at(7)),
    )
    newest, former = troubles(room)
    assert newest.guid != former.guid == begun.guid


def test_another_cause_is_told_but_not_at_every_poll(room: Newsroom) -> None:
    """A server that answers 503 and 404 in turns is no news twice an hour; gone for good is, at once."""
    good(room, "one", 0)
    for hour in (1, 2, 3):
        bad(room, "one", hour)
    looked(room, 3)
    bad(room, "one", 4, status=404, error="HTTP 404")
    assert not looked(room, 4)
    bad(room, "one", 10, status=404, error="HTTP 404")
    assert looked(room, 10)
    assert (only(room).said, only(room).changed_at) == ("HTTP 404", iso(at(10)))
    bad(room, "one", 10.5, "gone", status=410)

    assert looked(room, 10.6)
    assert (only(room).kind, only(room).began_at) == ("gone", iso(at(1)))
    assert not looked(room, 500)


def test_a_wall_a_long_wait_and_a_short_one(room: Newsroom) -> None:
    """Who asks for an hour gets it and is not told of."""
    good(room, "one", 0)
    good(room, "two", 0)
    bad(room, "one", 1, "throttled", status=429, retry_after_s=3600.0)
    bad(room, "two", 1, "throttled", status=429, retry_after_s=80_000.0)
    looked(room, 1)
    assert [(each.source, each.kind) for each in troubles(room)] == [("two", "held")]
    for hour in (2, 3, 4):
        bad(room, "one", hour, "wall", error="a bot check stands in the feed's place")
    looked(room, 4)

    assert [(each.source, each.kind) for each in troubles(room)] == [("one", "wall"), ("two", "held")]


def test_silent_as_of_its_last_poll_and_not_while_nobody_polled(room: Newsroom) -> None:
    """A machine that was off for weeks finds no source silent when it comes back."""
    for hour in range(6):
        good(room, "one", hour)
    assert not looked(room, 24 * 30)
    good(room, "one", 24 * 30, new=False)

    looked(room, 24 * 30)
    assert (only(room).kind, only(room).began_at) == ("silent", iso(at(5)))
    good(room, "one", 24 * 31)
    looked(room, 24 * 31)
    assert only(room).ended_at is not None


def test_moved_stays_until_the_config_has_it(room: Newsroom) -> None:
    """It is read all the same, and may fail beside."""
    good(room, "one", 1)
    room.db.execute("UPDATE sources SET moved_url = 'https://u:geheim@new.example/feed?key=geheim' WHERE id = 1")
    looked(room, 2)
    assert (only(room).kind, only(room).said) == ("moved", "it is polled at https://new.example/feed")
    for hour in (3, 4, 5):
        bad(room, "one", hour)
    looked(room, 5)

    assert [each.kind for each in troubles(room)] == ["failing", "moved"]


def test_our_own_network_is_charged_to_no_source_and_is_one_trouble(room: Newsroom) -> None:
    """What was open stays as it is; with the first answer of anybody it is over."""
    good(room, "two", 0)
    for hour in (1, 2, 3):
        bad(room, "one", hour)
    looked(room, 3)
    for later in (3.05, 3.5, 4.0):
        bad(room, "one", later, "offline")
        bad(room, "two", later, "offline")
        looked(room, later)
    assert [(each.source, each.kind) for each in troubles(room)] == [(None, "offline"), ("one", "failing")]
    assert troubles(room)[0].began_at == iso(at(0))
    assert all(each.ended_at is None for each in troubles(room))
    good(room, "two", 5)
    looked(room, 5)

    assert [(each.kind, each.ended_at is None) for each in troubles(room)] == [("offline", False), ("failing", True)]


def test_source_that_is_taken_out_of_the_config_troubles_nobody(room: Newsroom) -> None:
    """It ends, and is not found again."""
    for hour in (1, 2, 3):
        bad(room, "one", hour)
    looked(room, 3)
    room.db.execute("UPDATE sources SET removed_at = ? WHERE config_id = 'one'", [iso(at(4))])

    assert looked(room, 4)
    assert not looked(room, 5)
    assert only(room).ended_at == iso(at(4))


def test_daemon_notes_what_there_is_and_then_rests(room: Newsroom) -> None:
    """By its own writer, at its first beat; a second one at once does not even look."""
    for hour in (1, 2, 3):
        bad(room, "one", hour)
    config, writer = SimpleNamespace(archive=room.path), Writer(lambda: open_writer(room.path))
    writer.start()

    async def beat() -> None:
        job = HealthFeed(SimpleNamespace(config=config, writer=writer))  # type: ignore[arg-type] # as far as it asks
        await job.tick()
        room.db.execute("UPDATE troubles SET said = 'told'")
        room.db.execute("UPDATE sources SET failures = 0, last_outcome = 'ok', gone_at = NULL")
        await job.tick()

    try:
        asyncio.run(beat())
    finally:
        writer.close()

    assert (only(room).said, only(room).ended_at) == ("told", None)


# How it reads


class Archived(Stub):
    """A site that reads an archive."""

    def __init__(self, folder: Path, archive: Path) -> None:
        super().__init__(folder)
        self.readers = Readers(archive)


@pytest.fixture
def client(room: Newsroom, tmp_path: Path) -> Iterator[Client]:
    site = Archived(tmp_path / "more", room.path)
    with running_site(tmp_path / "site", health_routes(site)) as asked:
        yield asked


HOST = {"Host": "wire.example"}


def test_feed_of_health_tells_the_cause_the_mend_and_the_end(room: Newsroom, client: Client) -> None:
    """In each format, with links to the source's page; what is over has its old guid and a later time."""
    for hour in (1, 2, 3):
        bad(room, "one", hour, error="HTTP 503 at https://u:geheim@one.example/feed?key=geheim <b>")
    looked(room, 3)
    status, headers, body = client("/health.atom", **HOST)
    (entry,) = feedparser.parse(body).entries
    assert (status, headers["content-type"]) == (200, "application/atom+xml; charset=utf-8")
    assert entry.title == "one has been failing since 2026-11-20 09:00 UTC: HTTP 503 at https://one.example/feed <b>"
    assert entry.link == "https://wire.example/sources/one"
    assert "geheim" not in body.decode()
    good(room, "one", 4)
    looked(room, 4)
    (rss,) = feedparser.parse(client("/health.rss", **HOST)[2]).entries
    (item,) = json.loads(client("/health.json", **HOST)[2])["items"]

    assert rss.id == item["id"] == entry.id
    assert (
        rss.title
        == item["title"]
        == "one is well again: it was failing from 2026-11-20 09:00 UTC to 2026-11-20 12:00 UTC"
    )
    assert item["date_modified"] > entry.updated.replace("Z", "+00:00")
    assert '<a href="https://wire.example/sources/one">All of its polls</a>' in item["content_html"]


@pytest.mark.parametrize("fmt", FORMATS)
def test_answers_are_short_while_nothing_is_new(room: Newsroom, client: Client, fmt: str) -> None:
    """An empty feed is one, too; its ETag is of what it says."""
    status, headers, body = client(f"/health.{fmt}", **HOST)
    again = client(f"/health.{fmt}", **HOST, If_None_Match=headers["etag"])
    for hour in (1, 2, 3):
        bad(room, "one", hour)
    looked(room, 3)
    changed = client(f"/health.{fmt}", **HOST, If_None_Match=headers["etag"])

    assert (status, again[0], changed[0]) == (200, 304, 200)
    assert body != changed[2]
    assert headers["cache-control"] == "public, max-age=60"
    assert f'<https://wire.example/health.{fmt}>; rel="self"' in headers["link"]
    assert client(f"/health.{fmt}", "POST", **HOST)[0] == 405


def test_what_is_secret_in_an_address_is_in_no_format(room: Newsroom, client: Client) -> None:
    """Neither a password nor a query, of the place that a feed has moved to."""
    good(room, "one", 1)
    room.db.execute("UPDATE sources SET moved_url = 'https://u:geheim@new.example/feed?key=geheim' WHERE id = 1")
    looked(room, 2)

    for fmt in FORMATS:
        body = client(f"/health.{fmt}", **HOST)[2].decode()
        assert "https://new.example/feed" in body
        assert "geheim" not in body


def test_path_of_a_file_is_not_told(room: Newsroom, client: Client) -> None:
    """A source on this machine says what is wrong, and not where it is."""
    room.db.execute("UPDATE sources SET url = '/home/jane/feed.xml' WHERE config_id = 'one'")
    for hour in (1, 2, 3):
        bad(room, "one", hour, "no-file", error="/home/jane/feed.xml: no such file")
    looked(room, 3)
    body = client("/health.json", **HOST)[2].decode()

    assert "its file can't be read" in body
    assert "jane" not in body


def test_a_file_that_can_be_read_is_not_said_to_be_unreadable(room: Newsroom, client: Client) -> None:
    """What stands in it is what is wrong."""
    room.db.execute("UPDATE sources SET url = '/home/jane/feed.xml' WHERE config_id = 'one'")
    for hour in (1, 2, 3):
        bad(room, "one", hour, "wall", error="a login page stands in the feed's place")
    looked(room, 3)
    body = client("/health.json", **HOST)[2].decode()

    assert "a login page stands in the feed's place" in body
    assert "can't be read" not in body
