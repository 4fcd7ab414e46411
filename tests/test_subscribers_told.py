"""What `wireroom status` says of those who are told of news."""

from __future__ import annotations

from house import House
from hub_house import TOPICS, hub_house
from reader_service import running_service
from wireroom.config import load_config
from wireroom.subscribers_told import told_lines, told_status

NOW = "2026-11-26T09:00:00Z"


async def test_who_is_told_and_who_can_not_be(house: House) -> None:
    """Tables, with what is wrong beneath; an outside hub that can't reach us has a line that says so."""
    with running_service() as service, running_service() as away:
        hook = f'[[webhook]]\nid = "bot"\nurl = "{service.url()}"\ntopics = ["news"]\nsecret = "{"s" * 20}"\n'
        ping = f'ping = ["{service.url()}", "{away.url()}"]'
        async with hub_house(house, service.port, wireroom=ping, rest=TOPICS + hook) as one:
            await one.quiet()
            await one.subscribe(service.url())
            service.takes = 500
            await one.news()
            await one.quiet()
            told = told_status(one.engine.config, one.engine.reader, NOW)
            lines = "\n".join(told_lines(told))

        assert [row["topic"] for row in told["hub"]] == ["news"]
        assert [(row["hub"], row["documents"], row["failing"]) for row in told["pings"]] == [
            (service.url(), 3, 3),
            (away.url(), 0, 0),
        ]
        assert "  news: HTTP status 500" in lines
        assert f"  {service.url()}: HTTP status 500" in lines
        assert f"  {away.url()}: is not told of news: it can't reach {one.engine.config.base_url}" in lines
        assert "s" * 20 not in lines
        assert away.told == []


def test_nothing_is_said_where_nobody_is_told(house: House) -> None:
    """No empty tables."""
    house.configure({}, TOPICS)
    config = load_config(house.config)
    assert config.hub
    assert list(told_lines({"hub": [], "pings": [], "webhooks": []})) == []
