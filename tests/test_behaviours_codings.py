"""Content codings: gzip, br, zstd and deflate are read; cut, stacked, unknown and lying ones are named; bombs are cut.

RFC 9110 8.4.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable

import brotli
import pytest

from scripted import Answer, Asked, Script, chunked, head, reply
from stage import Case, Played, ends, news, play, reads

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Squeeze = Callable[[bytes], bytes]


def raw_deflate(data: bytes) -> bytes:
    """Compress without zlib's header, as old servers do."""
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(data) + squeezer.flush()


def members(data: bytes) -> bytes:
    """Compress in two gzip members."""
    return gzip.compress(data[:100]) + gzip.compress(data[100:])


def frames(data: bytes) -> bytes:
    """Compress in two zstd frames with a skippable one between."""
    return zstd.compress(data[:100]) + b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc" + zstd.compress(data[100:])


def coded(coding: str | None, squeeze: Squeeze, **fields: str) -> Script:
    """Serve a feed of three items, squeezed so and labelled so, with an ETag."""

    def script(asked: Asked) -> Answer:
        label = {} if coding is None else {"Content_Encoding": coding}
        return reply(squeeze(news(asked, 1, 2, 3)), ETag='"squeezed"', **label, **fields)

    return script


def in_chunks(coding: str, squeeze: Squeeze) -> Script:
    """Serve the same in chunks of seven bytes."""

    def script(asked: Asked) -> Answer:
        body = squeeze(news(asked, 1, 2, 3))
        fields = {"Content-Encoding": coding, "Transfer-Encoding": "chunked", "ETag": '"squeezed"'}
        return Answer(head(200, fields) + chunked(*(body[at : at + 7] for at in range(0, len(body), 7))))

    return script


def plain(data: bytes) -> bytes:
    """Leave it as it is."""
    return data


def cut(squeeze: Squeeze) -> Squeeze:
    """Leave out the end of the stream."""
    return lambda data: squeeze(data)[:-6]


def gzip_bomb(_: bytes) -> bytes:
    """Make 10 GB out of 10 MB: one flushed block of 1 MB zeros, ten thousand times, in one member."""
    squeezer = zlib.compressobj(9, wbits=31)
    start = squeezer.compress(b"<rss>") + squeezer.flush(zlib.Z_FULL_FLUSH)
    block = squeezer.compress(bytes(1_000_000)) + squeezer.flush(zlib.Z_FULL_FLUSH)
    return start + block * 10_000


def br_bomb(_: bytes) -> bytes:
    """Make 100 MB out of some hundred bytes."""
    bomb: bytes = brotli.compress(bytes(100_000_000), quality=4)
    return bomb


def zstd_bomb(_: bytes) -> bytes:
    """Make 100 MB out of 10 kB, with a window of the largest size besides."""
    return zstd.compress(bytes(100_000_000), level=1)


def zstd_window(_: bytes) -> bytes:
    """Announce a window of 2 GB."""
    return b"\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00"


def validated(entries: int) -> Callable[[Played], None]:
    """Expect all entries, and the validator echoed: the document is whole."""
    good = reads(entries=entries)

    def check(played: Played) -> None:
        good(played)
        assert played.requests[-1]["If-None-Match"] == '"squeezed"'

    return check


def unread(says: str = "", outcome: tuple[str, ...] = ("malformed", "not-a-feed")) -> Callable[[Played], None]:
    """Expect a clear error, and neither entries nor a validator."""
    bad = ends(outcome, says=says)

    def check(played: Played) -> None:
        bad(played)
        assert not played.entries
        assert not any(asked.conditional for asked in played.requests)

    return check


def whole_or_refused(played: Played) -> None:
    """Expect all of it or nothing."""
    (validated(3) if played.entries else unread())(played)


BOMB = ("too-large",)
CUT = ("malformed", "unreachable")

