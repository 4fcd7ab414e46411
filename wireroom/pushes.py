"""A push leads to a poll and to nothing else: soon, once, and again where that poll came too early. IO: sqlite.

Pushes of one subscription beyond its bucket wait, and become one poll together. What is remembered here may be lost: a
push that is in the archive comes due again at the next start, and the backup poll finds the rest.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial

from db.model import Subscription
from db.subscriptions import poll_by, tell_source, write_push
from db.times import iso, iso_after
from ingest.poll import Report
from ingest.websub import Bucket, take
from wireroom.clock import utc_now
from wireroom.engine import Engine

LOOK_AGAIN_S = 300
"""A hub may be quicker than its publisher's own caches: a poll that finds nothing new is made once more, after this."""


class Pushes:
    """Turns signed pushes into polls. ``tick`` does what has become due meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._buckets: dict[int, Bucket] = {}  # by subscription
        self._late: dict[int, Subscription] = {}  # pushes beyond the bucket, likewise
        self._unseen: dict[str, Subscription] = {}  # by source: pushes whose news no poll has found yet
        self._during: set[str] = set()  # those of them that came while a poll was under way …
        self._retold: list[Subscription] = []  # … and that has ended since
        self._again: dict[int, datetime] = {}  # rows of sources, and when they are to be polled once more

    async def push(self, one: Subscription) -> None:
        """Take a push whose signature is good. Raises what the archive raises."""
        if self._take(one):
            await self._apply(one)
        else:
            self._late[one.id] = one

    async def tick(self) -> None:
        """Apply late pushes, and ask for the polls that are to be made again. Raises what the archive raises."""
        for one in list(self._late.values()):
            if self._take(one):
                await self._apply(one)
                self._late.pop(one.id, None)
        while self._retold:
            one = self._retold[0]
            await self._engine.write(partial(tell_source, one=one, now=iso(utc_now())))
            self._retold.remove(one)
        for source_id, when in list(self._again.items()):
            await self._engine.write(partial(poll_by, source_id=source_id, when=iso_after(when)))
            self._again.pop(source_id, None)

    def polled(self, report: Report) -> None:
        """Hear how a poll ended: whether what was pushed is found, or the source is to be polled once more."""
        one = self._unseen.get(report.source)
        if one is None:
            return
        if report.source in self._during:
            self._during.remove(report.source)
            self._retold.append(one)
            return
        del self._unseen[report.source]
        if report.good and not report.new and not report.changed:
            wait = timedelta(seconds=max(LOOK_AGAIN_S, self._engine.config.poll.floor_s))
            self._again[one.source_id] = utc_now() + wait

    def _take(self, one: Subscription) -> bool:
        """Take one from the subscription's bucket, if there is one."""
        bucket, taken = take(self._buckets.get(one.id, Bucket()), asyncio.get_running_loop().time())
        self._buckets[one.id] = bucket
        return taken

    async def _apply(self, one: Subscription) -> None:
        """Write the push down, by which its source is due."""
        before = one.source_id in self._engine.poller.under_way
        await self._engine.write(partial(write_push, one=one, now=iso(utc_now())))
        self._unseen[one.source] = one
        if before and one.source_id in self._engine.poller.under_way:
            self._during.add(one.source)  # it may have asked too early, and plans its next as if nothing had been told
