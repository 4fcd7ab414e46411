"""A Wireroom of its own for a test: a folder with a config, the command line, a daemon process."""

from __future__ import annotations

import contextlib
import functools
import http.client
import itertools
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zygote import Zygote

ROOT = Path(__file__).parent.parent
TIMEOUT_S = 60
PORTS, WORKERS = 1000, 20
_ports = itertools.count(random.randrange(PORTS))


def engine_keys() -> dict[str, str]:
    """Give the keys of ``[poll]`` that have a cluster poll, where this session of tests runs over one."""
    scheduler = os.environ.get("WIREROOM_TEST_SCHEDULER")
    return {"engine": "dask", "scheduler": scheduler} if scheduler else {}


def free_port() -> int:
    """Find a free loopback port: of this worker's own, and of those that no outgoing connection is given.

    A house comes back to its port after a restart; one that the system gave away meanwhile would be taken.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for _ in range(PORTS):
        port = 10_000 + worker % WORKERS * PORTS + next(_ports) % PORTS
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("there is no free port")


@functools.cache
def zygote() -> Zygote:
    """Give what runs this process's commands."""
    return Zygote()


@dataclass
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


class House:
    """A folder with config.toml, and what a person would do there."""

    def __init__(self, folder: Path) -> None:
        self.names = False
        """Whether it looks for well-known names: to learn them takes every command that polls a quarter of a second."""
        self.folder = folder
        self.port = free_port()
        self.archive = folder / "wireroom.db"
        self.config = folder / "config.toml"

    def configure(self, sources: dict[str, str], rest: str = "", *, allow: int | None = None, poll: str = "") -> None:
        """Write config.toml: ``sources`` by id; ``allow`` opens a loopback port; ``rest`` is rules and topics."""
        lines = [
            "[wireroom]",
            f'listen = "127.0.0.1:{self.port}"',
            f'base_url = "http://127.0.0.1:{self.port}/"',
            f"gazetteer = {json.dumps(self.names)}",
            "[poll]",
            'pause = "0s"',
            'timeout = "10s"',
            *(f"{key} = {json.dumps(value)}" for key, value in engine_keys().items() if "engine" not in poll),
            poll,
        ]
        if allow is not None:
            lines.append(f'allow = ["127.0.0.1:{allow}"]')
        for id_, url in sources.items():
            lines += ["[[source]]", f"id = {json.dumps(id_)}", f"url = {json.dumps(url)}"]
        self.config.write_text("\n".join([*lines, rest]) + "\n", encoding="utf-8")

    def wireroom(self, *words: str, timeout_s: float = TIMEOUT_S) -> Result:
        """Run the command here."""
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return Result(*zygote().run(words, self.folder, env, timeout_s))

    def poll(self, *words: str, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        """Poll once → the result as the command's JSON tells it."""
        done = self.wireroom("poll", "--json", *words, timeout_s=timeout_s)
        assert done.out, done.err
        try:
            result: dict[str, Any] = json.loads(done.out)
        except ValueError as error:
            raise AssertionError(
                f"exit code {done.code}, {len(done.out)} characters of JSON: {done.err[-2000:]}"
            ) from error
        return result

    def rows(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """Ask the archive, as another program would."""
        with contextlib.closing(sqlite3.connect(f"file:{self.archive}?mode=ro", uri=True)) as db:
            return db.execute(sql, params).fetchall()

    @contextlib.contextmanager
    def daemon(
        self, *words: str, wait: bool = True, under: Sequence[str] = (), env: Mapping[str, str] | None = None
    ) -> Iterator[Daemon]:
        """Run the daemon, with these options, while the body runs; ``under``: a command that becomes it, as `env`."""
        log = (self.folder / "daemon.log").open("ab")
        process = subprocess.Popen(
            [*under, sys.executable, "-m", "wireroom", "run", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)} if env is None else {**env, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        daemon = Daemon(self, process)
        try:
            if wait:
                daemon.wait_until_serving()
            yield daemon
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            log.close()

    def log_lines(self) -> list[dict[str, Any]]:
        """Read the daemons' log, line by line, as JSON."""
        text = (self.folder / "daemon.log").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


class Daemon:
    """A running daemon."""

    def __init__(self, house: House, process: subprocess.Popen[bytes]) -> None:
        self.house = house
        self.process = process

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Ask it over HTTP → status, headers (lower-case names), body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=10)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
        finally:
            connection.close()

    def wait_until_serving(self) -> None:
        """Wait until it answers."""
        until(self._answers, "the daemon does not answer")

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.house.folder / "daemon.log").read_text(encoding="utf-8")
        try:
            return self.get("/healthz")[0] in (200, 503)
        except OSError:
            return False

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Send it a signal and wait for its end → seconds that took. Its exit code is in ``process.returncode``."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=20)
        return time.monotonic() - began


def until(condition: Callable[[], bool], otherwise: str, timeout_s: float = 30) -> None:
    """Wait until ``condition`` holds, or fail with ``otherwise``."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)
