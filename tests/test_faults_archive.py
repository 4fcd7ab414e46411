"""The archive's file is damaged, taken away or replaced: it is refused, told of, and never made worse."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from db.archive import ArchiveError
from db.soundness import SMALL_BYTES
from faulty import poll_all, running
from house import House, until
from origin import Origin, item, rss, running_origin

TOPIC = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "story"\n'
PAGE = 8192


COUNT = 60
ITEMS = [item(n, text=f"{n} " + "What happened is told at length. " * 30) for n in range(COUNT)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an archive with some stories, all of it in its one file."""
    house = House(tmp_path_factory.mktemp("made"))
    with running_origin() as origin:
        configure(house, origin)
        assert house.poll()["new_stories"] == COUNT
    return house.archive


@pytest.fixture
def polled(house: House, origin: Origin, made: Path) -> House:
    """Give a house with a copy of that archive."""
    configure(house, origin)
    shutil.copy(made, house.archive)
    return house


def configure(house: House, origin: Origin) -> None:
    """Have the stories in one source."""
    origin.feed("/f", rss(*ITEMS))
    house.configure({"f": origin.url("/f")}, TOPIC, allow=origin.port)


def sums(folder: Path) -> dict[str, str]:
    """Name the state of all that belongs to the archive, but its lock."""
    kept = {path for path in folder.glob("wireroom.db*") if path.suffix not in (".lock", ".sock", ".db-shm")}
    whole = {path.name: path.read_bytes() for path in kept}
    return {name: hashlib.sha256(what).hexdigest() for name, what in whole.items() if what}


def overwrite(path: Path, at: int, what: bytes) -> None:
    """Write somewhere into a file."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(what)


def grow(path: Path) -> None:
    """Make an archive larger than what is read whole at a start."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE padding (id INTEGER PRIMARY KEY, x BLOB)")
        db.executemany("INSERT INTO padding (x) VALUES (?)", ([bytes(1_000_000)] for _ in range(34)))
    assert path.stat().st_size > SMALL_BYTES


