"""What a cluster that polls costs, and where: `python bench/cluster.py [SOURCES] [--workers N]`, on Linux.

A farm of SOURCES feeds (2,000; 20 items of about 3 KB each) on loopback is polled in three rounds: cold (all is new),
idle (304), early-churn (304, but one source in ten has one to three new items); first by one process, then over a real
scheduler and N workers (2). Printed is processor time a source, by who used it: the daemon, the scheduler, the workers
with all their processes. Then: what the daemon's one writer carries when results cost it nothing (they are made
beforehand), and a model of N workers from all these numbers.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import psutil
import structlog
from farm import Farm, running_farm

from dask_cluster import Dask, running_dask
from ingest.cluster import Cluster
from ingest.collect import Collected, Task
from wireroom.config import load_config
from wireroom.engine import Engine
from wireroom.visitors import raise_descriptors

CHURN = "early-churn"
"""The farm's other round of that kind comes after one that touches all feeds: not one would answer 304 in it."""
ROUNDS = ("cold", "idle", CHURN)
PER_HOST = 4
Costs = dict[str, dict[str, float]]
"""Round → who → CPU milliseconds a source, and beside them the round's numbers."""


def used_s(pids: Iterable[int]) -> float:
    """Add up the processor time of these processes and all below them, ended ones included."""
    total = 0.0
    for pid in pids:
        top = psutil.Process(pid)
        for one in (top, *top.children(recursive=True)):
            try:
                total += sum(one.cpu_times()[:4])
            except psutil.Error:
                continue
    return total


def write_config(folder: Path, farm: Farm, more: str) -> Path:
    """Write the config of a Wireroom that polls the farm."""
    lines = ["[poll]", 'pause = "0s"', f'allow = ["127.0.0.0/8:{farm.port}"]', "websub = false", more]
    for number, url in enumerate(farm.addresses):
        lines += ["[[source]]", f'id = "s{number}"', f'url = "{url}"']
    path = folder / "config.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


class Recorder:
    """Stands before what collects, and keeps what it gave; then gives it again by itself."""

    def __init__(self, collector: Any) -> None:
        self._collector = collector
        self.kept: dict[str, Collected] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collector, name)

    async def collect(self, task: Task) -> Collected:
        """Do the task, and keep what it brought."""
        found: Collected = await self._collector.collect(task)
        self.kept[task.source] = found
        return found


class Player:
    """Gives what was recorded."""

    returns = 0

    def __init__(self, kept: dict[str, Collected]) -> None:
        self._kept = kept

    async def collect(self, task: Task) -> Collected:
        """Give it, after a turn of the loop."""
        await asyncio.sleep(0)
        return self._kept[task.source]

    def written(self, collected: Collected) -> None:
        """What it gives takes no place."""

    async def ready(self) -> None:
        """Be ready."""

    async def close(self) -> None:
        """Nothing is open."""


async def polled(engine: Engine, count: int, who: dict[str, Callable[[], float]]) -> dict[str, float]:
    """Poll all sources once → what it cost, milliseconds a source, and the stories and seconds."""
    before = {name: clock() for name, clock in who.items()}
    began = time.monotonic()
    result = await engine.round([], due=False, progress=lambda _: None)
    seconds = time.monotonic() - began
    assert len(result["polled"]) == count
    assert not result["failed"], [one for one in result["polled"] if not one["good"]][:3]
    spent = {name: (clock() - before[name]) * 1000 / count for name, clock in who.items()}
    return {**spent, "stories": float(result["new_stories"]), "seconds": seconds}


async def measured(folder: Path, farm: Farm, dask: Dask | None) -> tuple[Costs, dict[str, dict[str, Collected]]]:
    """Run the three rounds → their costs, and what each brought."""
    more = f'engine = "dask"\nscheduler = "{dask.address}"' if dask is not None else ""
    engine = Engine(load_config(write_config(folder, farm, more)), structlog.stdlib.get_logger("bench"))
    await engine.start()
    await engine.ready()
    recorder = Recorder(engine._collector)  # noqa: SLF001 - a bench may look inside
    engine.poller._collector = recorder  # noqa: SLF001
    who: dict[str, Callable[[], float]] = {"daemon": time.process_time}
    if dask is not None:
        assert dask.scheduler is not None
        scheduler, workers = dask.scheduler.pid, [worker.pid for worker in dask.workers]
        who |= {"scheduler": lambda: used_s([scheduler]), "workers": lambda: used_s(workers)}
    else:
        farmers = {child.pid for child in psutil.Process().children()} - {0}
        readers = lambda: [c.pid for c in psutil.Process().children() if c.pid not in farmers]  # noqa: E731
        who["workers"] = lambda: used_s(readers())
    costs: Costs = {}
    kept: dict[str, dict[str, Collected]] = {}
    try:
        for round_ in ROUNDS:
            farm.begin(round_)
            costs[round_] = await polled(engine, len(farm.addresses), who)
            kept[round_] = dict(recorder.kept)
    finally:
        await engine.close()
    return costs, kept


