"""The network goes: names that nobody looks up, sources that are down for an hour, one that fails among others."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

import ingest.lookup
import ingest.network
import wireroom.clock
from factory import polled_source
from house import ROOT, House
from ingest.fetched import Fetched
from ingest.network import KNOWN_S, Network
from origin import item, rss
from scripted import Answer, Asked, reply, running_scripted
from test_faults_clock import Hand
from test_faults_flood import restored  # noqa: F401
from wireroom.clock import Clock
from wireroom.config import load_config
from wireroom.engine import Engine
from wireroom.log import Log, open_log
from wireroom.log_limit import SHOWN

HOSTS = tuple(f"127.0.0.{n}" for n in range(1, 7))
TOPIC = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "story"\n'
DEAD = Fetched(outcome="unreachable", error="no route")
ALIVE = Fetched(outcome="ok", status=200, url="http://x/")


def news(asked: Asked) -> Answer:
    """Answer with one item more at each request."""
    items = (item(f"{asked.name}-{n}", title=f"Story {n} of {asked.name}") for n in range(asked.number, 0, -1))
    return reply(rss(*items, title=asked.name).encode())


@asynccontextmanager
async def engine_of(house: House, log: Log | None = None) -> AsyncIterator[Engine]:
    """Run an engine of the house's config."""
    engine = Engine(load_config(house.config), log or structlog.stdlib.get_logger("test"))
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def poll(engine: Engine, *ids: int) -> None:
    """Poll these sources now, all at once."""
    some = ", ".join(map(str, ids))
    await engine.write(
        lambda db: db.execute(f"UPDATE sources SET next_poll_at = '2026-01-01T00:00:00Z' WHERE id IN ({some})")
    )
    await engine.tick()
    assert engine.poller.under_way
    await asyncio.gather(*engine.poller._under_way.values())


def states(house: House) -> list[tuple[Any, ...]]:
    """Read each source's last outcome (one that is unchanged is ok), and how often it was charged."""
    return house.rows("SELECT replace(last_outcome, 'unchanged', 'ok'), failures FROM sources ORDER BY id")


# --- Sources that come due one by one ---------------------------------------------------------------------------------


async def judged(network: Network, n: int, fetched: Fetched) -> str:
    """Poll the n-th host, which was well before → what it comes to."""
    source = polled_source(id=n, domain=f"host-{n}.example", failures=0, last_good_at="2026-11-20T00:00:00Z")
    return (await network.judged(source, fetched, started=network._clock() - 3)).outcome


@pytest.mark.parametrize(
    ("reach", "outcome"), [(False, "offline"), (True, "unreachable"), (None, "unreachable")], ids=str
)
async def test_single_failure_is_judged_by_whether_anyone_can_be_reached(
    monkeypatch: pytest.MonkeyPatch, *, reach: bool | None, outcome: str
) -> None:
    """Others are tried, once for all that fail in the same seconds; an answer ends it."""
    monkeypatch.setattr(ingest.network, "SETTLE_S", 0)
    tried: list[str] = []

    async def anyone(but: str) -> bool | None:
        tried.append(but)
        await asyncio.sleep(0.05)
        return reach

    now, told = [1000.0], list[bool]()
    network = Network(hosts=9, clock=lambda: now[0], on_change=told.append, reach=anyone)
    assert {*await asyncio.gather(judged(network, 1, DEAD), judged(network, 2, DEAD))} == {outcome}
    assert len(tried) == 1
    now[0] += 600
    assert await judged(network, 3, DEAD) == outcome
    assert await judged(network, 4, ALIVE) == "ok"
    assert told == ([True, False] if reach is False else [])