DAMAGE: dict[str, Callable[[Path], object]] = {
    "header": lambda path: overwrite(path, 0, os.urandom(100)),
    "pages 4 to 24": lambda path: overwrite(path, 3 * PAGE, os.urandom(21 * PAGE)),
    "one page": lambda path: overwrite(path, path.stat().st_size // PAGE // 2 * PAGE, os.urandom(PAGE)),
    "cut off": lambda path: os.truncate(path, path.stat().st_size // 2),
    "cut to a part of a page": lambda path: os.truncate(path, 1000),
    "a log of garbage": lambda path: path.with_name("wireroom.db-wal").write_bytes(os.urandom(5 * PAGE)),
}


@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_damaged_archive_is_refused_and_left_as_it_is(polled: House, large: bool) -> None:
    """Exit code 65, one line that names it and the mend, and not a byte is changed."""
    house = polled
    if large:
        grow(house.archive)
    good = house.archive.read_bytes()
    for name, damage in DAMAGE.items():
        if large and name == "one page":
            continue  # far from both ends: found when it is met, by `wireroom verify`, or by a backup
        damage(house.archive)
        before = sums(house.folder)
        done = house.wireroom("run" if name == "header" else "poll")

        assert (done.code, done.err.count("\n")) == (65, 1), (name, done)
        assert "wireroom.db" in done.err, name
        assert "restore a backup" in done.err, name
        assert sums(house.folder) == before, name
        house.archive.with_name("wireroom.db-wal").unlink(missing_ok=True)
        house.archive.write_bytes(good)
    assert house.poll()["failed"] == 0


def test_what_a_kill_and_a_power_cut_leave_of_a_log_is_no_damage(polled: House, origin: Origin) -> None:
    """Zeros where it was never synced, a beginning without the rest, an index of it that is gone."""
    house = polled
    log = house.archive.with_name("wireroom.db-wal")
    magic = bytes.fromhex("377f0682002de218")
    for left in (bytes(2 * PAGE), magic[:6], magic + os.urandom(5000)):
        log.write_bytes(left)
        assert house.poll()["failed"] == 0


def test_index_of_the_log_that_is_deleted_costs_nothing(polled: House, origin: Origin) -> None:
    """After a kill, with stories that are in the log only."""
    house = polled
    origin.feed("/f", rss(*(item(n) for n in range(100, 110))))
    with house.daemon() as daemon:
        until(lambda: house.rows("SELECT count(*) FROM entries") == [(COUNT + 10,)], "they are not polled")
        daemon.process.kill()
    assert house.archive.with_name("wireroom.db-wal").stat().st_size > 0
    house.archive.with_name("wireroom.db-shm").unlink()

    assert house.poll()["polled"][0]["new"] == 0
    assert house.rows("SELECT count(*) FROM entries") == [(COUNT + 10,)]


def test_damage_that_is_met_ends_the_daemon(polled: House, origin: Origin) -> None:
    """Nothing is written after it: exit code 65, with the mend; and again at the next start."""
    house = polled
    with house.daemon() as daemon:
        overwrite(house.archive, 3 * PAGE, os.urandom(house.archive.stat().st_size - 3 * PAGE))
        until(lambda: house.wireroom("poll") is not None and daemon.process.poll() is not None, "it goes on")

        assert daemon.process.returncode == 65
    last = (house.folder / "daemon.log").read_text().splitlines()[-1]
    assert last.startswith("wireroom: ")
    assert "restore a backup" in last
    before = sums(house.folder)
    assert house.wireroom("run").code == 65
    assert sums(house.folder) == before


def test_archive_that_is_taken_away_ends_the_daemon(polled: House, origin: Origin) -> None:
    """No poll is reported done that is kept nowhere: exit code 74, though nobody writes just then."""
    house = polled
    with house.daemon() as daemon:
        house.archive.rename(house.folder / "moved.db")
        until(lambda: daemon.process.poll() is not None, "it goes on")

        assert daemon.process.returncode == 74
    last = (house.folder / "daemon.log").read_text().splitlines()[-1]
    assert "wireroom.db: the archive was removed or replaced while in use; put it back and start again" in last


async def test_archive_that_is_replaced_is_not_touched(polled: House, origin: Origin) -> None:
    """A backup that is put back under a daemon, with a log of its own, stays as it was put there."""
    house = polled
    shutil.copy(house.archive, house.folder / "backup.db")
    async with running(house) as engine:
        origin.feed("/f", rss(item(107)))
        assert (await poll_all(engine))["new_stories"] == 1
        house.archive.with_name("wireroom.db-wal").rename(house.folder / "old-wal")
        (house.folder / "backup.db").rename(house.archive)
        shutil.copy(house.folder / "old-wal", house.archive.with_name("wireroom.db-wal"))
        before = sums(house.folder)
        origin.feed("/f", rss(item(108)))
        failed = await poll_all(engine)

        assert failed["failed"] == 1
        assert "removed or replaced" in failed["polled"][0]["error"]
        assert engine.writer.guard.failed.result(timeout=0).code == 74
    assert sums(house.folder) == before


@pytest.mark.parametrize("end", ["-wal", "-shm"])
async def test_log_that_is_deleted_under_us_is_saved(polled: House, origin: Origin, end: str) -> None:
    """What was reported and is only there goes into the archive before all ends."""
    house = polled
    async with running(house) as engine:
        origin.feed("/f", rss(item(107), item(108)))
        assert (await poll_all(engine))["new_stories"] == 2
        house.archive.with_name(f"wireroom.db{end}").unlink()
        with pytest.raises(ArchiveError, match=f"wireroom.db{end}: was removed .* start again"):
            await engine.write(lambda db: db.execute("DELETE FROM stories"))

        assert engine.writer.guard.failed.result(timeout=0).code == 74
    assert house.rows("SELECT count(*) FROM entries") == [(COUNT + 2,)]
    assert house.poll()["polled"][0]["new"] == 0


def test_archive_with_a_second_name_is_refused(polled: House, origin: Origin) -> None:
    """Two daemons under two names of one file would each have a log of their own."""
    house = polled
    os.link(house.archive, house.folder / "other.db")
    done = house.wireroom("run")

    assert (done.code, "2 names (hard links)" in done.err) == (74, True)
