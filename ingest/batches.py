"""Tasks gathered into batches, each sent to the worker whose hosts they ask. IO: network, by way of ``cluster``.

Manners hold across the cluster because all of a registered domain's tasks go to one worker, which keeps its pauses and
budgets; only so many of a domain are out at once, so that a batch need not wait long for turns.
"""

from __future__ import annotations

import asyncio
import pickle
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from ingest.batch import Job, Limits
from ingest.cluster import SCHEDULER_MEND, Cluster, ClusterError, said
from ingest.collect import Collected, Collector, Task
from ingest.domain import domain_of
from ingest.errand import Crew, Domain, Errand
from ingest.one_batch import LostError, RefusedError, WorkerGoneError, batch_done
from ingest.route import home_of

MAX_BATCH = 100
LINGER_S = 0.1
"""So long a batch waits to become full."""
GRACE_S = 5.0
"""So long tasks wait for a worker where there is none: one that died may be started anew."""
TURNS_S = 2.0
"""Of one domain so many tasks are out, beside those that have a connection, as have their turn within this time."""
SHORT_PAUSE_S = 0.1
GIVE_UP_S = 900.0
"""A batch that is not back by then, and the pauses of its hosts, never will be: its worker hangs."""
DAEMON_OFF = "DASK_DISTRIBUTED__WORKER__DAEMON=False"
MAX_WORKERS_LOST = 3
"""A task that was with so many workers when they died is not given to another."""


