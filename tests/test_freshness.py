"""How long an answer may be kept, by the rhythm of the document; and what can stand in a header's address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from feeds.freshness import cache_control, http_date, max_age_s
from feeds.links import in_header, link_header, page_beside

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("silent", "seconds"),
    [
        (timedelta(0), 60),
        (timedelta(minutes=9), 60),
        (timedelta(minutes=20), 120),
        (timedelta(minutes=24), 120),
        (timedelta(minutes=25), 150),
        (timedelta(hours=1, minutes=40), 600),
        (timedelta(days=400), 600),
        (-timedelta(hours=3), 60),
    ],
)
def test_a_tenth_of_the_silence(silent: timedelta, seconds: int) -> None:
    """At least a minute, at most ten; a clock that was wrong does no harm."""
    assert max_age_s(NOW - silent, NOW) == seconds


def test_cache_control_says_who_may_keep_it() -> None:
    """Everybody, only the client, or nobody without asking: what is made for a request has no time of its own."""
    changed = format_datetime(NOW - timedelta(minutes=50), usegmt=True)

    assert cache_control(changed, NOW).startswith("public, max-age=300, stale-while-revalidate=300,")
    assert cache_control(changed, NOW, unlisted=True) == "private, max-age=300"
    assert cache_control("", NOW) == cache_control("soon", NOW) == "private, no-cache"
    assert http_date("Tue, 24 Nov 99999999999999999999 10:00:00 GMT") is None


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://wire.example/hub?x=1&y=%20", "https://wire.example/hub?x=1&y=%20"),
        ("https://wire.example/a\r\nSet-Cookie: x", "https://wire.example/a%0D%0ASet-Cookie:%20x"),
        ('https://wire.example/">; rel="hub', "https://wire.example/%22%3E;%20rel=%22hub"),
        ("https://wire.example/ü", "https://wire.example/%C3%BC"),
        ("http://[::1]:8000/", "http://[::1]:8000/"),
    ],
)
def test_no_address_ends_its_header(url: str, written: str) -> None:
    """Line ends, quotes and brackets are encoded, and so is what is not ASCII."""
    assert in_header(url) == written
    assert link_header(url) == f'<{written}>; rel="self"'


@pytest.mark.parametrize(
    ("path", "query", "page"),
    [
        ("/topics/ports.rss", "", "./ports/"),
        ("/topics/ports/3.atom", "", "./"),
        ("/tags/place:Kiel.json", "", "./place%3AKiel"),
        ("/tags/place:a/b.json", "", "./b"),
        ("/sources/bbc.rss", "", "./bbc"),
        ("/search.atom", "q=ferry%20boat", "./search?q=ferry%20boat"),
        ("/search.atom", "q=a\r\nX: y", "./search?q=a%0D%0AX:%20y"),
        ("/health.rss", "", "./sources"),
        ("/sources///evil.example.rss", "", "./evil.example"),
        ("/sources/\r\nX: y.rss", "", "./%0D%0AX%3A%20y"),
    ],
)
def test_page_beside_a_feed(path: str, query: str, page: str) -> None:
    """Relative to the feed's own address, so that no name of a host is ever in it."""
    assert page_beside(path, query) == page
