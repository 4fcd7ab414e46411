"""Webhooks: a topic's new stories are posted to the addresses of the config. IO: network, sqlite."""

from __future__ import annotations

from wireroom.engine import Engine


class Webhooks:
    """Sends what is new; ``tick`` is run every second."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def tick(self) -> None:
        """Begin what is due."""

    async def close(self) -> None:
        """Break off what is under way."""
