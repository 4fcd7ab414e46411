"""Webhooks: a topic's new stories posted as JSON, signed, in order, at least once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog

from db.webhooks import webhook_status
from feeds.webhook_message import key_of
from house import House
from newsroom import Newsroom, Printed
from prose import Report
from reader_service import ReaderService, Told, running_service
from wireroom.config import load_config
from wireroom.config_faults import ConfigError
from wireroom.engine import Engine
from wireroom.webhooks import Webhooks

SECRET = "a secret of some length that nobody knows".replace(" ", "-")


@pytest.fixture
def service() -> Iterator[ReaderService]:
    """Run what is posted to."""
    with running_service() as one:
        yield one


def written(service: ReaderService, secret: str = SECRET, path: str = "/hook") -> str:
    """Write the tables of the config."""
    return (
        '[[topic]]\nid = "all"\ntitle = "All"\nmatch = "sources:>=1"\n'
        f'[[webhook]]\nid = "bot"\nurl = "{service.url(path)}"\ntopics = ["all"]\nsecret = "{secret}"\n'
    )


@dataclass
class Room:
    """An engine with webhooks, and a newsroom that prints into its archive."""

    house: House
    engine: Engine
    webhooks: Webhooks
    newsroom: Newsroom
    printed: int = field(default=0)

    def print(self, count: int = 1) -> None:
        """Have so many stories come in, the newest first, as feeds are."""
        made = [
            Printed(
                f"id-{n}",
                Report(f"Number {n} is out", (f"What happened in number {n} of many.",)),
                None,
                f"http://s.example/{n}",
            )
            for n in range(self.printed, self.printed + count)
        ]
        self.printed += count
        self.newsroom.poll("s", *reversed(made), hour=1 + self.printed)

    async def quiet(self) -> None:
        """Have all that is due sent."""
        async with asyncio.timeout(20):
            await self.webhooks.tick()
            while not self.webhooks.courier.idle:  # noqa: ASYNC110 - what ends may begin the next
                await asyncio.sleep(0.005)

    async def again(self) -> None:
        """Let the wait after a failure be over, and have all that is due sent."""
        await self.engine.write(lambda db: db.execute("UPDATE webhooks SET next_try_at = NULL"))
        await self.quiet()

    def status(self) -> dict[str, Any]:
        """Read its status."""
        (row,) = webhook_status(self.engine.reader)
        return dict(row)

    async def restart(self) -> None:
        """Stop and begin again, as after a change of the config."""
        await self.webhooks.close()
        await self.engine.close()
        self.engine = Engine(load_config(self.house.config), structlog.stdlib.get_logger("test"))
        await self.engine.start()
        await self.engine.press.publish(everything=True)
        self.webhooks = Webhooks(self.engine)
        await self.quiet()


@asynccontextmanager
async def room(house: House, service: ReaderService, *, rest: str = "", allow: bool = True) -> AsyncIterator[Room]:
    """Run an engine whose topic has one story already."""
    house.configure({"s": "http://127.0.0.1:1/"}, rest or written(service), allow=service.port if allow else None)
    newsroom = Newsroom(house.archive, ["s"])
    newsroom.db.execute("UPDATE topics SET fronted_by = NULL, styled_by = NULL")  # as if this config were the first
    engine = Engine(load_config(house.config), structlog.stdlib.get_logger("test"))
    one = Room(house, engine, Webhooks(engine), newsroom)
    one.print()
    await engine.start()
    await engine.press.publish(everything=True)
    await one.quiet()
    try:
        yield one
    finally:
        await one.webhooks.close()
        await one.engine.close()
        newsroom.db.close()


def stories(told: Told) -> list[dict[str, Any]]:
    """Read a message's stories."""
    found: list[dict[str, Any]] = json.loads(told.body)["data"]["stories"]
    return found


def numbers(service: ReaderService) -> list[list[int]]:
    """Read the numbers of the selections in each message."""
    return [[story["number"] for story in stories(told)] for told in service.told]


