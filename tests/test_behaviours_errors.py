"""Errors: each is named, costs its source a growing wait, and never disables it; 410 alone is final."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from scripted import Answer, Script, Wire, chunked, head, reply
from stage import Case, Played, always, ends, news, page, play, reads, steady

DEAD_PORT = 1
BROKEN = ("unreachable", "malformed", "http-error", "too-large")


def raw(data: bytes) -> Script:
    """Send these bytes and close."""
    return always(Answer(data, "close"))


def with_fields(*fields: tuple[str, str], body: Callable[[bytes], bytes] = lambda body: body) -> Script:
    """Send a feed under these very fields, and close."""
    return lambda asked: Answer(head(200, fields) + body(news(asked, 1, 2, 3)), "close")


async def stall(wire: Wire) -> None:
    """Take the request and say nothing."""
    await wire.silence()


async def stall_in_head(wire: Wire) -> None:
    """Say half the head and no more."""
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n")
    await wire.silence()


async def stall_in_body(wire: Wire) -> None:
    """Say half the body and no more."""
    await wire.send(head(200, {"Content-Length": "1000"}) + b"<rss version='2.0'><channel>")
    await wire.silence()


async def drip_head(wire: Wire) -> None:
    """Say a head, byte by byte, for ever."""
    await wire.drip(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 1000)


async def drip_body(wire: Wire) -> None:
    """Say a body, byte by byte, for ever."""
    await wire.send(head(200, {"Content-Length": "1000"}))
    await wire.drip(b"<rss version='2.0'><channel><title>t</title>" + b" " * 956)


async def drip_chunks(wire: Wire) -> None:
    """Say a body in chunks of one byte, for ever."""
    await wire.send(head(200, {"Transfer-Encoding": "chunked"}))
    await wire.drip(b"1\r\n \r\n" * 1000, size=6)


async def endless_head(wire: Wire) -> None:
    """Say fields for ever, as fast as they are taken."""
    await wire.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await wire.send(b"X-Field: value\r\n" * 1000)


async def endless_line(wire: Wire) -> None:
    """Say one field for ever."""
    await wire.send(b"HTTP/1.1 200 OK\r\nX-Field: ")
    while True:
        await wire.send(b"v" * 65536)


async def endless_status(wire: Wire) -> None:
    """Say a status line for ever."""
    while True:
        await wire.send(b"HTTP/1.1 200 O" + b"K" * 65536)


async def endless_continue(wire: Wire) -> None:
    """Promise an answer again and again."""
    await wire.drip(head(100) * 1000, 0.05, len(head(100)))


async def endless_body(wire: Wire) -> None:
    """Say a body for ever, as fast as it is taken."""
    await wire.send(head(200, {"Transfer-Encoding": "chunked", "ETag": '"endless"'}))
    while True:
        await wire.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")


async def endless_items(wire: Wire) -> None:
    """Say a feed that never ends."""
    await wire.send(head(200) + b"<rss version='2.0'><channel><title>t</title>")
    while True:
        await wire.send(b"<item><guid>1</guid><title>One more</title></item>" * 500)


async def endless_trailer(wire: Wire) -> None:
    """Say a whole body in chunks, and trailer fields for ever."""
    await wire.send(head(200, {"Transfer-Encoding": "chunked"}) + chunked(b"<rss version='2.0'/>")[:-2])
    while True:
        await wire.send(b"X-Trailer: value\r\n" * 1000)


async def rst_in_body(wire: Wire) -> None:
    """Reset inside the body."""
    await wire.send(head(200, {"Content-Length": "1000", "ETag": '"reset"'}) + b"<rss version='2.0'>")
    wire.reset()


def gone_for_good(played: Played) -> None:
    """Expect one request and never another, and health that says why."""
    assert [len(round_) for round_ in played.asked] == [1, 0]
    assert (played.outcomes, played.polls[0]["status"]) == (["gone"], 410)
    assert (played.now["next_poll_at"], played.now["gone_at"] is not None) == (None, True)
    assert "410" in played.now["last_error"]


def any_end(outcomes: Sequence[str]) -> Callable[[Played], None]:
    """Expect one of these ends, or the feed read whole."""

    def check(played: Played) -> None:
        (reads(entries=3) if played.entries else ends(outcomes))(played)

    return check


STATUSES = (400, 401, 402, 403, 404, 405, 406, 409, 414, 418, 431, 451, 500, 501, 502, 504, 507, 511, 599, 999)
LENGTH = ("Content-Length", "Content-Length")

CASES = [
    *(
        Case(f"status-{n}", f"{n} is an error", page(b"no", n, ETag='"no"'), ends("http-error", n, says=str(n)))
        for n in STATUSES
    ),
    Case("status-204", "no content is no feed", always(Answer(head(204))), ends(("http-error", "not-a-feed"), 204)),
    Case("status-205", "nor is 205", page(b"", 205), ends(("http-error", "not-a-feed"), 205)),
    Case(
        "status-206",
        "a part nobody asked for is no whole",
        lambda a: reply(news(a, 1), 206, Content_Range="bytes 0-9/99"),
        ends("http-error", 206),
    ),
    Case("status-203", "203 is as good as 200", lambda a: reply(news(a, 1, 2, 3), 203), reads(entries=3)),
    Case("status-202", "202 is none of both", page(b"", 202), ends(("http-error", "not-a-feed"), 202)),
    Case("status-000", "a status of zeros", raw(b"HTTP/1.1 000 Odd\r\nContent-Length: 0\r\n\r\n"), ends(BROKEN)),
    Case("status-20", "a status of two digits", raw(b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"), ends(BROKEN)),
    Case("status-2000", "a status of four", raw(b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"), ends(BROKEN)),
    Case(
        "http-9",
        "another protocol's version",
        raw(b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ends((*BROKEN, "not-a-feed")),
    ),
    Case("icy", "radio", raw(b"ICY 200 OK\r\n\r\n"), ends(BROKEN)),
    Case("only-100", "a promise and no answer", raw(head(100)), ends("unreachable")),
    Case("gone", "410 is final", page(b"gone", 410), gone_for_good),
    Case(
        "dns",
        "no such name",
        steady(),
        ends(("unreachable", "timeout"), says="nobody.invalid"),
        "http://nobody.invalid/f",
    ),
    Case("refused", "nobody listens", steady(), ends("unreachable"), f"http://127.0.0.1:{DEAD_PORT}/f"),
    Case("hang-up", "no answer at all", raw(b""), ends("unreachable")),
    Case("rst-in-body", "reset inside the body", always(rst_in_body), ends("unreachable")),
    Case("stall", "silence", always(stall), ends("timeout", says="within 3 s")),
    Case("stall-in-head", "silence inside the head", always(stall_in_head), ends("timeout")),
    Case("stall-in-body", "silence inside the body", always(stall_in_body), ends("timeout")),
    Case("drip-head", "a head in drops", always(drip_head), ends("timeout")),
    Case("drip-body", "a body in drops", always(drip_body), ends("timeout")),
    Case("drip-chunks", "chunks in drops", always(drip_chunks), ends("timeout")),
    Case("endless-continue", "promises for ever", always(endless_continue), ends((*BROKEN, "timeout"))),
    Case("endless-head", "fields for ever", always(endless_head), ends((*BROKEN, "timeout"))),
    Case("endless-line", "one field for ever", always(endless_line), ends((*BROKEN, "timeout"))),
    Case("endless-status", "a status line for ever", always(endless_status), ends((*BROKEN, "timeout"))),
    Case("endless-body", "a body for ever", always(endless_body), ends("too-large", says="max_body")),
    Case("endless-items", "a feed for ever", always(endless_items), ends("too-large", says="max_body")),
    Case("endless-trailer", "trailers for ever", always(endless_trailer), ends((*BROKEN, "timeout"))),
    Case("field-1-mb", "a field of 1 MB", with_fields(("X-Long", "x" * 1_000_000)), ends(BROKEN)),
    Case("fields-10000", "10,000 fields", with_fields(*(("X-Many", str(n)) for n in range(10_000))), ends(BROKEN)),
    Case(
        "fields-60",
        "60 fields of 1 kB are well",
        with_fields(*(("X-Many", "x" * 1000) for _ in range(60))),
        reads(entries=3),
    ),
    Case("field-20-kb", "so is one of 20 kB", with_fields(("Content-Security-Policy", "x" * 20_000)), reads(entries=3)),
    Case(
        "length-huge",
        "a petabyte is announced",
        with_fields(("Content-Length", "1" + "0" * 15)),
        ends(("too-large", "unreachable")),
    ),
    Case(
        "length-short",
        "fewer bytes are announced",
        with_fields(("Content-Length", "40")),
        ends((*BROKEN, "not-a-feed")),
    ),
    Case("length-long", "more bytes are announced", with_fields(("Content-Length", "40000")), ends("unreachable")),
    Case("length-minus", "a negative length", with_fields(("Content-Length", "-1")), ends(BROKEN)),
    Case("length-junk", "a length that is none", with_fields(("Content-Length", "1e3")), ends(BROKEN)),
    Case("lengths-two", "two lengths", with_fields((LENGTH[0], "40"), (LENGTH[1], "400")), ends(BROKEN)),
    Case(
        "length-and-chunks",
        "a length and chunks",
        with_fields((LENGTH[0], "9"), ("Transfer-Encoding", "chunked"), body=chunked),
        any_end(BROKEN),
    ),
    Case(
        "chunk-junk",
        "a chunk of no size",
        with_fields(("Transfer-Encoding", "chunked"), body=lambda b: b"zz\r\n" + b),
        ends(BROKEN),
    ),
    Case(
        "chunk-minus",
        "of a negative size",
        with_fields(("Transfer-Encoding", "chunked"), body=lambda b: b"-5\r\n" + b),
        ends(BROKEN),
    ),
    Case(
        "chunk-huge",
        "of an absurd size",
        with_fields(("Transfer-Encoding", "chunked"), body=lambda b: b"f" * 16 + b"\r\n" + b),
        ends((*BROKEN, "timeout")),
    ),
    Case("coding-unknown", "an unknown transfer coding", with_fields(("Transfer-Encoding", "x-lzw")), any_end(BROKEN)),
    Case("field-nul", "a NUL in a field", with_fields(("X-Nul", "a\x00b")), any_end(BROKEN)),
    Case("field-folded", "a folded field", with_fields(("X-Folded", "a\r\n b")), any_end(BROKEN)),
    Case(
        "field-no-colon",
        "a field without a colon",
        raw(b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n<rss/>"),
        ends((*BROKEN, "not-a-feed")),
    ),
    Case("field-space", "a space before the colon", with_fields(("X-Space ", "a")), any_end(BROKEN)),
    Case("field-smuggled", "a bare CR in a field", with_fields(("X-A", "a\rX-B: b")), any_end(BROKEN)),
    Case(
        "type-junk",
        "a Content-Type of rubbish",
        with_fields(("Content-Type", "\udcff\udcfe/;;;charset=\udcff")),
        reads(entries=3),
    ),
    *(
        Case(
            f"live-{n}",
            "who is well stays so",
            steady(),
            reads(entries=3),
            f"http://127.0.0.{host}:{{{port}}}/{{name}}",
        )
        for n, (host, port) in enumerate((host, port) for host in (1, 2, 3) for port in ("port", "other"))
    ),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll all of them twice."""
    allow = [f"127.0.0.1:{DEAD_PORT}"]
    return play(tmp_path_factory.mktemp("errors"), CASES, 2, poll={"max_body": "1MB"}, allow=allow)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_errors(case: Case, played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(played[case.name])
