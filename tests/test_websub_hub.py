"""Requests to our hub: which are taken, which refused, and what a verification must bring."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

import wireroom.hub_requests
from db.subscribers import hub_status
from db.times import iso
from feeds.websub_hub import (
    BURST,
    MAX_LEASE_S,
    MIN_LEASE_S,
    RefusedAskingError,
    feed_name,
    read_form,
    topic_name,
    verification_url,
    with_arguments,
)
from house import House
from hub_house import hub_house
from ingest.guard import Guard
from reader_service import ReaderService, running_service
from wireroom.config import load_config

MARKS_TEXT = r"""
http https ftp :// // / a.example 127.0.0.1 [::1] [ ] :80 :0 :x : @ ?a=1 &b # %00 %2f \ é xn--a . ..
http://a.example/x
"""
PIECES = st.sampled_from([*MARKS_TEXT.split(), " ", "\n", "\x00"])
URLS = st.lists(PIECES, max_size=7).map("".join)
FORMS = st.fixed_dictionaries(
    {"hub.mode": st.sampled_from(["subscribe", "unsubscribe"]), "hub.topic": URLS, "hub.callback": URLS},
    optional={"hub.secret": st.text(max_size=220), "hub.lease_seconds": st.text("0123456789x٣", max_size=30)},
)


@pytest.fixture
def service() -> Iterator[ReaderService]:
    """Run a subscriber."""
    with running_service() as one:
        yield one


async def test_what_can_not_be_taken_is_refused_and_nobody_is_asked(house: House, service: ReaderService) -> None:
    """A 4xx that says why; no request of ours follows from it."""
    async with hub_house(house, service.port) as one:
        good = {"hub.mode": "subscribe", "hub.topic": one.feed(), "hub.callback": service.url()}
        base, whispers = one.engine.config.base_url, one.engine.press.names["whispers"]
        wrong: list[tuple[int, dict[str, str]]] = [
            (400, {"hub.mode": ""}),
            (400, {"hub.mode": "denied"}),
            (403, {"hub.mode": "publish"}),
            (400, {"hub.topic": ""}),
            (404, {"hub.topic": f"{base}topics/nothing.atom"}),
            (404, {"hub.topic": f"{base}topics/whispers.atom"}),
            (404, {"hub.topic": f"{base}topics/{whispers[:-1]}.atom"}),
            (404, {"hub.topic": f"{base}topics/news.html"}),
            (404, {"hub.topic": f"{base}topics/news/1.atom"}),
            (404, {"hub.topic": one.feed() + "?a=1"}),
            (404, {"hub.topic": "http://elsewhere.example/topics/news.atom"}),
            (404, {"hub.topic": f"{base}x/../topics/news.atom"}),
            (400, {"hub.callback": "ftp://127.0.0.1/"}),
            (400, {"hub.callback": "javascript:alert(1)"}),
            (400, {"hub.callback": f"http://user:password@127.0.0.1:{service.port}/"}),
            (400, {"hub.callback": service.url() + "#part"}),
            (400, {"hub.callback": service.url() + "\r\nX-Injected: yes"}),
            (400, {"hub.callback": service.url("/" + "a" * 3000)}),
            (400, {"hub.callback": "http://:80/"}),
            (400, {"hub.callback": "http://127.0.0.1:99999/"}),
            (400, {"hub.callback": "//127.0.0.1/"}),
            (400, {"hub.secret": "s" * 200}),
            (400, {"hub.secret": "ß" * 100}),
            (400, {"hub.lease_seconds": "a week"}),
            (400, {"hub.lease_seconds": "-1"}),
            (400, {"hub.lease_seconds": "٣"}),
        ]
        for status, fields in wrong:
            answered = await one.post(good | fields)
            assert answered.status == status, (fields, answered)
            assert answered.headers["content-type"].startswith("text/plain"), fields

        twice = f"hub.mode=subscribe&hub.mode=subscribe&hub.topic={one.feed()}&hub.callback={service.url()}"
        assert (await one.post(twice.encode())).status == 400
        assert (await one.post(b"hub.mode=%ff")).status == 400
        assert (await one.post(b"&".join(b"a=1" for _ in range(100)))).status == 400
        assert (await one.post(b"a=" + b"x" * 20_000)).status == 413
        assert (await one.post(good, kind="text/plain")).status == 415
        assert (await one.post(good, method="GET")).status == 405
        await one.quiet()
        assert service.paths == []
        assert one.subscribers() == []


async def test_what_is_not_confirmed_is_no_subscription(house: House, service: ReaderService) -> None:
    """Success and the challenge itself, nothing else: a request that somebody else made comes to nothing."""
    with running_service() as elsewhere:
        async with hub_house(house, service.port, elsewhere.port) as one:
            service.headers = {"Location": elsewhere.url()}
            answers = [(b"", 404), (b"something else", 200), (None, 302), (None, 500), (b"x" * 5000, 200)]
            for service.echo, service.status in answers:
                await one.subscribe(service.url())
                assert one.subscribers() == [], (service.echo, service.status)
            await one.news()
            await one.quiet()

            assert len(service.asked) == len(answers)
            assert (service.told, elsewhere.paths) == ([], [])


async def test_an_echo_with_more_behind_it_is_no_confirmation(house: House, service: ReaderService) -> None:
    """A page that repeats its query, as many do, is no subscriber."""
    async with hub_house(house, service.port) as one:
        service.more = b" is what you asked for"
        await one.subscribe(service.url())
        assert one.subscribers() == []


async def test_forged_unsubscription_changes_nothing(house: House, service: ReaderService) -> None:
    """The subscriber does not confirm it; and for what was never subscribed nobody is asked at all."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        service.status = 404
        assert (await one.ask(service.url(), mode="unsubscribe")).status == 202
        await one.quiet()
        assert len(one.subscribers()) == 1
        assert (await one.ask(service.url("/other"), mode="unsubscribe")).status == 202
        await one.quiet()
        assert len(service.asked) == 2


