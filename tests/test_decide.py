"""What is carried out for a person's decision, inside the writer's transaction: rows, leads, tags, topics."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from db.decisions import Decision, divided
from db.index import index_stories
from db.merge import MergeError, living, merge_stories
from db.query import parse
from ingest.grouping import Grouping
from ingest.poll import Setup
from ingest.tag import Desks, Rule, Topic
from invariants import NEVER
from merged import NOW, archive, check_whole, shown, table
from wireroom.decide import carry_out, retell


def setup(priority: dict[int, int]) -> Setup:
    """Make a config with rules and topics that see sources, words, tags and how many carry a story."""
    rules = [("second", "source:source-2"), ("wide", "sources:>=2"), ("third", "words3 OR source:source-5")]
    topics = ["desk:wide", "desk:second OR words1", "desk:third AND NOT desk:wide"]
    return Setup(
        settings={},
        desks=Desks(
            source_tags={},
            rules=tuple(Rule(id=name, kind="desk", name=name, query=parse(query)) for name, query in rules),
            topics=tuple(Topic(id=n, query=parse(query)) for n, query in enumerate(topics, start=1)),
        ),
        floor_s=0,
        ceiling_s=0,
        grouping=Grouping(priority=priority),
    )


def polled(sizes: list[int], taken: Setup) -> Database:
    """Make an archive as polls would have left it: leads chosen, rules and topics asked."""
    db = archive(*sizes, topics=3)
    db.execute("DELETE FROM selections")
    nothing = Decision(id=0, kind="merge", story_id=1, other_id=1, entry_id=None)
    retell(db, nothing, list(range(1, len(sizes) + 1)), taken, NOW, selects=True)
    return db


@given(data=st.data(), sizes=st.lists(st.integers(1, 3), min_size=2, max_size=4))
@settings(max_examples=40, deadline=None)
def test_undo_of_everything_is_the_beginning(data: st.DataObject, sizes: list[int]) -> None:
    """Leads, tags, selections of living stories too, whatever was merged and split, by its present or an older id."""
    taken = setup(data.draw(st.dictionaries(st.integers(1, 12), st.integers(-1, 2), max_size=4)))
    db = polled(sizes, taken)
    states = []
    for _ in range(data.draw(st.integers(1, 5))):
        before, ids = shown(db), [str(id_) for (id_,) in table(db, "SELECT id FROM stories ORDER BY id")]
        entry, story = data.draw(st.sampled_from(table(db, "SELECT id, story_id FROM entries ORDER BY id")))
        request = data.draw(
            st.one_of(
                st.builds(lambda a, b: {"do": "merge", "stories": [a, b]}, st.sampled_from(ids), st.sampled_from(ids)),
                st.just({"do": "split", "story": str(story), "entry": entry}),
                marks(str(story), entry),
            )
        )
        db.execute("SAVEPOINT job")
        try:
            carry_out(db, setup=taken, request=request)
        except MergeError:
            db.execute("ROLLBACK TO job")
            assert shown(db) == before
        else:
            states.append(before)
        db.execute("RELEASE job")
        index_stories(db)
        check_whole(db)
    for before in reversed(states):
        carry_out(db, setup=taken, request={"do": "undo", "decision": None})
        check_whole(db)
        assert shown(db) == before


def marks(story: str, entry: int) -> st.SearchStrategy[dict[str, Any]]:
    """Draw something that a person may say of a story."""
    topic, tag = st.sampled_from("123"), st.sampled_from(("wide", "second", "third", "mine"))
    spoken = st.one_of(
        st.builds(
            lambda do, topic: {"do": do, "topic": topic}, st.sampled_from(("pin", "unpin", "hide", "unhide")), topic
        ),
        st.builds(lambda do: {"do": do}, st.sampled_from(("hide", "unhide"))),
        st.builds(lambda do, name: {"do": do, "tags": [["desk", name]]}, st.sampled_from(("tag", "untag")), tag),
        st.sampled_from(({"do": "lead", "entry": entry}, {"do": "lead", "entry": None})),
    )
    return spoken.map(lambda one: {**one, "story": story, "by": "Anna"})


@given(data=st.data(), sizes=st.lists(st.integers(1, 3), min_size=2, max_size=4))
@settings(max_examples=60, deadline=None)
def test_marks_hold_whatever_is_joined_split_and_undone_in_any_order(data: st.DataObject, sizes: list[int]) -> None:
    """By polls too: what is said and not undone counts, wherever its story is; and what is undone does not."""
    taken = setup(data.draw(st.dictionaries(st.integers(1, 12), st.integers(-1, 2), max_size=4)))
    db = polled(sizes, taken)
    for _ in range(data.draw(st.integers(2, 8))):
        entry, story = data.draw(st.sampled_from(table(db, "SELECT id, story_id FROM entries ORDER BY id")))
        other = data.draw(st.sampled_from(table(db, "SELECT id FROM stories ORDER BY id")))[0]
        stand = [None, *(id_ for (id_,) in table(db, "SELECT id FROM decisions WHERE undone_at IS NULL ORDER BY id"))]
        request = data.draw(
            st.one_of(
                st.sampled_from(({"do": "poll"}, {"do": "merge", "stories": [str(story), str(other)]})),
                st.just({"do": "split", "story": str(story), "entry": entry}),
                marks(str(story), entry),
                marks(str(story), entry),
                st.builds(lambda one: {"do": "undo", "decision": one}, st.sampled_from(stand)),
            )
        )
        db.execute("SAVEPOINT job")
        try:
            if request["do"] == "poll":
                pair = living(db, story), living(db, other)
                if divided(db, [(min(pair), max(pair))]):
                    raise MergeError
                merge_stories(db, story, other, by="near", score=0.7, words=(), now=NOW)
                nothing = Decision(id=0, kind="merge", story_id=story, other_id=other, entry_id=None)
                retell(db, nothing, [living(db, story)], taken, NOW)
            else:
                carry_out(db, setup=taken, request=request)
        except MergeError:
            db.execute("ROLLBACK TO job")
        db.execute("RELEASE job")
        index_stories(db)
        check_whole(db)
        wrong = {name for name, sql in NEVER.items() if table(db, sql)}
        assert not {name for name in wrong if "triple" not in name and " key " not in name}  # these entries have none


def test_merge_is_led_by_the_source_of_the_highest_priority() -> None:
    """And is no update of the story; a topic that only the two together fit takes it, and loses it with the undo."""
    taken = setup({2: 1})
    db = polled([1, 1], taken)
    wide = "SELECT x.story_id FROM selections x WHERE x.topic_id = 1"
    assert table(db, wide) == []

    carry_out(db, setup=taken, request={"do": "merge", "stories": ["1", "2"]})

    assert table(db, "SELECT title, lead_entry_id, updated FROM stories WHERE id = 1") == [("title2", 2, "updated 1")]
    assert table(db, wide) == [(1,)]
    carry_out(db, setup=taken, request={"do": "undo", "decision": None})
    assert table(db, wide) == []
    assert table(db, "SELECT title, lead_entry_id FROM stories WHERE id = 1") == [("title1", 1)]


def test_split_that_is_undone_and_done_again_is_the_same_item() -> None:
    """Nobody sees it twice under two ids; while it is undone, the whole is not in a topic that only the part fits."""
    taken = setup({})
    db = polled([2], taken)
    items = "SELECT x.* FROM selections x WHERE x.story_id = 2 ORDER BY x.id"
    request = {"do": "split", "story": "1", "entry": 2}
    whole = shown(db)

    carry_out(db, setup=taken, request=request)
    apart = table(db, items)
    for _ in range(2):
        carry_out(db, setup=taken, request={"do": "undo", "decision": None})
        assert shown(db) == whole
        carry_out(db, setup=taken, request=request)
        assert table(db, items) == apart != []


def test_undo_keeps_what_a_poll_selected_since() -> None:
    """Only selections that the decision brought about go with it."""
    taken = setup({})
    db = polled([1, 1, 1, 1], taken)
    carry_out(db, setup=taken, request={"do": "merge", "stories": ["3", "4"]})
    db.execute(
        "INSERT INTO selections (id, topic_id, story_id, number, guid, selected_at) "
        "VALUES (90, 2, 3, 90, 'guid 90', '')"
    )
    merge_stories(db, 2, 3, by="near", score=0.5, words=(), now=NOW)

    carry_out(db, setup=taken, request={"do": "undo", "decision": None})

    assert table(db, "SELECT story_id FROM selections WHERE id = 90") == [(3,)]
    assert table(db, "SELECT story_id FROM entries ORDER BY id") == [(1,), (2,), (2,), (4,)]
    assert table(db, "SELECT story_id FROM selections WHERE topic_id = 1") == []
