"""What an answer costs: a 304 and a full feed of Wireroom's, beside nginx with the same file and a bare ASGI answer.

    python bench/serve.py [--rounds 5] [--seconds 2]

Needs wrk and taskset, and nginx for its part. The servers run on one core, wrk on another; the rounds are interleaved,
and what is told is the median of the CPU time of the server's process per request. Bare is the least that can be
answered on the same uvicorn and the same connections: status, Content-Type, Content-Length, ETag and the body. The last
line tells how long a request takes while 500 connections have sent half of one. IO: network, processes, files.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

SIZES = {"20kB": 20_000, "200kB": 200_000}
MOST = 1.3
"""So many times the bare answer's time an answer may cost."""
HALF_OPEN = 500
MOST_P99_MS = 50


@dataclass(frozen=True, slots=True)
class Contestant:
    """A server: where it listens, the processes that answer, and the ETag of each document."""

    name: str
    port: int
    pids: tuple[int, ...]
    etags: dict[str, str]


def child(kind: str, folder: Path, port: int) -> None:
    """Serve the documents of ``folder`` until we are ended."""
    import uvicorn

    from db.model import Format
    from feeds.publish import Published, Publisher
    from feeds.render import MEDIA_TYPES
    from feeds.serve import make_app
    from served import Stub
    from wireroom.visitors import Visitor, raise_descriptors

    raise_descriptors()
    publisher = Publisher(folder)
    rss = MEDIA_TYPES["rss"]
    found = {
        name: publisher.write(f"topics/{name.lower()}.rss", (folder / f"topics/{name.lower()}.rss").read_bytes(), rss)
        for name in SIZES
    }

    class Site(Stub):
        def published(self, topic: str, fmt: Format) -> Published | None:
            return self.documents.get((topic, fmt))

    async def bare(scope: Any, _: Any, send: Any) -> None:
        one = by_path[scope["path"]]
        etag = (b"etag", one.etag.encode())
        for name, value in scope["headers"]:
            if name == b"if-none-match" and value == etag[1]:
                await send({"type": "http.response.start", "status": 304, "headers": [etag]})
                await send({"type": "http.response.body", "body": b""})
                return
        length = b"%d" % len(one.body)
        headers = [(b"content-type", rss.encode()), (b"content-length", length), etag]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": one.body})

    by_path = {f"/topics/{name.lower()}.rss": one for name, one in found.items()}
    site = Site(folder / "stub")
    site.documents |= {(name.lower(), "rss"): one for name, one in found.items()}
    app: Any = bare if kind == "bare" else make_app(site)
    config = uvicorn.Config(
        app,
        port=port,
        http=Visitor,
        ws="none",
        proxy_headers=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    uvicorn.Server(config).run()


@contextlib.contextmanager
def contestants(folder: Path, core: str) -> Iterator[list[Contestant]]:
    """Start the servers, all on ``core``, while the body runs."""
    folder.chmod(0o755)  # nginx may work as another user
    (folder / "topics").mkdir()
    for name, size in SIZES.items():
        item = b"<item><title>A story of ports and ferries</title><description>Of them all.</description></item>\n"
        body = b"<rss version='2.0'><channel>\n" + item * (size // len(item)) + b"</channel></rss>\n"
        (folder / f"topics/{name.lower()}.rss").write_bytes(body)
    processes, found = [], []
    try:
        for kind in ("wireroom", "bare"):
            port = free_port()
            command = [sys.executable, __file__, "--child", kind, str(folder), str(port)]
            processes.append(subprocess.Popen(["taskset", "-c", core, *command]))
            found.append(Contestant(kind, port, (processes[-1].pid,), etags(port)))
        if shutil.which("nginx"):
            port = free_port()
            (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
            command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
            processes.append(subprocess.Popen(["taskset", "-c", core, *command]))
            there = etags(port)
            children = Path(f"/proc/{processes[-1].pid}/task/{processes[-1].pid}/children").read_text().split()
            found.append(Contestant("nginx", port, tuple(map(int, children)), there))
        yield found
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid;
events {{ worker_connections 2048; }}
http {{
  types {{ application/rss+xml rss; }}
  access_log off; keepalive_requests 1000000; sendfile on; tcp_nopush on; open_file_cache max=100;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {folder}; server_tokens off; }}
}}
"""


def free_port() -> int:
    """Find a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def etags(port: int) -> dict[str, str]:
    """Wait for a server, and ask it for the ETag of each document."""
    import http.client

    found: dict[str, str] = {}
    for _ in range(200):
        try:
            for name, size in SIZES.items():
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", f"/topics/{name.lower()}.rss", headers={"Accept-Encoding": "identity"})
                answer = connection.getresponse()
                assert (answer.status, len(answer.read()) >= size * 0.9) == (200, True)
                found[name] = answer.headers["ETag"]
        except OSError:
            time.sleep(0.05)
        else:
            return found
    raise SystemExit("a server does not answer")


def cpu_s(pids: tuple[int, ...]) -> float:
    """Read the CPU time that processes have used."""
    nanoseconds = sum(
        int(path.read_text().split()[0]) for pid in pids for path in Path(f"/proc/{pid}/task").glob("*/schedstat")
    )
    return nanoseconds / 1e9


def ask(one: Contestant, name: str, seconds: float, core: str, *, known: bool, connections: int = 20) -> str:
    """Run wrk against a document, as a reader asks → what it prints."""
    headers = ["User-Agent: bench/1.0", "Accept: application/rss+xml, */*;q=0.5", "Accept-Encoding: identity"]
    if known:
        headers.append(f"If-None-Match: {one.etags[name]}")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency"]
    for header in headers:
        command += ["-H", header]
    command.append(f"http://127.0.0.1:{one.port}/topics/{name.lower()}.rss")
    done = subprocess.run(["taskset", "-c", core, *command], capture_output=True, text=True, check=True)
    assert "Non-2xx" not in done.stdout, done.stdout
    return done.stdout


def measure(one: Contestant, name: str, seconds: float, core: str, *, known: bool) -> float:
    """Ask for a while → microseconds of the server's CPU per request."""
    before = cpu_s(one.pids)
    said = ask(one, name, seconds, core, known=known)
    requests = re.search(r"(\d+) requests in", said)
    if requests is None or not int(requests[1]):
        raise SystemExit(f"{one.name} answered nothing:\n{said}")
    return (cpu_s(one.pids) - before) / int(requests[1]) * 1e6


def p99_ms(said: str) -> float:
    """Read the 99th percentile that wrk tells."""
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    assert found is not None, said
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]


