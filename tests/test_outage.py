"""Our own network: when most hosts fail at once no source is charged."""

from __future__ import annotations

import asyncio

import pytest

from db.plan import Outcome, PolledSource
from factory import polled_source
from ingest.fetched import Fetched
from ingest.network import Network
from ingest.outage import WINDOW_S, Outage


def seen(failed: int, answered: int, *, well: bool = True, now: float = 0) -> Outage:
    """Make an outage's record of so many hosts."""
    outage = Outage()
    for n in range(failed):
        outage.saw(f"dead-{n}.example", now, answered=False, was_well=well)
    for n in range(answered):
        outage.saw(f"live-{n}.example", now, answered=True, was_well=True)
    return outage


@pytest.mark.parametrize(
    ("failed", "answered", "ours"),
    [(3, 0, True), (9, 1, True), (3, 2, True), (2, 0, False), (3, 3, False), (10, 90, False), (60, 40, True)],
)
def test_most_hosts_must_fail(failed: int, answered: int, *, ours: bool) -> None:
    """More than half of the hosts, and three at least."""
    assert seen(failed, answered).is_ours(1) is ours


def test_hosts_that_were_dead_before_say_nothing() -> None:
    """A config full of dead feeds is no outage."""
    assert not seen(20, 1, well=False).is_ours(1)


def test_one_host_counts_once_by_its_latest_result() -> None:
    """A hundred feeds of one dead host are one host; a host that answers again is well."""
    outage = seen(3, 0)
    for _ in range(100):
        outage.saw("dead-0.example", 2, answered=False, was_well=False)
    outage.saw("dead-1.example", 3, answered=True, was_well=False)

    assert not outage.is_ours(4)


def test_old_results_do_not_count() -> None:
    """Failures that are minutes apart are not at once."""
    assert not seen(5, 0).is_ours(WINDOW_S + 1)


def source(n: int, failures: int = 0) -> PolledSource:
    """Make the source of the n-th host."""
    return polled_source(id=n, url=f"http://host-{n}.example/feed", failures=failures)


async def outcomes(network: Network, *fetched: Fetched) -> list[Outcome]:
    """Judge what the hosts gave, all at once."""
    judged = await asyncio.gather(*(network.judged(source(n), one) for n, one in enumerate(fetched)))
    return [one.outcome for one in judged]


async def test_no_failure_of_an_outage_is_charged_not_even_the_first() -> None:
    """Each waits for the verdict; it is told once when it comes, and once when it goes."""
    told: list[bool] = []
    network = Network(hosts=9, clock=asyncio.get_running_loop().time, on_change=told.append)
    dead, live = Fetched(outcome="unreachable", error="no route"), Fetched(outcome="ok", status=200, url="http://x/")

    assert await outcomes(network, dead, dead, dead, dead) == ["offline"] * 4
    assert told == [True]
    assert await outcomes(network, live, live, live, dead) == ["ok", "ok", "ok", "unreachable"]
    assert told == [True, False]


async def test_errors_of_a_server_are_answers() -> None:
    """A 500, a 404 or a private address came through our network, or never went out."""
    network = Network(hosts=9, clock=asyncio.get_running_loop().time, on_change=lambda _: None)
    errors = [Fetched(outcome="http-error", status=500, url="http://x/"), Fetched(outcome="refused")] * 3

    assert await outcomes(network, *errors) == ["http-error", "refused"] * 3
