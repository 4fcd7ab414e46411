"""After the archive took nothing (a full disk), what sends things leaves it alone for a while. IO: the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from db.archive import ArchiveError
from wireroom.log import Log

REST_S = 60


class Rest:
    """Times are the event loop's, seconds; ``event``: what the log says of what could not be written down."""

    def __init__(self, log: Log, event: str) -> None:
        self._log = log
        self._event = event
        self._now_s = 0.0
        self._until = 0.0

    def rests(self, now_s: float | None = None) -> bool:
        """Tell whether it is left alone now; without a time, as of the last one that was given."""
        self._now_s = self._now_s if now_s is None else now_s
        return self._now_s < self._until

    def failed(self, error: BaseException) -> None:
        """Take notice of what ended without being written down."""
        self._until = self._now_s + REST_S
        self._log.error(self._event, error=str(error), exc_info=error)

    @contextmanager
    def unless_taken(self) -> Iterator[None]:
        """Begin a rest where the archive takes nothing in the body. Raises what it raises."""
        try:
            yield
        except (ArchiveError, sqlite3.Error):
            self._until = self._now_s + REST_S
            raise
