"""The shell around all answers: names, sizes, rates, methods, safe headers, through a real server."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from db.readers import BusyError
from feeds.clients import Rate
from feeds.limits import MAX_ADDRESS_BYTES, MAX_BODY_BYTES, MAX_HEADERS
from served import Client, running_site

RATES = {"dear": Rate(burst=3, per_s=0.001), "sign-in": Rate(burst=2, per_s=0.001)}
PROXY = "127.0.0.9"


async def take(request: Request) -> Response:
    """Read a form."""
    return PlainTextResponse(str(len(await request.body())))


async def page(_: Request) -> Response:
    """A page that says nothing of its safety."""
    return HTMLResponse("<title>A page</title>", headers={"Content-Security-Policy": "default-src 'none'"})


async def busy(_: Request) -> Response:
    """One that can't be read now."""
    raise BusyError


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Serve while the module's tests ask."""
    more = [
        Route("/form", take, methods=["POST"]),
        Route("/websub/{token}", take, methods=["GET", "POST"]),
        Route("/page", page),
        Route("/busy", busy),
        Route("/search", page),
        Route("/api/stories", page),
        Route("/owner/sign-in", take, methods=["GET", "POST"]),
    ]
    with running_site(tmp_path_factory.mktemp("public"), more, proxies=lambda: (PROXY,), rates=RATES) as client:
        yield client


def from_seat(ask: Client, seat: str, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str]]:
    """Ask from another loopback address → status, headers."""
    with closing(http.client.HTTPConnection("127.0.0.1", ask.port, 10, (seat, 0))) as connection:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        response.read()
        return response.status, {name.lower(): value for name, value in response.getheaders()}


@pytest.mark.parametrize("path", ["/", "/topics/news.rss", "/topics/news/1.atom", "/page", "/nothing", "/topics.opml"])
def test_other_names_are_misdirected(ask: Client, path: str) -> None:
    """A site that points its name at us (DNS rebinding) reads nothing; our own names and loopback's do."""
    for host in ("evil.example", "evil.example:80", "wire.example.evil.example", "127.0.0.1.nip.example"):
        status, headers, body = ask(path, Host=host, X_Forwarded_Host="wire.example")
        assert (status, b"Wireroom" in body, b"story" in body) == (421, False, False)
        assert headers["x-content-type-options"] == "nosniff"
    for host in ("wire.example", "WIRE.EXAMPLE:443", f"localhost:{ask.port}", "127.0.0.1"):
        assert ask(path, Host=host)[0] == (404 if path == "/nothing" else 200)


def test_health_is_told_under_any_name(ask: Client) -> None:
    """Whoever watches us may have another name for us; what is wrong is told on this machine alone."""
    ask.site.well = False
    try:
        for more in ({}, {"Host": "monitored.internal"}):
            status, _, body = ask("/healthz", **more)
            assert (status, json.loads(body)) == (503, {"ok": False, "trouble": "/var/lib: no room"})
        for name in ("X_Forwarded_For", "Forwarded", "Via", "X_Real_IP"):
            forwarded: Any = {name: "203.0.113.7"}
            assert json.loads(ask("/healthz", **forwarded)[2]) == {"ok": False}
    finally:
        ask.site.well = True
    assert ask("/healthz", Host="monitored.internal")[0] == 200


def test_no_answer_says_what_the_request_says_of_us(ask: Client) -> None:
    """A header of a proxy's that anybody can write leads to no other address and poisons no cache."""
    forged = {
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Proto": "gopher",
        "X_Forwarded_Prefix": "/evil.example",
        "Forwarded": "host=evil.example",
        "X_Original_URL": "/evil.example",
        "X_Rewrite_URL": "/evil.example",
    }
    for path in ("/", "/topics/news.rss", "/topics/old.rss", "/topics/news.rss?x=//evil.example", "/nothing"):
        plain, odd = ask(path), ask(path, **forged)
        assert (plain[0], plain[2]) == (odd[0], odd[2])
        assert "evil.example" not in str(odd[1]).replace("x=//evil.example", "")