async def test_nobody_is_tried_while_others_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor again within seconds of a try that found somebody."""
    monkeypatch.setattr(ingest.network, "SETTLE_S", 0)
    tried: list[str] = []

    async def anyone(but: str) -> bool | None:
        tried.append(but)
        return True

    now = [1000.0]
    network = Network(hosts=9, clock=lambda: now[0], on_change=lambda _: None, reach=anyone)
    await judged(network, 1, ALIVE)
    now[0] += 1
    assert (await judged(network, 2, DEAD), tried) == ("unreachable", [])
    now[0] += 130
    assert (await judged(network, 3, DEAD), len(tried)) == ("unreachable", 1)
    now[0] += KNOWN_S - 1
    assert (await judged(network, 4, DEAD), len(tried)) == ("unreachable", 1)


async def test_sources_that_come_due_one_by_one_are_not_charged_with_our_network(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cable is pulled: each fails alone. It is put back: each is polled; a host that stays away alone is charged."""
    monkeypatch.setattr(ingest.network, "SETTLE_S", 0.05)
    monkeypatch.setattr(ingest.network, "KNOWN_S", 0)
    names = [f"s{n}" for n in range(6)]
    with ExitStack() as servers:
        server = servers.enter_context(running_scripted(dict.fromkeys(names, news), hosts=HOSTS))
        port = server.port
        sources = {name: server.url(f"/{name}", host=host) for name, host in zip(names, HOSTS, strict=True)}
        house.configure(sources, TOPIC, poll=f'allow = ["127.0.0.0/8:{port}"]')
        async with engine_of(house) as engine:
            await poll(engine, *range(1, 7))
            assert states(house) == [("ok", 0)] * 6
            servers.close()
            with capture_logs() as log:
                for id_ in (1, 2, 3):
                    await poll(engine, id_)
                assert states(house) == [("offline", 0)] * 3 + [("ok", 0)] * 3
                server = servers.enter_context(running_scripted(dict.fromkeys(names, news), hosts=HOSTS[:5], port=port))
                await poll(engine, 1)
                await poll(engine, 6)
            assert states(house) == [("ok", 0), *[("offline", 0)] * 2, *[("ok", 0)] * 2, ("unreachable", 1)]
            assert [line["trouble"] is None for line in log if line["event"] == "network"] == [False, True]


# --- No names ---------------------------------------------------------------------------------------------------------


class Resolver:
    """Stands for the system's: it answers, or hangs as it does for minutes where its servers are silent."""

    def __init__(self) -> None:
        self.alive = threading.Event()
        self.alive.set()
        self.hanging = 0

    def __call__(self, host: str, port: int, *_: object, **__: object) -> list[Any]:
        """Look a name up."""
        if not self.alive.is_set():
            self.hanging += 1
            self.alive.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        number = int(host.removeprefix("h").partition(".")[0]) % len(HOSTS)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (HOSTS[number], port))]


