"""Somebody's SQL: what it may do, what it is told, and that it ends, whatever it does (faults.md A46)."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from db import sql_child
from db.archive import ArchiveError
from db.sql_ask import Question, asked
from db.sql_fault import SqlError, TooSlowError
from db.sql_rules import SECRETS
from house import ROOT, until
from reading_room import reading_room

ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
CROSS = "stories a, stories b, stories c, entries d, entries e, entries f, entries g, entries h, entries i, entries j"
HIDDEN = "kept-from-everybody"
RSS_MB = 600
"""Of a process: three times SQLite's share is its bound, and Python's own."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a secret in each place that may have one."""
    path = tmp_path_factory.mktemp("sql") / "wireroom.db"
    reading_room(path).db.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE topics SET fronted_by = NULL")  # where no config made them, it is no JSON
        db.execute("UPDATE tokens SET token = ?", [HIDDEN])
        assert db.execute("SELECT count(*) FROM tokens").fetchone() == (1,)
        db.execute(
            "INSERT INTO subscriptions (source_id, hub, topic, token, secret, state) "
            "VALUES (1, 'h', 't', ?1, ?1, 'asked')",
            [HIDDEN],
        )
        db.execute(
            "INSERT INTO subscribers (topic_id, format, callback, host, asked, secret, verified_at, expires_at, "
            "delivered) VALUES (1, 'rss', ?1, 'h', ?1, ?1, '', '', 0)",
            [HIDDEN],
        )
        db.execute("INSERT INTO webhooks (config_id, topic_id, sent, gone_url) VALUES ('w', 1, 0, ?)", [HIDDEN])
    db.close()
    return path


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were started for statements."""
    made: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def popen(*args: Any, **more: Any) -> subprocess.Popen[bytes]:
        made.append(real(*args, **more))
        return made[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    return made


def rows(archive: Path, sql: str, **more: Any) -> list[list[Any]]:
    """Ask for all rows."""
    with asked(archive, Question(sql=sql, **more)) as answer:
        return list(answer)


def worked_s(pid: int) -> float:
    """Tell how much processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_gone(pid: int) -> bool:
    """Tell whether there is no such process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


SLOW = (
    f"{ENDLESS} SELECT count(*) FROM c",
    f"SELECT count(*) FROM {CROSS}",
    "SELECT length(printf('%.*c', 500000000, 'x')) FROM stories a, stories b",
    f"{ENDLESS} SELECT x FROM c WHERE x < 0",
    f"{ENDLESS} SELECT hex(randomblob(1000000)) LIKE '%1%2%3%4%5%6%7%8%9%a%b%c%d%e%f%' FROM c WHERE x < 0 OR x > 90000",
    f"{ENDLESS} SELECT sum(json_array_length('[' || replace(hex(zeroblob(100000)), '0', '[],') || '[]]')) FROM c",
    f"SELECT count(*) FROM {CROSS} WHERE a.title GLOB '*' || b.title || '*'",
)
"""What would never end, or not for long; the first by nothing but its own steps, the third within a single one."""

REFUSED = (
    ("SELECT zeroblob(1000000000)", "too big"),
    ("SELECT hex(randomblob(15000000))", "too big"),
    (f"{ENDLESS}, d AS (SELECT x FROM c LIMIT 9000) SELECT group_concat(hex(randomblob(1000)), '') FROM d", "too big"),
    (f"{ENDLESS} SELECT x, randomblob(1000000) FROM c ORDER BY -x", "MB of memory"),
    (
        f"{ENDLESS}, d AS (SELECT x, randomblob(500000) AS b FROM c LIMIT 5000) SELECT * FROM d GROUP BY b",
        "MB of memory",
    ),
    ("SELECT json_group_array(randomblob(5)) FROM stories", "JSON cannot hold BLOB"),
    (f"SELECT json_extract('{'[' * 3000}', '$')", "malformed JSON"),
    (f"SELECT {'(' * 500}1{')' * 500}", ""),
    (f"SELECT {' UNION ALL SELECT '.join(['1'] * 200)}", "too many terms"),
    (f"SELECT {', '.join(['1'] * 600)}", "too many columns"),
    (f"SELECT '{'x' * 100_001}'", "too large"),
    ("SELECT 1 WHERE 'x' LIKE '" + "%a" * 2000 + "'", "too complex"),
    ("SELECT * FROM stories_fts WHERE stories_fts MATCH '\"'", "what follows MATCH is no search"),
    ("SELECT * FROM stories_fts WHERE stories_fts MATCH 'titel:a'", "titel"),
    ("DELETE FROM stories", "DELETE is not done here"),
    ("INSERT INTO tags (kind, name) VALUES ('a', 'b')", "INSERT is not done here"),
    ("REPLACE INTO tags (kind, name) VALUES ('a', 'b')", "REPLACE is not done here"),
    ("UPDATE stories SET title = ''", "UPDATE is not done here"),
    ("WITH x AS (SELECT 1) UPDATE stories SET title = ''", "UPDATE is not done here"),
    ("CREATE TABLE x (a)", "CREATE is not done here"),
    ("CREATE TEMP TABLE x (a)", "CREATE is not done here"),
    ("CREATE TEMP VIEW x AS SELECT 1", "CREATE is not done here"),
    ("CREATE VIRTUAL TABLE temp.x USING fts5(a)", "CREATE is not done here"),
    ("DROP TABLE stories", "DROP is not done here"),
    ("ALTER TABLE stories ADD COLUMN x", "ALTER is not done here"),
    ("ATTACH 'other.db' AS other", "ATTACH is not done here"),
    ("DETACH main", "DETACH is not done here"),
    ("VACUUM", "VACUUM is not done here"),
    ("VACUUM INTO 'copy.db'", "VACUUM is not done here"),
    ("REINDEX", "REINDEX is not done here"),
    ("ANALYZE", "ANALYZE is not done here"),
    ("BEGIN", "a transaction is not done here"),
    ("COMMIT", "a transaction is not done here"),
    ("SAVEPOINT x", "SAVEPOINT is not done here"),
    ("PRAGMA writable_schema = ON", "PRAGMA writable_schema is not done here"),
    ("PRAGMA query_only = OFF", "PRAGMA query_only is not done here"),
    ("PRAGMA user_version = 3", "PRAGMA user_version is not done here"),
    ("PRAGMA wal_checkpoint", "PRAGMA wal_checkpoint is not done here"),
    ("PRAGMA temp_store_directory = '/'", "PRAGMA temp_store_directory is not done here"),
    ("PRAGMA hard_heap_limit = 0", "PRAGMA hard_heap_limit is not done here"),
    ("SELECT * FROM pragma_database_list", "reading what is none of the archive's tables is not done here"),
    ("SELECT load_extension('x')", "the function load_extension() is not done here"),
    ("SELECT fts3_tokenizer('simple')", "the function fts3_tokenizer() is not done here"),
    ("SELECT * FROM sqlite_stmt", "reading sqlite_stmt is not done here"),
    ("SELECT readfile('/etc/passwd')", "no such function"),
    ("SELECT 1; DROP TABLE stories", "more than one statement"),
    ("SELECT 1; -- and\nSELECT 2", "more than one statement"),
    ("", "there is no statement in it"),
    ("-- nothing", "there is no statement in it"),
    ("SELECT 'a\0b'", ""),
    ("SELECT (", "incomplete input"),
    ("SELECT :who", ":who has no value; give one: --param who=…"),
    ("SELECT ?", "a parameter has no name; write :name"),
    ("SELECT titel FROM stories", "there is no column titel; did you mean title"),
    ("SELECT o.tile FROM story_overview o", "there is no column o.tile; did you mean title"),
    ("SELECT source FROM stories", "there is no column source; it is a column of coverage, "),
    (
        "SELECT spacing_minutes FROM stories",
        "there is no column spacing_minutes; it is a column of source_health. docs",
    ),
    (
        "SELECT minutes_after FROM story_changes",
        "there is no column minutes_after; it is a column of story_sources. docs",
    ),
    ("SELECT * FROM storys", "there is no table storys; did you mean stories"),
    ("SELECT * FROM other.stories", "there is no table other.stories; did you mean stories"),
)
"""What is refused, and how that begins to be said."""


def state(archive: Path) -> tuple[list[str], str]:
    """Read which files are beside an archive, but SQLite's own, and what it is."""
    beside = [path.name for path in archive.parent.iterdir() if not path.name.endswith(("-shm", "-wal"))]
    return sorted(beside), hashlib.sha256(archive.read_bytes()).hexdigest()


