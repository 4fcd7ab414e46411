"""Signals at any moment: SIGTERM fifty times, a hundred SIGHUPs, SIGSTOP and SIGCONT. Nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from house import ROOT, Daemon, House, until, zygote
from origin import item, rss
from scripted import Act, Answer, Asked, Script, Scripted, Wire, reply, running_scripted
from wireroom.config import load_config
from wireroom.daemon import STOP_S, run_daemon

SOURCES = ("a", "b", "c", "d")
TOPIC = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "story"\nlimit = 1000\n'
MOMENTS = 50
PROCESSES = MOMENTS if os.environ.get("WIREROOM_KILLS") else 8
"""As processes of their own so many; all fifty in `make torture`. In this process they are always fifty."""
LAST_S = 0.4
"""The last moment, after the start or after the first poll."""


def news(asked: Asked) -> bytes:
    """Write a feed that has one item more at each request."""
    name, count = asked.name, asked.number
    return rss(*(item(f"{name}-{n}", title=f"Story {n} of {name}") for n in range(count, 0, -1)), title=name).encode()


def slow(seed: int) -> Script:
    """Answer at once, or late, or in pieces: other polls are always somewhere."""
    moments = random.Random(seed)

    def script(asked: Asked) -> Answer | Act:
        body = news(asked)
        kind, wait = moments.randrange(3), moments.uniform(0, 0.4)

        async def act(wire: Wire) -> None:
            raw = reply(body, Connection="close").raw
            await asyncio.sleep(wait)
            await wire.drip(raw, every_s=wait / 4, size=len(raw) // 3 + 1)

        return reply(body) if kind == 0 else act

    return script


@pytest.fixture
def server() -> Iterator[Scripted]:
    """Run the slow origins."""
    with running_scripted({name: slow(n) for n, name in enumerate(SOURCES)}) as running:
        yield running


def configure(house: House, server: Scripted, more: str = "") -> None:
    """Write the config: sources that are polled again and again."""
    sources = {name: server.url(f"/{name}") for name in SOURCES}
    poll = 'floor = "0s"\nceiling = "1s"\nper_host = 4'
    house.configure(sources, TOPIC + more, allow=server.port, poll=poll)


def newest(log: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Read how many entries each source's newest document had that was reported done."""
    found: dict[str, int] = {}
    for line in log:
        if line.get("event") == "poll" and line.get("outcome") == "ok":
            found[line["source"]] = max(found.get(line["source"], 0), line["entries"])
    return found


def check(house: House, reported: Mapping[str, int]) -> None:
    """Hold the archive against what was reported: each is there, once, and is published at most once."""
    assert house.rows("PRAGMA quick_check") == [("ok",)]
    assert house.rows("SELECT source, guid FROM coverage GROUP BY 1, 2 HAVING count(*) > 1") == []
    assert house.rows("SELECT story_id FROM selections GROUP BY story_id HAVING count(*) > 1") == []
    there: defaultdict[str, set[str]] = defaultdict(set)
    for source, guid in house.rows("SELECT source, guid FROM coverage"):
        there[source].add(guid)
    for source, count in reported.items():
        assert {f"id-{source}-{n}" for n in range(1, count + 1)} <= there[source]


