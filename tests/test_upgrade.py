"""An older archive is changed for this version: killed at any moment, it ends as one that nobody killed."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from db.archive import ArchiveError, open_reader, open_writer
from db.backup import make_backup
from db.drift import drift
from db.in_memory import in_memory
from db.schema import SCHEMA_VERSION, migrations
from db.upgrade import keep_copy, room_to_change
from house import ROOT, House
from origin import Origin, item, rss
from wireroom.config import load_config
from wireroom.log import open_log
from wireroom.open_archive import open_archive

KILLS, SPREAD = 84, 25
ROWS = 100


def old_archive(path: Path, rows: int = ROWS) -> None:
    """Make an archive as the first release left it, with some stories that are published."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        migrations.apply(Database(conn), stop_before="m0002_poller")
        conn.execute(
            "INSERT INTO sources (config_id, url, added_at) VALUES ('a', 'http://a.example/', '2026-11-01T00:00:00Z')"
        )
        conn.execute(
            "INSERT INTO topics (config_id, title, urn, created_at, last_number) VALUES ('t', 'T', 'urn:t', '', ?)",
            [rows],
        )
        for n in range(1, rows + 1):
            words = f"{n} tells of the harbour, the ferry and the {n * 7919 % 1000} people who waited for it. " * 6
            conn.execute(
                "INSERT INTO stories (id, title, text, url, first_seen, updated) VALUES (?, ?, ?, ?, ?, ?)",
                [n, f"Story {n}", words, f"http://a.example/{n}", "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z"],
            )
            conn.execute(
                "INSERT INTO entries (id, source_id, story_id, joined_by, guid, url, title, author, html, text, "
                "version, first_seen) VALUES (?1, 1, ?1, 'first', ?2, ?3, ?4, 'Ann Lee', ?5, ?5, 1, '2026-11-01')",
                [n, f"id-{n}", f"http://a.example/{n}", f"Story {n}", words],
            )
            conn.execute("UPDATE stories SET lead_entry_id = ? WHERE id = ?", [n, n])
            conn.execute("INSERT INTO entry_keys (key, source_id, entry_id, kind) VALUES (?, 1, ?, 'id')", [n * 31, n])
            conn.execute(
                "INSERT INTO selections (topic_id, story_id, number, guid, selected_at) VALUES (1, ?1, ?1, ?2, '')",
                [n, f"urn:uuid:{n}"],
            )
        conn.execute(
            "INSERT INTO polls (source_id, started_at, duration_ms, outcome, bytes, entries, new, changed) "
            "VALUES (1, '2026-11-01T00:00:00Z', 1, 'ok', 1, ?1, ?1, 0)",
            [rows],
        )
        conn.commit()


def upgrade(path: Path) -> None:
    """Do what the daemon's start does."""

    def keep(archive: Path, _: int) -> None:
        keep_copy(archive)

    open_writer(path, before_upgrade=keep).close()


