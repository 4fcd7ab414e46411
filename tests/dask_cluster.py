"""A real Dask cluster on loopback: a scheduler and workers, started as docs/cluster.md says. IO: processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from house import ROOT, free_port, until

BY_ITS_OWN_WAY = {"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__WORKER__DAEMON": "False"}


class Dask:
    """A scheduler at a port that stays the same, and its workers."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []
        self._folder = folder
        self._count = 0

    def start_scheduler(self) -> None:
        """Start the scheduler, and wait until it listens."""
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port))
        until(self._listens, "the scheduler does not listen")

    def start_worker(self, *, threads: int = 16, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a worker with its nanny → the nanny's process."""
        words = ("worker", self.address, "--nthreads", str(threads), "--host", "127.0.0.1", "--memory-limit", "0")
        worker = self._start(*words, environment=environment)
        self.workers.append(worker)
        return worker

    def log(self) -> str:
        """Read what they all said."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self._folder.glob("*.log")))

    def stop_scheduler(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End the scheduler; its workers end by themselves."""
        assert self.scheduler is not None
        end(self.scheduler, number)

    def close(self) -> None:
        """End all that is left."""
        for process in (*self.workers, self.scheduler):
            if process is not None:
                end(process, signal.SIGKILL)

    def _start(self, *words: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        self._count += 1
        with (self._folder / f"{self._count:02}-{words[0]}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *words, "--no-dashboard", "--dashboard-address", "127.0.0.1:0"],
                cwd=self._folder,
                env={**os.environ, **(BY_ITS_OWN_WAY if environment is None else environment)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _listens(self) -> bool:
        import socket

        assert self.scheduler is not None
        assert self.scheduler.poll() is None, self.log()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def end(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a process and all below it a signal, and wait for its end."""
    family = [process]
    with contextlib.suppress(psutil.Error):
        family += psutil.Process(process.pid).children(recursive=True)
    for one in family:
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            one.send_signal(number)
    process.wait(timeout=20)


def worker_of(nanny: subprocess.Popen[bytes]) -> psutil.Process:
    """Find the process that does the work under a nanny."""
    found = [child for child in psutil.Process(nanny.pid).children() if "spawn_main" in " ".join(child.cmdline())]
    (worker,) = found
    return worker


@contextlib.contextmanager
def running_dask(*, workers: int = 2, threads: int = 16) -> Iterator[Dask]:
    """Run a cluster while the body runs."""
    with tempfile.TemporaryDirectory() as name:
        dask = Dask(Path(name))
        try:
            dask.start_scheduler()
            for _ in range(workers):
                dask.start_worker(threads=threads)
            until(lambda: dask.log().count("Registered to") == workers, "the workers do not come")
            yield dask
        finally:
            dask.close()
