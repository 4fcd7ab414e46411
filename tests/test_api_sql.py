"""/api/sql: the owner alone, bounded, and nobody else waits for it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from db.readers import BusyError
from db.sql_ask import Question
from feeds import api_sql
from house import House, until
from office import TOKEN, Got, running_office
from origin import Origin, item, rss
from reading_room import reading_room
from reading_site import Asker, asked_site

ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """Serve an archive."""
    room = reading_room(tmp_path_factory.mktemp("sql") / "wireroom.db")
    with asked_site(tmp_path_factory.mktemp("site"), room.path, rates={}) as asker:
        yield asker


def address(sql: str, **more: object) -> str:
    """Write the address of a question."""
    return f"/api/sql?{urlencode({'sql': sql, **more})}"


@pytest.mark.parametrize(
    ("headers", "mend"),
    [({}, "Bearer"), ({"authorization": "Bearer guessed"}, "Bearer"), ({"cookie": "wireroom=guessed"}, "Bearer")],
)
def test_nobody_but_the_owner_may_ask(ask: Asker, headers: dict[str, str], mend: str) -> None:
    """From this machine neither."""
    answer = ask(address("SELECT 1"), owner=False, **headers)

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert mend in answer.json["mend"]


def test_without_a_token_nobody_is_the_owner(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is said what to do."""
    monkeypatch.setattr(type(ask.site), "token", None)

    answer = ask(address("SELECT 1"), owner=True)

    assert (answer.status, "[wireroom] token" in answer.json["mend"]) == (401, True)


def test_answer_is_kept_by_nobody_and_read_by_no_other_site(ask: Asker) -> None:
    """It is the owner's."""
    answer = ask(address("SELECT 1 AS a"), owner=True)

    assert answer.json == {"columns": ["a"], "rows": [{"a": 1}], "cut": None}
    assert answer.headers["cache-control"] == "private, no-store"
    assert "access-control-allow-origin" not in answer.headers


def test_shapes_limits_and_parameters(ask: Asker) -> None:
    """As the description has them."""
    sql = "SELECT id, id, x'00ff' AS b, 9e999 AS f, :text || :number AS p FROM stories WHERE id >= :number ORDER BY id"
    params = json.dumps({"text": "a", "number": 2})

    objects = ask(address(sql, params=params, limit=2), owner=True)
    arrays = ask(address(sql, params=params, limit=5, shape="arrays"), owner=True).json

    raw = {"$base64": True, "encoded": "AP8="}
    assert objects.json["rows"] == [{"id": id_, "id_2": id_, "b": raw, "f": float("inf"), "p": "a2"} for id_ in (2, 3)]
    assert b"9e999" in objects.body
    assert (objects.json["cut"], arrays["cut"]) == ("rows", None)
    assert arrays["columns"] == ["id", "id", "b", "f", "p"]
    assert arrays["rows"][4] == [6, 6, raw, float("inf"), "a2"]


@pytest.mark.parametrize(
    ("fields", "error", "mend"),
    [
        ({"sql": ""}, "sql is missing", "SELECT"),
        ({"sql": "DELETE FROM stories"}, "DELETE is not done here: it only reads", "ask with one SELECT"),
        ({"sql": "SELECT titel FROM stories"}, "there is no column titel", "did you mean title"),
        ({"sql": "SELECT :a"}, ":a has no value", "params"),
        ({"sql": "SELECT 1", "params": "[1]"}, "params is no JSON object of numbers and texts", "params"),
        ({"sql": "SELECT 1", "params": '{"a": [1]}'}, "params is no JSON object of numbers and texts", "params"),
        ({"sql": "SELECT 1", "params": "[" * 2000}, "params is no JSON object of numbers and texts", "params"),
        ({"sql": "SELECT 1", "params": '{"a": 1e999, "b": 99999999999999999999}'}, "params is no", "params"),
        ({"sql": "SELECT 1", "shape": "round"}, "shape is 'round'", "objects, arrays"),
        ({"sql": "SELECT 1", "limit": "0"}, "limit is '0'", "from 1 to 1000"),
        ({"sql": "SELECT 1", "limit": "1001"}, "limit is '1001'", "from 1 to 1000"),
    ],
)
def test_fault_is_said_with_its_mend(ask: Asker, fields: dict[str, str], error: str, mend: str) -> None:
    """400."""
    answer = ask(f"/api/sql?{urlencode(fields)}", owner=True)

    assert answer.status == 400
    assert answer.json["error"].startswith(error)
    assert mend in answer.json["mend"]


