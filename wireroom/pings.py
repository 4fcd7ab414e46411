"""Outside hubs are told that a topic has news; they then fetch it themselves. IO: network, sqlite.

What they have not been told of is in the archive, so a crash loses nothing. Secret topics' addresses are nobody's.
"""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode

from db.pings import Ping, due_pings, keep_pings, lacks_pings, write_told, write_untold
from db.times import iso, iso_after
from feeds.render import feed_path
from ingest.websub import ask_again_at, may_ask
from wireroom.clock import utc_now
from wireroom.config import Config
from wireroom.courier import Courier, UndeliveredError, host_of, told
from wireroom.engine import Engine
from wireroom.rest import Rest
from wireroom.subscriber import shown

MAX_DUE = 200


def unreachable(config: Config) -> list[tuple[str, str]]:
    """Name the hubs that are not told, since they could not fetch anything from us → (hub, why and the mend)."""
    return [
        (
            hub,
            f"is not told of news: it can't reach {config.base_url}; set [wireroom] base_url to a public address, or "
            "name the hub's address and port in [poll] allow if it is yours",
        )
        for hub in config.ping
        if not may_ask(hub, config.base_url, config.poll.allow)
    ]


class Pings:
    """Tells outside hubs; ``tick`` begins what has become due."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._config: Config | None = None
        self._hubs: list[str] = []
        self._rest = Rest(engine.log, "ping not recorded")
        self.courier = Courier(self._rest.failed)

    async def tick(self, now_s: float) -> None:
        """Begin what is due. ``now_s`` is the loop's time. Raises what the archive raises, rarely."""
        if self._rest.rests(now_s):
            return
        engine = self._engine
        with self._rest.unless_taken():
            if self._config is not engine.config:
                await self._configure(engine.config)
            if self._hubs:
                if lacks_pings(engine.reader, self._hubs):
                    await engine.writer.write(partial(keep_pings, hubs=self._hubs), own=True)
                self._begin()

    async def _configure(self, config: Config) -> None:
        """Take over a config, and say once which hubs can't be told."""
        away = dict(unreachable(config))
        hubs = [hub for hub in config.ping if hub not in away]
        await self._engine.writer.write(partial(keep_pings, hubs=hubs), own=True)
        for hub, why in away.items():
            self._engine.log.warning("hub", hub=shown(hub), error=why)
        self._config, self._hubs = config, hubs

    def _begin(self) -> None:
        """Begin what is due, as far as there is room."""
        if self._engine.closing or self.courier.room <= 0 or self._rest.rests():
            return
        for one in due_pings(self._engine.reader, iso(utc_now()), MAX_DUE):
            if one.hub in self._hubs:
                self.courier.begin(one[:4], host_of(one.hub), partial(self._tell, one), self._begin)

    async def _tell(self, one: Ping) -> None:
        """Tell a hub, and write down how that went."""
        engine, config = self._engine, self._engine.config
        name = engine.press.names.get(one.topic)
        error, wait_s = None, None
        try:
            if name is None:
                raise UndeliveredError("the feed can't be published at present")
            address = config.base_url + feed_path(name, one.format)
            form = {"hub.mode": "publish", "hub.url": address, "hub.topic": address}
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            await self.courier.post(config, one.hub, urlencode(form).encode(), headers)
        except UndeliveredError as failure:
            error, wait_s = told(failure), failure.wait_s
        if error is None:
            await engine.writer.write(lambda db: write_told(db, one), own=True)
            return
        again = iso_after(ask_again_at(utc_now(), one.failures + 1, wait_s))
        await engine.writer.write(lambda db: write_untold(db, one, error, again), own=True)
        engine.log.warning(
            "hub not told", hub=shown(one.hub), topic=one.topic, format=one.format, error=error, next=again
        )
