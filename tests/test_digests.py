"""Digests: one item for a day or a week, made once, with its stories as they are now."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from db.digests import SHOWN, make_digests
from db.due import Due
from db.model import FORMATS
from db.output import Digest, Policy, TopicFeed
from db.times import iso
from db.topics import feed_of, unpublished
from factory import minting
from feeds.digest import digest_title
from feeds.item import feed_updated
from test_front import Shop
from test_render import FEED, ITEM, SECOND, check_json_feed, schema, written

DAILY = Due(None, 7, 0, "Europe/Berlin")
WEEKLY = Due(0, 7, 0, "Europe/Berlin")
DIGEST = Digest(
    guid="urn:uuid:00000000-0000-4000-8000-0000000000d1",
    number=1,
    made_at="2026-11-25T06:00:01Z",
    period_from="2026-11-24T06:00:00Z",
    period_to="2026-11-25T06:00:00Z",
    rhythm="day",
    zone="Europe/Berlin",
    stories=(ITEM, replace(SECOND, title="A <b> & B")),
)
DIGESTED = replace(FEED, title="US–Russia relations", items=(), digests=(DIGEST,))


def at(text: str) -> datetime:
    """Read ``25 06:00``: a time of November 2026, UTC."""
    return datetime.strptime(f"2026-11-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


class Desk(Shop):
    """A topic that has digests."""

    def __init__(self, path: Path, due: Due = DAILY, policy: Policy | None = None) -> None:
        super().__init__(path, policy or Policy(limit=50))
        self.due = due
        self.mint: Callable[[], str] = minting("digest")

    def beat(self, text: str) -> int:
        """Make what is due at a time → how many digests."""
        return make_digests(self.db, {"t": self.due}, at(text), self.mint)

    def hear(self, text: str, *sources: int) -> int:
        """Have the topic select a story at a time → its id."""
        return self.take(*(sources or (1,)), at=iso(at(text)))

    def feed(self) -> TopicFeed:
        """Read what is shown."""
        return feed_of(self.db, "t", self.policy, None)

    def told(self) -> list[list[int]]:
        """Read the stories of each digest, newest digest first."""
        return [[story.story_id for story in digest.stories] for digest in self.feed().digests]


def test_each_story_is_in_one_digest_that_of_the_period_in_which_it_was_selected(tmp_path: Path) -> None:
    """A period ends just before the next begins; what a poll that was under way brings late is in the next."""
    desk = Desk(tmp_path)
    assert desk.beat("24 12:00") == 0
    desk.hear("24 12:00")
    desk.hear("25 05:59")
    desk.hear("25 06:00")
    assert desk.beat("25 05:59") == 0
    assert desk.beat("25 06:00") == 1
    desk.hear("25 05:59")
    assert [desk.beat("25 06:00"), desk.beat("25 06:01"), desk.beat("26 05:59")] == [0, 0, 0]
    assert desk.told() == [[2, 1]]

    assert desk.beat("26 06:05") == 1
    assert desk.told() == [[4, 3], [2, 1]]
    first, second = reversed(desk.feed().digests)
    assert (first.guid, second.guid) == ("urn:digest:0", "urn:digest:1")
    assert (second.period_from, second.period_to, second.made_at) == (
        "2026-11-25T06:00:00Z",
        "2026-11-26T06:00:00Z",
        "2026-11-26T06:05:00Z",
    )


def test_new_topic_begins_with_what_it_was_filled_with_an_old_one_with_the_present_period(tmp_path: Path) -> None:
    """What had been shown story by story before is not told again in the first digest, but for that day's."""
    desk = Desk(tmp_path)
    desk.hear("20 10:00")
    desk.hear("24 05:00")
    desk.hear("24 06:00")
    assert desk.beat("24 12:00") == 0
    assert desk.beat("25 06:00") == 1
    assert desk.told() == [[3]]


def test_period_without_stories_that_can_be_seen_makes_none(tmp_path: Path) -> None:
    """What nobody may see is not told of, not even as a number; shown again before the next one, it is in that."""
    desk = Desk(tmp_path)
    desk.beat("24 12:00")
    assert desk.beat("25 06:00") == 0
    hidden = desk.hear("25 10:00")
    desk.mark("hide", hidden)
    desk.take(1, at=iso(at("25 11:00")), archived=1)
    assert desk.beat("26 06:00") == 0
    assert desk.feed().digests == ()

    desk.mark("show", hidden)
    desk.hear("26 10:00")
    assert desk.beat("27 06:00") == 1
    assert desk.told() == [[3, hidden]]


