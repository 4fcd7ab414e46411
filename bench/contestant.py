"""One contestant in a process of its own: polls the farm's feeds whenever its standard input says so.

Its arguments are a name (wireroom, reader, bare) and a JSON file; every command that is read (the public methods below)
is answered by one line of JSON. What it imports from outside the standard library is
imported at ``start``, so that another Python can run it. IO: network, sqlite, files.
"""

from __future__ import annotations

import asyncio
import cProfile
import io
import json
import logging
import pstats
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WARM = b"<rss version='2.0'><channel><title>t</title><item><title>warm</title></item></channel></rss>"


class Wireroom:
    """The engine as `wireroom run` has it, asked for forced rounds as `wireroom poll` asks."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._path = Path(settings["folder"]) / "config.toml"
        self._level = logging.ERROR if settings["quiet"] else logging.INFO

    async def start(self) -> dict[str, Any]:
        """Start everything, the worker processes too."""
        from wireroom.config import load_config
        from wireroom.engine import Engine
        from wireroom.garbage import keep_what_is_there, uncollected
        from wireroom.log import open_log

        config = load_config(self._path)
        self._engine = Engine(config, open_log(plain=False))
        logging.getLogger().setLevel(self._level)
        with uncollected():
            await self._engine.start()
            keep_what_is_there()
        warm = (self._engine.workers.digest(WARM, None, f"http://warm.example/{n}") for n in range(config.poll.workers))
        await asyncio.gather(*warm)
        return {}

    async def poll(self) -> dict[str, Any]:
        """Poll all sources, publish the topics."""
        result = await self._engine.round((), due=False, progress=lambda _: None)
        return {"failed": result["failed"]}

    async def count(self) -> dict[str, Any]:
        """Count what is kept."""
        return {"kept": self._engine.reader.execute("SELECT count(*) FROM entries").fetchone()[0]}

    async def profile(self) -> dict[str, Any]:
        """Poll as ``poll`` does → what took the time on the loop's thread and on the writer's."""
        loop, writer = cProfile.Profile(time.thread_time), cProfile.Profile(time.thread_time)
        await self._engine.write(lambda _: writer.enable())
        loop.enable()
        await self.poll()
        loop.disable()
        await self._engine.write(lambda _: writer.disable())
        return {"loop": profiled(loop), "writer": profiled(writer)}

    async def profile_digest(self) -> dict[str, Any]:
        """Digest some bodies here instead of in a worker → what took the time."""
        from documents import CONTENT_TYPES, Edition, document, kind_of

        from ingest.digest import digest

        url = "http://site.example/feed.xml"
        bodies = [(document(n, Edition(), url), CONTENT_TYPES[kind_of(n)], url) for n in range(100)]
        digest(*bodies[0])
        profile = cProfile.Profile(time.thread_time)
        profile.enable()
        for body in bodies:
            digest(*body)
        profile.disable()
        return {"digest of 100 bodies": profiled(profile)}

    async def close(self) -> dict[str, Any]:
        """Stop everything."""
        await self._engine.close()
        return {}


class Reader:
    """The ``reader`` library, with its defaults and the threads that its guide advises."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings

    async def start(self) -> dict[str, Any]:
        """Open its database, add the feeds (that time is told, and not counted), poll one of them for the imports."""
        from reader import make_reader

        self._reader = make_reader(str(Path(self._settings["folder"]) / "reader.sqlite"))
        if self._settings["reader_search"]:
            self._reader.enable_search()
        began = time.process_time()
        for url in self._settings["addresses"]:
            self._reader.add_feed(url)
        added_s = time.process_time() - began
        first = self._settings["addresses"][0]
        self._reader.update_feed(first)
        self._reader.delete_feed(first)
        self._reader.add_feed(first)
        return {"uncounted_s": added_s}

    async def poll(self) -> dict[str, Any]:
        """Update all feeds, those too that it would leave alone for an hour."""
        self._reader.update_feeds(scheduled=False, workers=self._settings["reader_workers"])
        if self._settings["reader_search"]:
            self._reader.update_search()
        return {}

    async def count(self) -> dict[str, Any]:
        """Count what is kept."""
        return {"kept": self._reader.get_entry_counts().total}

    async def close(self) -> dict[str, Any]:
        """Close its database."""
        self._reader.close()
        return {}


class Bare:
    """A loop that stores nothing: one session with its defaults, validators in a dict, feedparser with its defaults."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._addresses = settings["addresses"]
        self._at_once = settings["at_once"]
        self._validators: dict[str, dict[str, str]] = {}

    async def start(self) -> dict[str, Any]:
        """Make the session."""
        import aiohttp
        import feedparser

        feedparser.parse(io.BytesIO(WARM))
        self._parse = feedparser.parse
        self._session = aiohttp.ClientSession()
        return {}

    async def poll(self) -> dict[str, Any]:
        """Fetch all, parse what is new."""
        turns = asyncio.Semaphore(self._at_once)

        async def one(url: str) -> None:
            async with turns, self._session.get(url, headers=self._validators.get(url)) as response:
                body = await response.read()
                if response.status == 200:
                    self._parse(io.BytesIO(body))
                    names = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
                    self._validators[url] = {
                        asked: response.headers[name] for name, asked in names.items() if name in response.headers
                    }

        await asyncio.gather(*map(one, self._addresses))
        return {}

    async def count(self) -> dict[str, Any]:
        """It keeps nothing."""
        return {}

    async def close(self) -> dict[str, Any]:
        """Close the session."""
        await self._session.close()
        return {}


def profiled(profile: cProfile.Profile, lines: int = 20) -> str:
    """Write what took most of a thread's processor time: functions by themselves, and ours with all that they call."""
    text = io.StringIO()
    stats = pstats.Stats(profile, stream=text)
    stats.sort_stats("tottime").print_stats(lines)
    stats.sort_stats("cumtime").print_stats(r"/(wireroom|ingest|db|feeds)/\w+\.py", lines)
    return re.sub(
        r"/\S*/(?:site-packages|python[\d.]+)/|" + re.escape(f"{Path(__file__).parent.parent}/"), "", text.getvalue()
    )


async def obey(contestant: Any) -> None:
    """Read commands until ``close``, or until who gives them has ended."""
    command = ""
    while command != "close":
        command = (await asyncio.to_thread(sys.stdin.readline)).strip() or "close"
        do: Callable[[], Any] = getattr(contestant, command)
        print(json.dumps(await do()), flush=True)


if __name__ == "__main__":
    chosen = {"wireroom": Wireroom, "reader": Reader, "bare": Bare}[sys.argv[1]]
    main = obey(chosen(json.loads(Path(sys.argv[2]).read_text())))
    if sys.argv[1] == "wireroom":
        from wireroom.loop import run

        run(main)  # as its commands do
    else:
        asyncio.run(main)
