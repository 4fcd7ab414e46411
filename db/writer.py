"""The writer: one thread that owns the only writing connection and commits what is waiting together. IO: sqlite.

Each job runs in a savepoint of its own inside one BEGIN IMMEDIATE: a job that fails rolls back alone, the batch
commits together, and no job is reported done before the commit is on disk.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from db.archive import IO_ERROR, ArchiveError

T = TypeVar("T")
Job = tuple[Callable[[Database], Any], "Future[Any]"]

MAX_BATCH = 200


class Writer:
    """Runs jobs on the archive, one after another. Nothing starts before ``start``; ``close`` finishes what waits."""

    def __init__(self, open_db: Callable[[], Database]) -> None:
        self._open = open_db
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._opened: Future[None] = Future()
        self._closing = False

    def start(self) -> None:
        """Open the archive on the writer's thread. Raises what opening raises (ArchiveError)."""
        self._thread.start()
        self._opened.result()

    def submit(self, job: Callable[[Database], T]) -> Future[T]:
        """Queue ``job`` → a future that is done only when its commit is on disk, or has the job's exception."""
        future: Future[T] = Future()
        if self._closing:
            future.set_exception(RuntimeError("the writer is closed"))
        else:
            self._jobs.put((job, future))
        return future

    def close(self) -> None:
        """Finish the jobs that wait, checkpoint, close the connection. Safe to call twice."""
        if not self._closing:
            self._closing = True
            self._jobs.put(None)
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            db = self._open()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that called start()
            self._opened.set_exception(error)
            return
        still_there = watch(db)
        self._opened.set_result(None)
        while batch := self._next_batch():
            run_batch(db, batch, give_up=lambda: self._closing, still_there=still_there)
        with contextlib.suppress(sqlite3.Error):  # where a reader is in the way, the log stays beside the file: no loss
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()

    def _next_batch(self) -> list[Job]:
        """Wait for a job, then take what else is there; empty when the writer closes."""
        batch: list[Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == MAX_BATCH:
                return batch
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch
        if batch:
            self._jobs.put(None)  # the closing mark is for the next round
        return batch


def watch(db: Database) -> Callable[[], bool]:
    """Remember which file ``db`` is → a call that tells whether its path still leads there.

    A file that was removed or replaced under us takes every write and keeps none.
    """
    ((path,),) = list(db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'"))
    opened = Path(path).stat() if path else None

    def still_there() -> bool:
        try:
            return opened is None or os.path.samestat(opened, Path(path).stat())
        except OSError:
            return False

    return still_there


def run_batch(
    db: Database, batch: list[Job], give_up: Callable[[], bool], still_there: Callable[[], bool] = lambda: True
) -> None:
    """Run ``batch`` in one transaction; set every future after the commit. Raises nothing.

    ``give_up``: a stop has come, so no more waiting for another program that holds the archive.
    """
    done: list[tuple[Future[Any], Any]] = []
    failed: list[tuple[Future[Any], BaseException]] = []
    try:
        if not still_there():
            raise ArchiveError(
                IO_ERROR, "the archive was removed or replaced while in use; put it back and start again"
            )
        begin(db, give_up)
        for job, future in batch:
            if not future.set_running_or_notify_cancel():
                continue
            try:
                with db.atomic():
                    result = job(db)
            except Exception as error:
                if not db.conn.in_transaction:  # disk full and the like end the whole transaction
                    raise
                failed.append((future, error))
            else:
                done.append((future, result))
        db.execute("COMMIT")
    except Exception as error:  # noqa: BLE001 - all of the batch is undone, and all of its callers are told
        if db.conn.in_transaction:
            db.execute("ROLLBACK")
        failed = [(future, error) for _, future in batch if not future.cancelled()]
        done = []
    for future, result in done:
        future.set_result(result)
    for future, failure in failed:
        future.set_exception(failure)


def begin(db: Database, give_up: Callable[[], bool]) -> None:
    """Begin to write, however long another program holds the archive.

    BEGIN IMMEDIATE: sqlite-utils' own begin is deferred, and a deferred one that reads before it writes fails at once.
    """
    while True:
        try:
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if give_up() or not (getattr(error, "sqlite_errorname", "") or "").startswith("SQLITE_BUSY"):
                raise
        else:
            return
