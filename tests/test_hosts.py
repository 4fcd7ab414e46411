"""Budgets per registered domain: how many at once, and the pause between requests."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from ingest.domain import budget_key
from ingest.hosts import FEW, Hosts


@pytest.mark.parametrize(
    ("host", "port", "key"),
    [
        ("feeds.example.org", 443, "example.org"),
        ("WWW.Example.Org.", 80, "example.org"),
        ("a.b.example.co.uk", 443, "example.co.uk"),
        ("one.github.io", 443, "one.github.io"),
        ("127.0.0.1", 8080, "127.0.0.1:8080"),
        ("::1", 81, "::1:81"),
        ("localhost", 99, "localhost:99"),
        ("co.uk", 443, "co.uk:443"),
    ],
)
def test_budget_is_the_registered_domain_or_one_address(host: str, port: int, key: str) -> None:
    """Subdomains share their domain's budget; tenants of a public suffix have their own; literals go by port."""
    assert budget_key(host, port) == key


async def test_no_more_than_per_host_at_once_and_starts_are_spaced() -> None:
    """Eight requests to one domain: two at once at most, each start a pause after the one before."""
    loop = asyncio.get_running_loop()
    hosts = Hosts(per_host=2, pause_s=0.02, clock=loop.time)
    inside = 0
    most = 0
    starts: list[float] = []

    async def request(host: str) -> None:
        nonlocal inside, most
        async with hosts.turn(host, 443):
            starts.append(loop.time())
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.05)
            inside -= 1

    await asyncio.gather(*(request(f"n{n}.example.org") for n in range(8)))
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]

    assert most == 2
    assert min(gaps) >= 0.019


async def test_cancelled_waiter_gives_its_place_back() -> None:
    """A poll that is broken off while it waits blocks nobody."""
    hosts = Hosts(per_host=1, pause_s=0, clock=asyncio.get_running_loop().time)

    async def hold(seconds: float) -> None:
        async with hosts.turn("example.org", 443):
            await asyncio.sleep(seconds)

    first, second = asyncio.create_task(hold(10)), asyncio.create_task(hold(10))
    await asyncio.sleep(0)
    second.cancel()
    first.cancel()
    await asyncio.gather(first, second, return_exceptions=True)

    await asyncio.wait_for(hold(0), 1)


async def test_hosts_that_are_done_with_are_forgotten() -> None:
    """A source that redirects to another port each time leaves nothing for ever; pauses are kept all the same."""
    now = 0.0
    hosts = Hosts(per_host=1, pause_s=60, clock=lambda: now)
    for port in range(5 * FEW):
        now += 1
        async with hosts.turn("192.0.2.1", port):
            pass
    assert 60 <= len(hosts._turnstiles) <= FEW + 1
    assert all(f"192.0.2.1:{port}" in hosts._turnstiles for port in range(5 * FEW - 59, 5 * FEW))
