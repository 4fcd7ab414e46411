"""Others at the same archive: one that holds it, one that reads for long, a second daemon."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlite_utils import Database
from structlog.testing import capture_logs

import db.checkpoint
import db.room
from db.archive import open_writer
from db.writer import Writer
from faulty import poll_all, running
from house import House, free_port, until
from origin import Origin, item, rss
from wireroom.archive_watch import ArchiveWatch
from wireroom.vitals import Vitals

TOPIC = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "story"\n'
ROW = "INSERT INTO tags (kind, name) VALUES ('test', ?)"


@contextmanager
def held(archive: Path, how: str = "BEGIN EXCLUSIVE") -> Iterator[sqlite3.Connection]:
    """Hold the archive from outside."""
    with closing(sqlite3.connect(archive, isolation_level=None)) as other:
        other.execute(how)
        yield other


async def test_archive_that_another_program_holds_delays_polls(
    house: House, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is published is served meanwhile, health says who is in the way; then all is there, once."""
    monkeypatch.setattr("db.archive.BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr("wireroom.signs.STUCK_S", 0.01)
    origin.feed("/f", rss(item(1), item(2)))
    house.configure({"f": origin.url("/f")}, TOPIC, allow=origin.port)
    async with running(house) as engine:
        assert (await poll_all(engine))["new_stories"] == 2
        vitals = Vitals(engine)
        origin.feed("/f", rss(item(1), item(2), item(3)))
        with held(house.archive) as other:
            polling = asyncio.create_task(poll_all(engine))
            async with asyncio.timeout(60):
                while not told_of(vitals):  # noqa: ASYNC110 - the far end is a thread
                    await asyncio.sleep(0.01)

            document = engine.press.published("all", "rss")
            assert document is not None
            assert document.body.count(b"<item>") == 2
            assert not polling.done()
            other.execute("ROLLBACK")

        assert (await polling)["new_stories"] == 1
        assert vitals.signs().archive is None
        assert vitals.signs().writer_locked is False
    assert house.rows("SELECT count(*), count(DISTINCT guid) FROM entries") == [(3, 3)]


def told_of(vitals: Vitals) -> bool:
    """Tell whether health says who is in the way."""
    return any("another program has held" in one["said"] for one in vitals.health()["reasons"])


def test_stop_works_while_another_program_holds_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written is told so."""
    monkeypatch.setattr("db.archive.BUSY_TIMEOUT_MS", 20)
    writer = Writer(lambda: open_writer(tmp_path / "wireroom.db"))
    writer.start()
    with held(tmp_path / "wireroom.db"):
        future = writer.submit(lambda db: db.execute(ROW, ["late"]))
        writer.close()

    assert "another program holds it" in str(future.exception())


@pytest.fixture
def writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    """Run a writer that sees to its log soon."""
    monkeypatch.setattr("db.writer.IDLE_S", 0.02)
    monkeypatch.setattr(db.checkpoint, "FRAMES", 100)
    monkeypatch.setattr(db.checkpoint, "AGAIN", 25)
    monkeypatch.setattr(db.checkpoint, "LARGE_BYTES", 1_000_000)
    monkeypatch.setattr(db.checkpoint, "HELD_BYTES", 2_000_000)
    made = Writer(lambda: open_writer(tmp_path / "wireroom.db"))
    made.start()
    yield made
    made.close()


def write(writer: Writer, name: str, rows: int = 20) -> None:
    """Commit some rows, of a page each."""

    def job(db: Database) -> None:
        for n in range(rows):
            db.execute(ROW, [f"{name} {n} {'x' * 3000}"])

    writer.submit(job).result(timeout=30)


def size(path: Path) -> int:
    """Tell how long a file is."""
    return path.stat().st_size


def test_log_stays_short_and_reaches_the_file(tmp_path: Path, writer: Writer) -> None:
    """Whatever is written, and while others read in between."""
    archive, log, most = tmp_path / "wireroom.db", tmp_path / "wireroom.db-wal", 0
    with closing(sqlite3.connect(archive)) as reader:
        for number in range(100):
            write(writer, str(number))
            reader.execute("SELECT count(*) FROM tags").fetchone()
            most = max(most, size(log))

    assert most < 2_000_000
    assert size(archive) > 5_000_000
    assert writer.guard.warning is None


def test_long_reader_is_told_of_and_the_log_is_short_again_after_it(tmp_path: Path, writer: Writer) -> None:
    """Polls go on; nothing is cut off that he needs; when he is gone nobody need write for the log to be cut."""
    log = tmp_path / "wireroom.db-wal"
    with held(tmp_path / "wireroom.db", "BEGIN") as reader:
        ((before,),) = reader.execute("SELECT count(*) FROM tags").fetchall()
        for number in range(100):
            write(writer, str(number))
        assert size(log) > 5_000_000
        assert "has been reading for so long" in str(writer.guard.warning)
        assert writer.guard.trouble is None
        assert reader.execute("SELECT count(*) FROM tags").fetchall() == [(before,)]
        reader.execute("ROLLBACK")

    until(lambda: size(log) == 0, "the log stays long")
    until(lambda: writer.guard.warning is None, "it is told of for ever")
    with closing(sqlite3.connect(tmp_path / "wireroom.db")) as db:
        assert db.execute("SELECT count(*) FROM tags WHERE kind = 'test'").fetchall() == [(2000,)]


def test_second_daemon_is_refused_by_every_path_and_a_killed_one_is_no_obstacle(house: House, origin: Origin) -> None:
    """Exit code 75, naming the first's process: by the same path, a symlink, a linked folder, and one with dots."""
    origin.feed("/f", rss(item(1)))
    house.configure({"f": origin.url("/f")}, TOPIC, allow=origin.port)
    (house.folder / "link.db").symlink_to(house.archive)
    (house.folder / "linked").symlink_to(house.folder, target_is_directory=True)
    (house.folder / "sub").mkdir()
    text = house.config.read_text().replace(f":{house.port}", f":{free_port()}")
    with house.daemon() as daemon:
        for path in ("wireroom.db", "link.db", "linked/wireroom.db", "sub/../wireroom.db"):
            (house.folder / "other.toml").write_text(text.replace("[wireroom]", f'[wireroom]\narchive = "{path}"', 1))
            second = house.wireroom("run", "-c", "other.toml")

            assert (second.code, second.err.count("\n")) == (75, 1), (path, second)
            assert f"(process {daemon.process.pid})" in second.err
        assert daemon.get("/healthz")[0] == 200
        daemon.process.kill()
        daemon.process.wait()
    with house.daemon() as daemon:
        assert daemon.get("/healthz")[0] == 200


def test_lock_file_names_nobody_while_a_killed_one_was_taking_it(house: House, origin: Origin) -> None:
    """What a kill leaves in it, or before it is written, locks nobody out."""
    origin.feed("/f", rss(item(1)))
    house.configure({"f": origin.url("/f")}, TOPIC, allow=origin.port)
    for left in (b"", b'{"pid": 1, "command": "run"}', b"\0\0\0"):
        house.archive.with_name("wireroom.db.lock").write_bytes(left)
        assert house.poll()["failed"] == 0


async def test_log_that_litestream_leaves_is_told_of_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's reading keeps it from its work, or it does not run; and that it is over, with the file still long."""
    monkeypatch.setattr(db.checkpoint, "HELD_BYTES", 5_000_000)
    house.configure({}, f"{TOPIC}[backup]\nlitestream = true\n")
    log = house.archive.with_name("wireroom.db-wal")
    said: list[str | None] = []
    async with running(house) as engine:
        watch = ArchiveWatch(engine)

        async def written(rows: int) -> None:
            await engine.write(lambda db: [db.execute(ROW, [f"{rows} {n} {'x' * 3000}"]) for n in range(rows)])
            with capture_logs() as lines:
                await watch.tick()
            said.extend(line["trouble"] for line in lines if line["event"] == "archive log")

        await written(1)
        assert said == []
        with held(house.archive, "BEGIN") as reader, closing(sqlite3.connect(house.archive)) as litestream:
            reader.execute("SELECT count(*) FROM tags").fetchone()
            await written(1000)
            litestream.execute("PRAGMA wal_checkpoint(PASSIVE)")
            await written(2)
            assert len(said) == 1
            assert "Litestream does not run, or some program has been reading" in str(said[0])
            assert engine.warnings["log"].startswith(f"the archive's log has grown to {size(log) // 1_000_000} MB")
            reader.execute("ROLLBACK")
            litestream.execute("PRAGMA wal_checkpoint(RESTART)")
            await written(3)
        assert said[1:] == [None]
        assert size(log) > 5_000_000


async def test_trouble_of_one_moment_is_over_with_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that only reads while the disk is full does not turn health green, nor one that just fits; room does."""
    house.configure({}, TOPIC)
    async with running(house) as engine:

        def full(db: Database) -> None:
            ((pages,),) = db.execute("PRAGMA page_count").fetchall()
            db.execute(f"PRAGMA max_page_count = {pages + 8}")
            for n in range(1000):
                db.execute(ROW, [f"{n} {'x' * 3000}"])

        with pytest.raises(Exception, match="no room on the disk"):
            await engine.write(full)
        await engine.write(lambda db: db.execute("SELECT 1").fetchall())
        assert "no room on the disk" in engine.press.health()["trouble"]

        await engine.write(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchall())
        with monkeypatch.context() as little:
            little.setattr(db.room, "FULL_SHARE", 2)
            little.setattr(db.room, "FULL_BYTES", math.inf)
            await engine.write(lambda db: db.execute(ROW, ["small"]))
            assert "no room on the disk" in engine.press.health()["trouble"]

        await engine.write(lambda db: db.execute(ROW, ["small too"]))
        assert engine.press.health()["ok"] is True
