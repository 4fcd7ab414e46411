"""Backups: of one moment, checked, whole or not there; which of them stay."""

from __future__ import annotations

import gzip
import itertools
import os
import random
import shutil
import sqlite3
import stat
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from db.archive import ArchiveError, open_reader, open_writer
from db.backup import TEMPORARY, make_backup, sweep
from db.desk import DraftDesk
from db.restore import restore
from db.writer import Writer
from house import House
from invariants import broken
from newsroom import Newsroom
from origin import Origin, item, rss
from random_news import rounds
from wireroom.config import load_config
from wireroom.log import open_log
from wireroom.open_archive import open_archive
from wireroom.rotation import Keep, Kept, backups_of, last_before, name_of, surplus

NOW = datetime(2026, 11, 26, 6, tzinfo=UTC)
SOURCES = ("wire", "post", "herald")


def filled(path: Path, seed: int = 1, polls: int = 8) -> Newsroom:
    """Make an archive of some polls."""
    room = Newsroom(path, SOURCES)
    for one in rounds(seed, SOURCES, polls):
        room.poll(one.source, *one.printed, hour=one.hour)
    return room


def test_twenty_backups_beside_a_busy_writer_are_each_of_one_moment(tmp_path: Path) -> None:
    """Each restores to an archive in which all holds, no older than its beginning and no newer than its end."""
    room = filled(tmp_path / "wireroom.db")
    jobs = [room.job(one.source, one.printed, one.hour) for one in rounds(1, SOURCES, 200)[8:]]
    room.db.close()
    writer = Writer(lambda: open_writer(room.path))
    writer.start()
    writer.submit(lambda _: setattr(room, "desk", DraftDesk())).result()  # it is bound to the thread that made it
    stop = threading.Event()

    def write() -> None:
        for job in jobs:
            if stop.is_set():
                break
            writer.submit(job.run).result()

    busy = threading.Thread(target=write)
    busy.start()
    with closing(open_reader(room.path)) as reader:
        seen = set()
        for n in range(20):
            ((before,),) = reader.execute("SELECT count(*) FROM polls").fetchall()
            made = make_backup(room.path, tmp_path / f"{n}.db", packing="none")
            ((after,),) = reader.execute("SELECT count(*) FROM polls").fetchall()
            assert before <= made.facts.rows["polls"] <= after
            seen.add(made.facts.rows["polls"])
    stop.set()
    busy.join()
    writer.close()

    assert len(seen) > 5, "it was written meanwhile"
    for n in range(20):
        archive = tmp_path / str(n) / "wireroom.db"
        archive.parent.mkdir()
        done = restore(archive, tmp_path / f"{n}.db", NOW)
        with closing(open_writer(archive)) as db:
            assert broken(db) == {}
            assert db.execute("SELECT count(*) FROM polls").fetchone()[0] == done.facts.rows["polls"]


@pytest.mark.parametrize("packing", ["none", "gzip", "zstd"])
def test_backup_is_private_complete_and_never_in_the_place_of_another(tmp_path: Path, packing: str) -> None:
    """Mode 0600, no file beside it, the same rows; a second one under its name is refused with 73."""
    with closing(filled(tmp_path / "wireroom.db").db) as db:
        wanted = list(db.conn.iterdump())
        target = tmp_path / "kept" / "copy"
        make_backup(tmp_path / "wireroom.db", target, packing=packing)  # type: ignore[arg-type]

        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        with pytest.raises(ArchiveError, match="is there already") as caught:
            make_backup(tmp_path / "wireroom.db", target)
        assert caught.value.code == 73
    assert [path.name for path in target.parent.iterdir()] == ["copy"]
    restore(tmp_path / "new.db", target, NOW)
    with closing(sqlite3.connect(tmp_path / "new.db")) as copy:
        assert list(copy.iterdump()) == wanted


def test_damaged_archive_gives_no_backup(tmp_path: Path) -> None:
    """Else the last good one would go for it in time."""
    filled(tmp_path / "wireroom.db").db.close()
    with (tmp_path / "wireroom.db").open("r+b") as file:
        file.seek(-8 * 4096, 2)
        file.write(random.Random(1).randbytes(8 * 4096))

    with pytest.raises(ArchiveError) as caught:
        make_backup(tmp_path / "wireroom.db", tmp_path / "kept" / "copy.db")
    assert (caught.value.code, "damaged" in str(caught.value)) == (65, True)
    assert list((tmp_path / "kept").iterdir()) == []


