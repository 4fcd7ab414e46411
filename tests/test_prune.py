"""Stories that have had their time go, and nothing that is gone is ever new again."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from db.decisions import decide_split, undo
from db.gone import gone_at
from db.keeping import Keep
from db.output import Policy
from db.prune import MERGED
from db.text import slug
from db.times import iso
from invariants import broken
from newsroom import Newsroom, Printed, at
from prose import report
from pruned import plan, prune, wanted
from random_news import Round, rounds
from test_invariants import decide
from wireroom import pruning
from wireroom.pruning import STAGES, At, Sums, step
from wireroom.upkeep import forget

SOURCES = ("wire", "post", "herald")
DAY = 24.0
SEEDS = 4 if os.environ.get("WIREROOM_KILLS") else 2
"""`make torture` has more."""


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Make an archive of three sources and one topic that takes all."""
    return Newsroom(tmp_path / "wireroom.db", SOURCES)


def item(n: int, hour: float = 0) -> Printed:
    """Make the item of a report of its own."""
    return Printed(f"item-{n}", report(n), hour)


def test_what_is_pruned_is_known_and_not_new(room: Newsroom) -> None:
    """Its source still lists it, or lists it again after years, as it was or changed: nothing comes of it."""
    first = room.poll("wire", item(1), item(2))
    assert prune(room, wanted(30), 40 * DAY).stories == {"age": 1}  # the topic's one place keeps the other
    assert room.stories() == [["wire/item-1"]]
    assert (first.record.new, room.value("SELECT count(*) FROM gone_entries")) == (2, 1)

    edited = replace(item(2), report=report(2).with_more("And this was added to it years later."))
    renamed = replace(item(2), id="item-two", link="http://wire.example/2")
    for n, printed in enumerate((item(2), edited, renamed, replace(renamed, report=report(99)), item(2))):
        plan = room.poll("wire", item(1), printed, hour=(50 + 400 * n) * DAY)
        assert (plan.record.new, plan.record.changed, plan.new_entries, plan.changed_entries) == (0, 0, (), ())
    assert room.stories() == [["wire/item-1"]]
    assert room.value("SELECT count(*) FROM selections") == 1
    assert broken(room.db) == {}


def test_an_item_that_was_not_read_again_is_no_other_one(room: Newsroom) -> None:
    """A source gives a new item the id of one that is pruned and still listed: the new one is not lost."""
    room.poll("wire", item(1), item(2), item(3))
    prune(room, wanted(30), 40 * DAY)
    new = replace(item(4, 41 * DAY), id="item-1")
    assert room.poll("wire", new, item(1), item(2), item(3), hour=41 * DAY).record.new == 1
    assert room.poll("wire", new, item(1), item(2), item(3), hour=42 * DAY).record.new == 0
    assert broken(room.db) == {}


def test_a_late_copy_is_no_news_but_another_headline_is(room: Newsroom) -> None:
    """Another source brings the same article years later: that it came is noted. Its page may have become another."""
    link = "http://x.example/1"
    room.poll("wire", replace(item(1), link=link), item(2))
    prune(room, wanted(30, policies={}), 40 * DAY)
    copy, other = replace(item(1), id="copy", link=link, hour=None), replace(item(9, 399 * DAY), id="other", link=link)
    plan = room.poll("post", copy, other, hour=400 * DAY)
    assert (plan.record.new, [new.entry.raw_id for new in plan.new_entries]) == (2, ["other"])
    plan = room.poll("post", copy, other, item(10), hour=401 * DAY)
    assert (plan.record.new, [new.entry.raw_id for new in plan.new_entries]) == (1, ["item-10"])
    assert room.stories() == [["post/other"], ["post/item-10"]]
    assert room.value("SELECT count(*) FROM entries e JOIN gone_entries g ON g.id = e.id") == 0
    assert broken(room.db) == {}


