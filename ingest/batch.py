"""A batch of tasks → what each brought, in whatever process it comes to. IO: network, files, processes, threads.

One function, ``poll_batch``, that any ``concurrent.futures.Executor`` can run, on this machine or another: it keeps
nothing for its caller. What a process keeps between batches is for the servers' sake and for speed: the pauses and
budgets of hosts, looked-up names, warm worker processes.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing import util
from typing import Any

from ingest.collect import Collected, Collector, Task
from ingest.fetch import Fetcher
from ingest.guard import Allowed, Guard
from ingest.hosts import Hosts
from ingest.memory import give_back_large_blocks
from ingest.workers import Workers

Job = Callable[[bytes], Mapping[str, Any]]
"""What a worker runs: a pickled batch → ``results``, pickled one by one, or ``refused``: why it does none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What holds for all tasks of a batch, in plain values: our name, the guard's exceptions, seconds and bytes.

    ``workers`` is the number of processes that read bodies, in each process that does batches.
    """

    user_agent: str
    allow: tuple[Allowed, ...]
    per_host: int
    pause_s: float
    timeout_s: float
    max_body_bytes: int
    workers: int


@dataclass(frozen=True, slots=True)
class Undone:
    """Why a task could not be done at all, through no fault of its source."""

    error: str


class SenderClock:
    """The time by the clock of who sends the batches, which this machine's own may not be."""

    def __init__(self) -> None:
        self._sent, self._came = datetime.now(UTC), time.monotonic()

    def set(self, sent: datetime) -> None:
        """Take over what time it is there."""
        self._sent, self._came = sent, time.monotonic()

    def __call__(self) -> datetime:
        """Give the time now, UTC."""
        return self._sent + timedelta(seconds=time.monotonic() - self._came)


@dataclass(slots=True)
class Bench:
    """What tasks of the same limits are done with, and by how many batches it is used."""

    collector: Collector
    clock: SenderClock
    users: int = 0


class Station:
    """What one process does batches with: an event loop on a thread of its own, and a bench for each limits."""

    def __init__(self, new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self.process = os.getpid()
        self._loop = new_loop()
        self._benches: dict[Limits, Bench] = {}
        self._hosts: dict[tuple[int, float], Hosts] = {}
        self._workers: dict[int, Workers] = {}
        threading.Thread(target=self._loop.run_forever, name="station", daemon=True).start()
        give_back_large_blocks()
        # before multiprocessing ends the processes one by one: their pool would start others, and the end never come
        util.Finalize(None, self._end, exitpriority=100)

    def do(self, tasks: Sequence[Task], limits: Limits, now: datetime | None) -> list[Collected | Undone]:
        """Do a batch from any other thread, and wait for it."""
        return asyncio.run_coroutine_threadsafe(self._batch(tasks, limits, now), self._loop).result()

    def _end(self) -> None:
        """Stop the worker processes; connections end with this one."""
        for workers in self._workers.values():
            workers.stop()

    async def _batch(self, tasks: Sequence[Task], limits: Limits, now: datetime | None) -> list[Collected | Undone]:
        bench = self._benches.get(limits)
        if bench is None:
            bench = self._benches[limits] = self._made(limits)
        bench.users += 1
        if now is not None:
            bench.clock.set(now)
        try:
            done = await asyncio.gather(*(self._one(bench.collector, task) for task in tasks))
        finally:
            bench.users -= 1
            await self._tidy(limits)
        end = self._loop.time()
        return [
            replace(found, waited_s=end - ended) if isinstance(found, Collected) else found for found, ended in done
        ]

    async def _one(self, collector: Collector, task: Task) -> tuple[Collected | Undone, float]:
        """Do one task → what it brought, and when it ended (loop time)."""
        try:
            collected = await collector.collect(task)
        except Exception as error:  # noqa: BLE001 - whatever keeps one from being done, the others are
            return Undone(str(error) or type(error).__name__), self._loop.time()
        collector.written(collected)  # it leaves with its batch
        return collected, self._loop.time()

    def _made(self, limits: Limits) -> Bench:
        """Make a bench; of other limits too it is remembered which hosts have just been asked."""
        key = (limits.per_host, limits.pause_s)
        hosts = self._hosts.setdefault(
            key, Hosts(per_host=limits.per_host, pause_s=limits.pause_s, clock=self._loop.time)
        )
        workers = self._workers.setdefault(limits.workers, Workers(limits.workers))
        clock = SenderClock()
        fetcher = Fetcher(
            user_agent=limits.user_agent,
            guard=Guard(limits.allow),
            hosts=hosts,
            timeout_s=limits.timeout_s,
            max_body_bytes=limits.max_body_bytes,
            now=clock,
        )
        return Bench(Collector(fetcher=fetcher, workers=workers, max_body_bytes=limits.max_body_bytes), clock)

    async def _tidy(self, present: Limits) -> None:
        """Drop what other limits left behind, once nobody uses it."""
        idle = [limits for limits, bench in self._benches.items() if not bench.users and limits != present]
        for one in idle:  # all, before anything is waited for: they may come again
            del self._benches[one]
        used = {limits.workers for limits in self._benches}
        workers = [self._workers.pop(count) for count in set(self._workers) - used]
        for left in workers:
            await left.close()


_station: Station | None = None
_making = threading.Lock()


def poll_batch(
    tasks: Sequence[Task],
    limits: Limits,
    now: datetime | None = None,
    new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
) -> list[Collected | Undone]:
    """Fetch and digest the sources of a batch, all at once → what each brought, in their order.

    ``now`` is the time by the sender's clock; ``new_loop`` makes the event loop of the first batch and all that follow.
    Blocks until the last one is done: a source that takes long holds up the others of its batch, up to the timeout.
    Any number of batches may be done at once, on threads of one process.
    """
    global _station  # noqa: PLW0603 - one for each process, kept between batches
    with _making:
        if _station is None or _station.process != os.getpid():  # a fork has the parent's, without its thread
            _station = Station(new_loop)
        station = _station
    return station.do(tasks, limits, now)
