"""The daemon's HTTP connections, with bounds: hubs reach us from outside, and so does anybody else. IO: network.

uvicorn waits for ever for a request's head, takes one of any size, and any number of connections; they would use up the
descriptors that polling needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import struct
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from feeds.quick import Answer
from ingest.fetch import OWN_DESCRIPTORS

HEAD_S = 10
"""For a connection's first request, and for the head of each."""
REQUEST_S = 120
"""From the head of a request to the end of its answer, however slow the other side reads."""
MAX_HEAD_BYTES = 65536
MAX_ADDRESS_BYTES = 16384
"""Of a request line that is still coming; what came whole, ``feeds/limits.py`` looks at."""
MAX_HEADERS = 100
MAX_QUERY = 500
"""Of more than this the shell says what it is."""
METHODS = {b"GET": "GET", b"HEAD": "HEAD"}
REFUSALS = {414: "The address is too long.\n", 431: "The request's head is too long.\n"}
MAX_CONNECTIONS = 1000
WANTED_DESCRIPTORS = 8192
SHARE = 3
"""One in so many descriptors may be a visitor's, of those that the rest of us does not need."""


def raise_descriptors() -> None:
    """Take as many descriptors as the system lets us, up to WANTED_DESCRIPTORS: the usual 1,024 are soon used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(WANTED_DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most_connections() -> int:
    """Give how many connections are held at once."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return (
        MAX_CONNECTIONS
        if soft == resource.RLIM_INFINITY
        else max(8, min(MAX_CONNECTIONS, (soft - OWN_DESCRIPTORS) // SHARE))
    )


Quick = Callable[[str, str, list[tuple[bytes, bytes]]], Answer | None]


class Visitor(HttpToolsProtocol):
    """A connection that ends when it takes too long, says too much, or others need its place."""

    head_s: float = HEAD_S
    request_s: float = REQUEST_S
    most = 0  # of all; 0: as ``most_connections`` says
    _dated: list[tuple[bytes, bytes]] | None = None
    _end_of_head = b""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._head_bytes: int | None = None  # None: not within a head
        self._quick: Quick | None = getattr(self.app, "at_once", None)
        self._at_once = False

    @property
    def waits(self) -> bool:
        """Tell whether no request of it is being answered."""
        return self.cycle is None or bool(self.cycle.response_complete)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Take a connection; where there are too many, one that waits for its request goes, else this one."""
        if len(self.connections) >= (self.most or most_connections()):
            waiting = next((one for one in self.connections if isinstance(one, Visitor) and one.waits), None)
            if waiting is not None:
                self.connections.discard(waiting)
                waiting.transport.abort()
        super().connection_made(transport)
        if len(self.connections) > (self.most or most_connections()):
            transport.abort()
        else:
            self._end_in(self.head_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._end_in(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a head that is too long ends the connection."""
        super().data_received(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if len(self.url) > MAX_ADDRESS_BYTES:
                self._refuse(414)
            elif self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(431)

    def _refuse(self, status: int) -> None:
        """Say why, where no other answer is under way, and end the connection."""
        if not self.waits or self.transport.is_closing():
            self.transport.abort()
            return
        text = REFUSALS[status].encode()
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(text)}\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + text)
        self.transport.close()
        self._end_in(self.head_s)  # where it does not take even that

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._head_bytes = 0
        if self.waits:
            self._end_in(self.head_s)

    def on_headers_complete(self) -> None:
        """End the head: the request is answered now; at once, where the application can (``feeds/quick.py``)."""
        self._head_bytes = None
        self._end_in(self.request_s)
        self._at_once = self._quick is not None and self._answered_at_once()
        if not self._at_once:
            super().on_headers_complete()

    def _answered_at_once(self) -> bool:
        """Send an answer that is ready as it is, where the connection has nothing else to do and stays open.

        It costs half of what a task, and an answer of messages that are checked and put together, would cost. Who does
        not read his answers gets the next one the long way, which waits until he does.
        """
        parser, transport = self.parser, self.transport
        if not parser.should_keep_alive() or parser.get_http_version() != "1.1" or parser.should_upgrade():
            return False
        if not self.waits or self.pipeline or transport.is_closing() or transport.get_write_buffer_size():
            return False
        method = METHODS.get(parser.get_method())
        path, _, query = self.url.partition(b"?")
        if method is None or len(self.headers) > MAX_HEADERS or len(query) > MAX_QUERY or b"%" in path:
            return False
        try:
            answer = self._quick(method, path.decode("latin-1"), self.headers) if self._quick is not None else None
        except Exception:  # noqa: BLE001 - the long way finds the same fault, and tells and logs it
            answer = None
        if answer is None:
            return False
        transport.writelines((answer.head, self._date(), answer.body))
        self.on_response_complete()
        return True

    def _date(self) -> bytes:
        """Give the end of a head: uvicorn writes the date once a second."""
        default = self.server_state.default_headers
        if Visitor._dated is not default:
            Visitor._dated = default
            Visitor._end_of_head = b"".join(b"%s: %s\r\n" % pair for pair in default) + b"\r\n"
        return Visitor._end_of_head

    def on_body(self, body: bytes) -> None:
        """Take a part of a body; nobody waits for that of a request which is answered."""
        if not self._at_once:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        if not self._at_once:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """End the request; the wait for the next is uvicorn's own.

        An answer that is written may not be read yet. uvicorn closes such a connection when it has waited for the next
        request, and a closed one would stay for as long as the other side reads nothing: the request's time goes on.
        """
        if self.pipeline:
            self._end_in(self.request_s)
        elif self._head_bytes is not None:  # the next one began before this answer ended
            self._end_in(self.head_s)
        elif not self.transport.get_write_buffer_size():
            self._end_in(None)
        super().on_response_complete()

    def _end_in(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._end)

    def _end(self) -> None:
        """End the connection at once: without lingering, or the kernel keeps what the other side does not read."""
        sock = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