def killed_after(path: Path, seconds: float) -> bool:
    """Upgrade in a process that the kernel ends after a time, wherever it is → whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))
            upgrade(path)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def content(path: Path) -> Mapping[str, Any]:
    """Read the schema and every row, but what is minted anew in each archive, and when steps were done."""
    with closing(sqlite3.connect(path)) as db:
        schema = sorted(map(repr, db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")))
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        left_out = {"archive": "id", "_sqlite_migrations": "migration_set, name"}
        rows = {name: sorted(map(repr, db.execute(f"SELECT {left_out.get(name, '*')} FROM {name}"))) for name in tables}
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('integrity-check', 1)")
        (version,) = db.execute("PRAGMA user_version").fetchone()
    return {"schema": schema, "rows": rows, "version": version}


def test_eighty_kills_leave_what_one_upgrade_leaves(memory: Path) -> None:
    """Each archive is killed again and again until it is through, at moments spread over all of it; one copy is made.

    What a killed start did not end is done once more, so it goes on by a share of the whole each time.
    """
    tmp_path = memory
    old = tmp_path / "old.db"
    old_archive(old)
    reference = tmp_path / "reference.db"
    shutil.copy(old, reference)
    began = time.monotonic()
    assert not killed_after(reference, 60)
    whole_s = time.monotonic() - began
    wanted = content(reference)
    assert wanted["version"] == SCHEMA_VERSION
    with closing(open_reader(reference)) as upgraded:
        assert drift(upgraded) == ([], [])
    killed, versions = 0, set()
    for n in itertools.count():
        folder = tmp_path / str(n)
        folder.mkdir()
        archive = folder / "wireroom.db"
        shutil.copy(old, archive)
        for share in itertools.count(1):
            if not killed_after(archive, whole_s * share * (0.03 + n * 7 % SPREAD / SPREAD / 10)):
                break
            killed += 1
            with closing(sqlite3.connect(archive)) as db:  # not only to read: there may be a journal to be rolled back
                versions.add(db.execute("PRAGMA user_version").fetchone()[0])
        upgrade(archive)

        assert content(archive) == wanted
        copies = [path for path in folder.iterdir() if ".before-schema-" in path.name]
        assert [path.name for path in copies] == [f"wireroom.db.before-schema-{SCHEMA_VERSION}"]
        with closing(sqlite3.connect(copies[0])) as db:
            assert db.execute("PRAGMA user_version").fetchone() == (1,)
            assert db.execute("SELECT count(*) FROM stories").fetchone() == (ROWS,)
        shutil.rmtree(folder)
        if killed >= KILLS:
            break
    assert len(versions) > 1, "some were killed after a step"


def test_copy_that_is_not_of_this_archive_as_it_is_stays_and_another_is_made(tmp_path: Path) -> None:
    """The upgrade was given up, the older version went on, and comes to the same upgrade later."""
    archive = tmp_path / "wireroom.db"
    old_archive(archive, 3)
    first = keep_copy(archive)
    assert keep_copy(archive) == first
    with closing(sqlite3.connect(archive)) as db:
        db.execute(
            "INSERT INTO polls (source_id, started_at, duration_ms, outcome, bytes, entries, new, changed) "
            "VALUES (1, '2026-11-02T00:00:00Z', 1, 'ok', 1, 0, 0, 0)"
        )
        db.commit()

    second = keep_copy(archive)
    assert second is not None
    assert (second.name, first != second) == (f"wireroom.db.before-schema-{SCHEMA_VERSION}-2", True)
    assert keep_copy(archive, tmp_path / "elsewhere") == tmp_path / "elsewhere" / second.name.removesuffix("-2")


OTHERS = (
    "CREATE VIEW mine AS SELECT story_id, source FROM coverage",
    "CREATE VIEW mine AS SELECT guid FROM entries",
    "CREATE VIEW mine AS SELECT html FROM entries",
    "CREATE VIEW mine AS SELECT e.title FROM entry_keys k JOIN entries e ON e.id = k.entry_id",
    "CREATE VIEW mine AS SELECT number FROM selections",
    'CREATE VIEW "my ""own""" AS SELECT a FROM taken_away',
    "CREATE VIEW a AS SELECT 1 AS b; CREATE TRIGGER c INSTEAD OF INSERT ON a BEGIN SELECT 1; END",
    "CREATE TABLE notes (a); CREATE TRIGGER c AFTER INSERT ON entries BEGIN INSERT INTO notes VALUES (new.guid); END",
    "CREATE TABLE notes (a); CREATE TRIGGER c AFTER INSERT ON entry_keys BEGIN INSERT INTO notes VALUES (1); END",
)


