"""What must hold of an archive holds, whatever is polled under whatever settings, decided, and regrouped."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from db.decisions import decide_merge, decide_split, undo
from db.index import index_stories
from db.merge import MergeError
from ingest.grouping import Grouping
from invariants import broken
from newsroom import Newsroom, at
from random_news import rounds
from regrouped import regroup

SOURCES = ("wire", "post", "herald", "echo", "star")
SETTINGS = (
    Grouping(),
    Grouping(),
    Grouping(dedupe="exact"),
    Grouping(dedupe="off", level="off"),
    Grouping(level="loose", priority={2: 5}),
)


@pytest.mark.parametrize("seed", range(4))
def test_it_holds_after_each_change(tmp_path: Path, seed: int) -> None:
    """Polls, settings that go back and forth, a person's hand, a regroup now and then."""
    room, chance = Newsroom(tmp_path / "wireroom.db", SOURCES), random.Random(seed)
    for number, one in enumerate(rounds(seed, SOURCES, 30), start=1):
        room.poll(one.source, *one.printed, hour=one.hour)
        if number % 4 == 0:
            decide(room, chance, one.hour)
        if number % 7 == 0:
            room.grouping = chance.choice(SETTINGS)
        if number % 13 == 0:
            regroup(room)
        assert broken(room.db) == {}


def test_what_does_not_hold_is_found(tmp_path: Path) -> None:
    """Else the other test could not fail."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES)
    for one in rounds(1, SOURCES, 6):
        room.poll(one.source, *one.printed, hour=one.hour)
    for spoil in (
        "UPDATE stories SET merged_into = 2 WHERE id = 1",
        "UPDATE stories SET lead_entry_id = 2 WHERE id = 1",
        "DELETE FROM shingles WHERE entry_id = (SELECT min(entry_id) FROM prints)",
        "UPDATE events SET terms = x''",
    ):
        room.db.execute("BEGIN")
        room.db.execute(spoil)
        assert len(broken(room.db)) > 0, spoil
        room.db.execute("ROLLBACK")
    assert broken(room.db) == {}


def decide(room: Newsroom, chance: random.Random, hour: float) -> None:
    """Merge, split or undo something, where that can be done."""
    now = at(hour).isoformat()
    stories = [id_ for (id_,) in room.db.execute("SELECT id FROM stories")]
    entries = room.db.execute("SELECT story_id, id FROM entries").fetchall()
    room.db.execute("BEGIN IMMEDIATE")
    try:
        what = chance.randrange(3)
        if what == 0:
            decide_merge(room.db, chance.choice(stories), chance.choice(stories), now)
        elif what == 1:
            story, entry = chance.choice(entries)
            decide_split(room.db, story, entry, now)
        else:
            undo(room.db, None, now)
        index_stories(room.db)
        room.db.execute("COMMIT")
    except MergeError:
        room.db.execute("ROLLBACK")
