"""What the strictest reader asks: addresses, languages, names, ids, text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.strict import address, is_file_address, is_lasting, language_tag, meant, plain, plain_name


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://a.example/x?y=1&z#f", "https://a.example/x?y=1&z#f"),
        ("https://a.example/ä b|c[1]", "https://a.example/%C3%A4%20b%7Cc%5B1%5D"),
        ("https://müller.example:8080/", "https://xn--mller-kva.example:8080/"),
        ("https://name:word@a.example/x", "https://a.example/x"),
        ("https://a.example/50%", "https://a.example/50%25"),
        ("https://a.example/%zz%41", "https://a.example/%25zz%41"),
        ("https://a.example/#a#b", "https://a.example/#a%23b"),
        ("javascript:alert(1)", None),
        ("mailto:a@a.example", None),
        ("/relative", None),
        ("http:///x", None),
        ("http://[::1]/x", None),
        ("https://a.example/\udcff", None),
        ("", None),
        (None, None),
    ],
)
def test_address_is_of_the_web_and_in_the_characters_of_rfc_3986(url: str | None, written: str | None) -> None:
    """Percent for what is none of them, IDNA for hosts; no credentials; None for what no reader could follow."""
    assert address(url) == written


@given(st.text(max_size=40))
def test_any_address_is_written_once_and_for_all(rest: str) -> None:
    """What is written so is not written otherwise the next time."""
    once = address("https://a.example/" + rest)

    assert once is None or (address(once) == once and once.isascii() and not re.search(r"[\s<>\"|]", once))


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        *(("en", "en"), ("de-AT", "de-AT"), ("zh-Hant-TW", "zh-Hant-TW"), ("haw", "haw"), ("english", None)),
        *(("xx", None), ("x-klingon", None), ("en_US", None), ("", None), (None, None)),
    ],
)
def test_language_is_one_of_iso_639(tag: str | None, told: str | None) -> None:
    """A tag of another kind helps nobody, and makes a feed invalid."""
    assert language_tag(tag) == told


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Use <b> and </b> well", "Use <b> and <\u2060/b> well"),
        ("2 </ 3", "2 </ 3"),
        ("It\u0092s \u0093so\u0094\u0085", "It’s “so”…"),
        ("lost \ufffd here\x7f", "lost ? here"),
        (" \x81 ", ""),
    ],
)
def test_plain_text_is_as_it_was_meant(text: str, shown: str) -> None:
    """End tags can't be taken for markup; Windows-1252 read as Latin-1 is read as browsers do."""
    assert plain(text) == shown


def test_bytes_are_as_they_were_meant() -> None:
    """The same for whole documents: no characters but those that mean something, all others as they are."""
    text = "é 中 \U0001f600 \u0080\u0081 \ufdd0\U0001fffe\U0010ffff\ufffd \x7f"

    assert meant(text.encode()).decode() == "é 中 \U0001f600 € ? "
    assert meant("nothing odd: «é» 中".encode()).decode() == "nothing odd: «é» 中"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ann Author", "Ann Author"),
        ("Ann <ann@a.example> Author", "Ann Author"),
        ("<ann@a.example>", "ann@a.example"),
        ("A <i> B", "A <i> B"),
    ],
)
def test_name_has_no_address_beside_it(name: str, shown: str) -> None:
    """Where there is nothing else, the address is the name."""
    assert plain_name(name) == shown


def test_ids_of_one_spelling() -> None:
    """RFC 4287 compares ids letter by letter, so an origin's id is passed on only where it has one spelling."""
    lasting = ["https://a.example/feed?x=1", "tag:a.example,2026:x", f"urn:uuid:{'0' * 8}-0000-4000-8000-{'0' * 12}"]
    others = [
        "HTTP://a.example/",
        "https://a.example:443/",
        "https://a.example",
        "https://a.example/a/../b",
        "an id",
        "",
    ]
    others += ["https://a.example/%7Ex", "urn:uuid:1", "https://a.example/a/./b"]

    assert [id_ for id_ in lasting if not is_lasting(id_)] == []
    assert [id_ for id_ in others if is_lasting(id_)] == []


def test_enclosures_have_a_host_with_a_point_and_a_path() -> None:
    """RSS's other files are Media RSS."""
    assert is_file_address("https://a.example/x.mp3")
    assert not is_file_address("http://localhost/x.mp3")
    assert not is_file_address("https://a.example")
