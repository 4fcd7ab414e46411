"""A source that puts text after text under one id: what it says now proves nothing of the story that it is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.desk import DraftDesk
from ingest.grouping import Grouping
from ingest.tag import Desks
from newsroom import Newsroom, Printed, at
from prose import report
from wireroom.regroup import Regrouper

SOURCES = ("a", "b", "c", "top", "late")


def top(seed: int) -> Printed:
    """Print a report as the one item that the source has."""
    return Printed("top", report(seed), 1, "http://top.example/top")


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Three sources have a report each; the item of a fourth is a copy of the first, then of the second, and so on."""
    made = Newsroom(tmp_path / "wireroom.db", SOURCES)
    for seed, source in enumerate("abc"):
        made.poll(source, Printed("1", report(seed), 1), hour=1)
    for hour, seed in enumerate((0, 1, 2, 1, 0, 2), start=2):
        made.poll("top", top(seed), hour=hour)
    return made


def test_one_item_that_is_one_text_after_the_other_unites_nothing(room: Newsroom) -> None:
    """It stays where it was: with the text that it had at first."""
    assert room.stories() == [["a/1", "top/top"], ["b/1"], ["c/1"]]


def test_a_copy_of_what_it_says_now_goes_to_those_who_still_tell_it(room: Newsroom) -> None:
    """Not to the story that it is in, and no bridge between the two."""
    room.poll("late", Printed("1", report(2).cut(11), 1), hour=20)
    assert room.stories() == [["a/1", "top/top"], ["b/1"], ["c/1", "late/1"]]


def test_what_comes_back_to_its_story_counts_again(room: Newsroom) -> None:
    """Back at its first text, it is compared as any other."""
    room.poll("top", top(0), hour=20)
    top_id = room.value("SELECT id FROM entries WHERE guid = 'top'")
    assert room.value("SELECT count(*) FROM prints WHERE entry_id = ?", top_id) == 1


def test_a_regroup_unites_no_more(room: Newsroom) -> None:
    """It leaves the stories and the index as polls made them."""
    before = room.stories(), room.content()["shingles"]
    work = Regrouper(
        desks=Desks(source_tags={}, rules=(), topics=()), grouping=room.grouping, now=at(30), desk=DraftDesk()
    )
    while work.step(room.db).stage is not None:
        pass
    assert (room.stories(), room.content()["shingles"]) == before


def test_what_changes_while_nothing_is_compared_is_found_by_its_former_words_no_more(room: Newsroom) -> None:
    """Switched off, the index lets go of what it can't follow: it would offer texts that are gone."""
    room.grouping = Grouping(dedupe="exact", level="off")
    room.poll("a", Printed("1", report(40), 1), hour=20)
    a_id = room.value("SELECT entry_id FROM coverage WHERE source = 'a'")
    assert room.value("SELECT count(*) FROM shingles WHERE entry_id = ?", a_id) == 0
    assert room.value("SELECT count(*) FROM prints WHERE entry_id = ?", a_id) == 0
