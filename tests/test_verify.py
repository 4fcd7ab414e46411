"""`wireroom verify`: all is well with what polls leave, and whatever is spoiled is found, with its mend."""

from __future__ import annotations

import json
import shlex
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from db.drift import drift
from db.in_memory import in_memory
from house import House, until
from origin import Answer, Origin, item, rss, running_origin
from wireroom.config import load_config
from wireroom.verify import verify, worst

TOPICS = """
[[topic]]
id = "all"
title = "All"
match = "tells"
limit = 3
max_bytes = "20kB"

[[topic]]
id = "brief"
title = "Brief"
match = "tells"
full_text = false
order = "coverage"
per_source = 2

[[topic]]
id = "hidden"
title = "Hidden"
match = "tells"
secret = true
"""


def document(first: int, last: int, word: str = "tells") -> str:
    """Make a feed of stories, newest first."""
    return rss(
        *(
            item(n, title=f"Story {n}", text=f"Number {n} {word} of ship {n * 37} and harbour {n * 91}, at length.")
            for n in range(last, first - 1, -1)
        )
    )


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Poll a few times: topics have archive pages, stories were changed, one was hidden."""
    house = House(tmp_path_factory.mktemp("verify"))
    with running_origin() as origin:
        origin.feed("/a", document(1, 20))
        origin.feed("/b", document(15, 25, "tells again"))
        house.configure({"a": origin.url("/a"), "b": origin.url("/b")}, TOPICS, allow=origin.port)
        house.poll()
        origin.feed("/a", document(10, 40))
        house.poll()
        origin.feed("/a", document(35, 60, "tells, as was heard since,"))
        house.poll()
    assert house.wireroom("hide", "58").code == 0
    assert house.wireroom("publish").code == 0
    return house


@pytest.fixture
def copy(polled: House, tmp_path: Path) -> House:
    """Give a copy of it, to be spoiled."""
    house = House(tmp_path)
    for path in polled.folder.iterdir():
        if path.suffix != ".sock":
            (shutil.copytree if path.is_dir() else shutil.copy2)(path, tmp_path / path.name)
    return house


def verified(house: House, *options: str) -> tuple[int, dict[str, Any]]:
    """Run the command → its exit code, and the checks by name."""
    done = house.wireroom("verify", "--json", *options)
    assert done.out, done.err
    told = json.loads(done.out)
    assert told["good"] is (done.code == 0)
    return done.code, {check["name"]: check for check in told["checks"]}


def test_all_is_well_with_what_polls_leave(polled: House) -> None:
    """In the archive and in every published file, compressed ones too; in lines and as JSON."""
    code, checks = verified(polled)

    assert (code, [check for check in checks.values() if check["findings"]]) == (0, [])
    assert list(checks) == ["pages", "schema", "references", "promise", "search index", "copies", "published"]
    public = polled.folder / "public"
    files = [path for path in public.rglob("*") if path.is_file() and path.suffix not in (".gz", ".br")]
    assert len([path for path in files if path.parent.parent.name == "topics" and path.suffix == ".rss"]) > 2
    assert checks["published"]["note"] == f"{len(files)} documents compared"
    plain = polled.wireroom("verify", "--quick")
    assert plain.code == 0
    assert [line.split()[:2] for line in plain.out.splitlines()] == [
        ["good", name] for name in ("pages", "schema", "references", "promise", "published")
    ]


SPOILED = {
    "DELETE FROM entries WHERE id = 5": ("references", 65),
    "UPDATE selections SET number = 900 WHERE id = 2": ("promise", 65),
    "DELETE FROM selections WHERE number = 4": ("promise", 65),
    "UPDATE stories SET lead_entry_id = 2 WHERE id = 1": ("promise", 65),
    "UPDATE archive_pages SET first_number = first_number + 1 WHERE page = 2": ("promise", 65),
    "UPDATE polls SET new = 1 WHERE new > 5": ("promise", 65),
    "DELETE FROM shingles WHERE entry_id = 3": ("copies", 1),
    "DELETE FROM stories_fts WHERE rowid = 6": ("search index", 1),
    "UPDATE entries SET author = 'Nobody' WHERE id = 60": ("published", 1),
}


@pytest.mark.parametrize(("spoil", "found"), SPOILED.items())
def test_what_is_spoiled_in_the_archive_is_found(copy: House, spoil: str, found: tuple[str, int]) -> None:
    """Under the check that it falls under, with a mend."""
    with closing(sqlite3.connect(copy.archive)) as db:
        db.execute(spoil)
        db.commit()

    name, wanted = found
    code, checks = verified(copy)
    assert code == wanted, checks
    assert checks[name]["findings"], checks
    assert all(finding["mend"] and finding["cases"] for check in checks.values() for finding in check["findings"])


DRIFTED = {
    "DROP INDEX entries_body": 1,
    "DROP VIEW tagged": 1,
    "DROP VIEW tagged; CREATE VIEW tagged AS SELECT 1 AS story_id": 1,
    "DROP TRIGGER entries_gone": 1,
    "CREATE TRIGGER mine AFTER INSERT ON stories BEGIN DELETE FROM stories WHERE id = new.id; END": 1,
    "CREATE TRIGGER mine AFTER INSERT ON Stories BEGIN DELETE FROM stories WHERE id = new.id; END": 1,
    "CREATE UNIQUE INDEX mine ON entries (title)": 1,
    "ALTER TABLE sources ADD COLUMN mine TEXT": 1,
    "DELETE FROM _sqlite_migrations WHERE name = 'm0003_outlines'": 1,
    "ALTER TABLE moves DROP COLUMN why": 65,
    "DROP TABLE outlines": 65,
    "DROP TABLE authors_fts_idx": 65,
    "DROP TABLE authors_fts; CREATE VIRTUAL TABLE authors_fts USING fts5 (name)": 65,
}


@pytest.mark.parametrize(("change", "wanted"), DRIFTED.items())
def test_schema_that_is_another_is_found_and_the_mend_is_one(change: str, wanted: int) -> None:
    """Whatever it is; what the mend says leaves a schema of which nothing is said."""
    db = in_memory()
    assert drift(db) == ([], [])
    db.conn.executescript(change)

    (found,), others = drift(db)
    assert (65 if found.sql is None else 1, others) == (wanted, [])
    if found.sql is not None:
        db.conn.executescript(found.sql)
        assert drift(db) == ([], [])


def test_what_people_put_beside_is_named_and_no_fault(copy: House) -> None:
    """Views, tables, indexes that refuse nothing; also what was renamed, or written with other blanks."""
    with closing(sqlite3.connect(copy.archive)) as db:
        db.executescript(
            "CREATE TABLE notes (text UNIQUE, story REFERENCES stories ON DELETE SET NULL);"
            "CREATE VIRTUAL TABLE found USING fts5 (text);"
            "CREATE TRIGGER noted AFTER INSERT ON notes BEGIN INSERT INTO found VALUES (new.text); END;"
            "CREATE VIEW mine AS SELECT title FROM stories; CREATE INDEX by_title ON stories (title);"
            "ALTER TABLE outlines RENAME TO x; ALTER TABLE x RENAME TO outlines;"
            "INSERT INTO notes VALUES ('of story 999', 999);"
            "CREATE VIEW stale AS SELECT a FROM taken_away; PRAGMA writable_schema = ON;"
            "INSERT INTO sqlite_master VALUES ('table', 'far', 'far', 0, 'CREATE VIRTUAL TABLE far USING not_here')"
        )

    code, checks = verified(copy, "--quick")
    assert (code, checks["schema"]["findings"], checks["references"]["findings"]) == (0, [], [])
    wanted = (
        "not Wireroom's, and no harm: index by_title, table far, table found, table notes, trigger noted and 2 more"
    )
    assert checks["schema"]["note"] == wanted


def test_schema_is_mended_by_what_the_command_says(copy: House) -> None:
    """And until then nothing else is asked: without an index it may take for ever."""
    with closing(sqlite3.connect(copy.archive)) as db:
        db.executescript("DROP INDEX entries_body; DROP VIEW daily_by_tag; ALTER TABLE outlines DROP COLUMN items")

    code, checks = verified(copy, "--quick")
    findings = checks["schema"]["findings"]
    assert (code, list(checks)) == (65, ["pages", "schema"])
    assert [finding["cases"] for finding in findings] == [
        ["table outlines is another: it has no items"],
        ["view daily_by_tag is missing"],
        ["index entries_body is missing"],
    ]
    for finding in findings[1:]:
        *_, statement = shlex.split(finding["mend"])
        with closing(sqlite3.connect(copy.archive)) as db:
            db.executescript(statement)
    assert len(verified(copy, "--quick")[1]["schema"]["findings"]) == 1


def test_damaged_pages_are_found_and_nothing_else_is_asked_of_them(copy: House) -> None:
    """65, SQLite's own words, and the way out."""
    with copy.archive.open("r+b") as file:
        file.seek(-4 * 4096, 2)
        file.write(b"\xaa" * 4 * 4096)

    done = copy.wireroom("verify")
    assert done.code == 65
    assert "damaged  pages" in done.out
    assert "mend: restore a backup (wireroom restore FILE)" in done.out
    assert len([line for line in done.out.splitlines() if not line.startswith(" ")]) == 1