async def test_dead_resolver_piles_up_no_threads_and_charges_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred names hang: threads are bounded, all wait as offline, and the first round after it is well."""
    resolver = Resolver()
    monkeypatch.setattr(ingest.lookup.socket, "getaddrinfo", resolver)  # type: ignore[attr-defined]
    monkeypatch.setattr(ingest.network, "SETTLE_S", 0.2)
    monkeypatch.setattr("ingest.connect.KEPT_S", 0)
    for name, number in (("MAX_THREADS", 50), ("QUICK", 16), ("SLOW", 8), ("PATIENCE_S", 0.5)):
        monkeypatch.setattr(ingest.lookup, name, number)
    count = 100
    with running_scripted({f"s{n}": news for n in range(count)}, hosts=HOSTS) as server:
        sources = {f"s{n}": f"http://h{n}.example{n}.org:{server.port}/s{n}" for n in range(count)}
        house.configure(sources, TOPIC, poll=f'allow = ["127.0.0.0/8:{server.port}"]\ntimeout = "3s"')
        text = house.config.read_text().replace('timeout = "10s"\n', "")
        house.config.write_text(text)
        async with engine_of(house) as engine:
            await poll(engine, *range(1, count + 1))
            assert states(house) == [("ok", 0)] * count
            threads = threading.active_count()
            resolver.alive.clear()
            with capture_logs() as log:
                polling = asyncio.create_task(poll(engine, *range(1, count + 1)))
                most = 0
                while not polling.done():
                    most = max(most, threading.active_count() - threads)
                    await asyncio.sleep(0.05)
                await polling
            assert resolver.hanging > 0
            assert 16 <= most <= 50 + 4  # and those that commit and read
            assert {outcome for outcome, _ in states(house)} == {"offline"}
            assert house.rows("SELECT sum(failures) FROM sources") == [(0,)]
            assert sum(line["event"] == "network" for line in log) == 1
            resolver.alive.set()
            await asyncio.sleep(0.5)
            await poll(engine, *range(1, count + 1))
            assert states(house) == [("ok", 0)] * count


@pytest.mark.skipif(not os.environ.get("WIREROOM_TEST_ALL"), reason="a daemon in namespaces of its own: make test-all")
def test_daemon_whose_name_server_is_silent(tmp_path: Path) -> None:
    """The system's own resolver, hanging: threads are bounded, pages are served, nobody is charged, all comes back."""
    if subprocess.run(["unshare", "-rnm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody have namespaces of their own")
    command = ["unshare", "-rnm", sys.executable, str(ROOT / "tests" / "nameless.py"), str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)

    ((outcome, failures, _),) = seen["silent"]
    assert (outcome, failures) == ("offline", 0)
    assert seen["threads"] < 100
    assert (seen["lines"], seen["code"]) == (2, 0)


# --- An hour in which nobody answers ----------------------------------------------------------------------------------


@contextlib.contextmanager
def log_in(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    """Open the daemon's log in a file."""
    with file.open("w") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        yield open_log(plain=False, daemon=True)
        logging.getLogger().handlers[0].flush()


def down(status: int) -> Answer:
    """Answer with an error."""
    return reply(b"", status)


@pytest.mark.parametrize("way", ["503", "closed"])
async def test_hour_in_which_all_sources_are_down(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    tmp_path: Path,
    restored: None,  # noqa: F811
) -> None:
    """Each is asked less and less often, the log tells it a few times, the feeds are served, and then all are back."""
    monkeypatch.setattr(ingest.network, "SETTLE_S", 0.01)
    hand = Hand()
    monkeypatch.setattr(wireroom.clock, "CLOCK", Clock(hand))
    broken = [False]
    names = [f"s{n}" for n in range(12)]

    def script(asked: Asked) -> Answer:
        return down(503) if broken[0] else news(asked)

    with ExitStack() as servers, log_in(tmp_path / "log", monkeypatch) as log:
        server = servers.enter_context(running_scripted(dict.fromkeys(names, script), hosts=HOSTS))
        port = server.port
        sources = {name: server.url(f"/{name}", host=HOSTS[n % 6]) for n, name in enumerate(names)}
        house.configure(sources, TOPIC, poll=f'allow = ["127.0.0.0/8:{port}"]\nfloor = "1m"\nceiling = "15m"')
        async with engine_of(house, log) as engine:
            await poll(engine, *range(1, 13))
            await engine.press.publish(everything=True)
            served = engine.press.published("all", "rss")
            assert served is not None
            polls = house.rows("SELECT count(*) FROM polls")[0][0]
            broken[0] = True
            if way == "closed":
                servers.close()
            for _ in range(60):
                await minute(engine, hand)
            hour = house.rows("SELECT count(*) FROM polls")[0][0] - polls
            logging.getLogger().handlers[0].flush()
            lines = (tmp_path / "log").read_text().count("\n")
            again = engine.press.published("all", "rss")
            assert again is not None
            assert again.body == served.body
            charged = house.rows("SELECT sum(failures > 0) FROM sources")[0][0]
            if way == "closed":  # it is taken for our own network, and looked after every minute
                assert charged == 0
                servers.enter_context(running_scripted(dict.fromkeys(names, news), hosts=HOSTS, port=port))
                wait = 2
            else:
                assert charged == 12
                assert hour <= 12 * 8, "they are asked as often as ever"
                wait = 18
            assert lines <= 12 * (1 + SHOWN + 2)
            broken[0] = False
            for _ in range(wait):
                await minute(engine, hand)
            assert states(house) == [("ok", 0)] * 12


async def minute(engine: Engine, hand: Hand) -> None:
    """Let a minute pass, and poll what is due then."""
    hand.passed += 60
    await engine.tick()
    await asyncio.gather(*list(engine.poller._under_way.values()))