def verify(told: Told, key: bytes) -> bool:
    """Verify a signature as the specification of Standard Webhooks has it."""
    signed = f"{told.headers['webhook-id']}.{told.headers['webhook-timestamp']}.".encode() + told.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return told.headers["webhook-signature"] == f"v1,{expected}"


async def test_new_stories_are_posted_and_the_past_is_not(house: House, service: ReaderService) -> None:
    """In order of selection, with what names them in the feeds."""
    async with room(house, service) as one:
        assert service.told == []
        one.print(3)
        await one.quiet()

        (told,) = service.told
        said = json.loads(told.body)
        assert (said["type"], said["data"]["topic"]["id"]) == ("story.selected", "all")
        assert said["data"]["topic"]["feed"] == f"{one.engine.config.base_url}topics/all.json"
        rows = house.rows("SELECT number, guid, story_id FROM selections WHERE number > 1 ORDER BY number")
        assert [(story["number"], story["guid"], story["story"]) for story in stories(told)] == rows
        first = stories(told)[0]
        assert (first["title"], first["url"]) == ("Number 1 is out", "http://s.example/1")
        assert first["summary"].startswith("What happened in number 1")
        assert [carrier["source"] for carrier in first["coverage"]] == ["s"]
        assert told.headers["content-type"] == "application/json"

        await one.quiet()
        assert len(service.told) == 1, "what was taken is not sent again"
        assert one.status()["waiting"] == 0


@pytest.mark.parametrize("secret", [SECRET, "whsec_" + base64.b64encode(bytes(range(32))).decode()])
async def test_messages_are_signed(house: House, service: ReaderService, secret: str) -> None:
    """By the text as it stands, or by the key that it has in base64; the signature holds for this body alone."""
    async with room(house, service, rest=written(service, secret)) as one:
        one.print()
        await one.quiet()

    (told,) = service.told
    key = bytes(range(32)) if secret.startswith("whsec_") else secret.encode()
    assert key == key_of(secret)
    assert verify(told, key)
    assert not verify(Told(told.path, told.headers, told.body + b" "), key)
    assert secret not in repr(one.engine.config)


async def test_what_was_not_taken_is_sent_again_as_the_same_message(house: House, service: ReaderService) -> None:
    """Its id and its stories stay, though more came meanwhile; what came is the next message."""
    async with room(house, service) as one:
        service.takes = 503
        one.print(2)
        await one.quiet()
        status = one.status()
        assert "503" in status["error"]
        assert status["next_try"] is not None
        one.print(2)
        await one.quiet()
        assert len(service.told) == 1, "it waits before it tries again"

        await one.restart()
        service.takes = 204
        await one.again()

        assert numbers(service) == [[2, 3], [2, 3], [4, 5]]
        ids = [told.headers["webhook-id"] for told in service.told]
        assert ids[0] == ids[1] != ids[2]
        assert service.told[0].body == service.told[1].body
        assert one.status()["error"] is None


async def test_many_stories_are_sent_in_messages_of_fifty(house: House, service: ReaderService) -> None:
    """All of them, one after another, in order."""
    many = "flood = 5000\nlimit = 1000\n[[webhook]]"
    async with room(house, service, rest=written(service).replace("[[webhook]]", many)) as one:
        await one.engine.write(lambda db: db.execute("UPDATE selections SET archived = 0"))
        for _ in range(4):
            one.print(20)
        await one.engine.write(lambda db: db.execute("UPDATE selections SET archived = 0"))
        await one.quiet()

        assert numbers(service) == [list(range(2, 52)), list(range(52, 82))]


async def test_hidden_and_unannounced_stories_are_passed_over(house: House, service: ReaderService) -> None:
    """Nobody is told of them, and they hold up nothing."""
    async with room(house, service) as one:
        one.print(3)
        await one.engine.write(
            lambda db: [
                db.execute("UPDATE selections SET archived = 1 WHERE number = 2"),
                db.execute("UPDATE stories SET withheld = 'hold' WHERE id = 3"),
            ]
        )
        await one.quiet()
        assert numbers(service) == [[4]]
        one.print()
        await one.engine.write(lambda db: db.execute("UPDATE selections SET archived = 1 WHERE number = 5"))
        await one.quiet()

        assert numbers(service) == [[4]]
        assert house.rows("SELECT sent FROM webhooks") == [(5,)]