@pytest.mark.parametrize("step", ["m0002_poller", "m0009_storing"])
def test_views_and_triggers_that_people_put_beside_are_no_obstacle_and_stay(step: str) -> None:
    """Word for word, also those that read what is not there any more."""
    written = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('view', 'trigger') ORDER BY name"
    wanted = set(in_memory().execute(written))
    for statements in OTHERS:
        db = Database(memory=True)
        migrations.apply(db, stop_before=step)
        before = set(db.execute(written))
        db.conn.executescript(statements)
        theirs = set(db.execute(written)) - before

        migrations.apply(db)
        assert theirs
        assert set(db.execute(written)) == wanted | theirs, statements


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX mine ON entries (html)",
        "CREATE UNIQUE INDEX mine ON stories (title, text); CREATE VIEW bodies AS SELECT 1",
        "CREATE TABLE story_overview (mine)",
    ],
)
def test_what_people_put_in_the_way_of_an_upgrade_is_named(tmp_path: Path, statement: str) -> None:
    """It is no fault of the disk; without it the upgrade goes on."""
    path = tmp_path / "wireroom.db"
    old_archive(path, rows=2)
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(statement)

    with pytest.raises(ArchiveError, match=r"mine|bodies|story_overview") as raised:
        open_writer(path)
    assert (raised.value.code, "DROP" in str(raised.value), "disk" in str(raised.value)) == (74, True, False)

    with closing(sqlite3.connect(path)) as conn:
        for kind, name in re.findall(r"CREATE (?:UNIQUE )?(\w+) (\w+)", statement):
            conn.execute(f"DROP {kind} {name}")
        conn.commit()
    db = open_writer(path)
    assert drift(db) == ([], [])
    db.close()


def test_empty_archive_needs_no_copy(tmp_path: Path) -> None:
    """There is nothing in it that could be lost."""
    with closing(sqlite3.connect(tmp_path / "empty.db")) as conn:
        migrations.apply(Database(conn), stop_before="m0002_poller")
    assert keep_copy(tmp_path / "empty.db") is None


NO_ROOM = {
    "for both": ("true", [1000], r"no room to change .*copy.*nothing is changed yet\. `before_upgrade = false`"),
    "for the copy": ("true", [10**9, 1000], r"no room for a copy .*nothing is changed yet\. `before_upgrade = false`"),
    "for the change": ("false", [1000], r"no room to change [^,]*, and 0\.0 MB are free; .*: nothing is changed yet$"),
}


@pytest.mark.parametrize("case", NO_ROOM)
def test_no_room_is_said_and_nothing_is_changed(house: House, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """With how much it takes; and how to go on without a copy, where that is what there is no room for."""
    keeps, free, said = NO_ROOM[case]
    old_archive(house.archive, 3)
    before = house.archive.read_bytes()
    house.configure({}, f"[backup]\nbefore_upgrade = {keeps}")
    config, log, left = load_config(house.config), open_log(), iter(free)
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": next(left)}))
        with pytest.raises(ArchiveError, match=said) as caught:
            open_archive(config, log)

    assert caught.value.code == 74
    assert house.archive.read_bytes() == before
    open_archive(config, log).close()


def test_room_that_a_change_is_said_to_take_is_what_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its log has all texts at once, and keeps its length until the file is laid out anew."""
    archive = tmp_path / "wireroom.db"
    old_archive(archive, 500)
    room, before = room_to_change(archive), archive.stat().st_size
    most = list[int]()

    def look(_: object, path: Path, __: object) -> None:
        most.append(sum(each.stat().st_size for each in (path, path.with_name(f"{path.name}-wal"))) - before)

    monkeypatch.setattr("db.archive.reshape", look)
    open_writer(archive).close()
    assert most[0] <= room < 1.5 * most[0]
    assert room_to_change(archive) == 0


@pytest.mark.parametrize("state", ["closed", "killed", "killed, without its index"])
def test_newer_archive_is_refused_with_no_byte_changed_beside_it_either(tmp_path: Path, state: str) -> None:
    """Also where the newer version's last commits are in the log only."""
    source, folder = tmp_path / "source", tmp_path / "there"
    source.mkdir()
    db = open_writer(source / "wireroom.db")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("INSERT INTO tags (kind, name) VALUES ('a', 'b')")
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.execute("INSERT INTO tags (kind, name) VALUES ('c', 'd')")
    if state == "closed":
        db.close()
    shutil.copytree(source, folder)
    if "without" in state:
        (folder / "wireroom.db-shm").unlink()

    def bytes_there() -> dict[str, str]:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}

    before = bytes_there()
    assert len(before) == {"closed": 1, "killed": 3}.get(state, 2)
    for open_it in (open_writer, open_reader):
        with pytest.raises(ArchiveError, match="newer Wireroom") as caught:
            open_it(folder / "wireroom.db")
        assert caught.value.code == 66
    assert bytes_there() == before
    db.close()


