"""Our hub's deliveries: whoever subscribed gets the whole document when it has changed. IO: network, sqlite.

The archive is the queue: a subscription that has not been told of the newest version. So a crash loses nothing, what
changes twice before it is told is told once, and what fails is tried again until the lease ends.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

from db.subscribers import (
    Delivery,
    Subscribed,
    all_subscribed,
    due_deliveries,
    end_expired,
    end_subscriptions,
    has_expired,
    write_delivered,
    write_failed,
)
from db.times import iso, iso_after
from feeds.render import feed_path
from feeds.websub_hub import delivery_headers, denial_url
from ingest.websub import ask_again_at
from wireroom.clock import clock_is_sure, utc_now
from wireroom.courier import GONE, Courier, UndeliveredError, host_of, told
from wireroom.engine import Engine
from wireroom.hub_requests import topic_at, topics_by_name
from wireroom.rest import Rest
from wireroom.subscriber import shown

MAX_DUE = 200
SWEEP_S = 60
"""So often leases that are over are looked for."""


class Deliveries:
    """Tells subscribers; ``tick`` begins what has become due."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._names: dict[str, str] | None = None
        self._denials: dict[int, Subscribed] = {}  # subscriptions that have ended, and are to be told so
        self._swept_at = -float(SWEEP_S)
        self._rest = Rest(engine.log, "delivery not recorded")
        self.courier = Courier(self._rest.failed, strangers=True)

    async def tick(self, now_s: float) -> None:
        """Begin what is due; end what is over. ``now_s`` is the loop's time. Raises what the archive raises, rarely."""
        if self._rest.rests(now_s):
            return
        with self._rest.unless_taken():
            await self._sweep(now_s)
            self._begin()

    async def _sweep(self, now_s: float) -> None:
        """End the leases that are over, and when topics got other names, the subscriptions that lead nowhere now."""
        engine = self._engine
        if now_s - self._swept_at >= SWEEP_S:
            self._swept_at, now = now_s, utc_now()
            if clock_is_sure() and has_expired(engine.reader, iso(now)):
                await engine.writer.write(partial(end_expired, now=iso(now)), own=True)
        names = dict(engine.press.names)
        if names == self._names or not names:
            return
        topics = topics_by_name(engine)
        lost = [one for one in all_subscribed(engine.reader) if not self._stands(one.topic, one, topics)]
        if lost:
            await self._end([one.id for one in lost])
        self._denials |= {one.id: one for one in lost}
        self._names = names

    def _stands(self, topic: str | None, one: Subscribed | Delivery, topics: Mapping[str, str]) -> bool:
        """Tell whether the address that was subscribed to still leads to the topic.

        It does not where the topic was removed or has become secret, or a secret one has got another token: who knew
        the old address is told no more.
        """
        name = one.asked.rpartition("/")[2].rpartition(".")[0]
        return topic is not None and topic_at(self._engine, name, one.format, topics) == topic

    def _begin(self) -> None:
        """Begin what is to be said and what is due, as far as there is room; what ends makes room for the next."""
        courier, engine = self.courier, self._engine
        for id_, one in list(self._denials.items()):
            if courier.begin(("denied", id_), host_of(one.callback), partial(self._deny, one), self._begin):
                del self._denials[id_]
        while courier.room > 0 and not engine.closing and engine.config.hub and not self._rest.rests():
            under_way = [key for key in courier.under_way if isinstance(key, int)]
            due = due_deliveries(
                engine.reader, iso(utc_now()), MAX_DUE, not_ids=under_way, not_hosts=courier.busy_hosts
            )
            begun = [courier.begin(one.id, one.host, partial(self._deliver, one), self._begin) for one in due]
            if not any(begun):
                return

    async def _deliver(self, one: Delivery) -> None:
        """Send a subscriber the document, and write down how that went (7)."""
        engine, config = self._engine, self._engine.config
        name = engine.press.names.get(one.topic)
        if engine.press.names and not self._stands(one.topic, one, topics_by_name(engine)):
            await self._end([one.id])
            await self._deny(one)
            return
        document = engine.press.published(name, one.format) if name is not None else None
        error, wait_s = None, None
        try:
            if name is None or document is None:
                raise UndeliveredError("the feed can't be published at present")
            headers = delivery_headers(
                document.body,
                media_type=document.media_type,
                hub=f"{config.base_url}hub",
                self_url=config.base_url + feed_path(name, one.format),
                secret=one.secret,
            )
            await self.courier.post(config, one.callback, document.body, headers)
        except UndeliveredError as failure:
            if failure.status == GONE:  # 7: the subscriber wants no more
                await self._end([one.id])
                self._say(one, "ended by the subscriber")
                return
            error, wait_s = told(failure), failure.wait_s
        if error is None:
            await engine.writer.write(lambda db: write_delivered(db, one), own=True)
            return
        again = iso_after(ask_again_at(utc_now(), one.failures + 1, wait_s))
        await engine.writer.write(lambda db: write_failed(db, one, error, again), own=True)
        self._say(one, error, again)

    def _say(self, one: Delivery, error: str, again: str | None = None) -> None:
        more = {} if again is None else {"next": again}
        self._engine.log.warning(
            "not delivered", topic=one.topic, format=one.format, callback=shown(one.callback), error=error, **more
        )

    async def _end(self, ids: Collection[int]) -> None:
        await self._engine.writer.write(lambda db: end_subscriptions(db, ids), own=True)

    async def _deny(self, one: Subscribed | Delivery) -> None:
        """Tell a subscriber that its subscription has ended (5.2), once."""
        engine = self._engine
        engine.log.info("subscription ended", format=one.format, callback=shown(one.callback))
        try:
            await self.courier.ask(
                engine.config, "GET", denial_url(one.callback, one.asked, "This feed has no such address any more.")
            )
        except UndeliveredError as failure:
            engine.log.info("not denied", callback=shown(one.callback), error=told(failure))
