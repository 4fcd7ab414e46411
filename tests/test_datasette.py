"""The archive in Datasette and sqlite-utils: labels and search found by themselves, secrets kept, questions answered.

Datasette is asked in this process, by its own client; the archive is the worked one, while its writer has it open.
"""

from __future__ import annotations

import http.client
import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from datasette.app import Datasette
from sqlite_utils import Database

from db.document import tables_of
from db.questions import QUESTIONS
from house import ROOT, free_port, until
from wireroom.cli import cli
from wireroom.datasette_metadata import metadata
from wireroom.datasette_served import datasette_of
from worked import Wire, fill

TOKEN = "nobody-guesses-this"


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Wire:
    """Give the worked archive, its writer at work, with a secret in each table that may have one."""
    made = Wire(tmp_path_factory.mktemp("datasette") / "wireroom.db")
    fill(made)
    for sql in (
        "INSERT INTO tokens (topic_id, token, minted_at) VALUES (1, ?, '')",
        "INSERT INTO subscriptions (source_id, hub, topic, token, secret, state) VALUES (1, '', '', ?1, ?1, 'active')",
        "INSERT INTO subscribers (topic_id, format, callback, host, asked, secret, verified_at, expires_at, delivered) "
        "VALUES (1, 'rss', ?1, '', ?1, ?1, '', '', 0)",
        "INSERT INTO pings (hub, topic_id, format) VALUES (?, 1, 'rss')",
        "INSERT INTO webhooks (config_id, topic_id, sent, gone_url) VALUES ('hook', 1, 0, ?)",
    ):
        made.db.execute(sql, [TOKEN])
    return made


@pytest.fixture
def datasette(wire: Wire) -> Datasette:
    """Give what ``wireroom datasette`` serves."""
    return datasette_of(wire.path, metadata("wireroom", tables_of(wire.db)))


async def asked(datasette: Datasette, path: str, **params: str) -> Any:
    """Ask for JSON."""
    got = await datasette.client.get(f"/{path}.json", params=params, headers={"Host": "127.0.0.1:8001"})
    assert got.status_code == 200, got.text
    return got.json()


async def test_foreign_keys_are_shown_by_name(datasette: Datasette) -> None:
    """Sources and topics by the ids of the config, stories and tags by their title and name."""
    got = await asked(datasette, "wireroom/entries", _labels="on", id="5")
    taken = await asked(datasette, "wireroom/selections", _labels="on", id="1")
    tagged = await asked(datasette, "wireroom/story_tags", _labels="on", story_id="9", origin="rule")

    (row,) = got["rows"]
    assert row["source_id"] == {"value": 2, "label": "harbour-post"}
    assert row["story_id"]["label"] == "Dockers at Saltmouth strike for a second day"
    assert taken["rows"][0]["topic_id"]["label"] == "shipping"
    assert tagged["rows"][0]["tag_id"]["label"] == "sea"


async def test_search_and_facets_are_there(datasette: Datasette) -> None:
    """On stories by words, on the overview by what its lists have."""
    found = await asked(datasette, "wireroom/stories", _search="ferry ice", _shape="objects")
    overview = await asked(datasette, "wireroom/story_overview")

    assert [row["title"] for row in found["rows"]] == ["Ice delays the Orlesund ferry"]
    facets = {one["name"]: one["results"] for one in overview["facet_results"].values()}
    assert ("harbour-post", 5) in {(one["value"], one["count"]) for one in facets["sources"]}
    assert {one["value"] for one in facets["topics"]} == {"shipping", "labour"}
    assert overview["rows"][0][0] == overview["filtered_table_rows_count"]


async def test_id_in_a_view_or_an_answer_leads_to_its_row(datasette: Datasette) -> None:
    """A view has no keys that Datasette could follow; a table has."""
    for path in ("topic_stories?story_id=4", "story_overview?story_id=4", "selections?story_id=4"):
        got = await datasette.client.get(f"/wireroom/{path}", headers={"Host": "localhost"})

        assert 'href="/wireroom/stories/4"' in got.text, path
    answer = await datasette.client.get("/wireroom?sql=SELECT+4+AS+story_id", headers={"Host": "localhost"})
    assert '<a href="/wireroom/stories/4">4</a>' in answer.text


async def test_newest_comes_first_and_facets_leave_room(datasette: Datasette) -> None:
    """In the views that people open, as in the tables."""
    taken = await asked(datasette, "wireroom/topic_stories", _shape="objects")
    carried = await asked(datasette, "wireroom/story_sources", _shape="objects", _facet="minutes_after")

    assert [row["selection_id"] for row in taken["rows"]] == list(range(len(taken["rows"]), 0, -1))
    assert carried["rows"][0]["entry_id"] > carried["rows"][-1]["entry_id"]
    assert len(carried["facet_results"]["source"]["results"]) <= 8


async def test_every_question_is_answered(datasette: Datasette) -> None:
    """As a form, with nothing filled in."""
    for question in QUESTIONS:
        got = await datasette.client.get(f"/wireroom/{question.id}", headers={"Host": "localhost"})

        assert got.status_code == 200, question.id
        assert "errorMessage" not in got.text, question.id
        assert question.title.partition("'")[0] in got.text