def main() -> int:
    """Measure, and tell → 1 where an answer costs too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child[0], Path(given.child[1]), int(given.child[2]))
        return 0
    if not shutil.which("wrk"):
        raise SystemExit("this needs wrk")
    cores = sorted(os.sched_getaffinity(0))
    servers, asks = str(cores[0]), str(cores[-1])
    cases = [("304", "20kB", True), *((f"200, {name}", name, False) for name in SIZES)]
    good = True
    with tempfile.TemporaryDirectory() as folder, contestants(Path(folder), servers) as found:
        costs: dict[tuple[str, str], list[float]] = {}
        for n in range(given.rounds):
            for case, name, known in cases:
                for one in found[n % len(found) :] + found[: n % len(found)]:
                    took = measure(one, name, given.seconds, asks, known=known)
                    costs.setdefault((case, one.name), []).append(took)
        for case, _, _ in cases:
            median = {one.name: statistics.median(costs[case, one.name]) for one in found}
            pairs = zip(costs[case, "wireroom"], costs[case, "bare"], strict=True)
            ratios = sorted(ours / bare for ours, bare in pairs)
            ratio = statistics.median(ratios)
            good = good and ratio <= MOST
            said = ", ".join(f"{name} {us:.1f}" for name, us in median.items())
            print(f"{case:11} CPU us/request: {said}; wireroom/bare {ratio:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
        ours = found[0]
        waits: dict[int, list[float]] = {0: [], HALF_OPEN: []}
        for _ in range(given.rounds):
            for many, p99s in waits.items():
                with contextlib.ExitStack() as held:
                    for _ in range(many):
                        one = held.enter_context(socket.create_connection(("127.0.0.1", ours.port)))
                        one.sendall(b"GET /topics/20kb.rss HTTP/1.1\r\nHost: 127.0.0.1\r\n")
                    etags(ours.port)  # all are taken in
                    p99s.append(p99_ms(ask(ours, "20kB", given.seconds, asks, known=False, connections=2)))
        alone, beside = (statistics.median(p99s) for p99s in waits.values())
        good = good and beside <= MOST_P99_MS
        print(f"p99 of a request: {alone:.2f} ms, beside {HALF_OPEN} half-open connections {beside:.2f} ms")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
