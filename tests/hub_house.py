"""An engine with its hub inside this process, on a real archive: asked as a server would ask it, without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import structlog
from sqlite_utils import Database
from starlette.applications import Starlette

from house import House
from wireroom.config import load_config
from wireroom.engine import Engine
from wireroom.hub import Hub

FORM = "application/x-www-form-urlencoded"
TOPICS = """
[[topic]]
id = "news"
title = "News"
was = ["old-news"]
match = "story"
[[topic]]
id = "whispers"
title = "Whispers"
match = "story"
secret = true
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """A status with its headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class HubHouse:
    """A house whose engine runs, with its hub."""

    house: House
    engine: Engine
    hub: Hub
    titles: int = field(default=0)

    def feed(self, fmt: str = "atom", topic: str = "news") -> str:
        """Give the address of a topic's feed."""
        return f"{self.engine.config.base_url}topics/{self.engine.press.names[topic]}.{fmt}"

    async def post(self, form: Mapping[str, str] | bytes, *, method: str = "POST", kind: str = FORM) -> Answered:
        """Send the hub a form."""
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        said: list[dict[str, Any]] = []
        sent = [{"type": "http.request", "body": body, "more_body": False}]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": "/hub",
            "raw_path": b"/hub",
            "query_string": b"",
            "headers": [(b"content-type", kind.encode())],
            "server": ("127.0.0.1", 1),
            "client": ("127.0.0.1", 2),
        }

        async def receive() -> dict[str, Any]:
            return sent.pop() if sent else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            said.append(message)

        await Starlette(routes=self.hub.routes())(scope, receive, send)
        headers = {name.decode().lower(): value.decode() for name, value in said[0]["headers"]}
        return Answered(said[0]["status"], headers, b"".join(part.get("body", b"") for part in said[1:]))

    async def ask(self, callback: str, *, mode: str = "subscribe", **more: str) -> Answered:
        """Ask for a subscription; ``more`` are fields without ``hub.``."""
        named = {"mode": mode, "topic": self.feed(), "callback": callback} | more
        return await self.post({f"hub.{name}": value for name, value in named.items()})

    async def subscribe(self, callback: str, **more: str) -> None:
        """Ask for a subscription, and wait until it has been verified."""
        assert (await self.ask(callback, **more)).status == 202
        await self.quiet()

    async def news(self, topic: str = "news") -> None:
        """Have a topic publish something else than before."""
        self.titles += 1

        def write(db: Database) -> None:
            title = f"News, edition {self.titles}"
            db.execute("UPDATE topics SET title = ?, changes = changes + 1 WHERE config_id = ?", [title, topic])

        await self.engine.write(write)
        await self.engine.press.publish()

    async def quiet(self) -> None:
        """Have the hub do all that is due, to the end."""
        async with asyncio.timeout(20):
            await self.hub.tick()
            while self.under_way():  # noqa: ASYNC110 - an errand may begin the next
                await asyncio.sleep(0.005)

    def under_way(self) -> bool:
        """Tell whether the hub is sending anything."""
        couriers = self.hub.requests.courier, self.hub.deliveries.courier, self.hub.pings.courier
        return any(not one.idle for one in couriers)

    async def again(self, table: str = "subscribers") -> None:
        """Let the wait after a failure be over, and have the hub do what is due."""
        await self.engine.write(lambda db: db.execute(f"UPDATE {table} SET next_try_at = NULL"))
        await self.quiet()

    async def until(self, holds: Callable[[], bool], otherwise: str) -> None:
        """Tick until ``holds``, or fail with ``otherwise``."""
        for _ in range(2000):
            if holds():
                return
            await self.hub.tick()
            await asyncio.sleep(0.005)
        raise AssertionError(otherwise)

    def subscribers(self, columns: str = "callback") -> list[tuple[Any, ...]]:
        """Read the subscriptions."""
        return self.house.rows(f"SELECT {columns} FROM subscribers ORDER BY id")


@asynccontextmanager
async def hub_house(house: House, *ports: int, wireroom: str = "", rest: str = TOPICS) -> AsyncIterator[HubHouse]:
    """Run an engine that may reach these ports of this machine, and nothing else; ``wireroom``: more of that table."""
    allowed = json.dumps([f"127.0.0.1:{port}" for port in ports])
    house.configure({}, rest, poll=f"allow = {allowed}")
    if wireroom:
        text = house.config.read_text(encoding="utf-8")
        house.config.write_text(text.replace("[wireroom]\n", f"[wireroom]\n{wireroom}\n", 1), encoding="utf-8")
    engine = Engine(load_config(house.config), structlog.stdlib.get_logger("test"))
    await engine.start()
    await engine.press.publish(everything=True)
    one = HubHouse(house, engine, Hub(engine))
    try:
        yield one
    finally:
        await one.hub.close()
        await engine.close()
