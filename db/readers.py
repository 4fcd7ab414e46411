"""Read-only connections for who asks from outside: each on a thread of its own, a few at once. IO: sqlite, threads."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from db.archive import open_reader
from db.search import limited

T = TypeVar("T")

READERS = 4
MAX_WAITING = 32
"""So many questions may wait for a connection; more are refused at once, before they pile up."""
MAX_READ_S = 5.0
"""A page that takes longer to read is broken off."""


class BusyError(Exception):
    """Too many ask at once; who asks may come again in a moment."""


class Readers:
    """Some connections to one archive, all read-only."""

    def __init__(
        self, archive: Path, count: int = READERS, met: Callable[[Exception], object] = lambda _: None
    ) -> None:
        self.archive = archive
        self._met = met  # is told what is wrong with the archive
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="reader")
        self._own = threading.local()
        self._opened: list[Database] = []
        self._asked = 0
        self._most = count + MAX_WAITING

    async def read(self, job: Callable[[Database], T], limit_s: float = MAX_READ_S) -> T:
        """Run ``job`` on a connection, all that it reads as of one moment → its result.

        Raises BusyError, ArchiveError, QueryError where it takes longer than ``limit_s``, and what the job raises.
        """
        if self._asked >= self._most:
            raise BusyError
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, job, limit_s)
        except sqlite3.DatabaseError as error:
            self._met(error)
            raise
        finally:
            self._asked -= 1

    def _read(self, job: Callable[[Database], T], limit_s: float) -> T:
        db: Database | None = getattr(self._own, "db", None)
        if db is None:
            db = self._own.db = open_reader(self.archive)
            self._opened.append(db)
        db.execute("BEGIN")
        try:
            with limited(db, limit_s):
                return job(db)
        finally:
            if db.conn.in_transaction:
                db.execute("ROLLBACK")

    async def close(self) -> None:
        """Let what is being read end, and close all."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        for db in self._opened:
            try:
                db.close()
            except sqlite3.Error:  # pragma: no cover - nothing is lost by it
                continue
