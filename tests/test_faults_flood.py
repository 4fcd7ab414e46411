"""Floods: of lines in the log, and of sources that are due at once. What they cost is bounded, and nothing stops."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from house import ROOT, House, until
from origin import item, rss
from scripted import Act, Answer, Asked, Scripted, Wire, reply, running_scripted
from wireroom.config import load_config
from wireroom.engine import Engine
from wireroom.log import Log, open_log
from wireroom.log_limit import EVERY_S, MOST_KEYS, OF_ONE_EVENT, SHOWN, Limit, key_of
from wireroom.log_writer import MOST_BYTES, LogWriter


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


class Pipe:
    """A pipe whose far end reads when it is told to."""

    def __init__(self) -> None:
        self.out, self.into = os.pipe()
        self.text = b""
        os.set_blocking(self.out, False)

    def read(self) -> list[dict[str, object]]:
        """Read what there is → all lines so far."""
        with contextlib.suppress(BlockingIOError):
            while some := os.read(self.out, 1 << 16):
                self.text += some
        return [json.loads(line) for line in self.text.splitlines() if line.endswith(b"}")]


def log_to(fd: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Log, LogWriter]:
    """Open the daemon's log on a descriptor."""
    with os.fdopen(os.dup(fd), "w") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        log = open_log(plain=False, daemon=True)
        (writer,) = logging.getLogger().handlers
        assert isinstance(writer, LogWriter)
        writer._fd = fd
    return log, writer


def failing(source: int, round_: int) -> dict[str, object]:
    """Say what the poll of a source says that fails each round, with times that differ."""
    return {
        "event": "poll",
        "source": f"s{source}",
        "outcome": "unreachable",
        "error": f"no route to host 192.0.2.{source % 250}, tried for {round_}.5 s",
        "next": f"2026-11-20T10:{round_:02}:00Z",
    }


def test_five_hundred_sources_that_fail_twenty_times_are_a_bounded_number_of_lines() -> None:
    """Each is told a few times, then how often it was: every failure is in a line or in a count."""
    limit: Limit[dict[str, object]] = Limit()
    shown, now = 0, 0.0
    for round_ in range(20):
        for source in range(500):
            said = failing(source, round_)
            shown += limit.lets(key_of(said), said, now, trouble=True)
        now += 61  # so that the bound on one event is not what holds them
    told = limit.left_out(EVERY_S + 1)

    assert shown <= 500 * SHOWN
    assert len(told) <= 501
    assert shown + sum(more for _, more in told) == 500 * 20


def test_what_is_new_is_told_beside_what_repeats_itself() -> None:
    """Another source, another outcome, another message are lines of their own; the same again is one after an hour."""
    limit: Limit[dict[str, object]] = Limit()

    def lets(now: float, **other: object) -> bool:
        said = {**failing(1, 1), **other}
        return limit.lets(key_of(said), said, now, trouble=True)

    assert [lets(0) for _ in range(SHOWN + 2)] == [True] * SHOWN + [False] * 2
    assert lets(1, source="s2")
    assert lets(1, outcome="timeout")
    assert lets(1, error="its certificate is out of date")
    assert not lets(EVERY_S - 1, error="no route to host 192.0.2.77, tried for 9.5 s")
    ((last, more),) = limit.left_out(EVERY_S)
    assert (last["next"], more) == ("2026-11-20T10:01:00Z", 3)
    assert lets(EVERY_S + 1)


def test_news_are_told_however_often_up_to_a_flood() -> None:
    """A source may have something new every minute; all events of one kind together have a bound."""
    limit: Limit[int] = Limit()
    key = key_of({"event": "poll", "source": "s", "outcome": "ok"})

    assert sum(limit.lets(key, n, 0, trouble=False) for n in range(OF_ONE_EVENT + 500)) == OF_ONE_EVENT
    assert limit.left_out(61) == [(OF_ONE_EVENT + 499, 500)]
    assert limit.lets(key, 0, 61, trouble=False)


