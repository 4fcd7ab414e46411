"""The worker processes: killable, in two lanes, and no worker takes more than its own task with it."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import signal
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from db.model import Document
from ingest import workers as workers_module
from ingest.digest import DigestFault
from ingest.lane import Lane
from ingest.workers import Workers

URL = "https://example.org/feed.xml"
GOOD = b"""<rss version="2.0"><channel><title>T</title>
<item><guid isPermaLink="false">1</guid><title>A</title></item></channel></rss>"""
# Each entity is a piece of text to the parser; with broken markup at the end it begins again: 8 s of work.
HEAVY = b"<rss version='2.0'><channel><item><title>" + b"&amp;a" * 1_600_000 + b"</title></item></channel><"
SOME = HEAVY.replace(b"&amp;a" * 1_400_000, b"")


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    pool = Workers(2, deadline_s=1, slow_deadline_s=2)
    await pool.start()
    yield pool
    await pool.close()


def worker_pids(lane: Lane) -> list[int]:
    assert lane._pool is not None
    return list(lane._pool._pool_manager.worker_manager.workers)


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


async def test_a_packed_body_is_unpacked_in_the_worker(workers: Workers) -> None:
    """The encoding and the cap go to the worker: a bomb takes no memory of the daemon's."""
    document = await workers.digest(gzip.compress(GOOD), None, URL, encoding="gzip")
    fault = await workers.digest(gzip.compress(GOOD), None, URL, encoding="gzip", max_bytes=100)

    assert isinstance(document, Document)
    assert fault == DigestFault(kind="too-large", message="unpacked, the body is over 100 bytes ([poll] max_body)")


async def test_the_deadline_kills_and_costs_only_its_own_task(workers: Workers) -> None:
    """A body that takes too long in either lane ends at the deadlines; the others are read meanwhile."""
    bomb = asyncio.create_task(workers.digest(HEAVY, None, URL))
    others = await asyncio.gather(*(workers.digest(GOOD, None, f"{URL}?{n}") for n in range(10)))
    slow = await until(lambda: URL in workers._slow_sources, 20)
    later = [await workers.digest(GOOD, None, f"{URL}?{n}") for n in range(10)]
    waits = not bomb.done()

    assert all(isinstance(other, Document) for other in (*others, *later))
    assert slow
    assert waits  # its second try goes on, and none of those that came later waited for it
    assert await bomb == DigestFault(kind="too-heavy", message="reading it took longer than 2 seconds")


async def test_what_needs_more_time_gets_it() -> None:
    """A body that is too much for an ordinary worker, and no bomb, is read in the slow lane."""
    pool = Workers(1, deadline_s=0.2, slow_deadline_s=60)
    document = await pool.digest(SOME, None, URL)
    await pool.close()

    assert isinstance(document, Document)
    assert document.salvaged


async def test_a_slow_source_goes_to_the_slow_lane_at_once(workers: Workers) -> None:
    """What an ordinary worker was killed over does not get to one again: none is killed the second time."""
    await workers.digest(HEAVY, None, URL)
    assert await until(lambda: len(worker_pids(workers._quick)) == 2, 10)
    before = sorted(worker_pids(workers._quick))
    again = await workers.digest(HEAVY, None, URL)

    assert isinstance(again, DigestFault)
    assert sorted(worker_pids(workers._quick)) == before


async def test_a_source_that_is_quick_again_is_forgotten() -> None:
    """A source that has mended goes back to the ordinary workers."""
    pool = Workers(1, deadline_s=30)
    pool._remember(URL)
    document = await pool.digest(GOOD, None, URL)
    used, remembered = pool._slow._pool is not None, URL in pool._slow_sources
    await pool.close()

    assert isinstance(document, Document)
    assert (used, remembered) == (True, False)


