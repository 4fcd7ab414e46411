"""What entries say is kept once, and read as it was said; older archives are brought to that, and laid out anew."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from db import reshape
from db.archive import open_reader, open_writer
from db.drift import drift
from db.in_memory import in_memory
from db.reshape import INCREMENTAL, PAGE_BYTES
from db.schema import migrations
from newsroom import Newsroom, Printed
from prose import Report

SAID = "SELECT entry_id, html, summary, text FROM entry_texts ORDER BY entry_id"
NOW = "2026-11-26T10:00:00Z"


def older(path: Path, entries: list[tuple[int, str, str | None, str]]) -> None:
    """Make an archive of before: entries with their story, HTML, summary and text; a story's first leads it."""
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        migrations.apply(Database(conn), stop_before="m0009_storing")
        conn.execute("INSERT INTO sources (id, config_id, url, added_at) VALUES (1, 'a', '', '')")
        for id_, (story, html, summary, text) in enumerate(entries, start=1):
            conn.execute(
                "INSERT OR IGNORE INTO stories (id, title, text, first_seen, updated) VALUES (?, 'T', ?, '', '')",
                [story, text],
            )
            conn.execute(
                "INSERT INTO entries (id, source_id, story_id, joined_by, title, html, summary, text, version, "
                "first_seen) VALUES (?, 1, ?, 'first', 'T', ?, ?, ?, 0, '')",
                [id_, story, html, summary, text],
            )
            conn.execute("UPDATE stories SET lead_entry_id = coalesce(lead_entry_id, ?) WHERE id = ?", [id_, story])
        conn.commit()


OLD = [
    (1, "<p>one", None, "one"),
    (1, "<p>one", None, "one"),
    (1, "<p>one", "short", "one"),
    (1, "<b>one", None, "one"),
    (1, "<p>two", None, "two"),
    (2, "<p>one", None, "one"),
    (3, "", None, ""),
]


def test_older_archive_says_what_it_said(tmp_path: Path) -> None:
    """Word for word; what says just what the lead does has its body; plain text is kept where it is not the story's."""
    path = tmp_path / "old.db"
    older(path, OLD)

    db = open_writer(path)

    assert db.execute(SAID).fetchall() == [(id_, *said) for id_, (_, *said) in enumerate(OLD, start=1)]
    assert db.execute("SELECT id, body_id FROM entries").fetchall() == [
        *((1, 1), (2, 1), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7)),
    ]
    assert db.execute("SELECT id, text FROM bodies WHERE text IS NOT NULL").fetchall() == [(5, "two")]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert {"html", "summary", "text"} & set(db["entries"].columns_dict) == set()
    assert drift(db) == ([], []), "its schema is that of a new one"


IDS = [("https://a.example/1", "https://a.example/1"), ("id 2", "https://a.example/2"), (None, None), ("id 4", None)]


def test_id_that_is_the_link_is_kept_once(tmp_path: Path) -> None:
    """And read as it was published: of an older archive, polled as new, and where the one or the other changes."""
    path = tmp_path / "old.db"
    older(path, OLD[:4])
    with closing(sqlite3.connect(path)) as conn:
        conn.executemany(
            "UPDATE entries SET guid = ?, url = ? WHERE id = ?", [(*ids, n) for n, ids in enumerate(IDS, 1)]
        )
        conn.commit()

    db = open_writer(path)

    assert db.execute("SELECT guid, url FROM entries ORDER BY id").fetchall() == IDS
    assert db.execute("SELECT own_id FROM entries ORDER BY id").fetchall() == [("",), ("id 2",), (None,), ("id 4",)]

    room = Newsroom(tmp_path / "new.db", ("a",))
    told = Report("Ferry sails again", ("The ferry sails again on Monday, the port says.",) * 9)
    for guid, url in (("https://a.example/1", "https://a.example/1"), ("https://a.example/1", "https://a.example/one")):
        room.poll("a", Printed(guid, told, link=url))
        assert room.db.execute("SELECT guid, url FROM entries").fetchall() == [(guid, url)]


def layout(db: Database) -> tuple[int, int, str]:
    """Read page size, vacuum, journal."""
    names = ("page_size", "auto_vacuum", "journal_mode")
    page, vacuum, journal = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return page, vacuum, journal


def test_older_archive_is_laid_out_as_a_new_one(tmp_path: Path) -> None:
    """By its first opening, once; nothing is told of it."""
    old, new, told = tmp_path / "old.db", tmp_path / "new.db", list[str]()
    older(old, OLD)

    assert layout(open_writer(old, tell=told.append)) == (PAGE_BYTES, INCREMENTAL, "wal")
    assert layout(open_writer(new)) == (PAGE_BYTES, INCREMENTAL, "wal")
    assert told == []