def test_archive_is_never_opened_past_sqlite(tmp_path: Path) -> None:
    """To close it again would drop our locks: another program that ends would take the log away under us."""
    archive = tmp_path / "wireroom.db"
    with closing(open_writer(archive)) as db:
        db.execute("INSERT INTO tags (kind, name) VALUES ('a', 'b')")
        open_reader(archive).close()
        make_backup(archive, tmp_path / "copy.db")
        keep_copy(archive)
        other = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT * FROM tags').fetchall())"
        done = subprocess.run([sys.executable, "-c", other, archive], capture_output=True, text=True, check=True)
        assert "'a', 'b'" in done.stdout
        assert archive.with_name("wireroom.db-wal").exists()


def test_command_upgrades_keeps_a_copy_and_says_so(house: House, origin: Origin) -> None:
    """In the folder of backups, where the config names one."""
    origin.feed("/a", rss(item(1)))
    old_archive(house.archive, 3)
    house.configure({"a": origin.url("/a")}, '\n[backup]\nfolder = "kept"\n', allow=origin.port)

    done = house.wireroom("poll")
    (kept,) = (house.folder / "kept").iterdir()
    assert (done.code, kept.name) == (0, f"wireroom.db.before-schema-{SCHEMA_VERSION}")
    assert str(kept) in done.err, "a copy as large as the archive, and nobody is told of it"
    assert "upgrade" not in house.wireroom("poll").err
    assert house.rows("SELECT count(*) FROM stories") == [(4,)]


FULL = """
import sys
from pathlib import Path
from db.archive import ArchiveError, open_writer
try:
    open_writer(Path(sys.argv[1])).close()
except ArchiveError as error:
    print(error.code, error)
else:
    print("done")
"""


@pytest.mark.skipif(not os.environ.get("WIREROOM_TEST_ALL"), reason="needs a disk of its own: make test-all")
def test_full_disk_in_the_middle_of_an_upgrade_costs_nothing(tmp_path: Path) -> None:
    """On disks that are full at ever later moments: 74, and with room again it ends as any other."""
    old = tmp_path / "old.db"
    old_archive(old)
    reference = tmp_path / "reference.db"
    shutil.copy(old, reference)
    upgrade(reference)
    wanted, size = content(reference), old.stat().st_size
    script = tmp_path / "full.py"
    script.write_text(FULL)
    full = 0
    for n in range(12):
        disk, out = tmp_path / f"disk{n}", tmp_path / f"out{n}"
        disk.mkdir()
        out.mkdir()
        room = size + 4096 * (8 + 24 * n)
        commands = (
            f"mount -t tmpfs -o size={room} tmpfs {disk} && cp {old} {disk}/wireroom.db && "
            f"{sys.executable} {script} {disk}/wireroom.db; cp {disk}/wireroom.db* {out}/"
        )
        done = subprocess.run(
            ["unshare", "-Urm", "sh", "-c", commands],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        if "unshare" in done.stderr:
            pytest.skip(f"no user namespaces here: {done.stderr.strip()}")
        assert done.stdout.startswith(("74 ", "done")), done.stdout + done.stderr
        full += done.stdout.startswith("74 ")
        upgrade(out / "wireroom.db")
        assert content(out / "wireroom.db") == wanted
    assert full > 1