async def test_the_memory_for_slow_sources_is_bounded(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are forgotten; one that was slow again counts as new."""
    monkeypatch.setattr(workers_module, "MAX_SLOW_SOURCES", 3)
    for url in ("a", "b", "c", "a", "d"):
        workers._remember(url)

    assert list(workers._slow_sources) == ["c", "a", "d"]


async def test_the_slow_lane_is_bounded(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many waiting bodies, which are all held in memory, a slow source must come back another time."""
    monkeypatch.setattr(workers_module, "MAX_WAITING", 2)
    for n in range(4):
        workers._remember(f"{URL}?{n}")
    results = await asyncio.gather(*(workers.digest(HEAVY, None, f"{URL}?{n}") for n in range(4)))

    full = DigestFault(kind="too-heavy", message="reading it takes longer than 1 seconds, and 2 such wait")
    assert results[2:] == [full, full]
    assert workers._waiting == 0


async def test_kills_leave_nothing_behind() -> None:
    """After many kills there are as many processes, descriptors and threads as before."""
    pool = Workers(2, deadline_s=0.1, slow_deadline_s=0.2)
    await asyncio.gather(*(pool.digest(HEAVY, None, f"{URL}?first{n}") for n in range(2)))
    assert await until(lambda: len(worker_pids(pool._quick)) == 2 and len(worker_pids(pool._slow)) == 1, 10)

    def now() -> tuple[int, int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), len(descendants())

    before = now()
    faults = await asyncio.gather(*(pool.digest(HEAVY, None, f"{URL}?{n}") for n in range(15)))
    same = await until(lambda: now() == before, 10)
    after = now()
    await pool.close()

    assert all(isinstance(fault, DigestFault) for fault in faults)
    assert same, (before, after)


def descendants() -> set[int]:
    """List all living processes below this one."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(path.parent.name)] = int(parent)
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found and pid not in found}:
        found |= more
    return found - {os.getpid()}


async def test_a_dying_worker_costs_only_its_own_task(workers: Workers) -> None:
    """A worker that is killed at work gives a fault that names the signal; the other task is not touched."""
    before = worker_pids(workers._quick)
    victim = asyncio.create_task(workers.digest(HEAVY, None, URL))
    tasks = workers._quick._pool._pool_manager.task_manager.tasks  # type: ignore[union-attr]
    assert await until(lambda: any(task.worker_id for task in tasks.values()), 5)
    pid = next(task.worker_id for task in tasks.values() if task.worker_id)
    os.kill(pid, signal.SIGSEGV)
    other = await workers.digest(GOOD, None, URL)

    assert await victim == DigestFault(kind="too-heavy", message="its worker process died over it (killed by SIGSEGV)")
    assert isinstance(other, Document)
    assert await until(lambda: len(worker_pids(workers._quick)) == 2, 5)
    assert pid in before


async def test_idle_workers_that_are_killed_are_replaced(workers: Workers) -> None:
    """When something kills the idle workers, the next body finds new ones."""
    for pid in worker_pids(workers._quick):
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
    call = asyncio.create_task(pool.digest(HEAVY, None, URL))
    await until(lambda: bool(pool._quick._tasks), 5)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    document = await asyncio.wait_for(pool.digest(GOOD, None, URL), 10)
    await pool.close()

    assert isinstance(document, Document)


async def test_close_is_quick_and_lets_go_of_who_waits() -> None:
    """Closing stops workers at work at once; calls that wait for them end with a clear error."""
    pool = Workers(1, deadline_s=60)
    calls = [asyncio.create_task(pool.digest(HEAVY, None, URL)) for _ in range(3)]
    assert await until(lambda: bool(pool._quick._tasks), 5)
    pids = worker_pids(pool._quick)
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

            BOMB = b"<rss version='2.0'><channel><item><title>" + b"&amp;a" * 1_600_000 + b"</title><"

            async def main() -> None:
                pool = Workers(2, deadline_s=60)
                await pool.start()
                task = asyncio.create_task(pool.digest(BOMB, None, "https://example.org/"))
                while not pool._quick._tasks:
                    await asyncio.sleep(0.05)
                await asyncio.sleep(0.5)
                print(*pool._quick._pool._pool_manager.worker_manager.workers, flush=True)
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
