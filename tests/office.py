"""A daemon on a thread of the test's own process: its engine, its side door, its HTTP server; and who asks that.

It is the daemon's own ``serve``, with a real archive, in a tenth of the time that a process of its own takes to begin.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import structlog

from house import House, until
from wireroom.config import load_config
from wireroom.daemon import serve
from wireroom.engine import Engine
from wireroom.orders import carry_out
from wireroom.reload import Reloader

TOKEN = "a-token-of-the-owner's-own-0123456789"


@dataclass(frozen=True)
class Got:
    """An answer; the names of header fields are in small letters. ``cookies``: each Set-Cookie."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Office:
    """A running daemon, and the browser of whoever sits before it: ``cookie`` is sent along."""

    house: House
    port: int
    loop: asyncio.AbstractEventLoop
    door: Any
    engine: Engine
    cookie: str | None = None
    seat: int = 1
    """From which address it is asked, 127.0.0.1 or another: who fails to sign in has to wait there alone."""

    @property
    def url(self) -> str:
        """Where it serves; it ends in a slash."""
        return f"http://127.0.0.1:{self.port}/"

    def do(self, **request: Any) -> Any:
        """Have something done through the side door."""
        return asyncio.run_coroutine_threadsafe(self.door(request), self.loop).result(60)

    def ask(self, path: str, method: str = "GET", body: bytes | str | None = None, **headers: str) -> Got:
        """Ask over HTTP; ``_`` in the names of header fields stands for a hyphen."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, 60, (f"127.0.0.{self.seat}", 0))
        sent = {"Cookie": self.cookie} if self.cookie else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            cookies = tuple(value for name, value in response.getheaders() if name.lower() == "set-cookie")
            return Got(response.status, fields, response.read(), cookies)
        finally:
            connection.close()

    def post(self, path: str, fields: dict[str, object] | None = None, **headers: str) -> Got:
        """Send a form."""
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        return self.ask(path, "POST", urlencode(fields or {}), **{**kind, **headers})

    def program(self, path: str, fields: dict[str, object], token: str = TOKEN) -> Got:
        """Send JSON, as a program of the owner's does."""
        bearer = {"Authorization": f"Bearer {token}", "Content_Type": "application/json"}
        return self.ask(path, "POST", json.dumps(fields), **bearer)

    def sign_in(self, token: str = TOKEN, **fields: object) -> Got:
        """Sign in, and keep the cookie."""
        got = self.post("/owner/sign-in", {"token": token, **fields})
        if got.cookies:
            self.cookie = got.cookies[0].partition(";")[0]
        return got

    def csrf(self) -> str:
        """Read from a page what its forms carry."""
        found = re.search(r'name="csrf" value="(\w+)"', self.ask("/owner/preview").text)
        assert found is not None
        return found[1]

    def form(self, do: str, **fields: object) -> Got:
        """Send one of the owner's forms, as a page of ours has it."""
        return self.post(f"/owner/{do}", {"csrf": self.csrf(), **fields})


@contextlib.contextmanager
def running_office(house: House) -> Iterator[Office]:
    """Run a daemon with the house's config while the body runs; it serves at the house's port."""
    made: list[Office] = []
    failed: list[BaseException] = []
    stops: list[asyncio.Event] = []

    async def main() -> None:
        engine = Engine(load_config(house.config), structlog.stdlib.get_logger("test"))
        stop = asyncio.Event()
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", house.port))
        listener.listen(128)
        listener.setblocking(False)
        with contextlib.closing(listener):
            try:
                await engine.start()
                await engine.press.publish(everything=True)
                door = functools.partial(carry_out, engine, Reloader(engine), progress=lambda *_: None)
                stops.append(stop)
                made.append(Office(house, house.port, asyncio.get_running_loop(), door, engine))
                await serve(engine, listener, stop, door)
            finally:
                await engine.close()

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            failed.append(error)
            raise

    thread = threading.Thread(target=run, name="office", daemon=True)
    thread.start()

    def answers() -> bool:
        assert not failed, failed
        try:
            return bool(made) and made[0].ask("/healthz").status in (200, 503)
        except OSError:
            return False

    until(answers, "the daemon does not answer")
    try:
        yield made[0]
    finally:
        made[0].loop.call_soon_threadsafe(stops[0].set)
        thread.join(30)
        assert not thread.is_alive()
