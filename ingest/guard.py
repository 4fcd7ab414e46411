"""Which addresses may be reached: public ones, and those that the config's ``allow`` names. IO: network (sockets).

The check sits where the socket is made, after the name is resolved, so that no spelling, redirect or second DNS
answer gets past it: a guard in the resolver is never asked about a literal address.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

UNICAST = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("2000::/3"))
"""All of IPv6 that is given out as public lies in the second (IANA); NAT64, mapped and translated forms lie outside."""

NOT_PUBLIC: tuple[IPNetwork, ...] = tuple(
    ipaddress.ip_network(net)
    for net in (
        # what `is_global` of some Python versions lets through (IANA special-purpose registries)
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
    )
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """One entry of ``allow``: a private network and a port there that may be reached."""

    network: IPNetwork
    port: int


class AddressRefusedError(OSError):
    """The address is not public, and ``allow`` does not name it."""


class Guard:
    """Decides which addresses may be reached; hand ``socket_for`` to the HTTP client as its socket factory."""

    def __init__(self, allow: Iterable[Allowed]) -> None:
        self._allow = tuple(allow)

    def permits(self, address: str, port: int) -> bool:
        """Tell whether a connection to ``address`` (an IP literal) and ``port`` may be made."""
        ip = as_reached(address)
        if any(ip in entry.network and port == entry.port for entry in self._allow):
            return True
        return is_public(ip)

    def check(self, address: str, port: int) -> None:
        """Raise AddressRefusedError where a connection to ``address`` and ``port`` may not be made."""
        if not self.permits(address, port):
            raise AddressRefusedError(
                f"{address} port {port} is not a public address; if it is yours, add it to [poll] allow"
            )

    def socket_for(self, addr_info: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """Make the socket for one resolved address, or raise AddressRefusedError."""
        family, type_, protocol, _, address = addr_info
        self.check(str(address[0]), int(str(address[1])))
        return socket.socket(family, type_, protocol)


@lru_cache(maxsize=10_000)
def as_reached(address: str) -> IPAddress:
    """Read an IP literal → the address that a connection to it reaches. Raises ValueError where it is none."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return ip.ipv4_mapped or ip if isinstance(ip, ipaddress.IPv6Address) else ip


@lru_cache(maxsize=10_000)
def is_public(ip: IPAddress) -> bool:
    """Tell whether ``ip`` is an ordinary public unicast address."""
    return ip.is_global and not ip.is_multicast and within(ip, UNICAST) and not within(ip, NOT_PUBLIC)


def within(ip: IPAddress, nets: Iterable[IPNetwork]) -> bool:
    """Tell whether one of ``nets`` has this address."""
    return any(ip in net for net in nets if net.version == ip.version)
