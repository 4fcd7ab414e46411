"""What must write the archive is done by whoever holds it: by ourselves, or by the daemon, which is asked.

IO: sqlite, sockets.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from wireroom.config import Config
from wireroom.control import NO_DOOR_S, ControlError, NoDaemonError, Progress, ask
from wireroom.lock import ArchiveLock, LockHeldError, beside
from wireroom.loop import run

if TYPE_CHECKING:
    from wireroom.engine import Engine


def by_the_holder(
    config: Config, request: dict[str, Any], own: Callable[[Engine], Awaitable[dict[str, Any]]], progress: Progress
) -> dict[str, Any]:
    """Take the archive's lock and do ``own``, or have the daemon that has it answer ``request`` → the result.

    Where another command has it, waits for that one to end. Raises ControlError, ArchiveError, OSError.
    """
    patience = time.monotonic() + NO_DOOR_S
    while True:
        try:
            with ArchiveLock(config.archive, "poll"):
                return run(with_engine(config, own))
        except LockHeldError as held:
            holder = held.holder
        try:
            return ask(config.archive, request, progress)
        except NoDaemonError:
            if holder is not None and holder.command == "run" and time.monotonic() > patience:
                raise ControlError(
                    f"the daemon (process {holder.pid}) does not answer at "
                    f"{beside(config.archive, '.sock')}; restart it"
                ) from None
            time.sleep(0.2)


async def with_engine(config: Config, own: Callable[[Engine], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """Do something with an engine of this process, which holds the lock."""
    from wireroom.engine import Engine  # noqa: PLC0415 - beside a daemon none of it is needed
    from wireroom.log import open_log  # noqa: PLC0415

    log = open_log()
    logging.getLogger().setLevel(logging.WARNING)  # an upgrade is told of, and where the copy is that it leaves
    engine = Engine(config, log)
    try:
        await engine.start()
        logging.getLogger().setLevel(logging.CRITICAL)  # the command itself tells what it did
        return await own(engine)
    finally:
        await engine.close()
