"""One round: these sources polled once, all domains in turns, a bounded number at once, and told. IO: sqlite."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import itertools
import sqlite3
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

from db.archive import ArchiveError
from db.plan import PolledSource
from db.sources import Named, named_in_short, sources_by_id
from db.times import iso
from db.writer import PACE_S
from ingest.poll import Report
from wireroom.clock import utc_now
from wireroom.control import ControlError
from wireroom.polls_told import broken_off, told, totals
from wireroom.tick import MAX_UNDER_WAY, STRETCH, WAITING_PER_DOMAIN
from wireroom.turns import Turns
from wireroom.upkeep import forget

if TYPE_CHECKING:
    from wireroom.engine import Engine

ROUND_FORGETS = 2000
"""So much of the index is forgotten after a round: more than a round brings, where there is no daemon to do it."""

SLICE = 1000
"""So many sources are looked up before everything else has its turn."""

Progress = Callable[[dict[str, Any]], None]
Waits = dict[str, str | None]


class Round:
    """One round of an engine. It holds no more polls at once than the daemon itself does."""

    def __init__(self, engine: Engine, progress: Progress) -> None:
        self._engine = engine
        self._progress = progress
        self._polled: list[dict[str, Any]] = []
        self._waiting: list[Waits] = []
        self._under_way: dict[asyncio.Task[Report], tuple[str, Hashable]] = {}  # with their ids and domains
        self._ended: asyncio.Queue[asyncio.Task[Report]] = asyncio.Queue()
        self._sums = Counter(totals([]))
        self._told = 0  # how many of the polled are in the sums, and were told of
        self._total = 0

    async def run(self, wanted: Sequence[str], *, due: bool) -> dict[str, Any]:
        """Poll the sources named, or all; ``due``: only those whose time has come → how it went.

        Raises ControlError (exit code 2) for a source that the config does not have.
        """
        await self._check(wanted)
        sources = await self._listed(wanted, due=due)
        names = {source.id: source.config_id for source in sources}
        poll = self._engine.config.poll
        most = poll.per_host + WAITING_PER_DOMAIN
        if poll.pause_s < PACE_S:  # what is fetched waits longer to be written than its host does for the next request
            most += STRETCH
        turns = Turns(((source.id, source.domain) for source in sources), most)
        self._total = len(sources)
        del sources
        self._tell()
        while turns or self._under_way:
            if not await self._begin(turns, names, due=due):
                self._end(turns, await self._ended.get())
            while not self._ended.empty():
                self._end(turns, self._ended.get_nowait())
            if len(self._polled) > self._told:  # once for all that were committed together
                self._tell()
        with contextlib.suppress(ArchiveError, sqlite3.Error, RuntimeError):  # the polls told
            await self._engine.write(lambda db: forget(db, utc_now(), ROUND_FORGETS))
        return {"polled": self._polled, "waiting": self._waiting, **self._sums}

    async def _check(self, wanted: Sequence[str]) -> None:
        """Make sure that the config has all that are named."""
        known = self._engine.poller.setup.settings
        for name in wanted:
            if name not in known:
                close = await asyncio.to_thread(difflib.get_close_matches, name, list(known), 1)
                mend = f"; did you mean {close[0]!r}?" if close else ""
                raise ControlError(f"no source {name!r} in {self._engine.config.path}{mend}", 2)

    async def _listed(self, wanted: Sequence[str], *, due: bool) -> list[Named]:
        """List the sources that are to be polled now; those that must not be are noted as waiting."""
        found: list[Named] = []
        names = iter(dict.fromkeys(wanted) or list(self._engine.poller.setup.settings))
        while some := list(itertools.islice(names, SLICE)):
            sources = named_in_short(self._engine.reader, some)
            found.extend(source for source in sources if (not due or is_due(source)) and self._may(source))
            await asyncio.sleep(0)
        return found

    def _may(self, source: Named | PolledSource) -> bool:
        """Tell whether the server lets it be polled; if not, it is listed as waiting."""
        if source.gone_at is not None:
            self._waiting.append({"source": source.config_id, "why": "gone", "until": None})
        elif source.held_until is not None and source.held_until > iso(utc_now()):
            self._waiting.append({"source": source.config_id, "why": "Retry-After", "until": source.held_until})
        else:
            return True
        return False

    async def _begin(self, turns: Turns, names: dict[int, str], *, due: bool) -> bool:
        """Begin a few polls, if there is room → whether there was."""
        engine = self._engine
        taken = turns.take(min(STRETCH, MAX_UNDER_WAY - len(self._under_way)))
        while engine.poller.superseded and not engine.closing:  # noqa: ASYNC110 - in a moment there is another
            await asyncio.sleep(0.05)
        ids = [] if engine.closing else [id_ for id_, _ in taken]
        changes = engine.writer.changes.kept
        found = {source.id: source for source in sources_by_id(engine.reader, ids)} if ids else {}
        for id_, domain in taken:
            source = found.get(id_)
            if source is None or source.config_id not in engine.poller.setup.settings:
                self._polled.append(broken_off(names[id_]))  # a stop, or a reload that took it out
            elif (not due or is_due(source)) and self._may(source):  # it may have been polled since it was listed
                task = engine.begin(source, changes)
                self._under_way[task] = source.config_id, domain
                task.add_done_callback(self._ended.put_nowait)
                continue
            else:
                self._total -= 1
            turns.back(domain)
        await asyncio.sleep(0)
        return bool(taken)

    def _end(self, turns: Turns, task: asyncio.Task[Report]) -> None:
        """Take in a poll that has ended."""
        name, domain = self._under_way.pop(task)
        self._polled.append(told(name, task))
        turns.back(domain)

    def _tell(self) -> None:
        """Add the polls that have ended to the sums, and tell how far the round is."""
        self._sums.update(totals(self._polled[self._told :]))
        self._told = len(self._polled)
        self._progress({"done": self._told, "total": self._total, **self._sums})


def is_due(source: Named | PolledSource) -> bool:
    """Tell whether its time has come."""
    return source.next_poll_at is not None and source.next_poll_at <= iso(utc_now())
