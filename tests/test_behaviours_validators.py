"""Validators: echoed byte for byte to the address that gave them, the newest pair, never what covers no entries.

RFC 9110 8.8 and 13.1, RFC 9111 4.3.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scripted import Answer, Asked, Script, chunked, head, reply
from stage import Case, Played, in_turn, news, page, play, steady

BROKEN = b"<rss version='2.0'><channel><title>t</title><item><guid>1</guid><title>One</title></item><item><guid>2"
EMPTY = (
    b"<rss version='2.0'><channel><title>t</title><link>http://t/</link><description>d</description></channel></rss>"
)


def guarded(**fields: str) -> Script:
    """Serve a feed with these validators; 304 to whoever sends one of them back as it was."""

    def script(asked: Asked) -> Answer:
        echoed = (asked["If-None-Match"], asked["If-Modified-Since"])
        if echoed == (fields.get("ETag"), fields.get("Last_Modified")):
            return reply(b"", 304, **fields)
        return reply(news(asked, 1, 2), **fields)

    return script


def given(status: int = 200, /, *numbers: int, **fields: str) -> Script:
    """Answer once with this status, these items and fields."""
    return lambda asked: reply(news(asked, *(numbers or (1, 2))) if status == 200 else b"", status, **fields)


def echoes(etag: str | None = None, last_modified: str | None = None) -> Callable[[Played], None]:
    """Expect that the first request asks for the whole, and the last echoes this pair and brings a 304 or less."""

    def check(played: Played) -> None:
        assert not played.requests[0].conditional
        last = played.requests[-1]
        assert (last["If-None-Match"], last["If-Modified-Since"]) == (etag, last_modified)
        assert (played.now["failures"], len(played.entries)) == (0, 2)

    return check


def never_conditional(entries: int | None = None) -> Callable[[Played], None]:
    """Expect that no request carries a validator, and none is stored."""

    def check(played: Played) -> None:
        assert len(played.requests) == len(played.states)
        assert not any(asked.conditional for asked in played.requests)
        assert (played.now["etag"], played.now["last_modified"]) == (None, None)
        assert entries is None or len(played.entries) == entries

    return check


def only_sends(*etags: str | None) -> Callable[[Played], None]:
    """Expect this If-None-Match in each round's one request."""

    def check(played: Played) -> None:
        assert [asked["If-None-Match"] for asked in played.requests] == list(etags)

    return check


def unasked_304_is_an_error(played: Played) -> None:
    """It says nothing about entries that nobody has."""
    assert played.outcomes[0] == "http-error"
    assert "304" in played.states[0]["last_error"]
    assert (played.states[0]["failures"], played.states[0]["etag"]) == (1, None)
    assert not played.requests[1].conditional


def stay_at_their_address(played: Played) -> None:
    """The feed's own address hears its validators again, the redirecting one hears nothing."""
    for asked in played.requests:
        assert asked["If-None-Match"] == ('"at-new"' if asked.rest and asked.number > 1 else None)
    assert len(played.entries) == 2


def not_told_elsewhere(played: Played) -> None:
    """The second address never hears the validators of the first."""
    there = [asked["If-None-Match"] for asked in played.requests if asked.place[1] == played.server.other]
    assert there == [None, '"second"', '"second"']
    assert played.requests[1]["If-None-Match"] == '"first"'


def redirect_later(asked: Asked) -> Answer:
    """Serve the feed at first; later send everybody to another origin."""
    if asked.rest == "elsewhere" or asked.number == 1:
        return reply(news(asked, 1, 2), ETag='"second"' if asked.rest else '"first"')
    return Answer(
        head(302, {"Location": f"http://127.0.0.2:{asked.other}/{asked.name}/elsewhere", "Content-Length": "0"})
    )


def at_new(asked: Asked) -> Answer:
    """Redirect to the address that has the feed and validators."""
    if not asked.rest:
        return reply(b"", 302, Location="at-new/new", ETag='"of-the-redirect"')
    return reply(b"", 304) if asked["If-None-Match"] == '"at-new"' else reply(news(asked, 1, 2), ETag='"at-new"')


def cut_body(asked: Asked) -> Answer:
    """Promise more than is sent."""
    body = news(asked, 1, 2)
    return Answer(head(200, {"Content-Length": str(len(body) + 500), "ETag": '"cut"'}) + body, "close")


def cut_chunks(asked: Asked) -> Answer:
    """Leave out the last chunk."""
    body = chunked(news(asked, 1, 2))[:-5]
    return Answer(head(200, {"Transfer-Encoding": "chunked", "ETag": '"cut"'}) + body, "close")


DATE, ODD_DATE = "Tue, 03 Nov 2026 07:00:00 GMT", "2026-11-03 07:00:00 +0000 (CET)"
V1, V2 = {"ETag": '"1"', "Last_Modified": DATE}, {"ETag": '"2"', "Last_Modified": "Wed, 04 Nov 2026 07:00:00 GMT"}
PAIR_1, PAIR_2 = ('"1"', DATE), ('"2"', "Wed, 04 Nov 2026 07:00:00 GMT")
HTML = b"<!DOCTYPE html><html><head><title>Hello</title></head><body><p>Hello there</p></body></html>"

