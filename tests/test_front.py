"""What a topic shows: fair shares, coverage first, what is kept out, what a person put first; nothing comes back."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from db.archive import open_writer
from db.front import Candidate, places
from db.merge import merge_stories
from db.model import DEDUPES
from db.output import FeedItem, Policy
from db.policies import note_policy
from db.shown import MAX_PINS, front_of, note_front
from db.topics import feed_of, topic_row
from newsroom import Newsroom
from random_news import rounds

NOW = "2026-11-25T10:00:00Z"
SOURCES = ("wire", "post", "herald", "echo", "star")


def shares(*sources: int, limit: int, per_source: int | None = None) -> list[int]:
    """Give out places to selections that these sources lead, newest first → those that have one."""
    ones = [Candidate(number, source, 1, has_left=False) for number, source in enumerate(sources)]
    return places(ones, Policy(limit=limit, per_source=per_source))


def test_older_stories_of_others_fill_up_what_a_source_may_not_have() -> None:
    """At most two of a source, in the order of the news."""
    assert shares(1, 1, 1, 1, 2, 3, 3, 3, 2, limit=5, per_source=2) == [0, 1, 4, 5, 6]
    assert shares(1, 1, 1, 1, limit=5, per_source=2) == [0, 1], "where there are no others, there are fewer"
    assert shares(1, 1, 1, 2, limit=3) == [0, 1, 2]


def test_most_carried_are_first_and_of_equals_the_newer_one() -> None:
    """By how many sources carry them; a share for each source holds there too."""
    ones = [Candidate(id_, 1, sources, has_left=False) for id_, sources in ((9, 1), (8, 3), (7, 1), (6, 3), (5, 4))]

    assert places(ones, Policy(limit=4, order="coverage")) == [5, 8, 6, 9]
    assert places(ones, Policy(limit=4, order="coverage", per_source=2)) == [5, 8]
    assert places([one._replace(has_left=one.id == 8) for one in ones], Policy(limit=2, order="coverage")) == [5, 6]


def mark(db: Database, kind: str, story: int, topic: int | None) -> None:
    """Write what a person says of a story, in one topic or in all."""
    db.execute(
        "INSERT INTO decisions (id, at, kind, story_id, other_id, was) "
        "SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ?, '{}' FROM decisions",
        [NOW, kind, story, story],
    )
    db.execute(
        "INSERT INTO mark_log (decision_id, kind, said_of, story_id, topic_id, stands) "
        "SELECT max(id), ?1, ?2, ?2, ?3, 1 FROM decisions",
        [kind, story, topic],
    )


@dataclass
class Shop:
    """An archive with a topic that has selected story 1, 2, 3 …, each led by one source and carried by some."""

    path: Path
    policy: Policy = field(default_factory=lambda: Policy(limit=50))

    def __post_init__(self) -> None:
        self.db = open_writer(self.path / "w.db")
        self.db.execute(
            "INSERT INTO topics (id, config_id, title, urn, created_at) "
            "VALUES (1, 't', 'T', 'u', ?1), (2, 'o', 'O', 'v', ?1)",
            [NOW],
        )
        for n in range(1, 10):
            self.db.execute(
                "INSERT INTO sources (id, config_id, url, added_at) VALUES (?, ?, ?, ?)",
                [n, f"s{n}", f"http://s{n}/", NOW],
            )
        self.stories = 0

    def take(self, *sources: int, at: str = NOW, archived: int = 0) -> int:
        """Have the topic select a new story that these sources carry, the first one leads → its id."""
        self.stories += 1
        n = self.stories
        self.db.execute(
            "INSERT INTO stories (id, title, text, first_seen, updated) VALUES (?, ?, '', ?, ?)",
            [n, f"Story {n}", at, at],
        )
        for source in sources:
            self.carry(n, source)
        self.lead(n, sources[0])
        self.db.execute(
            "INSERT INTO selections (topic_id, story_id, number, guid, selected_at, archived) "
            "VALUES (1, ?1, ?1, ?2, ?3, ?4)",
            [n, f"g{n}", at, archived],
        )
        return n

    def carry(self, story: int, source: int) -> None:
        """Have a source carry a story too."""
        self.db.execute(
            "INSERT INTO entries (source_id, story_id, joined_by, title, version, first_seen) "
            "VALUES (?, ?, 'near', ?, 0, ?)",
            [source, story, f"Story {story}", NOW],
        )

    def lead(self, story: int, source: int) -> None:
        """Have the source's entry lead a story."""
        self.db.execute(
            "UPDATE stories SET lead_entry_id = (SELECT id FROM entries WHERE story_id = ?1 AND source_id = ?2) "
            "WHERE id = ?1",
            [story, source],
        )

    def mark(self, kind: str, story: int, topic: int | None = 1) -> None:
        """Have a person say something of a story."""
        mark(self.db, kind, story, topic)

    def say(self, sql: str, *params: Any) -> None:
        """Change the archive."""
        self.db.execute(sql, list(params))

    def items(self) -> tuple[FeedItem, ...]:
        """Publish → what is shown."""
        front = front_of(self.db, topic_row(self.db, "t"), self.policy)
        note_front(self.db, front)
        return feed_of(self.db, "t", self.policy, front).items

    def shown(self) -> list[int]:
        """Publish → the stories that are shown."""
        return [item.story_id for item in self.items()]