async def test_what_people_ask_is_listed_and_the_rest_is_not(datasette: Datasette) -> None:
    """The daemon's own tables are hidden."""
    got = await asked(datasette, "wireroom")
    shown = {table["name"] for table in got["tables"] if not table["hidden"]}

    assert {"stories", "entries", "sources", "topics", "selections", "tags", "revisions"} <= shown
    assert (
        shown & {"prints", "shingles", "outlines", "entry_keys", "tokens", "subscriptions", "stories_fts_data"} == set()
    )
    assert "sqlite_sequence" not in shown
    assert {view["name"] for view in got["views"]} > {"story_overview", "story_sources", "topic_stories"}


@pytest.mark.parametrize("table", ["tokens", "subscriptions", "subscribers", "pings", "webhooks"])
async def test_secret_is_told_to_nobody(datasette: Datasette, table: str) -> None:
    """Its table has no page, and SQL reads it as null, wherever it is asked from."""
    page = await datasette.client.get(f"/wireroom/{table}.json", headers={"Host": "127.0.0.1"})
    rows = await asked(datasette, "wireroom", sql=f"SELECT * FROM (SELECT * FROM {table}) x JOIN topics")

    assert page.status_code == 403
    assert rows["rows"]
    assert TOKEN not in json.dumps(rows)


async def test_secret_can_not_be_guessed_by_comparing(datasette: Datasette) -> None:
    """A condition sees null too."""
    got = await asked(datasette, "wireroom", sql=f"SELECT count(*) FROM tokens WHERE token = '{TOKEN}'")

    assert got["rows"] == [[0]]


@pytest.mark.parametrize(
    "join",
    [
        "FULL JOIN {table} USING ({column})",
        "NATURAL FULL JOIN {table}",
        'natural/**/full join main."{table}"',
        "LEFT JOIN (SELECT 1) ON 1 FULL JOIN {table} USING ({column})",
    ],
)
@pytest.mark.parametrize(
    ("table", "column"),
    [("tokens", "token"), ("subscriptions", "secret"), ("subscribers", "callback"), ("pings", "hub")],
)
async def test_secret_is_not_told_by_a_join_either(datasette: Datasette, table: str, column: str, join: str) -> None:
    """SQLite asks no leave for columns of NATURAL JOIN and USING; a condition of a table's page can have them too."""
    found = f"SELECT {column} FROM (SELECT NULL AS {column}) {join.format(table=table, column=column)}"
    for path, params in (
        ("/wireroom.json", {"sql": found}),
        ("/wireroom/sources.json", {"_where": f"EXISTS (SELECT 1 FROM ({found}) WHERE {column} LIKE 'nobody%')"}),
    ):
        got = await datasette.client.get(path, params=params, headers={"Host": "127.0.0.1"})
        assert got.status_code == 400, got.text
        assert TOKEN not in got.text
        assert "are not done with" in got.text
    file = {"sql": found, "_stream": "1"}
    assert TOKEN not in (await datasette.client.get("/wireroom.csv", params=file, headers={"Host": "127.0.0.1"})).text


@pytest.mark.parametrize(
    "call", ["fts3_tokenizer('simple', x'4141414141414141')", "load_extension('x')", "edit('x')", "FTS3_TOKENIZER('a')"]
)
async def test_functions_that_do_more_than_read_are_not_called(datasette: Datasette, call: str) -> None:
    """The first would have SQLite run whatever is at that address, for any page on the web that has us ask for it."""
    got = await datasette.client.get("/wireroom.json", params={"sql": f"SELECT {call}"}, headers={"Host": "127.0.0.1"})

    assert got.status_code == 400
    assert "not authorized" in got.text or "no such function" in got.text


async def test_page_of_another_name_reads_nothing(datasette: Datasette) -> None:
    """A name that was pointed here (DNS rebinding) is none of ours."""
    got = await datasette.client.get("/wireroom.json?sql=select+1", headers={"Host": "evil.example:8001"})

    assert got.status_code == 421
    assert "rows" not in got.text


async def test_value_is_no_bigger_than_it_may_be(datasette: Datasette) -> None:
    """No time limit ends what is made inside of one step."""
    got = await asked(datasette, "wireroom", sql="SELECT length(printf('%.*c', 50000000, 'x'))")

    assert got["rows"] == [[None]]


async def test_archive_can_be_written_while_it_is_read(datasette: Datasette, wire: Wire) -> None:
    """The next page has what was written since; nothing is written through it, and the file can't be fetched."""
    before = await asked(datasette, "wireroom", sql="SELECT count(*) FROM authors")
    wire.db.execute("INSERT INTO authors (name, folded) VALUES ('Ada', 'ada')")
    after = await asked(datasette, "wireroom", sql="SELECT count(*) FROM authors")
    file = await datasette.client.get("/wireroom.db", headers={"Host": "127.0.0.1"})
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await datasette.databases["wireroom"].execute_fn(lambda conn: conn.execute("DELETE FROM authors"))
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        await datasette.databases["wireroom"].execute_fn(lambda conn: conn.execute("ATTACH ':memory:' AS more"))

    assert after["rows"][0][0] == before["rows"][0][0] + 1
    assert file.status_code in (403, 404)


