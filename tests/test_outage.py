"""Our own network: when most hosts fail at once no source is charged."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from db.plan import Outcome, PolledSource
from factory import polled_source
from ingest.fetched import Fetched
from ingest.network import Network
from ingest.outage import WINDOW_S, Outage


def seen(failed: int, answered: int, *, well: bool = True) -> Outage:
    """Make an outage's record of so many hosts, at second 10."""
    outage = Outage()
    for n in range(failed):
        outage.failed(f"dead-{n}.example", 10, started=5, was_well=well)
    for n in range(answered):
        outage.answered(f"live-{n}.example", 10)
    return outage


@pytest.mark.parametrize(
    ("failed", "answered", "ours"),
    [(3, 0, True), (9, 1, True), (3, 2, True), (2, 0, False), (3, 3, False), (10, 90, False), (60, 40, True)],
)
def test_most_hosts_that_were_well_must_fail(failed: int, answered: int, *, ours: bool) -> None:
    """More than half of the hosts, and three at least."""
    assert seen(failed, answered).is_ours(11) is ours


@pytest.mark.parametrize(("failed", "answered", "ours"), [(4, 0, False), (5, 0, True), (5, 2, True), (5, 3, False)])
def test_of_new_hosts_more_must_fail(failed: int, answered: int, *, ours: bool) -> None:
    """A first poll without network; but a new config with a few wrong addresses is no outage."""
    assert seen(failed, answered, well=False).is_ours(11) is ours


def test_one_host_counts_once_by_its_latest_result() -> None:
    """A hundred feeds of one dead host are one host; a host that answers again is well."""
    outage = seen(3, 0)
    for _ in range(100):
        outage.failed("dead-0.example", 12, started=11, was_well=True)
    outage.answered("dead-1.example", 13)

    assert not outage.is_ours(14)


def test_host_that_answers_others_meanwhile_does_not_fail() -> None:
    """One feed of a host hangs for half a minute while its other feeds are answered."""
    outage = seen(2, 0)
    outage.answered("slow.example", 20)
    outage.failed("slow.example", 40, started=15, was_well=True)
    assert not outage.is_ours(41)

    outage.failed("slow.example", 60, started=45, was_well=True)
    assert outage.is_ours(61)


def test_old_results_do_not_count() -> None:
    """Failures that are minutes apart are not at once."""
    assert not seen(5, 0).is_ours(10 + WINDOW_S)


def source(n: int, failures: int = 0) -> PolledSource:
    """Make the source of the n-th host, which was well before."""
    return polled_source(id=n, domain=f"host-{n}.example", failures=failures, last_good_at="2026-11-20T00:00:00Z")


async def outcomes(network: Network, *fetched: Fetched) -> list[Outcome]:
    """Judge what the hosts gave, all at once."""
    now = asyncio.get_running_loop().time()
    judged = await asyncio.gather(*(network.judged(source(n), one, started=now) for n, one in enumerate(fetched)))
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


async def test_very_many_hosts_are_not_looked_at_for_every_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of failures among thousands of hosts cost a few looks at all of them; the verdict is the same."""
    looks = 0
    is_ours = Outage.is_ours

    def counted(outage: Outage, now: float) -> bool:
        nonlocal looks
        looks += 1
        return is_ours(outage, now)

    monkeypatch.setattr(Outage, "is_ours", counted)
    now = 1000.0
    network = Network(hosts=9000, clock=lambda: now, on_change=lambda _: None)
    dead, live = Fetched(outcome="unreachable", error="no route"), Fetched(outcome="ok", status=200, url="http://x/")

    async def judged(numbers: range, fetched: Fetched) -> set[Outcome]:
        return {
            one.outcome
            for one in await asyncio.gather(*(network.judged(source(n), fetched, started=now) for n in numbers))
        }

    assert await judged(range(3000), live) == {"ok"}
    assert await judged(range(3000, 3300), dead) == {"unreachable"}
    now += 1
    assert await judged(range(3300, 9000), dead) == {"offline"}
    assert looks <= 4


async def test_errors_of_a_server_are_answers() -> None:
    """A 500, a 404 or a private address came through our network, or never went out."""
    network = Network(hosts=9, clock=asyncio.get_running_loop().time, on_change=lambda _: None)
    errors = [Fetched(outcome="http-error", status=500, url="http://x/"), Fetched(outcome="refused")] * 3

    assert await outcomes(network, *errors) == ["http-error", "refused"] * 3


async def test_sources_that_failed_before_are_charged_as_ever() -> None:
    """A config full of dead feeds is no outage; in a real one they are not charged either."""
    network = Network(hosts=9, clock=asyncio.get_running_loop().time, on_change=lambda _: None)
    dead = Fetched(outcome="unreachable", error="no route")
    now = asyncio.get_running_loop().time()

    judged = await asyncio.gather(*(network.judged(source(n, failures=3), dead, started=now) for n in range(6)))
    assert [one.outcome for one in judged] == ["unreachable"] * 6
    await outcomes(network, dead, dead, dead)
    assert (await network.judged(source(8, failures=3), dead, started=now)).outcome == "offline"


async def test_hosts_that_die_together_are_charged_once_others_answer() -> None:
    """Four hosts of one machine room are alone in their minutes; in an outage fewer answer than fail, however often."""
    times = itertools.count(1000, 10 * WINDOW_S)
    now = 0

    def clock() -> float:
        return now

    network = Network(hosts=14, clock=clock, on_change=lambda _: None)
    dead, live = Fetched(outcome="unreachable", error="no route"), Fetched(outcome="ok", status=200, url="http://x/")

    async def polled(numbers: range, fetched: Fetched) -> set[Outcome]:
        nonlocal now
        now = next(times)
        judged = await asyncio.gather(*(network.judged(source(n), fetched, started=now) for n in numbers))
        return {one.outcome for one in judged}

    assert await polled(range(4), dead) == {"offline"}
    assert await polled(range(4), dead) == {"offline"}
    assert await polled(range(4, 7), live) == {"ok"}
    assert await polled(range(4), dead) == {"offline"}
    assert await polled(range(7, 14), live) == {"ok"}
    assert await polled(range(4), dead) == {"unreachable"}
