"""Names → addresses, by threads of their own: dead name servers hold up only those who ask them. IO: network, threads.

A look-up hangs in the C library for up to half a minute, where nothing can break it off. In the event loop's own
threads a few dozen of them would keep all other names waiting, and everything else that is done in threads. Here one
that takes long gives up its place, and its name goes to a lane of its own until it is quick again.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import OrderedDict
from typing import Any, TypedDict

QUICK, SLOW = 32, 16
"""Look-ups at once: of names that are quick, as far as is known; of those that took long the last time."""
PATIENCE_S = 2.0
"""After so long a look-up counts as slow."""
MAX_THREADS = 256
MAX_SLOW_NAMES = 10_000

Info = tuple[Any, ...]


class Found(TypedDict):
    """One address of a name, as aiohttp has it."""

    hostname: str
    host: str
    port: int
    family: int
    proto: int
    flags: int


class Lookups:
    """Looks names up. A daemon thread for each look-up: the process may end while some hang."""

    def __init__(self) -> None:
        self._quick = asyncio.Semaphore(QUICK)
        self._slow = asyncio.Semaphore(SLOW)
        self._slow_names: OrderedDict[str, None] = OrderedDict()
        self._threads = 0

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[Found]:
        """Look a name up → its addresses. Raises OSError, UnicodeError."""
        infos = await self._looked_up(host, port, family)
        return [
            Found(
                hostname=host,
                host=address[0],
                port=address[1],
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, address in infos
        ]

    async def _looked_up(self, host: str, port: int, family: int) -> list[Info]:
        if host in self._slow_names:
            await self._slow.acquire()
            answer = self._begin(self._slow, host, port, family)
            return await asyncio.shield(answer)
        async with self._quick:
            answer = self._begin(None, host, port, family)
            done, _ = await asyncio.wait({answer}, timeout=PATIENCE_S)
        if not done:
            self._slow_names[host] = None
            if len(self._slow_names) > MAX_SLOW_NAMES:
                self._slow_names.popitem(last=False)
        return await asyncio.shield(answer)

    def _begin(self, place: asyncio.Semaphore | None, host: str, port: int, family: int) -> asyncio.Future[list[Info]]:
        """Begin a look-up; ``place`` is given back when its thread ends, whoever still waits for it by then."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Info]] = loop.create_future()
        began = loop.time()

        def ended(found: list[Info] | Exception) -> None:
            self._threads -= 1
            if place is not None:
                place.release()
            if loop.time() - began < PATIENCE_S:
                self._slow_names.pop(host, None)
            if not answer.done():
                if isinstance(found, Exception):
                    answer.set_exception(found)
                    answer.exception()  # whoever asked may be gone
                else:
                    answer.set_result(found)

        def look_up() -> None:
            found: list[Info] | Exception
            try:
                found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            except Exception as error:  # noqa: BLE001 - OSError, and what names bring about that can't be one
                found = error
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(ended, found)

        self._threads += 1
        if self._threads > MAX_THREADS:
            loop.call_soon(ended, OSError("too many look-ups of names hang; see the name server"))
        else:
            try:
                threading.Thread(target=look_up, name="name", daemon=True).start()
            except RuntimeError:  # the system's limit on threads
                loop.call_soon(ended, OSError("no thread can be started for the look-up of a name"))
        return answer
