"""Is it our own network? When most hosts fail at once, no source is charged with it. Pure.

Each host counts once. Most telling are hosts that were well until now; hosts that were never polled before (a new
config, read on a train) must be more, and fail more nearly all. Feeds that have been dead for long tell nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import takewhile

WINDOW_S = 120
"""Results count for so long."""

WELL_HOSTS, WELL_SHARE = 3, 1 / 2
"""So many hosts that were well, and more than this share of them, must fail …"""

NEW_HOSTS, NEW_SHARE = 5, 2 / 3
"""… or so many that were well or are new, and more than this share."""

NETWORK_OUTCOMES = frozenset({"unreachable", "timeout"})
"""What our own network can bring about: no answer at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of one host: when it last answered, and when it last failed since then (0: it did not)."""

    answered_at: float = -WINDOW_S
    failed_at: float = 0
    was_well: bool = False


@dataclass(slots=True)
class Outage:
    """The latest results by host. Times are seconds on any clock that only goes forward, and above 0."""

    _hosts: dict[str, Seen] = field(default_factory=dict)
    _answers: dict[str, float] = field(default_factory=dict)  # the last one of each host, however long ago

    def __len__(self) -> int:
        return len(self._hosts)

    def answered(self, host: str, now: float) -> None:
        """Note that a host answered; an error is an answer too."""
        self._hosts[host] = Seen(answered_at=now)
        self._answers.pop(host, None)
        self._answers[host] = now

    def failed(self, host: str, now: float, *, started: float, was_well: bool) -> None:
        """Note that a host gave no answer to a request that ``started`` then; not if it answered another meanwhile."""
        seen = self._hosts.get(host, Seen())
        if seen.answered_at < started:
            well = was_well or seen.was_well
            self._hosts[host] = Seen(answered_at=seen.answered_at, failed_at=now, was_well=well)

    def anyone_answered(self, but: str, since: float) -> bool:
        """Tell whether another host answered since then: the network was there."""
        last = next((seen for host, seen in reversed(self._answers.items()) if host != but), -WINDOW_S)
        return last > since

    def others_answered(self, host: str, since: float) -> bool:
        """Tell whether more hosts answered since then than fail now: it was no outage of ours, or that is over.

        A few hosts that go down together (one machine room, one name server) are all that is polled in their minutes:
        they would be taken for our own network time and again.
        """
        failing = {name for name, seen in self._hosts.items() if seen.failed_at} | {host}
        later = takewhile(lambda answer: answer[1] > since, reversed(self._answers.items()))
        return sum(name not in failing for name, _ in later) > max(len(failing), WELL_HOSTS - 1)

    def is_ours(self, now: float) -> bool:
        """Tell whether most hosts fail now."""
        since = now - WINDOW_S
        self._hosts = {
            host: seen for host, seen in self._hosts.items() if max(seen.answered_at, seen.failed_at) > since
        }
        hosts = self._hosts.values()
        well = [bool(seen.failed_at) for seen in hosts if seen.was_well or not seen.failed_at]
        new = [bool(seen.failed_at) and seen.answered_at <= since for seen in hosts]
        return most(well, WELL_HOSTS, WELL_SHARE) or most(new, NEW_HOSTS, NEW_SHARE)


def most(failed: Iterable[bool], fewest: int, share: float) -> bool:
    """Tell whether at least ``fewest`` of them failed, and more than ``share`` of all."""
    marks = list(failed)
    return sum(marks) >= fewest and sum(marks) > share * len(marks)
