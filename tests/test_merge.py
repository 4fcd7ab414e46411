"""Stories joined and taken apart, and a person's decisions over them: all that moved can move back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from db.decisions import decide_merge, decide_split, divided, undo
from db.index import index_stories
from db.merge import MergeError, living, merge_stories, split_entry, unmerge
from db.query import parse
from db.search import search
from merged import NOW, archive, check_whole, shown, table


def test_older_story_lives_and_the_younger_leads_to_it() -> None:
    """Whichever is named first; a story that went into a third is followed."""
    db = archive(1, 2, 1)

    merge_stories(db, 3, 2, by="near", score=0.7, words=("ports", "winter"), now=NOW)
    merge_stories(db, 3, 1, by="link", score=None, words=(), now=NOW)

    assert [living(db, story) for story in (1, 2, 3)] == [1, 1, 1]
    assert table(db, "SELECT id, joined_by, joined_score, joined_words FROM entries WHERE story_id = 1") == [
        (1, "first", None, None),
        (2, "link", None, None),
        (3, "near", 0.5, '["ports"]'),
        (4, "near", 0.7, '["ports", "winter"]'),
    ]
    assert table(db, "SELECT updated FROM stories WHERE id = 1") == [("updated 1",)]
    with pytest.raises(MergeError, match="one already"):
        merge_stories(db, 2, 3, by="near", score=0.7, words=(), now=NOW)
    with pytest.raises(MergeError, match="no story 99"):
        living(db, 99)


def test_selection_moves_only_where_the_older_story_has_none() -> None:
    """Both were in topic 1: who has the younger one's item sees no other. Topic 2 had only the younger one."""
    db = archive(1, 1, topics=2)

    merge_stories(db, 1, 2, by="near", score=0.7, words=(), now=NOW)

    assert table(db, "SELECT guid, story_id FROM selections ORDER BY guid") == [
        ("guid 1 1", 1),
        ("guid 1 2", 2),
        ("guid 2 2", 1),
    ]


def test_copies_shown_apart_keep_their_items() -> None:
    """A topic that shows copies apart has a selection for each entry: all move."""
    db = archive(1, 1)
    db.execute("UPDATE selections SET entry_id = story_id")

    merge_stories(db, 1, 2, by="near", score=0.7, words=(), now=NOW)

    assert table(db, "SELECT story_id FROM selections") == [(1,), (1,)]


def test_items_of_single_copies_follow_them_out_of_the_story() -> None:
    """One that was selected after the merge too; and back."""
    db = archive(1, 1)
    db.execute("DELETE FROM selections")
    merge = merge_stories(db, 1, 2, by="near", score=0.7, words=(), now=NOW)
    db.execute(
        "INSERT INTO selections (id, topic_id, story_id, entry_id, number, guid, selected_at) "
        "VALUES (9, 1, 1, 2, 9, 'guid 9', '')"
    )

    assert unmerge(db, merge, NOW) == (1, 2)
    assert table(db, "SELECT id, story_id FROM selections") == [(9, 2)]
    decide_merge(db, 1, 2, NOW)
    decide_split(db, 1, 1, NOW)
    assert table(db, "SELECT id, story_id FROM selections") == [(9, 1)]
    undo(db, None, NOW)
    undo(db, None, NOW)
    assert table(db, "SELECT id, story_id FROM selections") == [(9, 2)]


def test_merged_story_is_found_no_more() -> None:
    """Neither by its words nor by its source."""
    db = archive(1, 1)
    merge_stories(db, 1, 2, by="near", score=0.7, words=(), now=NOW)

    assert [row["story_id"] for row in search(db, parse("words1 OR words2"), NOW, 10)] == [1]
    assert [row["story_id"] for row in search(db, parse("source:source-2"), NOW, 10)] == [1]


def test_lead_that_is_given_is_shown_and_is_no_update() -> None:
    """Search finds what is shown; the story's time stays."""
    db = archive(1, 1)

    merge = merge_stories(db, 1, 2, by="near", score=0.7, words=(), now=NOW, lead=2)

    assert table(db, "SELECT title, url, updated, lead_entry_id FROM stories WHERE id = 1") == [
        ("title2", "http://e.example/2", "updated 1", 2)
    ]
    assert [row["story_id"] for row in search(db, parse("words2"), NOW, 10)] == [1]
    unmerge(db, merge, NOW)
    assert table(db, "SELECT title, lead_entry_id FROM stories ORDER BY id") == [("title1", 1), ("title2", 2)]


