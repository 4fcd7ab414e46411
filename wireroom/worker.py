"""What a Dask worker runs for the daemon: a batch, if it is the same Wireroom. IO: network, files, processes."""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
from typing import Any

from ingest.digest import DIGEST_VERSION
from wireroom import __version__
from wireroom.loop import loop_factory


def do_batch(version: str, digest_version: int, packed: bytes) -> dict[str, Any]:
    """Do a pickled batch → ``results``, pickled one by one, or ``refused``: why this worker does none.

    ``version`` and ``digest_version`` are the daemon's; what another version has packed is not even looked at.
    """
    if (version, digest_version) != (__version__, DIGEST_VERSION):
        here, there = f"{__version__} (digest {DIGEST_VERSION})", f"{version} (digest {digest_version})"
        return {"refused": f"it has Wireroom {here}, the daemon {there}; install the same on both, and restart it"}
    if multiprocessing.current_process().daemon:
        return {
            "refused": "its process is daemonic, so it can't have processes that read feeds; start it with "
            "DASK_DISTRIBUTED__WORKER__DAEMON=False in its environment"
        }
    from ingest.batch import poll_batch  # noqa: PLC0415 - only where it is the right one

    tasks, limits, now = pickle.loads(packed)  # noqa: S301 - from the daemon; see docs/cluster.md
    return {
        "results": [
            pickle.dumps(one) for one in poll_batch(tasks, limits, now, loop_factory() or asyncio.new_event_loop)
        ]
    }
