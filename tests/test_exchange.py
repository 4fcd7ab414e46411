"""One request and its answer: what is read, what is refused, what is called cut off; in both event loops."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import Mock

import pytest

from ingest.exchange import MAX_FIELD_BYTES, MAX_FIELDS, CutOffError, Exchange, HungUpError, NoHttpError
from wireroom.loop import run as run_in_our_loop

REQUEST = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
CAP = 100_000

Result = tuple[int, dict[str, str], bytes]
Run = Callable[..., Any]


async def talk(pieces: Sequence[bytes], *, reset: bool = False, wanted: int | None = None) -> tuple[Result, bytes]:
    """Let a server say ``pieces``, each as a packet of its own, and close → what was read, and what it was asked."""
    asked = b""
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked = await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(OSError):  # the client has seen enough
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)
        if reset:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.close()
        ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    exchange = Exchange(REQUEST, CAP)
    try:
        async with asyncio.timeout(5):
            await asyncio.get_running_loop().create_connection(lambda: exchange, "127.0.0.1", port)
            answer = await exchange.answer()
            body = await exchange.body(wanted)
    finally:
        exchange.close()
        async with asyncio.timeout(5):
            await ended.wait()
        server.close()
    return (answer.status, dict(answer.fields), body), asked


@pytest.fixture(params=[asyncio.run, run_in_our_loop], ids=["asyncio", "ours"])
def run(request: pytest.FixtureRequest) -> Run:
    """Give what runs a loop: asyncio's own, and the one that the program uses."""
    return request.param  # type: ignore[no-any-return]


HEAD = b"HTTP/1.1 200 OK\r\n"