class BatchCollector:
    """Has a cluster do the tasks, and this process those that are files of its own. Make it inside the loop.

    ``on_trouble`` is told, once each, what keeps tasks from being done, and None when nothing does any more;
    ``on_workers`` how many workers there are now, which of them came, and which are gone.
    """

    def __init__(
        self,
        *,
        scheduler: str,
        local: Collector,
        limits: Limits,
        job: Job,
        on_trouble: Callable[[str | None], None],
        on_workers: Callable[[int, list[str], list[str]], None],
    ) -> None:
        self.trouble: str | None = None
        self.returns = 0
        self._loop = asyncio.get_running_loop()
        self._local = local
        self._limits = limits
        self._job = job
        self._on_trouble = on_trouble
        self._on_workers = on_workers
        self._most_out = limits.per_host + max(1, int(TURNS_S / max(limits.pause_s, SHORT_PAUSE_S)))
        self._give_up_s = GIVE_UP_S + 10 * self._most_out * limits.pause_s
        self._domains: dict[str, Domain] = {}
        self._crews: dict[str, Crew] = {}
        self._refused: dict[str, str] = {}  # workers that do no batches, and why
        self._homeless: deque[Errand] = deque()  # while there is no worker
        self._alone: asyncio.TimerHandle | None = None
        self._batches: set[asyncio.Task[None]] = set()
        self._closed = False
        self._settled = asyncio.Event()  # it is known whether there are workers
        self._cluster = Cluster(scheduler, self._changed)

    async def collect(self, task: Task) -> Collected:
        """Do one task → what it brought. Raises ClusterError where the cluster can't."""
        if task.wanted.path is not None:
            collected = await self._local.collect(task)
            self._local.written(collected)
            return collected
        if not self._crews and self.trouble is not None:
            raise ClusterError(self.trouble)
        domain = self._domain(task)
        errand = Errand(task, domain, self._loop.create_future())
        domain.waiting.append(errand)
        self._feed(domain)
        return await errand.answer

    def written(self, collected: Collected) -> None:
        """Hear that what a task brought is written: here it takes no place."""

    async def ready(self) -> None:
        """Wait until there is a worker. Raises ClusterError where there is none in time."""
        self._await_workers()
        await self._settled.wait()
        if not self._crews and self.trouble is not None:
            raise ClusterError(self.trouble)

    async def close(self) -> None:
        """Break off what is under way, and leave the cluster. Takes less than 2 s."""
        self._closed = True
        for batch in list(self._batches):
            batch.cancel()
        for handle in (self._alone, *(crew.timer for crew in self._crews.values())):
            if handle is not None:
                handle.cancel()
        for errand in self._all_waiting():
            errand.answer.cancel()
        await asyncio.gather(*self._batches, return_exceptions=True)
        await self._cluster.close()
        await self._local.close()

    def _domain(self, task: Task) -> Domain:
        """Find the budget that a task falls under: of the address that is asked, which may have moved."""
        key = domain_of(task.wanted.url) or task.source
        return self._domains.setdefault(key, Domain(key))

    def _feed(self, domain: Domain) -> None:
        """Let as many of a domain's tasks go out as may be."""
        while domain.waiting and domain.out < self._most_out:
            errand = domain.waiting.popleft()
            if not errand.answer.done():
                domain.out += 1
                self._send(errand)
        if not domain.out and not domain.waiting:
            # its worker stays its worker until the pause has passed there, whoever comes or goes
            self._loop.call_later(self._limits.pause_s, self._forget, domain)

    def _forget(self, domain: Domain) -> None:
        if not domain.out and not domain.waiting and self._domains.get(domain.key) is domain:
            del self._domains[domain.key]

    def _send(self, errand: Errand) -> None:
        """Put a task into the queue of its domain's worker."""
        if not self._crews and self.trouble is not None:
            self._ended(errand, self.trouble)
            return
        if not self._crews:
            self._homeless.append(errand)
            self._await_workers()
            return
        domain = errand.domain
        if domain.worker is None and domain.free_at > self._loop.time():
            self._loop.call_at(domain.free_at, self._send, errand)
            return
        if domain.worker is None:
            domain.worker = home_of(domain.key, self._crews)
        crew = self._crews[domain.worker]
        crew.queues[errand.task.wanted.doubtful].append(errand)
        self._pump(crew)

    def _pump(self, crew: Crew, *, all_of_it: bool = False) -> None:
        """Send full batches, as far as there is room, or all that waits."""
        if all_of_it:
            crew.timer = None
        for doubtful, waiting in enumerate(crew.queues):
            while waiting and crew.room(bool(doubtful)) and (all_of_it or len(waiting) >= MAX_BATCH):
                some = [waiting.popleft() for _ in range(min(MAX_BATCH, len(waiting)))]
                wanted = [errand for errand in some if not errand.answer.done()]
                for errand in set(some) - set(wanted):
                    self._ended(errand)
                if wanted:
                    crew.out[doubtful] += 1
                    batch = self._loop.create_task(self._batch(crew, wanted, doubtful=bool(doubtful)))
                    self._batches.add(batch)
                    batch.add_done_callback(self._batches.discard)
        if crew.timer is None and any(waiting and crew.room(bool(n)) for n, waiting in enumerate(crew.queues)):
            crew.timer = self._loop.call_later(LINGER_S, partial(self._pump, crew, all_of_it=True))

    def _ended(self, errand: Errand, error: str | None = None) -> None:
        """Count a task as done; with an error, tell who waits for it."""
        if error is not None and not errand.answer.done():
            errand.answer.set_exception(ClusterError(error))
            errand.answer.exception()  # whoever waited may be gone
        errand.domain.out -= 1
        self._feed(errand.domain)

    async def _batch(self, crew: Crew, errands: list[Errand], *, doubtful: bool) -> None:
        """Send a batch and hand out what comes back."""
        error = None
        try:
            packed = pickle.dumps(([errand.task for errand in errands], self._limits, datetime.now(UTC)))
            await batch_done(self._cluster, crew, errands, self._job, packed, self._give_up_s)
        except WorkerGoneError:
            pass
        except LostError as lost:
            error = None if self._crews else str(lost)
        except RefusedError as refusal:
            self._refuse(crew, str(refusal))
        except ClusterError as fault:
            error = str(fault)
        except Exception as fault:  # noqa: BLE001 - nobody may wait for ever
            error = f"{self._cluster.address}: {said(fault)}"
        finally:
            crew.out[doubtful] -= 1
        for errand in errands:
            left = not errand.answer.done()
            errand.workers_lost += left and crew.address not in self._refused
            if error is None and left and errand.workers_lost < MAX_WORKERS_LOST:  # its worker is gone: on to another
                self._send(errand)
            else:
                self._ended(errand, error or f"{MAX_WORKERS_LOST} workers died while they had it")
        self._pump(crew)

    def _refuse(self, crew: Crew, why: str) -> None:
        """Give a worker no more, as long as it is there."""
        self._refused[crew.address] = why
        self._changed()

    def _changed(self) -> None:
        """Take over who the workers are now."""
        workers = self._cluster.workers
        self._refused = {address: why for address, why in self._refused.items() if address in workers}
        good = {address: threads for address, threads in workers.items() if address not in self._refused}
        lost = [crew for address, crew in self._crews.items() if address not in good]
        came = [address for address in good if address not in self._crews]
        gone = [crew.address for crew in lost if crew.address not in self._refused]  # of these it is said why
        if (came or gone) and self._cluster.fault is None and not self._closed:
            self._on_workers(len(good), came, gone)
        for address, threads in good.items():
            if address not in self._crews:
                self._crews[address] = Crew(address, threads, self._loop.create_future())
        moved = list(self._homeless)
        self._homeless.clear()
        for crew in lost:
            del self._crews[crew.address]
            crew.gone.set_result(None)
            for domain in self._domains.values():
                if domain.worker == crew.address:  # whoever asks next does so a pause after it
                    domain.worker, domain.free_at = None, self._loop.time() + self._limits.pause_s
            if crew.timer is not None:
                crew.timer.cancel()
            moved += [errand for waiting in crew.queues for errand in waiting]
            for waiting in crew.queues:
                waiting.clear()
        for errand in moved:
            self._send(errand)
        if self._cluster.fault is not None:
            self._give_up(self._cluster.fault)
        elif not self._crews and self._refused:
            self._give_up(self._refusals())
        elif not self._crews:
            self._await_workers()
        else:
            self._settled.set()
            self._tell(self._refusals() or None)

    def _refusals(self) -> str:
        return "; ".join(sorted(self._refused.values()))

    def _await_workers(self) -> None:
        """Connect, if that is still to do, and give up on what waits for a worker if there is none in a moment."""
        self._cluster.start()
        if self._alone is None:
            self._alone = self._loop.call_later(GRACE_S, self._still_alone)

    def _still_alone(self) -> None:
        self._alone = None
        if not self._crews and not self._closed:
            where = self._cluster.address
            none = f"no worker at {where}; start one as docs/cluster.md says, with {DAEMON_OFF}: dask worker {where} …"
            nobody = none if self._cluster.connected else f"no scheduler answers at {where}; {SCHEDULER_MEND}"
            self._give_up(self._cluster.fault or self._refusals() or nobody)

    def _give_up(self, why: str) -> None:
        """Fail all that waits: nothing can be done now."""
        self._tell(why)
        for errand in self._all_waiting():
            if not errand.answer.done():
                errand.answer.set_exception(ClusterError(why))
                errand.answer.exception()
        homeless, self._homeless = self._homeless, deque()
        for errand in homeless:
            self._ended(errand)

    def _all_waiting(self) -> list[Errand]:
        """List the tasks that no batch has."""
        queued = [e for crew in self._crews.values() for waiting in crew.queues for e in waiting]
        return [*queued, *self._homeless, *(e for domain in self._domains.values() for e in domain.waiting)]

    def _tell(self, trouble: str | None) -> None:
        if trouble != self.trouble and not self._closed:
            self.trouble = trouble
            self.returns += trouble is None
            self._settled.set()
            self._on_trouble(trouble)
