"""Connections to where the guard lets us: name → addresses → one of them, with TLS where the address says so.

IO: network. A literal address needs no look-up; a name's addresses are kept for a minute. Of several addresses the
first that answers is taken (RFC 8305).
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import socket
import ssl
from functools import cache, lru_cache

import aiohappyeyeballs

from ingest.guard import Guard
from ingest.lookup import Lookups

KEPT_S = 60
"""So long a name's addresses are kept: the C library tells no time to live."""
MAX_KEPT = 10_000
HEAD_START_S = 0.25
"""So long an address is tried before the next is tried beside it."""

AddrInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]


CONNECT_FAILED = re.compile(r"(?:\[Errno (\d+)\] )?Connect call failed \('([^']*)', (\d+)[^)]*\)")
"""How asyncio tells of a connection that was not made: the system's word for it is only a number."""


class NoConnectionError(Exception):
    """No connection to ``host`` came about; ``os_error`` says why."""

    def __init__(self, host: str, os_error: Exception) -> None:
        super().__init__(str(os_error))
        self.host = host
        self.os_error = os_error


@cache
def tls() -> ssl.SSLContext:
    """Make the one TLS context: the system's certificates, HTTP/1.1. It takes some milliseconds, once.

    Sessions are not resumed: measured with a short chain, there was no clear gain, and it costs memory for each host.
    """
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


class Connector:
    """Connects exchanges, or any other protocols, to hosts. Make it inside the running loop."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        self._lookups = Lookups()
        self._kept: dict[tuple[str, int], tuple[float, list[AddrInfo]]] = {}  # until when (loop time), by host
        self._asked: dict[tuple[str, int], asyncio.Task[list[AddrInfo]]] = {}

    async def connect(self, exchange: asyncio.Protocol, host: str, port: int, *, secure: bool) -> None:
        """Connect ``exchange``; the guard has looked at the very address. Raises NoConnectionError, UnicodeError."""
        context, name = (tls(), host.rstrip(".")) if secure else (None, None)
        address = literal(host)
        try:
            if address is None:
                if ":" in host:  # with a zone
                    host = host.replace("%25", "%")
                    self._guard.check(host, port)
                infos = await self._addresses(host, port)
                address = literal(infos[0][4][0]) if len(infos) == 1 else None
            if address is None:
                await self._connect_first(exchange, infos, context, name)
            else:
                self._guard.check(address, port)
                await self._connect_one(exchange, address, port, context, name)
        except (OSError, RuntimeError) as error:
            raise NoConnectionError(host, error) from error

    async def _connect_one(
        self, exchange: asyncio.Protocol, address: str, port: int, context: ssl.SSLContext | None, name: str | None
    ) -> None:
        """Connect to one address, the quick way: the loop makes the socket."""
        try:
            await self._loop.create_connection(lambda: exchange, address, port, ssl=context, server_hostname=name)
        except ssl.SSLError:
            raise
        except OSError as error:
            if error.errno is None:
                raise
            raise OSError(error.errno, f"{address} port {port}: {os.strerror(error.errno)}") from error

    async def _connect_first(
        self, exchange: asyncio.Protocol, infos: list[AddrInfo], context: ssl.SSLContext | None, name: str | None
    ) -> None:
        """Connect to the first of several addresses that answers, and, if asked to, speaks TLS.

        Where none does, the error is that of the first that answered at all.
        """
        left, failure = list(infos), None
        while left:
            try:
                sock = await aiohappyeyeballs.start_connection(
                    left, happy_eyeballs_delay=HEAD_START_S, loop=self._loop, socket_factory=self._guard.socket_for
                )
            except (OSError, RuntimeError) as error:  # uvloop has RuntimeErrors too
                raise failure or error from None
            try:
                peer = sock.getpeername()
            except OSError as error:  # it was reset in this very moment, and can't be told from the others
                sock.close()
                raise failure or error from None
            try:
                await self._loop.create_connection(lambda: exchange, sock=sock, ssl=context, server_hostname=name)
            except OSError as error:
                failure = failure or error
                aiohappyeyeballs.remove_addr_infos(left, peer)
            else:
                return
        raise failure or OSError("the name has no address")

    async def _addresses(self, host: str, port: int) -> list[AddrInfo]:
        """Look a name up, unless that was just done → its addresses. Raises OSError, UnicodeError."""
        key = host, port
        until, infos = self._kept.get(key, (0.0, []))
        if until > self._loop.time():
            return infos
        task = self._asked.get(key)
        if task is None:
            task = self._loop.create_task(self._look_up(key))
            self._asked[key] = task
            task.add_done_callback(lambda done: (self._asked.pop(key, None), done.cancelled() or done.exception()))
        return await asyncio.shield(task)  # others may wait for it

    async def _look_up(self, key: tuple[str, int]) -> list[AddrInfo]:
        infos: list[AddrInfo] = []
        for one in await self._lookups.resolve(*key):
            place = one["host"], one["port"]
            sockaddr = (*place, 0, 0) if one["family"] == socket.AF_INET6 else place
            infos.append((one["family"], socket.SOCK_STREAM, one["proto"], "", sockaddr))
        if len(self._kept) >= MAX_KEPT:
            self._kept.clear()
        self._kept[key] = self._loop.time() + KEPT_S, infos
        return infos


@lru_cache(maxsize=10_000)
def literal(host: str) -> str | None:
    """Read a host that is an IP address → the address in its one spelling; None for a name, or one with a zone."""
    try:
        return None if "%" in host else str(ipaddress.ip_address(host.removesuffix(".")))
    except ValueError:
        return None


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
