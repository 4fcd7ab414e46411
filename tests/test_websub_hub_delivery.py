"""Deliveries of our hub: retries, ends, crowds, and that nothing is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from db.documents import note_documents
from db.model import FORMATS, Format
from db.schema import migrations
from db.subscribers import (
    Delivery,
    document_version,
    due_deliveries,
    end_expired,
    subscribe,
    unsubscribe,
    write_delivered,
    write_failed,
)
from db.sync import mend_times
from db.times import iso
from house import House
from hub_house import HubHouse, hub_house
from reader_service import ReaderService, running_service
from wireroom.clock import CLOCK, system_clocks
from wireroom.config import load_config
from wireroom.hub import Hub
from wireroom.hub_delivery import SWEEP_S
from wireroom.rest import REST_S


@pytest.fixture
def service() -> Iterator[ReaderService]:
    """Run a subscriber."""
    with running_service() as one:
        yield one


async def test_what_was_not_taken_is_tried_again(house: House, service: ReaderService) -> None:
    """Later and later; what changed meanwhile is told in one go, and then all is well."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        service.takes = 500
        await one.news()
        before = datetime.now(UTC)
        await one.quiet()
        await one.quiet()
        assert len(service.told) == 1, "not again at once"
        ((first, failures, error),) = one.subscribers("next_try_at, failures, last_error")
        assert (failures, error) == (1, "HTTP status 500")
        await one.again()
        ((second, failures, _),) = one.subscribers("next_try_at, failures, last_error")
        assert failures == 2
        assert datetime.fromisoformat(first) - before >= timedelta(seconds=60)
        assert datetime.fromisoformat(second) - before >= timedelta(seconds=120)

        service.takes = 204
        await one.news()
        await one.again()
        served = one.engine.press.published("news", "atom")
        assert served is not None
        assert service.told[-1].body == served.body
        assert len(service.told) == 3
        assert one.subscribers("failures, next_try_at, last_error") == [(0, None, None)]
        await one.again()
        assert len(service.told) == 3


async def test_retry_after_is_obeyed(house: House, service: ReaderService) -> None:
    """Up to a day."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        service.takes, service.headers = 429, {"Retry-After": "7200"}
        await one.news()
        before = datetime.now(UTC)
        await one.quiet()
        ((again,),) = one.subscribers("next_try_at")
        assert datetime.fromisoformat(again) - before >= timedelta(seconds=7200)


async def test_gone_ends_the_subscription(house: House, service: ReaderService) -> None:
    """410: the subscriber wants no more."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        service.takes = 410
        await one.news()
        await one.quiet()
        assert one.subscribers() == []


async def test_redirect_is_not_followed(house: House, service: ReaderService) -> None:
    """What was signed for one place is not handed to another."""
    with running_service() as other:
        async with hub_house(house, service.port, other.port) as one:
            await one.subscribe(service.url())
            service.takes, service.headers = 307, {"Location": other.url()}
            await one.news()
            await one.quiet()
            assert other.told == []
            assert one.subscribers("last_error") == [("HTTP status 307 (redirects are not followed)",)]


async def test_lease_that_is_over_is_told_no_more(house: House, service: ReaderService) -> None:
    """And it is cleared away."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        await one.engine.write(lambda db: db.execute("UPDATE subscribers SET expires_at = '2020-01-01T00:00:00Z'"))
        await one.news()
        await one.quiet()
        assert service.told == []
        await one.hub.close()
        one.hub = Hub(one.engine)
        await one.quiet()
        assert one.subscribers() == []


async def test_clock_that_is_put_forward_ends_no_lease_for_good(
    house: House, service: ReaderService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it is right again, the subscription is still there; one that is right clears away what is over."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        deliveries, now_s = one.hub.deliveries, asyncio.get_running_loop().time()
        await one.engine.write(lambda db: db.execute("UPDATE subscribers SET expires_at = '2020-01-01T00:00:00Z'"))
        forward = [400 * 86_400]
        monkeypatch.setattr(CLOCK, "_read", lambda: (system_clocks()[0] + forward[0], system_clocks()[1]))
        await deliveries.tick(now_s + SWEEP_S + 1)
        assert len(one.subscribers()) == 1
        forward[0] = 0
        await deliveries.tick(now_s + 2 * SWEEP_S + 2)
        assert one.subscribers() == []


async def test_clock_that_was_wrong_keeps_nobody_waiting_for_years(house: House, service: ReaderService) -> None:
    """What was to be tried again in a future that was none is tried now."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        await one.news()
        await one.engine.write(lambda db: db.execute("UPDATE subscribers SET next_try_at = '2040-01-01T00:00:00Z'"))
        await one.quiet()
        assert service.told == []
        await one.engine.write(lambda db: mend_times(db, datetime.now(UTC)))
        await one.until(lambda: len(service.told) == 1, "it is not told")


