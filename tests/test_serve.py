"""The HTTP side, through a real server: validators, compression, moved topics, health."""

from __future__ import annotations

import gzip
import http.client
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import brotli
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


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br, gzip;q=0.8", "br"),
        ("gzip, br;q=0.5", "gzip"),
        ("gzip, br;q=0", "gzip"),
        ("gzip;q=0.5, br;q=0.6", "br"),
    ],
)
def test_each_compression_has_its_own_etag_and_is_sent_to_who_takes_it(ask: Client, accept: str, encoding: str) -> None:
    """A strong ETag names bytes; of two that are as welcome, br is shorter."""
    unpacks = {"gzip": gzip.decompress, "br": brotli.decompress}
    plain = ask("/topics/news.rss")[1]["etag"]
    status, headers, body = ask("/topics/news.rss", Accept_Encoding=accept)

    assert (status, headers["content-encoding"], unpacks[encoding](body)) == (200, encoding, BODY)
    assert headers["etag"] != plain
    assert headers["content-length"] == str(len(body))
    assert ask("/topics/news.rss", Accept_Encoding=accept, If_None_Match=headers["etag"])[0] == 304


def test_who_takes_no_compression_gets_none(ask: Client) -> None:
    """A weight of zero refuses; a star stands for gzip, which everybody knows."""
    for refusing in ("identity", "gzip;q=0", "deflate", ""):
        assert "content-encoding" not in ask("/topics/news.rss", Accept_Encoding=refusing)[1]
    assert ask("/topics/news.rss", Accept_Encoding="*")[1]["content-encoding"] == "gzip"


def test_either_encoding_known_is_current_and_named_back(ask: Client) -> None:
    """A cache in between may have unpacked it: what the client has is what the 304 is about."""
    plain = ask("/topics/news.rss")[1]["etag"]
    packed = ask("/topics/news.rss", Accept_Encoding="gzip")[1]["etag"]
    shorter = ask("/topics/news.rss", Accept_Encoding="br")[1]["etag"]

    for accept in ("gzip", "identity", "br, gzip"):
        for known in (plain, packed, shorter):
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


def test_link_header_names_the_feed_its_hub_and_its_page(ask: Client) -> None:
    """As WebSub's discovery reads it (4): absolute, below the base URL, whatever was asked."""
    for headers in (ask("/topics/news.atom")[1], ask("/topics/news.atom?junk=1", Host="127.0.0.1")[1]):
        assert headers["link"].split(", ") == [
            '<https://wire.example/topics/news.atom>; rel="self"',
            '<https://wire.example/hub>; rel="hub"',
            '<https://wire.example/topics/news/>; rel="alternate"; type="text/html"',
        ]


def test_archive_pages_and_the_list_of_topics_are_documents_too(ask: Client) -> None:
    """An archive page is closed: kept for a day, and told by no hub. Neither is ever the feed itself."""
    status, page, body = ask("/topics/news/1.atom")
    listed = ask("/topics.opml")

    assert (status, body, page["content-type"]) == (200, BODY, MEDIA_TYPES["atom"])
    assert page["cache-control"].startswith("public, max-age=86400")
    assert "hub" not in page["link"]
    assert ask("/topics/news/1.atom", If_None_Match=page["etag"])[0] == 304
    assert (listed[0], listed[1]["content-type"], listed[1]["access-control-allow-origin"]) == (200, "text/x-opml", "*")
    for none in ("/topics/news/2.atom", "/topics/news/0.atom", "/topics/news/1.exe", "/topics/none/1.atom"):
        assert ask(none)[0] == 404


def test_secret_feed_is_for_its_readers_caches_alone(ask: Client) -> None:
    """No shared cache keeps it, and no search engine lists it."""
    headers, known = ask("/topics/hush-0123.rss")[1], ask("/topics/hush-0123.rss", If_None_Match="*")[1]

    assert headers["cache-control"].startswith("private, max-age=")
    assert headers["x-robots-tag"] == "noindex"
    assert {name: known[name] for name in ("cache-control", "x-robots-tag")} == {
        name: headers[name] for name in ("cache-control", "x-robots-tag")
    }


def test_new_state_is_served_at_once(ask: Client) -> None:
    """What was written before of a document goes with it."""
    before = ask("/topics/news.json")[1]["etag"]
    old = ask.site.documents["news", "json"]
    ask.site.documents["news", "json"] = replace(old, body=b"{}", etag='"new"')
    try:
        status, headers, body = ask("/topics/news.json", If_None_Match=before)
        assert (status, headers["etag"], body) == (200, '"new"', b"{}")
    finally:
        ask.site.documents["news", "json"] = old
    assert ask("/topics/news.json", If_None_Match=before)[0] == 304


def test_ranges_are_not_served(ask: Client) -> None:
    """A feed is read whole; ten thousand ranges cost nothing (RFC 9110 14.2 lets us ignore them)."""
    ranges = "bytes=" + ",".join(f"{n}-{n}" for n in range(10_000))

    status, headers, body = ask("/topics/news.rss", Range=ranges)

    assert (status, body, "content-range" in headers) == (200, BODY, False)


def test_ten_thousand_etags_are_read_once(ask: Client) -> None:
    """The one that is ours is found at the end of them."""
    etag = ask("/topics/news.rss")[1]["etag"]
    many = ",".join(f'"{n}"' for n in range(8_000))

    assert ask("/topics/news.rss", If_None_Match=many)[0] == 200
    assert ask("/topics/news.rss", If_None_Match=f"{many}, {etag}")[0] == 304


PERSON = {"Sec_Fetch_Dest": "document", "Sec_Fetch_Mode": "navigate", "Accept": "text/html,application/xml;q=0.9"}


@pytest.mark.parametrize(
    ("path", "page"),
    [("/topics/news.rss", "./news/"), ("/topics/news.json", "./news/"), ("/topics/news/1.atom", "./")],
)
def test_person_who_opens_a_feed_is_led_to_its_page(ask: Client, path: str, page: str) -> None:
    """By a relative address, which nobody keeps; under the feed's own there is never anything but the feed."""
    status, headers, _ = ask(path, **PERSON)

    assert (status, headers["location"], headers["cache-control"]) == (303, page, "no-store")
    assert "Sec-Fetch-Dest" in headers["vary"]
    assert ask(path, Sec_Fetch_Dest="empty")[2] == ask(path, Accept="text/html, */*")[2] == BODY
    assert ask(path, "HEAD", **PERSON)[0] == 303


def test_person_can_have_the_document_itself(ask: Client) -> None:
    """As what a browser shows; to readers it is what it is."""
    wanted: dict[Format, str] = {"rss": "application/xml; charset=utf-8", "json": "application/json"}
    for fmt, shown in wanted.items():
        status, headers, body = ask(f"/topics/news.{fmt}?raw", **PERSON)
        assert (status, headers["content-type"], body) == (200, shown, BODY)
        assert ask(f"/topics/news.{fmt}?raw")[1]["content-type"] == MEDIA_TYPES[fmt]


def test_person_is_not_led_from_what_there_is_not(ask: Client) -> None:
    """Moved, gone and missing feeds say so; the list of topics is no feed."""
    statuses = [ask(f"/topics/{name}", **PERSON)[0] for name in ("old.rss", "secret-0123.rss", "none.rss")]

    assert statuses == [301, 410, 404]
    assert b"<html" in ask("/topics/none.rss", **PERSON)[2]
    assert ask("/topics.opml", **PERSON)[0] == 200
