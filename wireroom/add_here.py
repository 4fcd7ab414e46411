"""A running daemon adds a source to its config, as ``wireroom add`` does, and takes it over. IO: network, files."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from db.model import Document
from ingest.digest import DigestFault, Unchanged
from ingest.fetched import Fetched
from wireroom.add import AddError, Finder, Found, refuse_known
from wireroom.config import Config
from wireroom.config_edit import add_sources
from wireroom.config_faults import ConfigError
from wireroom.config_tables import check_id
from wireroom.config_tags import check_tag
from wireroom.control import ControlError
from wireroom.parts import make_fetcher
from wireroom.reload import Reloader
from wireroom.source_memory import places_of
from wireroom.source_names import Ids, addresses
from wireroom.source_tables import NewSource
from wireroom.sources_told import described, source_told
from wireroom.units import parse_duration

if TYPE_CHECKING:
    from wireroom.engine import Engine

FIND_S = 60
"""So long may all the addresses together take that are tried for a feed."""


async def add_here(engine: Engine, reloader: Reloader, request: dict[str, Any]) -> dict[str, Any]:
    """Find the feed at ``request["url"]``, write it into the config, reload → what was found, as ``add --json`` has it.

    ``id``, ``tags``, ``every`` are the new source's own, if given; with ``dry_run`` nothing is written. What is fetched
    goes through the poller's own guard, and the budgets of its hosts. Raises ControlError.
    """
    try:
        id_, tags, every = checked(request)
        addresses(request["url"])
    except ValueError as error:
        raise ControlError(str(error).replace("|", "; "), 2) from None

    def choose(now: Config) -> Sequence[NewSource]:
        refuse_known(places_of(now.sources, now.archive), found.url)
        ids = Ids(now.sources)
        if id_ is not None and (holder := ids.holder(id_)) is not None:
            raise AddError(f"{id_!r} is used already by source {holder!r}; choose another")
        made = id_ or ids.make(found.document.title, found.url)
        return [NewSource(id=made, url=found.url, tags=tags, every=every)]

    dry_run = bool(request.get("dry_run"))
    try:
        async with asyncio.timeout(FIND_S):
            found = await find(engine, request["url"])
        written = await asyncio.to_thread(add_sources, engine.config.path, choose, dry_run=dry_run)
    except TimeoutError:
        raise ControlError(f"no feed was found there within {FIND_S} s") from None
    except (AddError, OSError) as error:
        raise ControlError(str(error)) from error
    except ConfigError as error:
        raise ControlError("; ".join(map(str, error.faults)), 78) from error
    source = written.sources[0]
    faults = [] if dry_run else await reloader.reload()
    if faults:
        raise ControlError(f"it is in the config, but the daemon can't take that over: {'; '.join(faults)}")
    told = {**described(found), "source": source_told(source), "written": not dry_run, "line": written.line}
    return {"did": "add", **told}


def checked(request: dict[str, Any]) -> tuple[str | None, tuple[str, ...], str | None]:
    """Check what is asked of a new source, as the config would → its id, tags, rhythm. Raises ValueError."""
    id_, every = request.get("id"), request.get("every")
    if every is not None:
        parse_duration(every)
    tags = tuple(dict.fromkeys(map(check_tag, request.get("tags") or ())))
    return check_id(id_) if id_ is not None else None, tags, every


async def find(engine: Engine, typed: str) -> Found:
    """Find the feed at an address. Raises AddError."""
    config = engine.config

    async def digest(body: bytes, fetched: Fetched, url: str) -> Document | DigestFault:
        most = config.poll.max_body_bytes
        found = await engine.workers.digest(body, fetched.content_type, url, encoding=fetched.encoding, max_bytes=most)
        assert not isinstance(found, Unchanged)  # it was compared with nothing
        return found

    known = await asyncio.to_thread(places_of, config.sources, config.archive)
    fetcher = make_fetcher(config, engine.hosts)
    return await Finder(fetch=fetcher.fetch, digest=digest, known=known).find(typed)
