"""The archive asked in SQL over HTTP, by the owner alone. IO: network, processes.

Each question has a process of its own (``db/sql_ask.py``), a few at once; whoever is served meanwhile waits for none.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from starlette.responses import Response

from db.query_faults import SlowError
from db.readers import BusyError
from db.rows_told import ENCODER, json_object, json_value, unlike
from db.sql_ask import Question, Value, asked
from db.sql_fault import SqlError, TooSlowError
from feeds.api_answers import JSON_TYPE, VARY, Call, Fault

SQL_ADDRESS, SQL_PARAMETERS = "/api/sql", ("sql", "params", "limit", "shape")
AT_ONCE, MAX_WAITING = 2, 8
"""So many questions are answered at once, and so many more may wait; others are refused."""
LIMIT_S = 5.0
MOST_ROWS, USUAL_ROWS = 1_000, 100
MOST_BYTES = 2_000_000
MEMORY_BYTES = 128_000_000
SHAPES = ("objects", "arrays")
FOR_OWNER = "sign in, or send Authorization: Bearer with the token of [wireroom] token"
NO_TOKEN = "there is no [wireroom] token in the config, so nobody is the owner: set one"  # noqa: S105 - none


class SqlDesk:
    """Where questions wait for their turn."""

    def __init__(self) -> None:
        self._waiting = 0
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def ask(self, archive: Path, question: Question, shape: str) -> bytes:
        """Ask → the answer's body. Raises BusyError, SqlError, TooSlowError, ArchiveError."""
        if self._waiting >= AT_ONCE + MAX_WAITING:
            raise BusyError
        self._waiting += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(answer_of, archive, question, shape)
        finally:
            self._waiting -= 1


async def sql(call: Call, desk: SqlDesk) -> Response:
    """Answer a statement that only reads; the owner alone may ask one."""
    if call.viewer != "owner":
        raise Fault(401, "only the owner may ask in SQL", NO_TOKEN if call.site.token is None else FOR_OWNER)
    statement, shape = call.text("sql"), call.text("shape") or SHAPES[0]
    if not statement.strip():
        raise Fault(400, "sql is missing", "give a statement: ?sql=SELECT title FROM stories LIMIT 10")
    if shape not in SHAPES:
        raise Fault(400, f"shape is {shape[:40]!r}", f"there are {', '.join(SHAPES)}")
    question = Question(
        sql=statement,
        params=params_of(call.text("params")),
        rows=call.number("limit", MOST_ROWS) or USUAL_ROWS,
        bytes=MOST_BYTES,
        timeout_s=LIMIT_S,
        memory_bytes=MEMORY_BYTES,
    )
    try:
        body = await desk.ask(call.site.readers.archive, question, shape)
    except TooSlowError as error:
        raise SlowError(str(error)) from None
    except SqlError as error:
        mend = error.mend if "--param" not in error.mend else 'give it in params, a JSON object: params={"name": 7}'
        raise Fault(400, error.problem, mend) from None
    return Response(body, 200, {"Cache-Control": "private, no-store", "Vary": VARY}, JSON_TYPE)


def params_of(text: str) -> dict[str, Value]:
    """Read the parameter ``params``. Raises Fault (400)."""
    if not text:
        return {}
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or not all(bound(value) for value in given.values()):
        raise Fault(400, "params is no JSON object of numbers and texts", 'write params={"name": 7}')
    return given


def bound(value: object) -> bool:
    """Tell whether SQLite takes a value of JSON."""
    return value is None or isinstance(value, str | float) or (isinstance(value, int) and abs(value) < 1 << 63)


def answer_of(archive: Path, question: Question, shape: str) -> bytes:
    """Ask, on a thread → the answer as JSON."""
    with asked(archive, question) as answer:
        names = [ENCODER.encode(name) for name in unlike(answer.columns)]
        rows = [json_object(names, row) if shape == "objects" else json_value(row) for row in answer]
    columns, cut = ENCODER.encode(answer.columns), ENCODER.encode(answer.cut)
    text = f'{{"columns": {columns}, "rows": [{", ".join(rows)}], "cut": {cut}}}\n'
    return text.encode("utf-8", "replace")
