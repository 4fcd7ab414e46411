"""`wireroom sql` and `wireroom export`: their forms, their files, what they say."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from db import rows_told
from house import ROOT, House
from reading_room import reading_room
from wireroom import parquet
from wireroom.cli_ask import number_or_text
from wireroom.new_file import TakenError, new_file

ODD = [1, None, "a\tb\n\\c", b"\0\xff", 2**63 - 1, float("-inf"), 0.1, "\x1b[31mred", "ü—\U0001f600", ["x", "y"]]
NAMES = ["id", "none", "text", "raw", "large", "least", "tenth", "red", "more", "id"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A Wireroom with an archive of six stories."""
    house = House(tmp_path_factory.mktemp("export"))
    reading_room(house.archive).db.close()
    house.configure({})
    return house


def told(form: str, rows: list[list[Any]]) -> str:
    """Write rows in a form."""
    return "".join(rows_told.LINES[form](NAMES, rows))


def test_json_has_every_value() -> None:
    """Read by a program."""
    row = dict(zip(rows_told.unlike(NAMES), ODD, strict=True)) | {"raw": {"$base64": True, "encoded": "AP8="}}

    assert json.loads(told("json", [ODD, ODD])) == [row, row]
    assert [json.loads(line) for line in told("jsonl", [ODD]).splitlines()] == [row]
    assert json.loads(told("json", [])) == []
    assert told("jsonl", []) == ""


def test_csv_has_every_value_as_text() -> None:
    """Nothing for null, and lists parted by blanks."""
    said, row = csv.reader(io.StringIO(told("csv", [ODD]), newline=""))

    assert said == NAMES
    assert row == [
        *("1", "", "a\tb\n\\c", "x'00ff'", "9223372036854775807", "-9e999", "0.1"),
        *("\x1b[31mred", "ü—\U0001f600", "x y"),
    ]


def test_tsv_is_a_line_a_row() -> None:
    """Whatever is in a text."""
    said, row, end = told("tsv", [ODD]).split("\n")

    assert said.split("\t") == NAMES
    assert row.split("\t")[2:4] == ["a\\tb\\n\\\\c", "x'00ff'"]
    assert end == ""


def test_names_are_made_unlike() -> None:
    """Also where one is there already."""
    assert rows_told.unlike(["a", "a", "a_2", "a", ""]) == ["a", "a_2", "a_2_2", "a_3", ""]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("7", 7), ("-7", -7), ("0.5", 0.5), ("007", "007"), ("1e3", "1e3"), ("inf", "inf"), ("nan", "nan")),
        *(("9223372036854775807", 2**63 - 1), ("9223372036854775808", "9223372036854775808")),
        *(("2026-11-20", "2026-11-20"), ("", ""), ("a=b", "a=b"), ("1_000", "1_000"), (" 7", " 7")),
    ],
)
def test_parameter_is_a_number_where_sqlite_would_write_it_so(text: str, value: object) -> None:
    """All else is text."""
    found = number_or_text(text)

    assert (found, type(found)) == (value, type(value))


def test_table_escapes_what_a_terminal_would_obey(house: House) -> None:
    """In names of columns too; in other forms it is as it is."""
    sql = "SELECT char(27) || '[31m' AS \"a\x1b[31m\""

    assert "\x1b" not in house.wireroom("sql", sql).out
    assert "\\x1b[31m" in house.wireroom("sql", sql).out
    assert house.wireroom("sql", sql, "--tsv").out == "a\x1b[31m\n\x1b[31m\n"


def test_rows_left_out_are_told_of(house: House) -> None:
    """On standard error; and that there are none."""
    cut = house.wireroom("sql", "SELECT id FROM stories ORDER BY id", "--limit", "2", "--csv")
    whole = house.wireroom("sql", "SELECT id FROM stories ORDER BY id", "--limit", "0", "--csv")
    none = house.wireroom("sql", "SELECT id FROM stories WHERE id > 99")

    assert (cut.code, cut.out.split(), cut.err) == (
        *(0, ["id", "1", "2"]),
        "wireroom: only the first 2 rows; --limit 0 for all\n",
    )
    assert (whole.code, whole.out.split()[-1], whole.err) == (0, "6", "")
    assert (none.code, none.out) == (0, "no rows\n")


