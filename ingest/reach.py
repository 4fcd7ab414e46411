"""Can anyone be reached at all? A few hosts that were well are connected to, and nothing is asked. IO: network.

Sources that come due one by one fail one by one: whether that is our own network shows only if somebody else is tried
in the same moment. A connection without a request costs a server next to nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from ingest.connect import Connector
from ingest.guard import Guard

PATIENCE_S = 5.0
FEWEST = 2
"""Of fewer hosts there is nothing to be learned."""


class Reach:
    """Tries hosts. ``places`` gives addresses of sources that were well, of hosts other than the one named."""

    def __init__(self, guard: Guard, places: Callable[[str], Sequence[str]]) -> None:
        self._guard = guard
        self._places = places

    async def anyone(self, but: str) -> bool | None:
        """Tell whether anyone but that host can be reached now; None where there are too few to say."""
        urls = self._places(but)
        if len(urls) < FEWEST:
            return None
        connector = Connector(self._guard)  # a new one: it has no name's address from before
        trying = {asyncio.create_task(reached(connector, url)) for url in urls}
        try:
            for done in asyncio.as_completed(trying):
                if await done:
                    return True
        finally:
            for one in trying:
                one.cancel()
        return False


async def reached(connector: Connector, url: str) -> bool:
    """Connect to the host of an address, and hang up → whether that could be done."""
    parts = urlsplit(url)
    protocol = Silent()
    try:
        async with asyncio.timeout(PATIENCE_S):
            port = parts.port or (443 if parts.scheme == "https" else 80)
            await connector.connect(protocol, parts.hostname or "", port, secure=False)
    except Exception:  # noqa: BLE001 - whatever it is, it was not reached
        return False
    finally:
        protocol.hang_up()
    return True


class Silent(asyncio.Protocol):
    """Says nothing."""

    def __init__(self) -> None:
        self._transport: asyncio.BaseTransport | None = None
        self._over = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection, unless it comes too late."""
        self._transport = transport
        if self._over:
            transport.close()

    def hang_up(self) -> None:
        """End it, now or when it comes."""
        self._over = True
        if self._transport is not None:
            self._transport.close()