def test_copy_for_others_has_no_address_with_a_key(wire: Wire, tmp_path: Path) -> None:
    """Made as docs/datasette.md has it; of sources that name a page of their own, and of those that name none."""
    page = (ROOT / "docs" / "datasette.md").read_text(encoding="utf-8")
    (purge,) = re.findall(r'sqlite3 shown/wireroom.db "(.*?)"', page, re.DOTALL)
    key, columns = "paid-for-key", ("moved_url", "moving_to", "validators_url", "offers", "hub_url", "hub_topic")
    wire.db.execute(f"VACUUM INTO '{tmp_path / 'whole.db'}'")
    copy = sqlite3.connect(tmp_path / "whole.db", isolation_level=None)
    for column in ("url", *columns, "last_error"):
        copy.execute(f"UPDATE sources SET {column} = config_id || ?", [key])
    copy.execute("UPDATE sources SET site_url = 'https://coast-wire.example/' WHERE config_id = 'coast-wire'")
    copy.execute("UPDATE polls SET error = ?", [key])
    copy.execute("UPDATE troubles SET said = ?", [key])
    copy.execute("INSERT INTO moves (source_id, moved_at, from_url, to_url, why) VALUES (1, '', ?1, ?1, '')", [key])
    assert key.encode() in (tmp_path / "whole.db").read_bytes()

    copy.executescript(purge)

    assert copy.execute("SELECT count(*) FROM story_overview").fetchone()[0] > 10
    copy.close()
    left = (tmp_path / "whole.db").read_bytes()
    assert key.encode() not in left
    assert TOKEN.encode() not in left


def test_sqlite_utils_finds_search_and_foreign_keys(wire: Wire) -> None:
    """Without being told."""
    with sqlite3.connect(f"file:{wire.path}?mode=ro", uri=True) as conn:
        db = Database(conn)
        stories = db["stories"]

        assert stories.detect_fts() == "stories_fts"  # type: ignore[union-attr]
        assert [row["id"] for row in stories.search("comet")] == [16]  # type: ignore[union-attr]
        keys = {(key.column, key.other_table) for key in db["entries"].foreign_keys}  # type: ignore[union-attr]
        assert {("source_id", "sources"), ("story_id", "stories")} <= keys


def test_metadata_is_printed_for_a_datasette_of_ones_own(wire: Wire) -> None:
    """With the name that Datasette gives the file; Datasette need not be there."""
    done = CliRunner().invoke(cli, ["datasette", "--metadata", "-c", str(wire.path.with_name("config.toml"))])
    told = json.loads(done.output)

    assert done.exit_code == 0
    assert told == metadata("wireroom", tables_of(wire.db))
    assert told["databases"]["wireroom"]["tables"]["tokens"]["allow"] is False


def test_missing_extra_is_one_line_with_the_mend(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells what to install."""
    monkeypatch.delitem(sys.modules, "wireroom.datasette_served", raising=False)
    monkeypatch.setitem(sys.modules, "datasette", None)
    done = CliRunner().invoke(cli, ["datasette", "-c", str(wire.path.with_name("config.toml"))])

    assert done.exit_code == 69
    assert done.stderr.splitlines() == [
        "wireroom: Datasette is not installed; install it beside Wireroom: pip install 'wireroom[datasette]'"
    ]


def test_command_serves_until_it_is_told_to_end(wire: Wire) -> None:
    """A process of its own, beside the writer; who comes second to its port is told so."""
    port = str(free_port())
    config = ["-c", str(wire.path.with_name("config.toml"))]
    command = [sys.executable, "-m", "wireroom", "datasette", "--port", port, *config]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"http://127.0.0.1:{port}/wireroom (Ctrl-C ends it)\n"
        connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
        until(lambda: reached(connection), "it does not answer")
        connection.request("GET", "/wireroom/source_health.json?_shape=array&_col=source")
        rows = json.loads(connection.getresponse().read())
        connection.close()
        second = CliRunner().invoke(cli, ["datasette", "--port", port, *config])
    finally:
        process.terminate()
        rest = process.communicate(timeout=30)[0]

    assert rows[0]["source"] == "coast-wire"
    assert (second.exit_code, second.stderr) == (
        74,
        f"wireroom: 127.0.0.1:{port}: Address already in use; name another with --port\n",
    )
    assert rest == ""


def reached(connection: http.client.HTTPConnection) -> bool:
    """Tell whether somebody listens."""
    try:
        connection.connect()
    except OSError:
        return False
    return True


def test_no_archive_is_said(tmp_path: Path) -> None:
    """Before anything is served."""
    (tmp_path / "config.toml").write_text('[[source]]\nid = "a"\nurl = "https://a.example/"\n')
    done = CliRunner().invoke(cli, ["datasette", "-c", str(tmp_path / "config.toml")])

    assert done.exit_code == 66
    assert "there is no archive yet" in done.stderr
