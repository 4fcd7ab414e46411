"""The index of copies and events, written and asked, on a real file."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from db.archive import open_writer
from db.compare import LEARN_STORIES, forget_old, replace_prints, write_events, write_prints
from db.compared import MAX_SHARING, events_with, other_prints, prints, sharing, term_counts
from db.model import hashes_of
from db.plan import Happening, NewEvent
from db.recall import Event
from db.schema import migrations


def packed(*numbers: int) -> bytes:
    """Pack word triples as the workers do."""
    return struct.pack(f"<{len(numbers)}q", *sorted(numbers))


def packed_terms(**weights: float) -> bytes:
    """Pack terms named t1, t2 … as the workers do."""
    return b"".join(struct.pack("<If", int(name[1:]), weight) for name, weight in weights.items())


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Database]:
    """Give an empty archive with a source, being written."""
    db = open_writer(tmp_path / "wireroom.db")
    db.execute("INSERT INTO sources (id, config_id, url, added_at) VALUES (1, 's', '', '')")
    db.execute("BEGIN")
    yield db
    db.close()


def add_story(db: Database, id_: int, first_seen: str = "2026-11-20T10:00:00Z") -> None:
    """Add a story and its one entry, both of this id."""
    db.execute(
        "INSERT INTO stories (id, title, text, first_seen, updated) VALUES (?, '', '', ?, '')", [id_, first_seen]
    )
    db.execute(
        "INSERT INTO entries (id, source_id, story_id, joined_by, title, version, first_seen) "
        "VALUES (?1, 1, ?1, 'first', '', 0, ?2)",
        [id_, first_seen],
    )


def add(db: Database, id_: int, *numbers: int, first_seen: str = "2026-11-20T10:00:00Z") -> None:
    """Add a story whose entry has these triples."""
    add_story(db, id_, first_seen)
    write_prints(db, [(id_, packed(*numbers))])


def test_who_shares_most_comes_first(archive: Database) -> None:
    """And who shares nothing does not come."""
    add(archive, 1, *range(10, 20))
    add(archive, 2, *range(15, 25))
    add(archive, 3, *range(100, 110))

    assert list(sharing(archive, packed(*range(14, 24)))) == [2, 1]


def test_one_triple_of_very_many_is_chance(archive: Database) -> None:
    """Of an eighth it is more."""
    add(archive, 1, 5, *range(100, 139))
    add(archive, 2, 5, *range(200, 207))

    assert list(sharing(archive, packed(5, *range(300, 339)))) == [2]


def test_what_very_many_have_is_boilerplate(archive: Database) -> None:
    """A triple in more entries than that finds none of them."""
    for id_ in range(1, MAX_SHARING + 1):
        add(archive, id_, 7)
    assert len(sharing(archive, packed(7))) > 0

    add(archive, MAX_SHARING + 1, 7)

    assert list(sharing(archive, packed(7))) == []


def test_a_changed_entry_is_found_by_what_it_says_now(archive: Database) -> None:
    """And no longer by what it said."""
    add(archive, 1, 1, 2, 3)

    replace_prints(archive, 1, packed(3, 4, 5))

    assert list(sharing(archive, packed(1, 2))) == []
    assert list(sharing(archive, packed(4, 5))) == [1]
    assert hashes_of(prints(archive, 1)) == (3, 4, 5)
    assert archive.execute("SELECT hash FROM shingles ORDER BY hash").fetchall() == [(3,), (4,), (5,)]


def test_the_other_texts_of_a_source(archive: Database) -> None:
    """The newest, but for the one that is looked at."""
    for id_ in (1, 2, 3, 4):
        add(archive, id_, id_)

    assert list(other_prints(archive, 1, 3, 2)) == [packed(4), packed(2)]


def test_what_left_the_document_last_is_among_the_newest(archive: Database) -> None:
    """Where the document has too few others; what left it long ago is not looked at."""
    for id_ in (1, 2, 3, 4):
        add(archive, id_, id_)
    for id_, hour in ((1, 9), (2, 10), (3, 11)):
        archive.execute("UPDATE entries SET last_seen = ? WHERE id = ?", [f"2026-11-20T{hour:02}:00:00Z", id_])

    assert list(other_prints(archive, 1, 9, 3)) == [packed(4), packed(3), packed(2)]


def event(id_: int, last_seen: str = "2026-11-20T10:00:00Z") -> Event:
    """Make an event."""
    return Event(
        id=id_, first_seen="2026-11-19T10:00:00Z", last_seen=last_seen, stories=1, words=90, terms=packed_terms(t1=1.0)
    )


def happening(story: int, event_: int, terms: bytes = b"") -> Happening:
    """Make a story's event."""
    return Happening(story=story, event=event_, score=None, words=(), terms=terms)


