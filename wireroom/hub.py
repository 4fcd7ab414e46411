"""Our own WebSub hub: who asks to be told of a topic's news is told. IO: network, sqlite."""

from __future__ import annotations

from starlette.routing import Route

from wireroom.engine import Engine


class Hub:
    """Takes subscriptions, verifies them, delivers; ``tick`` is run every second."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def routes(self) -> list[Route]:
        """Make the hub's route, for the daemon's application."""
        return []

    async def tick(self) -> None:
        """Begin what is due."""

    async def close(self) -> None:
        """Break off what is under way."""
