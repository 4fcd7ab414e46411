"""The subscriber inside this process, on a real archive, with real hubs: redirects, floods, slow hubs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
import structlog

import wireroom.subscriber
from db.health import source_status
from db.subscriptions import due_subscriptions, subscription_of
from house import House
from hub import Hub, running_hub
from ingest import websub
from wireroom.config import load_config
from wireroom.engine import Engine
from wireroom.subscriber import MAX_ASKED_OF_ONE, Subscriber


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Run a hub that verifies nothing: there is no server here that it could reach."""
    with running_hub() as one:
        one.verify = False
        yield one


@asynccontextmanager
async def subscriber(house: House, *hubs: str, allow: tuple[int, ...], sources: int = 1) -> AsyncIterator[Subscriber]:
    """Run an engine whose sources name these hubs, one after another; nothing is polled."""
    allowed = json.dumps([f"127.0.0.1:{port}" for port in allow])
    named = {f"s{number}": f"http://127.0.0.1:1/{number}" for number in range(sources)}
    house.configure(named, poll=f"allow = {allowed}")
    engine = Engine(load_config(house.config), structlog.stdlib.get_logger("test"))
    await engine.start()
    with contextlib.closing(sqlite3.connect(house.archive)) as db, db:
        for number in range(sources):
            hub = hubs[number % len(hubs)]
            db.execute(
                "UPDATE sources SET hub_url = ?, hub_topic = url WHERE config_id = ?",
                [hub.replace("N", str(number)), f"s{number}"],
            )
    one = Subscriber(engine)
    try:
        yield one
    finally:
        await one.close()
        await engine.close()


async def answered(house: House, one: Subscriber, count: int = 1) -> list[str | None]:
    """Tick until ``count`` askings are answered → their errors."""
    async with asyncio.timeout(20):
        while True:
            await one.tick()
            found = house.rows("SELECT last_error FROM subscriptions WHERE asked_at IS NOT NULL ORDER BY id")
            if len(found) >= count and not one._asking:
                return [error for (error,) in found]
            await asyncio.sleep(0.02)


async def test_redirect_is_followed_with_its_body(house: House, hub: Hub) -> None:
    """307 and 308 lead on, with the same form."""
    with running_hub() as second:
        second.verify = False
        for status in (307, 308):
            hub.status, hub.headers = status, {"Location": second.url(f"/{status}")}
            async with subscriber(house, hub.url(f"/{status}"), allow=(hub.port, second.port)) as one:
                assert await answered(house, one) == [None]

        assert hub.asked == second.asked
        assert second.paths == ["/307", "/308"]
        for headers in second.request_headers:
            assert {"Cookie", "Referer", "Authorization"}.isdisjoint(headers)


