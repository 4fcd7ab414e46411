"""The list of topics as a file: every topic with its feeds, whatever its titles say; a real browser shows it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.item import xml_text
from feeds.pages import still
from feeds.pages.still import static_index
from feeds.render import MEDIA_TYPES
from feeds.site import TopicCard
from page_room import Page
from served import TEA, Client, running_site

NEWS = TopicCard(id="news", name="news", title="News", match="tea", secret=False)
QUIET = TopicCard(id="quiet", name="quiet", title="Quiet", match="hush", secret=False)


def page(*topics: TopicCard, title: str = TEA.title) -> Page:
    """Write the page, and read it: ``news`` has a story, others have none."""
    story = replace(TEA, title=title)
    listed = [(topic, [story] if topic.id == "news" else [], None) for topic in topics]
    return Page("/", 200, {}, static_index(listed))


def test_topics_are_listed_with_their_feeds_and_newest_stories() -> None:
    """In the order given; links are relative, so that the folder can be served from anywhere."""
    shown = page(NEWS, QUIET)

    assert shown.texts("//section/div/h2") == ["News", "Quiet"]
    assert shown.all("//section[1]/p[contains(@class, 'feeds')]/a/@href") == [
        "./topics/news/",
        "./topics/news.rss",
        "./topics/news.atom",
        "./topics/news.json",
    ]
    assert shown.texts("//section[1]//h3") == ["Tea & more"]
    assert shown.all("//section[1]//h3/a/@href") == ["https://tea.example/1"]
    assert [(time.get("datetime"), time.text) for time in shown.all("//time")] == [
        ("2026-11-20T10:00:00Z", "20 Nov 2026, 10:00 UTC")
    ]
    assert "Nothing yet" in shown.texts("//section[2]")[0]


def test_many_topics_are_listed_by_name_too() -> None:
    """Before their stories: who looks for one need not read past a hundred."""
    many = [TopicCard(id=f"t{n}", name=f"t{n}", title=f"Topic {n}", match="x", secret=False) for n in range(13)]

    assert page(*many).all("//details//li/a/@href") == [f"./topics/t{n}/" for n in range(13)]
    assert page(*many[:12]).all("//details") == []


def test_readers_discover_every_feed() -> None:
    """One alternate link for each topic and format, with a title that tells them apart; none of a secret topic."""
    secret = TopicCard(id="hush", name="hush-0123", title="Hush", match="x", secret=True)
    links = [
        (link.get("type"), link.get("title"), link.get("href"))
        for link in page(NEWS, secret, QUIET).all("//link[@rel='alternate']")
    ]

    assert links == [
        (f"application/{kind}", f"{title} ({name})", f"./topics/{topic}.{fmt}")
        for topic, title in (("news", "News"), ("quiet", "Quiet"))
        for fmt, kind, name in (
            ("rss", "rss+xml", "RSS"),
            ("atom", "atom+xml", "Atom"),
            ("json", "feed+json", "JSON Feed"),
        )
    ]


def test_of_very_many_topics_the_last_are_only_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand with their stories and feeds would be megabytes."""
    monkeypatch.setattr(still, "TOPICS", 1)
    shown = page(NEWS, QUIET)

    assert shown.texts("//section/div/h2") == ["News"]
    assert shown.all("//section[@aria-labelledby='others']//a/@href") == ["./topics/quiet/"]
    assert len(shown.all("//link[@rel='alternate']")) == 3


def test_every_link_says_where_it_leads() -> None:
    """Read aloud without its surroundings, a link names format and topic, beginning with what is seen (WCAG 2.5.3)."""
    labels = page(NEWS).texts("//p[contains(@class, 'feeds')]/a")

    assert labels == ["All stories of News", "RSS: News", "Atom: News", "JSON Feed: News"]


def test_page_without_topics_says_what_to_do() -> None:
    """An empty list would look broken."""
    assert "config.toml" in page().texts("//main")[0]


@given(st.text(st.characters(codec=None)).map(xml_text), st.text(st.characters(codec=None)).map(xml_text))
def test_any_title_stays_text(title: str, newest: str) -> None:
    """Markup, controls, lone surrogates: the same elements as for plain words, and nothing is added."""
    plain, odd = page(NEWS), page(replace(NEWS, title=title or "x"), title=newest or "x")

    assert [element.tag for element in odd.document.iter()] == [element.tag for element in plain.document.iter()]
    assert [sorted(element.keys()) for element in odd.document.iter()] == [
        sorted(element.keys()) for element in plain.document.iter()
    ]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Serve while the module's tests ask."""
    with running_site(tmp_path_factory.mktemp("public")) as client:
        yield client


def test_front_page_escapes_and_advertises(ask: Client) -> None:
    """What a title says is text; each feed is found by readers."""
    text = ask("/")[2].decode()

    assert "News &lt;all&gt;" in text
    assert "Tea &amp; more" in text
    assert "<all>" not in text
    for fmt, media_type in MEDIA_TYPES.items():
        kind = media_type.partition(";")[0]
        assert f'<link rel="alternate" type="{kind}"' in text
        assert f'href="./topics/news.{fmt}"' in text


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
