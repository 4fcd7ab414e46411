"""The daemon's few jobs, each run every second, whatever becomes of the clock. IO: clock.

APScheduler goes by the clock on the wall. Set forward (a laptop that slept, a machine without a clock of its own that
finds the time), its interval trigger lists every second that was missed: a year of them takes minutes and gigabytes.
Set back, it sleeps until the old time comes round again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from db.archive import ArchiveError
from wireroom.log import Log

BEAT_S = 1


class Beat(BaseTrigger):  # type: ignore[misc] # it has no types
    """Once a beat, in step; beats that were missed are passed over in one go."""

    def get_next_fire_time(self, last: datetime | None, now: datetime) -> datetime:
        """Give the next time."""
        beat = timedelta(seconds=BEAT_S)
        return now + beat if last is None or last > now else last + beat * ((now - last) // beat + 1)


@contextlib.asynccontextmanager
async def beating(jobs: Mapping[str, Callable[[], Awaitable[object]]], log: Log) -> AsyncIterator[None]:
    """Run each job once a beat while the body runs, never twice at once; what it raises is logged once."""
    said: dict[str, str] = {}

    def failed(event: JobExecutionEvent) -> None:
        before, said[event.job_id] = said.get(event.job_id), str(event.exception)
        if isinstance(event.exception, ArchiveError) or said[event.job_id] == before:
            return  # wireroom/archive_watch.py tells of it; once is enough
        log.error("job failed", job=event.job_id, error=str(event.exception), exc_info=event.exception)

    scheduler = AsyncIOScheduler(
        timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )

    def done(event: JobExecutionEvent) -> None:
        said.pop(event.job_id, None)

    scheduler.add_listener(failed, EVENT_JOB_ERROR)
    scheduler.add_listener(done, EVENT_JOB_EXECUTED)
    for name, job in jobs.items():
        scheduler.add_job(quietly, Beat(), [job], id=name)
    scheduler.start()
    watching = asyncio.create_task(watch(scheduler))
    try:
        yield
    finally:
        watching.cancel()
        scheduler.shutdown(wait=False)


async def quietly(job: Callable[[], Awaitable[object]]) -> None:
    """Run a job; that a stop breaks it off is no error of it."""
    with contextlib.suppress(asyncio.CancelledError):
        await job()


async def watch(scheduler: AsyncIOScheduler) -> None:
    """Have jobs that the clock left behind run now."""
    while True:
        await asyncio.sleep(BEAT_S)
        now = datetime.now(UTC)
        for job in scheduler.get_jobs():
            if job.next_run_time > now + timedelta(seconds=2 * BEAT_S):
                job.modify(next_run_time=now)
