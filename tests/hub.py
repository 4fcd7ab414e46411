"""A loopback WebSub hub: takes subscriptions, verifies them, pushes. A real HTTP server on a thread.

With it what its tests share: a source that names it, and what the archive knows of the subscription.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from house import House, until
from origin import Origin, item, rss

ATOM = "xmlns:atom='http://www.w3.org/2005/Atom'"


@dataclass
class Hub:
    """What it was asked, and how it answers; ``verify``: whether it verifies each request that it takes."""

    port: int = 0
    status: int = 202
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    verify: bool = True
    lease: str = "864000"
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    request_headers: list[dict[str, str]] = field(default_factory=list)
    verified: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    """Status, body and challenge of each verification."""

    def url(self, path: str = "/") -> str:
        """The address of the hub."""
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, form: Mapping[str, str], **arguments: str) -> tuple[int, dict[str, str], bytes]:
        """Send the callback of ``form`` a GET with these ``hub.`` arguments → status, headers, body."""
        named = {f"hub.{name}": value for name, value in arguments.items()}
        return send("GET", f"{form['hub.callback']}?{urlencode(named)}")

    def confirm(self, form: Mapping[str, str]) -> None:
        """Verify the request ``form``, with a challenge of its own."""
        challenge = secrets.token_hex(8)
        try:
            status, _, body = self.get(
                form, mode=form["hub.mode"], topic=form["hub.topic"], challenge=challenge, lease_seconds=self.lease
            )
        except OSError:
            return  # a daemon that was stopped answers nobody
        self.verified.append((status, body, challenge.encode()))

    def push(self, form: Mapping[str, str], body: bytes = b"news", *, method: str = "sha256", **headers: str) -> int:
        """Push ``body``, signed, unless ``X_Hub_Signature`` is given → status."""
        signed = f"{method}={sign(form['hub.secret'], body, method)}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return send("POST", form["hub.callback"], body, {"X-Hub-Signature": signed, **named})[0]


def sign(secret: str, body: bytes, method: str = "sha256") -> str:
    """Sign as a hub does."""
    return hmac.new(secret.encode(), body, getattr(hashlib, method)).hexdigest()


def send(
    method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Send one request → status, headers (lower-case names), body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body, dict(headers or {}))
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


@contextmanager
def running_hub() -> Iterator[Hub]:
    """Run a hub on a free loopback port while the body runs."""
    hub = Hub()
    verifying: list[threading.Thread] = []

    class Requests(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            hub.paths.append(self.path)
            hub.request_headers.append(dict(self.headers.items()))
            hub.asked.append(form)
            self.send_response(hub.status)
            for name, value in hub.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(hub.body)))
            self.end_headers()
            self.wfile.write(hub.body)
            if hub.verify and 200 <= hub.status < 300:
                thread = threading.Thread(target=hub.confirm, args=(form,))
                verifying.append(thread)
                thread.start()

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = False  # they are waited for: each has one request, and ends

        def handle_error(self, *_: Any) -> None:
            """A client that was killed is no news here."""

    server = Server(("127.0.0.1", 0), Requests)
    hub.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        for one in verifying:
            one.join()


def links(origin: Origin, hub: str) -> str:
    """Write the channel's links that name its hub and its own address."""
    return (
        f"<atom:link {ATOM} rel='hub' href='{hub}'/><atom:link {ATOM} rel='self' href='{origin.url('/feed?full=1')}'/>"
    )


def headers(origin: Origin, hub: str) -> dict[str, str]:
    """Write the same as a header."""
    return {"Link": f'<{hub}>; rel="hub", <{origin.url("/feed?full=1")}>; rel="self"'}


def publish(origin: Origin, hub: str, *items: str, path: str = "/feed") -> None:
    """Let the origin's feed have these items and name this hub."""
    origin.feed(path, rss(*items, more=links(origin, hub)), **headers(origin, hub))


def configure(house: House, origin: Origin, *ports: int, more: str = "") -> None:
    """Write a config in which the origin and these ports may be reached; sources are polled at most every half hour."""
    allow = json.dumps([f"127.0.0.1:{port}" for port in (origin.port, *ports)])
    house.configure({"news": origin.url("/feed")}, poll=f"allow = {allow}\nfloor = '30m'\n{more}")


def prepare(house: House, origin: Origin, hub: Hub, *ports: int, more: str = "") -> None:
    """Poll a source once that names the hub: it is not due again for half an hour."""
    publish(origin, hub.url(), item(1))
    configure(house, origin, *(ports or (hub.port,)), more=more)
    assert house.poll()["polled"][0]["outcome"] == "ok"
    origin.asked.clear()


def subscription(house: House) -> dict[str, Any]:
    """Read the source's status."""
    status: dict[str, Any] = json.loads(house.wireroom("status", "--json").out)["sources"][0]
    return status


def state(house: House) -> str | None:
    """Read the subscription's state."""
    found = house.rows("SELECT state FROM subscriptions")
    return found[0][0] if found else None


def subscribed(house: House, hub: Hub) -> dict[str, str]:
    """Wait until the hub has verified a subscription → what it was asked."""
    until(lambda: state(house) == "active", "no subscription becomes active")
    return hub.asked[-1]


def entries(house: House) -> int:
    """Count the entries."""
    ((count,),) = house.rows("SELECT count(*) FROM entries")
    return int(count)


def poll_due(house: House) -> None:
    """Let the daemon poll what is due: a source that something made due is asked before this returns."""
    assert house.wireroom("poll", "--due").code == 0