def test_machine_that_slept_over_several_makes_one_for_all_of_the_time(tmp_path: Path) -> None:
    """A week later readers get one, not seven; it says from when to when."""
    desk = Desk(tmp_path)
    desk.beat("20 12:00")
    desk.hear("20 13:00")
    desk.hear("21 13:00")
    assert desk.beat("25 15:00") == 1
    (digest,) = desk.feed().digests

    assert [story.story_id for story in digest.stories] == [2, 1]
    assert (digest.period_from, digest.period_to) == ("2026-11-20T06:00:00Z", "2026-11-25T06:00:00Z")
    assert desk.beat("26 06:00") == 0


def test_clock_that_was_wrong_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """Set forward by years, and back; set back by an hour over the time of a digest."""
    desk = Desk(tmp_path)
    desk.beat("24 12:00")
    desk.hear("24 13:00")
    assert make_digests(desk.db, {"t": DAILY}, at("24 13:00") + timedelta(days=3000), desk.mint) == 1
    desk.hear("24 14:00")
    assert desk.beat("24 14:00") == 0
    assert desk.beat("25 06:30") == 1
    desk.hear("25 05:30")
    assert [desk.beat("25 05:30"), desk.beat("25 06:00")] == [0, 0]
    assert desk.beat("26 06:00") == 1

    assert desk.told() == [[3], [2], [1]]


def test_weekly_digest_is_due_on_its_day_and_another_time_of_day_holds_from_then_on(tmp_path: Path) -> None:
    """23 November 2026 is a Monday."""
    desk = Desk(tmp_path, WEEKLY)
    desk.beat("17 12:00")
    for day in range(17, 23):
        desk.hear(f"{day} 12:00")
        assert desk.beat(f"{day} 12:00") == 0
    assert desk.beat("23 06:00") == 1
    assert desk.told() == [[6, 5, 4, 3, 2, 1]]
    desk.due = replace_due(WEEKLY, hour=12)
    desk.hear("23 10:00")
    assert desk.beat("23 10:30") == 0
    assert desk.beat("23 11:00") == 1
    assert [digest.rhythm for digest in desk.feed().digests] == ["week", "week"]


def replace_due(due: Due, *, hour: int) -> Due:
    """Make it due at another hour."""
    return due._replace(hour=hour)


def test_topic_that_had_digests_once_begins_anew(tmp_path: Path) -> None:
    """What it told story by story in between is in none; what an old digest had is in no second one."""
    desk = Desk(tmp_path)
    desk.beat("10 12:00")
    desk.hear("10 13:00")
    assert desk.beat("11 06:00") == 1
    assert make_digests(desk.db, {}, at("11 07:00"), desk.mint) == 0
    desk.hear("15 10:00")
    desk.beat("20 12:00")
    desk.hear("20 13:00")
    desk.beat("21 06:00")

    assert desk.told() == [[3], [1]]


def test_digest_shows_its_stories_by_the_topics_policy_and_as_they_are_now(tmp_path: Path) -> None:
    """Most carried first, so many of a source, as many as the limit; the pinned one first; the others are counted."""
    desk = Desk(tmp_path, policy=Policy(limit=3, order="coverage", per_source=2))
    desk.beat("24 12:00")
    for sources in ((1,), (1, 2), (1, 2, 3), (2,), (3,)):
        desk.hear("24 13:00", *sources)
    desk.beat("25 06:00")
    assert desk.told() == [[3, 2, 5]]
    assert desk.feed().digests[0].more == 2
    before = desk.feed().digests[0]

    desk.mark("pin", 1)
    assert desk.told() == [[1, 3, 2]]
    desk.mark("hide", 3)
    assert desk.told() == [[1, 2, 5]]
    desk.carry(4, 5)
    desk.carry(4, 6)
    assert desk.told() == [[1, 4, 2]]
    after = desk.feed().digests[0]
    assert (after.guid, after.period_to, after.more) == (before.guid, before.period_to, 1)
    for story in (1, 2, 4, 5):
        desk.mark("hide", story)
    assert desk.told() == [], "there is nothing left to tell"


