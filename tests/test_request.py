"""What a request says, byte for byte."""

from __future__ import annotations

import pytest
from yarl import URL

from ingest.redirect import as_written
from ingest.request import ACCEPT, request_head

REST = f"User-Agent: W/1\r\nAccept-Encoding: gzip, br, zstd\r\nAccept: {ACCEPT}\r\n"


def head(url: str, **conditions: str) -> str:
    """Write one."""
    named = {name.replace("_", "-"): value for name, value in conditions.items()}
    return request_head(as_written(url), user_agent="W/1", conditions=named).decode()


@pytest.mark.parametrize(
    ("url", "target", "host"),
    [
        ("http://example.org", "/", "example.org"),
        ("https://example.org:443/a?b=%2F&c=/#d", "/a?b=%2F&c=/", "example.org"),
        ("http://example.org:443/%7Ea", "/%7Ea", "example.org:443"),
        ("http://[2001:db8::1]:81/é", "/%C3%A9", "[2001:db8::1]:81"),
        ("http://Bücher.example./", "/", "xn--bcher-kva.example"),
    ],
)
def test_target_and_host_are_what_the_address_has(url: str, target: str, host: str) -> None:
    """As written, without the fragment; the port only where it is not the scheme's own (RFC 9110 7.2)."""
    assert head(url) == f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{REST}Connection: close\r\n\r\n"


def test_validators_are_sent_as_they_came() -> None:
    """Byte for byte, weak or odd."""
    said = head("http://h/", If_None_Match='W/"é, \\"', If_Modified_Since="yesterday")

    assert '\r\nIf-None-Match: W/"é, \\"\r\nIf-Modified-Since: yesterday\r\n' in said


@pytest.mark.parametrize("value", ["a\nX: b", "a\rX: b", "a\0"])
def test_nothing_breaks_out_of_its_field(value: str) -> None:
    """No validator or name writes another field."""
    with pytest.raises(ValueError, match="line break"):
        head("http://h/", If_None_Match=value)
    with pytest.raises(ValueError, match="line break"):
        request_head(URL("http://h/"), user_agent=value, conditions={})


@pytest.mark.parametrize(
    ("url", "pair"),
    [
        ("http://a:b@h/", "YTpi"),
        ("http://a:%3A@h/", "YTo6"),
        ("http://a@h/", "YTo="),
        ("http://a:é@h/", "YTrp"),
        ("http://a:ж@h/", "YTrQtg=="),
    ],
)
def test_password_of_the_address_is_sent(url: str, pair: str) -> None:
    """RFC 7617: in ISO 8859-1 where it can be, else in UTF-8."""
    assert f"\r\nAuthorization: Basic {pair}\r\n" in head(url)
    assert "Host: h\r\n" in head(url)