CASES = [
    Case("identity", "no coding", coded(None, plain), validated(3)),
    Case("named-identity", "the coding that is none", coded("identity", plain), validated(3)),
    Case("gzip", "gzip", coded("gzip", gzip.compress), validated(3)),
    Case("gzip-upper", "names of codings have no case", coded("GZip", gzip.compress), validated(3)),
    Case("x-gzip", "the old name of gzip", coded("x-gzip", gzip.compress), validated(3)),
    Case("gzip-chunks", "in small chunks", in_chunks("gzip", gzip.compress), validated(3)),
    Case("gzip-members", "two members are one document", coded("gzip", members), validated(3)),
    Case("gzip-padded", "zeros behind it", coded("gzip", lambda data: gzip.compress(data) + bytes(512)), validated(3)),
    Case("br", "brotli", coded("br", brotli.compress), validated(3)),
    Case("br-chunks", "in small chunks", in_chunks("br", brotli.compress), validated(3)),
    Case("zstd", "Zstandard", coded("zstd", zstd.compress), validated(3)),
    Case("zstd-frames", "two frames are one document", coded("zstd", frames), validated(3)),
    Case("zstd-chunks", "in small chunks", in_chunks("zstd", zstd.compress), validated(3)),
    Case("deflate", "deflate, unasked for", coded("deflate", zlib.compress), validated(3)),
    Case("deflate-raw", "deflate as old servers write it", coded("deflate", raw_deflate), validated(3)),
    Case(
        "gz-file",
        "a file feed.xml.gz is read",
        coded(None, gzip.compress, Content_Type="application/gzip"),
        validated(3),
    ),
    Case("says-gzip", "said to be gzip, but plain", coded("gzip", plain), validated(3)),
    Case("says-br", "said to be br, but plain", coded("br", plain), whole_or_refused),
    Case("gzip-cut", "a cut stream is an error", coded("gzip", cut(gzip.compress)), unread("", CUT)),
    Case("br-cut", "so with brotli", coded("br", cut(brotli.compress)), unread("", CUT)),
    Case("zstd-cut", "so with Zstandard", coded("zstd", cut(zstd.compress)), unread("", CUT)),
    Case("deflate-cut", "so with deflate", coded("deflate", cut(zlib.compress)), unread("", CUT)),
    Case(
        "gzip-crc",
        "a wrong checksum is an error",
        coded("gzip", lambda data: gzip.compress(data)[:-8] + bytes(8)),
        unread("", CUT),
    ),
    Case("gzip-junk", "junk in the coding", coded("gzip", lambda _: b"\x1f\x8b\x08\x00junkjunkjunk"), unread("", CUT)),
    Case("twice", "two codings are refused", coded("gzip, gzip", lambda d: gzip.compress(gzip.compress(d))), unread()),
    Case("two-kinds", "of any kind", coded("gzip, br", lambda d: brotli.compress(gzip.compress(d))), unread()),
    Case("nested", "also if only one is named", coded("gzip", lambda d: gzip.compress(gzip.compress(d))), unread()),
    Case("fifty", "fifty of them", coded(", ".join(["gzip"] * 50), gzip.compress), unread()),
    Case("unknown", "an unknown one is named", coded("sdch", lambda data: data[::-1]), unread("sdch")),
    Case("unknown-plain", "said to be unknown, but plain", coded("sdch", plain), whole_or_refused),
    Case("compress", "so is one of the last century", coded("compress", lambda _: b"\x1f\x9d\x90"), unread("compress")),
    Case("gzip-bomb", "10 GB of zeros are cut at the cap", coded("gzip", gzip_bomb), unread("max_body", BOMB)),
    Case("br-bomb", "so with brotli", coded("br", br_bomb), unread("max_body", BOMB)),
    Case("zstd-bomb", "so with Zstandard", coded("zstd", zstd_bomb), unread("max_body", BOMB)),
    Case(
        "zstd-window", "and with a window of 2 GB", coded("zstd", zstd_window), unread("", (*CUT, *BOMB, "too-heavy"))
    ),
    Case("file-bomb", "and in a file", coded(None, gzip_bomb), unread("max_body", BOMB)),
    Case(
        "members-bomb",
        "and in many members",
        coded("gzip", lambda _: gzip.compress(bytes(10**7)) * 500),
        unread("max_body", BOMB),
    ),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll all of them twice."""
    return play(tmp_path_factory.mktemp("codings"), CASES, 2, poll={"timeout": "20s"})


@pytest.mark.parametrize("case", CASES, ids=str)
def test_codings(case: Case, played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(played[case.name])
