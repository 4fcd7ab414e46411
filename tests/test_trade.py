"""Stories that are joined where a topic shows the younger one's item only: subscribers keep the item that they know."""

from __future__ import annotations

import pytest

from db.decisions import decide_merge, decide_split, undo
from db.merge import merge_stories, unmerge
from merged import NOW, archive, check_whole, shown, table

FRONT = "SELECT guid FROM selections WHERE story_id = 1 AND topic_id = 1"


@pytest.mark.parametrize("kept", ["archived = 1", "left_at = 'then'", "archived = 1, left_at = 'then'"])
@pytest.mark.parametrize(
    ("gone", "stays"), [("archived = 0", "guid 1 2"), ("archived = 1", "guid 1 1"), ("left_at = 'then'", "guid 1 1")]
)
def test_the_item_that_is_shown_stays(kept: str, gone: str, stays: str) -> None:
    """Under its id, whichever story is older; an item that nobody sees gives way. Undone, each has its own again."""
    db = archive(1, 1, 1)
    db.execute(f"UPDATE selections SET {kept} WHERE story_id = 1")
    db.execute(f"UPDATE selections SET {gone} WHERE story_id = 2")
    before = shown(db)

    made = merge_stories(db, 1, 2, by="near", score=0.9, words=(), now=NOW)

    assert table(db, FRONT) == [(stays,)]
    check_whole(db)
    unmerge(db, made, NOW)
    assert shown(db) == before


def test_an_item_that_is_shown_gives_way_to_none() -> None:
    """Both are known to subscribers: the older one stays."""
    db = archive(1, 1)

    merge_stories(db, 1, 2, by="near", score=0.9, words=(), now=NOW)

    assert table(db, FRONT) == [("guid 1 1",)]


def test_a_chain_of_merges_is_taken_back_link_by_link() -> None:
    """What is shown of the youngest goes up to the oldest, and down again."""
    db = archive(1, 1, 1)
    db.execute("UPDATE selections SET archived = 1 WHERE story_id IN (1, 2)")
    before = shown(db)
    lower = merge_stories(db, 2, 3, by="near", score=0.9, words=(), now=NOW)
    between = shown(db)
    upper = merge_stories(db, 1, 2, by="near", score=0.9, words=(), now=NOW)
    assert table(db, FRONT) == [("guid 1 3",)]

    unmerge(db, upper, NOW)
    assert shown(db) == between
    unmerge(db, lower, NOW)
    assert shown(db) == before


def test_a_split_that_takes_a_merge_back_is_undone() -> None:
    """A person splits what was joined, and takes that back: the item that was shown is shown again."""
    db = archive(1, 1)
    db.execute("UPDATE selections SET archived = 1 WHERE story_id = 1")
    apart = shown(db)
    decide_merge(db, 1, 2, NOW)
    joined = shown(db)

    split = decide_split(db, 1, 2, NOW)
    assert shown(db)["selections"] == apart["selections"]
    undo(db, split.id, NOW)

    assert shown(db) == joined
    assert table(db, FRONT) == [("guid 1 2",)]
    check_whole(db)
