"""A loopback origin server: answers by path, remembers every request. A real HTTP server on a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    path: str
    headers: dict[str, str]


@dataclass
class Answer:
    """What to send back."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Asked], Answer]


class Origin:
    """Paths and what they answer: an Answer, or a function of the request."""

    def __init__(self) -> None:
        self.routes: dict[str, Answer | Handler] = {}
        self.asked: list[Asked] = []
        self.port = 0

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def feed(self, path: str, body: str | bytes, content_type: str = "application/xml", **headers: str) -> None:
        """Serve a document."""
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.routes[path] = Answer(data, headers={"Content-Type": content_type, **named})


@contextmanager
def running_origin(address: str = "127.0.0.1") -> Iterator[Origin]:
    """Run an origin on a free loopback port while the body runs; at ``0.0.0.0`` it is many hosts, 127.0.0.N."""
    origin = Origin()

    class Requests(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = Asked(self.path, dict(self.headers.items()))
            origin.asked.append(asked)
            route = origin.routes.get(self.path.partition("?")[0], Answer(b"nothing here", 404))
            answer = route(asked) if callable(route) else route
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in answer.headers and "Transfer-Encoding" not in answer.headers:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if answer.status != 304:
                try:
                    self.wfile.write(answer.body)
                except OSError:
                    self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: Any) -> None:
            """A client that was killed is no news here."""

    server = Server((address, 0), Requests)
    origin.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield origin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def rss(*items: str, title: str = "Example news", more: str = "") -> str:
    """Write an RSS 2.0 document."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>{title}</title>'
        f"<link>http://news.example/</link><description>d</description>{more}{''.join(items)}</channel></rss>"
    )


def item(number: int | str, *, title: str = "", text: str = "", more: str = "") -> str:
    """Write an RSS item that tells its number."""
    return (
        f"<item><guid isPermaLink='false'>id-{number}</guid><link>http://news.example/story/{number}</link>"
        f"<title>{title or f'Story number {number}'}</title>"
        f"<description>{text or f'What happened in story {number}.'}</description>{more}</item>"
    )