def test_slow_statement_is_503(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do."""
    monkeypatch.setattr(api_sql, "LIMIT_S", 0.2)

    answer = ask(address(f"{ENDLESS} SELECT count(*) FROM c"), owner=True)

    assert answer.status == 503
    assert answer.json["error"] == "it takes longer than 0.2 s to answer this"
    assert answer.headers["retry-after"] == "60"


def test_long_answer_is_cut(ask: Asker) -> None:
    """At 2 MB of rows."""
    answer = ask(address(f"{ENDLESS} SELECT printf('%.100000c', 'x') AS t FROM c", limit=1000), owner=True)

    assert answer.json["cut"] == "bytes"
    assert len(answer.json["rows"]) == 19


def test_a_post_is_not_done(ask: Asker) -> None:
    """It reads, so it is asked with GET."""
    assert ask(address("SELECT 1"), "POST", owner=True).status == 405


def test_daemon_goes_on_while_hostile_statements_run(
    house: House, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It polls, serves and answers, and each statement comes to an end."""
    monkeypatch.setattr(api_sql, "LIMIT_S", 0.4)
    origin.feed("/feed.xml", rss(item("one"), item("two")))
    topic = '[[topic]]\nid = "all"\ntitle = "All"\nmatch = "sources:>=1"\n'
    house.configure({"tea": origin.url("/feed.xml")}, topic, allow=origin.port)
    text = house.config.read_text(encoding="utf-8").replace("[wireroom]", f'[wireroom]\ntoken = "{TOKEN}"', 1)
    house.config.write_text(text, encoding="utf-8")
    hostile = (
        f"{ENDLESS} SELECT count(*) FROM c",
        "SELECT length(printf('%.*c', 500000000, 'x'))",
        f"{ENDLESS} SELECT x, randomblob(1000000) FROM c ORDER BY -x",
        "SELECT count(*) FROM polls a, polls b, entries c, entries d, (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL "
        "SELECT x + 1 FROM c LIMIT 9999999) SELECT x FROM c)",
    )
    with running_office(house) as office, ThreadPoolExecutor(12) as people:

        def question(number: int) -> Got:
            return office.ask(address(hostile[number % len(hostile)]), Authorization=f"Bearer {TOKEN}")

        asked = [people.submit(question, number) for number in range(12)]
        polled: Any = office.do(do="poll", sources=["tea"], due=False)
        served = [office.ask(path).status for path in ("/topics/all.rss", "/", "/api/stories", "/healthz")]
        answers = [one.result() for one in asked]

    assert [one["outcome"] for one in polled["polled"]] == ["ok"]
    assert served == [200] * 4
    assert all(one.status in (200, 400, 503) for one in answers)
    assert any(one.status == 503 and "longer than" in one.json["error"] for one in answers)


def test_more_than_may_wait_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two are answered at once, eight wait, one more is told to come again; and then there is room again."""
    go_on = threading.Event()
    under_way: list[str] = []

    def answer(_: Path, question: Question, shape: str) -> bytes:
        under_way.append(question.sql)
        go_on.wait(30)
        return shape.encode()

    monkeypatch.setattr(api_sql, "answer_of", answer)

    async def ask_all() -> tuple[int, list[bytes]]:
        desk = api_sql.SqlDesk()
        asked = [asyncio.create_task(desk.ask(tmp_path, Question(sql=str(n)), "arrays")) for n in range(10)]
        await asyncio.to_thread(until, lambda: len(under_way) == api_sql.AT_ONCE, "they do not begin")
        with pytest.raises(BusyError):
            await desk.ask(tmp_path, Question(sql="one more"), "arrays")
        together = len(under_way)
        go_on.set()
        return together, [*await asyncio.gather(*asked), await desk.ask(tmp_path, Question(sql="again"), "arrays")]

    together, answers = asyncio.run(ask_all())

    assert together == 2
    assert answers == [b"arrays"] * 11
