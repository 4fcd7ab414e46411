"""The worker processes that digest bodies: each can be killed, and takes only its own task with it. IO: processes.

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
from concurrent.futures import Future
from typing import Any

from pebble import ProcessExpired, ProcessPool

from db.model import Document
from ingest.digest import DigestFault, digest

DEADLINE_S = 20.0
MEMORY_BYTES = 1024**3
MAX_TASKS = 1000
"""A worker is replaced after so many bodies: broken feeds leave garbage behind."""

_START_S = 15.0
_CPU_GRACE_S = 10


class Workers:
    """Worker processes behind one call, ``digest``. Nothing starts before the first one, or ``start``."""

    def __init__(self, count: int, *, deadline_s: float = DEADLINE_S, memory_bytes: int = MEMORY_BYTES) -> None:
        self._count = count
        self._deadline_s = deadline_s
        self._memory_bytes = memory_bytes
        self._slots = asyncio.Semaphore(count)  # who waits for a worker waits here: a task given out starts at once
        self._pool: ProcessPool | None = None
        self._tasks: dict[Future[Document | DigestFault], ProcessPool] = {}
        self._changing = threading.Lock()
        self._closed = False

    async def start(self) -> None:
        """Start the processes, so that the first body need not wait for them."""
        await asyncio.to_thread(self._open)

    async def digest(
        self,
        body: bytes,
        content_type: str | None,
        url: str,
        *,
        encoding: str | None = None,
        max_bytes: int = 10_000_000,
    ) -> Document | DigestFault:
        """Digest a body in a worker → what ``ingest.digest.digest`` gives, or a fault ``too-heavy``.

        The deadline counts from when a worker takes the body. Cancelling the call kills its worker. Raises
        RuntimeError where no worker can be started, or when ``close`` was called.
        """
        async with self._slots:
            for _ in range(2):  # a pool whose idle workers were killed is broken; a new one is as good
                pool: ProcessPool = self._pool if self._pool is not None else await asyncio.to_thread(self._open)
                try:
                    return await self._in_worker(pool, body, content_type, url)
                except TimeoutError:
                    return _too_heavy(f"reading it took longer than {self._deadline_s:g} seconds")
                except ProcessExpired as error:
                    return _too_heavy(f"its worker process died over it ({_cause(error.exitcode)})")
                except RuntimeError:
                    await asyncio.to_thread(self._discard, pool)
                except asyncio.CancelledError:
                    task = asyncio.current_task()
                    if task is None or task.cancelling():
                        raise
                if self._closed:
                    raise RuntimeError("the workers are closed")
        raise RuntimeError("no worker process can be started; see the system's limits on processes and memory")

    async def close(self) -> None:
        """Stop all workers at once, at work or not; the calls that wait for them raise. Takes well under 2 s."""
        self._closed = True
        await asyncio.to_thread(self._discard, self._pool)

    async def _in_worker(
        self, pool: ProcessPool, body: bytes, content_type: str | None, url: str
    ) -> Document | DigestFault:
        task: Future[Document | DigestFault] = pool.schedule(
            _limited_digest, args=(body, content_type, url, self._deadline_s), timeout=self._deadline_s
        )
        self._tasks[task] = pool
        try:
            async with asyncio.timeout(self._deadline_s + _START_S):  # a worker may die before it says what it took
                return await asyncio.wrap_future(task)
        finally:
            self._tasks.pop(task, None)

    def _open(self) -> ProcessPool:
        with self._changing:
            if self._closed:
                raise RuntimeError("the workers are closed")
            if self._pool is None:
                context = multiprocessing.get_context("forkserver")
                # __main__ too: else each worker would import the program's start script anew
                context.set_forkserver_preload(["__main__", "ingest.digest"])
                pool = ProcessPool(
                    max_workers=self._count,
                    max_tasks=MAX_TASKS,
                    initializer=_begin,
                    initargs=(self._memory_bytes,),
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


def _begin(memory_bytes: int) -> None:
    """Prepare a worker process: limits, signals, and an end when the daemon ends."""
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


def _limited_digest(body: bytes, content_type: str | None, url: str, deadline_s: float) -> Document | DigestFault:
    """Digest with a limit on processor time too: the kernel keeps it even where nobody is left to watch the clock."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + deadline_s) + _CPU_GRACE_S
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    return digest(body, content_type, url)


def _too_heavy(message: str) -> DigestFault:
    return DigestFault(kind="too-heavy", message=message)


def _cause(code: int) -> str:
    try:
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    except ValueError:
        return f"killed by signal {-code}"
