"""One page under several addresses: AMP and mobile twins, what a feed calls canonical, and what stays apart."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from house import House
from ingest.digest import digest
from ingest.normalize import key
from ingest.twins import page_of
from ingest.urls import canonical_link
from origin import Origin, rss

PAGE = "//example.org/2026/11/ports-reopen"


def page(url: str) -> str:
    """Give the page of an address."""
    link = canonical_link(url)
    assert link is not None
    return page_of(link)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/2026/11/ports-reopen",
        "https://www.example.org/2026/11/ports-reopen",
        "https://www.example.org/2026/11/ports-reopen/",
        "http://m.example.org/2026/11/ports-reopen",
        "https://mobile.example.org/2026/11/ports-reopen?utm_source=m",
        "https://amp.example.org/2026/11/ports-reopen",
        "https://www.m.example.org/2026/11/ports-reopen",
        "https://example.org/2026/11/ports-reopen/amp",
        "https://example.org/2026/11/ports-reopen/amp/",
        "https://example.org/2026/11/ports-reopen/amp.html",
        "https://example.org/2026/11/ports-reopen.amp",
        "https://example.org/amp/2026/11/ports-reopen",
        "https://example.org/2026/11/ports-reopen?amp",
        "https://example.org/2026/11/ports-reopen?amp=1",
        "https://example.org/2026/11/ports-reopen/?amp=true",
        "https://example.org/2026/11/ports-reopen?outputType=amp",
        "https://example.org/2026/11/ports-reopen?noamp=mobile",
        "https://www.google.com/amp/s/www.example.org/2026/11/ports-reopen/amp",
        "https://google.co.uk/amp/www.example.org/2026/11/ports-reopen?amp=1",
        "https://www-example-org.cdn.ampproject.org/c/s/www.example.org/2026/11/ports-reopen/amp/",
        "https://www-example-org.cdn.ampproject.org/v/s/example.org/2026/11/ports-reopen?amp_js_v=0.1&amp_gsa=1",
        "https://cdn.ampproject.org/c/example.org/2026/11/ports-reopen",
        "https://www-example-org.bing-amp.com/c/s/www.example.org/2026/11/ports-reopen",
        "https://www.google.com/amp/s/www-example-org.cdn.ampproject.org/c/s/example.org/2026/11/ports-reopen",
    ],
)
def test_twins_are_one_page(url: str) -> None:
    """However a page is served, and wherever it was found, it is one."""
    assert page(url) == PAGE


@pytest.mark.parametrize(
    ("url", "twin"),
    [
        ("https://en.m.wikipedia.org/wiki/Port", "https://en.wikipedia.org/wiki/Port"),
        ("https://commons.m.wikimedia.org/wiki/File:A.jpg", "https://commons.wikimedia.org/wiki/File:A.jpg"),
        ("https://www.example.co.uk/a.amp.html", "https://m.example.co.uk/a.html"),
        ("https://a.blogspot.example/2026/11/ports.html?m=1", "https://a.blogspot.example/2026/11/ports.html"),
        ("https://m.example.org/read?id=7&amp=1", "https://example.org/read?id=7"),
        ("https://example.org/read?id=7&amp;utm_source=x&amp;amp;page=2", "https://example.org/read?id=7&page=2"),
        ("https://m.example.org:8080/a", "https://example.org:8080/a"),
        ("https://m.example.org/#!/a", "https://example.org/#!/a"),
    ],
)
def test_more_twins(url: str, twin: str) -> None:
    """Sites with ways of their own; what tells articles apart stays on both sides."""
    assert page(url) == page(twin)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://m.example.org/read?id=7", "https://m.example.org/read?id=8"),
        ("https://example.org/read?m=1", "https://example.org/read?m=0"),
        ("https://example.org/read?m=1", "https://example.org/read"),
        ("https://example.org/read?amp=30", "https://example.org/read?amp=20"),
        ("https://example.org/read?output=pdf", "https://example.org/read"),
        ("https://example.org/wiki/AMP", "https://example.org/wiki"),
        ("https://example.org/camp/7", "https://example.org/c/7"),
        ("https://example.org/guitars/amp/7", "https://example.org/guitars/7"),
        ("https://example.org/news/example.amplified", "https://example.org/news/example"),
        ("https://m.example/7", "https://example/7"),
        ("https://mobile.de/7", "https://de/7"),
        ("https://m.27.0.0.1/7", "https://27.0.0.1/7"),
        ("https://news.example.org/7", "https://example.org/7"),
        ("https://en.example.org/7", "https://de.example.org/7"),
        ("https://mail.example.org/7", "https://example.org/7"),
        ("https://alice.m.example.org/7", "https://alice.example.org/7"),
        ("https://www.google.com/amp/s/a.example.org/7", "https://www.google.com/amp/s/b.example.org/7"),
        ("https://www.google.com/search/amp/s/a.example.org/7", "https://a.example.org/7"),
        ("https://google.example.org/amp/s/a.example.org/7", "https://a.example.org/7"),
        ("https://m.example.org:8080/7", "https://m.example.org/7"),
        ("https://m.example.org/a/7#/x", "https://m.example.org/a/7#/y"),
    ],
)
def test_what_may_be_another_article_is_another_page(one: str, other: str) -> None:
    """No mark is taken for a twin's that a site could give to its articles, or to a site of its own."""
    assert page(one) != page(other)


