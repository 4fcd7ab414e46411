"""What many sources cost: `python bench/scale.py [SOURCES]`, 100,000 if not given, each on a host of its own.

A daemon is started twice on one config. First with no archive, so that all sources are due at once; a loopback server
answers them. Then with that archive, its polls spread over an hour, and reads its config anew in the middle. Printed
for both: wall and CPU seconds until it serves and has ticked, the CPU milliseconds that a tick holds the event loop at
a stretch (median, 99th percentile, most), the longest that anything held it, polls a second and a CPU second, and
peak memory. A hold is the CPU time of the loop's own thread, for machines are noisy.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Generator
from multiprocessing import Process, Queue
from pathlib import Path
from statistics import quantiles
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

RUN_S = 20
"""So long each daemon runs once it serves."""

ANSWER = b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
"""No feed: what reading one costs is the business of ``bench/poll.py``."""


def serve(ports: Queue[int]) -> None:
    """Answer every request on every loopback address with an error."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "0.0.0.0", backlog=4096)
        ports.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def write_config(folder: Path, sources: int, port: int) -> None:
    """Write a config of so many sources; a third have tags."""
    from house import free_port

    lines = ["[wireroom]", f'listen = "127.0.0.1:{free_port()}"', "[poll]", f'allow = ["127.0.0.0/8:{port}"]']
    for n in range(sources):
        host = f"127.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255 or 1}"
        lines += ["", "[[source]]", f'id = "source-{n}"', f'url = "http://{host}:{port}/feeds/{n}.xml"']
        lines += ['tags = ["subject:news", "place:somewhere"]'] if n % 3 == 0 else []
    lines += ["", "[[topic]]", 'id = "all"', 'title = "All"', 'match = "story"', ""]
    (folder / "config.toml").write_text("\n".join(lines), encoding="utf-8")


def spread(archive: Path) -> None:
    """Spread the next polls of all sources over the coming hour."""
    with sqlite3.connect(archive) as db:
        moment = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+' || (id * 7919 % 3600) || ' seconds')"
        db.execute(f"UPDATE sources SET next_poll_at = {moment}")
    db.close()


class Timed:
    """An awaitable that notes the CPU milliseconds of each stretch in which it holds the loop."""

    def __init__(self, inner: Awaitable[Any], stretches: list[float]) -> None:
        self._inner = inner
        self._stretches = stretches

    def __await__(self) -> Generator[Any, Any, Any]:
        """Pass on what the awaitable waits for."""
        steps = self._inner.__await__()
        while True:
            began = time.thread_time()
            try:
                waited_for = next(steps)
            except StopIteration as end:
                return end.value
            finally:
                self._stretches.append((time.thread_time() - began) * 1000)
            yield waited_for


def daemon(folder: Path, began: float, *, reload: bool) -> None:
    """Run a daemon in this process with a watch on its loop → its figures as JSON on standard output."""
    from asyncio.events import Handle

    from wireroom.config import load_config
    from wireroom.daemon import run_daemon
    from wireroom.engine import Engine
    from wireroom.log import open_log

    ticks: list[float] = []
    holds: list[float] = []
    figures: dict[str, Any] = {}
    tick, run = Engine.tick, Handle._run  # noqa: SLF001 - what the loop does is seen nowhere else

    async def timed_tick(engine: Engine) -> None:
        await Timed(tick(engine), ticks)
        if "wall" not in figures:
            figures.update(wall=time.time() - began, cpu=time.process_time())
            asyncio.get_running_loop().call_soon(holds.clear)
            begun.append(asyncio.create_task(watch(engine)))

    def timed_run(handle: Handle) -> None:
        start = time.thread_time()
        run(handle)
        holds.append((time.thread_time() - start) * 1000)

    async def watch(engine: Engine) -> None:
        ticks.clear()
        start, cpu = time.time(), time.process_time()
        await asyncio.sleep(RUN_S)
        figures.update(ran=time.time() - start, ran_cpu=time.process_time() - cpu, ticks=ticks[:], hold=max(holds))
        if reload:
            holds.clear()
            start, cpu, old = time.time(), time.process_time(), engine.config
            os.kill(os.getpid(), signal.SIGHUP)
            while engine.config is old:  # noqa: ASYNC110 - the daemon tells nobody but the log
                await asyncio.sleep(0.05)
            await asyncio.sleep(2)
            figures.update(reload=time.process_time() - cpu, reload_hold=max(holds))
        os.kill(os.getpid(), signal.SIGTERM)

    begun: list[asyncio.Task[None]] = []
    Engine.tick, Handle._run = timed_tick, timed_run  # noqa: SLF001
    config = load_config(folder / "config.toml")
    asyncio.run(run_daemon(config, open_log()))
    figures["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))


def measured(folder: Path, *, reload: bool) -> dict[str, Any]:
    """Run a daemon in ``folder`` → its figures."""
    command = [sys.executable, __file__, "--daemon", str(folder), str(time.time()), str(int(reload))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}  # for the workers, which start from nothing
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    with sqlite3.connect(folder / "wireroom.db") as db:
        figures["polls"] = db.execute("SELECT count(*) FROM polls").fetchone()[0]
    db.close()
    return figures


def show(name: str, figures: dict[str, Any], polls: int) -> None:
    """Print one daemon's figures."""
    cuts = quantiles(figures["ticks"], n=100)
    print(
        f"{name:8}{figures['wall']:9.1f}{figures['cpu']:8.1f}{cuts[49]:10.2f}{cuts[98]:8.2f}"
        f"{max(figures['ticks']):8.2f}{figures['hold']:9.2f}{polls / figures['ran']:10.0f}"
        f"{polls / figures['ran_cpu']:11.0f}{figures['memory_mb']:8.0f}"
    )


def main() -> None:
    """Print the table."""
    if "--daemon" in sys.argv:
        daemon(Path(sys.argv[2]), float(sys.argv[3]), reload=sys.argv[4] == "1")
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("sources", nargs="?", type=int, default=100_000)
    sources = parser.parse_args().sources
    ports: Queue[int] = Queue()
    server = Process(target=serve, args=(ports,), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_config(folder, sources, ports.get())
        first = measured(folder, reload=False)
        spread(folder / "wireroom.db")
        later = measured(folder, reload=True)
    server.terminate()
    print(f"{sources} sources; start in seconds, the loop's holds in CPU milliseconds, peak memory in MB")
    print("start        wall     cpu tick 50%     99%    most any hold   polls/s per CPU s  memory")
    show("first", first, first["polls"])
    show("later", later, later["polls"] - first["polls"])
    print(f"reload: {later['reload']:.1f} s CPU, longest hold {later['reload_hold']:.1f} ms")


if __name__ == "__main__":
    main()
