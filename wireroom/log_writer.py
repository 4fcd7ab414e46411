"""The daemon's log is written by a thread of its own: who reads it, or does not, never holds up the work. IO: files.

A pipe that nobody reads (a stopped collector, a terminal at Ctrl-S) blocks whoever writes to it; a full disk refuses.
Lines wait here then, up to a bound; what is beyond is counted, and the count is told when there is room again.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import os
import select
import threading
import time
from collections import deque
from datetime import UTC, datetime

from wireroom.log_limit import Limit, key_of

MOST_BYTES = 4_000_000
"""So much waits for a slow reader."""

LOOK_S = 5.0
"""So often it is looked for what is to be told of lines that were left out."""

FLUSH_S = 1.0
"""At the end nobody waits for a reader longer than this."""

AGAIN_S = 0.5
"""A line that could not be written at all is tried once more after so long."""


class LogWriter(logging.Handler):
    """Writes each record as a line to ``fd``, with what is repeated left out (``wireroom.log_limit``)."""

    def __init__(self, fd: int, *, limited: bool = True) -> None:
        super().__init__()
        self._fd = fd
        self._limit: Limit[logging.LogRecord] | None = Limit() if limited else None
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._lost = 0
        self._works = True  # the last line could be written
        self._torn = False  # the last line ended in its middle
        self._news = threading.Condition()
        self._idle = True
        self._looked = time.monotonic()
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record's line. Raises nothing, and waits for nothing."""
        fields = record.msg if isinstance(record.msg, dict) else {"event": record.name, "error": str(record.msg)}
        trouble = record.levelno >= logging.WARNING
        if self._limit is not None and record.levelno > logging.DEBUG:
            with self._news:
                if not self._limit.lets(key_of(fields), record, time.monotonic(), trouble=trouble):
                    return
        self._queue(record)

    def _queue(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):
            line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
            with self._news:
                if self._size + len(line) > MOST_BYTES:
                    self._lost += 1
                    return
                self._lines.append(line)
                self._size += len(line)
                self._idle = False
                self._news.notify_all()

    def flush(self) -> None:
        """Wait until all is written, but not for long."""
        self._tell(all_of_it=True)
        with self._news:
            self._news.wait_for(lambda: self._idle, FLUSH_S)

    def _tell(self, *, all_of_it: bool = False) -> None:
        """Queue a line for those that were left out, and one for those that were lost."""
        now = time.monotonic()
        stamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        with self._news:
            over = self._limit.left_out(now, all_of_it=all_of_it) if self._limit is not None else []
            has_room = self._works and self._size < MOST_BYTES // 2
            lost, self._lost = (self._lost, 0) if has_room else (0, self._lost)
        for last, more in over:
            record = copy.copy(last)
            if isinstance(last.msg, dict):
                record.msg = {**last.msg, "time": stamp, "more": more}
            self._queue(record)
        if lost:
            mend = "whoever reads the log is too slow, or its disk is full"
            said = {"event": "log", "level": "warning", "time": stamp, "lost": lost, "trouble": mend}
            record = logging.LogRecord("wireroom", logging.WARNING, "", 0, said, None, None)
            record._logger, record._name = None, "warning"  # noqa: SLF001 - by these structlog knows its own
            self._queue(record)

    def _run(self) -> None:
        while True:
            with self._news:
                if not self._lines:
                    self._idle = True
                    self._news.notify_all()
                    self._news.wait(LOOK_S)
                line = self._lines.popleft() if self._lines else None
            if line is not None:
                self._works = self._write(line)
                with self._news:
                    self._size -= len(line)
                    self._lost += not self._works
            if (self._lost and self._works) or time.monotonic() - self._looked >= LOOK_S:
                self._looked = time.monotonic()
                self._tell()

    def _write(self, line: bytes) -> bool:
        """Write a line, however long that takes → whether it is there."""
        rest = memoryview(b"\n" + line if self._torn else line)
        for last in (False, True):
            try:
                while rest:
                    rest = rest[self._take(rest) :]
                    self._torn = len(rest) > 0
            except OSError:
                if last or not self._works:
                    return False
                time.sleep(AGAIN_S)
            else:
                return True
        return False

    def _take(self, some: memoryview) -> int:
        """Write as much as is taken at once → how much that was; where it is nothing, wait for room."""
        try:
            return os.write(self._fd, some)
        except BlockingIOError:  # whoever shares the pipe has set it so
            select.select([], [self._fd], [])
            return 0
