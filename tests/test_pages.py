"""The front page: every topic with its feeds, whatever its titles say, and a style that a real browser applies."""

from __future__ import annotations

import hashlib
import re
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from feeds.front_page import PAGE_POLICY, TopicSummary, index_page
from feeds.render import MEDIA_TYPES
from served import Client, running_site

BASE = "https://wire.example/feeds/"
NEWS = TopicSummary(id="news", title="News", stories=2, newest="Tea & more", newest_at="2026-11-20T10:00:00Z")
QUIET = TopicSummary(id="quiet", title="Quiet", stories=0, newest=None, newest_at=None)


def page(*topics: TopicSummary) -> html.HtmlElement:
    """Write the page and parse it."""
    return html.document_fromstring(
        index_page(topics, base_url=BASE).decode(), parser=html.HTMLParser(encoding="utf-8")
    )


def texts(document: html.HtmlElement, path: str) -> list[str]:
    """Find elements → their text on one line."""
    return [" ".join(element.text_content().split()) for element in document.iterfind(path)]


def test_topics_are_listed_with_their_feeds_counts_and_newest_story() -> None:
    """In the order given; links in the list are relative, so that the folder can be served from anywhere."""
    document = page(NEWS, QUIET, replace(QUIET, id="one", title="One", stories=1))

    assert texts(document, ".//h2") == ["News", "Quiet", "One"]
    assert texts(document, ".//li/p[@class='soft']") == ["2 stories", "0 stories", "1 story"]
    assert [link.get("href") for link in document.iterfind(".//li[1]//a")] == [
        "topics/news/",
        "topics/news.rss",
        "topics/news.atom",
        "topics/news.json",
    ]
    assert [(time.get("datetime"), time.text) for time in document.iterfind(".//time")] == [
        ("2026-11-20T10:00:00Z", "2026-11-20 10:00 UTC")
    ]
    assert "Tea & more" in texts(document, ".//li")[0]


def test_readers_discover_every_feed_by_absolute_links() -> None:
    """One alternate link for each topic and format, below the base URL, with a title that tells them apart."""
    links = [
        (link.get("type"), link.get("title"), link.get("href"))
        for link in page(NEWS, QUIET).iterfind("head/link[@rel='alternate']")
    ]

    assert links == [
        (f"application/{kind}", f"{title} ({name})", f"{BASE}topics/{topic}.{fmt}")
        for topic, title in (("news", "News"), ("quiet", "Quiet"))
        for fmt, kind, name in (
            ("rss", "rss+xml", "RSS"),
            ("atom", "atom+xml", "Atom"),
            ("json", "feed+json", "JSON Feed"),
        )
    ]


def test_every_link_says_where_it_leads() -> None:
    """Read aloud without its surroundings, a link names format and topic, beginning with what is seen (WCAG 2.5.3)."""
    labels = [(link.text, link.get("aria-label")) for link in page(NEWS).iterfind(".//li/p/a")]

    assert labels == [(name, f"{name}: News") for name in ("RSS", "Atom", "JSON Feed")]


def test_page_without_topics_says_what_to_do() -> None:
    """An empty list would look broken."""
    document = page()

    assert document.find(".//ul") is None
    assert "config.toml" in document.text_content()


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
def test_any_title_stays_text(title: str, newest: str) -> None:
    """Markup, controls, lone surrogates: the same elements as for plain words, and nothing is added."""
    plain, odd = page(NEWS), page(replace(NEWS, title=title, newest=newest))

    assert [element.tag for element in odd.iter()] == [element.tag for element in plain.iter()]
    assert [sorted(element.keys()) for element in odd.iter()] == [sorted(element.keys()) for element in plain.iter()]


def test_page_is_whole_and_needs_nothing_from_elsewhere() -> None:
    """Well-formed inside, no script, no address but ours."""
    text = index_page([NEWS, QUIET], base_url=BASE).decode()
    body = text[text.index("<main>") : text.index("</body>")]

    etree.fromstring(f"<body>{body}</body>")
    assert "<script" not in text
    assert set(re.findall(r"https?://[^/\"]+", text)) == {"https://wire.example"}


def test_policy_allows_just_this_style() -> None:
    """The hash in the Content-Security-Policy is that of the style element as it stands in the page."""
    (style,) = re.findall(rb"<style>(.*?)</style>", index_page([NEWS], base_url=BASE), re.DOTALL)
    digest = b64encode(hashlib.sha256(style).digest()).decode()

    assert f"style-src 'sha256-{digest}'" in PAGE_POLICY
    assert PAGE_POLICY.startswith("default-src 'none'; ")


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Serve while the module's tests ask."""
    with running_site(tmp_path_factory.mktemp("public")) as client:
        yield client


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


@pytest.mark.needs("chromium")
def test_browser_shows_the_front_page(ask: Client, tmp_path: Path) -> None:
    """A real browser renders it, with its style, and has nothing to complain of."""
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
