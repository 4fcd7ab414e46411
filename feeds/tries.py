"""Who fails to sign in waits before the next try, longer each time. Pure."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

FREE = 5
"""So many may fail before anybody waits: people mistype."""
LONGEST_S = 300.0
FORGOTTEN_S = 3600.0
"""Who has not failed for so long begins anew."""
MOST = 2000
"""So many addresses are remembered; those that failed longest ago are forgotten first."""


class Tries:
    """Counts failures by address. Times are seconds of any clock that only goes forward."""

    def __init__(self) -> None:
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait_s(self, who: str, now: float) -> float:
        """Tell how long this address has to wait still; 0: it may try."""
        failures, last = self._failed.get(network(who), (0, now))
        if failures < FREE or now - last > FORGOTTEN_S:
            return 0.0
        return max(0.0, last + min(LONGEST_S, 2.0 ** min(failures - FREE, 20)) - now)

    def fail(self, who: str, now: float) -> None:
        """Note that it failed."""
        key = network(who)
        failures, last = self._failed.pop(key, (0, now))
        self._failed[key] = (failures + 1 if now - last <= FORGOTTEN_S else 1, now)
        if len(self._failed) > MOST:
            self._failed.popitem(last=False)

    def good(self, who: str) -> None:
        """Note that it knew the token: all is forgiven."""
        self._failed.pop(network(who), None)


def network(who: str) -> str:
    """Name whose address it is: of IPv6 one subscriber has 2**64 (RFC 6177)."""
    try:
        address = ip_address(who)
    except ValueError:
        return who
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return f"{int(address) >> 64:x}"
    return who
