"""Bodies as servers pack them: one encoding, whole, under the cap; and what must be refused."""

from __future__ import annotations

import gzip
import random
import sys
import zlib
from collections.abc import Callable

import brotli
import pytest

from ingest.parsed import MalformedError
from ingest.unpack import MAX_STREAMS, TooLargeError, unpack

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FEED = (
    b"<rss version='2.0'><channel><title>T</title>" + b"<item><title>word</title></item>" * 9000 + b"</channel></rss>"
)
CAP = 1_000_000


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "deflate": zlib.compress,
}


@pytest.mark.parametrize("name", PACKERS)
def test_one_encoding_is_undone(name: str) -> None:
    """Each encoding that we ask for, and deflate, gives back the body, of any length."""
    for size in (1, 100, 65_535, 65_536, 65_537, 131_072, len(FEED)):
        assert unpack(PACKERS[name](FEED[:size]), name, CAP) == FEED[:size]
    noise = random.Random(7).randbytes(200_000)
    assert unpack(PACKERS[name](noise), name, CAP) == noise


@pytest.mark.parametrize("header", ["GZIP", " gzip ", "gzip;q=1", "identity, gzip", "gzip,"])
def test_the_header_is_read_as_servers_write_it(header: str) -> None:
    """Case, spaces, parameters and ``identity`` beside it do not matter."""
    assert unpack(gzip.compress(FEED), header, CAP) == FEED


def test_deflate_is_read_without_its_frame_too() -> None:
    """Some servers send the bare stream under the name deflate."""
    assert unpack(raw_deflate(FEED), "deflate", CAP) == FEED


@pytest.mark.parametrize("header", [None, "", "identity", " , "])
def test_no_encoding_changes_nothing(header: str | None) -> None:
    """A body that is not packed comes back as it is."""
    assert unpack(FEED, header, CAP) is FEED


def test_a_gzip_file_is_unpacked_without_a_header() -> None:
    """A feed.xml.gz is a gzip file whatever the server says, and nothing at all."""
    assert unpack(gzip.compress(FEED), None, CAP) == FEED


def test_an_empty_body_is_empty() -> None:
    """No bytes are no fault of the packing."""
    assert unpack(b"", "gzip", CAP) == b""


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_several_streams_are_one_body(name: str) -> None:
    """Members of gzip and frames of zstd follow one another, as blocked writers make them, at any length."""
    pack, step = PACKERS[name], 999
    parts = [FEED[at : at + step] for at in range(0, len(FEED), step)]

    assert unpack(b"".join(pack(part) for part in parts), name, CAP) == FEED


def test_zeros_behind_gzip_are_padding() -> None:
    """Zeros behind the end are what tapes and blocks leave, however many."""
    assert unpack(gzip.compress(FEED) + b"\x00" * 40_000, "gzip", CAP) == FEED


def test_a_skippable_frame_is_skipped() -> None:
    """Zstd data may begin or end with a frame that holds no content."""
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"

    assert unpack(skippable + zstd.compress(FEED) + skippable, "zstd", CAP) == FEED


@pytest.mark.parametrize("body", [FEED, b"\xef\xbb\xbf  " + FEED, b'{"version": 1}', "<rss/>".encode("utf-16")])
@pytest.mark.parametrize("header", ["gzip", "br", "zstd", "deflate", "UTF-8", "none", "gzip, gzip"])
def test_what_is_plain_is_taken_as_it_is(body: bytes, header: str) -> None:
    """Where a header lies about a body that is plain to read, the body is believed."""
    assert unpack(body, header, CAP) is body


@pytest.mark.parametrize("name", PACKERS)
def test_over_the_cap_is_refused(name: str) -> None:
    """One byte over the cap is too much, and the error names the setting; just at it is not."""
    packed = PACKERS[name](FEED)

    assert unpack(packed, name, len(FEED)) == FEED
    with pytest.raises(TooLargeError, match=rf"over {len(FEED) - 1:,} bytes \(\[poll\] max_body\)"):
        unpack(packed, name, len(FEED) - 1)