def test_new_events_get_ids_and_are_found_by_their_rare_terms(archive: Database) -> None:
    """One that had a story since then, who holds most of the terms first to be read."""
    add_story(archive, 1)
    add_story(archive, 2)

    write_events(
        archive,
        [NewEvent(event=event(-1), rare=(11, 12)), NewEvent(event=event(-2), rare=(12, 13))],
        [happening(-5, -1), happening(2, -2)],
        {-5: 1},
    )

    assert archive.execute("SELECT id, event_id FROM stories ORDER BY id").fetchall() == [(1, 1), (2, 2)]
    assert [one.id for one in events_with(archive, [12, 11], "2026-11-20T00:00:00Z")] == [1, 2]
    assert [one.id for one in events_with(archive, [13], "2026-11-20T00:00:00Z")] == [2]
    assert list(events_with(archive, [11, 12, 13], "2026-11-21T00:00:00Z")) == []


def test_an_event_that_goes_on_stays_one(archive: Database) -> None:
    """Its row is written anew, its terms are added to."""
    add_story(archive, 1)
    write_events(archive, [NewEvent(event=event(-1), rare=(11,))], [happening(1, -1)], {})

    later = event(1, "2026-11-21T10:00:00Z")
    write_events(archive, [NewEvent(event=later, rare=(11, 14))], [], {})

    assert list(events_with(archive, [14], "2026-11-21T00:00:00Z")) == [later]


def test_words_are_learned_once_there_are_very_many_stories(archive: Database) -> None:
    """A word of one story only is not; and nothing is counted twice."""
    common, rare = packed_terms(t1=1.0), packed_terms(t1=1.0, t2=2.0)
    for id_ in range(1, LEARN_STORIES + 1):
        add_story(archive, id_)
    archive.execute("INSERT INTO events VALUES (1, '', '', 1, 1, x'')")
    write_events(archive, [], [happening(id_, 1, common) for id_ in range(2, LEARN_STORIES + 1)], {})
    assert term_counts(archive, [1, 2]) == (0, {})

    write_events(archive, [], [happening(1, 1, rare)], {})

    assert term_counts(archive, [1, 2]) == (LEARN_STORIES, {1: LEARN_STORIES})
    assert archive.execute("SELECT count(*) FROM unlearned").fetchone() == (0,)


def test_what_is_too_old_goes_a_little_at_a_time(archive: Database) -> None:
    """Entries by first sight, events by their last story; what is young stays."""
    for id_, day in ((1, "01"), (2, "02"), (3, "20")):
        add(archive, id_, 7, id_, first_seen=f"2026-10-{day}T00:00:00Z")
    times = ("2026-10-01T00:00:00Z", "2026-10-20T00:00:00Z")
    write_events(
        archive, [NewEvent(event=event(-n, time), rare=(n,)) for n, time in enumerate(times, 1)], [happening(1, -1)], {}
    )

    steps = [forget_old(archive, "2026-10-10T00:00:00Z", "2026-10-10T00:00:00Z", 1) for _ in range(3)]

    assert steps == [2, 1, 0]
    assert archive.execute("SELECT hash FROM shingles ORDER BY hash").fetchall() == [(3,), (7,)]
    assert archive.execute("SELECT entry_id FROM prints").fetchall() == [(3,)]
    assert archive.execute("SELECT term FROM event_terms").fetchall() == [(2,)]
    assert archive.execute("SELECT event_id FROM stories WHERE id = 1").fetchone() == (1,)


@given(st.lists(st.frozensets(st.integers(-9, 9), min_size=1, max_size=6), min_size=1, max_size=8), st.data())
def test_index_finds_whoever_shares_enough(texts: list[frozenset[int]], data: st.DataObject) -> None:
    """As a look at all of them does."""
    db = Database(memory=True)
    migrations.apply(db)
    db.execute("INSERT INTO sources (id, config_id, url, added_at) VALUES (1, 's', '', '')")
    for id_, one in enumerate(texts, start=1):
        add(db, id_, *one)
    asked = data.draw(st.frozensets(st.integers(-9, 9), min_size=1, max_size=6))

    found = sharing(db, packed(*asked))

    shared = {id_: len(asked & one) for id_, one in enumerate(texts, start=1)}
    assert sorted(found) == [id_ for id_, count in shared.items() if count]
    shares = [shared[id_] / min(len(asked), len(texts[id_ - 1])) for id_ in found]
    assert shares == sorted(shares, reverse=True)
