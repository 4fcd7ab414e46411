"""A site over an archive, as the daemon's is, and its application asked without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message

from db.query import parse
from db.query_names import Names
from db.readers import Readers
from feeds.api import api_routes
from feeds.limits import RATES
from feeds.live import live_routes
from feeds.serve import make_app
from feeds.site import TopicCard
from reading_room import SECRET
from served import Stub

BASE = "https://wire.example/base/"
TOKEN = "a token that nobody guesses"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class ReadingSite(Stub):
    """A site over the archive of ``reading_room``."""

    base_url = BASE
    token = TOKEN

    def __init__(self, folder: Path, archive: Path) -> None:
        super().__init__(folder)
        self.readers = Readers(archive)

    def now(self) -> datetime:
        """The time of its stories."""
        return NOW

    def topics(self) -> Sequence[TopicCard]:
        """The one that is open, and the secret one."""
        return (
            TopicCard(id="all", name="all", title="All", match="sources:>=1", secret=False),
            TopicCard(id=SECRET, name=f"{SECRET}-0123", title="Whispers", match="zebra", secret=True),
        )

    def names(self) -> Names:
        """What the owner can name."""
        return Names(saved={"all": parse("sources:>=1"), SECRET: parse("zebra"), "boats": parse("ferry OR barge")})

    def public_names(self) -> Names:
        """What everybody can name."""
        return Names(saved={name: query for name, query in self.names().saved.items() if name != SECRET})


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body read."""
        return json.loads(self.body)


class Asker:
    """Asks an application. Paths are below the server's root; addresses begin with the base URL."""

    def __init__(self, app: ASGIApp, site: ReadingSite) -> None:
        self.app = app
        self.site = site

    def __call__(self, address: str, method: str = "GET", *, owner: bool = False, **headers: str) -> Answer:
        """Ask → the answer."""
        parts = urlsplit("/" + address.removeprefix(BASE).lstrip("/"))
        named = {"host": urlsplit(BASE).netloc, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if owner:
            named["authorization"] = f"Bearer {TOKEN}"
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        async def asking() -> None:
            await self.app(scope, receive, send)

        asyncio.run(asking())
        headers_back = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], headers_back, b"".join(each.get("body", b"") for each in sent[1:]))


@contextmanager
def asked_site(folder: Path, archive: Path, rates: Any = RATES, base_url: str = BASE) -> Iterator[Asker]:
    """Make the application over an archive, as the daemon does."""
    site = ReadingSite(folder, archive)
    site.base_url = base_url
    app = make_app(site, [*api_routes(site), *live_routes(site)], rates=rates)
    try:
        yield Asker(app, site)
    finally:
        asyncio.run(site.readers.close())
