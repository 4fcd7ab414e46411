"""What hostile sources cost the others: `python bench/hostile.py [--sources 300] [--polls 10000] [--hostile 10]`.

A loopback farm of SOURCES feeds on a hundred hosts is polled by a real daemon every few seconds, first with none of
them hostile, then with HOSTILE % (stalls, drips, floods, bombs of every kind: ``tests/hostile.py``). Printed for the
good sources: how late their requests come in at the server after the time that the daemon's log gave as the next one
(it ticks once a second; the tick's place in the second is taken off). Printed for the daemon: resident memory of it and
of its workers, descriptors, threads, children, around the 500th poll, at a quarter, half and all of them, as medians
of ten samples in five seconds. The last line is all of it as JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

if TYPE_CHECKING:
    from scripted import Script

HOSTS = tuple(f"127.0.1.{n}" for n in range(1, 101))
FIRST = 500  # polls, after which the daemon is first looked at
SAMPLES, SAMPLE_S = 10, 0.5


def good(name: str) -> Script:
    """Serve a feed that has something new at every tenth request, and is not modified at most others."""
    from origin import item, rss
    from scripted import Answer, Asked, reply

    def script(asked: Asked) -> Answer:
        state = (asked.number + sum(name.encode())) // 10
        etag = f'"{state}"'
        if asked["If-None-Match"] == etag and asked.number % 3:
            return reply(b"", 304, ETag=etag)
        body = rss(*(item(f"{name}-{number}") for number in range(state, state + 15)), title=name)
        return reply(body.encode(), ETag=etag, Content_Type="application/rss+xml")

    return script


def kinds(only: str) -> list[str]:
    """List the kinds of hostile servers, or the one asked for; shuffled, so that there are some of each also of few."""
    from hostile_servers import hostile_servers

    names = [name for name in hostile_servers() if only in ("", name)]
    random.Random(1).shuffle(names)
    return names


def serve(scripts: dict[str, str], pipe: Connection) -> None:
    """Serve these sources, each of its kind, in a process of its own; then tell when each was asked (Unix time)."""
    from hostile_servers import hostile_servers
    from scripted import running_scripted

    unlimited()
    bad = hostile_servers()
    playing = {name: bad[kind] if kind else good(name) for name, kind in scripts.items()}
    with running_scripted(playing, hosts=HOSTS) as server:
        pipe.send(server.port)
        pipe.recv()
        offset = time.time() - time.monotonic()
        pipe.send([(asked.name, asked.at + offset) for asked in server.log])


def unlimited() -> None:
    """Allow as many descriptors as the system does: one for each host and connection."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def serving(scripts: dict[str, str]) -> Iterator[tuple[int, Connection]]:
    """Run a server process while the body runs → its port, and the pipe to it."""
    ours, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=serve, args=(scripts, its))
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.kill()
        process.join()


@dataclass(frozen=True)
class Farm:
    """What is measured: see the command's arguments."""

    sources: int
    polls: int
    every_s: float
    timeout_s: float

    def config(self, bad: set[int], good_port: int, bad_port: int) -> str:
        """Write the daemon's config."""
        from house import free_port

        every, longest = f"{round(self.every_s * 1000)}ms", f"{round(self.every_s * 2000)}ms"
        lines = ["[wireroom]", f'listen = "127.0.0.1:{free_port()}"', "[poll]", f'floor = "{every}"']
        lines += [f'ceiling = "{longest}"', 'pause = "0s"', 'max_body = "10MB"', f'timeout = "{self.timeout_s:g}s"']
        lines += [f'allow = ["127.0.0.0/8:{good_port}", "127.0.0.0/8:{bad_port}"]']
        for n in range(self.sources):
            port = bad_port if n in bad else good_port
            lines += ["[[source]]", f'id = "s{n}"', f'url = "http://{HOSTS[n % len(HOSTS)]}:{port}/s{n}"']
            lines += [f'every = "{every}"']
        return "\n".join(lines) + '\n[[topic]]\nid = "t"\ntitle = "T"\nmatch = "story"\n'


def look(pid: int) -> dict[str, float]:
    """Look at a daemon and its children → memory (MB), descriptors, threads, children."""
    children, waiting = [], [pid]
    while waiting:
        parent = waiting.pop()
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found = [int(word) for word in (task / "children").read_text().split()]
                children += found
                waiting += found
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return {
        "rss_mb": int(status["VmRSS"].split()[0]) / 1024,
        "workers_mb": sum(map(rss_mb, children)),
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")),  # noqa: PTH208 - a count
        "threads": int(status["Threads"]),
        "children": len(children),
    }