HOSTS = st.lists(st.sampled_from(["www.", "m.", "amp.", "mobile.", "en.m."]), max_size=3).map("".join)
SITES = st.sampled_from(
    [
        "example.org",
        "wikipedia.org",
        "google.com",
        "cdn.ampproject.org",
        "[2001:db8::1]",
        "1.2.3.4",
        "org",
        "b.example:80",
    ]
)
PARTS = (
    "/ // amp .amp .html .amp.html /amp /amp/ /c/s/ /amp/s/ www.example.org m.a.example / 2026/11/a.html ? & ?amp "
    "amp=1 m=1 &m=0 id=7 &amp; utm_source=x &a=1 # #/ #! #/amp/ %2F . .. é : @ ["
)
TAILS = st.lists(st.sampled_from(PARTS.split(" ")), max_size=8).map("".join)


@given(HOSTS, SITES, TAILS)
def test_a_page_is_its_own_page(marks: str, site: str, tail: str) -> None:
    """The page of a page is itself, and it is a canonical link."""
    link = canonical_link(f"https://{marks if not site.startswith('[') else ''}{site}/{tail}")
    assert link is not None

    made = page_of(link)

    assert page_of(made) == made
    assert canonical_link(made) == made


# What a feed says


def pages(document: str) -> list[int | None]:
    """Read a document → the pages of its entries, as keys."""
    made = digest(document.encode(), None, "https://feeds.example.org/f")
    return [entry.keys.page for entry in made.entries]  # type: ignore[union-attr]


NAMES = "xmlns:atom='http://www.w3.org/2005/Atom' xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0'"
DETOUR = "<link>https://feedproxy.example/~r/news/~3/Zx81</link>"
ORIGINAL = "https://www.example.org/ports?id=7"


@pytest.mark.parametrize(
    "said",
    [
        f"<atom:link rel='canonical' href='{ORIGINAL}'/>",
        f"<atom:link rel='Canonical' href='{ORIGINAL}&amp;utm_source=feed' type='text/html'/>",
        f"<feedburner:origLink>{ORIGINAL}</feedburner:origLink>",
        f"<feedburner:origLink>https://b.example/</feedburner:origLink><atom:link rel='canonical' href='{ORIGINAL}'/>",
    ],
)
@pytest.mark.parametrize("odd", ["", "<odd><x/></odd>"])
def test_what_the_feed_calls_canonical_is_the_page(said: str, odd: str) -> None:
    """Read past feedparser or by it; the link that is shown stays as it was published."""
    body = f"<rss version='2.0' {NAMES}><channel><item>{DETOUR}{said}{odd}<title>Ports</title></item></channel></rss>"
    made = digest(body.encode(), None, "https://feeds.example.org/f")

    (entry,) = made.entries  # type: ignore[union-attr]
    assert entry.keys.page == key("page", "//example.org/ports?id=7")
    assert entry.keys.link == key("link", "//feedproxy.example/~r/news/~3/Zx81")
    assert entry.url == "https://feedproxy.example/~r/news/~3/Zx81"


def test_atom_says_it_too() -> None:
    """A canonical link beside the alternate one."""
    links = f"<link href='https://m.b.example/7'/><link rel='canonical' href='{ORIGINAL}'/>"

    assert pages(f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>a</id>{links}</entry></feed>") == [
        key("page", "//example.org/ports?id=7")
    ]


def test_a_front_page_is_no_canonical_page() -> None:
    """A template that names the site in every item says nothing; the link stands."""
    said = "<link>https://www.example.org/news/7</link><atom:link rel='canonical' href='https://www.example.org/{}'/>"
    site = "<link>https://example.org/news/</link>"
    items = "".join(f"<item>{said.format(front)}</item>" for front in ("", "news", "amp"))

    assert (
        pages(f"<rss version='2.0' {NAMES}><channel>{site}{items}</channel></rss>")
        == [key("page", "//example.org/news/7")] * 3
    )


def test_json_feeds_external_url_is_another_page() -> None:
    """JSON Feed's ``external_url`` is what an item is about."""
    item = f'{{"id": "1", "url": "https://a.example/7", "external_url": "{ORIGINAL}"}}'

    assert pages(f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{item}]}}') == [
        key("page", "//a.example/7")
    ]


# Through polls


def piece(number: int | str, link: str, title: str, more: str = "", day: int = 24) -> str:
    """Write an item with few words, so that only its link can tell what it is."""
    return (
        f"<item><guid isPermaLink='false'>{number}</guid><link>{link}</link><title>{title}</title>"
        f"<pubDate>{day} Nov 2026 08:00:00 GMT</pubDate><description>Teaser {number}.</description>{more}</item>"
    )


