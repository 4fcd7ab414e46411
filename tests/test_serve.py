"""The HTTP side, through a real server: validators, compression, moved topics, health."""

from __future__ import annotations

import gzip
import http.client
from collections.abc import Iterator
from contextlib import closing

import pytest

from db.model import Format
from feeds.encodings import encodings_of
from feeds.render import MEDIA_TYPES
from served import BODY, Client, running_site


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Serve while the module's tests ask."""
    with running_site(tmp_path_factory.mktemp("public")) as client:
        yield client


@pytest.mark.parametrize("fmt", list(MEDIA_TYPES))
def test_feed_is_served_with_its_media_type_and_validators(ask: Client, fmt: Format) -> None:
    """GET gives all of it, HEAD the same headers and no body."""
    status, headers, body = ask(f"/topics/news.{fmt}")
    head = ask(f"/topics/news.{fmt}", "HEAD")

    assert (status, headers["content-type"], body) == (200, MEDIA_TYPES[fmt], BODY)
    assert headers["etag"].startswith('"')
    assert {"last-modified", "cache-control", "vary"} <= set(headers)
    assert headers["access-control-allow-origin"] == "*"
    assert (head[0], head[2]) == (200, b"")
    assert {k: v for k, v in head[1].items() if k != "date"} == {k: v for k, v in headers.items() if k != "date"}


def test_known_state_is_answered_with_304(ask: Client) -> None:
    """If-None-Match in its forms, first; If-Modified-Since only without it (RFC 9110 13.2.2)."""
    _, headers, _ = ask("/topics/news.rss")
    etag, date = headers["etag"], headers["last-modified"]

    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        status, answer, body = ask("/topics/news.rss", If_None_Match=known)
        assert (status, body, answer["etag"]) == (304, b"", etag)
    assert ask("/topics/news.rss", If_None_Match='"other"', If_Modified_Since=date)[0] == 200
    assert ask("/topics/news.rss", If_Modified_Since=date)[0] == 304
    assert ask("/topics/news.rss", If_Modified_Since="Thu, 01 Jan 1970 00:00:00 GMT")[0] == 200
    assert ask("/topics/news.rss", If_Modified_Since="whenever")[0] == 200


def test_gzip_has_its_own_etag_and_is_sent_only_to_who_takes_it(ask: Client) -> None:
    """A strong ETag names bytes; a weight of zero refuses."""
    plain = ask("/topics/news.rss")[1]["etag"]
    status, headers, body = ask("/topics/news.rss", Accept_Encoding="br, gzip;q=0.8")

    assert (status, headers["content-encoding"], gzip.decompress(body)) == (200, "gzip", BODY)
    assert headers["etag"] != plain
    assert ask("/topics/news.rss", Accept_Encoding="gzip", If_None_Match=headers["etag"])[0] == 304
    for refusing in ("identity", "gzip;q=0", "br", ""):
        assert "content-encoding" not in ask("/topics/news.rss", Accept_Encoding=refusing)[1]
    assert ask("/topics/news.rss", Accept_Encoding="*")[1]["content-encoding"] == "gzip"


def test_either_encoding_known_is_current_and_named_back(ask: Client) -> None:
    """A cache in between may have unpacked it: what the client has is what the 304 is about."""
    plain = ask("/topics/news.rss")[1]["etag"]
    packed = ask("/topics/news.rss", Accept_Encoding="gzip")[1]["etag"]

    for accept in ("gzip", "identity"):
        for known in (plain, packed):
            status, headers, _ = ask("/topics/news.rss", Accept_Encoding=accept, If_None_Match=known)
            assert (status, headers["etag"]) == (304, known)
    assert ask("/topics/news.rss", Accept_Encoding="gzip", If_None_Match="*")[1]["etag"] == packed


def test_header_lines_that_repeat_are_one_list(ask: Client) -> None:
    """RFC 9110 5.3: a second line of a name continues the first; a line that is there but empty knows nothing."""
    etag, date = (ask("/topics/news.rss")[1][name] for name in ("etag", "last-modified"))

    def status(*lines: tuple[str, str]) -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", ask.port, timeout=10)) as connection:
            connection.putrequest("GET", "/topics/news.rss", skip_accept_encoding=True)
            for name, value in lines:
                connection.putheader(name, value)
            connection.endheaders()
            return connection.getresponse().status

    assert status(("If-None-Match", '"other"'), ("If-None-Match", etag)) == 304
    assert status(("If-None-Match", '"other"'), ("If-None-Match", '"third"')) == 200
    assert status(("If-None-Match", ""), ("If-Modified-Since", date)) == 200


@pytest.mark.parametrize(
    ("accept", "gzipped"),
    [
        ("GZIP; Q=0.5", True),
        ("gzip ;q=1.0, *;q=0", True),
        ("x-gzip", True),
        ("*;q=0", False),
        ("*, gzip;q=0.000", False),
        ("gzip;q=much", False),
        (", ,;", False),
    ],
)
def test_accept_encoding_in_all_spellings(accept: str, gzipped: bool) -> None:
    """RFC 9110 12.5.3: case and spaces don't matter, a weight of zero refuses, a name beats the star."""
    assert ("gzip" in encodings_of(accept)) is gzipped


def test_moved_feed_may_be_followed_by_a_web_page(ask: Client) -> None:
    """A redirect without the permission would stop a reader that runs in a browser; and it is not kept forever."""
    headers = ask("/topics/old.json")[1]

    assert headers["access-control-allow-origin"] == "*"
    assert headers["cache-control"] == "public, max-age=3600"


def test_renamed_topic_moves_permanently(ask: Client) -> None:
    """The old address answers 301 to the new one, below the base URL."""
    status, headers, _ = ask("/topics/old.atom")

    assert (status, headers["location"]) == (301, "https://wire.example/topics/news.atom")


def test_health_decides_the_status(ask: Client) -> None:
    """200 while all is well, 503 while not."""
    assert ask("/healthz")[0] == 200
    ask.site.well = False
    assert ask("/healthz")[0] == 503
    ask.site.well = True


def test_head_is_conditional_and_compressed_like_get(ask: Client) -> None:
    """A HEAD tells what a GET would: 304 for a known state, and the length of what would be sent."""
    get = ask("/topics/news.atom", Accept_Encoding="gzip")
    head = ask("/topics/news.atom", "HEAD", Accept_Encoding="gzip")
    known = ask("/topics/news.atom", "HEAD", If_None_Match=get[1]["etag"])

    assert (head[1]["content-length"], head[1]["etag"]) == (str(len(get[2])), get[1]["etag"])
    assert len(get[2]) < len(BODY)
    assert (known[0], known[2]) == (304, b"")
    assert "content-length" not in known[1]
    assert ask("/", "HEAD")[0] == ask("/healthz", "HEAD")[0] == 200


def test_304_says_what_a_200_would_say_to_a_cache(ask: Client) -> None:
    """RFC 9110 15.4.5: Cache-Control, ETag and Vary, and the same in both."""
    full = ask("/topics/news.json")[1]
    known = ask("/topics/news.json", If_None_Match=full["etag"])[1]

    for name in ("cache-control", "etag", "vary", "last-modified", "access-control-allow-origin"):
        assert known[name] == full[name]
    assert full["vary"] == "Accept-Encoding, Sec-Fetch-Dest"
