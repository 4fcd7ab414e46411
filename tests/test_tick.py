"""What is due is begun: the longest overdue first, no domain in the others' way, the loop never held for long."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
import structlog

import wireroom.tick
from house import House
from wireroom.config import load_config
from wireroom.engine import Engine
from wireroom.tick import STRETCH, WAITING_PER_DOMAIN

IN_ORDER = "strftime('%Y-%m-%dT%H:%M:%SZ', '2026-01-01', '+' || id || ' seconds')"
PER_HOST = 2
MOST = PER_HOST + WAITING_PER_DOMAIN


@contextmanager
def silence() -> Iterator[int]:
    """Listen on all loopback addresses and never answer → the port."""
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))
        listener.listen(1000)
        yield listener.getsockname()[1]


@asynccontextmanager
async def running(house: House, hosts: list[int]) -> AsyncIterator[Engine]:
    """Run an engine with a source for each of the hosts, 127.0.0.N, all due in this order; nobody answers."""
    with silence() as port:
        sources = {f"s{n}": f"http://127.0.0.{host}:{port}/{n}" for n, host in enumerate(hosts)}
        house.configure(sources, poll=f'per_host = {PER_HOST}\nallow = ["127.0.0.0/8:{port}"]')
        engine = Engine(load_config(house.config), structlog.stdlib.get_logger("test"))
        await engine.start()
        await engine.write(lambda db: db.execute(f"UPDATE sources SET next_poll_at = {IN_ORDER}"))
        try:
            yield engine
        finally:
            await engine.close()


def hosts_under_way(engine: Engine) -> Counter[str]:
    """Count the polls that are under way by host."""
    return Counter((domain or "").partition(":")[0] for domain in Counter(engine.poller.domains).elements())


async def test_feeds_of_one_host_keep_no_other_waiting(house: House) -> None:
    """Three hundred of them are overdue for longer, over more than one page: the one of another host is begun."""
    async with running(house, [*[1] * 300, 2]) as engine:
        await engine.tick()
        first = hosts_under_way(engine)
        await engine.tick()

        assert first == hosts_under_way(engine) == {"127.0.0.1": MOST, "127.0.0.2": 1}
        assert {1, 2, 3, 4, 301} == engine.poller.under_way


async def test_more_than_a_tick_can_look_at_is_looked_at_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stands behind the feeds of a busy host waits for a few ticks, not for all of that host's feeds."""
    for name, value in (("PAGE", 5), ("PAGES", 3), ("FRONT_PAGES", 1)):
        monkeypatch.setattr(wireroom.tick, name, value)
    async with running(house, [*[1] * 60, 2]) as engine:
        ticks = 0
        while not hosts_under_way(engine)["127.0.0.2"]:
            await engine.tick()
            ticks += 1
            assert ticks < 10, "it is never begun"

        assert hosts_under_way(engine) == {"127.0.0.1": MOST, "127.0.0.2": 1}


async def test_everything_else_has_its_turn_while_polls_are_begun(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred are due at once: after a few of them the loop is free for whatever else there is to do."""
    monkeypatch.setattr(wireroom.tick, "TICK_S", 60)  # a busy machine begins fewer in a tick's usual time
    seen = [0]

    async def look(engine: Engine) -> None:
        while True:
            seen.append(len(engine.poller.under_way))
            await asyncio.sleep(0)

    async with running(house, list(range(1, 201))) as engine:
        looking = asyncio.create_task(look(engine))
        await engine.tick()
        looking.cancel()

        assert len(engine.poller.under_way) == 200
        assert max(later - earlier for earlier, later in itertools.pairwise(seen)) <= STRETCH


async def test_no_more_are_under_way_than_there_is_room_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest overdue have the places."""
    monkeypatch.setattr(wireroom.tick, "MAX_UNDER_WAY", 30)
    async with running(house, list(range(1, 101))) as engine:
        await engine.tick()
        await engine.tick()

        assert engine.poller.under_way == set(range(1, 31))


async def test_sources_that_took_all_their_time_have_a_share_of_the_places(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of them are overdue for longest, the others are begun beside them."""
    monkeypatch.setattr(wireroom.tick, "MAX_DOUBTFUL", 3)
    async with running(house, list(range(1, 61))) as engine:
        await engine.write(lambda db: db.execute("UPDATE sources SET last_outcome = 'timeout' WHERE id <= 40"))
        await engine.write(lambda db: db.execute("UPDATE sources SET last_outcome = 'too-heavy' WHERE id <= 10"))
        await engine.tick()

        assert engine.poller.under_way == {1, 2, 3, *range(41, 61)}
