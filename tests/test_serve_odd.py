"""What a server on the open net is asked: odd paths, methods, dates and bytes; every answer is a safe one."""

from __future__ import annotations

import contextlib
import gc
import socket
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.model import FORMATS
from feeds.publish import Publisher
from feeds.render import MEDIA_TYPES
from feeds.serve import make_app
from served import BODY, Client, Stub, running_site


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Serve while the module's tests ask."""
    with running_site(tmp_path_factory.mktemp("public")) as client:
        yield client


def test_no_answer_takes_an_address_from_the_request(ask: Client) -> None:
    """A slash too many is not found: a redirect would lead to whatever the Host header says."""
    for path in ("/healthz/", "/topics/news.rss/", "/topics"):
        status, headers, _ = ask(path, Host="wire.example")
        assert (status, "location" in headers) == (404, False)


@pytest.mark.parametrize(
    "path",
    [
        "/topics/none.rss",
        "/topics/news.exe",
        "/topics/news",
        "/topics/",
        "/topics/../news.rss",
        "/topics/%2e%2e%2fnews.rss",
        "/topics/news.rss/more",
        "/topics/%00.rss",
        "/topics/" + "x" * 3000 + ".rss",
        "/.git/config",
        "/wireroom.db",
        "//evil.example/",
    ],
)
def test_all_else_is_not_found(ask: Client, path: str) -> None:
    """Odd paths are a plain 404, never a file, a redirect or an error of ours."""
    status, headers, body = ask(path)

    assert (status, headers["content-type"].partition(";")[0]) == (404, "text/plain")
    assert b"There is no such" in body


def test_only_reading_methods(ask: Client) -> None:
    """Nothing changes anything."""
    for method in ("POST", "PUT", "DELETE"):
        status, headers, _ = ask("/topics/news.rss", method)
        assert (status, {"GET", "HEAD"} <= set(headers["allow"].split(", "))) == (405, True)


def test_every_answer_has_safe_headers(ask: Client) -> None:
    """No sniffing, no referrer, nothing that runs; the page allows its own style alone."""
    for path in ("/", "/topics/news.rss", "/healthz", "/nothing"):
        headers = ask(path)[1]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "style-src 'self'" in ask("/")[1]["content-security-policy"]


def test_refusals_and_errors_have_safe_headers_too(ask: Client) -> None:
    """Not found, moved, not allowed, known, and a fault of ours, which says nothing of itself."""
    ask.site.broken = True
    try:
        answers = [
            ask("/nothing"),
            ask("/topics/old.rss"),
            ask("/topics/news.rss", "POST"),
            ask("/topics/news.rss", If_None_Match="*"),
            ask("/healthz"),
        ]
    finally:
        ask.site.broken = False

    assert [status for status, _, _ in answers] == [404, 301, 405, 304, 500]
    for _, headers, _ in answers:
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert b"a fault of ours" not in answers[-1][2]
    assert ask("/healthz")[0] == 200


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Sun, 32 Nov 2026 10:00:00 GMT",
        "Tue, 24 Nov 99999999999999999999 10:00:00 GMT",
        "x" * 5000,
        "",
    ],
)
def test_odd_dates_are_no_fault_of_ours(ask: Client, date: str) -> None:
    """A date at the end of time, or none at all, is answered like any other."""
    assert ask("/topics/news.rss", If_Modified_Since=date)[0] in (200, 304)


