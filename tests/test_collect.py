"""The outside half of a poll: how much of what it brings is in memory at once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from ingest.collect import MAX_HELD, Collector, Task
from ingest.digest import Digested, DigestFault
from ingest.fetch import MAX_FILES, Fetcher
from ingest.fetched import Fetched, Wanted
from ingest.guard import Guard
from ingest.hosts import Hosts
from ingest.workers import Workers


class Held(Workers):
    """Workers that let go of nothing before they are told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def digest(self, *_: Any, **__: Any) -> Digested:
        """Hold a body."""
        await self.go.wait()
        return DigestFault(kind="not-a-feed", message="")


class Counted(Fetcher):
    """A fetcher that counts what it has fetched."""

    fetched = 0

    async def fetch(self, *asked: Any) -> Fetched:
        """Fetch and count."""
        found = await super().fetch(*asked)
        self.fetched += 1
        return found


def test_files_are_read_no_faster_than_they_are_digested(tmp_path: Path) -> None:
    """As bodies from servers, those of very many files wait on the disk, not in memory."""
    path = tmp_path / "feed.xml"
    path.write_text("<rss/>", encoding="utf-8")

    async def held() -> tuple[int, int]:
        workers, clock = Held(), asyncio.get_running_loop().time
        fetcher = Counted(
            user_agent="",
            guard=Guard([]),
            hosts=Hosts(per_host=1, pause_s=0, clock=clock),
            timeout_s=5,
            max_body_bytes=9,
        )
        collector = Collector(fetcher=fetcher, workers=workers)
        task = Task(source="file", domain=None, url="", wanted=Wanted(url="", path=path))
        asked = [asyncio.create_task(collector.collect(task)) for _ in range(3 * MAX_HELD)]
        while fetcher.fetched < MAX_HELD:
            await asyncio.to_thread(int)
        for _ in range(MAX_FILES):  # what was being read by now has come
            await asyncio.to_thread(int)
        before = fetcher.fetched
        workers.go.set()
        await asyncio.gather(*asked)
        return before, fetcher.fetched

    before, after = asyncio.run(held())
    assert MAX_HELD <= before <= MAX_HELD + MAX_FILES
    assert after == 3 * MAX_HELD
