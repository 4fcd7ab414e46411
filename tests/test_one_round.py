"""One round of very many sources: a bounded number at once, all of them told, also when it is broken off."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import wireroom.one_round
from db.sources import named_in_short
from faulty import running
from house import House
from origin import Answer, Asked, Origin, item, rss
from test_under_way import become
from wireroom.round import clusterless, round_lines

SOURCES = 60


def configure(house: House, origin: Origin, count: int = SOURCES) -> None:
    """Write a config of so many feeds of one host."""
    for n in range(count):
        origin.feed(f"/{n}", rss(item(n)))
    house.configure({f"s{n}": origin.url(f"/{n}") for n in range(count)}, allow=origin.port, poll="per_host = 8")


async def test_round_polls_all_a_bounded_number_at_once(
    house: House, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more than there is room for are begun; the result has all, and its progress counts to the end."""
    monkeypatch.setattr(wireroom.one_round, "MAX_UNDER_WAY", 7)
    configure(house, origin)
    told: list[dict[str, Any]] = []
    async with running(house) as engine:
        at_once: list[int] = []

        def answer(asked: Asked) -> Answer:
            """Count the polls while one of them is being answered, so that there is one."""
            at_once.append(len(engine.poller.under_way))
            return Answer(rss(item(int(asked.path[1:]))).encode(), headers={"Content-Type": "application/xml"})

        origin.routes = {f"/{n}": answer for n in range(SOURCES)}
        result = await engine.round([], due=False, progress=told.append)

    assert sorted(one["source"] for one in result["polled"]) == sorted(f"s{n}" for n in range(SOURCES))
    assert {one["outcome"] for one in result["polled"]} == {"ok"}
    assert (result["new_stories"], result["failed"], result["waiting"]) == (SOURCES, 0, [])
    assert 1 <= min(at_once) <= max(at_once) <= 7
    done = [one["done"] for one in told]
    assert (done[0], done[-1], done) == (0, SOURCES, sorted(set(done)))
    assert {one["total"] for one in told} == {SOURCES}
    assert told[-1]["new_stories"] == SOURCES


async def test_source_that_is_asked_to_wait_meanwhile_waits(
    house: House, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another poll brought a Retry-After, or 410, between the list and its turn: it is not asked."""
    monkeypatch.setattr(wireroom.one_round, "MAX_UNDER_WAY", 1)
    configure(house, origin, 3)
    async with running(house) as engine:
        asked = asyncio.Event()

        def hear(progress: dict[str, Any]) -> None:
            if progress["done"] == 0:
                asked.set()

        rounds = asyncio.create_task(engine.round([], due=False, progress=hear))
        await asked.wait()
        await engine.write(
            lambda db: db.execute("UPDATE sources SET held_until = '2999-01-01T00:00:00Z' WHERE config_id = 's2'")
        )
        result = await rounds

    assert [one["source"] for one in result["polled"]] == ["s0", "s1"]
    assert result["waiting"] == [{"source": "s2", "why": "Retry-After", "until": "2999-01-01T00:00:00Z"}]
    assert [one.path for one in origin.asked] == ["/0", "/1"]


async def test_stop_in_the_middle_of_a_round_begins_no_more(
    house: House, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that were not polled are told as broken off."""
    monkeypatch.setattr(wireroom.one_round, "MAX_UNDER_WAY", 4)
    configure(house, origin)

    def slow(_: Asked) -> Answer:
        release.wait(10)
        return Answer(b"", 500)

    import threading

    release = threading.Event()
    for n in range(SOURCES):
        origin.routes[f"/{n}"] = slow
    async with running(house) as engine:
        rounds = asyncio.create_task(engine.round([], due=False, progress=lambda _: None))
        await become(lambda: len(origin.asked) == 4)
        await engine.close()
        release.set()
        result = await asyncio.wait_for(rounds, 10)

    assert (len(result["polled"]), {one["outcome"] for one in result["polled"]}) == (SOURCES, {"broken-off"})
    assert len(origin.asked) == 4


async def test_source_that_a_reload_takes_out_is_not_begun(
    house: House, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others of the round are polled under the new config."""
    from wireroom.config import load_config

    monkeypatch.setattr(wireroom.one_round, "MAX_UNDER_WAY", 1)
    configure(house, origin, 6)
    async with running(house) as engine:
        begun = asyncio.Event()

        def hear(progress: dict[str, Any]) -> None:
            if progress["done"] == 1:
                begun.set()

        rounds = asyncio.create_task(engine.round([], due=False, progress=hear))
        await begun.wait()
        house.configure(
            {f"s{n}": origin.url(f"/{n}") for n in range(5)}, allow=origin.port, poll="per_host = 8\nfloor = '1m'"
        )
        await engine.reload(load_config(house.config))
        result = await rounds
        assert [one.config_id for one in named_in_short(engine.reader, ["s4", "s5"])] == ["s4"]

    outcomes = {one["source"]: one["outcome"] for one in result["polled"]}
    assert (len(outcomes), outcomes["s5"], outcomes["s4"], outcomes["s0"]) == (6, "broken-off", "ok", "ok")


def test_what_kept_all_from_being_recorded_is_told_once() -> None:
    """One line for all sources that the cluster could not poll; one that failed by itself has its own."""
    undone = [{"source": f"s{n}", "good": False, "outcome": "not-recorded", "error": "cluster: away"} for n in range(3)]
    failed = {"source": "f", "good": False, "outcome": "timeout", "error": "too slow"}
    result = {"polled": [*undone, failed], "waiting": [], "new_stories": 0, "new_entries": 0, "changed": 0, "failed": 4}

    assert round_lines(result)[1:] == ["  f: timeout: too slow", "  3 sources: not-recorded: cluster: away"]
    assert not clusterless(result)
    assert clusterless({**result, "polled": undone})
    assert not clusterless({**result, "polled": []})