@pytest.mark.parametrize("sql", SLOW)
def test_what_never_ends_is_ended(archive: Path, started: list[subprocess.Popen[bytes]], sql: str) -> None:
    """It is said why, its process is gone, and nothing was written."""
    before = state(archive)

    with pytest.raises(TooSlowError, match=r"^it takes longer than 0.3 s to answer this; ask for less"):
        rows(archive, sql, timeout_s=0.3)

    assert [process.returncode for process in started] == [-signal.SIGKILL]
    assert is_gone(started[0].pid)
    assert state(archive) == before


def test_what_may_not_be_done_is_refused(archive: Path, started: list[subprocess.Popen[bytes]]) -> None:
    """In one line each, with the mend; and nothing was written, in any folder."""
    before = state(archive)
    here = sorted(Path.cwd().iterdir())
    wrong: list[tuple[object, ...]] = []

    for sql, said in REFUSED:
        try:
            found = rows(archive, sql, timeout_s=20)
            wrong.append((sql[:80], said, found))
        except SqlError as error:
            if said not in str(error) or "\n" in str(error) or not error.mend or isinstance(error, TooSlowError):
                wrong.append((sql[:80], said, str(error)))

    assert wrong == []
    assert len(started) == len(REFUSED)
    assert all(is_gone(process.pid) for process in started)
    assert state(archive) == before
    assert sorted(Path.cwd().iterdir()) == here


