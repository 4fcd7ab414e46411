"""The WebSub subscriber: hubs that feeds name are asked to tell of news, and asked again in time. IO: network, sqlite.

One job of the daemon, every second. A few hubs are asked at once, each under the address guard, with a deadline, within
its host's budget. An asking is written down before it is sent, so a crash never leads to a second one too soon.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from urllib.parse import urlsplit

import aiohttp
from sqlite_utils import Database
from yarl import URL

from db.archive import ArchiveError
from db.model import HubSource, Subscription
from db.subscriptions import (
    due_subscriptions,
    end_subscription,
    hub_sources,
    last_source,
    make_subscription,
    poll_missed_pushes,
    write_answer,
    write_asking,
)
from db.times import iso, iso_after
from ingest.client import make_session
from ingest.connect import system_words
from ingest.domain import budget_key
from ingest.guard import Guard
from ingest.headers import retry_after_s
from ingest.poll import Report
from ingest.websub import Mode, Need, address_mark, ask_again_at, may_ask, one_line, request_form, settle
from wireroom.clock import utc_now
from wireroom.config import Config
from wireroom.engine import Engine
from wireroom.parts import user_agent
from wireroom.pushes import Pushes

MAX_ASKED, MAX_ASKED_OF_ONE = 32, 2
"""Hubs asked at once, and askings of one host: a slow one keeps no other waiting."""
MAX_DUE = 500
AT_ONCE = 500
"""So many sources are settled before everything else has its turn."""
DEADLINE_S = 20
MAX_REDIRECTS = 3
MAX_READ_BYTES = 400
REST_S = 60
"""After the archive took nothing (a full disk), it is left alone for so long."""


class HubError(Exception):
    """The hub did not take the request. ``retry_after_s``: when it wants to be asked again."""

    def __init__(self, message: str, wait_s: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = wait_s


class Subscriber:
    """Keeps the subscriptions in line with what feeds name and the config says."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.pushes = Pushes(engine)
        self._config: Config | None = None
        self._session: aiohttp.ClientSession | None = None
        self._changed: set[str] | None = None  # sources polled since they were last settled; None: all of them
        self._asking: dict[int, tuple[asyncio.Task[None], str]] = {}  # by subscription, with its host's budget
        self._rest_until = 0.0
        engine.after_poll = self._polled

    async def close(self) -> None:
        """Break off what is being asked; it is in the archive, and asked again in time."""
        tasks = [task for task, _ in self._asking.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _polled(self, report: Report) -> None:
        """Hear of a poll: its feed may name another hub now, or none."""
        if self._changed is not None:
            self._changed.add(report.source)
        self.pushes.polled(report)

    async def tick(self) -> None:
        """Settle what changed, apply late pushes, ask the hubs that are due. Raises what the archive raises, rarely."""
        now = asyncio.get_running_loop().time()
        if now < self._rest_until:
            return
        try:
            await self.pushes.tick()
            if self._config is not self.engine.config:
                if self._asking:
                    return  # they end soon, and do so under the config that they began with
                await self._configure(self.engine.config)
            await self._settle(self.engine.config)
            self._ask_due()
        except (ArchiveError, sqlite3.Error):
            self._rest_until = now + REST_S
            raise

    async def _configure(self, config: Config) -> None:
        """Take over a config: at the start and after a reload every subscription is looked at."""
        if self._config is None:
            await self.engine.write(lambda db: poll_missed_pushes(db, iso(utc_now())))
        old, self._changed = self._session, None
        self._session = make_session(user_agent=user_agent(config), guard=Guard(config.poll.allow))
        self._config = config
        if old is not None:
            await old.close()

    async def _settle(self, config: Config) -> None:
        """Make and end subscriptions, as feeds and the config have changed."""
        changed, self._changed = self._changed, set()
        if changed is not None and not changed:
            return
        try:
            for sources in self._some_of(changed):
                await self._settle_these(config, sources)
                await asyncio.sleep(0)  # of very many sources a few hundred at a time: the loop has more to do
        except BaseException:
            self._changed = None  # not all of it is written: look at all of them again
            raise

    def _some_of(self, changed: set[str] | None) -> Iterator[list[HubSource]]:
        """Read the sources that changed, or all of them bit by bit."""
        if changed is not None:
            yield hub_sources(self.engine.reader, changed)
            return
        for first in range(0, last_source(self.engine.reader), AT_ONCE):
            yield hub_sources(self.engine.reader, rows_between=(first, first + AT_ONCE))

    async def _settle_these(self, config: Config, sources: Iterable[HubSource]) -> None:
        """Make and end the subscriptions of these sources, where there is a need."""
        poll = config.poll
        done: list[tuple[Need, HubSource]] = []
        for source in sources:
            need = settle(source, base_url=config.base_url, allow=poll.allow, enabled=poll.websub)
            if need is not None:
                done.append((need, source))
        if not done:
            return

        def write(db: Database) -> None:
            now = iso(utc_now())
            for what, source in done:
                if what == "make":
                    make_subscription(
                        db,
                        source.source_id,
                        hub=source.hub or "",
                        topic=source.topic or "",
                        token=address_mark(config.base_url) + secrets.token_urlsafe(32),
                        secret=secrets.token_urlsafe(32),
                        next_try_at=now,
                    )
                else:
                    hub = source.subscribed_hub or ""
                    tell = poll.websub and source.state == "active" and may_ask(hub, config.base_url, poll.allow)
                    end_subscription(db, source.source_id, tell_hub_at=now if tell else None)

        await self.engine.write(write)
        for what, source in done:
            if what == "end":
                self.engine.log.info("subscription ended", source=source.source, hub=shown(source.subscribed_hub))

    def _ask_due(self) -> None:
        """Begin to ask the hubs whose time has come, as many as there is room for."""
        room = MAX_ASKED - len(self._asking)
        if room <= 0:
            return
        of_host = Counter(host for _, host in self._asking.values())
        for one in due_subscriptions(self.engine.reader, iso(utc_now()), MAX_DUE):
            parts = urlsplit(one.hub)
            host = budget_key(parts.hostname or "", parts.port or 0)
            if one.id not in self._asking and of_host[host] < MAX_ASKED_OF_ONE:
                of_host[host] += 1
                room -= 1
                task = asyncio.create_task(self._ask(one), name=f"hub of {one.source}")
                self._asking[one.id] = task, host
                task.add_done_callback(partial(self._asked, one.id))
                if room == 0:
                    return

    def _asked(self, id_: int, task: asyncio.Task[None]) -> None:
        """Forget a task that ended; say it if the archive did not take its outcome."""
        del self._asking[id_]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._rest_until = asyncio.get_running_loop().time() + REST_S
            self.engine.log.error("subscription not recorded", error=str(error), exc_info=error)

    async def _ask(self, one: Subscription) -> None:
        """Ask one hub, and write down how it answered."""
        log, config, parts = self.engine.log, self.engine.config, urlsplit(one.hub)
        mode: Mode = "unsubscribe" if one.state == "ended" else "subscribe"
        error, wait_s = None, None
        async with self.engine.hosts.turn(parts.hostname or "", parts.port or 0):
            now = utc_now()
            again = iso_after(ask_again_at(now, one.failures + 1)) if mode == "subscribe" else None
            if not await self.engine.write(lambda db: write_asking(db, one, iso(now), again)):
                return
            try:
                async with asyncio.timeout(min(DEADLINE_S, config.poll.timeout_s)):
                    await self._post(one.hub, request_form(one, mode, config.base_url), config)
            except HubError as failure:
                error, wait_s = str(failure), failure.retry_after_s
            except TimeoutError:
                error = "the hub did not answer in time"
            except Exception as failure:  # noqa: BLE001 - whatever a hub can bring about is that subscription's own trouble
                error = why(failure)
        if error is None and one.failures:
            error = f"the hub takes the request, but does not verify it; can it reach {config.base_url}?"
        now = utc_now()
        if wait_s is not None:
            again = iso_after(ask_again_at(now, one.failures + 1, wait_s))
        await self.engine.write(lambda db: write_answer(db, one, error, again))
        say = log.info if error is None else log.warning
        told = {} if error is None else {"error": error, "next": again}
        say("hub asked", source=one.source, hub=shown(one.hub), mode=mode, **told)

    async def _post(self, hub: str, form: dict[str, str], config: Config) -> None:
        """Send the request, also to where the hub redirects it (307, 308). Raises HubError and what aiohttp raises."""
        assert self._session is not None
        url = URL(hub).with_user(None)
        for _ in range(MAX_REDIRECTS + 1):
            headers = {"Accept-Encoding": "identity"}
            async with self._session.post(url, data=form, headers=headers, allow_redirects=False) as response:
                if 200 <= response.status < 300:
                    return
                location = response.headers.get("Location")
                if response.status not in (307, 308) or not location:
                    said = one_line((await response.content.read(MAX_READ_BYTES)).decode("utf-8", "replace"))
                    wait_s = retry_after_s(response.headers.get("Retry-After"), utc_now())
                    raise HubError(f"HTTP status {response.status}" + (f": {said}" if said else ""), wait_s)
            target = url.join(URL(location))
            downgraded = url.scheme == "https" and target.scheme != "https"  # the secret would travel in the open
            if downgraded or not may_ask(str(target), config.base_url, config.poll.allow):
                raise HubError(f"redirected to {one_line(location)}, where it is not asked")
            url = target.with_user(None).with_fragment(None)
        raise HubError(f"more than {MAX_REDIRECTS} redirects")


def why(error: Exception) -> str:
    """Say in one line why a request failed: the system's words, or the guard's."""
    return one_line(system_words(error))


def shown(hub: str | None) -> str:
    """Name a hub in the log: its host, since an address may carry a key."""
    return urlsplit(hub or "").netloc.rpartition("@")[2]