def test_spoiled_files_are_found_and_publish_mends_them(copy: House) -> None:
    """Other bytes, a lost one, a compressed one of another state; a secret topic's address is not told."""
    topics = copy.folder / "public" / "topics"
    (secret,) = [path for path in topics.glob("hidden-*.rss") if path.suffix == ".rss"]
    for path, spoil in (
        (topics / "all.rss", lambda path: path.write_bytes(path.read_bytes() + b" ")),
        (topics / "all" / "1.json", Path.unlink),
        (topics / "brief.atom.gz", lambda path: path.write_bytes(b"none")),
        (copy.folder / "public" / "index.html", lambda path: path.write_bytes(b"defaced")),
        (secret, lambda path: path.write_bytes(b"")),
    ):
        spoil(path)

    code, checks = verified(copy)
    (finding,) = checks["published"]["findings"]
    assert code == 1
    assert [case.split(":")[0] for case in finding["cases"]] == [
        "topics/all.rss",
        "1.json",
        "topics/brief.atom",
        "topics/(secret).rss",
        "index.html",
    ]
    assert copy.wireroom("publish").code == 0
    assert verified(copy)[0] == 0


def test_spoiled_page_of_the_past_is_mended_too(copy: House) -> None:
    """It is there, so that nothing but its bytes tells."""
    page = copy.folder / "public" / "topics" / "all" / "1.json"
    before = page.read_bytes()
    page.write_bytes(before + b" ")
    assert verified(copy)[0] == 1
    assert copy.wireroom("publish").code == 0
    assert (verified(copy)[0], page.read_bytes()) == (0, before)


