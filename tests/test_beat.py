"""The daemon's jobs go on whatever becomes of the clock."""

from __future__ import annotations

import asyncio
import itertools
import time
from datetime import datetime, timedelta, tzinfo
from typing import Any

import apscheduler.schedulers.base
import pytest

import wireroom.beat
from wireroom.beat import beating
from wireroom.log import open_log


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(days=-30)], ids=["forward", "back"])
async def test_jobs_go_on_when_the_clock_is_set(monkeypatch: pytest.MonkeyPatch, jump: timedelta) -> None:
    """Set forward by a year, nothing is made up for; set back by a month, nothing waits for the old time."""
    shift = timedelta()
    ran: list[float] = []

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + shift

    async def job() -> None:
        ran.append(time.monotonic())

    for module in (apscheduler.schedulers.base, wireroom.beat):
        monkeypatch.setattr(module, "datetime", Clock)
    async with beating({"job": job}, open_log()):
        await asyncio.sleep(1.5)
        before, shift = len(ran), jump
        await asyncio.sleep(4.5)

    assert before >= 1
    assert 2 <= len(ran) - before <= 5
    assert all(later - earlier > 0.3 for earlier, later in itertools.pairwise(ran))


async def test_beat_at_which_a_job_is_still_at_work_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    """It is passed over, and no line of the log tells of it."""
    ran: list[int] = []

    async def job() -> None:
        ran.append(1)
        await asyncio.sleep(5)

    async with beating({"job": job}, open_log()):
        await asyncio.sleep(2.5)

    assert ran == [1]
    assert capsys.readouterr().err == ""


async def test_job_that_raises_runs_again() -> None:
    """An error is logged, and the next beat comes."""
    ran: list[int] = []

    async def job() -> None:
        ran.append(1)
        raise OSError("no disk")

    async with beating({"job": job}, open_log()):
        await asyncio.sleep(2.5)

    assert len(ran) >= 2
