"""One request and its answer, on a connection of its own. IO: network.

The lean half of the HTTP client: bytes go out, httptools reads what comes back, within limits, and nothing else is
done: no redirect is followed, nothing is decoded, nothing is sent twice. What an answer can be is told by four errors.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from io import BytesIO
from typing import cast

import httptools
from multidict import CIMultiDict

MAX_FIELDS = 128
"""Header fields of an answer, those of its promises (1xx) and its trailers included."""
MAX_FIELD_BYTES = 32768
"""Of one field; also of anything else that comes without an end in sight."""

Fields = CIMultiDict[str]


class ExchangeError(Exception):
    """The far end gave no whole answer."""


class NoHttpError(ExchangeError):
    """What it gave is no HTTP, or beyond the limits."""


class HungUpError(ExchangeError):
    """It took the request and closed the connection without an answer."""


class CutOffError(ExchangeError):
    """It broke the answer off in the middle of the body."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer without its body: status and header fields."""

    status: int
    fields: Fields


class Exchange(asyncio.Protocol):
    """Sends ``request`` once it is connected. ``answer`` and ``body`` give what came back; ``close`` ends it.

    Both raise ExchangeError. No more than ``max_body_bytes`` and one read beyond are ever held.
    """

    def __init__(self, request: bytes, max_body_bytes: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._request = request
        self._most = max_body_bytes
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._fields = Fields()
        self._answer: Answer | None = None
        self._body = BytesIO()  # not a list of what came: a body of two-byte chunks would take thirty times its size
        self._size = 0
        self._count = 0  # of fields and promises
        self._unread = 0  # bytes since something was whole
        self._whole = self._closed = False
        self._error: ExchangeError | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def answer(self) -> Answer:
        """Wait for status and header fields."""
        while self._answer is None:
            await self._news()
        self._nothing_behind()
        return self._answer

    async def body(self, wanted_bytes: int | None = None) -> bytes:
        """Wait for the whole body, or for the first ``wanted_bytes`` of it (or a little more, or less if it is less).

        Of a body that is larger than ``max_body_bytes`` it is what shows that.
        """
        wanted = self._most + 1 if wanted_bytes is None else wanted_bytes
        while not self._whole and self._size < wanted:
            await self._news()
        self._nothing_behind()
        return self._body.getvalue()

    def so_far(self) -> bytes:
        """Give what there is of the body."""
        return self._body.getvalue()

    def close(self) -> None:
        """Close the connection at once, whatever is on its way."""
        self._closed = True
        self._parser = None  # each holds the other
        if self._transport is not None:
            self._transport.abort()

    def _nothing_behind(self) -> None:
        """Raise NoHttpError where what came right behind a whole answer is none: then its length is a lie, or it is."""
        if isinstance(self._error, NoHttpError):
            raise self._error

    async def _news(self) -> None:
        """Wait for bytes. Raises what came instead of them."""
        if self._error is not None:
            raise self._error
        self._waiter = self._loop.create_future()
        await self._waiter

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _unreadable(self, why: str) -> ExchangeError:
        """Name what can't be read: the answer, or, once that is there, only the rest of its body."""
        if self._answer is None or self._whole:
            return NoHttpError(why)
        return CutOffError(f"the rest of the body can't be read: {why}")

    def _end(self, error: ExchangeError) -> None:
        """Note why there is no more to come; what came first counts."""
        if self._error is None:
            self._error = error
        self.close()
        self._wake()

    # --- What the connection says -------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request, unless who wanted it has left meanwhile."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by descent
        if self._closed:
            self._transport.abort()
            return
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(  # as browsers and aiohttp are: old servers end lines with LF alone
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Read on; what the answer comes to is told once all of ``data`` is read."""
        if self._parser is None or self._whole:
            return
        self._unread += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # 101, which nobody asked for: a whole answer as any other
        except httptools.HttpParserError as error:
            self._end(self._unreadable(str(error)))
            return
        if self._unread > MAX_FIELD_BYTES:
            self._end(self._unreadable(f"a line of over {MAX_FIELD_BYTES:,} bytes"))
        elif self._size > self._most:
            self._wake()
            self.close()
        else:
            self._wake()

    def eof_received(self) -> None:
        """Take the end of the connection for the end of a body that has no other."""
        if self._answer is not None and not self._whole:
            codings = ",".join(self._fields.getall("Transfer-Encoding", ())).lower()
            self._whole = "Content-Length" not in self._fields and not codings.rstrip(" \t").endswith("chunked")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who still waits that nothing more comes."""
        if exc is None:
            self.eof_received()
        if self._whole:
            self._parser = None
            self._wake()
        elif self._answer is None:
            self._end(HungUpError(str(exc) if exc else "the server closed the connection without an answer"))
        else:
            self._end(CutOffError("the connection ended before the body did"))

    # --- What the parser says -----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Refuse a second answer behind a whole one: its status would take the place of the first's."""
        if self._whole:
            self._refuse("a second answer behind the first")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one header field; trailer fields are only counted."""
        self._unread = 0
        self._counted()
        if len(name) + len(value) > MAX_FIELD_BYTES:
            self._refuse(f"a header field of over {MAX_FIELD_BYTES:,} bytes")
        if self._answer is None:
            text = value.decode("utf-8", "surrogateescape")
            self._fields.add(name.decode("utf-8", "surrogateescape"), text.strip(" \t"))

    def on_headers_complete(self) -> None:
        """Take the head: an answer's, or a promise's (1xx), which is followed by another."""
        self._unread = 0
        assert self._parser is not None
        status = self._parser.get_status_code()
        if status >= 200 or status == 101:
            self._answer = Answer(status, self._fields)

    def on_message_complete(self) -> None:
        """Take the end of the answer, or forget a promise."""
        self._unread = 0
        if self._answer is not None:
            self._whole = True
        else:
            self._counted()
            self._fields = Fields()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._unread = 0
        self._size += len(body)
        self._body.write(body)

    def _counted(self) -> None:
        self._count += 1
        if self._count > MAX_FIELDS:
            self._refuse(f"over {MAX_FIELDS} header fields")

    def _refuse(self, why: str) -> None:
        """Stop reading for good. Raises, which stops the parser."""
        self._error = self._unreadable(why)
        raise self._error
