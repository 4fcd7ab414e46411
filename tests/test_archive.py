"""Opening the archive: what is refused is left as it was, and each refusal has its exit code."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from db.archive import ArchiveError, open_reader, open_writer
from db.schema import SCHEMA_VERSION, migrations
from factory import source_named


def refused(path: Path, code: int) -> str:
    """Expect both ways of opening to refuse with ``code`` and to change no byte → the message."""
    before = path.read_bytes() if path.is_file() else None
    messages = []
    for open_it in (open_writer, open_reader):
        with pytest.raises(ArchiveError) as caught:
            open_it(path)
        assert caught.value.code == code
        messages.append(str(caught.value))
    assert (path.read_bytes() if path.is_file() else None) == before
    assert str(path) in messages[0]
    return messages[0]


def test_new_archive_is_private_and_complete(tmp_path: Path) -> None:
    """Mode 0600, WAL, foreign keys, version; opening it again changes nothing."""
    path = tmp_path / "deep" / "wireroom.db"
    db = open_writer(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert {"sources", "entries", "revisions", "stories", "tags", "story_tags", "topics", "selections", "polls"} <= set(
        db.table_names()
    )
    db.close()
    open_writer(path).close()


def test_garbage_other_databases_and_newer_archives_are_refused_untouched(tmp_path: Path) -> None:
    """65 for what is none of ours, 66 for what a newer Wireroom wrote."""
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"no database at all, " * 1000)
    assert "damaged" in refused(garbage, 65)

    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE photos (id)")
        db.commit()
    assert "no Wireroom archive" in refused(other, 65)

    newer = tmp_path / "newer.db"
    open_writer(newer).close()
    with closing(sqlite3.connect(newer)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert "newer Wireroom" in refused(newer, 66)


def test_older_archive_is_brought_up_to_date_by_a_writer_alone(tmp_path: Path) -> None:
    """What the first release wrote keeps its rows, has the new columns, and until then a reader says what to do."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as conn:
        migrations.apply(Database(conn), stop_before="m0002_poller")
        conn.execute(
            "INSERT INTO sources (config_id, url, added_at, next_poll_at, etag, failures) "
            "VALUES ('a', 'http://a.example/', '2026-11-01T00:00:00Z', '2026-11-02T00:00:00Z', 'x', 3)"
        )
        conn.commit()

    with pytest.raises(ArchiveError, match="older Wireroom") as caught:
        open_reader(path)
    assert caught.value.code == 66
    open_writer(path).close()
    db = open_reader(path)

    source = source_named(db, "a")
    assert (source.config_id, source.etag, source.failures, source.doubts, source.pace) == ("a", "x", 3, 0, None)
    (schema,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'sources'").fetchone()
    assert "-- where it is polled since a permanent redirect was proven" in schema


def test_archive_whose_making_was_cut_short_is_made(tmp_path: Path) -> None:
    """SIGKILL between the ledger of migrations and the first of them: it is no stranger's file."""
    path = tmp_path / "wireroom.db"
    db = Database(path)
    migrations.ensure_migrations_table(db)
    db.close()
    assert [name for (name,) in Database(path).execute("SELECT name FROM sqlite_master WHERE type = 'table'")] == [
        "_sqlite_migrations"
    ]

    with closing(open_writer(path)) as made:
        assert made.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_missing_archive_is_no_traceback(tmp_path: Path) -> None:
    """A reader says what to start first; a writer that can't create says where."""
    with pytest.raises(ArchiveError, match="no archive yet") as caught:
        open_reader(tmp_path / "none.db")
    assert caught.value.code == 66

    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ArchiveError, match="can't be created") as blocked:
        open_writer(tmp_path / "file" / "wireroom.db")
    assert blocked.value.code == 73


def test_reader_cannot_write(tmp_path: Path) -> None:
    """Only the one connection writes."""
    open_writer(tmp_path / "a.db").close()
    reader = open_reader(tmp_path / "a.db")

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO tags (kind, name) VALUES ('a', 'b')")


def test_making_that_was_killed_is_taken_back_and_begun_again(tmp_path: Path) -> None:
    """A kill before the log is there leaves a journal, which whoever only reads the file can't take back."""
    making, path = tmp_path / "making.db", tmp_path / "wireroom.db"
    with closing(sqlite3.connect(making, isolation_level=None)) as db:
        db.execute("PRAGMA cache_size = 1")
        db.execute("VACUUM")
        db.execute("BEGIN")
        db.execute("CREATE TABLE half (made)")
        db.executemany("INSERT INTO half VALUES (?)", [("x" * 3000,)] * 50)
        for name in ("making.db", "making.db-journal"):  # as they stand in the middle of it
            shutil.copy(tmp_path / name, tmp_path / name.replace("making", "wireroom"))
        db.execute("ROLLBACK")
    assert path.with_name("wireroom.db-journal").stat().st_size > 0

    db_ = open_writer(path)

    assert "stories" in db_.table_names()
    assert "half" not in db_.table_names()
