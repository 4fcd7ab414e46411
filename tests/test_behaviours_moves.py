"""Moves: 301 and 308 are kept in mind once the new place has proven to be the same feed; nothing else ever is.

RFC 9110 15.4. An https upgrade of the same host and path needs no proof but a good answer.
"""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Callable, Iterator

import pytest

from scripted import Answer, Asked, Script, reply
from stage import Case, Played, environment, news, play

ROUNDS = 7
PROVEN = 4
"""Three polls in a row prove a move; the very first poll of a source has nothing to compare with."""


def to(asked: Asked, place: str, status: int = 301) -> Answer:
    """Redirect to a place below this behaviour's own path, or to any address."""
    return reply(b"", status, Location=place if "://" in place else f"/{asked.name}/{place}")


def feed(asked: Asked, *numbers: int) -> Answer:
    """Serve the feed."""
    return reply(news(asked, *(numbers or (1, 2, 3))))


def moved(status: int, place: str = "new", *numbers: int) -> Script:
    """Redirect to the new place, which has these items."""
    return lambda asked: feed(asked, *numbers) if asked.rest else to(asked, place, status)


def chain(*statuses: int) -> Script:
    """Redirect from place to place with these statuses; the last has the feed."""

    def script(asked: Asked) -> Answer:
        hop = int(asked.rest or 0)
        return to(asked, str(hop + 1), statuses[hop]) if hop < len(statuses) else feed(asked)

    return script


def upgrade(status: int, *, port: str = "", path: str = "") -> Script:
    """Redirect from http to https on this host."""

    def script(asked: Asked) -> Answer:
        if asked.tls:
            return feed(asked)
        there = {"": asked.place[1], "other": asked.other}[port]
        return to(asked, f"https://{asked.place[0]}:{there}{path or asked.target}", status)

    return script


def later(first: Script, then: Script, *, when: Callable[[int], bool]) -> Script:
    """Answer ``first``, but ``then`` to those requests for the configured address that ``when`` names."""
    return lambda asked: then(asked) if asked.rest or when(asked.number) else first(asked)


def kept(place: str, since: int = PROVEN, *, entries: int = 3) -> Callable[[Played], None]:
    """Expect the new place kept in mind after round ``since`` at the latest, and asked directly from then on."""

    def check(played: Played) -> None:
        url = place.format(port=played.server.port, other=played.server.other, name=played.name)
        assert played.now["moved_url"] == url
        assert played.now["url"] != url
        assert since == 1 or played.states[1]["moved_url"] is None, "kept without proof"
        assert all(state["moved_url"] == url for state in played.states[since - 1 :])
        for round_ in played.asked[since:]:
            assert f"{'https' if round_[0].tls else 'http'}://{round_[0]['Host']}{round_[0].target}" == url
        (move,) = played.moves
        assert (move["from_url"], move["to_url"], move["why"]) == (played.now["url"], url, "permanent redirect")
        assert (played.now["failures"], played.now["next_poll_at"] is not None) == (0, True)
        assert len(played.entries) == entries
        assert sum(poll["new"] for poll in played.polls) == entries, "an entry is new after the move"

    return check


def never_kept(*, fails: bool = False, entries: int = 3) -> Callable[[Played], None]:
    """Expect the configured address to be asked first in every round."""

    def check(played: Played) -> None:
        assert [state["moved_url"] for state in played.states] == [None] * ROUNDS
        assert played.moves == []
        assert [round_[0].path.strip("/") for round_ in played.asked] == [played.name] * ROUNDS
        assert (played.now["failures"] > 0) == fails, played.now["last_error"]
        assert len(played.entries) == entries

    return check


def secret_stays(played: Played) -> None:
    """Expect the password at its own origin only."""
    for asked in played.requests:
        assert (asked["Authorization"] is not None) == (asked.place[1] == played.server.port)
    assert {asked.place[1] for asked in played.requests} == {played.server.port, played.server.other}
    assert "sekret" not in str([played.states, played.polls, played.moves, played.entries])


def foreign_secret(asked: Asked) -> Answer:
    """Redirect to an address that brings a password along."""
    return feed(asked) if asked.rest else to(asked, f"http://mallory:sekret@127.0.0.1:{asked.other}/{asked.name}/new")


def no_foreign_secret(played: Played) -> None:
    """Expect that a password from a Location is never used nor stored."""
    assert not any(asked["Authorization"] for asked in played.requests)
    assert "sekret" not in str([played.states, played.polls, played.moves])
    assert len(played.entries) == 3


HERE = "http://127.0.0.1:{port}/{name}"
HTTPS = "https://127.0.0.1:{port}/{name}"
EMPTY = b"<rss version='2.0'><channel><title>t</title></channel></rss>"
HTML = b"<!DOCTYPE html><html><head><title>Moved</title></head><body><p>We have moved.</p></body></html>"
ELSEWHERE = "http://127.0.0.2:{asked.other}/{asked.name}/new"


