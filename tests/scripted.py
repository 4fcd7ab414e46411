"""A scripted HTTP/1.1 server on loopback that can send any bytes at any time, and notes every request. IO: network.

A script is a function of the request: it gives an ``Answer`` (bytes, and what becomes of the connection), or a
coroutine function that acts on the ``Wire`` itself. Which script answers is said by the first part of the path:
``/NAME/more``. Every port speaks http and https, told apart by the first byte; http speaks on three ports: ``port``,
``other`` (another origin), and ``canary``, which nobody may ever touch.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
MAX_HEAD = 65536


@dataclass(frozen=True)
class Asked:
    """One request as it came in. ``number`` counts the requests for this path, from 1; ``at`` is monotonic seconds.

    ``other`` and ``canary`` are the server's other ports, for scripts that lead there.
    """

    at: float
    place: tuple[str, int]
    tls: bool
    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    raw: bytes
    number: int
    other: int
    canary: int

    def __getitem__(self, name: str) -> str | None:
        """Give a field's value by its name in any case; None where it is absent."""
        found = [value for key, value in self.fields if key.lower() == name.lower()]
        return ", ".join(found) if found else None

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def name(self) -> str:
        """The first part of the path: whose script answers."""
        return self.path.split("/")[1] if "/" in self.path else ""

    @property
    def rest(self) -> str:
        """What follows the name in the path."""
        return self.path.partition("/")[2].partition("/")[2]

    @property
    def conditional(self) -> bool:
        """Whether it asks for a 304."""
        return self["If-None-Match"] is not None or self["If-Modified-Since"] is not None


@dataclass(frozen=True)
class Answer:
    """The very bytes to send, and what becomes of the connection then."""

    raw: bytes
    end: Literal["keep", "close", "reset"] = "keep"


class Wire:
    """A connection that a script acts on."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Send bytes and wait until the system took them. Raises OSError when the client is gone."""
        self._writer.write(data)
        await self._writer.drain()
        if self._writer.is_closing() or self._reader.at_eof():
            raise ConnectionResetError("the client hung up")

    async def drip(self, data: bytes, every_s: float = 0.2, size: int = 1) -> None:
        """Send ``data`` a few bytes at a time."""
        for start in range(0, len(data), size):
            if start:
                await asyncio.sleep(every_s)
            await self.send(data[start : start + size])

    async def silence(self) -> None:
        """Say nothing until the client hangs up."""
        while await self._reader.read(4096):
            pass

    def reset(self) -> None:
        """Break the connection off with an RST."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Act = Callable[[Wire], Awaitable[None]]
Script = Callable[[Asked], Answer | Act]


def head(status: int = 200, fields: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> bytes:
    """Write a status line and fields: text as UTF-8, a lone half character U+DC80 to U+DCFF as that raw byte."""
    lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Odd')}"]
    lines += [f"{name}: {value}" for name, value in (fields.items() if isinstance(fields, Mapping) else fields)]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("utf-8", "surrogateescape")


def reply(body: bytes = b"", status: int = 200, /, **fields: str) -> Answer:
    """Make a well-formed answer; ``Content_Type`` is written ``Content-Type``."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    if status == 304:
        return Answer(head(status, named))
    return Answer(head(status, {**named, "Content-Length": str(len(body))}) + body)


def nothing_here(_: Asked) -> Answer:
    """Answer for what has no script."""
    return reply(b"nothing here", 404)


def chunked(*chunks: bytes) -> bytes:
    """Write a body in chunks, the last one included."""
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])