async def test_sigterm_at_fifty_moments_loses_nothing(
    house: House, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one process, one daemon after another is stopped at its own moment, in time, and leaves all whole."""
    moments = random.Random(50)
    ended: list[int] = []
    monkeypatch.setattr("os._exit", ended.append)
    configure(house, server)
    config, reported = load_config(house.config), dict[str, int]()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        for number in range(MOMENTS):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            with capture_logs() as log:
                running = asyncio.create_task(run_daemon(config, structlog.stdlib.get_logger("test")))
                if number % 2:  # while it starts, or when all is at work
                    await first_poll(log)
                await asyncio.sleep(moments.uniform(0, LAST_S))
                os.kill(os.getpid(), signal.SIGTERM)
                async with asyncio.timeout(STOP_S):
                    await running
            assert log[-1]["event"] == "stopped"
            reported |= newest(log)
            check(house, reported)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert ended == []
    assert sum(reported.values()) >= MOMENTS / 2
    house.poll()
    check(house, {name: len(server.asked(name)) for name in SOURCES})
    assert house.rows("SELECT count(*) FROM published")[0][0] == house.rows("SELECT count(*) FROM stories")[0][0]


async def first_poll(log: Sequence[Mapping[str, Any]]) -> None:
    """Wait until a poll is reported."""
    async with asyncio.timeout(60):
        while not any(line["event"] == "poll" for line in log):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_process_ends_with_0_at_whatever_moment(house: House, server: Scripted) -> None:
    """From its first breath on: exit code 0 in time, and the next one goes on from there."""
    moments = random.Random(51)
    configure(house, server)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(PROCESSES):
        with (house.folder / "daemon.log").open("ab") as log:
            outputs = log.fileno(), log.fileno()
            with zygote().begin(["run"], house.folder, env, outputs) as begun:
                until((house.folder / "wireroom.db.lock").exists, "it does not start")
                time.sleep(moments.uniform(0.05, 3 * LAST_S))
                os.kill(begun.pid, signal.SIGTERM)
                assert begun.wait(STOP_S + 2) == 0
        if house.archive.exists():
            check(house, newest(house.log_lines()))
    house.poll()
    check(house, {name: len(server.asked(name)) for name in SOURCES})


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, Scripted]]:
    """Run one daemon for the tests below; the last of them stops it."""
    with running_scripted({name: slow(n) for n, name in enumerate(SOURCES)}) as server:
        house = House(tmp_path_factory.mktemp("signals"))
        configure(house, server)
        with house.daemon() as daemon:
            yield daemon, server


def test_a_hundred_sighups_in_a_second(busy: tuple[Daemon, Scripted]) -> None:
    """With good configs and bad ones between: it lives, says so, works by the last good one, and asks nobody twice."""
    daemon, server = busy
    house = daemon.house
    good = house.config.read_text()
    until(lambda: all(server.asked(name) for name in SOURCES), "nothing is polled")
    for n in range(100):
        bad = n % 3 == 1
        text = good + ("[[topic]]\nid = 'broken'\n" if bad else f'[[topic]]\nid = "t{n}"\ntitle = "T"\nmatch = "x"\n')
        new = house.folder / "new.toml"
        new.write_text(text)
        new.rename(house.config)
        daemon.process.send_signal(signal.SIGHUP)
        time.sleep(0.01)
    until(lambda: daemon.get("/topics/t99.rss")[0] == 200, "the last config is not at work")
    until(lambda: daemon.get("/topics/t98.rss")[0] in (404, 410), "one before it is at work still")
    lines = [line for line in house.log_lines() if line["event"].startswith("config")]
    assert 2 <= len(lines) <= 100
    assert {line["event"] for line in lines} <= {"config reloaded", "config not reloaded; the old one stays"}
    assert max(server.most_at_once[name] for name in SOURCES) == 1
    until(lambda: published(house) == house.rows("SELECT count(*) FROM stories")[0][0], "not all is published")
    check(house, newest(house.log_lines()))


def published(house: House) -> int:
    """Count what the topic of all stories has."""
    return int(house.rows("SELECT count(*) FROM published WHERE topic = 'all'")[0][0])


def test_no_burst_after_a_stop_of_the_process(busy: tuple[Daemon, Scripted]) -> None:
    """SIGSTOP for a few rounds, SIGCONT: what was missed is not made up for; each source is asked once, and goes on."""
    daemon, server = busy
    daemon.process.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    time.sleep(4)
    daemon.process.send_signal(signal.SIGCONT)
    went_on = time.monotonic()
    until(lambda: all(asked_since(server, name, went_on + 2) for name in SOURCES), "it does not go on")

    for name in SOURCES:
        times = asked_since(server, name, stopped)
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert len(times) <= time.monotonic() - went_on + 2, "a burst"
        assert all(gap > 0.25 for gap in gaps), gaps
    check(daemon.house, newest(daemon.house.log_lines()))


def asked_since(server: Scripted, name: str, moment: float) -> list[float]:
    """List when a source was asked since then."""
    return [asked.at for asked in server.asked(name) if asked.at >= moment]


def test_second_sigterm_ends_it_at_once(busy: tuple[Daemon, Scripted], tmp_path: Path) -> None:
    """Whoever will not wait for a clean stop need not; what was reported is there all the same."""
    daemon, _ = busy
    reported = newest(daemon.house.log_lines())  # after such an end Python itself may add a line, of what it cleared up
    daemon.process.send_signal(signal.SIGTERM)
    time.sleep(0.02)
    seconds = daemon.stop()

    assert daemon.process.returncode in (0, -signal.SIGTERM)
    assert seconds < 2
    check(daemon.house, reported)