async def test_change_while_it_is_verified_is_told(house: House, service: ReaderService) -> None:
    """Who asked before a change and was verified after it is told of it."""
    async with hub_house(house, service.port) as one:
        assert (await one.ask(service.url())).status == 202
        await one.news()
        await one.quiet()
        await one.quiet()
        assert len(service.told) == 1


async def test_slow_subscribers_keep_no_other_waiting(house: House, service: ReaderService) -> None:
    """Of one host two are told at once; while these hang, another's are told."""
    with running_service() as quick:
        async with hub_house(house, service.port, quick.port) as one:
            for n in range(10):
                await one.subscribe(service.url(f"/{n}"))
            await one.subscribe(quick.url())
            service.hold.clear()
            await one.news()
            await one.until(lambda: len(quick.told) == 1 and service.at_once == 2, "the quick one waits for the slow")
            assert service.told == []
            service.hold.set()
            await one.until(lambda: len(service.told) == 10, "the slow ones are not told")
            assert service.most_at_once == 2


async def test_subscriber_that_does_not_answer_is_left_alone(house: House, service: ReaderService) -> None:
    """A deadline for the whole of it; then it is tried again in time."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        one.hub.deliveries.courier.deadline_s = 0.05
        service.hold.clear()
        await one.news()
        await one.quiet()
        assert one.subscribers("last_error") == [("no answer in time",)]


async def test_answer_that_never_ends_is_not_waited_for(house: House, service: ReaderService) -> None:
    """Its status says that the push was taken."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        service.endless = True
        await one.news()
        await one.quiet()
        assert one.subscribers("failures, delivered = (SELECT max(version) FROM documents)") == [(0, 1)]


async def test_stopped_during_a_delivery(house: House, service: ReaderService) -> None:
    """What was under way is sent again after the start."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        service.hold.clear()
        await one.news()
        await one.until(lambda: service.at_once == 1, "nothing is sent")
        await one.hub.close()
        assert one.subscribers("delivered < (SELECT max(version) FROM documents), failures") == [(1, 0)]
        service.hold.set()
        one.hub = Hub(one.engine)
        await one.until(lambda: len(service.told) == 2, "it is not sent again")
        await one.quiet()
        assert service.told[0].body == service.told[1].body
        assert one.subscribers("delivered = (SELECT max(version) FROM documents)") == [(1,)]


async def reloaded(one: HubHouse, old: str, new: str) -> None:
    """Edit the config, and have the engine take it over."""
    text = one.house.config.read_text(encoding="utf-8")
    one.house.config.write_text(text.replace(old, new), encoding="utf-8")
    await one.engine.reload(load_config(one.house.config))
    await one.engine.press.publish(everything=True)
    await one.quiet()


async def test_topic_that_becomes_secret_tells_nobody_who_knew_it(house: House, service: ReaderService) -> None:
    """They hear that it has ended, and get nothing; who subscribes to the secret address does."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url("/old"))
        await reloaded(one, 'title = "News"', 'title = "News"\nsecret = true')
        denied = service.asked[-1]
        assert denied["hub.mode"] == "denied"
        assert denied["hub.topic"] == f"{one.engine.config.base_url}topics/news.atom"
        assert "news-" not in service.paths[-1], "the secret address is not told"
        assert one.subscribers() == []
        await one.subscribe(service.url("/new"))
        await one.news()
        await one.quiet()
        assert [told.path for told in service.told] == ["/new"]


async def test_renamed_topic_keeps_its_subscribers(house: House, service: ReaderService) -> None:
    """They are told under its new address."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        await reloaded(
            one, 'id = "news"\ntitle = "News"\nwas = ["old-news"]', 'id = "wire"\ntitle = "W"\nwas = ["news"]'
        )
        assert f"{one.engine.config.base_url}topics/wire.atom" in service.told[-1].headers["link"]
        assert all(asked["hub.mode"] == "subscribe" for asked in service.asked)


async def test_removed_topic_ends_its_subscriptions(house: House, service: ReaderService) -> None:
    """All of them hear of it, however many there are of one host."""
    async with hub_house(house, service.port) as one:
        for n in range(5):
            await one.subscribe(service.url(f"/{n}"))
        await reloaded(one, 'id = "news"', 'id = "other"\n#')
        denied = [path for path in service.paths if "hub.mode=denied" in path]
        assert sorted(path[:2] for path in denied) == ["/0", "/1", "/2", "/3", "/4"]
        assert one.subscribers() == []


async def test_exchanged_token_ends_the_subscriptions_to_the_old_address(house: House, service: ReaderService) -> None:
    """Whoever has the old one is told no more, also where the delivery is already due."""
    from db.tokens import rotate_token

    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url(), topic=one.feed("atom", "whispers"))
        await one.news("whispers")
        await one.engine.write(
            lambda db: rotate_token(db, 2, iso(datetime.now(UTC))),
        )
        await one.engine.press.publish(everything=True)
        await one.quiet()
        assert service.told == []
        assert one.subscribers() == []


async def test_disk_that_is_full_is_left_alone_and_loses_nothing(
    house: House, service: ReaderService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A delivery that can't be written down is one that is made again, after a rest."""
    import sqlite3

    import wireroom.hub_delivery as module

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        with monkeypatch.context() as broken:
            broken.setattr(module, "write_delivered", full)
            await one.news()
            await one.quiet()
            await one.quiet()
            assert len(service.told) == 1
        now_s = asyncio.get_running_loop().time()
        await one.hub.deliveries.tick(now_s + REST_S + 1)
        await one.until(lambda: len(service.told) == 2, "it is not tried again")


