"""Autodiscovery: the feeds that a page advertises, and what a Link header says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.discover import MAX_LINKS, MAX_OFFERS, HeaderLink, Offer, feeds_of, links_of
from ingest.urls import absolute

PAGE = "https://site.example/news/today.html"
RSS = "application/rss+xml"


def urls(html: str, page: str = PAGE) -> list[str]:
    return [offer.url for offer in feeds_of(html, page)]


def test_a_page_with_feeds() -> None:
    """Feeds come in the page's order, absolute, with title and type; comment feeds last."""
    html = """<!DOCTYPE html><html><head><meta charset=utf-8><title>T</title>
    <link rel="stylesheet" href="/style.css">
    <link rel="alternate" type="application/rss+xml" title="Site &raquo; Comments Feed" href="/comments/feed/">
    <link rel="alternate" type="application/rss+xml" title="Site &raquo; Feed" href="/feed/">
    <link rel="alternate" type="application/atom+xml" title="  Caf&eacute;
       atom " href="../atom.xml?a=1&amp;b=2">
    <link rel="alternate" type="application/feed+json" href="//cdn.example/feed.json">
    </head><body>text</body></html>"""

    assert feeds_of(html, PAGE) == (
        Offer(url="https://site.example/feed/", title="Site » Feed", type=RSS),
        Offer(url="https://site.example/atom.xml?a=1&b=2", title="Café atom", type="application/atom+xml"),
        Offer(url="https://cdn.example/feed.json", title=None, type="application/feed+json"),
        Offer(url="https://site.example/comments/feed/", title="Site » Comments Feed", type=RSS),
    )


@pytest.mark.parametrize(
    "tag",
    [
        f"<link rel=alternate type={RSS} href=/f>",
        f"<LINK REL='ALTERNATE' TYPE='{RSS.upper()}' HREF='/f'>",
        f"<link href=/f\n type = \"{RSS}\"\trel = 'home alternate' />",
        f'<link rel="alternate" type="{RSS}; charset=utf-8" href="&#47;f"/>',
        f'<link title="a > b" rel="alternate" type="{RSS}" href=" /f "',
        f'<link rel="alternate" crossorigin href="/f" type="{RSS}" href="/g">',
        '<link rel="feed" href="/f">',
        '<link rel="alternate" type="application/rdf+xml" href="/f">',
        '<link rel="alternate" type="text/xml" href="/f">',
        '<link rel="alternate" type="application/xml" href="/f">',
        '<link rel="alternate" type="application/json" href="/f">',
        f'<body><p>text</p><link rel="alternate" type="{RSS}" href="/f"></body>',
        f'<script>a()</script ><!-- x --><link rel="alternate" type="{RSS}" href="/f">',
        f"<base target=_top><base href=/><base href=/elsewhere/><link rel=alternate type={RSS} href=f>",
        f"<base href='javascript:x'><link rel=alternate type={RSS} href=/f>",
    ],
)
def test_odd_links_that_count(tag: str) -> None:
    """Any case, any quotes, any order of attributes, entities, any place in the page."""
    assert urls(tag) == ["https://site.example/f"]


@pytest.mark.parametrize(
    "tag",
    [
        '<link rel="alternate" href="/f">',
        '<link rel="alternate" hreflang="de" type="text/html" href="/f">',
        f'<link rel="alternate stylesheet" type="{RSS}" href="/f">',
        f'<link rel="icon" type="{RSS}" href="/f">',
        f'<link rel="alternate" type="{RSS}">',
        f'<link rel="alternate" type="{RSS}" href="javascript:alert(1)">',
        f'<link rel="alternate" type="{RSS}" href="feed:x">',
        f'<link-card rel="alternate" type="{RSS}" href="/f">',
        '<link rel="alternate" type="application/json+oembed" href="/f">',
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1">',
        f'<!-- <link rel="alternate" type="{RSS}" href="/f"> -->',
        f'<!-- <link rel="alternate" type="{RSS}" href="/f">',
        f"<script>'<link rel=alternate type={RSS} href=/f>'</script>",
        f"<textarea><link rel=alternate type={RSS} href=/f></textarea>",
        f"<title><link rel=alternate type={RSS} href=/f></title>",
        f"<a rel=alternate type={RSS} href=/f>feed</a>",
    ],
)
def test_links_that_do_not_count(tag: str) -> None:
    """Other relations, other types, no http address, comments, scripts."""
    assert urls(tag) == []


