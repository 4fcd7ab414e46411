"""Marks of a person: which count, where their stories go, and what they do to items that a topic had archived."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from db.decisions import decide_split, undo
from db.last_word import denied, given_by_hand, is_hidden, lead_by_hand, pinned, standing, withheld
from db.marks import marks_of
from db.merge import merge_stories, unmerge
from db.plan import Withheld
from db.recall import Mark
from merged import NOW, archive, table
from test_decide import polled, setup
from wireroom.decide import carry_out

TOPICS = st.sampled_from((1, 2))


def mark(kind: Any, *, topic: int | None = None, tag: str | None = None, entry: int | None = None) -> Mark:
    """Make a mark."""
    return Mark(
        kind=kind, topic_id=topic, tag=("desk", tag) if tag is not None else None, entry_id=entry, by="Anna", id=0
    )


said = st.lists(
    st.one_of(
        st.builds(lambda kind, topic: mark(kind, topic=topic), st.sampled_from(("pin", "unpin")), TOPICS),
        st.builds(lambda kind, topic: mark(kind, topic=topic), st.sampled_from(("hide", "show")), TOPICS | st.none()),
        st.builds(lambda kind, tag: mark(kind, tag=tag), st.sampled_from(("tag", "untag")), st.sampled_from("ab")),
        st.builds(lambda entry: mark("lead", entry=entry), st.sampled_from((1, 2))),
        st.just(mark("auto")),
    ),
    max_size=10,
)


def numbered(marks: list[Mark]) -> list[Mark]:
    """Number marks in the order in which they were made."""
    return [
        Mark(kind=m.kind, topic_id=m.topic_id, tag=m.tag, entry_id=m.entry_id, by=m.by, id=number)
        for number, m in enumerate(marks, start=1)
    ]


@given(said)
def test_newest_word_on_each_thing_counts(marks: list[Mark]) -> None:
    """As if each were carried out after the other on a state that is simple to follow."""
    pins: set[int | None] = set()
    hidden: dict[int | None, bool] = {}
    tags: dict[Any, bool] = {}
    lead = None
    for one in marks:
        if one.kind in ("pin", "unpin"):
            pins = pins | {one.topic_id} if one.kind == "pin" else pins - {one.topic_id}
        elif one.kind in ("hide", "show"):
            hidden = {} if one.topic_id is None else hidden
            hidden[one.topic_id] = one.kind == "hide"
        elif one.kind in ("tag", "untag"):
            tags[one.tag] = one.kind == "tag"
        else:
            lead = one.entry_id

    counts = standing(numbered(marks))

    assert pinned(counts) == pins
    assert [is_hidden(counts, topic) for topic in (1, 2)] == [
        hidden.get(topic, hidden.get(None, False)) for topic in (1, 2)
    ]
    assert {(tag.kind, tag.name) for tag in given_by_hand(counts)} == {tag for tag, is_on in tags.items() if is_on}
    assert denied(counts) == {tag for tag, is_on in tags.items() if not is_on}
    assert lead_by_hand(counts) == lead
    rule = Withheld("hold", "r")
    free = hidden.get(None) is False or pins
    assert withheld(counts, rule) == (Withheld("hide", "Anna") if hidden.get(None) else None if free else rule)


@given(said, st.data())
def test_what_counts_of_two_stories_is_found_from_what_counts_of_each(marks: list[Mark], data: st.DataObject) -> None:
    """So the planning of a poll need not read what counts no more."""
    all_ = numbered(marks)
    firsts = [one for one in all_ if data.draw(st.booleans())]
    seconds = [one for one in all_ if one not in firsts]

    assert standing((*standing(firsts), *standing(seconds))) == standing(all_)


def kinds(db: Database, story: int) -> list[str]:
    """Read what counts of a story."""
    return [one.kind for one in marks_of(db, [story]).get(story, ())]


def said_of(db: Database, story: int, do: str, **more: Any) -> None:
    """Carry out a mark."""
    carry_out(db, setup=setup({}), request={"do": do, "story": str(story), "by": "Anna", **more})


def test_marks_go_with_their_story_and_come_back() -> None:
    """Of what contradicts the newer counts while they are one; taken apart, each has its own."""
    db = polled([1, 1, 1], setup({}))
    said_of(db, 2, "tag", tags=[["desk", "mine"]])
    said_of(db, 3, "hide")
    said_of(db, 1, "tag", tags=[["desk", "mine"]])
    said_of(db, 1, "untag", tags=[["desk", "mine"]])
    assert [kinds(db, story) for story in (1, 2, 3)] == [["untag"], ["tag"], ["hide"]]

    first = merge_stories(db, 2, 3, by="near", score=0.7, words=(), now=NOW)
    assert [kinds(db, story) for story in (1, 2, 3)] == [["untag"], ["tag", "hide"], []]
    second = merge_stories(db, 1, 2, by="near", score=0.7, words=(), now=NOW)
    assert [kinds(db, story) for story in (1, 2, 3)] == [["hide", "untag"], [], []]
    unmerge(db, first, NOW)
    assert [kinds(db, story) for story in (1, 2, 3)] == [["untag"], [], ["hide"]]
    unmerge(db, second, NOW)
    assert [kinds(db, story) for story in (1, 2, 3)] == [["untag"], ["tag"], ["hide"]]


def test_lead_goes_with_its_entry() -> None:
    """The lead that was chosen before leads again; a split that is undone brings it back."""
    db = polled([3], setup({}))
    said_of(db, 1, "lead", entry=2)
    said_of(db, 1, "lead", entry=3)

    new = decide_split(db, 1, 3, NOW).other_id
    assert [lead_by_hand(marks_of(db, [story])[story]) for story in (1, new)] == [2, 3]
    undo(db, None, NOW)
    assert lead_by_hand(marks_of(db, [1])[1]) == 3
    assert kinds(db, new) == []


@pytest.mark.parametrize("take_back", ["unpin", "undo"])
def test_pin_brings_an_archived_item_to_the_front_and_gives_it_back(take_back: str) -> None:
    """Likewise one that had left its topic; both under the ids and numbers that they had."""
    db = polled([1, 1], setup({}))
    topic = {"topic": "1"}
    said_of(db, 1, "pin", **topic)
    said_of(db, 1, "unpin", **topic)
    db.execute("UPDATE selections SET archived = 1, left_at = 'then' WHERE topic_id = 1")
    before = table(db, "SELECT * FROM selections WHERE topic_id = 1")
    assert len(before) > 0

    said_of(db, 1, "pin", **topic)
    assert table(db, "SELECT archived, left_at FROM selections WHERE topic_id = 1 AND story_id = 1") == [(0, None)]
    if take_back == "undo":
        carry_out(db, setup=setup({}), request={"do": "undo", "decision": None})
        assert table(db, "SELECT * FROM selections WHERE topic_id = 1") == before
    else:
        said_of(db, 1, "unpin", **topic)
        ((archived, left_at),) = table(
            db, "SELECT archived, left_at FROM selections WHERE topic_id = 1 AND story_id = 1"
        )
        assert (archived, left_at is None) == (1, False)


def test_item_that_was_there_before_the_pin_stays_after_it() -> None:
    """Also where the topic's query, edited since, takes the story no longer."""
    db = polled([1, 1], setup({}))
    db.execute(
        "INSERT INTO selections (topic_id, story_id, number, guid, selected_at) VALUES (3, 2, 90, 'guid 90', '')"
    )
    said_of(db, 2, "pin", topic="3")
    said_of(db, 2, "unpin", topic="3")

    assert table(db, "SELECT archived, left_at FROM selections WHERE topic_id = 3 AND story_id = 2") == [(0, None)]