@pytest.mark.parametrize("dedupe", DEDUPES)
@pytest.mark.parametrize("policy", [Policy(limit=3), Policy(limit=3, per_source=3), Policy(limit=3, order="coverage")])
def test_what_is_kept_out_is_not_shown_and_nothing_older_comes_in_its_stead(
    tmp_path: Path, policy: Policy, dedupe: Any
) -> None:
    """Left by a retag, withheld by a rule, hidden there or everywhere: its place stays empty; released, it is back."""
    shop = Shop(tmp_path, Policy(limit=3, dedupe=dedupe, per_source=policy.per_source, order=policy.order))
    for _ in range(4):
        shop.take(1)
    assert shop.shown() == [4, 3, 2]

    shop.say("UPDATE selections SET left_at = ? WHERE number = 4", NOW)
    assert shop.shown() == [3, 2]
    shop.say("UPDATE selections SET left_at = NULL")
    shop.say("UPDATE stories SET withheld = 'drop', withheld_by = 'spam' WHERE id = 3")
    assert shop.shown() == [4, 2]
    shop.say("UPDATE stories SET withheld = NULL")
    shop.mark("hide", 2)
    assert shop.shown() == [4, 3]
    shop.mark("show", 2)
    assert shop.shown() == [4, 3, 2]
    shop.mark("hide", 2, topic=2)
    assert shop.shown() == [4, 3, 2], "another topic's"
    shop.mark("hide", 2, topic=None)
    assert shop.shown() == [4, 3]
    shop.mark("show", 2, topic=1)
    assert shop.shown() == [4, 3, 2]


@pytest.mark.parametrize("dedupe", DEDUPES)
def test_archived_selections_are_not_shown_and_take_no_place(tmp_path: Path, dedupe: Any) -> None:
    """They were never announced: a flood of them pushes nothing off the front."""
    shop = Shop(tmp_path, Policy(limit=2, dedupe=dedupe))
    shop.take(1)
    shop.take(1)
    for _ in range(5):
        shop.take(1, archived=1)
    assert shop.shown() == [2, 1]

    shop.take(1)
    assert shop.shown() == [8, 2]


def test_announced_copy_of_a_story_is_shown_where_its_first_one_was_archived(tmp_path: Path) -> None:
    """A topic that showed copies apart, and does no more: of two selections of a story the first that may be seen."""
    shop = Shop(tmp_path)
    shop.take(1, 2)
    shop.say("UPDATE selections SET entry_id = 1, archived = 1")
    shop.say(
        "INSERT INTO selections (topic_id, story_id, entry_id, number, guid, selected_at) VALUES (1, 1, 2, 2, 'h', ?)",
        NOW,
    )
    assert [item.guid for item in shop.items()] == ["h"]
    shop.say("UPDATE selections SET archived = 0")
    assert [item.guid for item in shop.items()] == ["g1"]


