"""Redirects: five hops, http and https only, every hop's address checked, relative ones resolved, no body read."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scripted import Act, Answer, Asked, Script, Wire, chunked, head, reply
from stage import Case, Played, ends, news, play, reads

BROKEN = ("refused", "unreachable", "http-error", "malformed")


def to(location: str, status: int = 302, **more: str) -> Script:
    """Redirect to this Location as it stands; its places are filled in. Below the own path the feed is served."""

    def script(asked: Asked) -> Answer:
        if asked.rest:
            return reply(news(asked, 1, 2, 3))
        places = {"name": asked.name, "port": asked.place[1], "other": asked.other, "canary": asked.canary}
        value = location
        for name, place in places.items():
            value = value.replace(f"{{{name}}}", str(place))
        fields = {name.replace("_", "-"): text for name, text in more.items()}
        return Answer(head(status, {"Location": value, "Content-Length": "0", **fields}))

    return script


def hops(number: int) -> Script:
    """Redirect so many times, then serve the feed."""

    def script(asked: Asked) -> Answer:
        hop = int(asked.rest or 0)
        return reply(news(asked, 1, 2, 3)) if hop == number else reply(b"", 302, Location=f"/{asked.name}/{hop + 1}")

    return script


def between(*places: str) -> Script:
    """Redirect round and round between these places."""
    return lambda a: reply(b"", 302, Location=f"/{a.name}/{places[(places.index(a.rest) + 1) % len(places)]}")


def without_location(status: int) -> Script:
    """Redirect to nowhere."""
    return lambda _: reply(b"we have moved", status)


def gone_behind(status: int) -> Script:
    """Redirect to a place that is gone."""
    return lambda a: reply(b"", 410) if a.rest else reply(b"", status, Location=f"/{a.name}/there")


def gone_at_the_end(played: Played) -> None:
    """The source is gone, and asked no more."""
    assert (played.outcomes, played.polls[0]["status"]) == (["gone"], 410)
    assert played.now["next_poll_at"] is None


def gone_there(played: Played) -> None:
    """Expect a failure like any other: the source is polled again."""
    ends("http-error", 410, says="redirected")(played)
    assert played.now["gone_at"] is None


def endless(asked: Asked) -> Answer | Act:
    """Redirect with a body that never ends."""
    if asked.rest:
        return reply(news(asked, 1, 2, 3))

    async def act(wire: Wire) -> None:
        await wire.send(head(302, {"Location": f"/{asked.name}/there", "Transfer-Encoding": "chunked"}))
        while True:
            await wire.send(chunked(b"x" * 65536)[:-5])

    return act


def two_locations(asked: Asked) -> Answer:
    """Redirect to two places at once."""
    if asked.rest:
        return reply(news(asked, 1, 2, 3))
    fields = [
        ("Location", f"/{asked.name}/a"),
        ("Location", f"http://127.0.0.1:{asked.canary}/"),
        ("Content-Length", "0"),
    ]
    return Answer(head(302, fields))


def asks(*targets: str) -> Callable[[Played], None]:
    """Expect the feed, and these targets below the configured address."""
    good = reads(entries=3)

    def check(played: Played) -> None:
        good(played)
        assert [asked.target for asked in played.asked[0][1:]] == [f"/{played.name}/{target}" for target in targets]

    return check


def stops_within(number: int, says: str = "redirect") -> Callable[[Played], None]:
    """Expect at most so many requests a poll, and an error."""
    bad = ends(("refused", "http-error"), says=says)

    def check(played: Played) -> None:
        bad(played)
        assert all(len(round_) <= number for round_ in played.asked)

    return check


def refuses(says: str = "") -> Callable[[Played], None]:
    """Expect one request a poll and a refusal."""
    bad = ends("refused", says=says)

    def check(played: Played) -> None:
        bad(played)
        assert [len(round_) for round_ in played.asked] == [1] * len(played.asked)

    return check


SCHEMES = {
    "file": "file:///etc/passwd",
    "ftp": "ftp://127.0.0.1:{canary}/f",
    "gopher": "gopher://127.0.0.1:{canary}/f",
    "javascript": "javascript:alert(1)",
    "javascript-host": "javascript://127.0.0.1:{canary}/%0aalert(1)",
    "data": "data:application/rss+xml,<rss version='2.0'/>",
    "mailto": "mailto:someone@example.org",
    "feed": "feed://127.0.0.1:{canary}/f",
    "ws": "ws://127.0.0.1:{canary}/f",
    "unix": "http+unix://%2Fvar%2Frun%2Fx.sock/",
    "no-host": "http:///nohost",
    "no-anything": "http://",
    "half-bracket": "http://[::1",
    "port-99999": "http://127.0.0.1:99999/f",
    "port-word": "http://127.0.0.1:port/f",
    "port-0": "http://127.0.0.1:0/f",
}

CANARIES = {
    "plain": "http://127.0.0.1:{canary}/f",
    "no-scheme": "//127.0.0.1:{canary}/f",
    "upper": "HTTP://127.0.0.1:{canary}/f",
    "https": "https://127.0.0.1:{canary}/f",
    "localhost": "http://localhost:{canary}/f",
    "localhost-dot": "http://localhost.:{canary}/f",
    "localhost-sub": "http://feeds.localhost:{canary}/f",
    "short": "http://127.1:{canary}/f",
    "decimal": "http://2130706433:{canary}/f",
    "hex": "http://0x7f000001:{canary}/f",
    "hex-dotted": "http://0x7f.0.0.1:{canary}/f",
    "octal": "http://0177.0.0.1:{canary}/f",
    "zero": "http://0:{canary}/f",
    "zeros": "http://0.0.0.0:{canary}/f",
    "circled": "http://①②⑦.⓪.⓪.①:{canary}/f",
    "wide-dots": "http://127。0。0。1:{canary}/f",
    "percent": "http://%31%32%37.0.0.1:{canary}/f",
    "loopback-2": "http://127.0.0.2:{canary}/f",
    "v6": "http://[::1]:{canary}/f",
    "v6-any": "http://[::]:{canary}/f",
    "v6-mapped": "http://[::ffff:127.0.0.1]:{canary}/f",
    "v6-mapped-hex": "http://[::ffff:7f00:1]:{canary}/f",
    "v6-zone": "http://[::1%25lo]:{canary}/f",
    "userinfo": "http://127.0.0.1:{port}@127.0.0.1:{canary}/f",
    "backslash": "http://127.0.0.1:{port}\\@127.0.0.1:{canary}/f",
    "tab": "http://127.0.0.1:{canary}\t/f",
}


NOWHERE = (300, 301, 302, 303, 304, 305, 307, 308)


def canary_behind(asked: Asked) -> Answer:
    """Redirect to the canary by way of another place."""
    return reply(b"", 302, Location=f"http://127.0.0.1:{asked.canary}/" if asked.rest else "/canary-behind/x")


def left_alone(played: Played) -> None:
    """Expect an error, and no request but the one that redirected."""
    ends(BROKEN)(played)
    assert [len(round_) for round_ in played.asked] == [1] * len(played.asked)


CASES = [
    *(Case(f"hops-{n}", f"{n} hops are followed", hops(n), reads(entries=3)) for n in (1, 2, 5)),
    *(Case(f"hops-{n}", f"{n} are not", hops(n), stops_within(6)) for n in (6, 30)),
    Case("loop", "a loop ends", between(""), stops_within(6)),
    Case("loop-two", "of two too", between("", "back"), stops_within(6)),
    *(Case(f"nowhere-{n}", f"{n} without Location", without_location(n), ends("http-error", n)) for n in NOWHERE),
    Case("gone-302", "410 behind it is not the source's own", gone_behind(302), gone_there),
    Case("gone-301", "410 behind it is final: it moved there for good", gone_behind(301), gone_at_the_end),
    Case("empty", "an empty Location", to(""), ends(BROKEN)),
    *(Case(f"to-{name}", f"not to {url}", to(url), left_alone) for name, url in SCHEMES.items()),
    *(Case(f"canary-{name}", f"not to {url}", to(url), left_alone) for name, url in CANARIES.items()),
    Case("canary-says", "the refusal names the address and [poll] allow", to(CANARIES["plain"]), refuses("127.0.0.1")),
    Case("canary-behind", "nor at the second hop", canary_behind, ends("refused", says="allow")),
    Case("canary-two", "of two Locations none leads to the canary", two_locations, lambda played: None),
    Case("relative", "a relative Location", to("{name}/there"), asks("there")),
    Case("relative-up", "one with dots", to("/x/../{name}/./there"), asks("there")),
    Case("absolute-path", "a path alone", to("/{name}/there?a=1"), asks("there?a=1")),
    Case("no-scheme", "without a scheme", to("//127.0.0.1:{port}/{name}/there"), asks("there")),
    Case("scheme-upper", "a scheme in capitals", to("HTTP://127.0.0.1:{port}/{name}/there"), asks("there")),
    Case("fragment", "a fragment stays here", to("/{name}/there#part"), asks("there")),
    Case("space", "a space is escaped", to("/{name}/over there"), asks("over%20there")),
    Case("utf-8", "so are letters beyond ASCII", to("/{name}/там"), asks("%D1%82%D0%B0%D0%BC")),
    Case("escapes", "escapes stay as they are", to("/{name}/a%2Fb%3F?c=%2F%26"), asks("a%2Fb%3F?c=%2F%26")),
    Case("endless-body", "a redirect's body is not read", endless, asks("there")),
    Case("bomb", "nor its coding", to("/{name}/there", Content_Encoding="x-bomb"), asks("there")),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll all of them twice."""
    return play(tmp_path_factory.mktemp("redirects"), CASES, 2)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_redirects(case: Case, played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(played[case.name])


def test_no_redirect_touched_the_canary(played: dict[str, Played]) -> None:
    """Not even a connection, however the address was spelled."""
    assert played["loop"].server.touched == []
