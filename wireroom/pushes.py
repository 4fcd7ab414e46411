"""A push leads to a poll and to nothing else: soon, once, and again where that poll came too early. IO: sqlite.

Pushes of one subscription beyond its bucket wait, and become one poll together. What is remembered here may be lost: a
push that is in the archive comes due again at the next start, and the backup poll finds the rest.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from db.model import Subscription
from db.subscriptions import poll_by, write_push
from db.times import iso, iso_after
from ingest.poll import Report
from ingest.websub import Bucket, take
from wireroom.engine import Engine

LOOK_AGAIN_S = 300
"""A hub may be quicker than its publisher's own caches: a poll that finds nothing new is made once more, after this."""


class Pushes:
    """Turns signed pushes into polls. ``tick`` does what has become due meanwhile."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._buckets: dict[int, Bucket] = {}  # by subscription
        self._late: dict[int, Subscription] = {}  # pushes beyond the bucket, likewise
        self._during: set[str] = set()  # sources that were pushed while their poll was under way
        self._unseen: dict[str, int] = {}  # sources with news that no poll has found yet → their row
        self._again: dict[int, datetime] = {}  # when these rows are to be polled once more

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
        for source_id, when in list(self._again.items()):
            now = datetime.now(UTC)
            await self._engine.write(lambda db: poll_by(db, source_id, iso_after(when), iso(now)))  # noqa: B023
            self._again.pop(source_id, None)

    def polled(self, report: Report) -> None:
        """Hear how a poll ended: whether what was pushed is found, or the source is to be polled once more."""
        source_id = self._unseen.get(report.source)
        if source_id is None:
            return
        now = datetime.now(UTC)
        if report.source in self._during:
            self._during.remove(report.source)
            self._again[source_id] = now
            return
        del self._unseen[report.source]
        if report.good and not report.new and not report.changed:
            self._again[source_id] = now + timedelta(seconds=max(LOOK_AGAIN_S, self._engine.config.poll.floor_s))

    def _take(self, one: Subscription) -> bool:
        """Take one from the subscription's bucket, if there is one."""
        bucket, taken = take(self._buckets.get(one.id, Bucket()), asyncio.get_running_loop().time())
        self._buckets[one.id] = bucket
        return taken

    async def _apply(self, one: Subscription) -> None:
        """Write the push down, by which its source is due."""
        before = one.source_id in self._engine.poller.under_way
        await self._engine.write(lambda db: write_push(db, one, iso(datetime.now(UTC))))
        self._unseen[one.source] = one.source_id
        if before and one.source_id in self._engine.poller.under_way:
            self._during.add(one.source)  # that poll may have asked before the news was there, and plans the next one
