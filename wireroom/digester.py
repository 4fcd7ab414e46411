"""Digests are made when they are due. IO: sqlite, clock."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from db.apply import mint_urn
from db.digests import make_digests
from db.due import Due, last_due
from wireroom.clock import utc_now

if TYPE_CHECKING:
    from wireroom.config import Config
    from wireroom.engine import Engine


class Digester:
    """The daemon's job, every beat. What it remembers only saves it from asking the archive each time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._config: Config | None = None
        self._made: dict[tuple[str, Due], datetime] = {}

    async def tick(self) -> None:
        """Make the digests that are due and not made yet; the press then publishes them. Raises ArchiveError."""
        now, config = utc_now(), self._engine.config
        due = {topic.id: topic.digest for topic in config.topics if topic.digest is not None}
        moments = {(topic, when): last_due(when, now) for topic, when in due.items()}
        if moments == self._made and config is self._config:
            return
        made = await self._engine.writer.write(partial(make_digests, due=due, now=now, mint=mint_urn), own=True)
        self._made, self._config = moments, config
        if made:
            self._engine.log.info("digests", made=made)
