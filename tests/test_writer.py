"""The writer: what is reported done is committed, and a job that fails takes nobody with it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from db.archive import open_writer
from db.writer import Writer


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Name an archive that is not there yet."""
    return tmp_path / "wireroom.db"


@pytest.fixture
def writer(archive: Path) -> Iterator[Writer]:
    """Run a writer on it."""
    made = Writer(lambda: open_writer(archive))
    made.start()
    yield made
    made.close()


def tag(db: Database, name: str) -> str:
    """Write one row."""
    db.execute("INSERT INTO tags (kind, name) VALUES ('test', ?)", [name])
    return name


def names(archive: Path) -> list[str]:
    """Read the rows, as another program would."""
    with closing(sqlite3.connect(archive)) as db:
        return [name for (name,) in db.execute("SELECT name FROM tags ORDER BY name")]


def test_result_is_there_once_it_is_reported(archive: Path, writer: Writer) -> None:
    """A done future means a commit on disk, seen by every other connection."""
    assert writer.submit(lambda db: tag(db, "one")).result() == "one"
    assert names(archive) == ["one"]


def test_failed_job_rolls_back_alone(archive: Path, writer: Writer) -> None:
    """Jobs that wait together commit together; the bad one is undone and has its error."""
    held = threading.Event()

    def bad(db: Database) -> None:
        tag(db, "half")
        raise ValueError("no")

    first = writer.submit(lambda _: held.wait(10))
    good, failing, after = (
        writer.submit(lambda db: tag(db, "a")),
        writer.submit(bad),
        writer.submit(lambda db: tag(db, "b")),
    )
    held.set()

    assert (first.result(), good.result(), after.result()) == (True, "a", "b")
    assert isinstance(failing.exception(), ValueError)
    assert names(archive) == ["a", "b"]


async def test_event_loop_hears_of_jobs_as_threads_do(archive: Path, writer: Writer) -> None:
    """Each has its own result or error once all are on disk; who has left before his job began has none of it done."""
    begun, held = threading.Event(), threading.Event()

    def long(db: Database) -> str:
        begun.set()
        held.wait(10)
        return tag(db, "long")

    def bad(db: Database) -> None:
        tag(db, "half")
        raise ValueError("no")

    first = writer.write(long)
    await asyncio.to_thread(begun.wait, 10)
    good, failing, left, last = [
        writer.write(job)
        for job in (lambda db: tag(db, "a"), bad, lambda db: tag(db, "left"), lambda _: names(archive))
    ]
    first.cancel()  # too late: its job runs
    left.cancel()
    held.set()

    assert await last == ["long"]
    assert (await good, names(archive)) == ("a", ["a", "long"])
    with pytest.raises(ValueError, match="no"):
        await failing
    writer.close()
    with pytest.raises(RuntimeError, match="closed"):
        await writer.write(lambda db: tag(db, "late"))


async def test_changes_tell_of_all_that_was_written_but_polls(archive: Path, writer: Writer) -> None:
    """Who has noted the number, and finds it again in his own job, has read what is there now; else it is another."""
    await writer.write(lambda db: tag(db, "first"))

    async def seen_by_a_poll_after(change: Callable[[], object]) -> bool:
        noted = writer.changes.kept
        change()
        return await writer.write(lambda _: writer.changes.now, own=True) == noted

    def by_another_program() -> None:
        with closing(sqlite3.connect(archive)) as db, db:
            db.execute("DELETE FROM tags")

    def in_the_same_batch() -> None:
        writer.submit(lambda _: time.sleep(0.2))  # what follows waits together
        writer.submit(lambda db: tag(db, "change"))

    assert await seen_by_a_poll_after(lambda: None)
    assert await seen_by_a_poll_after(lambda: writer.write(lambda db: tag(db, "a poll"), own=True))
    assert not await seen_by_a_poll_after(lambda: writer.submit(lambda db: tag(db, "change 1")).result())
    assert not await seen_by_a_poll_after(in_the_same_batch)
    assert not await seen_by_a_poll_after(by_another_program)
    assert await seen_by_a_poll_after(lambda: None), "it is seen once"


def test_loop_that_is_gone_stops_nothing(archive: Path, writer: Writer) -> None:
    """Whoever waited there is told no more, but what was begun is done, and the writer goes on."""
    held = threading.Event()

    async def leave() -> None:
        writer.write(lambda db: held.wait(10) and tag(db, "left behind"))

    asyncio.run(leave())
    held.set()

    assert writer.submit(lambda db: tag(db, "next")).result(timeout=20) == "next"
    assert names(archive) == ["left behind", "next"]


def test_patient_job_waits_for_others_until_somebody_cannot(
    archive: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Polls that end one after another share a commit; the first of them, and whoever is in a hurry, does not wait."""
    monkeypatch.setattr("db.writer.PACE_S", 10_000.0)
    assert writer.submit(lambda db: tag(db, "first"), patient=True).result(timeout=20) == "first"

    waiting = writer.submit(lambda db: tag(db, "waits"), patient=True)
    seen = writer.submit(lambda _: names(archive))  # as another connection sees it: nothing that is not committed

    assert seen.result(timeout=20) == ["first"]
    assert waiting.result(timeout=20) == "waits"
    assert names(archive) == ["first", "waits"]


def test_close_waits_for_nobody_to_come(archive: Path, writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stop ends a patient job's waiting, and the job is done."""
    monkeypatch.setattr("db.writer.PACE_S", 10_000.0)
    writer.submit(lambda db: tag(db, "first")).result()
    waiting = writer.submit(lambda db: tag(db, "waits"), patient=True)
    writer.close()

    assert waiting.result(timeout=0) == "waits"
    assert names(archive) == ["first", "waits"]


def test_close_finishes_what_waits_and_leaves_one_file(archive: Path) -> None:
    """Nothing that was taken in is lost by a stop, and the archive can be copied as the one file that it is."""
    writer = Writer(lambda: open_writer(archive))
    writer.start()
    futures = [writer.submit(lambda db, n=n: tag(db, f"{n:03}")) for n in range(500)]  # type: ignore[misc]
    writer.close()

    assert [future.result() for future in futures] == [f"{n:03}" for n in range(500)]
    assert [path.name for path in archive.parent.iterdir()] == ["wireroom.db"]
    assert len(names(archive)) == 500
    with pytest.raises(RuntimeError, match="closed"):
        writer.submit(lambda db: tag(db, "late")).result()


def test_writer_waits_for_another_program_that_holds_the_archive(archive: Path, writer: Writer) -> None:
    """A lock by another connection delays a write; it does not fail it."""
    with closing(sqlite3.connect(archive, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        future = writer.submit(lambda db: tag(db, "patient"))
        assert not future.done()
        other.execute("ROLLBACK")

        assert future.result(timeout=20) == "patient"