def test_pinned_stories_are_first_however_old_the_last_pinned_before_the_others(tmp_path: Path) -> None:
    """Beyond the limit, once each; where one is taken off, it is in its place again, or gone with its age."""
    shop = Shop(tmp_path, Policy(limit=3))
    for _ in range(6):
        shop.take(1)
    shop.mark("pin", 5)
    shop.mark("pin", 1)
    assert [(item.story_id, item.pinned) for item in shop.items()] == [
        (1, True),
        (5, True),
        (6, False),
        (4, False),
    ]

    shop.take(1)
    assert shop.shown() == [1, 5, 7, 6]
    shop.say("DELETE FROM mark_log")
    assert shop.shown() == [7, 6, 5]


def test_pin_shows_nothing_that_is_kept_out_and_no_more_than_so_many(tmp_path: Path) -> None:
    """Ten that can be seen; a hidden one takes no room."""
    shop = Shop(tmp_path, Policy(limit=1))
    for _ in range(MAX_PINS + 4):
        shop.mark("pin", shop.take(1))
    shop.mark("pin", 3, topic=2)
    shop.mark("hide", MAX_PINS + 4)
    shop.say("UPDATE stories SET withheld = 'hold' WHERE id = ?", MAX_PINS + 3)

    assert shop.shown() == list(range(MAX_PINS + 2, 2, -1))


def test_lead_that_changes_brings_nothing_back(tmp_path: Path) -> None:
    """Source 1 may have two; its third newest has left; when a newer one is led by another, there is no place free."""
    shop = Shop(tmp_path, Policy(limit=4, per_source=2))
    for sources in ((2,), (1,), (1,)):
        shop.take(*sources)
    assert shop.shown() == [3, 2, 1]
    shop.take(1, 3)
    assert shop.shown() == [4, 3, 1]

    shop.lead(4, 3)
    assert shop.shown() == [4, 3, 1]
    shop.take(1)
    assert shop.shown() == [5, 4, 3, 1]


def test_front_by_coverage_is_the_windows_and_moves_by_news_alone(tmp_path: Path) -> None:
    """It ends at the newest selection. What coverage pushes off the front is not brought back by more of it."""
    shop = Shop(tmp_path, Policy(limit=2, order="coverage", window_s=3600))
    shop.take(1, 2, 3, at="2026-11-25T08:00:00Z")
    shop.take(1, at="2026-11-25T08:30:00Z")
    shop.take(1, 2, at="2026-11-25T08:59:59Z")
    assert shop.shown() == [1, 3]
    shop.take(1, at="2026-11-25T09:00:00Z")
    assert shop.shown() == [1, 3], "the first is an hour old, and still in the window"
    for source in range(2, 7):
        shop.carry(4, source)
    assert shop.shown() == [4, 1]
    for source in range(3, 10):
        shop.carry(3, source)

    assert shop.shown() == [4, 1], "3 has left"
    shop.take(1, at="2026-11-25T09:00:01Z")
    assert shop.shown() == [4, 5], "now the first is too old"


def keys(limit: int, per_source: int | None = None) -> str:
    """Write the keys of a front as the config does."""
    return json.dumps([limit, "copies", per_source, "new", 86_400])


def test_other_keys_of_the_front_are_a_persons_wish_and_bring_back_what_they_say(tmp_path: Path) -> None:
    """With a wider limit older items come back, as they do in every topic; another style changes no front."""
    shop = Shop(tmp_path, Policy(limit=2, per_source=9))

    def configured(limit: int, styled_by: str = "plain") -> None:
        note_policy(shop.db, 1, fronted_by=keys(limit, 9), styled_by=styled_by, secret=False, now=NOW)

    configured(2)
    for _ in range(4):
        shop.take(1)
        shop.shown()
    shop.policy = Policy(limit=4, per_source=9)
    configured(2, "summaries")
    assert shop.shown() == [4, 3]

    configured(4)
    assert shop.shown() == [4, 3, 2, 1]