@pytest.mark.parametrize(
    "line",
    [
        b"GET /topics/" + b"x" * 200_000 + b".rss HTTP/1.1",
        b"GET /topics/\x00.rss HTTP/1.1",
        b"GET /topics/\xff\xfe.rss HTTP/1.1",
        b"GET topics/news.rss HTTP/1.1",
        b"GET http://evil.example/topics/news HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01",
    ],
)
def test_odd_request_lines_are_refused_and_the_next_is_served(ask: Client, line: bytes) -> None:
    """Raw bytes that no client of the library would send: a refusal or a closed line, never a 200 or a 500."""
    with socket.create_connection(("127.0.0.1", ask.port), timeout=10) as raw:
        answer = b""
        with contextlib.suppress(ConnectionError):
            raw.sendall(line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
            while chunk := raw.recv(65536):
                answer += chunk

    assert not answer or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 414", b"HTTP/1.1 421"))
    assert ask("/healthz")[0] == 200


def raw(port: int, *parts: bytes) -> bytes:
    """Send bytes as they are, in parts → all that is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        answer = b""
        for part in parts:
            connection.sendall(part)
        while chunk := connection.recv(65536):
            answer += chunk
        return answer


def test_requests_in_one_piece_are_answered_in_their_order(ask: Client) -> None:
    """What is ready at once does not overtake what is not; a HEAD has no body, and one that closes is the last."""
    host = b" HTTP/1.1\r\nHost: wire.example\r\n"
    asked = [
        b"GET /healthz",
        b"GET /topics/news.rss",
        b"HEAD /topics/news.atom",
        b"GET /nothing",
        b"GET /topics/news.json",
    ]

    answer = raw(
        ask.port, b"".join(one + host + b"\r\n" for one in asked), b"GET /last" + host + b"Connection: close\r\n\r\n"
    )

    types = [line.split()[1].decode() for line in answer.split(b"\r\n") if line.lower().startswith(b"content-type:")]
    assert [one.rstrip(";") for one in types] == [
        "application/json",
        "application/rss+xml",
        "application/atom+xml",
        "text/plain",
        "application/feed+json",
        "text/plain",
    ]
    assert answer.count(BODY) == 2


def test_get_with_a_body_is_answered_and_the_next_too(ask: Client) -> None:
    """The body is read off, in pieces or by its length, and is nobody's request."""
    host = b" HTTP/1.1\r\nHost: wire.example\r\n"
    smuggled = b"GET /topics/news.json HTTP/1.1\r\nHost: x\r\n\r\n"
    by_length = b"GET /topics/news.rss" + host + b"Content-Length: %d\r\n\r\n" % len(smuggled) + smuggled
    chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(smuggled), smuggled)

    answer = raw(
        ask.port,
        by_length,
        b"GET /topics/news.rss" + host + chunked,
        b"GET /healthz" + host + b"Connection: close\r\n\r\n",
    )

    assert answer.count(b"HTTP/1.1 200") == 3
    assert b"feed+json" not in answer


def test_fault_of_a_document_is_told_and_the_next_is_served(ask: Client) -> None:
    """Also where it would have been answered at once."""
    documents, ask.site.documents = ask.site.documents, None  # type: ignore[assignment]
    try:
        assert ask("/topics/news.rss")[0] == 500
    finally:
        ask.site.documents = documents
    assert ask("/topics/news.rss")[0] == 200


def test_who_walks_through_the_whole_past_fills_no_memory(tmp_path: Path) -> None:
    """Of archive pages, whose bodies nobody else keeps, a few are held ready, in one format as in all."""
    site, folder = Stub(tmp_path), Publisher(tmp_path)
    paths = [f"topics/news/{n}.{fmt}" for n in range(1, 101) for fmt in FORMATS]
    for path in paths:
        folder.write(path, path.encode(), MEDIA_TYPES["rss"])
    site.document = lambda path: folder.read(path, MEDIA_TYPES["rss"])  # type: ignore[method-assign]
    quick = make_app(site)
    held = []
    for path in paths:
        answer = quick.at_once("GET", f"/{path}", [(b"host", b"wire.example")])
        assert answer is not None
        assert answer.body == path.encode()
        held.append(weakref.ref(answer))
        del answer
    gc.collect()
    assert sum(one() is not None for one in held) < 50


def test_body_that_can_not_be_read_is_answered_once(ask: Client) -> None:
    """A second answer would be taken for that to somebody else's request, by a proxy that sends both on one line."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", ask.port), 10)) as line:
        head = b"GET /topics/news.rss HTTP/1.1\r\nHost: wire.example\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"
        line.sendall(head)
        said = b""
        while piece := line.recv(65536):
            said += piece
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"HTTP/1.1 ") == 1
