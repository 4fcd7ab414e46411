"""Manners of each request: who we are, what we take, and exactly one request a poll, whatever the server does."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from scripted import Answer, Asked, Wire, head, reply
from stage import CONTACT, Case, Played, always, news, page, play, reads, steady

ODD_QUERY = "?b=%20x+y;z&a=%C3%a9&a=%2F&empty=&q='(*)!"
ODD_PATH = "/~user/%7Euser/a%2Fb/%e9t%C3%A9/a;p=1/x=1,2/$&'()*+:@!"


def once_each(played: Played) -> None:
    """Expect one request a poll, though the server gave every reason to try again."""
    assert [len(round_) for round_ in played.asked] == [1, 1, 1]
    assert played.outcomes == ["unreachable"] * 3 or "http-error" in played.outcomes or "throttled" in played.outcomes
    assert played.now["failures"] == 3


def as_written(target: str) -> Callable[[Played], None]:
    """Expect the target byte for byte as the config has it, nothing added."""

    def check(played: Played) -> None:
        assert {asked.target for asked in played.requests} == {target}

    return check


async def hang_up(wire: Wire) -> None:
    """Close without a word."""


async def rst(wire: Wire) -> None:
    """Reset without a word."""
    wire.reset()


async def rst_in_head(wire: Wire) -> None:
    """Reset inside the header fields."""
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text")
    wire.reset()


async def rst_in_body(wire: Wire) -> None:
    """Reset inside the body."""
    await wire.send(head(200, {"Content-Length": "1000"}) + b"<rss version='2.0'>")
    wire.reset()


def cookies(asked: Asked) -> Answer:
    """Set cookies in every way, also on a redirect."""
    jar = ("a=1", "b=2; Path=/", "c=3; Domain=127.0.0.1; Path=/; Max-Age=99999", "d=4; HttpOnly; SameSite=None")
    fields = [("Set-Cookie", value) for value in jar] + [("Set-Cookie2", "e=5"), ("Clear-Site-Data", '"cookies"')]
    if not asked.rest:
        return Answer(head(302, [*fields, ("Location", f"/{asked.name}/there"), ("Content-Length", "0")]))
    body = news(asked, 1, 2, 3)
    return Answer(head(200, [*fields, ("Content-Length", str(len(body)))]) + body)


def challenge(asked: Asked) -> Answer:
    """Ask for a password in several ways."""
    return reply(b"who are you?", 401, WWW_Authenticate='Basic realm="x", Digest realm="x", nonce="y"')


def hints(asked: Asked) -> Answer:
    """Advertise much that a poller may leave alone: early hints, other services, a refresh, more pages."""
    body = news(asked, 1, 2, 3, more=f"<link rel='next' href='/{asked.name}/page-2'/>")
    fields = {
        "Alt-Svc": f'h3=":{asked.canary}", h2="127.0.0.1:{asked.canary}"',
        "Refresh": f"0; url=http://127.0.0.1:{asked.canary}/",
        "Link": f"<http://127.0.0.1:{asked.canary}/style>; rel=preload, <page-2>; rel=next",
        "Content-Location": f"http://127.0.0.1:{asked.canary}/",
        "Accept-Ranges": "bytes",
        "Strict-Transport-Security": "max-age=9",
        "Content-Length": str(len(body)),
    }
    return Answer(head(103, {"Link": "</style.css>; rel=preload"}) + head(100) + head(200, fields) + body)


CASES = [
    Case("plain", "an ordinary feed, again and again", steady(), reads(entries=3)),
    Case("cookies", "cookies are never sent back", cookies, reads(entries=3)),
    Case("hints", "nothing that is merely hinted at is fetched", hints, reads(entries=3)),
    Case(
        "query",
        "a query arrives as written",
        steady(),
        as_written(f"/query/x{ODD_QUERY}"),
        f"http://127.0.0.1:{{port}}/query/x{ODD_QUERY}",
    ),
    Case(
        "path", "so does a path", steady(), as_written(f"/path{ODD_PATH}"), f"http://127.0.0.1:{{port}}/path{ODD_PATH}"
    ),
    Case(
        "fragment",
        "a fragment stays here",
        steady(),
        as_written("/fragment/a?b"),
        "http://127.0.0.1:{port}/fragment/a?b#c",
    ),
    Case("hang-up", "closed without an answer: not asked again", always(hang_up), once_each),
    Case("rst", "reset without an answer: not asked again", always(rst), once_each),
    Case("rst-in-head", "reset inside the head: not asked again", always(rst_in_head), once_each),
    Case("rst-in-body", "reset inside the body: not asked again", always(rst_in_body), once_each),
    Case("challenge", "401: nobody's password is tried", challenge, once_each),
    Case("timeout-408", "408 Request Timeout: not asked again", page(b"", 408, Connection="close"), once_each),
    Case("misdirected", "421 Misdirected Request: not asked again", page(b"", 421), once_each),
    Case("too-early", "425 Too Early: not asked again", page(b"", 425), once_each),
    Case("upgrade", "426 Upgrade Required: not asked again", page(b"", 426, Upgrade="h2c"), once_each),
    Case("unavailable", "503: not asked again", page(b"", 503), once_each),
    Case("switch", "101 unasked: an error", page(b"", 101, Upgrade="websocket", Connection="Upgrade"), once_each),
    Case(
        "nonsense",
        "an answer that is no HTTP: not asked again",
        always(Answer(b"\x00\xff nonsense\r\n\r\n", "close")),
        once_each,
    ),
    Case("http-0.9", "a bare body: not asked again", always(Answer(b"<rss version='2.0'/>", "close")), once_each),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll all of them three times."""
    return play(tmp_path_factory.mktemp("manners"), CASES, 3)


