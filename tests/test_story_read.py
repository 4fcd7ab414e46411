"""Stories, topics, sources and events as their pages tell them, to the owner and to everybody."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.archive import open_writer
from db.poll_log import first_poll
from db.reading import PollDay, StoryRow, TopicRead, Viewer
from db.source_read import read_source, read_sources
from db.story_read import living_story, read_event, read_revisions, read_story
from db.topic_read import topic_page, topic_volume
from newsroom import Newsroom, at
from reading_room import BRIDGE, SECRET, by_hand, reading_room

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """Make the archive once."""
    path: Path = tmp_path_factory.mktemp("reading") / "wireroom.db"
    return reading_room(path)


def test_story_is_told_with_its_coverage(room: Newsroom) -> None:
    """Every entry in order of first sight, with what joined it, and which of them is shown."""
    story = read_story(room.db, 1, "public")

    assert story is not None
    assert [(one.source, one.joined_by, one.leads, one.revisions) for one in story.entries] == [
        ("wire", "first", True, 1),
        ("herald", "person", False, 0),
        ("post", "near", False, 0),
    ]
    assert [(tag.tag, tag.origin, tag.why) for tag in story.tags] == [
        ("animal:zebra", "rule", "striped"),
        ("lang:en", "language", "detected"),
    ]
    assert story.text.endswith("Forty people are missing since.")
    assert story.html.startswith("<p>")
    assert [row.id for row in story.event] == [4]


def test_public_is_not_told_of_secret_topics_nor_who_decided(room: Newsroom) -> None:
    """The owner is."""
    public, owner = read_story(room.db, 1, "public"), read_story(room.db, 1, "owner")

    assert public is not None
    assert owner is not None
    assert [one.topic for one in public.topics] == ["all"]
    assert {(one.topic, one.pinned) for one in owner.topics} == {("all", False), (SECRET, True)}
    assert [row.id for row in owner.event] == [2, 3, 4]
    for viewer, why in (("public", ""), ("owner", "Anna")):
        late = read_story(room.db, 6, viewer)  # type: ignore[arg-type]
        assert late is not None
        assert [(tag.origin, tag.why) for tag in late.tags if tag.tag == "desk:late"] == [("person", why)]


@pytest.mark.parametrize(("story", "by"), [(2, "shut"), (3, "Anna")])
def test_what_is_kept_out_is_the_owners_alone(room: Newsroom, story: int, by: str) -> None:
    """Dropped by a rule or hidden by hand."""
    assert read_story(room.db, story, "public") is None
    owner = read_story(room.db, story, "owner")
    assert owner is not None
    assert owner.withheld_by == by


def test_merged_id_leads_on(room: Newsroom) -> None:
    """To the story that it is now; what never was leads nowhere, however large the number."""
    story = read_story(room.db, 5, "public")

    assert story is not None
    assert story.row.id == 1
    assert [read_story(room.db, id_, "owner") for id_ in (0, 99, 10**30)] == [None] * 3
    assert living_story(room.db, 5) == 1


def test_revisions_end_with_what_is_said_now(room: Newsroom) -> None:
    """Entries that never changed have none."""
    revisions = read_revisions(room.db, 1)

    assert [(one.number, one.replaced_at, one.meaningful) for one in revisions] == [
        (1, "2026-11-21T16:00:00Z", True),
        (2, None, False),
    ]
    assert [one.title for one in revisions] == [BRIDGE.title] * 2
    assert [one.text.endswith("missing since.") for one in revisions] == [False, True]
    assert read_revisions(room.db, 4) == ()


def test_event_is_its_stories_in_time_order(room: Newsroom) -> None:
    """Those that the viewer may see."""
    public, owner = read_event(room.db, 9, "public"), read_event(room.db, 9, "owner")

    assert public is not None
    assert owner is not None
    assert [row.id for row in public.stories] == [1, 4]
    assert [row.id for row in owner.stories] == [1, 2, 3, 4]
    assert read_event(room.db, 8, "owner") is None


@pytest.mark.parametrize(("viewer", "listed"), [("public", [6, 4, 1]), ("owner", [6, 4, 3, 1])])
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_topic_is_paged_by_number(room: Newsroom, viewer: Viewer, listed: list[int], limit: int) -> None:
    """Newest first, each story once, marks with it."""
    found: list[tuple[StoryRow, TopicRead]] = []
    before = None
    while True:
        page = topic_page(room.db, "all", viewer, before=before, limit=limit)
        assert len(page.stories) <= limit
        found += page.stories
        before = page.before
        if before is None:
            break

    assert [row.id for row, _ in found] == listed
    assert [row.id for row, one in found if one.pinned] == [6]
    assert [row.id for row, one in found if one.hidden] == [3] * (viewer == "owner")


def test_hidden_in_one_topic_is_hidden_there(tmp_path: Path) -> None:
    """To the public; elsewhere it is shown."""
    room = reading_room(tmp_path / "wireroom.db")
    room.db.execute("BEGIN IMMEDIATE")
    by_hand(room, do="hide", story="1", topic="all")
    room.db.execute("COMMIT")

    assert [row.id for row, _ in topic_page(room.db, "all", "public").stories] == [6, 4]
    assert [row.id for row, _ in topic_page(room.db, SECRET, "public").stories] == [1]
    told = read_story(room.db, 1, "public")
    assert told is not None
    assert told.topics == ()


def test_unknown_topic_is_empty(room: Newsroom) -> None:
    """Nothing of another is in it."""
    assert topic_page(room.db, "none", "owner").stories == ()


def test_topic_volume_is_by_day(room: Newsroom) -> None:
    """What is kept out, or went into another story, does not count."""
    assert topic_volume(room.db, "all", "2026-11-22T12:00:00Z", 3) == (
        ("2026-11-20", 2),
        ("2026-11-21", 1),
        ("2026-11-22", 0),
    )


def test_sources_are_told_with_their_days(room: Newsroom) -> None:
    """All of the last thirty, oldest first."""
    wire, post, herald = read_sources(room.db, NOON)

    assert [one.source for one in (wire, post, herald)] == ["wire", "post", "herald"]
    assert len(wire.days) == 30
    assert wire.days[-3:] == (
        PollDay(day="2026-11-20", polls=2, failed=0, new=2),
        PollDay(day="2026-11-21", polls=1, failed=0, new=0),
        PollDay(day="2026-11-22", polls=0, failed=0, new=0),
    )
    assert wire.status["health"] == "good"


def test_one_source_is_told_with_its_polls(room: Newsroom) -> None:
    """Newest first; also when it was taken out of the config."""
    one = read_source(room.db, "herald", NOON)
    assert one is not None
    assert [(poll.new, poll.changed) for poll in one.polls] == [(1, 0), (1, 0)]
    assert read_source(room.db, "nobody", NOON) is None

    room.db.execute("UPDATE sources SET removed_at = '2026-11-22T00:00:00Z' WHERE config_id = 'herald'")
    assert [each.source for each in read_sources(room.db, NOON)] == ["wire", "post"]
    assert read_source(room.db, "herald", NOON) is not None


@pytest.mark.parametrize("hour", [0, 1.5, 4, 100])
def test_first_poll_since_a_time_is_found_by_halves(room: Newsroom, hour: float, tmp_path: Path) -> None:
    """As if all were gone through; in an empty archive there is none."""
    since = f"{at(hour):%Y-%m-%dT%H:%M:%SZ}"
    ((wanted,),) = room.db.execute(
        "SELECT coalesce(min(iif(started_at >= ?, id, NULL)), max(id) + 1) FROM polls", [since]
    )

    assert first_poll(room.db, since) == wanted
    assert first_poll(open_writer(tmp_path / "empty.db"), since) <= 1
