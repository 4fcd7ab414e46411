"""What is wrong with sources is noted as it begins and ends, for the feed of health. IO: sqlite."""

from __future__ import annotations

from wireroom.engine import Engine


class HealthFeed:
    """Notes troubles; ``tick`` is run every second, and looks once a minute."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def tick(self) -> None:
        """Look whether something began or ended."""
