"""The writer: one thread that owns the only writing connection and commits what is waiting together. IO: sqlite.

Each job runs in a savepoint of its own inside one BEGIN IMMEDIATE: a job that fails rolls back alone, the batch
commits together, and no job is reported done before the commit is on disk. What the batch brought is put into the
search index at its end, in the same transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import queue
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlite_utils import Database

from db.archive import IO_ERROR, ArchiveError
from db.guard import Guard, ends_all, is_busy
from db.index import index_stories
from db.pulse import Pulse

T = TypeVar("T")
MAX_BATCH = 200

PACE_S = 0.05
"""While jobs that can wait come one after another, there is one commit in so long: each costs an fsync."""

IDLE_S = 2.0
"""While there is nothing to do, it is looked so often whether the archive is still there."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be run on the archive, and the future of who waits for it, on its event loop where it has one.

    ``patient``: more may be waited for. ``own``: see ``Writer.write``.
    """

    run: Callable[[Database], Any]
    patient: bool = False
    future: Future[Any] | asyncio.Future[Any] = field(default_factory=Future)
    loop: asyncio.AbstractEventLoop | None = None
    own: bool = False
    given: float = field(default_factory=time.monotonic)

    def begins(self) -> bool:
        """Tell whether it is still wanted; from now on it is finished, whoever leaves."""
        if isinstance(self.future, Future):
            return self.future.set_running_or_notify_cancel()
        return not self.future.cancelled()


class Changes:
    """How often anything but polls may have changed sources: who finds the same number may go by what he has read.

    ``kept``: what is on disk, for any thread to note before it reads. ``now``: for jobs, what is under way included.
    """

    def __init__(self) -> None:
        self.kept = self.now = 0
        self._version = -1

    def look(self, db: Database) -> None:
        """Count what another program wrote since the last look. To be called inside the writer's transaction."""
        ((version,),) = db.conn.execute("PRAGMA data_version").fetchall()
        self.now += version != self._version
        self._version = version


End = tuple[Job, Any, Exception | None]
"""A job, and its result or its failure."""


