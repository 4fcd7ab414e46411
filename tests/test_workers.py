"""The worker processes: killable, and no worker takes more than its own task with it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from db.model import Document
from ingest import workers as workers_module
from ingest.digest import DigestFault
from ingest.workers import Workers

URL = "https://example.org/feed.xml"
GOOD = b"""<rss version="2.0"><channel><title>T</title>
<item><guid isPermaLink="false">1</guid><title>A</title></item></channel></rss>"""
ATTRIBUTES = b"<rss version='2.0'><channel><item " + b" ".join(b"a%d='1'" % n for n in range(100_000)) + b"/></channel>"


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    pool = Workers(2, deadline_s=2)
    await pool.start()
    yield pool
    await pool.close()


def worker_pids(pool: Workers) -> list[int]:
    assert pool._pool is not None
    return list(pool._pool._pool_manager.worker_manager.workers)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until(true: Callable[[], bool], seconds: float) -> bool:
    """Wait for something to become true, at most ``seconds``."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:  # noqa: ASYNC110 - it happens in other processes
        await asyncio.sleep(0.05)
    return true()


async def test_a_body_becomes_a_document(workers: Workers) -> None:
    """A worker gives back the document, as a plain value."""
    document = await workers.digest(GOOD, "application/rss+xml", URL)

    assert isinstance(document, Document)
    assert [entry.raw_id for entry in document.entries] == ["1"]


async def test_a_fault_comes_back_as_a_value(workers: Workers) -> None:
    """What is no feed gives a fault, and the worker goes on."""
    fault = await workers.digest(b"<html></html>", "text/html", URL)

    assert fault == DigestFault(kind="not-a-feed", message="an HTML page, not a feed")


async def test_a_large_body_goes_through(workers: Workers) -> None:
    """Bodies of megabytes pass both ways, several at once."""
    body = GOOD.replace(b"<title>A</title>", b"<title>A</title><description>" + b"word " * 800_000 + b"</description>")

    documents = await asyncio.gather(*(workers.digest(body, None, URL) for _ in range(3)))

    for document in documents:
        assert isinstance(document, Document)
        assert document.entries[0].words > 30_000


async def test_the_deadline_kills_and_costs_only_its_own_task(workers: Workers) -> None:
    """A body of 100,000 attributes, minutes of work, ends at the deadline; the others are read meanwhile."""
    started = time.monotonic()
    bomb, *others = await asyncio.gather(
        workers.digest(ATTRIBUTES, None, URL), *(workers.digest(GOOD, None, URL) for _ in range(10))
    )

    assert bomb == DigestFault(kind="too-heavy", message="reading it took longer than 2 seconds")
    assert time.monotonic() - started < 8
    assert all(isinstance(other, Document) for other in others)
    assert isinstance(await workers.digest(GOOD, None, URL), Document)


async def test_a_dying_worker_costs_only_its_own_task(workers: Workers) -> None:
    """A worker that is killed at work gives a fault that names the signal; the other task is not touched."""
    before = worker_pids(workers)
    victim = asyncio.create_task(workers.digest(ATTRIBUTES, None, URL))
    tasks = workers._pool._pool_manager.task_manager.tasks  # type: ignore[union-attr]
    assert await until(lambda: any(task.worker_id for task in tasks.values()), 5)
    pid = next(task.worker_id for task in tasks.values() if task.worker_id)
    os.kill(pid, signal.SIGSEGV)
    other = await workers.digest(GOOD, None, URL)

    assert await victim == DigestFault(kind="too-heavy", message="its worker process died over it (killed by SIGSEGV)")
    assert isinstance(other, Document)
    assert await until(lambda: len(worker_pids(workers)) == 2, 5)
    assert pid in before


async def test_idle_workers_that_are_killed_are_replaced(workers: Workers) -> None:
    """When something kills the idle workers, the next body finds new ones."""
    for pid in worker_pids(workers):
        os.kill(pid, signal.SIGKILL)
    documents = [await workers.digest(GOOD, None, URL) for _ in range(3)]

    assert all(isinstance(document, Document) for document in documents)


async def test_memory_is_limited() -> None:
    """A body that would need more memory than a worker may have gives a fault, and the next body is read."""
    entity = b'<!DOCTYPE rss [<!ENTITY a "%s">]>' % (b"x" * 100)
    body = entity + b"<rss version='2.0'><channel><item><title>%s</title></item></channel></rss>" % (b"&a;" * 1_000_000)
    pool = Workers(1, deadline_s=60, memory_bytes=400 * 1024**2)
    fault = await pool.digest(body, None, URL)
    after = await pool.digest(GOOD, None, URL)
    await pool.close()

    assert fault == DigestFault(kind="too-heavy", message="reading it took more memory than a worker may use")
    assert isinstance(after, Document)


async def test_cancelling_a_call_frees_its_worker() -> None:
    """A call that is given up does not keep its worker busy."""
    pool = Workers(1, deadline_s=60)
    call = asyncio.create_task(pool.digest(ATTRIBUTES, None, URL))
    await until(lambda: bool(pool._tasks), 5)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    document = await asyncio.wait_for(pool.digest(GOOD, None, URL), 10)
    await pool.close()

    assert isinstance(document, Document)


async def test_close_is_quick_and_lets_go_of_who_waits() -> None:
    """Closing stops workers at work at once; calls that wait for them end with a clear error."""
    pool = Workers(1, deadline_s=60)
    calls = [asyncio.create_task(pool.digest(ATTRIBUTES, None, URL)) for _ in range(3)]
    assert await until(lambda: bool(pool._tasks), 5)
    pids = worker_pids(pool)
    started = time.monotonic()
    await pool.close()
    took = time.monotonic() - started
    results = await asyncio.gather(*calls, return_exceptions=True)

    assert took < 2
    assert [str(result) for result in results] == ["the workers are closed"] * 3
    assert not any(is_alive(pid) for pid in pids)
    with pytest.raises(RuntimeError, match="closed"):
        await pool.digest(GOOD, None, URL)


async def test_close_before_start() -> None:
    """Closing what never started is no error."""
    await Workers(1).close()


async def test_workers_end_with_a_daemon_that_is_killed(tmp_path: Path) -> None:
    """After kill -9 of the daemon no worker stays behind, not even one at work."""
    script = tmp_path / "daemon.py"
    script.write_text(
        textwrap.dedent("""
            import asyncio
            from ingest.workers import Workers

            BOMB = b"<rss version='2.0'><channel><item " + b" ".join(b"a%d='1'" % n for n in range(100_000)) + b"/>"

            async def main() -> None:
                pool = Workers(2, deadline_s=60)
                await pool.start()
                task = asyncio.create_task(pool.digest(BOMB, None, "https://example.org/"))
                while not pool._tasks:
                    await asyncio.sleep(0.05)
                await asyncio.sleep(0.5)
                print(*pool._pool._pool_manager.worker_manager.workers, flush=True)
                await task

            if __name__ == "__main__":
                asyncio.run(main())
        """)
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(workers_module.__file__).parents[1])}
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, str(script), stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert daemon.stdout is not None
    pids = [int(pid) for pid in (await daemon.stdout.readline()).split()]
    running = [is_alive(pid) for pid in pids]
    daemon.kill()
    await daemon.wait()

    assert running == [True, True]
    assert await until(lambda: not any(is_alive(pid) for pid in pids), 10)
