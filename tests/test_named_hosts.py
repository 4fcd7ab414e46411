"""Which Host is ours: that of the base URL, of loopback, where we listen; a name that was pointed at us is not."""

from __future__ import annotations

import pytest

from feeds.named_hosts import Hosts, fault_of

WIRE = "https://wire.example/feeds/"


@pytest.mark.parametrize(
    ("base_url", "listen", "host", "ours"),
    [
        (WIRE, "127.0.0.1", "wire.example", True),
        (WIRE, "127.0.0.1", "WIRE.example:443", True),
        (WIRE, "127.0.0.1", "wire.example.", True),
        (WIRE, "127.0.0.1", "wire.example:80", False),
        (WIRE, "127.0.0.1", "wire.example.evil.example", False),
        (WIRE, "127.0.0.1", "evil.example", False),
        (WIRE, "127.0.0.1", "evil.example:8000", False),
        (WIRE, "127.0.0.1", "wire.example@evil.example", False),
        (WIRE, "127.0.0.1", "localhost:8000", True),
        (WIRE, "127.0.0.1", "127.0.0.1:9999", True),
        (WIRE, "::1", "[::1]:8000", True),
        (WIRE, "127.0.0.1", "localhost.evil.example", False),
        (WIRE, "127.0.0.1", "192.168.1.5:8000", False),
        (WIRE, "127.0.0.1", "", False),
        (WIRE, "127.0.0.1", "127.0.0.1:80:80", False),
        (WIRE, "127.0.0.1", "127.0.0.1:x", False),
        (WIRE, "192.168.1.5", "192.168.1.5:8000", True),
        (WIRE, "0.0.0.0", "192.168.1.5:8000", True),
        (WIRE, "::", "[fd00::5]:8000", True),
        (WIRE, "0.0.0.0", "evil.example:8000", False),
        ("http://127.0.0.1:8000/", "127.0.0.1", "127.0.0.1:8000", True),
        ("http://wire.example:8080/", "127.0.0.1", "wire.example:8080", True),
        ("http://wire.example:8080/", "127.0.0.1", "wire.example", False),
        ("https://bücher.example/", "127.0.0.1", "xn--bcher-kva.example", True),
    ],
)
def test_names(base_url: str, listen: str, host: str, ours: bool) -> None:
    """A name may be written in several ways; one more letter is another name."""
    assert Hosts(base_url, listen).has(host) is ours


@pytest.mark.parametrize(
    ("hosts", "version", "status"),
    [
        (["wire.example"], "1.1", None),
        ([], "1.0", None),
        ([], "1.1", 400),
        (["wire.example", "wire.example"], "1.1", 400),
        (["wire.example", "evil.example"], "1.0", 400),
        (["evil.example"], "1.1", 421),
        (["evil.example"], "1.0", 421),
    ],
)
def test_lines(hosts: list[str], version: str, status: int | None) -> None:
    """One Host line there is, but for a program of old (RFC 9112 3.2)."""
    fault = fault_of(hosts, version, Hosts(WIRE, "127.0.0.1"))

    assert (fault[0] if fault is not None else None) == status