def raw(port: int, data: bytes) -> bytes:
    """Send bytes as they are → all of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(data)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except ConnectionError:
            pass
        return answer


def test_one_host_line(ask: Client) -> None:
    """None, and two, are no request; a program of old may leave it out."""
    end = b"Connection: close\r\n\r\n"

    assert raw(ask.port, b"GET /topics/news.rss HTTP/1.1\r\n" + end).startswith(b"HTTP/1.1 400")
    two = b"Host: wire.example\r\nHost: wire.example\r\n"
    assert raw(ask.port, b"GET /topics/news.rss HTTP/1.1\r\n" + two + end).startswith(b"HTTP/1.1 400")
    assert raw(ask.port, b"GET /topics/news.rss HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_sizes_are_bounded(ask: Client) -> None:
    """A long address, many headers, a large form: each is told, and the next is served."""
    many = {f"X_Header_{n}": "x" for n in range(MAX_HEADERS + 1)}

    for path in ("/nothing", "/topics/news.rss"):
        assert ask(f"{path}?{'x' * MAX_ADDRESS_BYTES}")[0] == 414
    assert ask("/page", **many)[0] == 431
    status, headers, _ = ask("/form", "POST", Content_Length=str(MAX_BODY_BYTES + 1))
    assert (status, headers["connection"]) == (413, "close")
    assert ask("/form", "POST", Content_Length="9" * 40)[0] in (400, 413)
    assert ask("/page")[0] == 200


def test_form_without_a_length_is_counted(ask: Client) -> None:
    """One of chunks that never ends is broken off; what hubs push is bounded by their own route."""
    chunk = b"%x\r\n%s\r\n" % (30_000, b"x" * 30_000)
    head = b" HTTP/1.1\r\nHost: wire.example\r\nTransfer-Encoding: chunked\r\n\r\n"

    assert b"\r\n\r\n60000" in raw(
        ask.port, b"POST /form" + head + 2 * chunk + b"0\r\n\r\n" + b"GET / HTTP/1.0\r\n\r\n"
    )
    assert raw(ask.port, b"POST /form" + head + 3 * chunk).startswith(b"HTTP/1.1 413")
    assert b"\r\n\r\n90000" in raw(ask.port, b"POST /websub/x" + head + 3 * chunk + b"0\r\n\r\nGET / HTTP/1.0\r\n\r\n")


def test_each_client_has_a_rate(ask: Client) -> None:
    """Of what is dear: then 429 with the time to wait; documents and others go on."""
    answers = [from_seat(ask, "127.0.0.2", path) for path in ("/search", "/api/stories", "/search", "/search?q=x")]

    assert [status for status, _ in answers] == [200, 200, 200, 429]
    assert int(answers[-1][1]["retry-after"]) >= 1
    assert answers[-1][1]["cache-control"] == "no-store"
    assert from_seat(ask, "127.0.0.2", "/topics/news.rss")[0] == from_seat(ask, "127.0.0.2", "/page")[0] == 200
    assert from_seat(ask, "127.0.0.3", "/search")[0] == 200


def test_sign_in_has_its_own_rate(ask: Client) -> None:
    """By trying: a look at the form is none."""
    statuses = [from_seat(ask, "127.0.0.4", "/owner/sign-in", "POST")[0] for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert from_seat(ask, "127.0.0.4", "/owner/sign-in")[0] == 200


def test_proxy_says_who_asks_and_nobody_else_does(ask: Client) -> None:
    """Behind a proxy of ours each has his own rate; who writes the header himself gains nothing."""
    for n in range(5):
        assert from_seat(ask, PROXY, "/search", X_Forwarded_For=f"6.6.6.{n}, 203.0.113.7")[0] == (200 if n < 3 else 429)
    assert from_seat(ask, PROXY, "/search", X_Forwarded_For="203.0.113.8")[0] == 200
    for seat in ("127.0.0.5", "127.0.0.1"):
        for n in range(5):
            assert from_seat(ask, seat, "/search", X_Forwarded_For=f"203.0.113.{n}")[0] == (200 if n < 3 else 429)


def test_web_pages_of_others_may_ask_whether_they_may_read(ask: Client) -> None:
    """For feeds and the API, by reading methods and without cookies; never for the owner's part."""
    wanted = {"Origin": "https://reader.example", "Access_Control_Request_Method": "GET"}

    for path in ("/topics/news.json", "/topics/news/1.atom", "/topics.opml", "/api/stories", "/search.json"):
        status, headers, _ = ask(path, "OPTIONS", **wanted, Access_Control_Request_Headers="if-none-match")
        assert (status, headers["access-control-allow-origin"]) == (204, "*")
        assert "If-None-Match" in headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in headers
        assert headers["access-control-allow-methods"] == "GET, HEAD"
    for path in ("/owner/sign-in", "/form", "/hub", "/"):
        assert "access-control-allow-origin" not in ask(path, "OPTIONS", **wanted)[1]


def test_options_says_what_may_be_asked(ask: Client) -> None:
    """And does nothing else."""
    for path, allowed in (("/form", {"POST"}), ("/page", {"GET", "HEAD"}), ("/topics/news.rss", {"GET", "HEAD"})):
        status, headers, body = ask(path, "OPTIONS")
        assert (status, body) == (204, b"")
        assert set(headers["allow"].split(", ")) == allowed | {"OPTIONS"}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "QUERY"])
def test_no_other_methods(ask: Client, method: str) -> None:
    """They are nowhere done; TRACE says nothing back."""
    for path in ("/", "/topics/news.rss", "/form", "/nothing"):
        answer = raw(ask.port, f"{method} {path} HTTP/1.1\r\nHost: wire.example\r\nX-Secret: s3\r\n".encode() + CLOSE)
        assert answer.startswith((b"HTTP/1.1 405", b"HTTP/1.1 400", b"HTTP/1.1 501"))
        assert b"s3" not in answer


CLOSE = b"Connection: close\r\n\r\n"


def test_headers_that_name_another_method_change_nothing(ask: Client) -> None:
    """A GET is a GET."""
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        got: Any = {name.replace("-", "_"): "POST"}
        assert ask("/form?_method=POST", **got)[0] == 405
        assert ask("/page", **got)[0] == 200


def test_pages_have_more_safe_headers(ask: Client) -> None:
    """No frame, no hold on the window, none of the device; and no answer says what program it is from."""
    headers = ask("/page")[1]

    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    for path in ("/page", "/topics/news.rss", "/nothing", "/healthz"):
        assert not {"server", "x-powered-by", "via"} & set(ask(path)[1])
    assert "x-frame-options" not in ask("/topics/news.rss")[1]


def test_too_many_at_once_are_told_to_come_again(ask: Client) -> None:
    """503, and when."""
    status, headers, _ = ask("/busy")

    assert (status, int(headers["retry-after"]) > 0) == (503, True)