def test_memory_is_bounded(archive: Path) -> None:
    """Of the process, and of whoever asked."""
    hogs = [sql for sql, said in REFUSED if said in ("too big", "MB of memory")]
    hogs += [
        f"SELECT {', '.join(['randomblob(15000000)'] * 30)}",
        f"{ENDLESS} SELECT zeroblob(15000000) FROM c LIMIT 9",
    ]
    code = f"""
import json, resource, sys
from pathlib import Path
from db.sql_ask import Question, asked
from db.sql_fault import SqlError
ended = 0
for sql in json.load(sys.stdin):
    try:
        with asked(Path({str(archive)!r}), Question(sql=sql, bytes=2_000_000)) as answer:
            ended += len(list(answer)) >= 0
    except SqlError:
        ended += 1
# not ru_maxrss: that of a process begins with what its parent had, be it a large one of many tests
own = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
print(json.dumps([ended, own // 1024, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, input=json.dumps(hogs), capture_output=True, text=True, check=True
    )

    ended, asker_mb, process_mb = json.loads(done.stdout)
    assert ended == len(hogs)
    assert process_mb < RSS_MB
    assert asker_mb < 150


def test_files_to_sort_with_are_bounded_and_gone(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the process was killed with one open; and without leave there is none."""
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    sort = f"{ENDLESS.removesuffix(')')} LIMIT 200000) SELECT x, randomblob(1000) AS b FROM c ORDER BY b"
    small = {"memory_bytes": 30_000_000, "temp_bytes": 70_000_000}

    with pytest.raises(SqlError, match="it takes more than 70 MB of temporary room"):
        rows(archive, sort, **small)
    with pytest.raises(TooSlowError):
        rows(archive, sort.replace(" LIMIT 200000", ""), timeout_s=0.5, temp_bytes=10**12)
    with pytest.raises(SqlError, match="it takes more than 30 MB of memory"):
        rows(archive, sort, memory_bytes=30_000_000)

    assert len(rows(archive, sort.replace("200000", "20000"), **small, rows=0)) == 20_000
    assert list(tmp_path.iterdir()) == []


def test_many_rows_take_little_memory(archive: Path) -> None:
    """They are given as they come, and not kept."""
    tracemalloc.start()
    try:
        with asked(
            archive, Question(sql=f"{ENDLESS} SELECT x, 'a text of some length' FROM c", rows=100_000)
        ) as answer:
            count = sum(1 for _ in answer)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (count, answer.cut) == (100_000, "rows")
    assert peak < 3_000_000


def test_answer_is_cut_where_it_grows_too_long(archive: Path) -> None:
    """Whole rows, and it is said why."""
    with asked(archive, Question(sql=f"{ENDLESS} SELECT x, zeroblob(1000) FROM c", bytes=10_000)) as answer:
        found = list(answer)

    assert answer.cut == "bytes"
    assert 1 < len(found) < 10
    assert found[0] == [1, b"\0" * 1000]


def test_what_the_asker_does_with_rows_is_not_the_statements_time(archive: Path) -> None:
    """Rows that wait to be read are no slow statement: its clock is asked only while we wait for it."""
    with asked(archive, Question(sql=f"{ENDLESS} SELECT x, 'text' FROM c", rows=50_000, timeout_s=60)) as answer:
        given = iter(answer)
        first = next(given)
        waited = [sum(range(1000)) for _ in range(2000)]
        rest = sum(1 for _ in given)

    assert (first, len(waited), rest) == ([1, "text"], 2000, 49_999)


def test_one_who_stops_listening_ends_it(archive: Path, started: list[subprocess.Popen[bytes]]) -> None:
    """At once."""
    with asked(archive, Question(sql=f"{ENDLESS} SELECT x FROM c", rows=0)) as answer:
        assert next(iter(answer)) == [1]

    assert is_gone(started[0].pid)


