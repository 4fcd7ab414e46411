"""A body as it came over the wire → what it was before the server compressed it: gzip, br, zstd or deflate. Pure.

A little of it can be the packing of very much, so it is unpacked a piece at a time and given up at the cap. The end
must be there: half a feed reads like a whole one, and its validators would hide the other half for ever.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Callable
from typing import Any

import brotli

from ingest.parsed import MalformedError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_STREAMS = 1000
"""gzip members or zstd frames in one body; blocked gzip has one for each 64 kB."""

_CHUNK_IN = 16 * 1024
_CHUNK_OUT = 64 * 1024
_GZIP = b"\x1f\x8b\x08"
_MAX_WINDOW_LOG = 23  # 8 MB: RFC 9659 allows no more over HTTP
_PLAIN = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\x00 \t\r\n]{0,1000}[<{\[]\x00{0,3}[A-Za-z!?{}\[\]\"\s/]")


class TooLargeError(ValueError):
    """The unpacked body is over the cap; the message names it."""


def unpack(body: bytes, encoding: str | None, max_bytes: int) -> bytes:
    """Undo the one Content-Encoding of a body (RFC 9110 8.4.1) → at most ``max_bytes`` bytes.

    ``encoding`` is the header, or None; a gzip file (``feed.xml.gz``) needs none. A body that is plain XML or JSON in
    spite of what its header says is taken as it is. Raises TooLargeError over the cap, MalformedError for an encoding
    that is unknown, or more than one, and for data that is damaged or cut off.
    """
    names = [name for each in (encoding or "").lower().split(",") if (name := each.partition(";")[0].strip())]
    names = [name for name in names if name != "identity"]
    if not names:
        return _once(body, "gzip", max_bytes) if body.startswith(_GZIP) else body
    plain = _PLAIN.match(body) is not None
    if len(names) == 1 and names[0] in _WAYS:
        try:
            return _once(body, names[0], max_bytes) if body else body
        except MalformedError:
            if plain:  # the header is wrong: a proxy unpacked it, or a script says so of all that it sends
                return body
            raise
    if plain:
        return body
    if len(names) > 1:
        raise MalformedError(f"it is compressed more than once (Content-Encoding: {', '.join(names)[:80]})")
    raise MalformedError(f"its Content-Encoding {names[0][:40]!r} is unknown; gzip, br, zstd and deflate are read")


def _once(body: bytes, name: str, max_bytes: int) -> bytes:
    """Unpack, and refuse what is packed again inside: nobody means that, but for a bomb."""
    made = _WAYS[name](body, _Room(max_bytes))
    if made.startswith(_GZIP):
        raise MalformedError("it is compressed more than once (gzip inside of its Content-Encoding)")
    return made


class _Room:
    """What was unpacked so far, under a cap."""

    def __init__(self, max_bytes: int) -> None:
        self._left = max_bytes
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []

    def take(self, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise TooLargeError(f"unpacked, the body is over {self._max_bytes:,} bytes ([poll] max_body)")
        self._pieces.append(piece)

    def all(self) -> bytes:
        return b"".join(self._pieces)


def _gunzip(body: bytes, room: _Room) -> bytes:
    return _streams(body, room, "gzip", lambda: _Zlib(zlib.MAX_WBITS | 16), follows=re.compile(rb"\x1f\x8b"))


def _unzstd(body: bytes, room: _Room) -> bytes:
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _MAX_WINDOW_LOG}
    frame = re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")  # or a skippable one
    return _streams(body, room, "zstd", lambda: _Zstd(zstd.ZstdDecompressor(options=options)), follows=frame)


def _inflate(body: bytes, room: _Room) -> bytes:
    """Unpack ``deflate``: zlib's format as RFC 9110 8.4.1.2 has it, or the bare stream that some servers send."""
    has_header = len(body) > 1 and body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0
    bits = zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
    return _streams(body, room, "deflate", lambda: _Zlib(bits), follows=None)


class _Zlib:
    """One stream of zlib, with the manners of zstd's decompressor: ``more`` to give without more data; what is left."""

    def __init__(self, bits: int) -> None:
        self._stream = zlib.decompressobj(bits)
        self.more = False

    def feed(self, data: bytes) -> bytes:
        piece = self._stream.decompress(self._stream.unconsumed_tail + data, _CHUNK_OUT)
        self.more = (bool(self._stream.unconsumed_tail) or len(piece) == _CHUNK_OUT) and not self._stream.eof
        return piece

    @property
    def ended(self) -> bool:
        return self._stream.eof

    @property
    def rest(self) -> bytes:
        return self._stream.unused_data


class _Zstd:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def feed(self, data: bytes) -> bytes:
        piece: bytes = self._stream.decompress(data, _CHUNK_OUT)
        return piece

    @property
    def more(self) -> bool:
        return not self._stream.needs_input and not self._stream.eof

    @property
    def ended(self) -> bool:
        return bool(self._stream.eof)

    @property
    def rest(self) -> bytes:
        rest: bytes = self._stream.unused_data
        return rest


def _streams(
    body: bytes, room: _Room, name: str, begin: Callable[[], _Zlib | _Zstd], *, follows: re.Pattern[bytes] | None
) -> bytes:
    """Unpack the streams of a body, one after the other (RFC 1952 2.2, RFC 8878 3.1).

    ``follows``: how a further one begins. Zeros behind the last are a tape's padding.
    """
    stream, count, at, data = begin(), 1, 0, b""
    try:
        while data or stream.more or at < len(body):
            if len(data) < 4 and not stream.more:  # four bytes tell how a stream begins
                data, at = data + body[at : at + _CHUNK_IN], at + _CHUNK_IN
            if stream.ended:
                data = data.lstrip(b"\x00")
                if not data:
                    continue
                if not (follows and follows.match(data)):
                    raise MalformedError(f"something else follows the end of its {name} data")
                stream, count = begin(), count + 1
                if count > MAX_STREAMS:
                    raise MalformedError(f"its {name} data is in more than {MAX_STREAMS} parts")
            room.take(stream.feed(data))
            data = stream.rest if stream.ended else b""
    except (zlib.error, zstd.ZstdError) as error:
        raise MalformedError(f"its {name} data is damaged: {error}") from None
    if not stream.ended:
        raise MalformedError(f"its {name} data is cut off: the end is missing")
    return room.all()


def _unbrotli(body: bytes, room: _Room) -> bytes:
    stream, at = brotli.Decompressor(), 0
    try:
        while not stream.is_finished():
            data = body[at : at + _CHUNK_IN] if stream.can_accept_more_data() else b""
            piece = stream.process(data, output_buffer_limit=_CHUNK_OUT)
            if not data and not piece and at >= len(body):
                break
            at += len(data)
            room.take(piece)
    except brotli.error:
        raise MalformedError("its br data is damaged") from None
    if not stream.is_finished():
        raise MalformedError("its br data is cut off: the end is missing")
    if at < len(body):
        raise MalformedError("something else follows the end of its br data")
    return room.all()


_WAYS: dict[str, Callable[[bytes, _Room], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "br": _unbrotli,
    "zstd": _unzstd,
    "deflate": _inflate,
}