def test_unmerge_leaves_what_joined_since() -> None:
    """Only what moved moves back, though a later merge has taken it further."""
    db = archive(1, 1, 2)
    merge = merge_stories(db, 2, 3, by="near", score=0.7, words=(), now=NOW)
    merge_stories(db, 1, 2, by="near", score=0.7, words=(), now=NOW)
    db.execute(
        "INSERT INTO entries (id, source_id, story_id, joined_by, title, version, first_seen) "
        "VALUES (9, 1, 1, 'print', '', 0, '')"
    )

    assert unmerge(db, merge, NOW) == (1, 3)

    assert table(db, "SELECT id, story_id FROM entries ORDER BY id") == [(1, 1), (2, 1), (3, 3), (4, 3), (9, 1)]
    with pytest.raises(MergeError, match=f"no merge {merge}"):
        unmerge(db, merge, NOW)


def test_split_gives_a_story_of_its_own() -> None:
    """Also to the lead: then the rest is led by the entry that was seen first."""
    db = archive(3)

    new = split_entry(db, 1, 1, NOW)

    assert table(db, f"SELECT title, first_seen, lead_entry_id FROM stories WHERE id = {new}") == [
        ("title1", "seen 1", 1)
    ]
    assert table(db, "SELECT id, title, lead_entry_id FROM stories WHERE id = 1") == [(1, "title2", 2)]
    assert table(db, "SELECT id, story_id, joined_by FROM entries ORDER BY id") == [
        (1, new, "person"),
        (2, 1, "near"),
        (3, 1, "near"),
    ]


def test_split_of_what_a_merge_brought_wakes_the_story_that_it_was() -> None:
    """Its item has been sent out already, under an id that subscribers know."""
    db = archive(1, 1)
    before = shown(db)
    merge_stories(db, 1, 2, by="near", score=0.7, words=(), now=NOW)
    merged = shown(db)

    assert split_entry(db, 1, 2, NOW) == 2
    assert shown(db) == before

    db = archive(1, 1)
    merge_stories(db, 1, 2, by="near", score=0.7, words=(), now=NOW)
    decide_split(db, 1, 2, NOW)
    undo(db, None, NOW)
    assert shown(db) == merged
    assert table(db, "SELECT undone_at FROM merges") == [(None,)]


def test_split_of_the_lead_of_a_merged_story_wakes_it_with_that_alone() -> None:
    """The others that came with it stay; the next of them is a new story."""
    db = archive(1, 3)
    merge_stories(db, 1, 2, by="near", score=0.7, words=(), now=NOW)
    merged = shown(db)

    assert decide_split(db, 1, 2, NOW).other_id == 2
    assert decide_split(db, 1, 3, NOW).other_id == 3
    assert table(db, "SELECT id, story_id FROM entries ORDER BY id") == [(1, 1), (2, 2), (3, 3), (4, 1)]
    assert [guid for guid, *_ in table(db, "SELECT guid FROM selections WHERE story_id = 2")] == ["guid 1 2"]
    undo(db, None, NOW)
    undo(db, None, NOW)
    assert shown(db) == merged


def test_what_can_not_be_split_is_refused() -> None:
    """The only entry, or an entry of another story."""
    db = archive(1, 2)

    with pytest.raises(MergeError, match="is all that story 1 has"):
        split_entry(db, 1, 1, NOW)
    with pytest.raises(MergeError, match="story 1 has no entry 3"):
        split_entry(db, 1, 3, NOW)


def test_split_keeps_apart_and_merge_is_noted_until_undone() -> None:
    """The links stand between entries, so they hold for whatever stories these come into."""
    db = archive(2, 1)

    new = decide_split(db, 1, 2, NOW).other_id
    assert divided(db, [(1, new), (1, 2), (new, 2)]) == {(1, new)}
    merge_stories(db, 2, new, by="near", score=0.7, words=(), now=NOW)
    assert divided(db, [(2, 1)]) == {(2, 1)}

    db = archive(2, 1)
    decide_merge(db, 1, 2, NOW)
    assert table(db, "SELECT entry_a, entry_b, kind FROM links") == [(1, 3, "must")]
    undo(db, None, NOW)
    assert table(db, "SELECT entry_a, entry_b, kind FROM links") == []
    decide_split(db, 1, 2, NOW)
    undo(db, None, NOW)
    assert divided(db, [(1, 2), (1, new)]) == frozenset()


