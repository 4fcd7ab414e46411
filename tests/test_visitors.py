"""Who connects to the daemon and wastes its time or its memory loses the connection; everybody else is served."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import uvicorn

from house import free_port
from ingest.failure import outcome_of
from wireroom.visitors import MAX_HEAD_BYTES, Visitor

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Hasty(Visitor):
    """A visitor with little time and few places."""

    head_s = 1.0
    request_s = 1.5
    most = 20


ESTABLISHED = b"\x01"
MUCH = b"x" * 8_000_000
"""More than the kernel takes off our hands."""


async def application(scope: dict[str, Any], _: Any, send: Send) -> None:
    """Answer everything."""
    body = MUCH if scope["path"] == "/much" else b"ok"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@contextlib.asynccontextmanager
async def serving(keep_alive_s: int = 5) -> AsyncIterator[int]:
    """Run a server while the body runs → its port."""
    port = free_port()
    config = uvicorn.Config(
        application, port=port, http=Hasty, lifespan="off", log_config=None, timeout_keep_alive=keep_alive_s
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - it has no event for that
        await asyncio.sleep(0.01)
    try:
        yield port
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect while the body runs."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def get(port: int) -> bytes:
    """Ask as anybody would."""
    async with connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return await asyncio.wait_for(reader.read(), 5)


async def ended(reader: asyncio.StreamReader) -> bool:
    """Wait for the end of a connection, a few seconds."""
    try:
        async with asyncio.timeout(5):
            while await reader.read(65536):
                pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(
    "first", [b"", b"POST /websub/x HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET"]
)
async def test_half_a_request_is_not_waited_for(first: bytes) -> None:
    """Nothing, the beginning of a head, and the beginning of a second one."""
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(first)

        assert await ended(reader)


async def test_head_without_end_costs_no_memory() -> None:
    """A head of any size would be kept in memory."""
    async with serving() as port:
        async with connected(port) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n")
            for n in range(MAX_HEAD_BYTES // 1000 + 20):
                writer.write(b"X-%d: %s\r\n" % (n, b"x" * 1000))
            with contextlib.suppress(ConnectionError):
                await writer.drain()

            assert await asyncio.wait_for(ended(reader), 0.8)
        assert (await get(port)).endswith(b"ok")


@pytest.mark.parametrize(
    ("start", "status"), [(b"GET /" + b"x" * 40_000, b"414"), (b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 100_000, b"431")]
)
async def test_head_that_is_too_long_is_told_so(start: bytes, status: bytes) -> None:
    """Before it has an end, and then the connection is closed."""
    async with serving() as port, connected(port) as (reader, writer):
        writer.write(start)

        assert (await asyncio.wait_for(reader.readline(), 5)).split()[1] == status
        assert await ended(reader)


@pytest.mark.parametrize("keep_alive_s", [0, 5])
async def test_answer_that_nobody_reads_is_dropped(keep_alive_s: int) -> None:
    """A connection that is closed while the other side reads nothing would stay, and keep its bytes, for ever."""
    async with serving(keep_alive_s) as port, connected(port) as (reader, writer):
        writer.write(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        sock = writer.get_extra_info("socket")
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(0.05)

        async with asyncio.timeout(5):
            while sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == ESTABLISHED:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.05)


async def test_flood_of_idle_connections_keeps_nobody_out() -> None:
    """Whoever waits with his request makes room for the next."""
    async with serving() as port, contextlib.AsyncExitStack() as flood:
        for _ in range(3 * Hasty.most):
            _, writer = await flood.enter_async_context(connected(port))
            writer.write(b"GET / HTTP/1.1\r\n")

        for _ in range(5):
            assert (await get(port)).endswith(b"ok")


async def test_flood_of_slow_readers_keeps_nobody_out() -> None:
    """Whoever has his answer, and does not read it, makes room too."""
    async with serving() as port, contextlib.AsyncExitStack() as flood:
        for _ in range(2 * Hasty.most):
            reader, writer = await flood.enter_async_context(connected(port))
            reader._transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")

        for _ in range(5):
            assert (await get(port)).endswith(b"ok")


def test_descriptors_that_are_used_up_are_charged_to_nobody() -> None:
    """It says nothing of the server that could not be asked."""
    none_left = OSError(errno.EMFILE, "Too many open files")

    assert outcome_of(none_left) == "offline"
    assert outcome_of(aiohttp.ClientOSError(errno.EMFILE, "Too many open files")) == "offline"
    assert outcome_of(OSError(errno.ECONNREFUSED, "Connection refused")) == "unreachable"