def test_rows_that_point_nowhere_are_no_reason_to_have_no_backup(tmp_path: Path) -> None:
    """They are counted; `wireroom verify` tells of them."""
    with closing(filled(tmp_path / "wireroom.db").db) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("DELETE FROM sources WHERE id = 1")

    made = make_backup(tmp_path / "wireroom.db", tmp_path / "copy.db")
    assert made.facts.lost > 0
    assert restore(tmp_path / "new.db", tmp_path / "copy.db", NOW).facts == made.facts


def test_what_a_kill_left_half_made_is_used_again_and_two_at_once_are_refused(tmp_path: Path) -> None:
    """A temporary file that nobody holds is no obstacle; one that somebody holds is."""
    import fcntl

    filled(tmp_path / "wireroom.db").db.close()
    left = tmp_path / f"{TEMPORARY}copy.db.copy"
    left.write_bytes(b"half of a copy")
    with left.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(ArchiveError, match="another process") as caught:
            make_backup(tmp_path / "wireroom.db", tmp_path / "copy.db")
        assert caught.value.code == 75
        assert left.exists()

    make_backup(tmp_path / "wireroom.db", tmp_path / "copy.db")
    assert not left.exists()


def test_a_copy_that_is_swept_away_as_it_begins_is_not_written_to_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the opening of its file and the lock, another's sweep may take it: it would be copied under no lock."""
    import fcntl

    filled(tmp_path / "wireroom.db").db.close()
    lock = fcntl.flock

    def swept(handle: int, how: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        sweep(tmp_path)
        lock(handle, how)

    monkeypatch.setattr(fcntl, "flock", swept)
    with pytest.raises(ArchiveError, match="another process") as caught:
        make_backup(tmp_path / "wireroom.db", tmp_path / "copy.db")
    assert caught.value.code == 75
    assert not (tmp_path / "copy.db").exists()
    make_backup(tmp_path / "wireroom.db", tmp_path / "copy.db")


def test_a_link_in_a_folder_of_others_leads_nowhere(tmp_path: Path) -> None:
    """Whoever may write into the folder could have the whole archive put where he can read it, over another file."""
    archive, other, copy = tmp_path / "wireroom.db", tmp_path / "other", tmp_path / "copy.db"
    open_writer(archive).close()
    other.write_text("not ours")
    (tmp_path / f"{TEMPORARY}copy.db.copy").symlink_to(other)

    with pytest.raises(ArchiveError, match="can't be read or written") as caught:
        make_backup(archive, copy)

    assert caught.value.code == 74
    assert (other.read_text(), copy.exists()) == ("not ours", False)


@pytest.mark.parametrize("damage", ["empty", "cut short", "of another program"])
def test_a_backup_that_is_none_is_named(tmp_path: Path, damage: str) -> None:
    """Not the copy of it that was looked at, which is gone when the fault is read."""
    archive, backup = tmp_path / "wireroom.db", tmp_path / "backup.db"
    open_writer(archive).close()
    make_backup(archive, backup)
    whole = backup.read_bytes()
    backup.write_bytes(whole[: len(whole) // 2] if damage == "cut short" else b"")
    if damage == "of another program":
        with closing(sqlite3.connect(backup)) as db:
            db.execute("CREATE TABLE x (y)")

    with pytest.raises(ArchiveError, match=rf"^{backup}: ") as caught:
        restore(archive, backup, NOW)

    assert caught.value.code == 65


def test_no_room_is_said_before_anything_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what it takes, and what there is."""
    filled(tmp_path / "wireroom.db").db.close()
    monkeypatch.setattr("db.backup.shutil.disk_usage", lambda _: type("Usage", (), {"free": 1000}))

    with pytest.raises(ArchiveError, match=r"no room .* 0\.0 MB are free; make room") as caught:
        make_backup(tmp_path / "wireroom.db", tmp_path / "copy.db")
    assert caught.value.code == 74
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == []


def test_newest_of_each_day_week_and_month_stays() -> None:
    """Twice a day for a year: seven days, four weeks, six months; some are all three."""
    every = [Kept(NOW - timedelta(hours=12 * n), Path(f"{n}")) for n in range(730)]
    gone = {backup.path for backup in surplus(every, Keep(7, 4, 6))}
    stays = [backup.at for backup in every if backup.path not in gone]

    assert [at.date() for at in stays[:7]] == [(NOW - timedelta(days=n)).date() for n in range(7)]
    assert len({at.isocalendar()[:2] for at in stays}) >= 4
    assert [(at.year, at.month) for at in stays if at.month != 11] == [
        (2026, 10),
        (2026, 9),
        (2026, 8),
        (2026, 7),
        (2026, 6),
    ]
    assert len(stays) <= 7 + 4 + 6
    assert every[0].path not in gone
    rest = [backup for backup in every if backup.path not in gone]
    assert surplus(rest, Keep(7, 4, 6)) == [], "what stays once, stays when it is asked again"
    assert surplus(every[:1], Keep(0, 0, 0)) == [], "the newest always does"


def test_names_tell_whose_and_when_and_nothing_else_is_ours() -> None:
    """Somebody's own file in the folder is never one that may go."""
    archive = Path("/a/wire.room.db")
    name = name_of(archive, NOW, ".zst")
    own = [
        "notes.txt",
        "wireroom-2026-11-26T060000Z.db",
        "wire.room-2026-13-26T060000Z.db",
        f"{name}.part",
        "wire.room.db",
    ]

    assert name == "wire.room-2026-11-26T060000Z.db.zst"
    assert backups_of(archive, map(Path, [*own, name])) == [Kept(NOW, Path(name))]
    future = Kept(NOW + timedelta(days=400), Path("f"))
    assert last_before([Kept(NOW, Path("n")), future], NOW) == Kept(NOW, Path("n"))
    assert last_before([future], NOW) is None


def test_command_makes_and_restores_and_the_feeds_are_the_same_bytes(house: House, origin: Origin) -> None:
    """Whatever came after: ids and published files are what they were, and what was there is kept aside."""
    origin.feed("/a", rss(*(item(n, title=f"Story {n}", text=f"What number {n} tells at length") for n in range(5))))
    topic = '\n[[topic]]\nid = "all"\ntitle = "All"\nmatch = "story"\n'
    topic += '\n[backup]\nfolder = "kept"\ndaily = 1\nweekly = 0\nmonthly = 0\n'
    house.configure({"a": origin.url("/a")}, topic, allow=origin.port)
    house.poll()
    public = house.folder / "public"
    then = {path: path.read_bytes() for path in sorted(public.rglob("*")) if path.is_file()}
    first, second = house.wireroom("backup", "mine.db.gz"), house.wireroom("backup", "--json")
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert gzip.decompress((house.folder / "mine.db.gz").read_bytes()).startswith(b"SQLite format 3")
    assert "mine.db.gz: 5 stories, 5 entries, 1 poll," in first.out
    assert " kB, checked" in first.out, "packed, it has no tenth of a megabyte"
    (kept,) = (house.folder / "kept").iterdir()

    origin.feed("/a", rss(*(item(n, title=f"Story {n}", text=f"Another text {n} now") for n in range(3, 9))))
    house.poll()
    assert {path: path.read_bytes() for path in then} != then
    assert house.rows("SELECT count(*) FROM stories") == [(9,)]
    for backup in ("mine.db.gz", str(kept)):
        done = house.wireroom("restore", backup)
        assert done.code == 0, done.err
        assert house.wireroom("publish").code == 0
        assert {path: path.read_bytes() for path in then} == then
    aside = [path for path in house.folder.iterdir() if ".before-restore-" in path.name and path.name.endswith("Z")]
    with closing(sqlite3.connect(min(aside))) as db:
        assert db.execute("SELECT count(*) FROM stories").fetchone() == (9,)
    assert '"backups": 1' in house.wireroom("status", "--json").out


def test_command_refuses_what_it_can_not_do(house: House, origin: Origin) -> None:
    """No folder 2, no archive 66, garbage 65, a daemon 75: the archive stays as it is."""
    from wireroom.lock import ArchiveLock

    origin.feed("/a", rss(item(1)))
    house.configure({"a": origin.url("/a")}, allow=origin.port)
    assert house.wireroom("backup", "x.db").code == 66
    house.poll()
    assert house.wireroom("backup").code == 2
    assert house.wireroom("backup", "good.db.zst").code == 0
    good = (house.folder / "good.db.zst").read_bytes()
    before = house.archive.read_bytes()
    for name, body, code in (("cut.zst", good[: len(good) // 2], 65), ("text", b"no archive" * 999, 65), ("", b"", 65)):
        (house.folder / (name or "none")).write_bytes(body)
        refused = house.wireroom("restore", name or "none")
        assert (refused.code, TEMPORARY in refused.err) == (code, False)
        assert (f"{name or 'none'}: " in refused.err, "take another backup" in refused.err) == (True, True), refused.err
    with closing(sqlite3.connect(house.folder / "newer.db")) as db:
        db.executescript("CREATE TABLE t (x); PRAGMA application_id = 1464422981; PRAGMA user_version = 999")
    assert house.wireroom("restore", "newer.db").code == 66
    assert house.wireroom("restore", "wireroom.db").code == 73
    with ArchiveLock(house.archive, "run"):
        held = house.wireroom("restore", "good.db.zst")
    assert (held.code, "stop that first" in held.err) == (75, True)
    assert house.archive.read_bytes() == before
    assert [path.name for path in house.folder.iterdir() if path.name.startswith(TEMPORARY)] == []


def test_two_restores_of_one_second_keep_both_that_were_there(tmp_path: Path) -> None:
    """Each under a name of its own."""
    room = filled(tmp_path / "wireroom.db")
    room.db.close()
    make_backup(room.path, tmp_path / "copy.db")
    first, second = (restore(room.path, tmp_path / "copy.db", NOW).kept for _ in range(2))

    assert first is not None
    assert second is not None
    assert (first != second, first.exists(), second.exists()) == (True, True, True)


def test_reader_of_an_older_state_is_in_the_way_of_a_restore(tmp_path: Path) -> None:
    """Its log can't be written back, and to take it away would damage what is kept aside."""
    room = filled(tmp_path / "wireroom.db")
    make_backup(room.path, tmp_path / "copy.db")
    with closing(open_reader(room.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM polls").fetchone()
        filled(tmp_path / "other.db")
        room.db.execute("INSERT INTO tags (kind, name) VALUES ('a', 'b')")
        room.db.close()
        with pytest.raises(ArchiveError, match="another program is reading it") as caught:
            restore(room.path, tmp_path / "copy.db", NOW)
    assert caught.value.code == 75
    with closing(open_writer(room.path)) as db:
        assert db.execute("SELECT count(*) FROM tags WHERE kind = 'a'").fetchone() == (1,)


def test_two_restores_in_one_second_each_keep_what_was_there(tmp_path: Path) -> None:
    """Under names of their own."""
    archive, backup = tmp_path / "wireroom.db", tmp_path / "backup.db"
    open_writer(archive).close()
    make_backup(archive, backup)
    kept = [restore(archive, backup, NOW).kept for _ in range(3)]
    end = f"before-restore-{NOW:%Y-%m-%dT%H%M%SZ}"
    assert kept == [tmp_path / f"wireroom.db.{end}{number}" for number in ("", "-2", "-3")]
    assert all(path is not None and path.exists() for path in kept)


def killed_before(step: int, act: Callable[[], object]) -> bool:
    """Do something in a process that ends before so many steps with names of files are done → whether it was killed."""
    child = os.fork()
    if child == 0:
        left = itertools.count(-step)
        sys.addaudithook(lambda event, _: os._exit(9) if event.startswith("os.") and next(left) == 0 else None)
        try:
            act()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("state", ["sound", "its log can't be written back", "on a disk without links"])
def test_restore_that_is_killed_at_any_step_leaves_one_archive_that_starts(
    house: House, memory: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """The old one with all that was in its log, or the new one, and then the old one under the name it is kept by."""
    made, backup, before = memory / "made.db", memory / "backup.db", memory / "before"
    house.configure({})
    config, log = load_config(house.config), open_log()
    before.mkdir()
    with closing(open_writer(made)) as db:
        db.execute("INSERT INTO tags (kind, name) VALUES ('is', 'new')")
        make_backup(made, backup, full=False)
        db.execute("UPDATE tags SET name = 'old'")
        for end in ("", "-wal"):
            shutil.copy(f"{made}{end}", before / f"wireroom.db{end}")
    if state == "on a disk without links":
        monkeypatch.setattr(os, "link", lambda *_: Path("no links").stat())
    elif state != "sound":
        monkeypatch.setattr("db.restore.settle", lambda _: None)
    seen: list[str] = []
    killed = True
    while killed:
        folder = shutil.copytree(before, memory / str(len(seen)))
        archive = folder / "wireroom.db"
        killed = killed_before(len(seen), partial(restore, archive, backup, NOW))

        with closing(open_archive(replace(config, archive=archive), log)) as db:
            seen.append(db.execute("SELECT name FROM tags").fetchone()[0])
        names = {path.name for path in folder.iterdir()} - {"wireroom.db", "wireroom.db-wal", "wireroom.db-shm"}
        kept = {f"wireroom.db.before-restore-{NOW:%Y-%m-%dT%H%M%SZ}{end}" for end in ("", "-wal")}
        assert names <= kept, "nothing of it stays that nobody needs"
        if seen[-1] == "new":
            with closing(sqlite3.connect(folder / min(kept))) as db:
                assert db.execute("SELECT name FROM tags").fetchone() == ("old",)
    assert seen == sorted(seen, reverse=True)
    assert {"old", "new"} == set(seen)