@pytest.fixture(scope="module")
def requests(played: dict[str, Played]) -> list[Asked]:
    """Give every request that was made."""
    return [asked for one in played.values() for asked in one.requests]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_manners(case: Case, played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(played[case.name])


def test_every_request_is_a_get_without_a_body(requests: list[Asked]) -> None:
    """No HEAD, no OPTIONS, no body, no range."""
    assert {asked.method for asked in requests} == {"GET"}
    assert [a.raw for a in requests if any(a[n] for n in ("Content-Length", "Transfer-Encoding", "Range"))] == []


def test_every_request_says_who_we_are(requests: list[Asked]) -> None:
    """Product, version, and where to complain."""
    for asked in requests:
        assert re.match(r"Wireroom/\d[\w.]* ", asked["User-Agent"] or "")
        assert f"+{CONTACT}" in (asked["User-Agent"] or "")


def test_every_request_says_what_we_take(requests: list[Asked]) -> None:
    """Feeds in all formats, in the three codings that we read."""
    for asked in requests:
        accept = asked["Accept"] or ""
        assert all(kind in accept for kind in ("atom+xml", "rss+xml", "feed+json", "text/xml"))
        assert {"gzip", "br", "zstd"} <= {word.strip() for word in (asked["Accept-Encoding"] or "").split(",")}
        assert not asked["TE"]


def test_no_request_carries_what_is_nobodys_business(requests: list[Asked]) -> None:
    """No cookie, no Referer, no origin, no password, no language, no tracking of any kind."""
    known = {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "if-none-match",
        "if-modified-since",
        "connection",
        "cache-control",
    }
    assert {name.lower() for asked in requests for name, _ in asked.fields} <= known


def test_every_request_names_its_host_and_port(requests: list[Asked]) -> None:
    """RFC 9110 7.2."""
    assert {asked["Host"] for asked in requests} == {f"127.0.0.1:{asked.place[1]}" for asked in requests}


def test_nobody_touched_the_canary(played: dict[str, Played]) -> None:
    """No hint led to another address."""
    assert played["plain"].server.touched == []