@dataclass
class Scripted:
    """The running server: its scripts by name, and what it was asked."""

    tls: ssl.SSLContext | None = None
    scripts: dict[str, Script] = field(default_factory=dict)
    log: list[Asked] = field(default_factory=list)
    touched: list[tuple[str, int]] = field(default_factory=list)
    port: int = 0
    other: int = 0
    canary: int = 0
    under_way: Counter[str] = field(default_factory=Counter)
    most_at_once: Counter[str] = field(default_factory=Counter)
    _counts: Counter[str] = field(default_factory=Counter)

    def url(self, path: str, *, host: str = HOSTS[0], port: int | None = None, scheme: str = "http") -> str:
        """Give the address of a path."""
        return f"{scheme}://{host}:{port or self.port}{path}"

    def asked(self, name: str) -> list[Asked]:
        """List what the script ``name`` was asked, in order."""
        return [asked for asked in self.log if asked.name == name]

    async def serve(self, sock: socket.socket) -> None:
        """Take connections on one listening socket until cancelled."""
        loop = asyncio.get_running_loop()
        tasks: set[asyncio.Task[None]] = set()
        while True:
            client, _ = await loop.sock_accept(sock)
            task = asyncio.create_task(self._take(client))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def _take(self, client: socket.socket) -> None:
        """Find out whether the client speaks TLS, and serve it."""
        loop = asyncio.get_running_loop()
        place = (client.getsockname()[0], client.getsockname()[1])
        if place[1] == self.canary:
            self.touched.append(place)
        client.setblocking(False)
        readable = asyncio.Event()
        loop.add_reader(client, readable.set)
        try:
            await readable.wait()
            tls = client.recv(1, socket.MSG_PEEK) == b"\x16"
        except OSError:
            tls = False
        finally:
            loop.remove_reader(client)
        reader = asyncio.StreamReader(limit=MAX_HEAD)
        protocol = asyncio.StreamReaderProtocol(reader)
        with contextlib.suppress(OSError, ssl.SSLError):
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, client, ssl=self.tls if tls else None, ssl_handshake_timeout=5 if tls else None
            )
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            try:
                await self._converse(reader, writer, place, tls=tls)
            finally:
                writer.close()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, place: tuple[str, int], *, tls: bool
    ) -> None:
        """Answer one request after the other on one connection."""
        wire = Wire(reader, writer)
        while True:
            try:
                raw = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                return
            asked = self._note(raw, place, tls=tls)
            script = self.scripts.get(asked.name, nothing_here)
            self.under_way[asked.name] += 1
            self.most_at_once[asked.name] = max(self.most_at_once[asked.name], self.under_way[asked.name])
            try:
                answer = script(asked)
                if not isinstance(answer, Answer):
                    await answer(wire)
                    return
                await wire.send(answer.raw)
            finally:
                self.under_way[asked.name] -= 1
            if answer.end == "reset":
                wire.reset()
            if answer.end != "keep":
                return

    def _note(self, raw: bytes, place: tuple[str, int], *, tls: bool) -> Asked:
        lines = raw.decode("utf-8", "surrogateescape").split("\r\n")
        method, target, _ = [*lines[0].split(" "), "", ""][:3]
        fields = tuple((name, value.strip(" ")) for name, _, value in (line.partition(":") for line in lines[1:-2]))
        path = target.partition("?")[0]
        self._counts[path] += 1
        number = self._counts[path]
        ports = (self.other, self.canary)
        self.log.append(Asked(time.monotonic(), place, tls, method, target, fields, raw, number, *ports))
        return self.log[-1]


def listen(hosts: Sequence[str], port: int = 0) -> tuple[int, list[socket.socket]]:
    """Listen on one port of every host → the port, the sockets. With port 0 one that is free on all."""
    for _ in range(50):
        sockets = []
        chosen = port
        try:
            for host in hosts:
                sockets.append(socket.create_server((host, chosen), backlog=1024))
                sockets[-1].setblocking(False)
                chosen = sockets[0].getsockname()[1]
        except OSError:
            for sock in sockets:
                sock.close()
        else:
            return chosen, sockets
    raise OSError(f"no port is free on all of {', '.join(hosts)}")


@contextlib.contextmanager
def running_scripted(
    scripts: Mapping[str, Script] | None = None,
    *,
    hosts: Sequence[str] = HOSTS,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Scripted]:
    """Run a scripted server on a thread of its own while the body runs."""
    server = Scripted(tls=tls, scripts=dict(scripts or {}))
    places = [listen(hosts, port), listen(hosts), listen(hosts)]
    server.port, server.other, server.canary = (number for number, _ in places)
    sockets = [sock for _, some in places for sock in some]
    loop = asyncio.new_event_loop()

    async def serve_all() -> None:
        await asyncio.gather(*(server.serve(sock) for sock in sockets))

    serving = loop.create_task(serve_all())

    def run() -> None:
        asyncio.set_event_loop(loop)
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(serving)
        rest = asyncio.all_tasks(loop)
        for task in rest:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run, name="scripted server", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(serving.cancel)
        thread.join()
        for sock in sockets:
            sock.close()
