"""One batch, from a worker's queue to those who wait for what it brings. IO: network, by way of ``cluster``."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Sequence

from ingest.batch import Job, Undone
from ingest.cluster import Cluster, ClusterError, said
from ingest.errand import Crew, Errand

GRACE_S = 5.0
"""So long after Dask has lost a batch it may take to hear that its worker is gone."""


class WorkerGoneError(ClusterError):
    """The worker is gone, and the batch with it: another may do it."""


class LostError(ClusterError):
    """Dask lost it together with the worker; the scheduler may be gone too."""


class RefusedError(ClusterError):
    """The worker does no batches; the text says why."""


async def batch_done(
    cluster: Cluster, crew: Crew, errands: Sequence[Errand], job: Job, packed: bytes, give_up_s: float
) -> None:
    """Have a worker do a batch, and give each errand its answer.

    Raises WorkerGoneError, LostError, RefusedError, and ClusterError where it came to nothing otherwise.
    """
    sent = cluster.submit(crew.address, job, packed)
    back = asyncio.wrap_future(sent)
    try:
        await asyncio.wait({back, crew.gone}, timeout=give_up_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not back.done():
            cluster.drop(sent)
            back.add_done_callback(lambda one: one.cancelled() or one.exception())
    if back.done() and back.cancelled():  # Dask lost it, together with the worker or the scheduler
        await asyncio.wait({crew.gone}, timeout=GRACE_S)
        lost = f"{cluster.address}: the connection was lost"
        raise LostError(lost) if crew.gone.done() else ClusterError(lost)
    if not back.done():
        if crew.gone.done():
            raise WorkerGoneError
        raise ClusterError(f"worker {crew.address} has not answered for {give_up_s:g} s")
    if (failure := back.exception()) is not None:
        why = f"worker {crew.address}: {type(failure).__name__}: {said(failure)}"
        if isinstance(failure, ImportError | AttributeError):
            raise RefusedError(f"{why}; it needs the same Wireroom as here")
        raise ClusterError(why)
    told = back.result()
    if "refused" in told:
        raise RefusedError(f"worker {crew.address}: {told['refused']}")
    for errand, result in zip(errands, told["results"], strict=True):
        found = pickle.loads(result)  # noqa: S301 - from our own workers; see docs/cluster.md
        if not errand.answer.done():
            if isinstance(found, Undone):
                errand.answer.set_exception(ClusterError(f"worker {crew.address}: {found.error}"))
            else:
                errand.answer.set_result(found)
        await asyncio.sleep(0)  # a batch of long documents takes a while
