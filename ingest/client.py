"""The HTTP client's session, the same for feeds, discovery and hubs: our name, the guard, no cookies. IO: network.

One call is one request on a connection of its own: no redirect is followed and nothing is sent twice unasked, whatever
the far end does.
"""

from __future__ import annotations

import os
import re
import socket

import aiohttp

from ingest.guard import Guard
from ingest.lookup import Lookups

MAX_HEADER_BYTES = 32768
"""Of one header line; there may be 128 of them."""

CONNECT_FAILED = re.compile(r"(?:\[Errno (\d+)\] )?Connect call failed \('([^']*)', (\d+)[^)]*\)")
"""How asyncio tells of a connection that was not made: the system's word for it is only a number."""


class BrokenOffError(aiohttp.ClientError):
    """The far end took the request and closed the connection without an answer."""


def make_session(*, user_agent: str, guard: Guard) -> aiohttp.ClientSession:
    """Make a session inside the running loop. Bodies come as they were sent: ``Content-Encoding`` is the caller's."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=Lookups(),
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


def system_words(error: Exception) -> str:
    """Say why no connection came about → the system's own words, with the address that was asked."""
    inner = getattr(error, "os_error", None) or error
    number = getattr(inner, "errno", None)
    text = str(getattr(inner, "strerror", None) or inner or type(inner).__name__)
    if isinstance(inner, socket.gaierror) and number == socket.EAI_NONAME:
        return f"{text}; is the name spelled right?"

    def told(found: re.Match[str]) -> str:
        why = found[1] or number
        return f"{found[2]} port {found[3]}" + (f": {os.strerror(int(why))}" if why else ": no connection")

    return CONNECT_FAILED.sub(told, text.removeprefix("Multiple exceptions: "))