@pytest.mark.parametrize("sql", [SLOW[0], SLOW[2]], ids=["many steps", "a long step"])
def test_one_whose_asker_is_killed_ends_with_it(archive: Path, sql: str) -> None:
    """Not by its bound of processor time, which is hours here: at once, also in the midst of a single step."""
    code = f"""
import subprocess
from pathlib import Path
from db import sql_ask
real = subprocess.Popen
def popen(*args, **more):
    process = real(*args, **more)
    print(process.pid, flush=True)
    return process
sql_ask.subprocess.Popen = popen
with sql_ask.asked(Path({str(archive)!r}), sql_ask.Question(sql={sql!r}, timeout_s=20_000)) as answer:
    list(answer)
"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as asker:
        assert asker.stdout is not None
        pid = int(asker.stdout.readline())
        try:
            until(lambda: worked_s(pid) > 0.2, "it does not begin")
            asker.kill()
            asker.wait()

            until(lambda: is_gone(pid), "it goes on", 20)
        finally:
            if not is_gone(pid):
                os.kill(pid, signal.SIGKILL)


def test_values_are_what_the_archive_has(archive: Path) -> None:
    """Bytes, the largest numbers, infinity, texts with NUL or broken UTF-8."""
    sql = (
        "SELECT x'00ff', 9e999, -9e999, 9223372036854775807, -9223372036854775808, 0.1, NULL, "
        "'a' || char(0) || 'b', CAST(x'ff41' AS TEXT), '', x'', char(0x2028, 0x1F600)"
    )

    (row,) = rows(archive, sql)

    texts = ["a\0b", "\ufffdA", "", b"", "\u2028\U0001f600"]
    assert row == [b"\0\xff", float("inf"), float("-inf"), 2**63 - 1, -(2**63), 0.1, None, *texts]


READS = (
    ("SELECT count(*) FROM stories", 6),
    ("VALUES (1)", 1),
    ("/* why */ SELECT 1 -- so", 1),
    ("SELECT 1;", 1),
    ("PRAGMA user_version", 11),
    ("SELECT count(*) > 5 FROM pragma_table_info('stories')", 1),
    ("SELECT count(*) FROM json_each('[1, 2]')", 2),
    ("SELECT rowid FROM stories_fts WHERE stories_fts MATCH 'zebra' ORDER BY rank", 1),
    ("SELECT highlight(stories_fts, 1, '[', ']') LIKE '%[zebra]%' FROM stories_fts WHERE stories_fts MATCH 'zebra'", 1),
    ("SELECT bm25(stories_fts) < 0 FROM stories_fts WHERE stories_fts MATCH 'zebra'", 1),
    ("SELECT count(*) FROM coverage JOIN stories ON stories.id = story_id", 7),
    ("SELECT a FROM (SELECT 1 AS a) NATURAL JOIN (SELECT 1 AS a)", 1),
    ("SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY id) AS n FROM stories)", 6),
    ("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 9) SELECT sum(x) FROM c", 45),
    ("SELECT strftime('%Y', first_seen) FROM stories LIMIT 1", "2026"),
    ("SELECT json_extract('{\"a\": 7}', '$.a') ->> '$'", 7),
    ("SELECT :a + :b", 5),
)


@pytest.mark.parametrize(("sql", "value"), READS)
def test_what_reads_is_answered(archive: Path, sql: str, value: object) -> None:
    """With its first value."""
    assert rows(archive, sql, params={"a": 2, "b": 3})[0][0] == value


def test_every_table_and_view_can_be_read(archive: Path) -> None:
    """With all that views call; a wrong name is told of beside them."""
    names = rows(archive, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')", rows=0)

    assert len(names) > 40
    for (name,) in names:
        (first, *_) = told_here(archive, f'SELECT * FROM "{name}" LIMIT 1')
        assert first.startswith('{"columns": ["'), (name, first)
    (told,) = told_here(archive, "SELECT titel FROM stories")
    assert {name for (name,) in names} >= set(json.loads(told)["names"]) >= {"stories", "coverage"}


def test_wrong_name_is_told_also_beside_a_view_that_leads_nowhere(tmp_path: Path) -> None:
    """Of which SQLite can't tell the columns, as of a table of an extension that is not there."""
    path = tmp_path / "wireroom.db"
    with sqlite3.connect(path) as db:
        db.executescript(
            "CREATE TABLE stories (title); CREATE VIEW stale AS SELECT a FROM taken_away; PRAGMA writable_schema = ON;"
            "INSERT INTO sqlite_master VALUES ('table', 'far', 'far', 0, 'CREATE VIRTUAL TABLE far USING not_here')"
        )
    db.close()

    with pytest.raises(SqlError, match="titel") as raised:
        rows(path, "SELECT titel FROM stories")
    assert "title" in raised.value.mend


