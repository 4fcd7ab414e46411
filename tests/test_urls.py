"""Addresses: absolute and safe, and the form by which identity compares them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.urls import absolute, canonical_link, document_base, is_specific

BASE = "https://example.org/news/feed.xml"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a", "https://example.org/a"),
        ("HTTPS://Example.org/a", "https://Example.org/a"),
        ("story.html", "https://example.org/news/story.html"),
        ("/story.html", "https://example.org/story.html"),
        ("//cdn.example.net/a.png", "https://cdn.example.net/a.png"),
        ("?p=7", "https://example.org/news/feed.xml?p=7"),
        (" \n https://example.org/a\tb \r\n", "https://example.org/ab"),
        ("https://example.org/a b", "https://example.org/a%20b"),
        ('https://example.org/"><script>', "https://example.org/%22%3E%3Cscript%3E"),
        ("https:///example.org/a", "https://example.org/a"),
        ("https:\\\\example.org\\a?b\\c", "https://example.org/a?b%5Cc"),
        ("https://user:secret@example.org:8443/a", "https://example.org:8443/a"),
        ("http://[2001:db8::1]:8080/a", "http://[2001:db8::1]:8080/a"),
        ("http://münchen.example/ü", "http://münchen.example/ü"),
    ],
)
def test_absolute_resolves_and_tidies(url: str, expected: str) -> None:
    """A link becomes one absolute http(s) address, as a browser would read it."""
    assert absolute(url, BASE) == expected


PARTS = (
    "http: https: HTTP: // / /// \\ ? # & = ; : :80 :8080 @ www. example.org EXAMPLE.Com . .. /./ /../ a b=1 "
    "utm_source=x %41 %2f %zz é [::1] [ ] ! #!/x feed.xml ~ * ' ( \x00 пример.рф - _ + , $ < \""
)
ADDRESSES = st.lists(st.sampled_from(PARTS.split(" ")), max_size=9).map("".join)


@given(
    st.one_of(ADDRESSES, ADDRESSES.map("https://example.org/{}".format), ADDRESSES.map("http://a.b-c.example{}".format))
)
def test_what_needs_no_mending_reads_as_if_it_were_mended(url: str) -> None:
    """The short cut for a plain address changes nothing: with a blank before it, it is taken apart like any other."""
    assert absolute(url, BASE) == absolute(f" {url}", BASE)
    assert canonical_link(url) == canonical_link(f"\n{url}") or url.startswith("//")


@pytest.mark.parametrize("url", ["http://example.org[::1]/a", "http://a[::1]:80/"])
def test_a_host_that_is_two_is_none(url: str) -> None:
    """Brackets amid a name make another host of it for each who reads it: no address, and no trouble."""
    assert absolute(url, BASE) is None
    assert canonical_link(url) is None


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "  ",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "javascript://example.org/%0aalert(1)",
        "data:text/html,x",
        "vbscript:x",
        "blob:https://example.org/1",
        "file:///etc/passwd",
        "ftp://example.org/a",
        "mailto:a@example.org",
        "feed:https://example.org/a",
        "http://",
        "http://:80/",
        "http://example.org:port/",
        "http://example.org:99999/",
        "http://[::1/",
        "http://[zz::1]/",
        "http://exa%6dple.org/",
        "http://exa mple.org/",
        "http://./",
        "https://example.org/" + "a" * 5000,
    ],
)
def test_absolute_refuses(url: str | None) -> None:
    """What is no http(s) address, or no sane one, is None, whatever its disguise."""
    assert absolute(url, BASE) is None


def test_absolute_without_base() -> None:
    """A relative link without a base is no address."""
    assert absolute("/a", None) is None
    assert absolute("/a", "feeds/sample.xml") is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://Example.ORG", "//example.org/"),
        ("https://example.org:443/", "//example.org/"),
        ("http://example.org:443/", "//example.org:443/"),
        ("https://example.org./a", "//example.org/a"),
        ("https://bücher.example/a", "//xn--bcher-kva.example/a"),
        ("https://u:p@example.org/a", "//example.org/a"),
        ("https://example.org/a/./b/../c", "//example.org/a/c"),
        ("https://example.org/a/%2e%2E/c/..", "//example.org/"),
        ("https://example.org/%7euser/%c3%a9/é", "//example.org/~user/%C3%A9/%C3%A9"),
        ("https://example.org/100%", "//example.org/100%25"),
        ("https://example.org/a#comments", "//example.org/a"),
        ("https://example.org/#!/story/7", "//example.org/#!/story/7"),
        ("https://example.org/app#/story/7", "//example.org/app#/story/7"),
        ("https://example.org/a?b=2&a=1&&", "//example.org/a?a=1&b=2"),
        ("https://example.org/a?", "//example.org/a"),
        ("https://example.org/a?utm_source=rss&UTM_Medium=x&id=7", "//example.org/a?id=7"),
        ("https://example.org/a?at_medium=RSS&at_campaign=rss&at_link_id=F0&at_custom1=x", "//example.org/a"),
        ("https://example.org/a?ns_mchannel=rss&ns_source=x&ns_campaign=y", "//example.org/a"),
        ("https://example.org/a?fbclid=1&gclid=2&msclkid=3&mc_cid=4&mc_eid=5&xtor=RSS-1&cmpid=rss", "//example.org/a"),
        ("//example.org:80/a", "//example.org:80/a"),
    ],
)
def test_canonical_form(url: str, expected: str) -> None:
    """One page has one canonical link, however a feed decorates it."""
    assert canonical_link(url) == expected


TELLING = (
    "id=1 p=1 article=1 article_id=1 source=a session=1 ref=1 reference=1 page=2 v=abc story=1 storyid=1 sid=1 "
    "gallery=1 game=1 resource=1 medium=1 campaign=1 date=2026-01-01 lang=tr q=x t=1 cid=1 c=1 n=1 guid=1 key=1 "
    "news=1 item=1 nid=1 idx=1 doc=1 url=x utm=1 at=1 at_id=1 ns=1 hash=1 print=1 view=1 share=1"
)


@pytest.mark.parametrize("query", TELLING.split())
def test_canonical_keeps_what_may_tell_articles_apart(query: str) -> None:
    """A parameter that could name the article is never dropped."""
    assert canonical_link(f"https://example.org/read?{query}") == f"//example.org/read?{query}"


@pytest.mark.parametrize("url", [None, "", "example.org/a", "/a", "mailto:a@example.org", "urn:uuid:1", "tag:x,2:y"])
def test_canonical_is_for_addresses_only(url: str | None) -> None:
    """What is no http(s) address has no canonical link."""
    assert canonical_link(url) is None


HOSTS = st.sampled_from(["example.org", "EXAMPLE.org.", "bücher.example", "[2001:DB8::1]", "127.0.0.1", "a_b.example"])
PORTS = st.sampled_from(["", ":80", ":443", ":8080"])
TAILS = st.text(alphabet="abZ09/.%?&=#!+~é \\\u0338\U0001f600[]:@;,'\"<>-_2eEfF", max_size=40)


@given(scheme=st.sampled_from(["http:", "https:", ""]), host=HOSTS, port=PORTS, tail=TAILS)
def test_canonical_is_idempotent(scheme: str, host: str, port: str, tail: str) -> None:
    """The canonical form of a canonical link is itself."""
    once = canonical_link(f"{scheme}//{host}{port}/{tail}")

    assert once is not None
    assert canonical_link(once) == once


@given(st.text(max_size=60), st.one_of(st.none(), st.just(BASE), st.text(max_size=30)))
def test_absolute_never_raises_and_is_stable(url: str, base: str | None) -> None:
    """Any text gives None or an http(s) address that stays as it is."""
    made = absolute(url, base)

    assert made is None or made.startswith(("http://", "https://"))
    assert made is None or absolute(made, None) == made
    canonical_link(url)


def test_specific() -> None:
    """A bare host, or the feed's own site link, stands for no article."""
    assert not is_specific("//example.org/", None)
    assert not is_specific("//example.org/news", "//example.org/news")
    assert is_specific("//example.org/news/7", "//example.org/news")
    assert is_specific("//example.org/?p=7", "//example.org/")
    assert is_specific("//example.org/#!/7", "//example.org/")


def test_document_base_keeps_no_secret() -> None:
    """Neither the password nor the token of a feed's address gets into links made from it."""
    assert document_base("https://u:secret@example.org/feed?token=secret#x") == "https://example.org/feed"
    assert document_base("samples/feed.xml") is None