async def written(folder: Path, farm: Farm, kept: dict[str, dict[str, Collected]]) -> Costs:
    """Write what was recorded into a new archive → the costs of the daemon alone."""
    engine = Engine(load_config(write_config(folder, farm, "")), structlog.stdlib.get_logger("bench"))
    await engine.start()
    costs: Costs = {}
    try:
        for round_ in ROUNDS:
            engine.poller._collector = Player(kept[round_])  # noqa: SLF001
            costs[round_] = await polled(engine, len(farm.addresses), {"daemon": time.process_time})
    finally:
        await engine.close()
    return costs


async def empty_batches(dask: Dask, count: int = 2000, size: int = 30_000) -> None:
    """Print what the scheduler carries of batches that are no work, so large in either direction."""
    assert dask.scheduler is not None
    changed = asyncio.Event()
    cluster = Cluster(dask.address, changed.set)
    cluster.start()
    while len(cluster.workers) < len(dask.workers):
        await changed.wait()
        changed.clear()
    addresses, packed = list(cluster.workers), os.urandom(size)
    began, before, own = time.monotonic(), used_s([dask.scheduler.pid]), time.process_time()
    sent = [cluster.submit(addresses[n % len(addresses)], bytes, packed) for n in range(count)]
    await asyncio.gather(*map(asyncio.wrap_future, sent))
    wall, spent = time.monotonic() - began, used_s([dask.scheduler.pid]) - before
    own = time.process_time() - own
    print(
        f"\n{count} empty batches of {size:,} bytes: {count / wall:.0f} a second; CPU ms each: scheduler "
        f"{spent * 1000 / count:.2f}, daemon {own * 1000 / count:.2f}; the scheduler's core carries {count / spent:.0f}"
    )
    await cluster.close()


def show(title: str, costs: Costs, who: Iterable[str]) -> None:
    """Print a table of costs."""
    names = list(who)
    print(f"\n{title}; CPU ms a source")
    print(f"{'round':12}" + "".join(f"{name:>12}" for name in names) + f"{'stories':>10}{'wall s':>9}")
    for round_, cost in costs.items():
        cells = "".join(f"{cost[name]:12.3f}" for name in names)
        print(f"{round_:12}{cells}{cost['stories']:10.0f}{cost['seconds']:9.1f}")


def model(costs: Costs, count: int) -> None:
    """Print what N workers with one core each carry, by the churn round: nine polls of ten end with 304."""
    churn = costs[CHURN]
    stories = churn["stories"] / count
    print("\nchurn, on paper: each worker, the scheduler and the daemon have one core each, used up whole")
    print(f"{'workers':>8}{'sources/h':>14}{'new stories/s':>15}  the wall is")
    for number in (1, 2, 4, 8, 16):
        rates = {
            "the workers": number * 1000 / churn["workers"],
            "the scheduler": 1000 / churn["scheduler"],
            "the daemon": 1000 / churn["daemon"],
        }
        wall = min(rates, key=rates.__getitem__)
        print(f"{number:8}{rates[wall] * 3600:14,.0f}{rates[wall] * stories:15.1f}  {wall}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("sources", nargs="?", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    words = parser.parse_args()
    raise_descriptors()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as name:
        folders = {part: Path(name, part) for part in ("farm", "local", "dask", "writer")}
        for folder in folders.values():
            folder.mkdir()
        with running_farm(words.sources, PER_HOST, folders["farm"]) as farm:
            print(f"{words.sources} sources on {words.sources // PER_HOST} hosts, {os.cpu_count()} cores")
            local, kept = asyncio.run(measured(folders["local"], farm, None))
            show("this machine alone", local, ("daemon", "workers"))
            with running_dask(workers=words.workers) as dask:
                far, _ = asyncio.run(measured(folders["dask"], farm, dask))
                show(f"over a scheduler and {words.workers} workers", far, ("daemon", "scheduler", "workers"))
                asyncio.run(empty_batches(dask))
            show("the writer alone, fed with results", asyncio.run(written(folders["writer"], farm, kept)), ("daemon",))
            model(far, words.sources)


if __name__ == "__main__":
    main()