async def test_secret_stays_until_the_next_one_is_verified(house: House, service: ReaderService) -> None:
    """Otherwise anybody could make a subscriber's signatures wrong."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url(), secret="right")
        service.status = 404
        await one.subscribe(service.url(), secret="forged")
        await one.news()
        await one.quiet()

        assert service.told[0].is_signed_with("right")


async def test_callback_keeps_its_query(house: House, service: ReaderService) -> None:
    """To the letter, in verifications and pushes."""
    path = "/callback?b=2&a=%2Fx%20y&a=1&c"
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url(path))
        await one.news()
        await one.quiet()

        assert service.paths[0].startswith(f"{path}&hub.mode=subscribe&hub.topic=")
        assert service.told[0].path == path


async def test_lease_is_within_bounds_and_told(house: House, service: ReaderService) -> None:
    """What is given is what the verification says."""
    wishes = {"1": 3600, "7200": 7200, "9" * 20: 30 * 86400, "0": 3600, "": 10 * 86400}
    async with hub_house(house, service.port) as one:
        for wish in wishes:
            await one.subscribe(service.url(f"/{wish}"), lease_seconds=wish)

        assert [int(asked["hub.lease_seconds"]) for asked in service.asked] == list(wishes.values())
        leases = [
            (datetime.fromisoformat(expires) - datetime.fromisoformat(verified)).total_seconds()
            for verified, expires in one.subscribers("verified_at, expires_at")
        ]
        assert leases == list(wishes.values())


async def test_secret_topics_and_old_names_can_be_subscribed_to(house: House, service: ReaderService) -> None:
    """A secret one by its address; an old name is the topic that it leads to, and is echoed as it was asked."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url("/1"), topic=one.feed("rss", "whispers"))
        old = f"{one.engine.config.base_url}topics/old-news.atom"
        await one.subscribe(service.url("/2"), topic=old)
        await one.news("whispers")
        await one.news()
        await one.quiet()

        assert service.asked[1]["hub.topic"] == old
        assert sorted(told.path for told in service.told) == ["/1", "/2"]
        (second,) = [told for told in service.told if told.path == "/2"]
        assert f'<{one.feed()}>; rel="self"' in second.headers["link"], "the address that it has now"


ADDRESSES = (
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f.1:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://169.254.169.254/latest/",
    "http://10.0.0.1/",
    "http://0.0.0.0:{port}/",
)


async def test_private_addresses_are_not_reached(house: House, service: ReaderService) -> None:
    """However they are written."""
    async with hub_house(house) as one:
        for address in ADDRESSES:
            await one.ask(address.format(port=service.port))
            await one.quiet()
        assert service.paths == []
        assert one.subscribers() == []


async def test_strangers_from_outside_choose_nothing_in_our_network(house: House, service: ReaderService) -> None:
    """What ``[poll] allow`` opens to our polls, and to readers nearby, is closed to who reaches us at a public name."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url("/nearby"))
        text = house.config.read_text(encoding="utf-8")
        text = text.replace(one.engine.config.base_url, "https://wire.example.com/")
        house.config.write_text(text, encoding="utf-8")
        await one.engine.reload(load_config(house.config))
        await one.engine.press.publish(everything=True)
        service.paths.clear()

        await one.subscribe(service.url("/delete-all?really=yes"))
        await one.quiet()
        assert (service.paths, service.told) == ([], [])
        ((callback, error),) = one.subscribers("callback, last_error")
        assert callback == service.url("/nearby")
        assert "not a public address" in error


async def test_a_name_that_leads_elsewhere_later_is_not_followed_there(
    house: House, service: ReaderService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard looks at the address of each connection: a name that was good when it was verified proves nothing."""
    import ingest.client

    leads_to = ["127.0.0.1"]

    class Rebinding(ingest.client.Names):
        async def resolve(self, host: str, port: int = 0, family: object = None) -> object:  # type: ignore[override]
            return [{"hostname": host, "host": leads_to[0], "port": port, "family": 2, "proto": 0, "flags": 0}]

    monkeypatch.setattr(ingest.client, "Names", Rebinding)
    async with hub_house(house, service.port) as one:
        await one.subscribe(f"http://rebinding.example:{service.port}/")
        assert len(one.subscribers()) == 1
        leads_to[0] = "127.0.0.2"
        await one.news()
        await one.quiet()

        assert service.told == []
        ((error,),) = one.subscribers("last_error")
        assert "127.0.0.2" in error
        assert "not a public address" in error
    assert not Guard(one.engine.config.poll.allow).permits("127.0.0.2", service.port)