def rss_mb(pid: int) -> float:
    """Read a process's resident memory; 0 where it has just ended."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return 0


def looked(pid: int) -> dict[str, float]:
    """Look several times → medians."""
    samples = []
    for _ in range(SAMPLES):
        samples.append(look(pid))
        time.sleep(SAMPLE_S)
    return {name: round(statistics.median(sample[name] for sample in samples), 1) for name in samples[0]}


def polls_in(log: Path) -> list[dict[str, Any]]:
    """Read the polls of the daemon's log."""
    lines = log.read_text(encoding="utf-8").splitlines()
    return [found for line in lines if '"event": "poll"' in line for found in (json.loads(line),)]


def run(farm: Farm, bad: set[int], only: str) -> dict[str, Any]:
    """Run the farm with these sources hostile → what was measured."""
    found = kinds(only)
    evil = {f"s{n}": found[place % len(found)] for place, n in enumerate(sorted(bad))}
    with (
        tempfile.TemporaryDirectory() as folder,
        serving({f"s{n}": "" for n in range(farm.sources)}) as (good_port, pipe),
        serving(evil) as (bad_port, _),
    ):
        log = Path(folder) / "log"
        (Path(folder) / "config.toml").write_text(farm.config(bad, good_port, bad_port))
        with log.open("wb") as out:
            command = [sys.executable, "-m", "wireroom", "run", "--debug"]  # 304s too are lines of the log then
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            daemon = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
        began = time.monotonic()
        marks = {}
        for mark in sorted({min(FIRST, farm.polls), farm.polls // 4, farm.polls // 2, farm.polls}):
            while log.read_bytes().count(b'"event": "poll"') < mark:
                if daemon.poll() is not None:
                    raise SystemExit(f"the daemon ended:\n{log.read_text()[-2000:]}")
                time.sleep(0.5)
            marks[mark] = looked(daemon.pid)
        seconds = time.monotonic() - began
        pipe.send("enough")
        asked = defaultdict(list)
        for name, at in pipe.recv():
            asked[name].append(at)
        daemon.send_signal(signal.SIGTERM)
        code = daemon.wait(30)
        polls = polls_in(log)
    ends = Counter(f"{evil[poll['source']]}: {poll['outcome']}" for poll in polls if poll["source"] in evil)
    return {
        "hostile": len(bad),
        "polls": len(polls),
        "seconds": round(seconds),
        "exit": code,
        "failed_good": sum(poll["source"] not in evil and "error" in poll for poll in polls),
        "hostile_outcomes": dict(sorted(ends.items())),
        "late_s": lateness(polls, asked, set(evil)),
        "daemon": {str(mark): found for mark, found in marks.items()},
    }


def lateness(polls: list[dict[str, Any]], asked: dict[str, list[float]], evil: set[str]) -> dict[str, float]:
    """Compare when good sources were asked with when they were due → quantiles, seconds.

    Due times are whole seconds and the daemon ticks once a second, so all are late by the tick's place in the second:
    ``tick``, the least lateness of all, is taken off.
    """
    due = defaultdict(list)
    for poll in polls:
        if poll["source"] not in evil:
            due[poll["source"]].append(datetime.fromisoformat(poll["next"]).timestamp())
    late = [at - when for name, times in due.items() for when, at in zip(times, asked[name][1:], strict=False)]
    cuts = statistics.quantiles(late, n=100)
    named = {"p50": cuts[49], "p90": cuts[89], "p99": cuts[98], "max": max(late), "mean": statistics.fmean(late)}
    tick = min(late)
    return {name: round(value - tick, 3) for name, value in named.items()} | {
        "requests": len(late),
        "tick": round(tick, 3),
    }


def main() -> None:
    """Measure with none hostile and with some, and print both beside each other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sources", type=int, default=300)
    parser.add_argument("--polls", type=int, default=10_000)
    parser.add_argument("--hostile", type=int, default=10, help="percent")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between polls of a source")
    parser.add_argument("--timeout", type=float, default=10.0, help="[poll] timeout, seconds")
    parser.add_argument("--only", default="", help="hostile ones of this kind only (see tests/hostile_servers.py)")
    given = parser.parse_args()
    farm = Farm(given.sources, given.polls, given.every, given.timeout)
    unlimited()
    results = []
    for percent in dict.fromkeys((0, given.hostile) if not given.only else (given.hostile,)):
        bad = {n for n in range(given.sources) if percent and (n * percent) % 100 < percent}
        results.append(run(farm, bad, given.only))
        now = results[-1]
        print(f"{percent} % hostile: {now['polls']} polls in {now['seconds']} s, exit {now['exit']}")
        print(f"  lateness of good sources, s: {now['late_s']}; failed: {now['failed_good']}")
        for mark, found in now["daemon"].items():
            print(f"  after {mark:>6} polls: {found}")
        if now["hostile_outcomes"]:
            print(f"  hostile ones ended: {now['hostile_outcomes']}")
    print(json.dumps({"arguments": vars(given), "runs": results}))


if __name__ == "__main__":
    main()