async def test_very_many_sources_are_settled_bit_by_bit(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them has its subscription, whichever bit it fell into; of one that is removed nothing is asked."""
    monkeypatch.setattr(wireroom.subscriber, "AT_ONCE", 2)
    async with subscriber(house, hub.url("/N"), allow=(hub.port,), sources=5) as one:
        await one.engine.write(lambda db: db.execute("UPDATE sources SET removed_at = 'x' WHERE config_id = 's3'"))
        assert await answered(house, one, 4) == [None] * 4

    assert house.rows("SELECT source_id FROM subscriptions ORDER BY source_id") == [(1,), (2,), (3,), (5,)]
    assert sorted(hub.paths) == ["/0", "/1", "/2", "/4"]


@pytest.mark.parametrize(
    ("status", "location", "said"),
    [
        (307, "http://127.0.0.1:FORBIDDEN/", "where it is not asked"),
        (307, "//127.0.0.1:FORBIDDEN/", "where it is not asked"),
        (308, "https://hub.example/", "where it is not asked"),
        (307, "file:///etc/passwd", "where it is not asked"),
        (307, "gopher://127.0.0.1/", "where it is not asked"),
        (307, "http://[", "Invalid"),
        (302, "http://127.0.0.1:FORBIDDEN/", "HTTP status 302"),
        (303, "http://127.0.0.1:FORBIDDEN/", "HTTP status 303"),
        (307, "/again", "more than 3 redirects"),
        (307, "", "HTTP status 307"),
    ],
)
async def test_redirect_elsewhere_is_an_error(house: House, hub: Hub, status: int, location: str, said: str) -> None:
    """Not to where the config allows nothing, no other scheme, no other kind, no circle."""
    with running_hub() as forbidden:
        hub.status = status
        hub.headers = {"Location": location.replace("FORBIDDEN", str(forbidden.port))}
        async with subscriber(house, hub.url(), allow=(hub.port,)) as one:
            (error,) = await answered(house, one)

        assert said in (error or "")
        assert forbidden.asked == []
        assert len(hub.asked) == (4 if location == "/again" else 1)


async def test_hub_that_fails_is_asked_later(house: House, hub: Hub) -> None:
    """Its words are in the status, and a Retry-After is obeyed; a hub that is not there is a named error too."""
    hub.status, hub.body, hub.headers = 503, b"No room\x1b[31m today", {"Retry-After": "7200"}
    async with subscriber(house, hub.url(), "http://127.0.0.1:9/", allow=(hub.port, 9), sources=2) as one:
        errors = await answered(house, one, 2)
        told = source_status(one.engine.reader, datetime.now(UTC))
        waits = house.rows("SELECT unixepoch(next_try_at) - unixepoch(asked_at) FROM subscriptions ORDER BY id")

    assert errors == ["HTTP status 503: No room [31m today", "127.0.0.1 port 9: Connection refused"]
    assert [(row["hub"], row["push"], row["push_error"], row["lease_until"]) for row in told] == [
        (hub.url(), "asked", errors[0], None),
        ("http://127.0.0.1:9/", "asked", errors[1], None),
    ]
    assert 7199 <= waits[0][0] <= 7202
    assert 60 <= waits[1][0] <= 62
    assert len(hub.asked) == 1


async def test_credentials_of_a_hub_address_are_not_sent(house: House, hub: Hub) -> None:
    """A feed can name no user of ours at a hub, and the log has no password."""
    async with subscriber(house, f"http://user:secret@127.0.0.1:{hub.port}/", allow=(hub.port,)) as one:
        assert await answered(house, one) == [None]

    assert "Authorization" not in hub.request_headers[0]


async def test_pushes_beyond_the_bucket_become_one_poll(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of good pushes is five writes, and one more for all the rest."""
    monkeypatch.setattr(websub, "REFILL_S", 0.5)
    async with subscriber(house, hub.url(), allow=(hub.port,)) as one:
        await answered(house, one)
        found = subscription_of(one.engine.reader, hub.asked[0]["hub.callback"].rpartition("/")[2])
        assert found is not None
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 1000.0)
        for _ in range(200):
            await one.pushes.push(found)
        assert house.rows("SELECT pushes FROM subscriptions") == [(5,)]
        await one.pushes.tick()
        assert house.rows("SELECT pushes FROM subscriptions") == [(5,)]

        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: 1100.0)
        await one.pushes.tick()
        await one.pushes.tick()

        assert house.rows("SELECT pushes FROM subscriptions") == [(6,)]
        monkeypatch.undo()


async def test_slow_hub_keeps_no_other_waiting(house: House, hub: Hub) -> None:
    """Of twenty sources at a hub that never answers a few wait for it; the other hub is asked meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with subscriber(
            house, f"http://127.0.0.1:{port}/N", hub.url("/N"), allow=(port, hub.port), sources=40
        ) as one:
            async with asyncio.timeout(20):
                while len(hub.asked) < 20:
                    await one.tick()
                    assert len(one._asking) <= 2 * MAX_ASKED_OF_ONE
                    await asyncio.sleep(0.01)

            assert len(due_subscriptions(one.engine.reader, "2999-01-01T00:00:00Z", 100)) == 40


async def test_unverified_asking_says_so(house: House, hub: Hub) -> None:
    """A hub that takes the request and never verifies it is named at the next asking, which comes after a minute."""
    async with subscriber(house, hub.url(), allow=(hub.port,)) as one:
        assert await answered(house, one) == [None]
        ((wait,),) = house.rows("SELECT unixepoch(next_try_at) - unixepoch(asked_at) FROM subscriptions")
        assert 60 <= wait <= 62
        with contextlib.closing(sqlite3.connect(house.archive)) as db, db:
            db.execute("UPDATE subscriptions SET next_try_at = asked_at")
        await one.tick()
        (error,) = await answered(house, one)

    assert "does not verify" in (error or "")
    assert len(hub.asked) == 2
    assert hub.asked[0] == hub.asked[1]


async def test_hub_of_another_base_url_is_asked_anew(house: House, hub: Hub) -> None:
    """Who moves the daemon to another address gets a new callback there."""
    for _ in range(2):
        async with subscriber(house, hub.url(), allow=(hub.port,)) as one:
            await answered(house, one)
    assert len(hub.asked) == 1
    house.port += 1
    async with subscriber(house, hub.url(), allow=(hub.port,)) as one:
        while len(hub.asked) == 1:
            await one.tick()
            await asyncio.sleep(0.02)

    first, second = (form["hub.callback"] for form in hub.asked)
    assert second.startswith(f"http://127.0.0.1:{house.port}/websub/")
    assert first.rpartition("/")[2] != second.rpartition("/")[2]