def test_feed_has_the_newest_digests_and_one_that_is_made_is_published(tmp_path: Path) -> None:
    """The topic is noted as changed with each, and only then."""
    desk = Desk(tmp_path)
    for day in range(1, SHOWN + 4):
        desk.beat(f"{day} 06:00")
        desk.hear(f"{day} 10:00")
    assert desk.told() == [[n] for n in range(SHOWN + 2, 2, -1)]

    before = unpublished(desk.db)["t"]
    assert desk.beat(f"{SHOWN + 4} 06:00") == 1
    assert unpublished(desk.db)["t"] == before + 1


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({}, "US–Russia relations, Wednesday 25 November 2026: 2 stories"),
        ({"rhythm": "week"}, "US–Russia relations, week to Wednesday 25 November 2026: 2 stories"),
        ({"stories": (ITEM,)}, "US–Russia relations, Wednesday 25 November 2026: 1 story"),
        ({"more": 31}, "US–Russia relations, Wednesday 25 November 2026: 33 stories"),
        ({"zone": "Pacific/Honolulu"}, "US–Russia relations, Tuesday 24 November 2026: 2 stories"),
    ],
)
def test_title_is_the_topic_the_day_and_how_many_stories(changes: dict[str, object], title: str) -> None:
    """In plain English, as the calendar of the time zone has it."""
    assert digest_title(DIGESTED, replace(DIGEST, **changes)) == title  # type: ignore[arg-type]


def test_digest_is_one_valid_item_in_every_format_with_all_its_stories() -> None:
    """Titles with their links, summaries, sources; the same bytes each time; dated when it was due."""
    feed = replace(DIGESTED, digests=(replace(DIGEST, more=3),))
    for fmt in FORMATS:
        body = written(feed, fmt).body
        assert body == written(feed, fmt).body
        if fmt == "json":
            check_json_feed(json.loads(body))
            (one,) = json.loads(body)["items"]
            html, id_, date = one["content_html"], one["id"], one["date_published"]
            assert one["_wireroom"]["digest"]["time_zone"] == "Europe/Berlin"
            assert [story["story"] for story in one["_wireroom"]["digest"]["stories"]] == [7, 7]
        else:
            tree = etree.fromstring(body)
            schema(fmt).assertValid(tree)
            text = {one.tag.rpartition("}")[2]: one.text for one in tree.iter() if isinstance(one.tag, str)}
            html, id_ = text["encoded" if fmt == "rss" else "content"], DIGEST.guid
            assert id_ in text.values()
            date = text["pubDate" if fmt == "rss" else "published"]
        assert id_ == DIGEST.guid
        assert date in ("2026-11-25T06:00:00+00:00", "Wed, 25 Nov 2026 06:00:00 +0000")
        assert html is not None
        assert html.splitlines() == [
            "<p>From Tuesday 24 November 2026, 07:00, to Wednesday 25 November 2026, 07:00 (Europe/Berlin): "
            "5 stories</p>",
            '<h3><a href="https://a.example/1">Talks &amp; “treaties”</a></h3>',
            "<p>The text.</p>",
            '<p>Reported by: <a href="https://a.example/1">Source &lt;A&gt;</a>, <a href="https://b.example/x">B</a></p>',
            "<h3>A &lt;b&gt; &amp; B</h3>",
            "<p>The text.</p>",
            "<p>Source: Source &lt;A&gt;</p>",
            "<p>And 3 more stories.</p>",
        ]
    assert feed_updated(feed.entries, feed.created_at).isoformat() == "2026-11-25T06:00:01+00:00"


def test_digest_that_cannot_be_written_is_left_out_and_named() -> None:
    """The others go out."""
    bad = replace(DIGEST, guid="urn:uuid:00000000-0000-4000-8000-0000000000d2", zone="No/Where")
    for fmt in FORMATS:
        done = written(replace(DIGESTED, digests=(bad, DIGEST)), fmt)
        assert [guid for guid, _ in done.left_out] == [bad.guid]
        assert DIGEST.guid.encode() in done.body
