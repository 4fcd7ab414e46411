"""Sources of many domains, in turns: none has more than its share at once, and all are served alike. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Iterable


class Turns:
    """Sources that wait, by domain; ``most`` of each domain are out at once. A source without one is its own.

    ``take`` gives out those whose turn it is, ``back`` says that one of them is done with.
    """

    def __init__(self, sources: Iterable[tuple[int, str | None]], most: int) -> None:
        self._most = most
        self._waiting: dict[Hashable, list[int]] = {}
        for id_, domain in sources:
            self._waiting.setdefault(domain or id_, []).append(id_)
        for ids in self._waiting.values():
            ids.reverse()  # the first is taken from the end
        self._out: Counter[Hashable] = Counter()
        self._next = deque(self._waiting)  # the domains of which one may be taken

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self, count: int) -> list[tuple[int, Hashable]]:
        """Take up to ``count`` sources whose turn it is → their row ids, each with what ``back`` is told."""
        taken: list[tuple[int, Hashable]] = []
        while self._next and len(taken) < count:
            domain = self._next.popleft()
            ids = self._waiting[domain]
            taken.append((ids.pop(), domain))
            self._out[domain] += 1
            if not ids:
                del self._waiting[domain]
            elif self._out[domain] < self._most:
                self._next.append(domain)
        return taken

    def back(self, domain: Hashable) -> None:
        """Hear that one of a domain's sources is done with."""
        if self._out[domain] == self._most and domain in self._waiting:
            self._next.append(domain)
        self._out[domain] -= 1
        if not self._out[domain]:
            del self._out[domain]
