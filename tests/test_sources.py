"""Which sources are due: the longest overdue first, and no domain keeps the others waiting."""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from db.rows import AT_ONCE
from db.schema import migrations
from db.sources import FRONT, Due, due_page, due_sources
from db.sync import sync_config


@dataclass(frozen=True)
class Source:
    """A source of the config."""

    id: str
    shown_url: str
    domain: str | None
    was: tuple[str, ...] = ()


def archive(*sources: Source) -> Database:
    """Make an archive that has these sources, due in this order."""
    db = Database(memory=True)
    migrations.apply(db)
    synced = sync_config(db, sources, [], [], "2026-11-20T00:00:00Z")
    for minute, id_ in enumerate(synced.sources.values()):
        db.execute("UPDATE sources SET next_poll_at = ? WHERE id = ?", [f"2026-11-20T00:{minute % 60:02}:00Z", id_])
    return db


def ids(due: list[Due]) -> list[int]:
    """Name them by their rows."""
    return [one.id for one in due]


def test_what_is_due_is_read_page_by_page() -> None:
    """Each page begins where the one before it ended, also among those that are due at the same second."""
    db = archive(*(Source(f"s{n}", f"http://h{n}.example/", f"h{n}.example") for n in range(12)))
    db.execute("UPDATE sources SET next_poll_at = '2026-11-20T00:05:00Z' WHERE id BETWEEN 4 AND 9")
    db.execute("UPDATE sources SET next_poll_at = NULL WHERE id = 2")

    pages, place = [], FRONT
    while page := due_page(db, "2026-11-20T00:10:00Z", place, 4):
        pages.append(ids(page))
        place = page[-1][:2]

    assert pages == [[1, 3, 4, 5], [6, 7, 8, 9], [10, 11]]


def test_what_is_due_is_read_from_its_index_alone() -> None:
    """No row of ``sources`` is touched for a source that has no room, and nothing is sorted."""
    db = archive(Source("a", "http://a.example/", "a.example"))
    statements: list[str] = []
    db.conn.set_trace_callback(statements.append)
    due_page(db, "2026-11-20T00:10:00Z", FRONT, 4)
    db.conn.set_trace_callback(None)

    plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statements[0]}"))
    assert "USING COVERING INDEX sources_due" in plan
    assert "TEMP B-TREE" not in plan


def test_source_that_was_polled_since_its_page_was_read_is_not_due() -> None:
    """Between the page and the poll others have their turn."""
    db = archive(*(Source(f"s{n}", f"http://h{n}.example/", f"h{n}.example") for n in range(4)))
    page = due_page(db, "2026-11-20T00:10:00Z", FRONT, 4)
    db.execute("UPDATE sources SET next_poll_at = '2026-11-21T00:00:00Z' WHERE id = 1")
    db.execute("UPDATE sources SET removed_at = '2026-11-20T00:00:00Z' WHERE id = 3")

    assert [source.config_id for source in due_sources(db, "2026-11-20T00:10:00Z", ids(page))] == ["s1", "s3"]


def test_taking_over_a_config_reads_all_sources_a_few_times_whatever_their_number() -> None:
    """Once for each of thousands of sources, it took minutes in which nothing else was written."""
    asked = []
    for number in (5, 50):
        sources = [Source(f"s{n}", f"http://one.example/{n}", "one.example") for n in range(number)]
        db = archive(*sources)
        statements: list[str] = []
        db.conn.set_trace_callback(statements.append)
        renamed = [Source("new", "http://one.example/0", "one.example", was=("older", "s0")), *sources[1:]]
        sync_config(db, renamed, [], [], "2026-11-21T00:00:00Z")
        db.conn.set_trace_callback(None)
        asked.append(statements)
        assert list(db.execute("SELECT id, removed_at FROM sources WHERE config_id = 'new'")) == [(1, None)]

    few, many = asked
    assert len(few) == len(many) > 0
    assert sum("FROM sources" in statement for statement in many) <= 6
    assert sum(statement.startswith(("UPDATE", "INSERT")) for statement in many) <= 6