READ = {
    "length": ([HEAD + b"Content-Length: 3\r\n\r\nabc"], (200, {"Content-Length": "3"}, b"abc")),
    "length-late": ([HEAD + b"Content-Length: 3\r\n", b"\r\na", b"bc"], (200, {"Content-Length": "3"}, b"abc")),
    "chunks": (
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n", b"1\r\nd\r\n0\r\nETag: late\r\n\r\n"],
        (200, {"Transfer-Encoding": "chunked"}, b"abcd"),
    ),
    "to-the-end": ([HEAD + b"\r\nabc", b"def"], (200, {}, b"abcdef")),
    "http-1.0": ([b"HTTP/1.0 200 OK\r\n\r\nabc"], (200, {}, b"abc")),
    "coded-to-the-end": (
        [HEAD + b"Transfer-Encoding: x-odd\r\n\r\nabc"],
        (200, {"Transfer-Encoding": "x-odd"}, b"abc"),
    ),
    "304": ([b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'], (304, {"ETag": '"x"'}, b"")),
    "304-length": ([b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"], (304, {"Content-Length": "9"}, b"")),
    "204": ([b"HTTP/1.1 204 No Content\r\n\r\n"], (204, {}, b"")),
    "101": ([b"HTTP/1.1 101 X\r\nUpgrade: y\r\nConnection: upgrade\r\n\r\nzz"], None),
    "promises": (
        [b"HTTP/1.1 103 Early\r\nLink: <x>\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"A: b\r\n\r\nabc"],
        (200, {"A": "b"}, b"abc"),
    ),
    "lf-only": ([b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc"], (200, {"Content-Length": "3"}, b"abc")),
    "odd-bytes": ([HEAD + b'ETag: "\xe9"  \r\n\r\n'], (200, {"ETag": '"\udce9"'}, b"")),
    "utf-8": ([HEAD + 'ETag: "é"\r\n\r\n'.encode()], (200, {"ETag": '"é"'}, b"")),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_answer_is_read(name: str, run: Run) -> None:
    """Each way to say where a body ends; promises and trailers are no part of it; values come byte for byte."""
    pieces, expected = READ[name]

    result, asked = run(talk(pieces))

    assert asked == REQUEST
    if expected is None:
        assert result[0] == 101
    else:
        assert result == expected


def fields(count: int) -> bytes:
    """Write so many header fields."""
    return b"".join(b"X-%d: y\r\n" % n for n in range(count))


REFUSED: dict[str, tuple[list[bytes], type[Exception]]] = {
    "nothing": ([b""], HungUpError),
    "half-a-head": ([HEAD + b"A: b\r\n"], HungUpError),
    "only-a-promise": ([b"HTTP/1.1 100 Continue\r\n\r\n"], HungUpError),
    "nonsense": ([b"<rss/>"], NoHttpError),
    "two-lengths": ([HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"], NoHttpError),
    "length-and-chunks": ([HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"], NoHttpError),
    "short": ([HEAD + b"Content-Length: 3\r\n\r\n", b"ab"], CutOffError),
    "short-chunks": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n"], CutOffError),
    "bad-chunk": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"zz\r\n"], CutOffError),
    "304-with-body": ([b"HTTP/1.1 304 Not Modified\r\n\r\n<rss/>"], NoHttpError),
    "more-than-its-length": ([HEAD + b"Content-Length: 3\r\n\r\nabcdef"], NoHttpError),
    "a-second-answer": ([HEAD + b"Content-Length: 3\r\n\r\nabcHTTP/1.1 408 Request Timeout\r\n\r\n"], NoHttpError),
    "200-behind-304": ([b"HTTP/1.1 304 Not Modified\r\n\r\n" + HEAD + b"Content-Length: 3\r\n\r\nabc"], NoHttpError),
    "fields": ([HEAD + fields(MAX_FIELDS + 1) + b"\r\n"], NoHttpError),
    "field": ([HEAD + b"X: " + b"y" * MAX_FIELD_BYTES + b"\r\n\r\n"], NoHttpError),
    "endless-field": ([HEAD + b"X: ", *[b"y" * 10_000] * 5], NoHttpError),
    "endless-status": ([b"HTTP/1.1 200 ", *[b"y" * 10_000] * 5], NoHttpError),
    "endless-promises": ([b"HTTP/1.1 100 Continue\r\n\r\n" * (MAX_FIELDS + 1)], NoHttpError),
    "trailers": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", fields(MAX_FIELDS + 1)], CutOffError),
    "endless-trailer": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: ", *[b"y" * 10_000] * 5], CutOffError),
    "endless-extension": ([HEAD + b"Transfer-Encoding: chunked\r\n\r\n3;", *[b"y" * 10_000] * 5], CutOffError),
}


@pytest.mark.parametrize("name", REFUSED)
def test_answer_that_is_none_is_named(name: str, run: Run) -> None:
    """Silence, cut answers, lies about lengths, and whatever has no end in sight."""
    pieces, error = REFUSED[name]

    with pytest.raises(error):
        run(talk(pieces))


def test_limits_are_not_below_what_servers_send(run: Run) -> None:
    """As many fields as there may be, and one as long as it may be."""
    long = b"L: " + b"y" * (MAX_FIELD_BYTES - 10) + b"\r\n"

    (status, _, body), _ = run(talk([HEAD + fields(MAX_FIELDS - 1), long, b"\r\nabc"]))

    assert (status, body) == (200, b"abc")


def test_status_is_told_though_the_body_is_broken(run: Run) -> None:
    """Also where both come at once: an error's status says what matters."""
    broken = b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"

    (status, _, _), _ = run(talk([broken], wanted=0))

    assert status == 404


def test_reset_is_no_end(run: Run) -> None:
    """Not of an answer, and not of a body that ends with the connection."""
    with pytest.raises(HungUpError):
        run(talk([], reset=True))
    with pytest.raises((CutOffError, HungUpError)):
        run(talk([HEAD + b"\r\nabc"], reset=True))


def test_body_is_read_no_further_than_its_cap(run: Run) -> None:
    """A server that never stops is left."""
    (_, _, body), _ = run(talk([HEAD + b"\r\n", *[b"x" * 50_000] * 100]))
    assert CAP < len(body) < 20 * CAP

    (_, _, page), _ = run(talk([HEAD + b"\r\n", *[b"x" * 500] * 100], wanted=1000))
    assert 1000 <= len(page) < 50_000


def test_body_in_crumbs_takes_no_more_memory_than_it_is_long() -> None:
    """Chunks of two bytes each: the body is held, not an object for each of them."""

    async def held() -> tuple[int, bytes]:
        exchange = Exchange(REQUEST, CAP)
        exchange.connection_made(Mock(spec=asyncio.Transport))
        exchange.data_received(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        crumbs = b"2\r\nab\r\n" * (CAP // 4)
        tracemalloc.start()
        try:
            exchange.data_received(crumbs)
            return tracemalloc.get_traced_memory()[0], exchange.so_far()
        finally:
            tracemalloc.stop()

    size, body = asyncio.run(held())
    assert body == b"ab" * (CAP // 4)
    assert size < 2 * len(body)


def test_what_waits_ends_with_the_deadline(run: Run) -> None:
    """Broken off while it waits: no error is left that nobody takes, nothing stays open."""

    async def silence() -> list[str]:
        told: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["message"]))
        closed = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            closed.set()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        exchange = Exchange(REQUEST, CAP)
        port = server.sockets[0].getsockname()[1]
        await asyncio.get_running_loop().create_connection(lambda: exchange, "127.0.0.1", port)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await exchange.answer()
        exchange.close()
        async with asyncio.timeout(5):
            await closed.wait()
        server.close()
        return told

    assert run(silence()) == []
