"""What is out in a cluster: tasks, the domains that they ask, the workers that have them. IO: none but futures."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from ingest.collect import Collected, Task

DOUBTFUL_SHARE = 4
"""Batches that may take all the time there is get one in so many of a worker's threads."""


@dataclass(eq=False, slots=True)
class Errand:
    """A task, and who waits for what it brings."""

    task: Task
    domain: Domain
    answer: asyncio.Future[Collected]
    workers_lost: int = 0


@dataclass(eq=False, slots=True)
class Domain:
    """One budget: the worker that asks its hosts, and how many of its tasks are out.

    ``free_at``: when another worker may ask them, after one that died (loop time).
    """

    key: str
    worker: str | None = None
    out: int = 0
    free_at: float = 0.0
    waiting: deque[Errand] = field(default_factory=deque)


@dataclass(eq=False, slots=True)
class Crew:
    """One worker: what is to be sent to it (the doubtful apart), and what is out there."""

    address: str
    threads: int
    gone: asyncio.Future[None]
    queues: tuple[deque[Errand], deque[Errand]] = field(default_factory=lambda: (deque(), deque()))
    out: list[int] = field(default_factory=lambda: [0, 0])
    timer: asyncio.TimerHandle | None = None

    def room(self, doubtful: bool) -> bool:
        """Tell whether another batch may be sent."""
        return self.out[doubtful] < (max(1, self.threads // DOUBTFUL_SHARE) if doubtful else self.threads)
