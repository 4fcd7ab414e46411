"""What a poll costs: `python bench/poll.py [SOURCES]`, beside a bare aiohttp + feedparser loop in the same run.

A loopback origin serves SOURCES feeds (200) of 20 items of about 3 KB. Rounds: cold (all new), same (no validators,
same bytes), idle (304). Printed are CPU milliseconds a source of all processes but the origin's, start-up included:
machines are noisy, so compare rows of one run. The bare loop stores nothing; it fetches (with validators in the idle
round) and parses with feedparser's defaults.
"""

from __future__ import annotations

import asyncio
import ctypes
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from multiprocessing import Process, Queue, active_children
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

ROUNDS = ("cold", "same", "idle")
PR_SET_CHILD_SUBREAPER = 36  # Linux: orphans below us become our children


def document(number: int) -> bytes:
    """Make one feed."""
    from origin import item, rss

    words = random.Random(number)
    texts = (" ".join(f"word{words.randrange(5000)}" for _ in range(330)) for _ in range(20))
    return rss(*(item(f"{number}-{n}", text=f"&lt;p&gt;{text}&lt;/p&gt;") for n, text in enumerate(texts))).encode()


def serve(sources: int, ports: Queue[int]) -> None:
    """Serve the feeds; /304/N answers a conditional request with 304."""
    from origin import Answer, Asked, running_origin

    with running_origin() as origin:
        for number in range(sources):
            body = document(number)

            def answer(asked: Asked, body: bytes = body) -> Answer:
                origin.asked.clear()
                if asked.headers.get("If-None-Match"):
                    return Answer(status=304)
                return Answer(body, headers={"ETag": '"x"', "Content-Type": "application/xml"})

            origin.feed(f"/same/{number}", body)
            origin.routes[f"/304/{number}"] = answer
        ports.put(origin.port)
        while True:
            time.sleep(60)


def cpu_ms(usage: Any) -> float:
    """Add up user and system time."""
    return float(usage.ru_utime + usage.ru_stime) * 1000


def children_ms(command: list[str], cwd: Path) -> float:
    """Run a command → the CPU time of it and all its children, milliseconds."""
    before = cpu_ms(resource.getrusage(resource.RUSAGE_CHILDREN))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=cwd, env=environment, check=True, stdout=subprocess.DEVNULL)
    reap_orphans()
    return cpu_ms(resource.getrusage(resource.RUSAGE_CHILDREN)) - before


def reap_orphans() -> None:
    """Wait for the workers that a program left to us (we are their subreaper), so that their time is counted."""
    origin = {str(child.pid) for child in active_children()}
    deadline = time.monotonic() + 5
    while set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()) - origin:
        assert time.monotonic() < deadline, "a worker does not end"
        os.waitpid(-1, os.WNOHANG)
        time.sleep(0.01)


def wireroom(sources: int, port: int) -> dict[str, float]:
    """Poll three rounds with Wireroom → CPU ms by round, the start of the program included."""
    found = {}
    for kind, rounds in (("same", ("cold", "same")), ("304", ("", "idle"))):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            lines = ["[poll]", 'pause = "0s"', "per_host = 20", f'allow = ["127.0.0.1:{port}"]']
            for n in range(sources):
                lines += ["[[source]]", f'id = "s{n}"', f'url = "http://127.0.0.1:{port}/{kind}/{n}"']
            lines += ["[[topic]]", 'id = "t"', 'title = "T"', 'match = "word7"']
            (folder / "config.toml").write_text("\n".join(lines))
            for round_ in rounds:
                found[round_] = children_ms([sys.executable, "-m", "wireroom", "poll"], folder)
    return found


def bare(sources: int, port: int) -> dict[str, float]:
    """Do the same with a bare loop in a process of its own → CPU ms by round."""
    return {
        round_: children_ms([sys.executable, __file__, "--bare", str(sources), str(port), round_], ROOT)
        for round_ in ROUNDS
    }


async def bare_round(sources: int, port: int, round_: str) -> None:
    """Fetch and parse every feed, twenty at once."""
    import aiohttp
    import feedparser

    turns = asyncio.Semaphore(20)
    async with aiohttp.ClientSession() as session:

        async def one(number: int) -> None:
            kind = "304" if round_ == "idle" else "same"
            headers = {"If-None-Match": '"x"'} if round_ == "idle" else {}
            async with turns, session.get(f"http://127.0.0.1:{port}/{kind}/{number}", headers=headers) as response:
                body = await response.read()
                if response.status == 200:
                    feedparser.parse(io.BytesIO(body))

        await asyncio.gather(*(one(number) for number in range(sources)))


def main() -> None:
    """Print the table."""
    if "--bare" in sys.argv:
        _, _, sources, port, round_ = sys.argv
        asyncio.run(bare_round(int(sources), int(port), round_))
        return
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    sources = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    ports: Queue[int] = Queue()
    origin = Process(target=serve, args=(sources, ports), daemon=True)
    origin.start()
    port = ports.get()
    ours, theirs = wireroom(sources, port), bare(sources, port)
    print(f"{sources} sources, 20 items of about 3 KB; CPU ms a source, all processes, start-up included")
    print(f"{'round':8}{'wireroom':>10}{'bare loop':>12}{'ratio':>8}")
    for round_ in ROUNDS:
        mine, other = ours[round_] / sources, theirs[round_] / sources
        print(f"{round_:8}{mine:10.1f}{other:12.1f}{mine / other:8.2f}")
    print(json.dumps({"sources": sources, "wireroom": ours, "bare": theirs}), file=sys.stderr)
    origin.terminate()


if __name__ == "__main__":
    main()
