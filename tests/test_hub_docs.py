"""What docs/hub.md shows is true: the program that verifies, the config, the message, the bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from db import subscribers
from db.model import Coverage
from db.output import FeedItem
from feeds import websub_hub
from feeds.webhook_message import message, signed_headers
from house import ROOT, House
from wireroom import courier
from wireroom.config import load_config

TIME = "2026-11-20T10:00:00Z"
ITEM = FeedItem(
    guid="urn:uuid:00000000-0000-4000-8000-000000000001",
    number=1,
    story_id=7,
    title="Talks",
    url="https://a.example/1",
    author=None,
    html="<p>The text.</p>",
    text="The text.",
    language="en",
    published=TIME,
    updated=TIME,
    first_seen=TIME,
    selected_at=TIME,
    tags=("place:russia",),
    enclosures=(),
    coverage=(
        Coverage(
            source="a",
            source_title="A",
            source_url=None,
            site_url=None,
            url="https://a.example/1",
            title="Talks",
            first_seen=TIME,
        ),
    ),
    lead=0,
)
NOTE = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """Read the one block of code in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", NOTE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_program_of_the_note_verifies() -> None:
    """Our messages; none that was changed, signed with another key, or is old."""
    names: dict[str, Any] = {}
    exec(block("python"), names)
    is_genuine: Callable[..., bool] = names["is_genuine"]
    body = '{"type": "é"}'.encode()
    for secret in ("whsec_" + "QUJD" * 8, "a-secret-of-enough-characters"):
        headers = signed_headers("msg_1", body, secret=secret, now_s=1_000_000)
        assert is_genuine(headers, body, secret, 1_000_010.0)
        assert not is_genuine(headers, body + b" ", secret, 1_000_010.0)
        assert not is_genuine(headers, body, secret + "QUJD", 1_000_010.0)
        assert not is_genuine(headers, body, secret, 1_000_310.0)
        assert not is_genuine({**headers, "webhook-id": "msg_2"}, body, secret, 1_000_010.0)


def test_config_of_the_note_is_good(house: House) -> None:
    """With a real secret in place of the dots."""
    table = block("toml").replace("whsec_…", "whsec_" + "QUJD" * 8)
    topics = "".join(f'[[topic]]\nid = "{id_}"\ntitle = "T"\nmatch = "x"\n' for id_ in ("us-russia", "shipping"))
    house.configure({}, topics + table)

    (hook,) = load_config(house.config).webhooks
    assert (hook.id, hook.topics) == ("newsroom-bot", ("us-russia", "shipping"))


def test_message_has_the_members_of_the_note() -> None:
    """No more, no fewer."""
    shown = json.loads(block("json"))
    sent = json.loads(message([ITEM], topic="t", topic_title="T", feed_url=None, base_url="https://wire.example/"))

    assert members(sent) == members(shown)


def members(value: Any) -> Any:
    """Keep of a value its members' names."""
    if isinstance(value, dict):
        return {name: members(one) for name, one in value.items()}
    return [members(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def test_bounds_are_as_the_note_says() -> None:
    """Each number."""
    bounds = NOTE.split("**Bounds.**")[1].split("\n\n")[0].replace("\n", " ")
    for said in (
        f"{subscribers.MAX_SUBSCRIBERS:,} subscriptions",
        f"{subscribers.MAX_OF_HOST:,} of them",
        f"{websub_hub.BURST} requests at once",
        f"{courier.MAX_AT_ONCE} deliveries at once",
        f"{courier.DEADLINE_S} seconds",
    ):
        assert said in bounds
    assert (websub_hub.REFILL_S, courier.MAX_OF_HOST) == (4, 2)
    assert (websub_hub.MIN_LEASE_S, websub_hub.MAX_LEASE_S, websub_hub.LEASE_S) == (3600, 30 * 86400, 10 * 86400)