def test_exit_codes(house: House, tmp_path: Path) -> None:
    """2 for a bad statement or parameter, 124 for a slow one, 66 without an archive."""
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"
    slow = house.wireroom("sql", endless, "--timeout", "200ms")
    bad = house.wireroom("sql", "DROP TABLE stories")
    nowhere = House(tmp_path)
    nowhere.configure({})

    assert slow.code == 124
    assert slow.err.startswith("wireroom: sql: it takes longer than 0.2 s to answer this; ask for less")
    assert slow.err.endswith("--timeout\n")
    assert (bad.code, bad.err) == (
        2,
        "wireroom: sql: DROP is not done here: it only reads; ask with one SELECT\n",
    )
    assert house.wireroom("sql", "SELECT :a", "--param", "a").code == 2
    assert house.wireroom("sql", "SELECT 1", "--timeout", "soon").code == 2
    assert house.wireroom("sql", "SELECT 1", "--timeout", "5").code == 0, "seconds, as with `status --every`"
    assert nowhere.wireroom("sql", "SELECT 1").code == 66
    assert not nowhere.archive.exists()


def test_statement_is_read_from_standard_input(house: House) -> None:
    """By -."""
    done = subprocess.run(
        [sys.executable, "-m", "wireroom", "sql", "-", "--csv"],
        cwd=house.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input="-- how many\nSELECT count(*) AS n FROM stories;\n",
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["n", "6"]


def test_export_of_a_query_has_all_of_each_story(house: House) -> None:
    """In every form of text the same, to standard output too."""
    printed = house.wireroom("export", "--query", "sources:>=1").out
    for ending in ("jsonl", "json", "csv", "tsv"):
        done = house.wireroom("export", f"all.{ending}", "--query", "sources:>=1")
        assert (done.code, done.out.partition(" (")[0]) == (0, f"5 stories written to all.{ending}")
    lines = (house.folder / "all.jsonl").read_text(encoding="utf-8")
    with (house.folder / "all.csv").open(encoding="utf-8", newline="") as file:
        in_csv = list(csv.DictReader(file))

    stories = [json.loads(line) for line in lines.splitlines()]
    assert printed == lines
    assert json.loads((house.folder / "all.json").read_bytes()) == stories
    assert [one["story_id"] for one in stories] == [6, 4, 3, 2, 1]
    assert (stories[-1]["sources"], stories[-1]["event_id"]) == (["wire", "herald", "post"], 9)
    assert "A zebra crossed it." in stories[-1]["text"]
    assert [one["text"] for one in in_csv] == [one["text"] for one in stories]
    assert in_csv[-1]["sources"] == "wire herald post"


def test_parquet_has_typed_columns(house: House) -> None:
    """Read back by its own library."""
    house.wireroom("export", "all.parquet", "--query", "sources:>=1")

    table = pq.read_table(house.folder / "all.parquet")

    types = {field.name: field.type for field in table.schema}
    assert types["story_id"] == pa.int64()
    assert types["first_seen"] == pa.timestamp("us", tz="UTC")
    assert types["sources"] == pa.list_(pa.string())
    assert table.column("story_id").to_pylist() == [6, 4, 3, 2, 1]
    assert table.column("sources").to_pylist()[-1] == ["wire", "herald", "post"]
    assert table.column("first_seen").to_pylist()[-1] == datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_parquet_keeps_every_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever kinds a column has, over several groups of rows."""
    monkeypatch.setattr(parquet, "ROWS_A_GROUP", 2)
    names = ["whole", "number", "mixed", "raw", "none", "time", "no_time", "large", "half_large", "whole"]
    rows: list[list[Any]] = [
        [1, 1, 1, b"\0\xff", None, "2026-11-20T08:00:00Z", "2026-02-31T08:00:00Z", 2**63 - 1, 2**60, 7],
        [None, 0.5, "text", None, None, None, "2026-11-20T08:00:00Z", 1, 0.5, 8],
        [-3, float("inf"), b"\1", b"", None, "1999-12-31T23:59:59Z", "then", 2, None, 9],
    ]

    count = parquet.write_parquet(tmp_path / "odd.parquet", names, iter(rows))

    table = pq.read_table(tmp_path / "odd.parquet")
    assert count == 3
    assert pq.ParquetFile(tmp_path / "odd.parquet").num_row_groups == 2
    assert [str(field.type) for field in table.schema] == [
        *("int64", "double", "string", "binary", "string", "timestamp[us, tz=UTC]", "string", "int64", "string"),
        "int64",
    ]
    assert table.column_names[-1] == "whole_2"
    assert table.column("number").to_pylist() == [1.0, 0.5, float("inf")]
    assert table.column("mixed").to_pylist() == ["1", "text", "x'01'"]
    assert table.column("raw").to_pylist() == [b"\0\xff", None, b""]
    assert table.column("large").to_pylist() == [2**63 - 1, 1, 2]
    assert table.column("half_large").to_pylist() == [str(2**60), "0.5", None]
    assert table.column("time").to_pylist()[2] == datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_nothing_found_is_a_file_of_no_rows(house: House) -> None:
    """Of Parquet too."""
    for ending in ("csv", "parquet"):
        done = house.wireroom("export", f"none.{ending}", "--sql", "SELECT id, title FROM stories WHERE id > 99")
        assert (done.code, done.out.partition(" (")[0]) == (0, f"0 rows written to none.{ending}")

    assert (house.folder / "none.csv").read_text() == "id,title\n"
    assert pq.read_table(house.folder / "none.parquet").num_rows == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.csv"], "say what is to be exported: --query or --sql"),
        (["a.csv", "--query", "a", "--sql", "SELECT 1"], "either --query or --sql"),
        (["a.txt", "--query", "zebra"], "a.txt: in which form? End its name so (.json, "),
        (["--as", "parquet", "--query", "zebra"], "a file is needed for that"),
        (["--as", "archive", "--query", "zebra"], "a file is needed for that: wireroom export found.db"),
        (["a.db", "--sql", "SELECT id FROM stories"], "there is no column story_id in what it finds; name the one"),
        (["a.csv", "--query", "titel:x"], "query: column 1: unknown field `titel`"),
        (["a.csv", "--sql", "SELECT titel FROM stories"], "sql: there is no column titel; did you mean title"),
    ],
)
def test_what_cannot_be_exported_is_said_and_leaves_no_file(house: House, words: list[str], said: str) -> None:
    """Not a temporary one either."""
    before = sorted(path.name for path in house.folder.iterdir())

    done = house.wireroom("export", *words)

    assert done.code == 2
    assert said in done.err
    assert sorted(path.name for path in house.folder.iterdir()) == before


def test_no_file_is_overwritten_without_force(house: House) -> None:
    """And with it, it is another one."""
    kept = house.folder / "kept.csv"
    kept.write_text("mine")

    refused = house.wireroom("export", "kept.csv", "--sql", "SELECT 1 AS a")
    assert (refused.code, kept.read_text()) == (73, "mine")
    assert "there is such a file already; --force, or another name" in refused.err

    forced = house.wireroom("export", "kept.csv", "--sql", "SELECT 1 AS a", "--force")
    assert (forced.code, kept.read_text()) == (0, "a\n1\n")
    assert house.wireroom("export", "gone/kept.csv", "--sql", "SELECT 1").code == 74


def test_file_that_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """It was not there when we looked."""

    def write() -> None:
        with new_file(tmp_path / "a.csv", force=False) as place:
            place.write_text("ours")
            (tmp_path / "a.csv").write_text("theirs")

    with pytest.raises(TakenError):
        write()

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.csv", "theirs")]


def test_without_pyarrow_it_is_said_what_to_install(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is an extra."""
    from wireroom.cli import cli

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.chdir(house.folder)

    with pytest.raises(SystemExit) as ended:
        cli(["export", "none-there.parquet", "--query", "zebra"])

    assert ended.value.code == 69
    assert "pip install 'wireroom[parquet]'" in capsys.readouterr().err
    assert not (house.folder / "none-there.parquet").exists()


def test_sources_are_exported_as_before(house: House) -> None:
    """Without a query it is the OPML list."""
    done = house.wireroom("export")

    assert done.code == 0
    assert done.out.startswith("<?xml")
