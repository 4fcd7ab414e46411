"""The owner's session in a cookie, what it is compared with, and where a form may lead: tables."""

from __future__ import annotations

import pytest

from feeds.seal import LASTS_S, csrf_of, is_ours, is_secret, opened, own_path, sealed

TOKEN, NONCE, NOW = "one-secret-0123456789", "n" * 24, 1_800_000_000


def test_a_seal_is_read_until_it_is_over() -> None:
    """Not before: the time in it is the time of its end."""
    seal = sealed(TOKEN, NONCE, NOW + 60)

    found = opened(TOKEN, seal, NOW)
    assert found is not None
    assert (found.until, found.nonce) == (NOW + 60, NONCE)
    assert opened(TOKEN, seal, NOW + 59.9) is not None
    assert opened(TOKEN, seal, NOW + 60) is None


def test_another_token_ends_all_sessions() -> None:
    """And with them what their forms carry."""
    assert opened(TOKEN + "x", sealed(TOKEN, NONCE, NOW + 60), NOW) is None
    assert csrf_of(TOKEN + "x", NONCE) != csrf_of(TOKEN, NONCE) != csrf_of(TOKEN, "m" * 24)


def test_no_seal_lasts_longer_than_we_make_it() -> None:
    """Also where a clock was wrong when it was made."""
    assert opened(TOKEN, sealed(TOKEN, NONCE, NOW + LASTS_S), NOW) is not None
    assert opened(TOKEN, sealed(TOKEN, NONCE, NOW + LASTS_S + 1), NOW) is None


def test_every_changed_character_breaks_a_seal() -> None:
    """Of the time, of what is random, of the signature."""
    seal = sealed(TOKEN, NONCE, NOW + 60)
    for at, char in enumerate(seal):
        for other in {"0", "1", "a", ".", "\x00", "é", "\u0660"} - {char}:
            assert opened(TOKEN, seal[:at] + other + seal[at + 1 :], NOW) is None
    for wrong in ("", seal + "\n", seal + "0", seal[:-1], f" {seal}", seal.upper(), seal.replace("v1", "v2")):
        assert opened(TOKEN, wrong, NOW) is None


def test_a_form_s_mark_is_no_session() -> None:
    """What pages show is of no use as a cookie: each is signed for its own purpose."""
    said = f"v1.{NOW + 60}.{NONCE}"

    assert opened(TOKEN, f"{said}.{csrf_of(TOKEN, said)}", NOW) is None


@pytest.mark.parametrize("wrong", ["", TOKEN[:-1], TOKEN + "\x00", "é" * 21, "\ud800", TOKEN.upper(), "x" * 100_000])
def test_only_the_secret_is_the_secret(wrong: str) -> None:
    """Whatever characters are given: `hmac.compare_digest` alone raises for some."""
    assert is_secret(TOKEN, TOKEN)
    assert not is_secret(wrong, TOKEN)


@pytest.mark.parametrize(
    ("origin", "site", "ours"),
    [
        (None, None, True),
        ("https://wire.example", None, True),
        ("https://wire.example", "same-origin", True),
        ("HTTPS://WIRE.example", None, True),
        ("http://127.0.0.1:8000", None, True),  # the Host that was asked
        ("null", None, True),  # a browser that tells no referrer: what the form carries decides
        ("null", "same-origin", True),
        (None, "none", True),  # typed by the user
        ("null", "cross-site", False),
        ("https://wire.example", "cross-site", False),
        (None, "same-site", False),
        (None, "", False),
        ("https://wire.example.evil", None, False),
        ("https://wire.example:444", None, False),
        ("https://evil.example", "same-origin", False),
        ("https://evil.example https://wire.example", None, False),
        ("", None, False),
        ("file://", None, False),
    ],
)
def test_who_sends_a_form(origin: str | None, site: str | None, ours: bool) -> None:
    """By Origin and Sec-Fetch-Site, as far as a browser gives them; base_url has a path."""
    assert is_ours(origin, site, "127.0.0.1:8000", "https://wire.example/news/") is ours


@pytest.mark.parametrize(
    "path",
    ["", "stories/12", "search?q=a%20b&before=3", "topics/us-russia/", "tags/place:x", "owner/preview?q=http://x"],
)
def test_own_paths_stay_as_they_are(path: str) -> None:
    """Those that our pages give their forms."""
    assert own_path(path) == path


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "/",
        "/stories/1",
        "//evil.example",
        "///evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "https://evil.example",
        "https:evil.example//",
        "\thttps://evil.example",
        " //evil.example",
        "a\r\nSet-Cookie: x=y",
        "a\nb",
        "stories/..//evil.example",
        "../../x",
        "./x",
        "a/%2e%2e/b",
        "a/.%2E/b",
        "stories/1#x",
        "é",
        "\u2044\u2044evil.example",
        "x" * 1500 + "//evil.example",
    ],
)
def test_no_other_path_is_gone_to(wanted: str | None) -> None:
    """Whatever a browser would make of it."""
    assert own_path(wanted) == ""