def test_where_there_is_no_room_it_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told with what it takes; the next start does it, when there is room."""
    path, told = tmp_path / "old.db", list[str]()
    older(path, OLD)
    with monkeypatch.context() as patch:
        patch.setattr(reshape.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 0))  # type: ignore[attr-defined]
        db = open_writer(path, tell=told.append)
        assert layout(db)[1:] == (0, "wal")
        assert len(db.execute(SAID).fetchall()) == len(OLD), "its tables are as they shall be"
        db.close()
    (line,) = told
    assert str(path) in line
    assert re.search(r"takes \d+ MB .* \d+ MB are free", line)

    assert layout(open_writer(path)) == (PAGE_BYTES, INCREMENTAL, "wal")


def test_who_reads_is_not_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader in the way: it is left for the next start, and said."""
    monkeypatch.setattr("db.archive.BUSY_TIMEOUT_MS", 10)
    path, told = tmp_path / "old.db", list[str]()
    older(path, OLD)
    with monkeypatch.context() as patch:
        patch.setattr("db.archive.reshape", lambda *_: None)
        open_writer(path).close()
    with closing(open_reader(path).conn) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM stories").fetchall()
        db = open_writer(path, tell=told.append)
        assert layout(db)[1:] == (0, "wal")
        db.close()
    assert ["next start" in line for line in told] == [True]
    assert layout(open_writer(path)) == (PAGE_BYTES, INCREMENTAL, "wal")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_kill_while_it_is_laid_out_anew_loses_nothing(tmp_path: Path, share: float) -> None:
    """Wherever it hits; the next start does it again."""
    path = tmp_path / "old.db"
    older(path, [(n, f"<p>{n}" * 2000, None, "x" * n) for n in range(1, 100)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("db.archive.reshape", lambda *_: None)
        open_writer(path).close()
    trial = tmp_path / "trial.db"
    shutil.copy(path, trial)
    steps = steps_of(trial)

    pid = os.fork()
    if pid == 0:
        with closing(sqlite3.connect(path, isolation_level=None)) as conn:
            left = iter(range(int(steps * share)))
            conn.set_progress_handler(lambda: None if next(left, None) is not None else die(), 1)
            reshape.reshape(conn, path, print)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL

    db = open_writer(path)
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert db.execute(SAID).fetchall() == [(n, f"<p>{n}" * 2000, None, "x" * n) for n in range(1, 100)]
    assert layout(db) == (PAGE_BYTES, INCREMENTAL, "wal")


def die() -> None:
    """End as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def steps_of(path: Path) -> int:
    """Count the steps of SQLite's machine that it takes."""
    steps = 0

    def one() -> None:
        nonlocal steps
        steps += 1

    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.set_progress_handler(one, 1)
        reshape.reshape(conn, path, print)
    return steps


def test_copy_that_adds_nothing_has_its_leads_body(tmp_path: Path) -> None:
    """Polled as any other; when one of the two is changed, the other says what it said."""
    room = Newsroom(tmp_path / "wireroom.db", ("a", "b"))
    told = Report("Ferry sails again", ("The ferry sails again on Monday, the port says.",) * 9)
    other = Report("Ferry sails again", ("The ferry stays in port all week, the harbour master says.",) * 9)
    room.poll("a", Printed("1", told))
    room.poll("b", Printed("1", told), hour=2)
    assert room.value("SELECT json_array(count(*), count(DISTINCT body_id)) FROM entries") == "[2,1]"

    room.poll("a", Printed("1", other), hour=3)

    said = dict(room.db.execute("SELECT source, text FROM coverage JOIN entry_texts USING (entry_id)").fetchall())
    assert said == {"a": other.text, "b": told.text}
    assert room.value("SELECT text FROM stories") == other.text
    assert room.value("SELECT group_concat(text, '|') FROM bodies") == told.text, "the story has the lead's"


UNSAID = "SELECT id FROM bodies WHERE id NOT IN (SELECT body_id FROM entries WHERE body_id IS NOT NULL)"
TORN = """
SELECT 1 FROM bodies b JOIN entries e ON e.body_id = b.id WHERE b.text IS NULL
GROUP BY b.id HAVING count(DISTINCT e.story_id) > 1
"""


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_done_every_entry_says_what_it_said(seed: int) -> None:
    """Stories get other texts, entries move, lose what they said or go: the texts of all others stay theirs."""
    dice, db = random.Random(seed), in_memory()
    db.execute("INSERT INTO sources (id, config_id, url, added_at) VALUES (1, 'a', '', '')")
    said: dict[int, str] = {}
    for story in range(1, 5):
        db.execute(
            "INSERT INTO stories (id, title, text, first_seen, updated) VALUES (?, 'T', ?, '', '')",
            [story, f"w{story}"],
        )
        db.execute("INSERT INTO bodies (id, html) VALUES (?, '')", [story])
        for _ in range(3):  # all share one body
            id_ = len(said) + 1
            db.execute(
                "INSERT INTO entries (id, source_id, story_id, joined_by, title, body_id, version, first_seen) "
                "VALUES (?, 1, ?, 'first', 'T', ?, 0, '')",
                [id_, story, story],
            )
            said[id_] = f"w{story}"
        db.execute("UPDATE stories SET lead_entry_id = ? WHERE id = ?", [id_, story])
    for _ in range(60):
        entry, story = dice.choice(list(said)), dice.randint(1, 4)
        match dice.choice("tmmxd"):
            case "t":
                db.execute("UPDATE stories SET text = ? WHERE id = ?", [f"w{dice.randint(1, 6)}", story])
            case "m":
                db.execute("UPDATE entries SET story_id = ? WHERE id = ?", [story, entry])
            case "x" if dice.random() < 0.2:
                db.execute("UPDATE entries SET body_id = NULL WHERE id = ?", [entry])
                said[entry] = ""
            case "d" if dice.random() < 0.2:
                db.execute("UPDATE stories SET lead_entry_id = NULL WHERE lead_entry_id = ?", [entry])
                db.execute("DELETE FROM entries WHERE id = ?", [entry])
                del said[entry]
        assert dict(db.execute("SELECT entry_id, text FROM entry_texts").fetchall()) == said
        assert db.execute(UNSAID).fetchall() == [], "what nobody says is not kept"
        assert db.execute(TORN).fetchall() == [], "what two stories share says its text itself"