def stories(house: House) -> list[list[str]]:
    """List the titles of each story's entries, by the story's age."""
    rows = house.rows("SELECT story_id, title FROM coverage ORDER BY story_id, entry_id")
    return [[title for story, title in rows if story == id_] for id_ in sorted({story for story, _ in rows})]


def test_twins_in_several_sources_are_one_story(house: House, origin: Origin) -> None:
    """The desktop page, its AMP page in a cache, the mobile one, and one behind a redirect: one story."""
    address = "https://www.a.example/news/ports-reopen"
    cache = "https://www-a-example.cdn.ampproject.org/c/s/www.a.example/news/ports-reopen/amp"
    said = f"<link xmlns='http://www.w3.org/2005/Atom' rel='canonical' href='{address}'/>"
    origin.feed(
        "/a", rss(piece("a", address, "Ports reopen"), piece("a2", address + "-2", "Ports reopen late", day=25))
    )
    origin.feed("/b", rss(piece("b", cache, "At last, ports reopen")))
    origin.feed("/c", rss(piece("c", "https://m.a.example/news/ports-reopen/", "The ports are open")))
    origin.feed("/d", rss(piece("d", "https://go.example/x?u=77", "Harbours open", said)))
    house.configure({name: origin.url(f"/{name}") for name in "abcd"}, allow=origin.port)
    for name in "abcd":
        house.poll(name)

    assert stories(house) == [
        ["Ports reopen", "At last, ports reopen", "The ports are open", "Harbours open"],
        ["Ports reopen late"],
    ]
    assert house.rows("SELECT DISTINCT joined_by FROM coverage WHERE joined_by <> 'first'") == [("link",)]
    assert house.rows("SELECT url FROM coverage WHERE source = 'b'") == [(cache,)]


def test_one_page_for_all_items_joins_nothing(house: House, origin: Origin) -> None:
    """A template with one canonical page for different articles, at once or poll after poll, is not believed."""
    said = "<link xmlns='http://www.w3.org/2005/Atom' rel='canonical' href='https://a.example/blog'/>"
    three = [piece(f"b{n}", f"https://b.example/{n}", f"Report {n}", said) for n in (1, 2, 3)]
    daily = [piece(f"d{n}", f"https://d.example/{n}", "Daily briefing", said, day=20 + n) for n in (1, 2, 3)]
    origin.feed("/a", rss(piece("a", "https://a.example/blog", "The blog")))
    house.configure({name: origin.url(f"/{name}") for name in "abd"}, allow=origin.port)
    for seen in (2, 3):
        origin.feed("/b", rss(*three[:seen]))
        origin.feed("/d", rss(*daily[:seen]))
        for name in "abd":
            house.poll(name)

    assert sorted(stories(house)) == sorted(
        [["The blog"], *([f"Report {n}"] for n in (1, 2, 3)), *([["Daily briefing"]] * 3)]
    )


def test_a_twin_of_another_time_is_another_story(house: House, origin: Origin) -> None:
    """An inferred address must agree in time: a page that is used again each year is not one text."""
    origin.feed("/a", rss(piece("a", "https://www.a.example/fair", "The fair", day=1)))
    origin.feed("/b", rss(piece("b", "https://m.a.example/fair", "The fair", day=20)))
    house.configure({name: origin.url(f"/{name}") for name in "ab"}, allow=origin.port)
    for name in "ab":
        house.poll(name)

    assert len(stories(house)) == 2


def test_an_archive_from_before_keeps_its_entries(house: House, origin: Origin) -> None:
    """Entries without the key of their page are known again, unrevised, whatever their ids; and learn their page."""
    nameless = "<item><link>https://m.a.example/{0}/amp</link><title>Nameless {0}</title></item>"
    origin.feed(
        "/a",
        rss(
            *(piece(f"id-{n}", f"https://www.a.example/{n}", f"Report {n}") for n in range(3)),
            *(piece("one-id", f"https://amp.a.example/{n}?amp=1", f"Shared {n}") for n in range(3)),
            *(nameless.format(n) for n in range(3)),
        ),
    )
    house.configure({"a": origin.url("/a")}, allow=origin.port)
    house.poll()
    before = house.rows("SELECT * FROM entries ORDER BY id")
    keys = house.rows("SELECT * FROM entry_keys ORDER BY 1, 2, 3")
    with contextlib.closing(sqlite3.connect(house.archive)) as db:
        db.executescript(
            "DELETE FROM entry_keys WHERE kind = 'page'; DELETE FROM outlines; "
            "UPDATE sources SET digest_version = digest_version - 1"
        )

    house.poll()

    assert house.rows("SELECT new, changed FROM polls ORDER BY id") == [(9, 0), (0, 0)]
    assert house.rows("SELECT * FROM entries ORDER BY id") == before
    assert house.rows("SELECT * FROM entry_keys ORDER BY 1, 2, 3") == keys
