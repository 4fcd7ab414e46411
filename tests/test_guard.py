"""The address guard: every spelling of a private address is refused, public ones pass, and `allow` is exact."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

import pytest

from ingest.guard import AddressRefusedError, Guard, IPNetwork

REFUSED = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.1.2.3",
    "240.0.0.1",
    "255.255.255.255",
    "192.88.99.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:db8::1",
    "2001::1",
    "100::1",
    "3fff::1",
    "5f00::1",
]

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "2a00:1450::1"]


@dataclass(frozen=True)
class Allow:
    """An entry of `allow`."""

    network: IPNetwork
    port: int


@pytest.mark.parametrize("address", REFUSED)
def test_private_and_special_addresses_are_refused(address: str) -> None:
    """Loopback, private, link-local, metadata, NAT64, 6to4, v4-mapped, multicast, documentation, reserved."""
    assert not Guard([]).permits(address, 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    """Ordinary unicast addresses need no entry."""
    assert Guard([]).permits(address, 443)


def test_allow_names_address_and_port_exactly() -> None:
    """An entry opens its own network and port, nothing beside it."""
    guard = Guard([Allow(ipaddress.ip_network("127.0.0.0/8"), 8081), Allow(ipaddress.ip_network("::1"), 90)])

    assert guard.permits("127.0.0.1", 8081)
    assert guard.permits("::ffff:127.0.0.5", 8081)
    assert guard.permits("::1", 90)
    assert not guard.permits("127.0.0.1", 8080)
    assert not guard.permits("10.0.0.1", 8081)


def test_socket_factory_refuses_before_a_socket_is_made() -> None:
    """The error says the address, the port and the mend."""
    with pytest.raises(AddressRefusedError, match=r"127\.0\.0\.1 port 80 .*\[poll\] allow"):
        Guard([]).socket_for((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))
