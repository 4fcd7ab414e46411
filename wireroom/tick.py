"""The polls that are due are begun: longest overdue first, none in others' way, a few at a stretch. IO: sqlite, clock.

Whatever the number of sources, and of those that are due, the event loop is never held for long: what is due is read a
page at a time, and between some polls and the next everything else has its turn.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from db.sources import FRONT, Due, due_page, due_sources
from db.times import iso
from ingest.poll import Poller
from wireroom.clock import utc_now

if TYPE_CHECKING:
    from wireroom.engine import Engine

MAX_UNDER_WAY = 2000
"""Polls at once, many of them waiting for their host's turn."""

MAX_DOUBTFUL = MAX_UNDER_WAY // 8
"""Of them, sources that used up all their time at their last poll."""

WAITING_PER_DOMAIN = 2
"""So many polls of one domain wait for their turn, beside those that have it; the others of it stay due meanwhile."""

STRETCH = 12
"""So many polls are begun before everything else has its turn."""

PAGE, PAGES, FRONT_PAGES = 250, 80, 12
"""A tick looks at so many pages of what is due, the first of them always those of the longest overdue."""

TICK_S = 0.6
"""It ends before the next one comes."""


class Ticker:
    """Begins what is due, tick by tick. Of more than one tick can look at, the next looks at what follows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._place = FRONT  # where the last tick left off, if it could not look at all

    async def tick(self) -> None:
        """Begin the poll of every source that is due, as far as there is room."""
        loop = asyncio.get_running_loop()
        until = loop.time() + TICK_S
        left_off, self._place = self._place, FRONT
        place = FRONT
        for number in range(PAGES):
            if number == FRONT_PAGES:
                place = max(place, left_off)
            page = due_page(self._engine.reader, iso(utc_now()), place, PAGE)
            seen = 0
            while seen < len(page):
                if self._engine.closing or self._engine.poller.superseded or loop.time() > until:
                    self._place = place
                    return
                looked_at, full = self._begin(page[seen:])
                if full:
                    return
                seen += looked_at
                place = page[seen - 1][:2]
                await asyncio.sleep(0)
            if len(page) < PAGE:
                return
        self._place = place

    def _begin(self, due: Sequence[Due]) -> tuple[int, bool]:
        """Begin the polls of the first of them for which there is room → how many were looked at, is all room taken."""
        engine = self._engine
        room = Room(engine.poller, engine.config.poll.per_host)
        chosen: list[int] = []
        looked_at = 0
        for one in due:
            if room.places <= 0 or len(chosen) == STRETCH:
                break
            looked_at += 1
            if room.has(one) and not engine.poller.rests(one.id):
                room.take(one)
                chosen.append(one.id)
        if chosen:  # read anew: since the page was, one of them may have been polled
            changes = engine.writer.changes.kept
            for source in due_sources(engine.reader, iso(utc_now()), chosen):
                if source.config_id in engine.poller.setup.settings:  # a reload may just have written it
                    engine.begin(source, changes)
        return looked_at, room.places <= 0


class Room:
    """For whom there is room beside the polls that are under way."""

    def __init__(self, poller: Poller, per_host: int) -> None:
        self._under_way = poller.under_way
        self._domains = poller.domains
        self._taken: Counter[str | None] = Counter()
        self._most = per_host + WAITING_PER_DOMAIN
        self._doubtful = MAX_DOUBTFUL - poller.doubtful
        self.places = MAX_UNDER_WAY - len(self._under_way)

    def has(self, one: Due) -> bool:
        """Tell whether a poll of this source may begin."""
        return (
            one.id not in self._under_way
            and (not one.domain or self._domains.get(one.domain, 0) + self._taken[one.domain] < self._most)
            and (not one.doubtful or self._doubtful > 0)
        )

    def take(self, one: Due) -> None:
        """Count it as under way."""
        self.places -= 1
        self._taken[one.domain] += 1
        self._doubtful -= one.doubtful