# --- The queue, against a model ---------------------------------------------------------------------------------------

CALLBACKS = ("http://a.example/1", "http://a.example/2", "http://b.example/1")
START = datetime(2026, 11, 20, 8, tzinfo=UTC)
STEP = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from(FORMATS), st.integers(0, 2)),
    st.tuples(st.just("subscribe"), st.sampled_from(FORMATS), st.sampled_from(CALLBACKS)),
    st.tuples(st.just("unsubscribe"), st.sampled_from(FORMATS), st.sampled_from(CALLBACKS)),
    st.tuples(st.just("take"), st.booleans(), st.integers(0, 3)),
    st.tuples(st.just("wait"), st.just(""), st.integers(1, 5000)),
)


@cache
def empty() -> Database:
    """Make an archive with one topic."""
    db = Database(memory=True)
    migrations.apply(db)
    db.execute(
        "INSERT INTO topics (id, config_id, title, urn, created_at) VALUES (1, 't', 'T', 'urn:uuid:1', '2026-11-20')"
    )
    db.conn.commit()
    return db


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=40))
def test_queue_tells_each_subscriber_of_each_last_version(steps: list[tuple[str, Any, Any]]) -> None:
    """Whatever comes between: who is subscribed and has not been told of the newest version is due, and nobody else."""
    db = Database(memory=True)
    empty().conn.backup(db.conn)
    now = START
    contents: dict[str, tuple[int, int]] = {}  # by format: content, version
    told: dict[tuple[str, str], int] = {}  # by subscription: the version
    ends: dict[tuple[str, str], datetime] = {}
    waits: dict[tuple[str, str], datetime] = {}
    for what, first, second in steps:
        fmt: Format = first
        if what == "publish":
            note_documents(db, "t", {fmt: f"hash {second}"}, iso(now))
            content, version = contents.get(first, (-1, 0))
            if content != second:
                contents[first] = int(second), version + 1
        elif what == "subscribe":
            at, until = document_version(db, "t", fmt), now + timedelta(hours=1)
            key = (second, first)
            subscribe(
                db, "t", fmt, second, host="h", asked="x", secret=None, now=iso(now), expires_at=iso(until), version=at
            )
            told.setdefault(key, contents.get(first, (0, 0))[1])
            ends[key] = until
            waits.pop(key, None)
        elif what == "unsubscribe":
            unsubscribe(db, "t", fmt, second)
            for each in (told, ends, waits):
                each.pop((second, first), None)
        elif what == "wait":
            now += timedelta(seconds=int(second))
            end_expired(db, iso(now))
            for key in [key for key, end in ends.items() if end <= now]:
                for each in (told, ends, waits):
                    each.pop(key, None)
        else:
            due = due_deliveries(db, iso(now), 100)
            for one in due[: int(second)]:
                take(db, one, now, contents, told, waits, good=bool(first))
        found = {(one.callback, one.format): one.version for one in due_deliveries(db, iso(now), 100)}
        assert found == {
            key: contents[key[1]][1]
            for key, version in told.items()
            if version < contents.get(key[1], (0, 0))[1] and waits.get(key, now) <= now
        }


def take(
    db: Database,
    one: Delivery,
    now: datetime,
    contents: dict[str, tuple[int, int]],
    told: dict[tuple[str, str], int],
    waits: dict[tuple[str, str], datetime],
    *,
    good: bool,
) -> None:
    """Deliver, or fail to."""
    key = (one.callback, one.format)
    if good:
        write_delivered(db, one)
        told[key] = contents[one.format][1]
        waits.pop(key, None)
    else:
        write_failed(db, one, "no", iso(now + timedelta(seconds=600)))
        waits[key] = now + timedelta(seconds=600)
