"""How a program is answered: its parameters read, JSON with validators, faults with the mend. IO: network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response

from db.query_faults import QueryError, SlowError
from db.query_names import Names
from db.readers import BusyError
from db.reading import Viewer
from db.times import iso
from feeds.asked import LAST_ID, whole_number
from feeds.conditional import ANY_ORIGIN, answer, made
from feeds.pages.kept import Kept
from feeds.session import session_of, viewer_of
from feeds.site import Site

JSON_TYPE = "application/json"
MOST, USUAL = 100, 30
"""Of a page: so many at most, and so many where nothing is said."""
BUSY_S, SLOW_S = 5, 60
LARGE = 100_000
"""Bytes that take a few milliseconds to be compressed: not where everybody else is answered."""
VARY = "Authorization, Cookie"
"""The owner sees what others do not."""


class Fault(Exception):  # noqa: N818 - it is an answer
    """What can't be answered: the status, what is wrong, the mend; ``column``: where in the query."""

    def __init__(self, status: int, error: str, mend: str, column: int | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.mend = mend
        self.column = column


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request of a program: by whom, and when; ``kept``: what is counted for its address, and dear."""

    request: Request
    site: Site
    viewer: Viewer
    now: datetime
    kept: Kept

    @property
    def base_url(self) -> str:
        """What links begin with."""
        return self.site.base_url

    @property
    def at(self) -> str:
        """The time, as the archive has times."""
        return iso(self.now)

    @property
    def names(self) -> Names:
        """What this one's queries can name."""
        return self.site.public_names() if self.viewer == "public" else self.site.names()

    def text(self, name: str) -> str:
        """Give a parameter as it was sent; empty where there is none."""
        return str(self.request.query_params.get(name, ""))

    def number(self, name: str, most: int = LAST_ID) -> int | None:
        """Read a parameter that is a whole number from 1 on; None where there is none. Raises Fault (400)."""
        given = self.request.query_params.get(name)
        if given is None:
            return None
        number = whole_number(given)
        if number is None or not 1 <= number <= most:
            raise Fault(400, f"{name} is {given[:40]!r}", f"give a whole number from 1 to {most}")
        return number

    @property
    def limit(self) -> int:
        """How many are asked for. Raises Fault (400)."""
        return self.number("limit", MOST) or USUAL

    def id(self, what: str) -> int:
        """Read the number in the path. Raises Fault (404)."""
        number = whole_number(self.request.path_params["id"])
        if number is None:
            raise missing(what)
        return number

    def next(self, cursor: str, value: object) -> str | None:
        """Give the address of the next page; None without a cursor."""
        if value is None:
            return None
        given = [(name, one) for name, one in self.request.query_params.items() if name != cursor]
        path = quote(self.request.url.path.lstrip("/"), safe="/:@~")
        return f"{self.base_url}{path}?{urlencode([*given, (cursor, str(value))], quote_via=quote)}"


def missing(what: str) -> Fault:
    """Say that there is no such thing, or none that may be seen."""
    return Fault(404, f"there is no such {what}", "look for its id in a list: api/openapi.json tells of them")


Make = Callable[[Call], Awaitable[Any]]
Endpoint = Callable[[Request], Awaitable[Response]]


def answered(make: Make, site: Site, parameters: frozenset[str]) -> Endpoint:
    """Make an endpoint of what makes a value, or a Response; ``parameters``: those that it knows."""
    kept = Kept()

    @wraps(make)
    async def endpoint(request: Request) -> Response:
        try:
            if request.method not in ("GET", "HEAD"):
                return fault_answer(Fault(405, f"{request.method} is not done here", "ask with GET"))
            unknown = next((name for name in request.query_params if name not in parameters), None)
            if unknown is not None:
                known = ", ".join(sorted(parameters))
                mend = f"there are {known}" if known else "leave it out: there are none here"
                return fault_answer(Fault(400, f"there is no parameter {unknown[:40]!r}", mend))
            twice = next((name for name in parameters if len(request.query_params.getlist(name)) > 1), None)
            if twice is not None:
                return fault_answer(Fault(400, f"{twice} is given twice", "give it once"))
            viewer = viewer_of(session_of(request, site))
            call = Call(request=request, site=site, viewer=viewer, now=site.now(), kept=kept)
            value = await make(call)
            return value if isinstance(value, Response) else await json_answer(request, value)
        except Fault as fault:
            return fault_answer(fault)
        except SlowError as error:
            return fault_answer(query_fault(error, 503), {"Retry-After": str(SLOW_S)})
        except QueryError as error:
            return fault_answer(query_fault(error, 400))
        except BusyError:
            busy = Fault(503, "too many ask at once", "try again in a moment")
            return fault_answer(busy, {"Retry-After": str(BUSY_S)})

    return endpoint


def query_fault(error: QueryError, status: int) -> Fault:
    """Part what is wrong in a query from the mend."""
    said = str(error).removeprefix(f"column {error.column}: ")
    for sign in ("; ", ": did you mean "):
        problem, found, mend = said.partition(sign)
        if found:
            return Fault(status, problem, f"{sign.lstrip(': ;')}{mend}", error.column)
    return Fault(status, said, "docs/query.md tells what a query can be", error.column)


async def json_answer(request: Request, value: Any) -> Response:
    """Answer with a value, or that the client has it."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
    found = made(body, JSON_TYPE) if len(body) < LARGE else await asyncio.to_thread(made, body, JSON_TYPE)
    return answer(request, found, {**ANY_ORIGIN, "Vary": VARY})


def fault_answer(fault: Fault, more: dict[str, str] | None = None) -> Response:
    """Answer with what is wrong, and the mend."""
    value: dict[str, Any] = {"error": str(fault), "mend": fault.mend}
    if fault.column is not None:
        value["column"] = fault.column
    headers = {**ANY_ORIGIN, "Cache-Control": "no-store", **(more or {})}
    if fault.status == 405:
        headers["Allow"] = "GET, HEAD"
    if fault.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(json.dumps(value, ensure_ascii=False).encode() + b"\n", fault.status, headers, JSON_TYPE)