def test_edited_config_is_no_difference_in_the_files(copy: House) -> None:
    """They are as the config has them that was taken over last."""
    copy.config.write_text(copy.config.read_text().replace('title = "Brief"', 'title = "In brief"'))

    code, checks = verified(copy)
    assert (code, "edited" in checks["published"]["note"]) == (0, True)
    assert copy.wireroom("publish").code == 0
    assert verified(copy)[0] == 0


def test_what_is_written_meanwhile_is_no_fault(copy: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that comes while the index of copies is gone through is in it, though it was not when it was counted."""
    monkeypatch.setattr("wireroom.verify.BATCH", 10)
    came = list[str]()

    def write(what: str, done: int, _: int) -> None:
        if (what, done) == ("copies", 10):
            with closing(sqlite3.connect(copy.archive)) as db:
                db.executescript(
                    "INSERT INTO entries (id, source_id, story_id, joined_by, title, body_id, version, first_seen)"
                    " SELECT 999, source_id, story_id, 'print', title, body_id, 0, '' FROM entries WHERE id = 9;"
                    "INSERT INTO prints SELECT 999, shingles FROM prints WHERE entry_id = 9;"
                    "INSERT INTO shingles SELECT hash, 999 FROM shingles WHERE entry_id = 9;"
                )
            came.append(what)

    checks = {check.name: check for check in verify(load_config(copy.config), quick=False, progress=write)}
    assert (came, checks["copies"].findings) == (["copies"], ())


def test_log_that_grows_by_too_much_has_a_check_broken_off(copy: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is amiss, since nothing is known of that; the others are made, and nothing is called damaged."""
    monkeypatch.setattr("db.verify.MOST_LOG_BYTES", 100_000)
    monkeypatch.setattr("db.verify.LOOK_STEPS", 100)
    with closing(sqlite3.connect(copy.archive)) as db:
        db.executescript("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")

        def write(what: str, *_: int) -> None:
            if what == "pages":
                db.executescript("CREATE TABLE x (y); INSERT INTO x VALUES (zeroblob(200000)); DROP TABLE x")
            else:
                db.executescript("PRAGMA wal_checkpoint(TRUNCATE)")

        checks = verify(load_config(copy.config), quick=True, progress=write)
    assert [(check.name, len(check.findings)) for check in checks if check.findings] == [("pages", 1)]
    assert "log grew by" in checks[0].findings[0].cases[0]
    assert (worst(checks), len(checks)) == (1, 5)


def test_beside_a_daemon_it_holds_up_nobody_and_is_not_misled(house: House, origin: Origin) -> None:
    """The daemon makes a backup at its start, polls on, and is what a restore must wait for."""
    count = [10]

    def growing(_: object) -> Answer:
        count[0] += 1
        return Answer(document(count[0] - 9, count[0]).encode(), headers={"Content-Type": "text/xml"})

    origin.routes["/a"] = growing
    more = TOPICS + '\n[backup]\nfolder = "kept"\n'
    house.configure({"a": origin.url("/a")}, more, allow=origin.port, poll='floor = "0s"\nceiling = "1s"')
    with house.daemon() as daemon:
        until(lambda: (house.folder / "kept").is_dir() and any((house.folder / "kept").glob("*.zst")), "no backup")
        for _ in range(3):
            code, checks = verified(house)
            assert code == 0, checks
        (backup,) = (house.folder / "kept").glob("*.zst")
        assert house.wireroom("restore", str(backup)).code == 75
        assert daemon.get("/healthz")[0] == 200
        daemon.stop()
    assert [line["bytes"] > 0 for line in house.log_lines() if line["event"] == "backup"] == [True]
    assert house.wireroom("restore", str(backup)).code == 0
    assert verified(house)[0] in (0, 1), "files are of a later state than the archive"
    assert house.wireroom("publish").code == 0
    assert verified(house)[0] == 0
