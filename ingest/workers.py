"""The worker processes that digest bodies: each can be killed, and takes only its own task with it. IO: processes.

Two lanes. The ordinary workers have little time for each body, so that one that takes for ever holds up nobody; a
body that they could not finish is tried once more in a process of its own, which has more. Its source is remembered:
next time it goes there at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict

from db.model import Outline
from ingest.bundle import Bundles, died
from ingest.digest import MAX_BYTES, Digested, DigestFault
from ingest.lane import Body, DiedError, Lane, TooLongError

DEADLINE_S = 2.5
SLOW_DEADLINE_S = 10.0
MEMORY_BYTES = 1024**3
MAX_WAITING = 20
"""Bodies in the slow lane and before it: each is held in memory, and may take its whole deadline."""
MAX_SLOW_SOURCES = 10_000


class Workers:
    """Worker processes behind one call, ``digest``. Nothing starts before the first one, or ``start``."""

    def __init__(
        self,
        count: int,
        *,
        deadline_s: float = DEADLINE_S,
        slow_deadline_s: float = SLOW_DEADLINE_S,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._quick = Lane(count, deadline_s=deadline_s, memory_bytes=memory_bytes, niceness=0)
        self._bundles = Bundles(self._quick, count)
        self._slow = Lane(1, deadline_s=slow_deadline_s, memory_bytes=memory_bytes, niceness=10)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._slow_sources: OrderedDict[str, None] = OrderedDict()

    @property
    def killed(self) -> Counter[str]:
        """How many workers were killed over a body, or died: by cause."""
        return self._quick.killed + self._slow.killed

    async def start(self) -> None:
        """Start the ordinary processes, so that the first body need not wait for them."""
        await self._quick.start()

    async def digest(
        self,
        body: bytes,
        content_type: str | None,
        url: str,
        *,
        encoding: str | None = None,
        max_bytes: int = MAX_BYTES,
        outline: Outline | None = None,
        comparing: bool = False,
    ) -> Digested:
        """Digest a body in a worker → what ``ingest.digest.digest`` gives, or a fault ``too-heavy``.

        A deadline counts from when a worker takes the body. ``url`` is also what a slow source is remembered by.
        Cancelling the call kills its worker. Raises RuntimeError where no worker can be started, or when ``close``
        was called.
        """
        asked = Body(body, content_type, url, encoding, max_bytes, outline, comparing)
        if url not in self._slow_sources:
            try:
                return await self._bundles.digest(asked)
            except TooLongError:
                self._remember(url)
        return await self._slowly(asked, url)

    async def close(self) -> None:
        """Stop all workers at once, at work or not; the calls that wait for them raise. Takes well under 2 s."""
        await asyncio.gather(self._quick.close(), self._slow.close())

    def stop(self) -> None:
        """Do so from any thread, also where there is no loop any more."""
        self._quick.stop()
        self._slow.stop()

    async def _slowly(self, body: Body, url: str) -> Digested:
        if self._waiting >= MAX_WAITING:
            message = f"reading it takes longer than {self._quick.deadline_s:g} seconds, and {MAX_WAITING} such wait"
            return DigestFault(kind="too-heavy", message=message)
        self._waiting += 1
        clock = asyncio.get_running_loop().time
        try:
            async with self._turn:  # here, so that only the reading itself is timed
                began = clock()
                (found,) = await self._slow.digest([body])
                if clock() - began < self._quick.deadline_s / 2:
                    self._slow_sources.pop(url, None)
        except TooLongError:
            message = f"reading it took longer than {self._slow.deadline_s:g} seconds"
            return DigestFault(kind="too-heavy", message=message)
        except DiedError as error:
            return died(error)
        finally:
            self._waiting -= 1
        return found

    def _remember(self, url: str) -> None:
        self._slow_sources[url] = None
        self._slow_sources.move_to_end(url)
        if len(self._slow_sources) > MAX_SLOW_SOURCES:
            self._slow_sources.popitem(last=False)
