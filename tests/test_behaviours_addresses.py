"""Addresses: private, loopback, link-local and disguised ones are refused as sources too, before a byte is sent.

IANA special-purpose registries. The ``canary`` port is on loopback and not allowed: each loopback spelling leads there.
"""

from __future__ import annotations

import pytest

from stage import Case, Played, ends, play, reads, steady

HIDDEN = {
    "loopback": "127.0.0.1",
    "loopback-2": "127.0.0.2",
    "localhost": "localhost",
    "localhost-upper": "LOCALHOST",
    "localhost-dot": "localhost.",
    "short": "127.1",
    "decimal": "2130706433",
    "hex": "0x7f000001",
    "octal": "017700000001",
    "hex-dotted": "0x7f.0.0.1",
    "octal-dotted": "0177.0.0.1",
    "padded": "127.000.000.001",
    "zero": "0",
    "any": "0.0.0.0",
    "circled": "①②⑦.⓪.⓪.①",
    "wide": "１２７.0.0.1",
    "wide-dots": "127。0。0。1",
    "v6": "[::1]",
    "v6-long": "[0:0:0:0:0:0:0:1]",
    "v6-any": "[::]",
    "v6-mapped": "[::ffff:127.0.0.1]",
    "v6-mapped-hex": "[::ffff:7f00:1]",
    "v6-compatible": "[::127.0.0.1]",
}
"""Spellings of this machine."""

PRIVATE = {
    "private-10": "10.0.0.1",
    "private-172": "172.16.0.1",
    "private-192": "192.168.1.1",
    "shared": "100.64.0.1",
    "metadata": "169.254.169.254",
    "metadata-decimal": "2852039166",
    "metadata-v6": "[fd00:ec2::254]",
    "this-network": "0.1.2.3",
    "protocol": "192.0.0.170",
    "test-net": "192.0.2.1",
    "benchmark": "198.18.0.1",
    "relay-6to4": "192.88.99.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "v6-link-local": "[fe80::1]",
    "v6-zone": "[fe80::1%25lo]",
    "v6-unique-local": "[fd12:3456::1]",
    "v6-site-local": "[fec0::1]",
    "v6-multicast": "[ff02::1]",
    "v6-documentation": "[2001:db8::1]",
    "v6-discard": "[100::1]",
    "v6-teredo": "[2001::1]",
    "v6-mapped-private": "[::ffff:10.0.0.1]",
    "v6-mapped-metadata": "[::ffff:a9fe:a9fe]",
    "nat64": "[64:ff9b::7f00:1]",
    "nat64-metadata": "[64:ff9b::169.254.169.254]",
    "nat64-local": "[64:ff9b:1::10.0.0.1]",
    "6to4": "[2002:7f00:1::]",
    "6to4-private": "[2002:a00:1::1]",
    "isatap": "[fe80::5efe:127.0.0.1]",
}
"""Addresses that no feed of the public has."""


def refused(played: Played) -> None:
    """Expect an error and no entry; nobody is asked."""
    ends(("refused", "unreachable"))(played)
    assert not played.requests


def refused_as_such(played: Played) -> None:
    """Expect the refusal to name the address and the key that would allow it, without an attempt."""
    refused(played)
    assert played.outcomes[-1] == "refused", "it was tried, and only failed"


CASES = [
    *(
        Case(f"this-{name}", host, steady(), refused, f"http://{host}:{{canary}}/x{name}")
        for name, host in HIDDEN.items()
    ),
    *(Case(f"not-{name}", host, steady(), refused_as_such, f"http://{host}/x") for name, host in PRIVATE.items()),
    Case(
        "says", "the refusal names [poll] allow", steady(), ends("refused", says="allow"), "http://127.0.0.1:{canary}/"
    ),
    Case("allowed", "an allowed port is polled", steady(), reads(entries=3)),
    Case("allowed-net", "in its whole network", steady(), reads(entries=3), "http://127.0.0.3:{port}/allowed-net"),
    Case("allowed-name", "by any name", steady(), reads(entries=3), "http://localhost:{port}/allowed-name"),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Poll all of them twice, beside each other."""
    return play(tmp_path_factory.mktemp("addresses"), CASES, 2)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_addresses(case: Case, played: dict[str, Played]) -> None:
    """What the table says of the behaviour holds."""
    case.check(played[case.name])


def test_no_address_touched_the_canary(played: dict[str, Played]) -> None:
    """Not even a connection, however this machine was spelled."""
    assert played["allowed"].server.touched == []
