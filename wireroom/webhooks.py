"""Webhooks: a topic's new stories are posted to the addresses of the config. IO: network, sqlite.

Each message is in the archive before it is sent, and stays the same until it was taken: at least once, in order.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial

from db.archive import ArchiveError
from db.output import FeedItem, Policy
from db.times import iso, iso_after
from db.webhooks import Batch, Hook, batch_items, due_webhooks, keep_webhooks, take_batch, write_sent, write_unsent
from feeds.render import feed_path
from feeds.webhook_message import message, message_id, signed_headers
from ingest.websub import ask_again_at
from wireroom.clock import utc_now
from wireroom.config import Config, Webhook
from wireroom.courier import GONE, Courier, UndeliveredError, host_of, told
from wireroom.engine import Engine
from wireroom.rest import Rest
from wireroom.subscriber import shown


class Webhooks:
    """Sends what is new; ``tick`` is run every second."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._config: Config | None = None
        self._rest = Rest(engine.log, "webhook not recorded")
        self.courier = Courier(self._rest.failed)

    async def tick(self) -> None:
        """Begin what is due. Raises what the archive raises, rarely."""
        if self._rest.rests(asyncio.get_running_loop().time()):
            return
        with self._rest.unless_taken():
            if self._config is not self._engine.config:
                config = self._engine.config
                wanted = [(hook.id, topic) for hook in config.webhooks for topic in hook.topics]
                await self._engine.writer.write(partial(keep_webhooks, wanted=wanted), own=True)
                self._config = config
            self._begin()

    def _begin(self) -> None:
        """Begin what is due, as far as there is room; what ends makes room for the next."""
        hooks = {hook.id: hook for hook in self._engine.config.webhooks}
        if not hooks or self._engine.closing or self._rest.rests():
            return
        urls = {id_: hook.url for id_, hook in hooks.items()}
        policies = {topic.id: topic.policy for topic in self._engine.config.topics}
        for one in due_webhooks(self._engine.reader, iso(utc_now()), urls):
            hook = hooks[one.id]
            if one.topic in policies:  # during a reload it may be one of the config before
                send = partial(self._send, hook, one, policies[one.topic])
                self.courier.begin(one.key, host_of(hook.url), send, self._begin)

    async def _send(self, hook: Webhook, one: Hook, policy: Policy) -> None:
        """Send a webhook's next message, and write down how that went."""
        engine, config = self._engine, self._engine.config
        batch = await engine.writer.write(partial(take_batch, hook=one), own=True)
        if batch is None:
            return
        error, wait_s, gone = None, None, False
        items: tuple[FeedItem, ...] = ()
        try:
            items = batch_items(engine.reader, one, batch, policy)
            if items:
                await self.courier.post(config, hook.url, *self._message(hook, one, batch, items))
        except UndeliveredError as failure:
            error, wait_s, gone = told(failure), failure.wait_s, failure.status == GONE
        except (ArchiveError, sqlite3.Error):
            raise
        except Exception as failure:  # noqa: BLE001 - whatever one topic's rows raise, other webhooks go on
            error = f"can't be told: {type(failure).__name__}: {failure}; look at its stories in the archive"
        now = utc_now()
        if error is None:
            sent_at = iso(now) if items else None
            await engine.writer.write(lambda db: write_sent(db, one, batch, sent_at), own=True)
            return
        again = None if gone else iso_after(ask_again_at(now, one.failures + 1, wait_s))
        if gone:
            error += ": it wants no more, and gets none until its url is another one"
        await engine.writer.write(lambda db: write_unsent(db, one, error, again, hook.url if gone else None), own=True)
        engine.log.warning("webhook", webhook=one.id, topic=one.topic, address=shown(hook.url), error=error, next=again)

    def _message(
        self, hook: Webhook, one: Hook, batch: Batch, items: Sequence[FeedItem]
    ) -> tuple[bytes, dict[str, str]]:
        """Make the message of a batch → its body and headers."""
        name, base_url = self._engine.press.names.get(one.topic), self._engine.config.base_url
        feed_url = base_url + feed_path(name, "json") if name is not None else None
        body = message(items, topic=one.topic, topic_title=one.title, feed_url=feed_url, base_url=base_url)
        id_ = message_id(archive=one.archive, webhook=one.id, topic_urn=one.urn, after=batch.after, to=batch.to)
        return body, signed_headers(id_, body, secret=hook.secret, now_s=int(utc_now().timestamp()))

    async def close(self) -> None:
        """Break off what is under way: it is in the archive, and sent again."""
        await self.courier.close()