def test_edit_of_a_policy_is_a_change_of_the_topic_and_none_is_none(tmp_path: Path) -> None:
    """A round of polls, which writes only what has changed, writes it too."""
    shop = Shop(tmp_path)

    def changes(fronted_by: str, styled_by: str, *, secret: bool = False) -> int:
        note_policy(shop.db, 1, fronted_by=fronted_by, styled_by=styled_by, secret=secret, now=NOW)
        ((count,),) = shop.db.execute("SELECT changes FROM topics WHERE id = 1")
        return int(count)

    first = changes(keys(1), "b")
    assert changes(keys(1), "b") == first
    assert changes(keys(2), "b") == first + 1
    assert changes(keys(2), "d") == first + 2


@pytest.mark.parametrize("former", [None, 2])
def test_what_other_keys_push_off_does_not_come_back_either(tmp_path: Path, former: int | None) -> None:
    """Subscribers have had it: from a front of the newest alone, of which nothing is noted, or from another one."""
    shop = Shop(tmp_path, Policy(limit=3, per_source=former))
    note_policy(shop.db, 1, fronted_by=keys(3, former), styled_by="", secret=False, now=NOW)
    for source in (2, 1, 1):
        shop.take(source)
    assert shop.shown() == [3, 2, 1]

    shop.policy = Policy(limit=3, per_source=1)
    note_policy(shop.db, 1, fronted_by=keys(3, 1), styled_by="", secret=False, now=NOW)
    assert shop.shown() == [3, 1]
    shop.carry(3, 3)
    shop.lead(3, 3)

    assert shop.shown() == [3, 1]


POLICIES = (
    Policy(limit=6),
    Policy(limit=6, per_source=2),
    Policy(limit=6, order="coverage", window_s=6 * 3600),
    Policy(limit=6, order="coverage", per_source=1),
    Policy(limit=6, dedupe="off", per_source=2),
    Policy(limit=6, dedupe="exact", order="coverage"),
)


def fronts(room: Newsroom, seed: int, policy: Policy) -> Iterator[Sequence[FeedItem]]:
    """Publish after each of many random polls; now and then stories are joined, or hidden for good."""
    chance = random.Random(seed)
    for one in rounds(seed, SOURCES, 40):
        room.poll(one.source, *one.printed, hour=one.hour)
        stories = [id_ for (id_,) in room.db.execute("SELECT id FROM stories WHERE merged_into IS NULL ORDER BY id")]
        if chance.random() < 0.2 and len(stories) > 3:
            kept, gone = chance.sample(stories, 2)
            merge_stories(room.db, kept, gone, by="near", score=1.0, words=(), now=NOW)
        if chance.random() < 0.2:
            mark(room.db, "hide", chance.choice(stories), None)
        front = front_of(room.db, topic_row(room.db, "all"), policy)
        note_front(room.db, front)
        yield feed_of(room.db, "all", policy, front).items


@pytest.mark.parametrize("policy", POLICIES, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_what_has_left_a_feed_never_comes_back_by_itself(tmp_path: Path, policy: Policy, seed: int) -> None:
    """Whatever polls bring: changed leads, more coverage, stories that unite; nor are there too many of a source."""
    room = Newsroom(tmp_path / "w.db", SOURCES)
    before: set[str] = set()
    left: set[str] = set()
    for items in fronts(room, seed, policy):
        now = {item.guid for item in items}
        left |= before - now
        assert not left & now
        assert len(items) <= policy.limit
        if policy.per_source is not None:
            leads = Counter(item.coverage[item.lead].source for item in items)
            assert max(leads.values(), default=0) <= policy.per_source
        before = now
        again = front_of(room.db, topic_row(room.db, "all"), policy)
        assert (again.came, again.left) == ((), ()), "published again, it is the same"
        assert feed_of(room.db, "all", policy, again).items == items

    assert len(left) > 3
