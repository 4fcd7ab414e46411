"""The pages over an archive, asked in this very process: no server, no socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from lxml import html
from starlette.types import ASGIApp, Message

from db.model import Format
from db.query_names import Names
from db.readers import Readers
from feeds.clients import Rate
from feeds.pages.routes import page_routes
from feeds.publish import Published
from feeds.serve import make_app
from feeds.site import TopicCard

BASE = "https://wire.example/"


class PageSite:
    """A site that has nothing but an archive and topics."""

    base_url = BASE
    token: str | None = None
    hubs: Sequence[str] = ()
    now: Callable[[], datetime]

    def __init__(self, archive: Path, cards: Sequence[TopicCard], names: Names | None = None) -> None:
        self.archive = archive
        self.readers = Readers(archive)
        self.cards = list(cards)
        self.archive_pages = 0
        self.kinds = names or Names(kinds=frozenset({"animal", "desk", "lang"}))

    def topics(self) -> Sequence[TopicCard]:
        """All of them."""
        return self.cards

    def names(self) -> Names:
        """What is known."""
        return self.kinds

    public_names = names

    def published(self, topic: str, fmt: Format) -> Published | None:
        """No feed is there."""
        return None

    def document(self, path: str) -> Published | None:
        """None is there, and no archive page is asked for: it would be read from the disk."""
        assert path.count("/") < 2, path
        return None

    def last_page(self, name: str) -> int:
        """As many as there are said to be."""
        return self.archive_pages if name == "all" else 0

    def moved(self, topic: str, fmt: Format) -> str | None:
        """One topic has another name now."""
        return f"{BASE}topics/all.{fmt}" if topic == "everything" else None

    def gone(self, topic: str) -> bool:
        """One secret topic had another token before."""
        return topic == "whisper-old"

    def health(self) -> dict[str, Any]:
        """Well."""
        return {"ok": True}

    async def act(self, request: dict[str, Any]) -> dict[str, Any]:
        """Nothing is done here."""
        raise AssertionError(request)


@dataclass
class Page:
    """An answer."""

    path: str
    status: int
    headers: dict[str, str]
    body: bytes
    _document: html.HtmlElement | None = field(default=None, repr=False)

    @property
    def document(self) -> html.HtmlElement:
        """The page, parsed."""
        if self._document is None:
            self._document = html.document_fromstring(self.body.decode(), parser=html.HTMLParser(encoding="utf-8"))
        return self._document

    def all(self, path: str) -> list[html.HtmlElement]:
        """Find elements by an XPath."""
        found: list[html.HtmlElement] = self.document.xpath(path)
        return found

    def texts(self, path: str) -> list[str]:
        """Find elements by an XPath → their text on one line."""
        return [" ".join(element.text_content().split()) for element in self.all(path)]

    def links(self) -> list[str]:
        """List the addresses of links that stay with us, as paths from the root, without what stands behind ``#``."""
        found = []
        for link in self.all("//a[@href]"):
            address = urljoin(urljoin("https://here.example/", self.path), link.get("href"))
            if address.startswith("https://here.example/"):
                found.append(address.removeprefix("https://here.example").partition("#")[0])
        return found


class Asker:
    """Asks the application."""

    def __init__(self, site: PageSite, now: datetime, rates: Mapping[str, Rate] | None = None) -> None:
        self.site = site
        self.now = now
        site.now = lambda: self.now
        self._app: ASGIApp = make_app(site, page_routes(site), rates={} if rates is None else rates)
        self.loop = asyncio.new_event_loop()

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Page:
        """Ask → the answer."""
        given = {"host": "wire.example", "accept": "text/html"}
        given |= {name.replace("_", "-").lower(): value for name, value in headers.items()}
        return self.loop.run_until_complete(self._ask(path, method, given))

    async def _ask(self, path: str, method: str, headers: dict[str, str]) -> Page:
        split = urlsplit(path)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(split.path),
            "raw_path": split.path.encode(),
            "query_string": split.query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        got = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
        return Page(path, sent[0]["status"], got, b"".join(message.get("body", b"") for message in sent[1:]))

    def close(self) -> None:
        """Close what was opened."""
        self.loop.run_until_complete(self.site.readers.close())
        self.loop.close()
