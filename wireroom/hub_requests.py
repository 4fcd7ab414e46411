"""Requests to our hub: taken, and verified with who they are said to be from. IO: network, sqlite.

A request is answered at once and kept in memory until its callback has been asked; a stop or crash forgets those few,
as if their callbacks had not answered: who subscribes asks again. What was verified is in the archive.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from db.model import Format
from db.subscribers import document_version, has_room, is_subscribed, subscribe, unsubscribe
from db.times import iso
from feeds.websub_hub import (
    Asking,
    Bucket,
    Mode,
    RefusedAskingError,
    confirms,
    denial_url,
    feed_name,
    take,
    topic_name,
    verification_url,
)
from wireroom.clock import utc_now
from wireroom.courier import Courier, UndeliveredError, host_of, told
from wireroom.engine import Engine
from wireroom.subscriber import shown

MAX_PENDING, MAX_PENDING_OF_HOST = 500, 50
MAX_BUCKETS = 2_000
VERIFY_S = 10
"""So long a callback has to say whether a request was meant."""
BUSY = "Too many requests; ask again in a minute."
FULL = "There is no room for more subscriptions of this callback's host."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A request that was taken and is to be verified. ``version``: the document's, when it was asked for."""

    asking: Asking
    topic: str
    format: Format
    host: str
    version: int


def topics_by_name(engine: Engine) -> Mapping[str, str]:
    """List the topics that have an address, by public name."""
    return {public: topic for topic, public in engine.press.names.items()}


def topic_at(engine: Engine, name: str, fmt: Format, topics: Mapping[str, str]) -> str | None:
    """Find the topic that a public name leads to, also one that it had before → its config id.

    ``topics`` is what ``topics_by_name`` gives.
    """
    if name in topics:
        return topics[name]
    address = engine.press.moved(name, fmt)
    found = feed_name(f"topics/{address.rpartition('/')[2]}") if address is not None else None
    return topics.get(found[0]) if found is not None else None


class Requests:
    """What was asked of the hub and is not verified yet."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pending: dict[tuple[str, str, Format, Mode], Pending] = {}
        self._buckets: dict[str, Bucket] = {}  # by host of the callback
        self.courier = Courier(self._failed, strangers=True)
        self.courier.deadline_s = VERIFY_S

    def _failed(self, error: BaseException) -> None:
        self._engine.log.error("subscription not recorded", error=str(error), exc_info=error)

    def take(self, asking: Asking, now_s: float) -> None:
        """Take a request; it is verified soon. ``now_s`` is the loop's time. Raises RefusedAskingError, sqlite3.Error.

        Who unsubscribes what there is not gets the answer of who does, and no request of ours.
        """
        engine = self._engine
        found = topic_name(asking.topic, engine.config.base_url)
        topic = topic_at(engine, *found, topics_by_name(engine)) if found is not None else None
        if found is None or topic is None:
            raise RefusedAskingError(
                404, "hub.topic is no feed of ours: send the address that the feed names as its own."
            )
        fmt, host = found[1], host_of(asking.callback)
        subscribed = is_subscribed(engine.reader, topic, fmt, asking.callback)
        if asking.mode == "subscribe" and not subscribed and not has_room(engine.reader, host):
            raise RefusedAskingError(503, FULL)
        self._take_turn(host, now_s)
        # of two requests for one thing the later one counts
        self._pending.pop((asking.callback, topic, fmt, "subscribe"), None)
        self._pending.pop((asking.callback, topic, fmt, "unsubscribe"), None)
        if asking.mode == "subscribe" or subscribed:
            self._pending[asking.callback, topic, fmt, asking.mode] = Pending(
                asking=asking, topic=topic, format=fmt, host=host, version=document_version(engine.reader, topic, fmt)
            )
        self.begin()

    def _take_turn(self, host: str, now_s: float) -> None:
        """Count a request for a callback's host. Raises RefusedAskingError where there are too many."""
        if len(self._buckets) > MAX_BUCKETS:  # hosts that were left alone for long have full buckets: as good as none
            newest = sorted(self._buckets, key=lambda one: self._buckets[one].at)[-MAX_BUCKETS // 2 :]
            self._buckets = {one: self._buckets[one] for one in newest}
        self._buckets[host], taken = take(self._buckets.get(host, Bucket(at=now_s)), now_s)
        of_host = Counter(one.host for one in self._pending.values())[host]
        if not taken or len(self._pending) >= MAX_PENDING or of_host >= MAX_PENDING_OF_HOST:
            raise RefusedAskingError(429, BUSY)

    def begin(self) -> None:
        """Begin to verify what waits, as far as there is room."""
        if self._engine.closing:
            return
        for key, one in list(self._pending.items()):
            if self.courier.begin(key[:3], one.host, partial(self._verify, one), self.begin):
                del self._pending[key]

    async def _verify(self, one: Pending) -> None:
        """Ask a callback whether a request was meant, and write it down if so (5.3)."""
        engine, asking = self._engine, one.asking
        challenge = secrets.token_urlsafe(32)
        error = None
        if not self._stands(one):
            await self._deny(one, "There is no such topic any more.")
            return
        try:
            answer = await self.courier.ask(engine.config, "GET", verification_url(asking, challenge))
            if not confirms(answer.status, answer.body, challenge):
                error = f"HTTP status {answer.status}, and not its challenge"
        except UndeliveredError as failure:
            error = told(failure)
        if error is None:
            error = await self._write(one)
        say = {"topic": one.topic, "format": one.format, "callback": shown(asking.callback)}
        if error is not None:
            engine.log.info("subscriber not verified", mode=asking.mode, **say, error=error)
        else:
            engine.log.info("subscriber", mode=asking.mode, **say)

    async def _write(self, one: Pending) -> str | None:
        """Write down what was verified → why not, if not. The topic may have another address by now."""
        engine, asking, now = self._engine, one.asking, utc_now()
        if asking.mode == "unsubscribe":
            await engine.writer.write(lambda db: unsubscribe(db, one.topic, one.format, asking.callback), own=True)
            return None
        if not self._stands(one):
            await self._deny(one, "There is no such topic any more.")
            return "the topic is gone"
        taken = await engine.writer.write(
            lambda db: subscribe(
                db,
                one.topic,
                one.format,
                asking.callback,
                host=one.host,
                asked=asking.topic,
                secret=asking.secret,
                now=iso(now),
                expires_at=iso(now + timedelta(seconds=asking.lease_s)),
                version=one.version,
            ),
            own=True,
        )
        if not taken:
            await self._deny(one, FULL)
        return None if taken else "no room"

    def _stands(self, one: Pending) -> bool:
        """Tell whether what was asked for still leads to its topic."""
        name = one.asking.topic.rpartition("/")[2].rpartition(".")[0]
        return topic_at(self._engine, name, one.format, topics_by_name(self._engine)) == one.topic

    async def _deny(self, one: Pending, reason: str) -> None:
        """Tell a callback that there is no subscription (5.2); whether it hears it is its own affair."""
        try:
            await self.courier.ask(
                self._engine.config, "GET", denial_url(one.asking.callback, one.asking.topic, reason)
            )
        except UndeliveredError as failure:
            self._engine.log.info("not denied", callback=shown(one.asking.callback), error=told(failure))