def test_messages_without_end_are_not_all_kept_in_mind() -> None:
    """What is forgotten for want of room is told first."""
    limit: Limit[int] = Limit()
    for n in range(2 * MOST_KEYS):
        key = key_of({"event": "job failed", "error": "x" * (n % 90) + "y" * (n // 90)})
        for _ in range(SHOWN + 1):
            limit.lets(key, n, 0, trouble=True)

    assert sum(more for _, more in limit.left_out(1)) >= MOST_KEYS - 1
    assert len(limit._keys) <= MOST_KEYS


def test_log_that_nobody_reads_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pipe is full: the lines wait, up to a bound; read again, it tells how many it has lost."""
    pipe = Pipe()
    log, writer = log_to(pipe.into, monkeypatch)
    long = "x" * 10_000
    for n in range(2 * MOST_BYTES // 10_000):
        log.info("event", number=n, text=long)
    writer._tell()

    assert writer._size <= MOST_BYTES
    assert writer._lost > 0
    done = threading.Event()

    def flush() -> None:
        writer.flush()
        done.set()

    threading.Thread(target=flush).start()
    assert done.wait(10), "the end waits for a reader"
    read_until(pipe, lambda lines: any(line["event"] == "log" for line in lines))
    lines = pipe.read()
    kept = [line for line in lines if line["event"] == "event"]
    (told,) = [line for line in lines if line["event"] == "log"]
    assert len(kept) + int(str(told["lost"])) == 2 * MOST_BYTES // 10_000
    log.info("after")
    read_until(pipe, lambda lines: lines[-1]["event"] == "after")


def read_until(pipe: Pipe, wanted: Callable[[list[dict[str, object]]], bool]) -> None:
    """Read until the lines are as wanted."""
    until(lambda: wanted(pipe.read()), "it is not written")


def test_pipe_that_was_made_not_to_block_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever shares it may have set that: full, it is waited for, and lines are whole."""
    pipe = Pipe()
    os.set_blocking(pipe.into, False)
    log, _ = log_to(pipe.into, monkeypatch)
    for n in range(200):
        log.info("event", number=n, text="x" * 2000)
    read_until(pipe, lambda lines: len(lines) == 200)

    assert [line["number"] for line in pipe.read()] == list(range(200))


def test_log_whose_reader_is_gone_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken pipe, a closed descriptor: the lines are lost and counted, and no call raises."""
    pipe = Pipe()
    log, writer = log_to(pipe.into, monkeypatch)
    os.close(pipe.out)
    began = time.monotonic()
    for n in range(100):
        log.error("event", error=f"{'a' * n}")
    assert time.monotonic() - began < 1
    until(lambda: writer._lost > 0, "it is not counted")


def test_repeated_trouble_is_counted_in_the_log_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the latest at the end it is told how many lines there would have been."""
    pipe = Pipe()
    log, writer = log_to(pipe.into, monkeypatch)
    for round_ in range(20):
        said = failing(1, round_)
        log.warning(str(said.pop("event")), **said)
    writer.flush()

    lines = pipe.read()
    assert [line.get("more") for line in lines] == [None] * SHOWN + [20 - SHOWN]
    assert lines[-1]["next"] == "2026-11-20T10:19:00Z"


# --- The daemon's own streams -----------------------------------------------------------------------------------------


def growing(asked: Asked) -> Answer:
    """Answer with one item more at each request."""
    items = (item(f"{asked.name}-{n}", title=f"Story {n} of {asked.name}") for n in range(asked.number, 0, -1))
    return reply(rss(*items, title=asked.name).encode())


def polled(house: House) -> int:
    """Count the polls."""
    try:
        return int(house.rows("SELECT count(*) FROM polls")[0][0])
    except sqlite3.OperationalError:
        return 0


def configure(house: House, server: Scripted) -> None:
    """Write the config: sources with something new all the time, so that each poll is a line."""
    sources = {name: server.url(f"/{name}") for name in ("a", "b", "c")}
    house.configure(sources, allow=server.port, poll='floor = "0s"\nceiling = "1s"')


def test_daemon_works_on_while_nobody_reads_its_log(house: House) -> None:
    """Its pipe was full before it said a word: it starts, polls, answers, and ends when told to."""
    with running_scripted(dict.fromkeys("abc", growing)) as server:
        configure(house, server)
        out, into = os.pipe()
        os.set_blocking(into, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(into, b"x" * 4096)
        os.set_blocking(into, True)
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "wireroom", "run"]
        process = subprocess.Popen(command, cwd=house.folder, env=env, stdout=into, stderr=into)
        os.close(into)
        try:
            until(lambda: polled(house) >= 4, "it does not poll", 90)
            process.terminate()
            assert process.wait(15) == 0
        finally:
            process.kill()
            process.wait()
        os.close(out)


def test_daemon_whose_streams_are_closed_writes_into_no_file_of_ours(house: House) -> None:
    """What opens a file gets the lowest number that is free: not those to which warnings and tracebacks go."""
    with running_scripted(dict.fromkeys("abc", growing)) as server:
        configure(house, server)
        command = 'exec "$0" -m wireroom run 0<&- 1>&- 2>&-'
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(["sh", "-c", command, sys.executable], cwd=house.folder, env=env)
        try:
            until(lambda: polled(house) >= 4, "it does not poll", 90)
            opened = [str(Path(f"/proc/{process.pid}/fd/{number}").readlink()) for number in range(3)]
            process.terminate()
            assert process.wait(15) == 0
        finally:
            process.kill()
            process.wait()
    assert opened == ["/dev/null"] * 3
    assert house.rows("PRAGMA integrity_check") == [("ok",)]


# --- Two thousand sources that are due at once ------------------------------------------------------------------------

DUE, PER_HOST = 2000, 2
IN_SOME_ORDER = "strftime('%Y-%m-%dT%H:%M:%SZ', '2026-01-01', '+' || (id * 7919 % 2003) || ' seconds')"
CROWD = tuple(f"127.0.1.{n}" for n in range(1, 101))


class Gate:
    """The servers of all hosts: how many requests are under way, in all and of each host; some misbehave."""

    def __init__(self) -> None:
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.order: list[int] = []

    def __call__(self, asked: Asked) -> Act:
        """Take a moment; one in ten hangs up, or answers nothing for a second."""
        host, number = asked.place[0], int(asked.rest)

        async def act(wire: Wire) -> None:
            self.order.append(number)
            for place in (host, "all"):
                self.now[place] += 1
                self.most[place] = max(self.most[place], self.now[place])
            try:
                await asyncio.sleep(1.0 if number % 20 == 7 else 0.02)
                if number % 20 == 17:
                    wire.reset()
                else:
                    await wire.send(reply(rss(item(number)).encode(), Connection="close").raw)
            finally:
                for place in (host, "all"):
                    self.now[place] -= 1

        return act


def belongings() -> tuple[int, int, int]:
    """Count this process's descriptors, threads and children."""
    own = Path("/proc/self")
    children = sum(len((task / "children").read_text().split()) for task in (own / "task").iterdir())
    return len([*(own / "fd").iterdir()]), threading.active_count(), children


async def test_two_thousand_sources_that_are_due_at_once(house: House) -> None:
    """After a downtime: the longest overdue first, few at once of each host, and nothing is left behind of it."""
    gate = Gate()
    with running_scripted({"s": gate}, hosts=CROWD) as server:
        sources = {f"s{n}": server.url(f"/s/{n}", host=CROWD[n % 100]) for n in range(DUE)}
        poll = f'per_host = {PER_HOST}\nallow = ["127.0.0.0/8:{server.port}"]'
        house.configure(sources, poll=poll)
        engine = Engine(load_config(house.config), structlog.stdlib.get_logger("test"))
        with capture_logs():
            await engine.start()
            try:
                await engine.write(lambda db: db.execute("UPDATE sources SET next_poll_at = '2100' WHERE id > 100"))
                await drained(engine, gate, 100)
                before = belongings()
                gate.order.clear()
                await engine.write(lambda db: db.execute(f"UPDATE sources SET next_poll_at = {IN_SOME_ORDER}"))
                await drained(engine, gate, DUE)
                after = belongings()
            finally:
                await engine.close()

    assert len(gate.order) == DUE
    assert gate.most["all"] <= 500
    assert max(count for place, count in gate.most.items() if place != "all") <= PER_HOST
    rank = {n: at for at, n in enumerate(sorted(range(DUE), key=lambda n: (n + 1) * 7919 % 2003))}
    late = sorted(abs(rank[n] - at) for at, n in enumerate(gate.order))
    assert late[DUE // 2] < 300, "they are not asked in the order in which they came due"
    assert abs(after[0] - before[0]) <= 5
    assert abs(after[1] - before[1]) <= 2
    assert after[2] <= before[2]
    outcomes = dict(house.rows("SELECT replace(last_outcome, 'unchanged', 'ok'), count(*) FROM sources GROUP BY 1"))
    assert outcomes == {"ok": DUE * 19 // 20, "unreachable": DUE // 20}


async def drained(engine: Engine, gate: Gate, count: int) -> None:
    """Run the tick until so many are polled, and the last connection is closed."""
    async with asyncio.timeout(240):
        while len(gate.order) < count or gate.now["all"] or engine.poller.under_way:
            await engine.tick()
            await asyncio.sleep(0.05)
