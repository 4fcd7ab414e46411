"""The HTTP client's session, the same for feeds, discovery and hubs: our name, the guard, no cookies. IO: network.

One call is one request on a connection of its own: no redirect is followed and nothing is sent twice unasked, whatever
the far end does.
"""

from __future__ import annotations

import aiohttp

from ingest.guard import Guard

MAX_HEADER_BYTES = 32768
"""Of one header line; there may be 128 of them."""


class BrokenOffError(aiohttp.ClientError):
    """The far end took the request and closed the connection without an answer."""


def make_session(*, user_agent: str, guard: Guard) -> aiohttp.ClientSession:
    """Make a session inside the running loop. Bodies come as they were sent: ``Content-Encoding`` is the caller's."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            socket_factory=guard.socket_for,
            limit=0,  # the caller counts its connections
            ttl_dns_cache=60,
            force_close=True,  # a connection that is kept may be closed by the far end just as it is asked again
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, br, zstd"},
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