CASES = [
    Case("etag-strong", "a strong ETag comes back", guarded(ETag='"abc-1"'), echoes('"abc-1"')),
    Case("etag-weak", "a weak one with its W/", guarded(ETag='W/"abc"'), echoes('W/"abc"')),
    Case("etag-unquoted", "one without quotes as it is", guarded(ETag="abc123"), echoes("abc123")),
    Case("etag-half-quoted", "so one with one quote", guarded(ETag='"abc'), echoes('"abc')),
    Case("etag-lower-w", "a small w stays small", guarded(ETag='w/"abc"'), echoes('w/"abc"')),
    Case("etag-empty", "an empty tag is a tag", guarded(ETag='""'), echoes('""')),
    Case("etag-odd", "odd characters stay", guarded(ETag='"a\'b,c;d e\\f#%{}|~"'), echoes('"a\'b,c;d e\\f#%{}|~"')),
    Case("etag-gzip-suffix", "nothing is cut off", guarded(ETag='"abc;gzip--gzip"'), echoes('"abc;gzip--gzip"')),
    Case("etag-utf8", "bytes beyond ASCII stay", guarded(ETag='"é"'), echoes('"é"')),
    Case("modified-only", "a date alone comes back", guarded(Last_Modified=DATE), echoes(None, DATE)),
    Case("modified-odd", "as it was written", guarded(Last_Modified=ODD_DATE), echoes(None, ODD_DATE)),
    Case("modified-junk", "even if it is none", guarded(Last_Modified="yesterday"), echoes(None, "yesterday")),
    Case("both", "both come back", guarded(**V1), echoes(*PAIR_1)),
    Case("newer-pair", "the newest pair counts", in_turn(given(**V1), given(**V2)), echoes(*PAIR_2)),
    Case(
        "pair-becomes-date",
        "an ETag that is gone is not sent on",
        in_turn(given(**V1), given(200, 1, 2, Last_Modified=DATE)),
        echoes(None, DATE),
    ),
    Case(
        "pair-vanishes", "no validators: none sent", in_turn(given(**V1), given()), only_sends(None, '"1"', None, None)
    ),
    Case("pair-on-304", "a 304 brings the newer pair", in_turn(given(**V1), given(304, **V2)), echoes(*PAIR_2)),
    Case("bare-304", "a 304 without any keeps them", in_turn(given(**V1), given(304)), echoes(*PAIR_1)),
    Case("unasked-304", "a 304 nobody asked for is an error", in_turn(given(304), given()), unasked_304_is_an_error),
    Case("cut", "a body shorter than announced gives none", cut_body, never_conditional(0)),
    Case("cut-chunks", "nor one without its last chunk", cut_chunks, never_conditional(0)),
    Case("salvaged", "nor broken markup", page(BROKEN, ETag='"x"', Last_Modified=DATE), never_conditional()),
    Case("no-items", "nor a feed without items", page(EMPTY, ETag='"x"', Last_Modified=DATE), never_conditional(0)),
    Case("no-body", "nor an empty body", page(b"", ETag='"x"', Last_Modified=DATE), never_conditional(0)),
    Case("html", "nor an HTML page", page(HTML, ETag='"x"', Content_Type="text/html"), never_conditional(0)),
    Case("capped", "nor one over max_body", page(b" " * 300_000, ETag='"x"'), never_conditional(0)),
    Case("etag-long", "a tag of 2 kB is not taken", steady(1, 2, ETag=f'"{"x" * 2000}"'), never_conditional(2)),
    Case("etag-control", "nor one with a control byte", steady(1, 2, ETag='"a\x01b"'), never_conditional()),
    Case("etag-tab", "nor one with a tab", steady(1, 2, ETag='"a\tb"'), never_conditional()),
    Case(
        "not-of-errors",
        "an error page's validators are not taken",
        in_turn(given(ETag='"1"'), page(b"oops", 500, ETag='"oops"')),
        only_sends(None, '"1"', '"1"', '"1"'),
    ),
    Case(
        "not-of-html-later",
        "nor those of an HTML page in the feed's place",
        in_turn(given(ETag='"1"'), page(HTML, ETag='"html"'), given(ETag='"1"')),
        lambda played: None if '"html"' not in [a["If-None-Match"] for a in played.requests] else pytest.fail("taken"),
    ),
    Case("at-new", "validators are for the address that gave them", at_new, stay_at_their_address),
    Case("redirected-later", "another origin never hears them", redirect_later, not_told_elsewhere),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll all of them four times."""
    return play(tmp_path_factory.mktemp("validators"), CASES, 4, poll={"max_body": "200KB"})


@pytest.mark.parametrize("case", CASES, ids=str)
def test_validators(case: Case, played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(played[case.name])