def test_more_sources_than_are_written_at_once_keep_their_order() -> None:
    """Thousands of them: each has its row, in the config's order; a second time nothing is written."""
    sources = [Source(f"s{n}", f"http://h{n}.example/{n}", f"h{n}.example") for n in range(AT_ONCE + 50)]
    sources[7] = Source("file", "feeds/a'b.xml", None)
    db = archive(*sources)
    before = list(db.execute("SELECT id, config_id, url, domain FROM sources ORDER BY id"))
    changes = db.conn.total_changes

    synced = sync_config(db, sources, [], [], "2026-11-21T00:00:00Z")

    assert before == [(n, one.id, one.shown_url, one.domain) for n, one in enumerate(sources, 1)]
    assert list(db.execute("SELECT id, config_id, url, domain FROM sources ORDER BY id")) == before
    assert synced.sources == {one.id: n for n, one in enumerate(sources, 1)}
    assert (synced.hosts, db.conn.total_changes) == (AT_ONCE + 49, changes)


def test_clock_that_was_years_ahead_puts_off_no_poll() -> None:
    """What was planned by a wrong clock is due at the next start; 410 stays final, a clock a little off is let be."""
    now, ahead, little = "2026-11-20T02:00:00Z", "2031-01-01T00:00:00Z", "2026-11-20T03:00:00Z"
    sources = [Source(name, f"http://{name}.example/", None) for name in ("ahead", "held", "gone", "little", "good")]
    db = archive(*sources)
    for name, polled, following, held in (
        ("ahead", ahead, ahead, None),
        ("held", ahead, ahead, ahead),
        ("gone", ahead, None, None),
        ("little", little, little, None),
        ("good", "2026-11-20T01:00:00Z", "2026-11-21T00:00:00Z", None),
    ):
        db.execute(
            "UPDATE sources SET last_poll_at = ?1, last_good_at = ?1, next_poll_at = ?2, held_until = ?3 "
            "WHERE config_id = ?4",
            [polled, following, held, name],
        )

    sync_config(db, sources, [], [], now)

    assert [source.config_id for source in due_sources(db, now, range(10))] == ["ahead", "held"]
    assert {source.last_good_at for source in due_sources(db, now, range(10))} == {now}
    assert db.execute("SELECT count(*) FROM sources WHERE held_until IS NOT NULL").fetchone() == (0,)


def test_edited_address_starts_anew_and_is_remembered() -> None:
    """Validators, moves, doubts and failures belong to an address; the edit is a row of ``moves``."""
    db = archive(Source("a", "http://one.example/", "one.example"))
    db.execute(
        "UPDATE sources SET moved_url = 'http://moved.example/', etag = 'x', doubts = 2, failures = 9, setback = 18"
    )

    sync_config(db, [Source("a", "http://two.example/", "two.example")], [], [], "2026-11-21T00:00:00Z")

    (row,) = db.query(
        "SELECT url, domain, moved_url, etag, doubts, failures, pace, last_new_at, next_poll_at FROM sources"
    )
    assert row == {
        "url": "http://two.example/",
        "domain": "two.example",
        "moved_url": None,
        "etag": None,
        "doubts": 0,
        "failures": 0,
        "pace": None,
        "last_new_at": None,
        "next_poll_at": "2026-11-21T00:00:00Z",
    }
    assert list(db.query("SELECT from_url, to_url, why FROM moves")) == [
        {"from_url": "http://moved.example/", "to_url": "http://two.example/", "why": "the config"}
    ]


def test_config_that_takes_over_a_proven_move_changes_nothing_else() -> None:
    """`status` says to do so: no poll, no whole body, no end of a Retry-After, and no move from a place to itself."""
    db = archive(Source("a", "http://one.example/", "one.example"))
    kept = {"etag": "x", "failures": 2, "next_poll_at": "2026-11-22T00:00:00Z", "held_until": "2026-11-22T00:00:00Z"}
    db["sources"].update(1, {"moved_url": "http://moved.example/", **kept})  # type: ignore[union-attr]

    sync_config(db, [Source("a", "http://moved.example/", "moved.example")], [], [], "2026-11-21T00:00:00Z")

    (row,) = db.query("SELECT url, domain, moved_url, etag, failures, next_poll_at, held_until FROM sources")
    assert row == {"url": "http://moved.example/", "domain": "moved.example", "moved_url": None, **kept}
    assert list(db.query("SELECT * FROM moves")) == []
