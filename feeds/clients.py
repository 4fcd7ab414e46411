"""Who asks, and how much of what is dear each may ask for. Pure; ``now`` is in seconds of any steady clock."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MOST_CLIENTS = 10_000
"""So many are remembered; of more, whoever has not asked for longest is forgotten, and may ask anew."""
V6_PREFIX = 64
"""One IPv6 client has this much of the address space to himself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many at once, and so many a second from then on."""

    burst: float
    per_s: float


class Buckets:
    """A bucket of tokens for each client, full at first; an answer costs one."""

    def __init__(self, rate: Rate, most: int = MOST_CLIENTS) -> None:
        self._rate = rate
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, now: float) -> float:
        """Take a token → 0, or how many seconds it is until there is one."""
        left, since = self._left.get(client, (self._rate.burst, now))
        left = min(self._rate.burst, left + (now - since) * self._rate.per_s)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate.per_s
        self._left[client] = (left - 1 if left >= 1 else left), now
        self._left.move_to_end(client)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return wait

    def __len__(self) -> int:
        """Count the clients that are remembered."""
        return len(self._left)


def networks(proxies: Sequence[str]) -> tuple[Network, ...]:
    """Read ``[wireroom] proxies``."""
    return tuple(ipaddress.ip_network(one) for one in proxies)


def client_of(peer: str, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """Tell who asks: the peer, or where that is a proxy of ours, the right-most in X-Forwarded-For that is none.

    What stands left of that one was written by the client himself. ``forwarded``: the header's lines. → a key; of an
    IPv6 address its /64.
    """
    hops = [hop.strip() for line in forwarded for hop in line.split(",")] if proxies else []
    asks = peer
    while is_within(asks, proxies) and hops:
        further = bare(hops.pop())
        if address_of(further) is None:
            break  # no address: what our proxy says of itself is better
        asks = further
    address = address_of(asks)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address) >> 64 << 64, V6_PREFIX)))
    return str(address) if address is not None else asks


def bare(hop: str) -> str:
    """Take brackets and port off an address, as some proxies write it."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read an address; an IPv4 one in IPv6's clothes is the IPv4 one."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def is_within(text: str, proxies: Sequence[Network]) -> bool:
    """Tell whether an address is one of ours."""
    address = address_of(text)
    return address is not None and any(address in network for network in proxies)
