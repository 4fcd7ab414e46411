"""The outside half of a poll: fetch → digest. IO: network, files, processes.

It knows nothing of the archive: what a poll must know of its source comes in the task, what it brought goes back as
plain values. So it can be done here or on another machine.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from db.model import Document, Outline
from db.plan import PolledSource
from ingest.answer import with_page
from ingest.digest import DIGEST_VERSION, MAX_BYTES, DigestFault, Unchanged
from ingest.fetched import Fetched, Wanted

if TYPE_CHECKING:
    from ingest.fetch import Fetcher
    from ingest.workers import Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one poll asks for, in plain values that can be sent to another machine.

    ``source`` is the config id, ``domain`` the budget that it falls under (None: a file), ``url`` its address without
    credentials. ``body_hash``, ``outline``: of the document that is in the archive; None where it must be read whole.
    ``comparing``: its entries get what texts are compared by.
    """

    source: str
    domain: str | None
    url: str
    wanted: Wanted
    body_hash: str | None = None
    outline: Outline | None = None
    comparing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a task brought: how it ended (the body is gone by now), and the document where there is one.

    ``offers``: the feeds that an HTML page in its place advertises. ``waited_s``: how long it has lain since it ended,
    by a clock that only goes forward (a batch is handed over as a whole).
    """

    fetched: Fetched
    document: Document | None = None
    offers: tuple[str, ...] = ()
    waited_s: float = 0.0


def task_of(source: PolledSource, wanted: Wanted, *, comparing: bool = False) -> Task:
    """Make the task of a source's poll."""
    is_read = source.digest_version == DIGEST_VERSION
    return Task(
        source=source.config_id,
        domain=source.domain,
        url=source.url,
        wanted=wanted,
        body_hash=source.body_hash if is_read else None,
        outline=source.outline if is_read else None,
        comparing=comparing,
    )


MAX_HELD = 160
"""While so much is in memory, nobody is asked for more: asking is quicker than reading and writing."""
BODY, DOCUMENT = 1, 4
"""What each counts; a document is a body unpacked, and its text once more."""
MAX_DOCUMENTS = MAX_HELD // DOCUMENT
"""While there are as many, bodies wait as they are: they were asked for together, and are smaller so."""


class Collector:
    """Does tasks with this process's own client and workers, any number at once."""

    returns = 0
    """It is never away."""

    def __init__(self, *, fetcher: Fetcher, workers: Workers, max_body_bytes: int = MAX_BYTES) -> None:
        self._fetcher = fetcher
        self._workers = workers
        self._max_body_bytes = max_body_bytes
        self._held = 0
        self._room = asyncio.Event()
        self._room.set()
        self._documents = asyncio.Semaphore(MAX_DOCUMENTS)

    async def collect(self, task: Task) -> Collected:
        """Fetch and digest one source → what it brought; once it is written, ``written`` must be called.

        Raises RuntimeError where no worker can be started.
        """
        fetched = await self._fetcher.fetch(task.wanted, self._has_room)
        body = fetched.body if fetched.body is not None else fetched.page
        if body is None:
            return Collected(fetched=fetched)
        self._hold(BODY)
        try:
            collected, took_s = await self._read_in_turn(task, fetched, body)
        finally:
            self._hold(-BODY)
        if collected.document is not None:
            self._hold(DOCUMENT)
        size, took_s = len(fetched.body or b""), fetched.took_s + took_s
        return replace(collected, fetched=replace(collected.fetched, body=None, page=None, size=size, took_s=took_s))

    async def _read_in_turn(self, task: Task, fetched: Fetched, body: bytes) -> tuple[Collected, float]:
        """Read a body once few enough documents wait to be written → what is in it, and the seconds that took."""
        await self._documents.acquire()
        clock = asyncio.get_running_loop().time
        began, collected = clock(), None
        try:
            collected = await self._read(task, fetched, body)
        finally:
            if collected is None or collected.document is None:
                self._documents.release()
        return collected, clock() - began

    def written(self, collected: Collected) -> None:
        """Hear that what a task brought is in the archive, or never will be."""
        if collected.document is not None:
            self._documents.release()
            self._hold(-DOCUMENT)

    async def ready(self) -> None:
        """Return: the workers start with the first body."""

    async def close(self) -> None:
        """Leave: what is under way ends with who waits for it; the workers are whoever's that gave them."""

    async def _has_room(self) -> None:
        while self._held >= MAX_HELD:
            await self._room.wait()

    def _hold(self, more: int) -> None:
        self._held += more
        if self._held < MAX_HELD:
            self._room.set()
        else:
            self._room.clear()

    async def _read(self, task: Task, fetched: Fetched, body: bytes) -> Collected:
        """Read the body, unless it is the one that was read last time, or look at what stands in its place."""
        if fetched.body is not None and task.body_hash is not None and fetched.body_hash == task.body_hash:
            return Collected(fetched=replace(fetched, outcome="unchanged"))
        found = await self._workers.digest(
            body,
            fetched.content_type,
            fetched.url or task.url,
            encoding=fetched.encoding,
            max_bytes=self._max_body_bytes,
            outline=task.outline if fetched.body is not None else None,
            comparing=task.comparing,
        )
        if isinstance(found, Unchanged):
            return Collected(fetched=replace(fetched, outcome="unchanged"))
        offers = found.offers if isinstance(found, DigestFault) else ()
        if fetched.body is None:
            return Collected(fetched=with_page(fetched, found), offers=offers)
        if isinstance(found, DigestFault):
            return Collected(fetched=replace(fetched, outcome=found.kind, error=found.message), offers=offers)
        return Collected(fetched=fetched, document=found)