async def test_requests_for_one_host_are_limited(house: House, service: ReaderService) -> None:
    """429 with a time to come back; another host's are taken all the same."""
    async with hub_house(house, service.port) as one:
        statuses = [(await one.ask(service.url(f"/{n}"))).status for n in range(BURST + 5)]
        assert statuses == [202] * BURST + [429] * 5
        last = await one.ask(service.url("/last"))
        assert last.headers["retry-after"] == "60"
        with running_service() as other:
            assert (await one.ask(other.url())).status == 202
        await one.quiet()
        assert len(one.subscribers()) == BURST
        assert service.most_at_once <= 2


async def test_no_more_subscriptions_than_there_is_room_for(
    house: House, service: ReaderService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 for one more; who is subscribed renews. Of two that were taken at once for the last place one is denied."""
    monkeypatch.setattr("db.subscribers.MAX_OF_HOST", 2)
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url("/1"))
        assert [(await one.ask(service.url(path))).status for path in ("/2", "/3")] == [202, 202]
        await one.quiet()
        assert len(one.subscribers()) == 2
        (denied,) = [asked for asked in service.asked if asked["hub.mode"] == "denied"]
        assert "no room" in denied["hub.reason"]
        assert (await one.ask(service.url("/4"))).status == 503
        assert (await one.ask(service.url("/1"))).status == 202


async def test_hub_can_be_switched_off(house: House, service: ReaderService) -> None:
    """Then there is none."""
    async with hub_house(house, service.port, wireroom="hub = false") as one:
        assert (await one.ask(service.url())).status == 404
        assert one.engine.config.hubs == ()


async def test_archive_that_takes_nothing_is_said(
    house: House, service: ReaderService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503: the subscriber tries again."""
    import sqlite3

    def fails(*_: object) -> bool:
        raise sqlite3.OperationalError("disk I/O error")

    async with hub_house(house, service.port) as one:
        monkeypatch.setattr(wireroom.hub_requests, "is_subscribed", fails)
        assert (await one.ask(service.url())).status == 503


async def test_status_counts_subscriptions(house: House, service: ReaderService) -> None:
    """By topic and format."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url("/1"))
        await one.subscribe(service.url("/2"))
        await one.subscribe(service.url("/2"), topic=one.feed("rss"))
        service.takes = 500
        await one.news()
        await one.quiet()

        rows = hub_status(one.engine.reader, iso(datetime.now().astimezone()))
        assert [(row["topic"], row["format"], row["subscribers"], row["failing"]) for row in rows] == [
            ("news", "atom", 2, 2),
            ("news", "rss", 1, 1),
        ]
        assert rows[0]["error"] == "HTTP status 500"


def test_addresses_of_topics() -> None:
    """Below a base with a path; nothing that only looks like one."""
    base = "https://wire.example/news/"
    assert topic_name("https://WIRE.example/news/topics/a.rss", base) == ("a", "rss")
    assert topic_name("https://wire.example/topics/a.rss", base) is None
    assert topic_name("http://wire.example/news/topics/a.rss", base) is None
    assert topic_name("https://wire.example/news/topics/a.rss?", base) is None
    assert topic_name("https://wire.example:444/news/topics/a.rss", base) is None
    assert topic_name("https://[wire/news/topics/a.rss", base) is None
    assert feed_name("topics/.rss") is None
    assert feed_name("topics/a.b.json") == ("a.b", "json")


def test_arguments_are_added_to_whatever_is_there() -> None:
    """Behind a question mark or an ampersand."""
    assert with_arguments("http://a.example/x", {"hub.mode": "a b"}) == "http://a.example/x?hub.mode=a+b"
    assert with_arguments("http://a.example/x?y=%20", {"m": "1"}) == "http://a.example/x?y=%20&m=1"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), FORMS.map(lambda form: urlencode(form).encode())))
def test_whatever_is_posted_is_read_or_refused(body: bytes) -> None:
    """No other error; and what is taken has an address that the client reads as we do, and a lease within bounds."""
    try:
        asking = read_form(body)
    except RefusedAskingError:
        return
    assert URL(asking.callback, encoded=True).host == urlsplit(asking.callback).hostname
    assert MIN_LEASE_S <= asking.lease_s <= MAX_LEASE_S
    with_challenge = urlsplit(verification_url(asking, "c"))
    assert with_challenge[:3] == urlsplit(asking.callback)[:3]
    assert with_challenge.query.startswith(urlsplit(asking.callback).query)