def test_undo_of_what_a_later_decision_builds_on_is_refused() -> None:
    """It says which one stands in the way; one that has nothing to do with it does not."""
    db = archive(1, 1, 2, 1)
    first = decide_merge(db, 1, 2, NOW)
    apart = decide_split(db, 3, 3, NOW)
    later = decide_merge(db, 4, 2, NOW)

    with pytest.raises(MergeError, match=f"undo {later.id} first"):
        undo(db, first.id, NOW)
    undo(db, apart.id, NOW)
    undo(db, later.id, NOW)
    with pytest.raises(MergeError, match=f"decision {later.id} was undone at {NOW}"):
        undo(db, later.id, NOW)
    undo(db, first.id, NOW)
    with pytest.raises(MergeError, match="no decision to undo"):
        undo(db, None, NOW)
    with pytest.raises(MergeError, match="no decision 77"):
        undo(db, 77, NOW)


def test_undo_of_a_split_brings_along_what_joined_since() -> None:
    """New copies of the entry that was split off come with it; what a poll merged elsewhere meanwhile stays there."""
    db = archive(2, 1)
    new = decide_split(db, 1, 2, NOW).other_id
    copy = "INSERT INTO entries (id, source_id, story_id, joined_by, title, version, first_seen) "
    db.execute(f"{copy} VALUES (9, 1, ?, 'print', '', 0, '')", [new])
    db.execute(
        "INSERT INTO selections (topic_id, story_id, entry_id, number, guid, selected_at) VALUES (1, ?, 9, 9, 'g', '')",
        [new],
    )
    undo(db, None, NOW)
    assert table(db, "SELECT id, story_id FROM entries ORDER BY id") == [(1, 1), (2, 1), (3, 2), (9, 1)]
    assert table(db, "SELECT story_id FROM selections WHERE entry_id = 9") == [(1,)], "or it would be selected again"
    assert living(db, new) == 1

    db = archive(2, 1)
    new = decide_split(db, 1, 2, NOW).other_id
    merge_stories(db, 2, new, by="near", score=0.7, words=(), now=NOW)
    undo(db, None, NOW)
    assert table(db, "SELECT id, story_id FROM entries ORDER BY id") == [(1, 1), (2, 1), (3, 2)]


@given(data=st.data(), sizes=st.lists(st.integers(1, 3), min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_whatever_is_decided_can_all_be_undone(data: st.DataObject, sizes: list[int]) -> None:
    """Merges and splits by polls and people in any order: each entry is in one living story; undo is the way back."""
    db = archive(*sizes, topics=2)
    polls = data.draw(st.integers(0, 2))
    for _ in range(polls):
        change(db, data, by_person=False)
    before = shown(db)
    decided = sum(change(db, data, by_person=True) for _ in range(data.draw(st.integers(1, 6))))

    for left in range(decided, 0, -1):
        check_whole(db)
        assert len(table(db, "SELECT 1 FROM decisions WHERE undone_at IS NULL")) == left
        undo(db, None, NOW)
    check_whole(db)
    assert shown(db) == before
    assert table(db, "SELECT * FROM links") == []
    assert len(search(db, parse("words1"), NOW, 10)) == 1
    db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('integrity-check', 1)")


def change(db: Database, data: st.DataObject, *, by_person: bool) -> bool:
    """Merge or split something at random → whether it could be done."""
    stories = [id_ for (id_,) in table(db, "SELECT id FROM stories ORDER BY id")]
    entries = table(db, "SELECT id, story_id FROM entries ORDER BY id")
    a, b = data.draw(st.sampled_from(stories)), data.draw(st.sampled_from(stories))
    entry, story = data.draw(st.sampled_from(entries))
    try:
        if not by_person:
            merge_stories(db, a, b, by="near", score=0.7, words=("ports",), now=NOW)
        elif data.draw(st.booleans()):
            decide_merge(db, a, b, NOW)
        else:
            decide_split(db, story, entry, NOW)
    except MergeError:
        return False
    index_stories(db)
    return True
