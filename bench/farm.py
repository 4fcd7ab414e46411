"""A loopback farm: many feeds on many hosts, by one lean process that speaks HTTP/1.1 as web servers do.

All of 127.0.0.0/8 is this machine (on Linux). The bodies are made before anyone is timed, compressed, in one file. What
is served goes by round: ``ROUNDS`` says how. IO: network, files, processes.
"""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
import os
import re
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from documents import CONTENT_TYPES, Edition, document, edition, kind_of


@dataclass(frozen=True, slots=True)
class Round:
    """What is served in a round. ``validators``: the server sends them, and answers 304 to them."""

    touches: int = 0
    churns: int = 0
    validators: bool = True

    def edition(self, number: int) -> Edition:
        """Give the edition of a feed."""
        return edition(number, self.touches, self.churns)


ROUNDS = {
    "cold": Round(),
    "idle": Round(),
    "early-churn": Round(churns=1),
    "same": Round(churns=1, validators=False),
    "touch": Round(churns=1, touches=1),
    "after-touch": Round(churns=1, touches=1),
    "churn": Round(churns=2, touches=1),
}

Key = tuple[int, Edition]
GET = re.compile(rb"GET /(\d+)/")
IF_NONE_MATCH = re.compile(rb"\r\nif-none-match: *([^\r\n]*)", re.IGNORECASE)
IF_MODIFIED_SINCE = re.compile(rb"\r\nif-modified-since: *([^\r\n]*)", re.IGNORECASE)
CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
IDLE_S = 60
"""A connection is closed when nobody has asked anything on it for so long."""


def address(number: int, hosts: int, port: int) -> str:
    """Give a feed's address; feeds of one host are far apart in the list."""
    host = number % hosts
    return f"http://127.{1 + host // 62500}.{host // 250 % 250}.{1 + host % 250}:{port}/{number}/feed.xml"


def packed(numbered: tuple[int, str]) -> list[tuple[Key, bytes]]:
    """Make all editions of a feed at its address, compressed."""
    number, where = numbered
    editions = dict.fromkeys(round_.edition(number) for round_ in ROUNDS.values())
    return [((number, one), gzip.compress(document(number, one, where), 6, mtime=0)) for one in editions]


class Store:
    """The compressed bodies in one file, and where each stands in it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: dict[Key, tuple[int, int]] = {}
        self._file = -1

    def fill(self, addresses: list[str]) -> None:
        """Make all bodies, on all processors."""
        with multiprocessing.Pool() as pool, self._path.open("wb") as file:
            for made in pool.imap(packed, enumerate(addresses), chunksize=20):
                for key, body in made:
                    self._places[key] = file.tell(), len(body)
                    file.write(body)

    def __getitem__(self, key: Key) -> bytes:
        if self._file < 0:
            self._file = os.open(self._path, os.O_RDONLY)
        start, length = self._places[key]
        return os.pread(self._file, length, start)


class Origin:
    """What all connections share: the round, and what was asked in it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.round = ROUNDS["cold"]
        self.asked: Counter[int] = Counter()  # by status
        self.date = ""
        self.connections: set[Any] = set()

    def begin(self, name: str) -> dict[int, int]:
        """Serve another round → what was asked in the last one. No connection outlives a round."""
        self.round = ROUNDS[name]
        self.date = format_datetime(datetime.now(UTC), usegmt=True)
        for transport in self.connections:
            transport.close()
        asked = dict(self.asked)
        self.asked.clear()
        return asked

    def answer(self, head: bytes) -> bytes:
        """Answer one request."""
        found = GET.match(head)
        if found is None:
            self.asked[404] += 1
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        number = int(found[1])
        served = self.round.edition(number)
        etag = f'W/"{number:x}-{served.touches}-{served.items}"'
        headers = f"Server: nginx\r\nDate: {self.date}\r\nVary: Accept-Encoding\r\nCache-Control: max-age=300\r\n"
        if self.round.validators:
            headers += f"ETag: {etag}\r\nLast-Modified: {format_datetime(served.at, usegmt=True)}\r\n"
            if not_modified(head, etag.encode(), served):
                self.asked[304] += 1
                return f"HTTP/1.1 304 Not Modified\r\n{headers}\r\n".encode()
        self.asked[200] += 1
        body = self.store[number, served]
        kind = CONTENT_TYPES[kind_of(number)]
        headers += f"Content-Type: {kind}\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n"
        return f"HTTP/1.1 200 OK\r\n{headers}\r\n".encode() + body


def not_modified(head: bytes, etag: bytes, served: Edition) -> bool:
    """Tell whether the asker has this edition; an ETag has the last word (RFC 9110, 13.2.2)."""
    if match := IF_NONE_MATCH.search(head):
        return etag in match[1]
    since = IF_MODIFIED_SINCE.search(head)
    return since is not None and parsedate_to_datetime(since[1].decode()) >= served.at


class Visitor(asyncio.Protocol):
    """One connection."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._read = b""

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        self._origin.connections.add(transport)
        self._closing = asyncio.get_running_loop().call_later(IDLE_S, transport.close)

    def connection_lost(self, _: Exception | None) -> None:
        """End."""
        self._closing.cancel()
        self._origin.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is there whole."""
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            self._transport.write(self._origin.answer(head))
            if CLOSE.search(head):
                self._transport.close()


def serve(store: Store, listening: socket.socket, pipe: Connection, other_end: Connection) -> None:
    """Serve; for every round's name that comes through the pipe, tell what was asked in the last one, by status.

    The pipe's other end is closed here: then it ends when the program that holds it does.
    """
    other_end.close()

    async def run() -> None:
        loop, origin = asyncio.get_running_loop(), Origin(store)

        def switch() -> None:
            try:
                pipe.send(origin.begin(pipe.recv()))
            except EOFError:
                os._exit(0)

        loop.add_reader(pipe.fileno(), switch)
        server = await loop.create_server(lambda: Visitor(origin), sock=listening, backlog=1024)
        await server.serve_forever()

    asyncio.run(run())


class Farm:
    """The running farm."""

    def __init__(self, addresses: list[str], port: int, pipe: Connection) -> None:
        self.addresses = addresses
        self.port = port
        self._pipe = pipe

    def begin(self, round_: str) -> dict[int, int]:
        """Serve another round → how often each status was answered since the last call."""
        self._pipe.send(round_)
        answered: dict[int, int] = self._pipe.recv()
        return answered


@contextmanager
def running_farm(sources: int, per_host: int, folder: Path) -> Iterator[Farm]:
    """Make the feeds, so many for each host, and run the farm while the body runs."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")  # all of 127.0.0.0/8 and nothing else
    listening.bind(("0.0.0.0", 0))
    port = listening.getsockname()[1]
    store = Store(folder / "bodies")
    addresses = [address(number, max(1, sources // per_host), port) for number in range(sources)]
    store.fill(addresses)
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(store, listening, theirs, ours), daemon=True)
    process.start()
    listening.close()
    theirs.close()
    try:
        yield Farm(addresses, port, ours)
    finally:
        process.terminate()
        process.join()
