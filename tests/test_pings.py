"""Outside hubs that are told of news: which, when, and what becomes of those that fail."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from db.model import FORMATS
from db.pings import ping_status
from feeds.links import hubs_named
from house import House
from hub_house import TOPICS, hub_house
from reader_service import ReaderService, running_service
from wireroom.config import load_config
from wireroom.pings import unreachable


@pytest.fixture
def service() -> Iterator[ReaderService]:
    """Run a hub: it takes whatever is posted."""
    with running_service() as one:
        yield one


def addresses(service: ReaderService) -> list[str]:
    """Read which addresses it was told of."""
    forms = [parse_qs(told.body.decode()) for told in service.told]
    assert all(form["hub.mode"] == ["publish"] and form["hub.url"] == form["hub.topic"] for form in forms)
    return sorted(form["hub.url"][0] for form in forms)


async def test_hub_is_told_of_each_format_that_changed(house: House, service: ReaderService) -> None:
    """A new hub of all of them, once; of a secret topic nobody outside is."""
    async with hub_house(house, service.port, wireroom=f'ping = ["{service.url("/hub")}"]') as one:
        await one.quiet()
        every = sorted(one.feed(fmt) for fmt in ("rss", "atom", "json"))
        assert addresses(service) == every
        assert all(told.path == "/hub" for told in service.told)
        assert service.told[0].headers["content-type"] == "application/x-www-form-urlencoded"
        await one.quiet()
        assert len(service.told) == 3

        service.told.clear()
        await one.news()
        await one.news("whispers")
        await one.quiet()
        assert addresses(service) == every
        (row,) = ping_status(one.engine.reader)
        assert (row["documents"], row["told"], row["failing"]) == (3, 3, 0)


async def test_feeds_name_the_hubs_that_are_told(house: House, service: ReaderService) -> None:
    """A secret one names ours alone."""
    async with hub_house(house, service.port, wireroom=f'ping = ["{service.url()}"]') as one:
        press = one.engine.press
        for topic, named in (("news", True), ("whispers", False)):
            for fmt in FORMATS:
                document = press.published(press.names[topic], fmt)
                assert document is not None
                assert f"{one.engine.config.base_url}hub".encode() in document.body
                assert (service.url().encode() in document.body) is named


def test_header_names_them_too() -> None:
    """By the same rule."""
    hubs = ["https://wire.example/hub", "https://hub.example/"]
    assert hubs_named(hubs, "https://wire.example/", secret=False) == hubs
    assert hubs_named(hubs, "https://wire.example/", secret=True) == hubs[:1]


async def test_hub_that_fails_is_told_later(house: House, service: ReaderService) -> None:
    """In time, of what is newest then; also after a restart, since it is in the archive."""
    async with hub_house(house, service.port, wireroom=f'ping = ["{service.url()}"]') as one:
        service.takes = 503
        await one.quiet()
        await one.quiet()
        assert len(service.told) == 3
        (row,) = ping_status(one.engine.reader)
        assert (row["told"], row["failing"], row["error"]) == (0, 3, "HTTP status 503")
        service.takes = 204
        await one.news()
        await one.again("pings")
        assert len(service.told) == 6
        (row,) = ping_status(one.engine.reader)
        assert (row["told"], row["failing"], row["error"]) == (3, 0, None)


async def test_hub_that_leaves_the_config_is_told_no_more(house: House, service: ReaderService) -> None:
    """Nor is it in the status."""
    async with hub_house(house, service.port, wireroom=f'ping = ["{service.url()}"]') as one:
        await one.quiet()
        house.config.write_text(house.config.read_text().replace(f'ping = ["{service.url()}"]', ""))
        await one.engine.reload(load_config(house.config))
        await one.news()
        await one.quiet()
        assert len(service.told) == 3
        assert ping_status(one.engine.reader) == []


async def test_hub_that_can_not_reach_us_is_not_told_and_that_is_said(house: House, service: ReaderService) -> None:
    """With a private base_url an outside hub could fetch nothing: it is not bothered."""
    async with hub_house(house, wireroom=f'ping = ["{service.url()}"]') as one:
        await one.news()
        await one.quiet()
        assert service.told == []
        ((hub, why),) = unreachable(one.engine.config)
        assert hub == service.url()
        assert one.engine.config.base_url in why
        assert "[poll] allow" in why


def test_public_base_url_reaches_every_hub(house: House) -> None:
    """Nothing to be said then."""
    house.configure({}, TOPICS)
    text = house.config.read_text().replace(
        f'base_url = "http://127.0.0.1:{house.port}/"',
        'base_url = "https://wire.example/"\nping = ["https://hub.example/"]',
    )
    house.config.write_text(text)
    assert unreachable(load_config(house.config)) == []
