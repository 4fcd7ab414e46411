"""Entries as the archive keeps them: caps, keys, versions, languages, and no secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.model import Document, Entry
from ingest.digest import digest
from ingest.media import MAX_ENCLOSURES
from ingest.normalize import MAX_CATEGORIES, MAX_ID_CHARS, MAX_TITLE_CHARS, clean_language, key
from ingest.parsed import MAX_ENTRIES

URL = "https://feeds.example.org/dir/feed.xml"


def document(body: str, url: str = URL) -> Document:
    made = digest(body.encode(), None, url)
    assert isinstance(made, Document), made
    return made


def rss(item: str, channel: str = "") -> str:
    return f'<rss version="2.0"><channel>{channel}<item>{item}</item></channel></rss>'


def entry(item: str) -> Entry:
    return document(rss(item)).entries[0]


# Caps


def test_too_many_entries_are_cut() -> None:
    """Of a document with more entries than the cap the first are kept, and it says so."""
    items = "".join(f"<item><title>{n}</title></item>" for n in range(MAX_ENTRIES + 1))
    made = document(f'<rss version="2.0"><channel>{items}</channel></rss>')

    assert made.truncated
    assert [each.title for each in made.entries] == [str(n) for n in range(MAX_ENTRIES)]


def test_giant_fields_are_capped() -> None:
    """Giant titles, ids, lists of categories and of enclosures are cut to their caps; ids stay distinct."""
    first = entry(f'<guid isPermaLink="false">{"x" * 100_000}1</guid><title>{"t " * 100_000}</title>')
    second = entry(f'<guid isPermaLink="false">{"x" * 100_000}2</guid>')
    lists = entry(
        "".join(f"<category>c{n}</category>" for n in range(90))
        + "".join(f'<enclosure url="/{n}.mp3"/>' for n in range(150))
    )

    assert len(first.raw_id or "") == MAX_ID_CHARS
    assert first.raw_id != second.raw_id
    assert len(first.title) <= MAX_TITLE_CHARS
    assert len(lists.categories) == MAX_CATEGORIES
    assert len(lists.enclosures) == MAX_ENCLOSURES


# Keys and version


def test_http_and_https_have_one_loose_id_and_one_link() -> None:
    """A move to https changes the id, but neither the loose id nor the link."""
    old = entry("<guid>http://Example.org/a?id=1</guid>")
    new = entry("<guid>https://example.ORG/a?id=1</guid>")

    assert old.keys.id != new.keys.id
    assert old.keys.loose_id == new.keys.loose_id is not None
    assert old.keys.link == new.keys.link is not None


def test_a_plain_id_has_no_loose_form() -> None:
    """An id that is no address has no second form."""
    assert entry('<guid isPermaLink="false">tag:example.org,2026:1</guid>').keys.loose_id is None


def test_a_link_to_the_site_is_no_key() -> None:
    """A link to the front page stands for no article, so it identifies nothing."""
    site = "<link>https://example.org/news</link>"
    made = document(rss("<link>https://example.org/news</link><title>x</title>", site))

    assert made.entries[0].url == "https://example.org/news"
    assert made.entries[0].keys.link is None
    assert entry("<link>https://example.org/</link>").keys.link is None


def test_the_print_sees_words_only() -> None:
    """Two copies that differ in markup, quotes, case and spacing have one print; other words have another."""
    one = entry("<title>It’s “Time”</title><description>&lt;p&gt;A  b.&lt;/p&gt;</description>")
    two = entry('<title>It\'s "time"</title><description>A &lt;b&gt;B&lt;/b&gt;</description>')
    three = entry("<title>It's time</title><description>A c</description>")

    assert one.keys.print == two.keys.print != three.keys.print
    assert one.words == 4


def test_wordless_entries_have_prints_of_their_own() -> None:
    """Two entries without any word are not taken for one text."""
    one = entry('<guid isPermaLink="false">1</guid><enclosure url="https://example.org/1.jpg"/>')
    two = entry('<guid isPermaLink="false">2</guid><enclosure url="https://example.org/2.jpg"/>')

    assert one.words == two.words == 0
    assert one.keys.print != two.keys.print


def test_dates_and_trackers_make_no_new_version() -> None:
    """What feeds rewrite at every poll is no change; what a reader sees is."""
    base = "<title>T</title><link>https://example.org/a?id=1{}</link><pubDate>{}</pubDate><description>{}</description>"
    first = entry(base.format("&amp;utm_source=a", "Tue, 03 Feb 2026 10:00:00 GMT", "text"))
    again = entry(base.format("&amp;utm_source=b", "Wed, 04 Feb 2026 10:00:00 GMT", "text"))
    changed = entry(base.format("", "Tue, 03 Feb 2026 10:00:00 GMT", "other text"))

    assert first.version == again.version != changed.version


@given(st.text(max_size=20), st.text(max_size=20))
def test_keys_fit_the_archive(kind: str, value: str) -> None:
    """A key is an integer that SQLite can hold, and the kind is part of it."""
    assert -(2**63) <= key(kind, value) < 2**63
    assert key("id", value) != key("link", value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("en", "en"),
        ("EN_us", "en-US"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("pt_BR.UTF-8", "pt-BR"),
        (" de ", "de"),
        ("english", None),
        ("und", None),
        ("x-default", None),
        ("", None),
        (None, None),
        ("en-<script>", None),
    ],
)
def test_languages(text: str | None, expected: str | None) -> None:
    """A language tag gets its usual spelling; what is none is None."""
    assert clean_language(text) == expected


def test_secrets_of_the_address_do_not_get_out() -> None:
    """Neither password nor token of a source's address appears in what is read from it."""
    body = rss(
        '<guid>x</guid><link>/a</link><description>&lt;a href="#n"&gt;n&lt;/a&gt;</description><enclosure url="?b"/>'
    )
    made = document(body, url="https://user:SENTINEL@example.org/feed?token=SENTINEL")

    assert made.entries[0].url == "https://example.org/a"
    assert "SENTINEL" not in repr(made)


def test_a_file_has_no_base() -> None:
    """In a feed from a file relative links lead nowhere, and are dropped."""
    made = document(rss("<link>/a</link><guid>/b</guid><title>x</title>"), url="samples/wire.xml")

    assert made.entries[0].url is None
    assert made.entries[0].raw_id == "/b"
