"""The connection to a Dask scheduler: who its workers are, and the batches sent to them. IO: network, threads.

All that blocks is done on a thread of our own, Dask's own work on its threads: a scheduler that hangs holds up nobody.
Dask would also do a dead worker's batches elsewhere (``allow_other_workers``), but a batch that may go elsewhere may be
stolen by whoever is idle, and then two workers ask one server at once. So each is bound to its worker, and whoever
sends it is told when that worker is no more.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import pickle
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

CONNECT_S = 5
"""So long the scheduler has to answer, whatever it is asked."""
LOOK_S = 0.5
"""So often it is asked who its workers are …"""
AGAIN_S = 2
"""… and so often, when it is away, whether it is back."""
CLOSE_S = 1.5
SCHEDULER_MEND = "start it (docs/cluster.md), or mend [poll] scheduler"


class ClusterError(Exception):
    """The cluster can't do a task, through no fault of its source."""


@dataclass(frozen=True, slots=True)
class Call:
    """A job that is done by being unpickled.

    So a worker that does not have it (another version, no Wireroom at all) fails in the task, and we are told; Dask
    itself would unpickle it outside, and that ends the worker.
    """

    job: Callable[[bytes], Any]
    packed: bytes

    def __reduce__(self) -> tuple[Callable[[bytes], Any], tuple[bytes]]:
        """Give what to call, and with what."""
        return self.job, (self.packed,)


class Cluster:
    """Stays connected to the scheduler at ``address`` after ``start``. Make and use it inside the loop.

    ``on_change`` is called in the loop when ``workers`` (address → threads) or ``fault`` (why there is no scheduler)
    has changed.
    """

    def __init__(self, address: str, on_change: Callable[[], None]) -> None:
        self.address = address
        self.workers: Mapping[str, int] = {}
        self.fault: str | None = None
        self.connected = False
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._client: Any = None
        self._executors: dict[str, Executor] = {}
        self._orders: queue.SimpleQueue[Future[Any] | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._ended = self._loop.create_future()
        self._started = False

    def start(self) -> None:
        """Connect, if that is not done yet."""
        if not self._started:
            self._started = True
            threading.Thread(target=self._run, name="cluster", daemon=True).start()

    def submit(self, worker: str, job: Callable[[bytes], Any], packed: bytes) -> Future[Any]:
        """Have a worker do a job → its future. Raises ClusterError where there is no connection any more."""
        client = self._client
        if client is None:
            raise ClusterError(self.fault or f"{self.address}: there is no connection to the scheduler")
        executor = self._executors.get(worker)
        if executor is None:
            executor = self._executors[worker] = client.get_executor(pure=False, workers=[worker], retries=0)
        try:
            return executor.submit(pickle.loads, pickle.dumps(Call(job, packed)))
        except Exception as error:  # whatever Dask says while the connection goes
            raise ClusterError(f"{self.address}: nothing can be sent: {said(error)}") from error

    def drop(self, future: Future[Any]) -> None:
        """Have a job forgotten that nobody waits for any more."""
        self._orders.put(future)

    async def close(self) -> None:
        """Leave the cluster; what is under way there comes to nothing. Takes less than 2 s."""
        self._stopping.set()
        self._orders.put(None)
        if not self._started:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await asyncio.shield(self._ended)

    def _run(self) -> None:
        """Connect, watch, and begin anew where the connection is lost, until ``close``."""
        while not self._stopping.is_set():
            client = None
            self._orders = queue.SimpleQueue()  # what was sent over the last connection is forgotten with it
            try:
                reach(self.address)
                client = connect(self.address)
                self._watch(client)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                if not self._stopping.is_set():
                    self._tell(None, {}, f"no scheduler at {self.address}: {said(error)}; {SCHEDULER_MEND}")
            finally:
                if client is not None:
                    with contextlib.suppress(Exception):
                        client.close(timeout=1)
            self._stopping.wait(AGAIN_S)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)

    def _watch(self, client: Any) -> None:
        """Ask again and again who the workers are. Raises what Dask raises when the scheduler is gone."""
        while not self._stopping.is_set():
            if client.status != "running":
                raise ConnectionError("the connection was lost")
            info = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=CONNECT_S)
            workers = {
                address: int(one["nthreads"])
                for address, one in info["workers"].items()
                if one.get("status", "running") == "running"
            }
            self._tell(client, workers, None)
            with contextlib.suppress(queue.Empty):
                while (dropped := self._orders.get(timeout=LOOK_S)) is not None:
                    dropped.cancel()

    def _tell(self, client: Any, workers: Mapping[str, int], fault: str | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._take, client, workers, fault)

    def _take(self, client: Any, workers: Mapping[str, int], fault: str | None) -> None:
        """Take over, in the loop, what the thread has seen."""
        if client is not self._client:
            self._client, self._executors = client, {}
        changed = (workers, fault, client is not None) != (self.workers, self.fault, self.connected)
        self.workers, self.fault, self.connected = workers, fault, client is not None
        self._executors = {worker: one for worker, one in self._executors.items() if worker in workers}
        if changed and not self._stopping.is_set():
            self._on_change()


def reach(address: str) -> None:
    """Find out whether anybody listens at ``tcp://host:port``: quicker than Dask, and in the system's words.

    Raises OSError.
    """
    host, _, port = address.partition("://")[2].rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_S).close()


def connect(address: str) -> Any:
    """Connect to a scheduler → the client. Raises what Dask raises.

    Dask sets up handlers of its own for the log. What it says of a lost connection we say ourselves, once; the rest is
    tracebacks of what it did meanwhile.
    """
    distributed = importlib.import_module("distributed")
    for name, level in (("distributed", logging.CRITICAL), ("tornado", logging.CRITICAL)):
        for logger in [logging.getLogger(one) for one in list(logging.root.manager.loggerDict) if family(one, name)]:
            logger.handlers.clear()
            logger.propagate = True
            logger.setLevel(level)
    if address.startswith("tls:") and distributed.Security().get_connection_args("client").get("ssl_context") is None:
        raise ConnectionError("TLS needs certificates, in Dask's own config; docs/cluster.md says how")
    return distributed.Client(address, timeout=CONNECT_S, name="wireroom", set_as_default=False)


def family(logger: str, name: str) -> bool:
    """Tell whether a logger's name is ``name`` or below it."""
    return logger == name or logger.startswith(f"{name}.")


def said(error: BaseException) -> str:
    """Give an error's words in one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join((str(error) or type(error).__name__).split())[:300]
