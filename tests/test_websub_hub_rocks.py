"""The hub tests of websub.rocks (100 to 106), rebuilt with a real subscriber on loopback.

What each asks for is read from that project (aaronpk/websub.rocks, app/Hub.php); the numbers are theirs.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from feeds.render import MEDIA_TYPES
from house import House
from hub_house import HubHouse, hub_house
from reader_service import ReaderService, running_service


@pytest.fixture
def service() -> Iterator[ReaderService]:
    """Run a subscriber."""
    with running_service() as one:
        yield one


def told_rightly(one: HubHouse, service: ReaderService, fmt: str = "atom") -> None:
    """Check the last push as websub.rocks does: the topic's body and type, its links."""
    served = one.engine.press.published("news", fmt)  # type: ignore[arg-type]
    push = service.told[-1]
    assert served is not None
    assert push.body == served.body
    assert push.headers["content-type"] == served.media_type
    base = one.engine.config.base_url
    assert push.headers["link"] == f'<{base}hub>; rel="hub", <{one.feed(fmt)}>; rel="self"'


async def test_100_typical_subscriber(house: House, service: ReaderService) -> None:
    """Mode, topic and callback alone: verified, then told of the next edition, unsigned."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        (verification,) = service.asked
        assert (verification["hub.mode"], verification["hub.topic"]) == ("subscribe", one.feed())
        assert len(verification["hub.challenge"]) >= 32
        assert verification["hub.lease_seconds"] == "864000"
        assert service.told == [], "nobody is told of what was there before they came"

        await one.news()
        await one.quiet()
        told_rightly(one, service)
        assert len(service.told) == 1
        assert "x-hub-signature" not in service.told[0].headers

        await one.quiet()
        assert len(service.told) == 1, "what was told is told once"


async def test_101_subscriber_includes_a_secret(house: House, service: ReaderService) -> None:
    """Each push is signed with it."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url(), secret="pâté de campagne")
        await one.news()
        await one.quiet()

        told_rightly(one, service)
        assert service.told[0].is_signed_with("pâté de campagne")


async def test_102_additional_parameters_are_ignored(house: House, service: ReaderService) -> None:
    """Fields that a hub does not know, inside ``hub.`` and out of it."""
    async with hub_house(house, service.port) as one:
        form = {"hub.mode": "subscribe", "hub.topic": one.feed(), "hub.callback": service.url()}
        answered = await one.post(form | {"foo": "bar", "hub.foo": "hub.bar", "hub.verify": "sync"})
        assert answered.status == 202
        await one.quiet()
        await one.news()
        await one.quiet()

        told_rightly(one, service)


async def test_103_subscribing_again_before_the_lease_ends(house: House, service: ReaderService) -> None:
    """The subscription is the same one, with a new lease and secret: of the next edition it is told once."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url(), secret="the first", lease_seconds="7200")
        (first,) = one.subscribers("id, expires_at")
        await one.news()
        await one.quiet()
        await one.subscribe(service.url(), secret="the second", lease_seconds="86400")
        (second,) = one.subscribers("id, expires_at")
        await one.news()
        await one.quiet()

        assert second[0] == first[0]
        assert second[1] > first[1]
        assert len(service.told) == 2
        assert service.told[0].is_signed_with("the first")
        assert service.told[1].is_signed_with("the second")


async def test_104_unsubscribing(house: House, service: ReaderService) -> None:
    """It is verified, too; then nothing is pushed any more."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url())
        assert (await one.ask(service.url(), mode="unsubscribe")).status == 202
        await one.quiet()
        await one.news()
        await one.quiet()

        assert [asked["hub.mode"] for asked in service.asked] == ["subscribe", "unsubscribe"]
        assert "hub.lease_seconds" not in service.asked[1]
        assert service.told == []
        assert one.subscribers() == []


@pytest.mark.parametrize("fmt", ["rss", "json"])
async def test_105_106_other_content_types(house: House, service: ReaderService, fmt: str) -> None:
    """Each format is a topic of its own, pushed with its own type; JSON is one of them."""
    async with hub_house(house, service.port) as one:
        await one.subscribe(service.url(), topic=one.feed(fmt))
        await one.news()
        await one.quiet()

        told_rightly(one, service, fmt)
        assert len(service.told) == 1, "and only that"
        assert service.told[0].headers["content-type"] == MEDIA_TYPES[fmt]  # type: ignore[index]
