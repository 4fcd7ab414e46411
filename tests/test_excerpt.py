"""A smaller archive of some stories: what is in it, what is not, and that everything works with it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from db.archive import ArchiveError, open_reader, open_writer
from db.excerpt import FORGOTTEN, KEPT, NoStoriesError, undecided, write_excerpt
from db.schema import SCHEMA_VERSION
from db.sql_rules import SECRETS
from house import House
from reading_room import SECRET, reading_room


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of six stories."""
    path = tmp_path_factory.mktemp("whole") / "wireroom.db"
    reading_room(path).db.close()
    return path


@pytest.fixture
def small(archive: Path, tmp_path: Path) -> Path:
    """An archive of two of them: one that another went into, and one of an event with it."""
    write_excerpt(archive, tmp_path / "small.db", [1, 4])
    return tmp_path / "small.db"


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Ask an archive, as another program would."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()


def test_it_is_decided_of_every_table(archive: Path) -> None:
    """One that a step of the schema adds has to be named in ``KEPT``: it says what becomes of its rows."""
    db = open_reader(archive)

    assert undecided(db) == []
    for table, columns in FORGOTTEN.items():
        assert set(columns) <= {name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")}
    db.close()


def test_no_secret_is_in_it(archive: Path, small: Path) -> None:
    """Tables that have some are empty, and a secret topic is not even named."""
    for table in SECRETS:
        if not table.startswith("sqlite_"):
            assert KEPT[table] == "left"
    assert rows(archive, "SELECT count(*) FROM tokens") == [(1,)]
    ((token,),) = rows(archive, "SELECT token FROM tokens")

    raw = small.read_bytes()
    assert rows(small, "SELECT config_id FROM topics") == [("all",)]
    assert SECRET.encode() not in raw
    assert str(token).encode() not in raw


def test_it_has_the_stories_and_what_belongs_to_them(archive: Path, small: Path) -> None:
    """Row for row as it was; and nothing of others."""
    whole = {
        "stories": "SELECT * FROM stories WHERE id IN (1, 4, 5) ORDER BY id",
        "entries": "SELECT * FROM entries WHERE story_id IN (1, 4, 5) ORDER BY id",
        "revisions": "SELECT * FROM revisions ORDER BY id",
        "story_tags": "SELECT * FROM story_tags WHERE story_id IN (1, 4, 5)",
        "events": "SELECT * FROM events",
        "tagged": "SELECT * FROM tagged WHERE story_id IN (1, 4, 5) ORDER BY 1, 2, 3",
        "published": "SELECT * FROM published WHERE topic = 'all' AND story_id IN (1, 4, 5) ORDER BY story_id",
        "coverage": "SELECT * FROM coverage WHERE story_id IN (1, 4, 5) ORDER BY entry_id",
        "merges": "SELECT * FROM merges",
    }
    for name, sql in whole.items():
        there = rows(archive, sql)
        assert there, name
        assert rows(small, sql) == there, name
    assert rows(small, "SELECT id FROM stories ORDER BY id") == [(1,), (4,), (5,)]
    assert rows(small, "SELECT id, merged_into FROM stories WHERE id = 5") == [(5, 1)]


def test_it_is_whole(small: Path) -> None:
    """By SQLite's own checks, in one file, of this version; its search index too."""
    assert rows(small, "PRAGMA integrity_check") == [("ok",)]
    assert rows(small, "PRAGMA foreign_key_check") == []
    assert rows(small, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert rows(small, "SELECT rowid FROM stories_fts WHERE stories_fts MATCH 'zebra'") == [(1,)]
    assert [path.name for path in small.parent.iterdir()] == ["small.db"]
    db = open_writer(small)
    db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('integrity-check', 1)")
    db.close()


def test_ids_go_on_where_the_whole_archives_do(archive: Path, small: Path) -> None:
    """None is given to something else."""
    numbers = "SELECT name, seq FROM sqlite_sequence ORDER BY name"

    assert rows(small, numbers) == rows(archive, numbers)
    assert rows(small, "SELECT last_number FROM topics") == rows(
        archive, "SELECT last_number FROM topics WHERE config_id = 'all'"
    )


def test_a_story_brings_the_one_that_it_went_into(archive: Path, tmp_path: Path) -> None:
    """Its id alone would lead nowhere."""
    write_excerpt(archive, tmp_path / "small.db", [5])

    assert rows(tmp_path / "small.db", "SELECT id FROM stories ORDER BY id") == [(1,), (5,)]


def test_every_single_story_makes_an_archive(archive: Path, tmp_path: Path) -> None:
    """Also one that is kept out of topics, pinned, tagged by hand."""
    for (id_,) in rows(archive, "SELECT id FROM stories"):
        path = tmp_path / f"{id_}.db"
        write_excerpt(archive, path, [int(str(id_))])
        assert (id_,) in rows(path, "SELECT id FROM stories")
        assert rows(path, "PRAGMA foreign_key_check") == []


def test_of_all_stories_everything_is_there(archive: Path, tmp_path: Path) -> None:
    """But what is left behind by table, and of secret topics."""
    counts = write_excerpt(archive, tmp_path / "all.db", range(100))

    assert counts["stories"] == 6
    for table in counts:
        if KEPT[table] != "named":
            secret = {"selections": " WHERE topic_id = 1", "mark_log": " WHERE coalesce(topic_id, 1) = 1"}
            secret["decisions"] = " WHERE id NOT IN (SELECT decision_id FROM mark_log WHERE topic_id <> 1)"
            ((count,),) = rows(archive, f"SELECT count(*) FROM {table}{secret.get(table, '')}")
            assert counts[table] == count, table


def test_without_a_story_there_is_none(archive: Path, tmp_path: Path) -> None:
    """Ids that are none are no stories."""
    with pytest.raises(NoStoriesError):
        write_excerpt(archive, tmp_path / "small.db", [99, -1])


def test_archive_whose_rows_refer_to_nothing_is_said_to_be_damaged(archive: Path, tmp_path: Path) -> None:
    """A smaller one would be, too."""
    broken = tmp_path / "broken.db"
    broken.write_bytes(archive.read_bytes())
    with closing(sqlite3.connect(broken)) as db:
        db.execute("UPDATE stories SET event_id = 999 WHERE id = 1")
        db.commit()

    with pytest.raises(ArchiveError, match="rows of stories refer to events that are not there") as told:
        write_excerpt(broken, tmp_path / "small.db", [1])

    assert told.value.code == 65


def test_commands_work_with_it(archive: Path, tmp_path: Path) -> None:
    """It is an archive like any other, made by a command; a daemon's own work goes on from it."""
    house = House(tmp_path)
    house.archive.write_bytes(archive.read_bytes())
    house.configure({})
    made = house.wireroom("export", "small.db", "--query", "animal:zebra OR desk:late")
    assert (made.code, made.out.partition(" (")[0], made.err) == (0, "2 stories written to small.db", "")
    text = house.config.read_text(encoding="utf-8")
    house.config.write_text(text.replace("[wireroom]", '[wireroom]\narchive = "small.db"', 1), encoding="utf-8")

    found = json.loads(house.wireroom("search", "zebra", "--json").out)
    told = house.wireroom("sql", "SELECT count(*) AS n FROM stories", "--csv")

    assert [story["story_id"] for story in found] == [1]
    assert told.out.split() == ["n", "3"]
    assert house.wireroom("explain", "5").code == 0
    assert house.wireroom("status").code == 0
    verified = house.wireroom("verify")
    assert verified.code == 0, verified.out
    published = house.wireroom("publish", "--json")
    assert published.code == 0, published.err
    assert house.wireroom("regroup").code == 0
    small = Database(sqlite3.connect(house.folder / "small.db"))
    assert small.execute("PRAGMA foreign_key_check").fetchall() == []
    small.close()
