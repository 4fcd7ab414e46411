"""Who asks, told by address and proxies; how much each may; what is forgotten."""

from __future__ import annotations

import pytest

from feeds.clients import Buckets, Rate, client_of, networks
from feeds.limits import kind_of


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "client"),
    [
        ("203.0.113.5", [], [], "203.0.113.5"),
        ("203.0.113.5", ["198.51.100.7"], [], "203.0.113.5"),
        ("203.0.113.5", ["198.51.100.7"], ["127.0.0.1"], "203.0.113.5"),
        ("127.0.0.1", ["198.51.100.7"], ["127.0.0.1"], "198.51.100.7"),
        ("127.0.0.1", ["10.9.9.9, 198.51.100.7"], ["127.0.0.1"], "198.51.100.7"),
        ("127.0.0.1", ["1.1.1.1", "198.51.100.7, 10.0.0.3"], ["127.0.0.1", "10.0.0.0/8"], "198.51.100.7"),
        ("127.0.0.1", ["10.0.0.4, 10.0.0.3"], ["127.0.0.1", "10.0.0.0/8"], "10.0.0.4"),
        ("127.0.0.1", ["198.51.100.7:4711"], ["127.0.0.1"], "198.51.100.7"),
        ("127.0.0.1", ["unknown"], ["127.0.0.1"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.7, "], ["127.0.0.1"], "127.0.0.1"),
        ("127.0.0.1", [], ["127.0.0.1"], "127.0.0.1"),
        ("::1", ["2001:db8:1:2:3::9"], ["::1"], "2001:db8:1:2::/64"),
        ("::1", ["[2001:db8:1:2:4::8]:443"], ["::1"], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", [], [], "203.0.113.5"),
        ("", [], [], ""),
    ],
)
def test_who_asks(peer: str, forwarded: list[str], proxies: list[str], client: str) -> None:
    """The right-most hop that no proxy of ours is; what anybody else says of himself counts for nothing."""
    assert client_of(peer, forwarded, networks(proxies)) == client


def test_bucket_empties_and_fills() -> None:
    """A burst, then so many a second; each client has his own."""
    buckets = Buckets(Rate(burst=3, per_s=2))

    assert [buckets.take("a", 0.0) for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b", 0.0) == 0
    assert buckets.take("a", 0.25) == pytest.approx(0.25)
    assert buckets.take("a", 0.5) == 0
    assert [buckets.take("a", 1000.0) for _ in range(4)] == [0, 0, 0, 0.5]


def test_clients_are_forgotten_before_memory_is_full() -> None:
    """Whoever has not asked for longest; who asks all the time is remembered."""
    buckets = Buckets(Rate(burst=1, per_s=0.001), most=100)
    buckets.take("busy", 0.0)
    for n in range(1000):
        buckets.take(f"other {n}", float(n) / 1000)
        assert buckets.take("busy", float(n) / 1000) > 0

    assert len(buckets) == 100


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/topics/news.rss", None),
        ("GET", "/topics.opml", None),
        ("GET", "/healthz", None),
        ("POST", "/websub/abc", None),
        ("GET", "/static/style.css", None),
        ("GET", "/", "page"),
        ("GET", "/topics/news/", "page"),
        ("GET", "/stories/1", "page"),
        ("GET", "/search", "dear"),
        ("GET", "/search.atom", "dear"),
        ("GET", "/api/stories", "dear"),
        ("GET", "/tags/place:kiel.json", "dear"),
        ("GET", "/sources/bbc.rss", "dear"),
        ("GET", "/sources/bbc", "page"),
        ("GET", "/health.atom", "dear"),
        ("POST", "/hub", "act"),
        ("POST", "/owner/pin", "act"),
        ("POST", "/owner/sign-in", "sign-in"),
        ("GET", "/searching", "page"),
    ],
)
def test_what_is_dear(method: str, path: str, kind: str | None) -> None:
    """What is read for whoever asks, and what a wrong token costs; documents that are ready cost nothing."""
    assert kind_of(method, path) == kind
