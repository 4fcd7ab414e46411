"""The application under a real server: a site with known documents, and a client that asks it."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from db.model import Format
from db.query_names import Names
from db.readers import Readers
from db.reading import Named, StoryRow
from feeds.conditional import answer
from feeds.pages.routes import static_file
from feeds.pages.still import static_index
from feeds.policy import page_policy
from feeds.publish import Published, Publisher
from feeds.render import MEDIA_TYPES
from feeds.serve import make_app
from feeds.site import RefusedError, TopicCard
from wireroom.visitors import Visitor

BODY = b"<rss>" + b"a story, " * 500 + b"</rss>"

TEA = StoryRow(
    id=1,
    title="Tea & more",
    url="https://tea.example/1",
    language="en",
    published=None,
    first_seen="2026-11-20T10:00:00Z",
    updated="2026-11-20T10:00:00Z",
    excerpt="",
    words=2,
    sources=(Named(source="tea", title="Tea"),),
    entries=1,
    tags=(),
)


class Stub:
    """A site with one topic, one renamed one, an archive page, a front page, and nothing to read."""

    readers: Readers = None  # type: ignore[assignment] # nothing here reads the archive
    base_url = "https://wire.example/"
    token: str | None = None
    hubs: Sequence[str] = ("https://wire.example/hub",)

    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)

    def __init__(self, folder: Path) -> None:
        publisher = Publisher(folder)
        self.others = {
            "topics/news/1.atom": publisher.write("topics/news/1.atom", BODY, MEDIA_TYPES["atom"]),
            "topics.opml": publisher.write("topics.opml", BODY, "text/x-opml"),
        }
        self.well = True
        self.broken = False
        self.documents = {
            ("news", fmt): publisher.write(f"topics/news.{fmt}", BODY, MEDIA_TYPES[fmt]) for fmt in MEDIA_TYPES
        }
        hush = publisher.write("topics/hush-0123.rss", BODY, MEDIA_TYPES["rss"])
        self.documents["hush-0123", "rss"] = replace(hush, unlisted=True)
        card = TopicCard(id="news", name="news", title="News <all>", match="tea", secret=False)
        page = static_index([(card, [TEA], TEA.first_seen)])
        self.page = publisher.write("index.html", page, "text/html; charset=utf-8")

    def published(self, topic: str, fmt: Format) -> Published | None:
        """Look it up."""
        return self.documents.get((topic, fmt))

    def document(self, path: str) -> Published | None:
        """Look it up."""
        return self.others.get(path)

    def last_page(self, name: str) -> int:
        """None is written."""
        return 0

    def moved(self, topic: str, fmt: Format) -> str | None:
        """One topic has another name now."""
        return f"https://wire.example/topics/news.{fmt}" if topic == "old" else None

    def gone(self, topic: str) -> bool:
        """One topic was secret, and has another token now."""
        return topic == "secret-0123"

    def topics(self) -> Sequence[TopicCard]:
        """None that anybody asks for."""
        return ()

    def names(self) -> Names:
        """None that anybody asks for."""
        return Names()

    public_names = names

    async def act(self, request: dict[str, Any]) -> dict[str, Any]:
        """Nothing can be done."""
        raise RefusedError("nothing can be done here")

    def health(self) -> dict[str, Any]:
        """As told."""
        if self.broken:
            raise RuntimeError("a fault of ours")
        return {"ok": self.well, "trouble": None if self.well else "/var/lib: no room"}


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
def running_site(folder: Path, more: Sequence[BaseRoute] = (), **settings: Any) -> Iterator[Client]:
    """Run the application over a Stub in ``folder`` as the daemon does, on a thread; ``settings``: of ``make_app``."""
    site = Stub(folder)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)

    async def front(request: Request) -> Response:
        return answer(request, site.page, {"Content-Security-Policy": page_policy()})

    app = make_app(site, [*more, Route("/", front), Route("/static/{name}", static_file)], **settings)
    config = uvicorn.Config(
        app,
        http=Visitor,
        ws="none",
        proxy_headers=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield Client(listener.getsockname()[1], site)
    finally:
        server.should_exit = True
        thread.join()
