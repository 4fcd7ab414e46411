"""What must hold of an archive holds, whatever is polled under whatever settings, decided, and regrouped."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from db.merge import MergeError
from db.query import parse
from db.writer import Job, run_batch
from ingest.grouping import Grouping
from ingest.poll import Setup
from ingest.tag import Desks, Topic
from invariants import broken
from newsroom import Newsroom
from random_news import rounds
from regrouped import regroup
from wireroom.decide import carry_out

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
        for _ in range(2):
            decide(room, chance)
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
        "UPDATE stories SET withheld = 'hide' WHERE id = 1",
    ):
        room.db.execute("BEGIN")
        room.db.execute(spoil)
        assert len(broken(room.db)) > 0, spoil
        room.db.execute("ROLLBACK")
    assert broken(room.db) == {}


def decide(room: Newsroom, chance: random.Random) -> None:
    """Merge, split, mark or undo something, where that can be done."""
    stories = [str(id_) for (id_,) in room.db.execute("SELECT id FROM stories")]
    story, entry = chance.choice(room.db.execute("SELECT story_id, id FROM entries").fetchall())
    one = {"story": str(story), "by": "Anna"}
    requests: list[dict[str, Any]] = [
        {"do": "merge", "stories": [chance.choice(stories), chance.choice(stories)]},
        {"do": "split", **one, "entry": entry},
        {"do": "undo", "decision": None},
        {"do": chance.choice(("pin", "unpin", "hide", "unhide")), **one, "topic": "all"},
        {"do": chance.choice(("hide", "unhide")), **one},
        {"do": chance.choice(("tag", "untag")), **one, "tags": [["desk", chance.choice("ab")]]},
        {"do": "lead", **one, "entry": entry},
        {"do": "lead", **one, "entry": None},
    ]
    topics = tuple(Topic(id=id_, query=parse(room.match)) for id_ in room.synced.topics.values())
    desks = Desks(source_tags={}, rules=(), topics=topics)
    taken = Setup(settings={}, desks=desks, floor_s=0, ceiling_s=0, grouping=room.grouping)
    job = Job(lambda db: carry_out(db, setup=taken, request=chance.choice(requests)))
    run_batch(room.db, [job], give_up=lambda: True)
    error = job.future.exception()
    assert error is None or isinstance(error, MergeError), error
