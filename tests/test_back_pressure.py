"""What is in memory between a server and the archive is bounded: nobody is asked for more while it is full."""

from __future__ import annotations

import asyncio
import ipaddress
import threading

import pytest

from ingest import collect
from ingest.collect import Collector, Task
from ingest.fetch import Fetcher
from ingest.fetched import Wanted
from ingest.guard import Allowed, Guard
from ingest.hosts import Hosts
from ingest.workers import Workers
from origin import Answer, Asked, Origin, item, rss


def task(origin: Origin, path: str) -> Task:
    """Make the task of a source that was never read."""
    return Task(source=path, domain="d", url=origin.url(path), wanted=Wanted(url=origin.url(path)))


async def test_while_it_is_full_nobody_is_asked(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document takes its place until it is written; then the next source is asked."""
    monkeypatch.setattr(collect, "MAX_HELD", 2 * collect.DOCUMENT)
    written = threading.Event()
    seen: list[bool] = []

    def late(_: Asked) -> Answer:
        seen.append(written.is_set())
        return Answer(rss(item(3)).encode())

    origin.feed("/1", rss(item(1)))
    origin.feed("/2", rss(item(2)))
    origin.feed("/between", rss(item(4)))
    origin.routes["/3"] = late
    workers = Workers(1)
    fetcher = Fetcher(
        user_agent="x",
        guard=Guard([Allowed(ipaddress.ip_network("127.0.0.1"), origin.port)]),
        hosts=Hosts(per_host=9, pause_s=0, clock=asyncio.get_running_loop().time),
        timeout_s=10,
        max_body_bytes=100_000,
    )
    collector = Collector(fetcher=fetcher, workers=workers)
    try:
        first = await collector.collect(task(origin, "/1"))
        second = await collector.collect(task(origin, "/2"))
        third = asyncio.create_task(collector.collect(task(origin, "/3")))
        between = await fetcher.fetch(Wanted(url=origin.url("/between")))  # asked for later, by who is not held back
        written.set()
        collector.written(first)
        brought = await asyncio.wait_for(third, 10)
        collector.written(second)
        collector.written(brought)
    finally:
        await workers.close()

    assert between.outcome == "ok"
    assert seen == [True]
    assert brought.document is not None
    assert collector._held == 0