@pytest.mark.parametrize("name", PACKERS)
def test_a_bomb_is_given_up_at_the_cap(name: str) -> None:
    """Two hundred million zeros are never held: what is in memory stays near the cap."""
    import tracemalloc

    zeros = b"\x00" * 200_000_000
    bomb = brotli.compress(zeros, quality=1) if name == "br" else PACKERS[name](zeros)
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        unpack(bomb, name, CAP)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 4 * CAP


@pytest.mark.parametrize("name", PACKERS)
def test_what_is_cut_off_is_no_body(name: str) -> None:
    """Without its end a body is refused, wherever it was cut, even where all of the feed could be read."""
    packed = PACKERS[name](FEED)
    for size in (1, 5, len(packed) // 2, len(packed) - 1):
        with pytest.raises(MalformedError, match=r"data is cut off: the end is missing"):
            unpack(packed[:size], name, CAP)


@pytest.mark.parametrize("name", ["gzip", "zstd", "deflate"])
def test_a_damaged_body_is_no_body(name: str) -> None:
    """A wrong checksum or a broken stream is refused and named."""
    packed = bytearray(PACKERS[name](FEED) if name != "zstd" else checked_zstd(FEED))
    packed[-3] ^= 0xFF
    with pytest.raises(MalformedError, match=f"its {name} data is damaged"):
        unpack(bytes(packed), name, CAP)


def checked_zstd(data: bytes) -> bytes:
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


def test_damaged_brotli_is_no_body() -> None:
    """Brotli has no checksum; a stream that makes no sense is refused."""
    with pytest.raises(MalformedError, match="its br data is damaged"):
        unpack(b"\x11" * 100, "br", CAP)  # RFC 7932 9.1: a window size that is none


@pytest.mark.parametrize("name", PACKERS)
def test_rubbish_behind_the_end_is_refused(name: str) -> None:
    """What follows the end and is no further stream is a sign of a body that is not what it says."""
    says = "its br data is damaged" if name == "br" else "something else follows the end of its"
    with pytest.raises(MalformedError, match=says):
        unpack(PACKERS[name](FEED) + b"rubbish", name, CAP)


@pytest.mark.parametrize("header", ["gzip, gzip", "br, gzip", "gzip, " * 60])
def test_more_than_one_encoding_is_refused(header: str) -> None:
    """A list of encodings is a bomb or a mistake."""
    with pytest.raises(MalformedError, match="compressed more than once"):
        unpack(gzip.compress(gzip.compress(FEED)), header, CAP)


@pytest.mark.parametrize("header", [None, "gzip", "br"])
def test_gzip_in_its_encoding_is_refused(header: str | None) -> None:
    """What is gzip again once it is unpacked is not unpacked again."""
    inner = gzip.compress(FEED)
    with pytest.raises(MalformedError, match="compressed more than once"):
        unpack(PACKERS[header or "gzip"](inner), header, CAP)


@pytest.mark.parametrize("header", ["compress", "exi", "\x1b[31mgzip"])
def test_an_unknown_encoding_is_named(header: str) -> None:
    """The error says which encoding it is, and which are read."""
    with pytest.raises(MalformedError, match=r"Content-Encoding .* is unknown; gzip, br, zstd and deflate are read"):
        unpack(b"\x00\x01\x02", header, CAP)


def test_a_window_larger_than_http_allows_is_refused() -> None:
    """Zstd may ask for a window of gigabytes; over HTTP it is 8 MB at most (RFC 9659)."""
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    body = packer.compress(FEED) + packer.flush()
    with pytest.raises(MalformedError, match="its zstd data is damaged"):
        unpack(body, "zstd", CAP)


def test_a_swarm_of_tiny_streams_is_refused() -> None:
    """Hundreds of thousands of empty gzip members cost time and give nothing."""
    with pytest.raises(MalformedError, match=f"more than {MAX_STREAMS} parts"):
        unpack(gzip.compress(b"") * 400_000, "gzip", CAP)