class Writer:
    """Runs jobs on the archive, one after another. Nothing starts before ``start``; ``close`` finishes what waits."""

    def __init__(self, open_db: Callable[[], Database], *, checkpoints: bool = True) -> None:
        """``checkpoints``: at the end all of the log is written back; else another program does that."""
        self._open = open_db
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._opened: Future[None] = Future()
        self.changes = Changes()
        self.guard = Guard(checkpoints=checkpoints)
        """What the archive's file is going through: its trouble, and whether all writing has ended."""
        self.pulse = Pulse()
        self._closing = False
        self._hurry = threading.Event()  # somebody came who can't wait
        self._rested = -math.inf  # the end of the last commit, on the monotonic clock

    def start(self) -> None:
        """Open the archive on the writer's thread. Raises what opening raises (ArchiveError)."""
        self._thread.start()
        self._opened.result()

    def submit(self, job: Callable[[Database], T], *, patient: bool = False, own: bool = False) -> Future[T]:
        """Queue ``job`` → a future that is done only when its commit is on disk, or has the job's exception.

        A ``patient`` one may be kept for PACE_S, for more to come: not the first after a while, and any that is not
        patient ends the waiting. ``own``: see ``write``.
        """
        future: Future[T] = Future()
        self._queue(Job(job, patient, future, own=own))
        return future

    def write(self, job: Callable[[Database], T], *, patient: bool = False, own: bool = False) -> asyncio.Future[T]:
        """Do what ``submit`` does → a future of the running event loop, which hears of a whole batch at once.

        ``own``: the job changes no row of ``sources``, or as a poll only that of its own source (see ``Changes``).
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue(Job(job, patient, future, loop, own))
        return future

    def _queue(self, job: Job) -> None:
        if self._closing:
            job.future.set_exception(RuntimeError("the writer is closed"))
            return
        self._jobs.put(job)
        if not job.patient:
            self._hurry.set()

    @property
    def alive(self) -> bool:
        """Tell whether its thread runs."""
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """Count the jobs that wait for the next batch."""
        return self._jobs.qsize()

    def close(self) -> None:
        """Finish the jobs that wait, checkpoint, close the connection. Safe to call twice."""
        if not self._closing:
            self._closing = True
            self._jobs.put(None)
            self._hurry.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            db = self._open()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that called start()
            self._opened.set_exception(error)
            return
        try:
            self.guard.attach(db)
        except (sqlite3.Error, OSError) as error:
            db.close()
            self._opened.set_exception(self.guard.judged(error))
            return
        self._opened.set_result(None)
        while batch := self._next_batch(db):
            run_batch(db, batch, lambda: self._closing, self.guard, self.changes, self.pulse)
            self._rested = time.monotonic()
        self.guard.close(db)

    def _next_batch(self, db: Database) -> list[Job]:
        """Wait for a job, then take what else is there; empty when the writer closes."""
        batch: list[Job] = []
        job = self._first(db)
        if job is not None and job.patient and self._jobs.qsize() < MAX_BATCH:
            self._hurry.wait(max(0.0, self._rested + PACE_S - time.monotonic()))
        self._hurry.clear()  # whoever set it is in the queue by now
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

    def _first(self, db: Database) -> Job | None:
        """Wait for a job; None is the closing mark."""
        while True:
            try:
                return self._jobs.get(timeout=IDLE_S)
            except queue.Empty:
                self.guard.look(db)


def run_batch(
    db: Database,
    batch: list[Job],
    give_up: Callable[[], bool],
    guard: Guard | None = None,
    changes: Changes | None = None,
    pulse: Pulse | None = None,
) -> None:
    """Run ``batch`` in one transaction; set every future after the commit. Raises nothing.

    ``give_up``: a stop has come, so no more waiting for another program that holds the archive.
    """
    ends: list[End]
    guard, changes, pulse = guard or Guard(), changes or Changes(), pulse or Pulse()
    pulse.begin()
    try:
        guard.check(db)
        begin(db, give_up, pulse)
        changes.look(db)
        jobs = [job for job in batch if job.begins()]
        ends = [(job, *run_apart(db, job, changes, pulse)) for job in jobs]
        index_stories(db)
        committing = time.monotonic()
        db.execute("COMMIT")
        changes.kept = changes.now
        pulse.committed(committing, [job.given for job in jobs])
        guard.kept(db)
        ends = [(job, result, failure and guard.judged(failure)) for job, result, failure in ends]
    except Exception as error:  # noqa: BLE001 - all of the batch is undone, and all of its callers are told
        with contextlib.suppress(sqlite3.Error):
            if db.conn.in_transaction:
                db.execute("ROLLBACK")
        why = guard.judged(error)
        if db.conn.in_transaction:  # it can't even be undone here; it is, by whoever opens the archive next
            why = guard.fail(ArchiveError(IO_ERROR, f"the archive: {error}, and no way back; start again"))
        pulse.undone()
        ends = [(job, None, why) for job in batch if not job.future.cancelled()]
    by_loop: defaultdict[asyncio.AbstractEventLoop | None, list[End]] = defaultdict(list)
    for end in ends:
        by_loop[end[0].loop].append(end)
    for loop, some in by_loop.items():
        if loop is None:
            settle(some)
        else:
            with contextlib.suppress(RuntimeError):  # it is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, some)


def settle(ends: Sequence[End]) -> None:
    """Tell who waits for the jobs how they ended; on their own event loop, where they have one."""
    for job, result, failure in ends:
        if job.future.cancelled():
            continue
        if failure is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(failure)


def run_apart(db: Database, job: Job, changes: Changes, pulse: Pulse) -> tuple[Any, Exception | None]:
    """Run one job in a savepoint → its result, or its failure, of which nothing is left.

    Raises the failure where it has ended the whole transaction (a full disk may), or must.
    """
    db.conn.execute("SAVEPOINT job")  # sqlite-utils' own has another name each time: none is ever prepared already
    changes.now += not job.own
    pulse.beat()
    try:
        result = job.run(db)
    except Exception as error:
        if not db.conn.in_transaction or ends_all(error):
            raise
        db.conn.execute("ROLLBACK TO job")
        db.conn.execute("RELEASE job")
        pulse.failed += 1
        return None, error
    db.conn.execute("RELEASE job")
    return result, None


def begin(db: Database, give_up: Callable[[], bool], pulse: Pulse) -> None:
    """Begin to write, however long another program holds the archive.

    BEGIN IMMEDIATE: sqlite-utils' own begin is deferred, and a deferred one that reads before it writes fails at once.
    """
    while True:
        try:
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if give_up() or not is_busy(error):
                raise
            pulse.beat(locked=True)  # it waits, and is not stuck
        else:
            return
