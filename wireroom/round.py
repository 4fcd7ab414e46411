"""``wireroom poll``: one round, by ourselves, or by the daemon that holds the archive. IO: network, sqlite, sockets."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

from wireroom.config import Config
from wireroom.control import NoDaemonError, Progress, ask
from wireroom.lock import ArchiveLock, LockHeldError


def poll_round(config: Config, sources: Sequence[str], *, due: bool, progress: Progress) -> dict[str, Any]:
    """Poll once and publish → the round's result (see ``Engine.round``).

    Takes the archive's lock; where a daemon has it, the daemon does the round; where another `wireroom poll` has it,
    waits for that one to end. Raises ControlError, ArchiveError, OSError.
    """
    request = {"do": "poll", "sources": list(sources), "due": due}
    while True:
        try:
            with ArchiveLock(config.archive, "poll"):
                return asyncio.run(own_round(config, sources, due=due, progress=progress))
        except LockHeldError:
            pass
        try:
            return ask(config.archive, request, progress)
        except NoDaemonError:
            time.sleep(0.2)


async def own_round(config: Config, sources: Sequence[str], *, due: bool, progress: Progress) -> dict[str, Any]:
    """Do the round in this process, which holds the lock."""
    from wireroom.engine import Engine  # noqa: PLC0415 - beside a daemon none of it is needed
    from wireroom.log import open_log  # noqa: PLC0415

    log = open_log()
    logging.getLogger().setLevel(logging.ERROR)  # the round's own summary tells of failed sources
    engine = Engine(config, log)
    try:
        await engine.start()
        return await engine.round(sources, due=due, progress=progress)
    finally:
        await engine.close()
