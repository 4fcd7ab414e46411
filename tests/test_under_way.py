"""What changes in the archive while a poll is under way: its own outcome goes by that, and takes none of it back."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing

from sqlite_utils import Database

from factory import source_named
from faulty import running
from house import House
from ingest.poll import Report
from origin import Answer, Asked, Origin, rss
from wireroom.config import load_config
from wireroom.engine import Engine

FAR = "2999-01-01T00:00:00Z"


async def become(true: Callable[[], bool]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - the far end is a thread
            await asyncio.sleep(0.01)


async def polling(engine: Engine, origin: Origin) -> asyncio.Task[Report]:
    """Begin a poll → its task, once its request has come in."""
    changes = engine.writer.changes.kept
    source = source_named(engine.reader, "a")
    task = engine.begin(source, changes)
    await become(lambda: len(origin.asked) == 1)
    return task


def held(origin: Origin, release: threading.Event, answer: Answer) -> None:
    """Serve ``answer`` once it is released."""

    def route(_: Asked) -> Answer:
        release.wait(10)
        return answer

    origin.routes["/a"] = route


async def test_trust_in_a_hub_that_ended_meanwhile_stays_ended(house: House, origin: Origin) -> None:
    """Else the source would be polled once a day, though no hub tells of its news any more."""
    release = threading.Event()
    held(origin, release, Answer(rss().encode(), headers={"Link": '<http://127.0.0.1:1/hub>; rel="hub"'}))
    house.configure({"a": origin.url("/a")}, allow=origin.port)
    async with running(house) as engine:
        await engine.write(lambda db: db.execute("UPDATE sources SET pushed_until = ?", [FAR]))
        task = await polling(engine, origin)
        await engine.write(lambda db: db.execute("UPDATE sources SET pushed_until = NULL"))
        release.set()
        await task

    assert house.rows("SELECT last_outcome, pushed_until FROM sources") == [("ok", None)]


async def test_what_another_program_writes_meanwhile_counts(house: House, origin: Origin) -> None:
    """The archive is a plain file: its owner may change a row by hand, also while the daemon runs."""
    release = threading.Event()
    held(origin, release, Answer(b"", 500))
    house.configure({"a": origin.url("/a")}, allow=origin.port)
    async with running(house) as engine:
        task = await polling(engine, origin)
        with closing(sqlite3.connect(house.archive)) as db, db:
            db.execute("UPDATE sources SET failures = 7")
        release.set()
        await task

    assert house.rows("SELECT last_outcome, failures FROM sources") == [("http-error", 8)]


async def test_poll_of_the_old_address_ends_with_the_old_config(house: House, origin: Origin) -> None:
    """Its answer comes after the new config is in the archive, but before the poll is broken off: it is not written."""
    release, writer_is_busy, writer_is_free = threading.Event(), threading.Event(), threading.Event()

    def busy(_: Database) -> None:
        writer_is_busy.set()
        writer_is_free.wait(10)

    held(origin, release, Answer(b"", 410))
    house.configure({"a": origin.url("/a")}, allow=origin.port)
    async with running(house) as engine:
        task = await polling(engine, origin)
        house.configure({"a": origin.url("/b")}, allow=origin.port)
        blocked = asyncio.create_task(engine.write(busy))
        await become(writer_is_busy.is_set)
        reload = asyncio.create_task(engine.reload(load_config(house.config)))
        await become(lambda: engine.writer._jobs.qsize() == 1)
        release.set()
        await become(lambda: engine.writer._jobs.qsize() == 2)
        writer_is_free.set()
        await asyncio.wait({blocked, reload, task})

        assert task.cancelled()
        assert house.rows("SELECT config_id, url, removed_at, gone_at, last_outcome FROM sources") == [
            ("a", origin.url("/b"), None, None, None)
        ]
        await engine.tick()
        assert len(engine.poller.under_way) == 1, "the new address is not polled at once"
