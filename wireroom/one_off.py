"""What a command fetches once, through the poller's own client and guard. IO: network, processes, files."""

from __future__ import annotations

import sys
from pathlib import Path

from db.model import Document
from ingest.digest import DigestFault, Unchanged
from ingest.fetched import Fetched, Wanted
from ingest.parsed import MalformedError
from ingest.unpack import unpack
from ingest.workers import Workers
from wireroom.add import AddError, Finder, Found
from wireroom.config import Config
from wireroom.loop import run
from wireroom.opml import MAX_BYTES
from wireroom.parts import make_fetcher, make_hosts
from wireroom.source_memory import places_of
from wireroom.source_names import addresses, is_typed_address, shown


def find_feed(config: Config, typed: str) -> Found:
    """Find the feed at an address → it. Raises AddError, ValueError where it is no address."""

    async def find() -> Found:
        fetcher, workers = make_fetcher(config, make_hosts(config)), Workers(1)

        async def digest(body: bytes, fetched: Fetched, url: str) -> Document | DigestFault:
            most = config.poll.max_body_bytes
            found = await workers.digest(body, fetched.content_type, url, encoding=fetched.encoding, max_bytes=most)
            assert not isinstance(found, Unchanged)  # it was compared with nothing
            return found

        known = places_of(config.sources, config.archive)
        try:
            return await Finder(fetch=fetcher.fetch, digest=digest, known=known).find(typed)
        finally:
            await workers.close()

    return run(find())


def read_list(config: Config, place: str) -> bytes:
    """Read a list from a file, an address, or standard input (``-``) → its bytes. Raises AddError, OSError."""
    if place == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    if not is_typed_address(place):
        with Path(place).open("rb") as file:
            return file.read(MAX_BYTES + 1)

    async def fetch() -> bytes:
        fetcher = make_fetcher(config, make_hosts(config))
        for url in addresses(place):
            fetched = await fetcher.fetch(Wanted(url=url))
            if fetched.body is not None:
                return unpack(fetched.body, fetched.encoding, MAX_BYTES)
        raise AddError(f"{shown(url)}: {fetched.error or fetched.outcome}")

    try:
        return run(fetch())
    except (ValueError, MalformedError) as error:
        raise AddError(f"{shown(place)}: {str(error).replace('|', '; ')}") from None