def test_nothing_is_left_of_it(room: Newsroom) -> None:
    """No search finds it, no table has a word of it but what it is known by; its id is no other story's."""
    room.poll("wire", item(1), item(2))
    room.poll("post", item(3), hour=2)
    found = f"SELECT count(*) FROM stories_fts WHERE stories_fts MATCH '\"{report(2).title.split(':')[0]}\"'"
    assert room.value(found) == 1
    prune(room, wanted(30), 40 * DAY)

    assert room.value(found) == 0
    left = {table for table, rows in room.content().items() if any(report(2).sentences[0] in row for row in rows)}
    assert left == set()
    assert [gone_at(room.db, id_) for id_ in (1, 2, 3, 2**63)] == [iso(at(40 * DAY))] * 2 + [None, None]
    room.poll("wire", item(5, 40 * DAY), hour=40 * DAY)
    assert room.value("SELECT max(id) FROM stories") == 4


def test_no_step_merges_much_of_the_search_index(room: Newsroom) -> None:
    """However many segments have gathered: a step merges a bounded number of its pages, and search stays right."""
    room.db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('automerge', 0)")
    chance = random.Random(1)
    for n in range(15):  # one more, and FTS5 would merge them all
        words = " ".join(f"{chance.getrandbits(40):x}" for _ in range(8000))
        hour = 31 * DAY * (n > 1) + n  # two are old
        room.poll("wire", Printed(f"item-{n}", replace(report(n), sentences=(words,)), hour), hour=hour)
    room.db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('automerge', 8)")
    pages = "SELECT id, block FROM stories_fts_data WHERE id > 10"
    before, merged = dict(room.db.execute(pages)), []

    def look() -> None:
        nonlocal before
        after = dict(room.db.execute(pages))
        merged.append(sum(after.get(id_) != block for id_, block in before.items()))
        before = after

    assert len(before) > 10 * MERGED
    prune(room, wanted(30), 40 * DAY, after_step=look)

    assert room.value("SELECT count(*) FROM stories") == 13
    assert max(merged) < 2 * MERGED
    assert dict(room.db.execute("SELECT k, v FROM stories_fts_config WHERE k LIKE '%merge'"))["automerge"] == 8
    room.db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('integrity-check', 1)")


def test_an_exception_is_kept_whatever_its_age(room: Newsroom) -> None:
    """What a topic has, what a person pinned, what is tagged so; each by itself."""
    room.poll("wire", *(item(n) for n in range(1, 7)))
    room.db.execute("DELETE FROM selections WHERE story_id <> 2")
    room.db.execute("INSERT INTO tags (id, kind, name) VALUES (900, 'desk', 'sea'), (901, 'org', 'nasa')")
    for story, tag in ((3, 900), (4, 901)):
        room.db.execute("INSERT INTO story_tags VALUES (?, ?, 'source', 'wire')", [story, tag])
    room.db.execute("INSERT INTO decisions (id, at, kind, story_id, other_id, was) VALUES (1, '', 'pin', 5, 5, '{}')")
    room.db.execute(
        "INSERT INTO mark_log (decision_id, kind, said_of, story_id, topic_id, stands) VALUES (1, 'pin', 5, 5, 1, 1)"
    )
    no_place = {"all": Policy(limit=1)}
    room.db.execute("UPDATE selections SET archived = 1")  # it has no place in the feed
    asked = wanted(30, published=True, tagged=("desk:*",), policies=no_place)
    sums = prune(room, asked, 40 * DAY)
    assert (sums.stories, sums.kept) == ({"age": 3}, {"published": 1, "tagged": 1, "pinned": 1})
    assert [id_ for (id_,) in room.db.execute("SELECT id FROM stories")] == [2, 3, 5]

    room.db.execute("UPDATE selections SET left_at = ''")  # the topic takes it no longer
    assert prune(room, replace(asked, excepted=replace(asked.excepted, pinned=False)), 41 * DAY).stories == {"age": 2}
    assert broken(room.db) == {}