def test_plan_of_a_statement_can_be_asked_for(archive: Path) -> None:
    """To make it quicker."""
    (step,) = rows(archive, "EXPLAIN QUERY PLAN SELECT * FROM stories WHERE id = 1")

    assert "SEARCH stories" in step[3]


def told_here(archive: Path, sql: str) -> list[str]:
    """Have a statement answered as its process would, but in this one → the lines."""
    told: list[str] = []
    question = Question(sql=sql)
    asked = {"uri": f"{archive.as_uri()}?mode=ro", "busy_ms": 0} | {
        name: getattr(question, name) for name in ("sql", "params", "rows", "bytes", "memory_bytes", "temp_bytes")
    }
    sql_child.run(asked, told.append)
    return told


LEAKS = (
    "SELECT * FROM {table}",
    "SELECT * FROM main.{table}",
    "SELECT {column} || '' FROM {table} t",
    "SELECT group_concat({column}) FROM {table}",
    "SELECT max({column}) FROM {table}",
    "SELECT max({column}) OVER () FROM {table}",
    "SELECT json_object('a', {column}) FROM {table}",
    "WITH x AS (SELECT * FROM {table}) SELECT * FROM x",
    "SELECT (SELECT {column} FROM {table})",
    "SELECT 1 FROM {table} WHERE {column} LIKE 'kept%'",
    "SELECT 1 FROM {table} WHERE {column} > ''",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM {table} WHERE {column} = '" + HIDDEN + "')",
    "SELECT 1 FROM {table} a JOIN {table} b ON a.{column} = b.{column}",
    "SELECT 1 FROM {table} JOIN (SELECT '" + HIDDEN + "' AS {column}) USING ({column})",
    "SELECT {column} FROM (SELECT NULL AS {column}) FULL JOIN {table} USING ({column})",
    "SELECT * FROM (SELECT NULL AS {column}) NATURAL FULL JOIN {table}",
    'SELECT * FROM (SELECT NULL AS {column}) NaTuRaL/**/FULL JOIN "{table}"',
    "SELECT {column} FROM {table} GROUP BY {column} HAVING {column} > ''",
    "SELECT 1 FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {column} > '')",
)
"""Ways to a column that reads as NULL."""


@pytest.mark.parametrize("table", [table for table in SECRETS if not table.startswith("sqlite_")])
def test_secrets_are_not_told(archive: Path, table: str) -> None:
    """Nor whether they are something."""
    with sqlite3.connect(archive) as db:
        for column in SECRETS[table]:
            assert db.execute(f"SELECT {column} FROM {table}").fetchall() == [(HIDDEN,)]
    db.close()
    for column in SECRETS[table]:
        for leak in LEAKS:
            for told in told_here(archive, leak.format(table=table, column=column)):
                assert HIDDEN not in told, leak
                assert '"error"' not in told or "rowid" in told or "NATURAL or USING" in told
                assert '"rows":[[1]]' not in told, leak


def test_every_column_that_sounds_secret_is(archive: Path) -> None:
    """One that a later step of the schema adds is not forgotten."""
    with sqlite3.connect(archive) as db:
        columns = db.execute(
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c "
            "WHERE m.type = 'table' AND c.type = 'TEXT'"
        ).fetchall()
    db.close()
    sounding = {
        (table, name) for table, name in columns if any(word in name for word in ("token", "secret", "callback"))
    }

    assert sounding
    assert all(name in SECRETS.get(table, ()) for table, name in sounding)


def test_a_file_that_is_no_archive_is_said_to_be_damaged(tmp_path: Path) -> None:
    """And one that is not there, not to be."""
    (tmp_path / "bad.db").write_bytes(b"no archive at all" * 1000)

    with pytest.raises(ArchiveError, match="damaged") as bad:
        rows(tmp_path / "bad.db", "SELECT 1 FROM stories")
    with pytest.raises(ArchiveError, match="can't be read") as gone:
        rows(tmp_path / "none.db", "SELECT 1")

    assert (bad.value.code, gone.value.code) == (65, 74)
    assert not (tmp_path / "none.db").exists()


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be written without a folder's name is seen here."""
    monkeypatch.chdir(tmp_path)
