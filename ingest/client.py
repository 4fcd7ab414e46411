"""The HTTP client's session for hubs: our name, the guard, no cookies. IO: network.

One call is one request on a connection of its own: no redirect is followed and nothing is sent twice unasked, whatever
the far end does. Feeds and pages are fetched by ``fetch``, with a leaner client.
"""

from __future__ import annotations

import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from ingest.guard import Guard
from ingest.lookup import Lookups
from ingest.request import CODINGS

MAX_HEADER_BYTES = 32768
"""Of one header line; there may be 128 of them."""


class BrokenOffError(aiohttp.ClientError):
    """The far end took the request and closed the connection without an answer."""


class Names(AbstractResolver):
    """Our look-ups, as aiohttp wants them."""

    def __init__(self) -> None:
        self._lookups = Lookups()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Look a name up → its addresses. Raises OSError, UnicodeError."""
        return [ResolveResult(**one) for one in await self._lookups.resolve(host, port, family)]

    async def close(self) -> None:
        """Leave what hangs to itself: it ends with the process at the latest."""


def make_session(*, user_agent: str, guard: Guard) -> aiohttp.ClientSession:
    """Make a session inside the running loop. Bodies come as they were sent: ``Content-Encoding`` is the caller's."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=Names(),
            socket_factory=guard.socket_for,
            limit=0,  # the caller counts its connections
            ttl_dns_cache=60,
            force_close=True,  # a connection that is kept may be closed by the far end just as it is asked again
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": user_agent, "Accept-Encoding": CODINGS},
        timeout=aiohttp.ClientTimeout(total=None),  # the deadline is the caller's: it covers redirects too
        auto_decompress=False,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
        middlewares=[once],
    )


async def once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Send a request once: the client would send it again where a server hangs up on it."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise BrokenOffError(str(error) or "the server closed the connection without an answer") from error