def test_what_is_kept_holds_up_no_pass(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few may go in a step: those between two that are kept are passed over."""
    monkeypatch.setattr(pruning, "STORIES", 1)
    room.poll("wire", *(item(n) for n in range(1, 9)))
    room.db.execute("DELETE FROM selections WHERE story_id IN (3, 8)")
    steps: list[None] = []
    sums = prune(room, wanted(30, published=True), 40 * DAY, after_step=lambda: steps.append(None))
    assert (sums.stories, sums.kept) == ({"age": 2}, {"published": 6})
    assert len(steps) <= len(STAGES) + 2
    assert broken(room.db) == {}


def test_what_is_excepted_while_a_pass_is_under_way_is_kept(room: Newsroom) -> None:
    """A person tags a story with a tag that was none before, and pins another, between two steps."""
    room.poll("wire", *(item(n) for n in range(1, 5)))
    under_way = plan(room.db, wanted(30, tagged=("desk:*",), policies={}), 40 * DAY)
    room.db.execute("INSERT INTO tags (id, kind, name) VALUES (900, 'desk', 'sea')")
    room.db.execute("INSERT INTO story_tags VALUES (2, 900, 'person', '')")
    room.db.execute("INSERT INTO decisions (id, at, kind, story_id, other_id, was) VALUES (1, '', 'pin', 3, 3, '{}')")
    room.db.execute(
        "INSERT INTO mark_log (decision_id, kind, said_of, story_id, topic_id, stands) VALUES (1, 'pin', 3, 3, 1, 1)"
    )

    sums, _ = step(room.db, under_way, At())

    assert (sums.stories, sums.kept) == ({"age": 2}, {"tagged": 1, "pinned": 1})
    assert [id_ for (id_,) in room.db.execute("SELECT id FROM stories")] == [2, 3]


def test_a_count_keeps_the_newest_of_each_source(room: Newsroom) -> None:
    """Or as its own says; a story goes only when each of its sources has newer ones enough; never a young one."""
    room.poll("wire", item(1), item(2), item(3))
    room.poll("post", item(3), item(4), hour=2)
    room.poll("herald", item(5), item(6), hour=3)
    for day in (10, 45):
        room.poll("wire", *(item(n, day * DAY) for n in range(10 + day, 13 + day)), hour=day * DAY)
    own = {"herald": Keep(per_source=1)}
    assert prune(room, wanted(None, count=3, by_source=own), 25 * DAY).stories == {}
    sums = prune(room, wanted(None, count=3, by_source=own), 50 * DAY)
    assert sums.stories == {"count": 6}
    assert room.stories()[0] == ["wire/item-3", "post/item-3"] or room.stories()[0] == ["post/item-3", "wire/item-3"]
    assert room.value("SELECT count(*) FROM coverage WHERE source = 'herald'") == 1
    assert room.value("SELECT count(*) FROM coverage WHERE source = 'wire'") == 4
    assert broken(room.db) == {}


def test_a_source_that_got_another_id_is_kept_as_that_one(room: Newsroom) -> None:
    """What it brought under the old id too; one that was taken out of the config is kept as all are."""
    room.poll("wire", item(1))
    room.poll("post", item(2), hour=2)
    room.poll("herald", item(3), item(4), hour=3)
    room.db.execute("UPDATE sources SET url = config_id")
    room.db.execute("UPDATE sources SET removed_at = '' WHERE config_id <> 'herald'")
    room.db.execute("INSERT INTO sources (config_id, url, added_at) VALUES ('mail', 'post', '')")
    assert prune(room, wanted(30, by_source={"mail": Keep()}), 40 * DAY).stories == {"age": 2}
    assert ["post/item-2"] in room.stories()
    assert ["wire/item-1"] not in room.stories()


def test_what_hangs_together_goes_together(room: Newsroom) -> None:
    """A story that was split from one that is kept stays, so that the split can be undone; else both go."""
    room.poll("wire", item(1), item(2))
    room.poll("post", replace(item(1), id="copy"), hour=2)
    story, entry = room.story_of("post/copy"), room.value("SELECT id FROM entries WHERE guid = 'copy'")
    room.db.execute("BEGIN")
    decide_split(room.db, story, entry, iso(at(3)))
    room.db.execute("COMMIT")
    sums = prune(room, wanted(30, by_source={"post": Keep()}, policies={}), 40 * DAY)
    assert (sums.stories, sums.kept["bound"]) == ({"age": 1}, 1)
    assert room.value("SELECT count(*) FROM decisions") == 1
    room.db.execute("BEGIN")
    undo(room.db, None, iso(at(40 * DAY)))
    room.db.execute("COMMIT")
    assert broken(room.db) == {}
    prune(room, wanted(30, policies={}), 90 * DAY)
    assert room.value("SELECT count(*) FROM decisions") == 0
    assert broken(room.db) == {}


def test_what_a_feed_shows_stays(room: Newsroom) -> None:
    """Else an older item would come back in its stead, and readers that have forgotten it take it for a new one."""
    room.poll("wire", *(item(n) for n in range(1, 9)))
    newest = [id_ for (id_,) in room.db.execute("SELECT story_id FROM selections ORDER BY number DESC LIMIT 2")]
    room.db.execute("UPDATE selections SET left_at = '' WHERE story_id = ?", [newest[1]])
    prune(room, wanted(30, policies={"all": Policy(limit=2)}), 40 * DAY)
    assert [id_ for (id_,) in room.db.execute("SELECT story_id FROM selections ORDER BY number DESC")] == newest


def test_what_digests_tell_or_will_tell_stays(room: Newsroom) -> None:
    """What the topic had before it had any is its past."""
    room.poll("wire", *(item(n) for n in range(1, 9)))
    room.db.execute(
        "INSERT INTO digests (topic_id, number, guid, made_at, period_from, period_to, rhythm, zone, first_number, "
        "last_number) VALUES (1, 1, 'd', '', '', '', 'daily', 'UTC', 4, 6)"
    )
    room.db.execute("UPDATE topics SET digest_from = 7, digest_at = ''")
    assert prune(room, wanted(30), 40 * DAY).stories == {"age": 3}
    assert [number for (number,) in room.db.execute("SELECT number FROM selections ORDER BY 1")] == [4, 5, 6, 7, 8]


def test_html_goes_first_and_the_text_stays(room: Newsroom) -> None:
    """A change of the source brings it back; then it goes again in time. It is no change of the entry."""
    room.poll("wire", item(1), item(2))
    room.db.execute("DELETE FROM selections")
    room.db.execute("UPDATE topics SET last_number = 0")
    text = room.value("SELECT text FROM entry_texts WHERE entry_id = 1")
    asked = wanted(bodies=30, policies={})
    assert prune(room, asked, 40 * DAY).rows["bodies"] == 2
    assert room.db.execute("SELECT html, text = ? FROM entry_texts WHERE entry_id = 1", [text]).fetchall() == [("", 1)]
    assert room.poll("wire", item(1), item(2), hour=41 * DAY).record.changed == 0
    assert prune(room, asked, 42 * DAY).rows["bodies"] == 0

    edited = replace(item(1), report=report(1).with_more("And this was added to it."))
    assert room.poll("wire", edited, item(2), hour=43 * DAY).record.changed == 1
    assert room.value("SELECT count(*) FROM entry_texts WHERE html <> ''") == 1
    assert prune(room, asked, 44 * DAY).rows["bodies"] == 0  # what was changed lately stays
    assert prune(room, asked, 90 * DAY).rows["bodies"] == 1
    assert room.value("SELECT count(*) FROM entry_texts WHERE html <> ''") == 0
    assert broken(room.db) == {}


def test_the_log_of_polls_leaves_each_days_sums(room: Newsroom) -> None:
    """The last poll of each source stays, and so do troubles that last."""
    for hour in (1, 2, 30, 31):
        room.poll("wire", item(int(hour)), hour=hour)
    room.poll("post", item(50), hour=3)
    for guid, ended in (("a", iso(at(5))), ("b", None), ("c", iso(at(29 * DAY)))):
        room.db.execute(
            "INSERT INTO troubles (guid, kind, cause, said, mend, began_at, opened_at, changed_at, ended_at) "
            "VALUES (?, 'failing', '', '', '', '', '', '', ?)",
            [guid, ended],
        )
    sums = prune(room, wanted(), 30 * DAY, polls=20)
    assert (sums.rows["polls"], sums.rows["troubles"]) == (3, 1)
    assert room.db.execute("SELECT day, polls, failed, new FROM poll_days ORDER BY day").fetchall() == [
        ("2026-11-20", 2, 0, 2),
        ("2026-11-21", 1, 0, 1),
    ]
    assert room.db.execute("SELECT source_id, count(*) FROM polls GROUP BY 1").fetchall() == [(1, 1), (2, 1)]
    assert prune(room, wanted(), 30 * DAY, polls=20).rows.total() == 0


def relisting(chance: random.Random, made: list[Round]) -> list[Round]:
    """Spread polls over months, and have documents list once more what they had long ago; a link is one headline's."""
    printed: dict[str, dict[str, Printed]] = {}
    spread = []
    for number, one in enumerate(made):
        hour = one.hour + number * chance.choice((2, 5, 11)) * DAY
        day = hour - one.hour
        now = [replace(each, hour=None if each.hour is None else each.hour + day) for each in one.printed]
        seen = printed.setdefault(one.source, {})
        now = [each if each.link is None else replace(each, link=each.link + slug(each.report.title)) for each in now]
        now = [seen.setdefault(each.id, each) for each in now]
        old = chance.sample(sorted(seen), min(len(seen), chance.randrange(4)))
        listed = {each.id: each for each in (*now, *(seen[id_] for id_ in old))}
        spread.append(Round(one.source, tuple(listed.values()), hour))
    return sorted(spread, key=lambda one: one.hour)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_pruning_shows_in_nothing_that_comes(tmp_path: Path, seed: int) -> None:
    """Polls find the same new items as those of an archive that keeps all, and put them with the same others."""
    chance = random.Random(seed)
    pruned, whole = Newsroom(tmp_path / "pruned.db", SOURCES), Newsroom(tmp_path / "whole.db", SOURCES)
    asked = [wanted(30), wanted(60, bodies=30), wanted(None, count=3), wanted(90, published=True)]
    went = Sums()
    for one in relisting(chance, rounds(seed, SOURCES, 40)):
        here, there = (room.poll(one.source, *one.printed, hour=one.hour) for room in (pruned, whole))
        assert here.record.new == there.record.new
        assert len(here.chosen.selections) == len(there.chosen.selections)
        for room in (pruned, whole):
            forget(room.db, at(one.hour), most=1000)
        if chance.random() < 0.4:
            went += prune(pruned, chance.choice(asked), one.hour + 1, polls=10)
        assert broken(pruned.db) == {}
    assert went.stories.total() >= 3
    left = {name for story in pruned.stories() for name in story}
    kept = [[name for name in story if name in left] for story in whole.stories()]
    assert sorted(pruned.stories()) == sorted(story for story in kept if story)


@pytest.mark.parametrize("seed", range(SEEDS // 2))
def test_it_holds_whatever_a_person_decides(tmp_path: Path, seed: int) -> None:
    """Merges, splits, marks, undoing, beside polls and passes that are broken off and begun anew."""
    room, chance = Newsroom(tmp_path / "wireroom.db", SOURCES), random.Random(seed)
    seen: set[tuple[str, str | None]] = set()

    class BrokenOffError(Exception):
        pass

    def stop() -> None:
        if chance.random() < 0.2:
            raise BrokenOffError

    went = Sums()
    for one in relisting(chance, rounds(seed, SOURCES, 30)):
        plan = room.poll(one.source, *one.printed, hour=one.hour)
        new = {(one.source, each.entry.raw_id) for each in plan.new_entries}
        assert not new & seen
        seen |= new
        for _ in range(3):
            decide(room, chance)
        try:
            went += prune(room, wanted(30, published=chance.random() < 0.3), one.hour + 1, after_step=stop)
        except BrokenOffError:
            room.db.close()
            room = Newsroom(tmp_path / "wireroom.db", SOURCES)
        assert broken(room.db) == {}
    assert went.stories.total() >= 1