def test_offers_are_distinct_and_few() -> None:
    """One address is offered once, with its first title; a page's thousands are not all offered."""
    tags = "".join(f"<link rel=alternate type={RSS} title=t{n} href=/{n % 50}>" for n in range(5000))
    offers = feeds_of(tags, PAGE)

    assert [offer.title for offer in offers] == [f"t{n}" for n in range(MAX_OFFERS)]


@pytest.mark.parametrize(
    "piece", ["<link ", "<!-- <link ", "<script>", "<link a='", '<link rel="', "<", "<title", "=", "&"]
)
def test_endless_pages(piece: str) -> None:
    """Pages that never end a tag, a comment or a script are read all the same, and offer nothing."""
    assert urls(piece * (3_000_000 // len(piece))) == []


@given(st.lists(st.sampled_from([*"<>=\"'/&; a", "link", "base", "rel=feed", "href=/x", "<!--", "-->", "<script>"])))
def test_any_page_is_read(pieces: list[str]) -> None:
    """No page raises; what is offered is absolute http(s)."""
    assert all(url.startswith("https://") for url in urls("".join(pieces)))


# Link headers


@pytest.mark.parametrize(
    ("header", "links"),
    [
        (None, []),
        ("", []),
        ('<https://hub.example/>; rel="hub"', [("https://hub.example/", "hub", None)]),
        ("<https://hub.example/>;rel=hub", [("https://hub.example/", "hub", None)]),
        ('</f>; REL="Self"; type="application/RSS+xml"', [("https://site.example/f", "self", RSS)]),
        ('</a>; rel="hub self"', [("https://site.example/a", "hub", None), ("https://site.example/a", "self", None)]),
        (
            "</a>; rel=hub, </b>; rel=self",
            [("https://site.example/a", "hub", None), ("https://site.example/b", "self", None)],
        ),
        ('</a,b;c>; title="x, <y>; rel=no"; rel="hub"', [("https://site.example/a,b;c", "hub", None)]),
        ('</a>; title="\\"<b>; rel=x"; rel=hub', [("https://site.example/a", "hub", None)]),
        ("</a>; rel=hub; rel=self", [("https://site.example/a", "hub", None)]),
        ("</a> ; ; rel = hub ;", [("https://site.example/a", "hub", None)]),
        ("</a>; rel=hub; anchor='/other'", []),
        ("</a>; crossorigin; rel=preload", [("https://site.example/a", "preload", None)]),
        ("</a>", []),
        ("<javascript:x>; rel=hub, <>; rel=self", []),
        ("junk, </a>; rel=hub", [("https://site.example/a", "hub", None)]),
        ("</a> junk; rel=hub, </b>; rel=self", [("https://site.example/b", "self", None)]),
        ('</a>; rel="hub', []),
        ("<https://hub.example/; rel=hub", []),
        (
            ["</a>; rel=hub", "</b>; rel=self"],
            [("https://site.example/a", "hub", None), ("https://site.example/b", "self", None)],
        ),
    ],
)
def test_link_headers(header: str | list[str] | None, links: list[tuple[str, str, str | None]]) -> None:
    """Relations come one by one, in order; targets absolute; what can't be understood is passed over."""
    assert list(links_of(header, PAGE)) == [HeaderLink(url=url, rel=rel, type=kind) for url, rel, kind in links]


@pytest.mark.parametrize(
    "piece", ["<a>; rel=hub, ", "<a>;", "<", '<a>; rel="', '<a>; x="\\', "<a>,", "; ; ; ", "<a> x"]
)
def test_endless_link_headers(piece: str) -> None:
    """A giant header is read to a bound, and gives few links."""
    assert len(links_of(piece * (500_000 // len(piece)), PAGE)) <= MAX_LINKS


@given(st.text(alphabet=st.sampled_from([*'<>;,="\\ relhub/']), max_size=80))
def test_any_link_header_is_read(header: str) -> None:
    """No header raises; targets are absolute http(s)."""
    assert all(absolute(link.url, None) == link.url for link in links_of(header, PAGE))
