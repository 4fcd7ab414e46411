"""Is it our own network? When most hosts fail at once, no source is charged with it. Pure.

Each host counts once, by its latest result, and only if it was well before: feeds that have been dead for long say
nothing of our network.
"""

from __future__ import annotations

from dataclasses import dataclass, field

WINDOW_S = 120
"""Results count for so long."""

MOST = 0.5
"""More than this share of the hosts …"""

FEWEST = 3
"""… and at least so many must have failed."""

NETWORK_OUTCOMES = frozenset({"unreachable", "timeout"})
"""What our own network can bring about: no answer at all."""


@dataclass(slots=True)
class Outage:
    """The latest results by host. ``now`` is seconds on any clock that only goes forward."""

    _results: dict[str, tuple[float, bool]] = field(default_factory=dict)

    def saw(self, host: str, now: float, *, answered: bool, was_well: bool) -> None:
        """Note how a poll ended: any answer counts as one, also an error."""
        if answered:
            self._results[host] = (now, True)
        elif was_well or host in self._results:
            self._results[host] = (now, False)

    def is_ours(self, now: float) -> bool:
        """Tell whether most hosts fail now."""
        self._results = {host: seen for host, seen in self._results.items() if seen[0] > now - WINDOW_S}
        failed = sum(not answered for _, answered in self._results.values())
        return failed >= FEWEST and failed > MOST * len(self._results)
