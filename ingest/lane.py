"""Some worker processes with one deadline and one limit on memory. IO: processes.

The workers come from a fork server that has the digest loaded: forking the daemon itself, with its threads, is not
safe, and starting Python for each worker is slow.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import signal
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, NamedTuple

from pebble import ProcessExpired, ProcessPool

from db.model import Outline
from ingest.digest import Digested, digest
from ingest.memory import give_back_large_blocks
from ingest.socket_folder import have_socket_folder

MAX_BUNDLES = 250
"""A worker is replaced after so many bundles of bodies: broken feeds leave garbage behind."""


class Body(NamedTuple):
    """A body that is to be digested: what ``ingest.digest.digest`` is asked with, in its order."""

    content: bytes
    content_type: str | None
    url: str
    encoding: str | None
    max_bytes: int
    outline: Outline | None
    comparing: bool = False


_START_S = 15.0
_CPU_GRACE_S = 10


class TooLongError(Exception):
    """The worker was killed at its deadline."""


class DiedError(Exception):
    """The worker process died; the text says of what."""


class Lane:
    """``count`` worker processes. Nothing starts before the first body, or ``start``."""

    def __init__(self, count: int, *, deadline_s: float, memory_bytes: int, niceness: int) -> None:
        self.deadline_s = deadline_s
        self._count = count
        self._memory_bytes = memory_bytes
        self._niceness = niceness
        self._slots = asyncio.Semaphore(count)  # who waits for a worker waits here: a task given out starts at once
        self._pool: ProcessPool | None = None
        self._tasks: dict[Future[list[Digested]], ProcessPool] = {}
        self._changing = threading.Lock()
        self._closed = False
        self.killed: Counter[str] = Counter()
        """Workers that were: ``deadline``, ``died`` (of too much memory, say)."""

    async def start(self) -> None:
        """Start the processes."""
        await asyncio.to_thread(self._open)

    async def digest(self, bodies: Sequence[Body]) -> list[Digested]:
        """Digest bodies, one after the other in one worker → what ``ingest.digest.digest`` gives, in their order.

        Raises TooLongError past the deadline, which counts from when a worker takes them all; DiedError where it died
        over one of them; RuntimeError where no worker can be started, or when ``close`` was called. Cancelling the
        call kills its worker.
        """
        async with self._slots:
            for _ in range(2):  # a pool whose idle workers were killed is broken; a new one is as good
                pool: ProcessPool = self._pool if self._pool is not None else await asyncio.to_thread(self._open)
                began = asyncio.get_running_loop().time()
                try:
                    return await self._in_worker(pool, bodies)
                except TimeoutError:
                    if asyncio.get_running_loop().time() - began < self.deadline_s + _START_S / 2:
                        self.killed["deadline"] += 1
                        raise TooLongError from None
                    # nobody took it: a worker that was stopped (SIGSTOP) may hold the pipe that all read from
                    await asyncio.to_thread(self._discard, pool)
                except ProcessExpired as error:
                    self.killed["died"] += 1
                    raise DiedError(_cause(error.exitcode)) from None
                except RuntimeError:
                    await asyncio.to_thread(self._discard, pool)
                except asyncio.CancelledError:
                    current = asyncio.current_task()
                    if current is None or current.cancelling():
                        raise
                if self._closed:
                    raise RuntimeError("the workers are closed")
        raise RuntimeError("no worker process can be started; see the system's limits on processes and memory")

    async def close(self) -> None:
        """Stop the processes at once, at work or not; the calls that wait for them raise."""
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """Do so from any thread."""
        self._closed = True
        self._discard(self._pool)

    async def _in_worker(self, pool: ProcessPool, bodies: Sequence[Body]) -> list[Digested]:
        future: Future[list[Digested]] = pool.schedule(
            _limited_digests, args=(bodies, self.deadline_s), timeout=self.deadline_s
        )
        self._tasks[future] = pool
        try:
            async with asyncio.timeout(self.deadline_s + _START_S):  # a worker may die before it says what it took
                return await asyncio.wrap_future(future)
        finally:
            self._tasks.pop(future, None)

    def _open(self) -> ProcessPool:
        with self._changing:
            if self._closed:
                raise RuntimeError("the workers are closed")
            if self._pool is None:
                have_socket_folder()
                context = multiprocessing.get_context("forkserver")
                # __main__ too: else each worker would import the program's start script anew
                context.set_forkserver_preload(["__main__", "ingest.digest"])
                pool = ProcessPool(
                    max_workers=self._count,
                    max_tasks=MAX_BUNDLES,
                    initializer=_begin,
                    initargs=(self._memory_bytes, self._niceness),
                    context=context,
                )
                if not pool.active:  # asking starts it
                    raise RuntimeError("the worker processes could not be started")
                self._pool = pool
            return self._pool

    def _discard(self, pool: ProcessPool | None) -> None:
        """Stop a pool and let go of those who wait for it; a pool forgets their tasks when it stops."""
        with self._changing:
            if pool is None or self._pool is not pool:
                return
            self._pool = None
            stopping: Any = pool  # these methods have no types
            stopping.stop()
            for task, its_pool in list(self._tasks.items()):
                if its_pool is pool:
                    task.cancel()
            stopping.join()


def _begin(memory_bytes: int, niceness: int) -> None:
    """Prepare a worker process: limits, signals, and an end when the daemon ends."""
    os.nice(niceness)
    give_back_large_blocks()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the daemon, which then stops its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # at once, native code or not
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),  # a worker has nothing to write
    ):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
    threading.Thread(target=_end_with_daemon, daemon=True).start()


def _end_with_daemon() -> None:
    """End this process when the daemon ends, however it ends; not the fork server, which waits for its workers."""
    daemon = multiprocessing.parent_process()
    if daemon is not None:
        daemon.join()
        os._exit(0)


def _limited_digests(bodies: Sequence[Body], deadline_s: float) -> list[Digested]:
    """Digest with a limit on processor time too: the kernel keeps it even where nobody is left to watch the clock."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + deadline_s) + _CPU_GRACE_S
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    return [
        digest(
            body.content,
            body.content_type,
            body.url,
            encoding=body.encoding,
            max_bytes=body.max_bytes,
            outline=body.outline,
            comparing=body.comparing,
        )
        for body in bodies
    ]


def _cause(code: int) -> str:
    try:
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    except ValueError:
        return f"killed by signal {-code}"
