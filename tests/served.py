"""The application under a real server: a site with known documents, and a client that asks it."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import uvicorn

from db.model import Format
from feeds.front_page import TopicSummary, index_page
from feeds.publish import Published, Publisher
from feeds.render import MEDIA_TYPES
from feeds.serve import make_app

BODY = b"<rss>" + b"a story, " * 500 + b"</rss>"


class Stub:
    """A site with one topic, one renamed one, and a front page."""

    def __init__(self, folder: Path) -> None:
        publisher = Publisher(folder)
        self.well = True
        self.broken = False
        self.documents = {
            ("news", fmt): publisher.write(f"topics/news.{fmt}", BODY, MEDIA_TYPES[fmt]) for fmt in MEDIA_TYPES
        }
        summary = TopicSummary(
            id="news", title="News <all>", stories=2, newest="Tea & more", newest_at="2026-11-20T10:00:00Z"
        )
        page = index_page([summary], base_url="https://wire.example/")
        self.page: Published | None = publisher.write("index.html", page, "text/html; charset=utf-8")

    def published(self, topic: str, fmt: Format) -> Published | None:
        """Look it up."""
        return self.documents.get((topic, fmt))

    def moved(self, topic: str, fmt: Format) -> str | None:
        """One topic has another name now."""
        return f"https://wire.example/topics/news.{fmt}" if topic == "old" else None

    def gone(self, topic: str) -> bool:
        """One topic was secret, and has another token now."""
        return topic == "secret-0123"

    def index(self) -> Published | None:
        """The page, once it is there."""
        return self.page

    def health(self) -> dict[str, Any]:
        """As told."""
        if self.broken:
            raise RuntimeError("a fault of ours")
        return {"ok": self.well}


class Client:
    """Asks the server, one connection a request."""

    def __init__(self, port: int, site: Stub) -> None:
        self.port = port
        self.site = site

    def __call__(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Ask → status, headers with lower-case names, body."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


@contextlib.contextmanager
def running_site(folder: Path) -> Iterator[Client]:
    """Run the application over a Stub in ``folder`` under uvicorn on a thread."""
    site = Stub(folder)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = uvicorn.Server(uvicorn.Config(make_app(site), lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield Client(listener.getsockname()[1], site)
    finally:
        server.should_exit = True
        thread.join()
