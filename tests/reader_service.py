"""A loopback feed reader's service: it has callbacks that hubs verify and push to. A real HTTP server on a thread."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Told:
    """A request that was pushed: path with query, headers with lower-case names, body."""

    path: str
    headers: dict[str, str]
    body: bytes

    def is_signed_with(self, secret: str) -> bool:
        """Compare ``X-Hub-Signature`` as a subscriber does."""
        digest = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        return self.headers.get("x-hub-signature") == f"sha256={digest}"


@dataclass
class ReaderService:
    """What it was asked and told, and how it answers.

    ``echo``: what a verification is answered with; None: its challenge; ``more`` follows it. ``status``: of
    verifications; ``takes``: of pushes. ``hold`` is set while pushes may be answered; ``endless``: of answers the
    rest of the body never comes.
    """

    port: int = 0
    echo: bytes | None = None
    more: bytes = b""
    status: int = 200
    takes: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    endless: bool = False
    at_once: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self.hold.set()

    def url(self, path: str = "/callback") -> str:
        """The address of a callback."""
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def running_service() -> Iterator[ReaderService]:
    """Run a service on a free loopback port while the body runs."""
    service = ReaderService()
    lock = threading.Lock()

    class Requests(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.paths.append(self.path)
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            service.asked.append(query)
            self._answer(service.status, (service.echo or query.get("hub.challenge", "").encode()) + service.more)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                service.at_once += 1
                service.most_at_once = max(service.most_at_once, service.at_once)
            service.hold.wait(20)
            with lock:
                service.at_once -= 1
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.told.append(Told(self.path, headers, body))
            self._answer(service.takes, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            for name, value in service.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + service.endless))
            self.end_headers()
            self.wfile.write(body)
            if service.endless:
                self.rfile.read()  # until the other side closes

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

        def handle_error(self, *_: Any) -> None:
            """A client that was killed is no news here."""

    server = Server(("127.0.0.1", 0), Requests)
    service.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