async def test_topic_that_can_not_be_told_holds_up_no_other(house: House, service: ReaderService) -> None:
    """What is wrong with it is told; mended, it is sent."""
    third = '[[topic]]\nid = "third"\ntitle = "Third"\nmatch = \'"number 3"\'\n[[webhook]]'
    rest = written(service).replace('topics = ["all"]', 'topics = ["all", "third"]').replace("[[webhook]]", third)
    async with room(house, service, rest=rest) as one:
        one.print(3)
        ruined = "UPDATE entries SET enclosures = ? WHERE id = 2"
        await one.engine.write(lambda db: db.execute(ruined, ["no JSON"]))
        await one.engine.write(
            lambda db: [
                db.execute(
                    "INSERT INTO selections (topic_id, story_id, number, guid, selected_at) "
                    "SELECT t.id, x.story_id, 1, 'urn:uuid:third', x.selected_at FROM selections x, topics t "
                    "WHERE x.story_id = 3 AND t.config_id = 'third'"
                ),
                db.execute("UPDATE topics SET last_number = 1 WHERE config_id = 'third'"),
            ]
        )
        await one.quiet()
        assert [story["guid"] for told in service.told for story in stories(told)] == ["urn:uuid:third"]
        assert "can't be told: JSONDecodeError" in house.rows("SELECT last_error FROM webhooks ORDER BY topic_id")[0][0]
        await one.engine.write(lambda db: db.execute(ruined, ["[]"]))
        await one.again()

        assert numbers(service) == [[1], [2, 3, 4]]


async def test_gone_ends_it_until_the_address_is_another(house: House, service: ReaderService) -> None:
    """410: nothing more is sent there, and status says so; with another url it goes on where it stood."""
    async with room(house, service) as one:
        service.takes = 410
        one.print()
        await one.quiet()
        one.print()
        await one.again()
        assert len(service.told) == 1
        assert "wants no more" in one.status()["error"]

        await one.restart()
        assert len(service.told) == 1, "a restart is no reason"
        service.takes = 200
        text = house.config.read_text().replace("/hook", "/other")
        house.config.write_text(text)
        await one.restart()

        assert [told.path for told in service.told] == ["/hook", "/other", "/other"]
        assert numbers(service)[1:] == [[2], [3]]


async def test_redirects_and_private_addresses_are_refused(house: House, service: ReaderService) -> None:
    """A redirect is no success, and not followed; an address of this machine is not reached unless allowed."""
    with running_service() as second:
        async with room(house, service) as one:
            service.takes, service.headers = 307, {"Location": second.url()}
            one.print()
            await one.quiet()
            assert "redirects are not followed" in one.status()["error"]
            assert second.told == []

            house.config.write_text(house.config.read_text().replace(f'allow = ["127.0.0.1:{service.port}"]', ""))
            await one.restart()
            await one.again()
            assert len(service.told) == 1
            assert "is not a public address" in one.status()["error"]


async def test_a_webhook_that_leaves_the_config_and_comes_back_begins_anew(
    house: House, service: ReaderService
) -> None:
    """What came in between is the past."""
    async with room(house, service) as one:
        text = house.config.read_text()
        house.config.write_text(text.split("[[webhook]]")[0])
        await one.restart()
        one.print()
        await one.quiet()
        house.config.write_text(text)
        await one.restart()
        one.print()
        await one.quiet()

        assert numbers(service) == [[3]]


def test_a_bad_key_is_a_fault_of_the_config_and_is_not_shown(house: House, service: ReaderService) -> None:
    """With its line and its mend."""
    house.configure({}, written(service, "whsec_not-base64-at-all"))
    with pytest.raises(ConfigError) as caught:
        load_config(house.config)

    (fault,) = caught.value.faults
    assert fault.key == 'webhook "bot": secret'
    assert "base64" in fault.problem
    assert "openssl rand" in fault.mend
    assert "not-base64-at-all" not in str(fault)