def test_pins_take_no_second_item_where_copies_are_shown_apart() -> None:
    """The topic has items for single entries: the story is in it."""
    db = archive(1, topics=3)
    db.execute("UPDATE selections SET entry_id = 1")
    said_of(db, 1, "pin", topic="1")

    assert len(table(db, "SELECT 1 FROM selections WHERE topic_id = 1")) == 1


def test_what_is_hidden_no_topic_selects_until_it_is_shown_again() -> None:
    """In one topic, or in all; each topic that takes it by then selects it."""
    db = polled([1, 1, 1, 1], setup({}))
    said_of(db, 3, "hide", topic="2")
    said_of(db, 4, "hide")
    for story in (3, 4):
        said_of(db, story, "tag", tags=[["desk", "second"]])
    rows = "SELECT story_id FROM selections WHERE topic_id = 2 AND story_id > 2 ORDER BY number"
    assert table(db, rows) == []

    said_of(db, 3, "unhide", topic="2")
    said_of(db, 4, "unhide")
    assert table(db, "SELECT withheld FROM stories WHERE id = 4") == [(None,)]
    assert table(db, rows) == [(3,), (4,)]


def test_person_releases_what_a_rule_keeps_out() -> None:
    """By showing it, or by a pin; and a rule has no say in what a person hides."""
    rule = Withheld("drop", "dull")
    assert withheld((), rule) == rule
    assert withheld((mark("show"),), rule) is None
    assert withheld((mark("show", topic=1),), rule) == rule
    assert withheld((mark("pin", topic=1),), rule) is None
    assert withheld((mark("pin", topic=1), mark("hide")), None) == Withheld("hide", "Anna")
