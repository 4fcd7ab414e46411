"""A topic is read as of one moment, whatever is written meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database

from db import items
from db.archive import open_reader
from db.decisions import decide_merge
from db.model import Dedupe
from db.topics import topic_feed
from newsroom import Newsroom, Printed
from prose import report


@pytest.mark.parametrize("dedupe", ["copies", "off"])
def test_a_merge_amid_the_reading_changes_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dedupe: Dedupe
) -> None:
    """A story that goes while its items are read would have no sources left: no feed could show its item."""
    room = Newsroom(tmp_path / "wireroom.db", ("one", "two"))
    room.poll("one", Printed("1", report(1)))
    room.poll("two", Printed("2", report(2)), hour=2)
    reader, coverage_of = open_reader(room.path), items.coverage_of

    def after_a_merge(db: Database, stories: str) -> object:
        if room.value("SELECT count(*) FROM decisions") == 0:
            decide_merge(room.db, 1, 2, "2026-11-21T00:00:00Z")
        return coverage_of(db, stories)

    monkeypatch.setattr(items, "coverage_of", after_a_merge)
    before, after = (topic_feed(reader, "all", 10, dedupe=dedupe) for _ in range(2))

    assert [[one.source for one in item.coverage] for item in before.items] == [["two"], ["one"]]
    assert len(room.stories()) == 1
    assert all(item.coverage for item in after.items)
    assert not reader.conn.in_transaction
