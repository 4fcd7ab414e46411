"""The address guard: every spelling of a private address is refused, public ones pass, and `allow` is exact."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Iterator

import pytest

from ingest.fetch import Fetcher
from ingest.fetched import Wanted
from ingest.guard import AddressRefusedError, Allowed, Guard
from ingest.hosts import Hosts

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
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:db8::1",
    "2001::1",
    "100::1",
    "3fff::1",
    "5f00::1",
    "4000::1",
    "64:ff9b:0:1::7f00:1",
]

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "2a00:1450::1"]


class Canary:
    """A listener on every address of this machine, IPv4 and IPv6, that counts who connects and hangs up."""

    def __init__(self) -> None:
        self.connections = 0
        self._listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                connection.close()

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def canary() -> Iterator[Canary]:
    """Run a canary."""
    made = Canary()
    yield made
    made.close()


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
    guard = Guard([Allowed(ipaddress.ip_network("127.0.0.0/8"), 8081), Allowed(ipaddress.ip_network("::1"), 90)])

    assert guard.permits("127.0.0.1", 8081)
    assert guard.permits("::ffff:127.0.0.5", 8081)
    assert guard.permits("::1", 90)
    assert not guard.permits("127.0.0.1", 8080)
    assert not guard.permits("10.0.0.1", 8081)


def test_socket_factory_refuses_before_a_socket_is_made() -> None:
    """The error says the address, the port and the mend."""
    with pytest.raises(AddressRefusedError, match=r"127\.0\.0\.1 port 80 .*\[poll\] allow"):
        Guard([]).socket_for((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80)))


SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "017700000001",
    "0177.0.0.1",
    "0",
    "0.0.0.0",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1%25lo]",
    "[::1%25lo]",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "１２７.0.0.1",
    "127.0.0.1%00",
    "127%2e0%2e0%2e1",
    "user@127.0.0.1",
    "a:b@localhost",
    "example.org@127.0.0.1",
]


async def test_no_spelling_of_loopback_gets_through(canary: Canary) -> None:
    """Through the real client: every one ends as a clear error, and the server behind it is never asked."""
    loop = asyncio.get_running_loop()
    hosts = Hosts(per_host=50, pause_s=0, clock=loop.time)
    fetcher = Fetcher(user_agent="x", guard=Guard([]), hosts=hosts, timeout_s=5, max_body_bytes=1000)
    urls = [f"http://{host}:{canary.port}/" for host in SPELLINGS]
    fetched = await asyncio.gather(*(fetcher.fetch(Wanted(url=url)) for url in urls))

    assert canary.connections == 0
    for url, one in zip(urls, fetched, strict=True):
        assert one.outcome in ("refused", "unreachable"), url
        assert one.error, url
        assert "a:b" not in one.error
    assert sum(one.outcome == "refused" for one in fetched) >= len(SPELLINGS) - 3


async def test_allowed_address_is_reached_by_its_mapped_spelling_too(canary: Canary) -> None:
    """What `allow` names is reached whatever its spelling, and the canary does see connections."""
    loop = asyncio.get_running_loop()
    hosts = Hosts(per_host=50, pause_s=0, clock=loop.time)
    guard = Guard([Allowed(ipaddress.ip_network("127.0.0.1"), canary.port)])
    fetcher = Fetcher(user_agent="x", guard=guard, hosts=hosts, timeout_s=5, max_body_bytes=1000)
    await fetcher.fetch(Wanted(url=f"http://127.0.0.1:{canary.port}/"))
    await fetcher.fetch(Wanted(url=f"http://[::ffff:127.0.0.1]:{canary.port}/"))

    assert canary.connections == 2