CASES = [
    Case("move-301", "301 is kept after its proof", moved(301), kept(f"{HERE}/new")),
    Case("move-308", "so is 308", moved(308), kept(f"{HERE}/new")),
    Case("move-302", "302 never", moved(302), never_kept()),
    Case("move-303", "nor 303", moved(303), never_kept()),
    Case("move-307", "nor 307", moved(307), never_kept()),
    Case("chain-301-301", "two permanent hops lead to the end", chain(301, 301), kept(f"{HERE}/2")),
    Case("chain-301-308-301", "three too", chain(301, 308, 301), kept(f"{HERE}/3")),
    Case("chain-301-302", "a chain counts as far as it is permanent", chain(301, 302), kept(f"{HERE}/1")),
    Case("chain-301-307-301", "and no further", chain(301, 307, 301), kept(f"{HERE}/1")),
    Case("chain-302-301", "behind a temporary hop nothing counts", chain(302, 301), never_kept()),
    Case(
        "other-host",
        "another host is a place too",
        lambda a: feed(a) if a.rest else to(a, ELSEWHERE.format(asked=a)),
        kept("http://127.0.0.2:{other}/{name}/new"),
    ),
    Case(
        "news-meanwhile",
        "the new place may have newer entries besides",
        later(lambda a: feed(a, 1, 2, 3), lambda a: feed(a, 2, 3, 4) if a.rest else to(a, "new"), when=lambda n: n > 2),
        kept(f"{HERE}/new", 6, entries=4),
    ),
    Case(
        "other-feed",
        "another feed at the new place is no proof",
        later(feed, lambda a: feed(a, 7, 8, 9) if a.rest else to(a, "new"), when=lambda n: n > 2),
        lambda played: never_kept(entries=len(played.entries))(played),
    ),
    Case(
        "empty-feed",
        "nor is an empty one",
        later(feed, lambda a: reply(EMPTY) if a.rest else to(a, "new"), when=lambda n: n > 2),
        never_kept(),
    ),
    Case(
        "html",
        "nor a page",
        later(feed, lambda a: reply(HTML) if a.rest else to(a, "new"), when=lambda n: n > 2),
        never_kept(fails=True),
    ),
    Case(
        "not-found",
        "nor an error",
        later(feed, lambda a: reply(b"", 404) if a.rest else to(a, "new"), when=lambda n: n > 2),
        never_kept(fails=True),
    ),
    Case("once", "once is a slip", later(feed, moved(301), when=lambda n: n == 3), never_kept()),
    Case("now-and-then", "now and then is no proof", later(feed, moved(301), when=lambda n: n % 3 != 0), never_kept()),
    Case(
        "ever-elsewhere",
        "nor is another place each time",
        lambda a: feed(a) if a.rest else to(a, f"new-{a.number}"),
        never_kept(),
    ),
    Case(
        "to-canary",
        "a place that may not be reached",
        later(feed, lambda a: to(a, f"http://127.0.0.1:{a.canary}/"), when=lambda n: n > 2),
        never_kept(fails=True),
    ),
    Case("https", "an https upgrade is kept at once", upgrade(301), kept(HTTPS, 1)),
    Case("https-308", "with 308 too", upgrade(308), kept(HTTPS, 1)),
    Case("https-port", "on another port too", upgrade(301, port="other"), kept("https://127.0.0.1:{other}/{name}", 1)),
    Case("https-query", "with its query", upgrade(301), kept(f"{HTTPS}?a=1&b=%2F", 1), f"{HERE}?a=1&b=%2F"),
    Case("https-302", "302 is no upgrade", upgrade(302), never_kept()),
    Case("https-path", "another path needs its proof", upgrade(301, path="/https-path/new"), kept(f"{HTTPS}/new")),
    Case(
        "https-untrusted",
        "a certificate for another name ends it",
        upgrade(301),
        never_kept(fails=True, entries=0),
        "http://127.0.0.3:{port}/{name}",
    ),
    Case(
        "https-lost",
        "https is not given up for http",
        lambda a: feed(a) if not a.tls else to(a, f"http://{a.place[0]}:{a.place[1]}{a.target}"),
        never_kept(),
        HTTPS,
    ),
    Case(
        "secret",
        "a password stays at its origin",
        lambda a: feed(a) if a.rest else to(a, ELSEWHERE.format(asked=a), 302),
        secret_stays,
        "http://anna:sekret@127.0.0.1:{port}/{name}",
    ),
    Case("foreign-secret", "a password out of a Location is nobody's", foreign_secret, no_foreign_secret),
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ssl.SSLContext]:
    """Make a throw-away certificate for two loopback addresses that our processes trust."""
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=scripted", "-addext", "subjectAltName=IP:127.0.0.1,IP:127.0.0.2"]
    subprocess.run([*make, *names, "-keyout", key, "-out", cert], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with environment(SSL_CERT_FILE=str(cert)):
        yield context


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory, certificate: ssl.SSLContext) -> dict[str, Played]:
    """Poll all of them seven times."""
    return play(tmp_path_factory.mktemp("moves"), CASES, ROUNDS, tls=certificate)


@pytest.mark.needs("openssl")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_moves(case: Case, played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(played[case.name])


@pytest.mark.needs("openssl")
def test_no_move_touched_the_canary(played: dict[str, Played]) -> None:
    """Not even a connection."""
    assert played["to-canary"].server.touched == []
