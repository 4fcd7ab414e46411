"""The log: one structured line per event on standard error, JSON or (on a terminal) plain. IO: files.

Control characters in values (a feed's title, a request's path) are escaped, so that nothing can fake a line or drive a
terminal. A log that can't be written never stops the work: the daemon's is written by a thread of its own, and tells
what repeats itself a few times only (``wireroom.log_writer``).
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from wireroom.escape import escaped
from wireroom.log_writer import LogWriter

Log = structlog.stdlib.BoundLogger

NAME = "wireroom"
OURS = logging.getLogger(NAME)


def escape_controls(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Escape control characters in every text value, and put first what every line has."""
    ordered = {name: event.pop(name) for name in ("time", "level", "event") if name in event} | dict(event)
    return {name: escaped(value) if isinstance(value, str) else value for name, value in ordered.items()}


def open_log(*, plain: bool | None = None, debug: bool = False, daemon: bool = False) -> Log:
    """Set up logging for this process → the log. ``plain``: for eyes; None: if standard error is a terminal.

    ``daemon``: it runs for years, so nothing waits for who reads its log, and floods are bounded (not with ``debug``).
    """
    if plain is None:
        plain = sys.stderr is not None and sys.stderr.isatty()
    logging.raiseExceptions = False  # a full or closed log is no reason to stop
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
        escape_controls,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False, timestamp_key="time")
        if plain
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler: logging.Handler = (
        LogWriter(sys.stderr.fileno(), limited=not debug)
        if daemon and sys.stderr is not None
        else logging.StreamHandler(sys.stderr)
    )
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    for noisy in ("asyncio", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("apscheduler.executors").setLevel(logging.CRITICAL)  # wireroom/beat.py tells what a job raises
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it warns of each beat at which a job is still at work
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    log: Log = structlog.stdlib.get_logger(NAME).bind()  # once: what is not bound yet is made anew for every line
    return log


def shows_details() -> bool:
    """Tell whether lines of the level DEBUG are written: most of them are not worth their making."""
    return OURS.isEnabledFor(logging.DEBUG)
