"""The HTTP side, through a real server: validators, compression, methods, odd requests, safe headers."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from db.model import Format
from feeds.pages import TopicSummary, index_page
from feeds.publish import Published, Publisher
from feeds.render import MEDIA_TYPES
from feeds.serve import accepts_gzip, make_app

BODY = b"<rss>" + b"a story, " * 500 + b"</rss>"


class Stub:
    """A site with one topic, one renamed one, and a front page."""

    def __init__(self, folder: Path) -> None:
        publisher = Publisher(folder)
        self.well = True
        self.documents = {
            ("news", fmt): publisher.write(f"topics/news.{fmt}", BODY, MEDIA_TYPES[fmt]) for fmt in MEDIA_TYPES
        }
        summary = TopicSummary(
            id="news", title="News <all>", stories=2, newest="Tea & more", newest_at="2026-11-20T10:00:00Z"
        )
        page = index_page([summary], base_url="https://wire.example/")
        self.page = publisher.write("index.html", page, "text/html; charset=utf-8")

    def published(self, topic: str, fmt: Format) -> Published | None:
        """Look it up."""
        return self.documents.get((topic, fmt))

    def moved(self, topic: str, fmt: Format) -> str | None:
        """One topic has another name now."""
        return f"https://wire.example/topics/news.{fmt}" if topic == "old" else None

    def index(self) -> Published:
        """The page."""
        return self.page

    def health(self) -> dict[str, Any]:
        """As told."""
        return {"ok": self.well}


class Client:
    """Asks the server, one connection a request."""

    def __init__(self, port: int, site: Stub) -> None:
        self.port = port
        self.site = site

    def __call__(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Ask → status, headers with lower-case names, body."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Run the application under uvicorn on a thread."""
    site = Stub(tmp_path_factory.mktemp("public"))
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = uvicorn.Server(uvicorn.Config(make_app(site), lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield Client(listener.getsockname()[1], site)
    server.should_exit = True
    thread.join()


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
    assert accepts_gzip(accept) is gzipped


def test_no_answer_takes_an_address_from_the_request(ask: Client) -> None:
    """A slash too many is not found: a redirect would lead to whatever the Host header says."""
    for path in ("/healthz/", "/topics/news.rss/", "/topics"):
        status, headers, _ = ask(path, Host="evil.example")
        assert (status, "location" in headers) == (404, False)


def test_moved_feed_may_be_followed_by_a_web_page(ask: Client) -> None:
    """A redirect without the permission would stop a reader that runs in a browser; and it is not kept forever."""
    headers = ask("/topics/old.json")[1]

    assert headers["access-control-allow-origin"] == "*"
    assert headers["cache-control"] == "public, max-age=60"


def test_renamed_topic_moves_permanently(ask: Client) -> None:
    """The old address answers 301 to the new one, below the base URL."""
    status, headers, _ = ask("/topics/old.atom")

    assert (status, headers["location"]) == (301, "https://wire.example/topics/news.atom")


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
        assert (status, set(headers["allow"].split(", "))) == (405, {"GET", "HEAD"})


def test_every_answer_has_safe_headers(ask: Client) -> None:
    """No sniffing, no referrer, nothing that runs; the page allows its own style alone."""
    for path in ("/", "/topics/news.rss", "/healthz", "/nothing"):
        headers = ask(path)[1]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "style-src 'sha256-" in ask("/")[1]["content-security-policy"]


def test_front_page_escapes_and_advertises(ask: Client) -> None:
    """Autodiscovery links are absolute, from the base URL."""
    text = ask("/")[2].decode()

    assert "News &lt;all&gt;" in text
    assert "Tea &amp; more" in text
    assert "<all>" not in text
    for fmt, media_type in MEDIA_TYPES.items():
        kind = media_type.partition(";")[0]
        assert f'<link rel="alternate" type="{kind}"' in text
        assert f'href="https://wire.example/topics/news.{fmt}"' in text


def test_health_decides_the_status(ask: Client) -> None:
    """200 while all is well, 503 while not."""
    assert ask("/healthz")[0] == 200
    ask.site.well = False
    assert ask("/healthz")[0] == 503
    ask.site.well = True


@pytest.mark.needs("chromium")
def test_browser_shows_the_front_page(ask: Client, tmp_path: Path) -> None:
    """A real browser renders it, with its style, and has nothing to complain of."""
    import subprocess

    flags = [
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
        *("--disable-background-networking", "--disable-component-update", f"--user-data-dir={tmp_path}"),
        *("--enable-logging=stderr", "--v=0", "--dump-dom"),
    ]
    done = subprocess.run(
        ["chromium", *flags, f"http://127.0.0.1:{ask.port}/"], capture_output=True, text=True, timeout=60, check=True
    )

    assert "News &lt;all&gt;" in done.stdout
    assert "CONSOLE" not in done.stderr
