"""WebSub's rules: whom to ask, which verifications and signatures count, leases, waits, floods."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.model import HubSource, Subscription
from hub import sign
from ingest.websub import (
    MAX_LEASE_S,
    Bucket,
    address_mark,
    ask_again_at,
    granted_lease_s,
    may_ask,
    new_mac,
    one_line,
    read_signature,
    renew_at,
    request_form,
    settle,
    take,
    verdict,
)
from wireroom.config_addresses import parse_allow

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
PUBLIC = "https://wire.example/"
ASKED = Subscription(
    id=1,
    source_id=1,
    source="news",
    hub="https://hub.example/",
    topic="https://news.example/feed?a=1",
    token="t" * 49,
    secret="s" * 43,
    state="asked",
    asked_at="2026-11-24T09:29:00Z",
    expires_at=None,
    failures=1,
)
ACTIVE = replace(ASKED, state="active", failures=0, expires_at="2026-12-04T09:29:00Z")
SOURCE = HubSource(
    source_id=1,
    source="news",
    hub=ASKED.hub,
    topic=ASKED.topic,
    subscribed_hub=ASKED.hub,
    subscribed_topic=ASKED.topic,
    token=address_mark(PUBLIC) + "t" * 43,
    state="active",
)


@pytest.mark.parametrize(
    ("hub", "base_url", "allow", "expected"),
    [
        ("https://hub.example/", PUBLIC, [], True),
        ("http://93.184.216.34/", PUBLIC, [], True),
        ("https://hub.example/", "http://127.0.0.1:8000/", [], False),
        ("https://hub.example/", "http://localhost:8000/", ["127.0.0.1:443"], False),
        ("https://hub.example/", "http://[::1]:8000/", [], False),
        ("https://hub.example/", "http://192.168.1.5/", [], False),
        ("https://hub.example/", "http://0.0.0.0:8000/", [], False),
        ("https://hub.example/", "http://wire.local/", [], False),
        ("https://hub.example/", "http://wire/", [], False),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:8000/", ["127.0.0.1:9000"], True),
        ("http://localhost:9000/", "http://127.0.0.1:8000/", ["127.0.0.0/8:9000"], True),
        ("http://[::1]:9000/", "http://127.0.0.1:8000/", ["[::1]:9000"], True),
        ("http://127.0.0.1:9001/", "http://127.0.0.1:8000/", ["127.0.0.1:9000"], False),
        ("https://10.0.0.1/", "http://10.0.0.2/", ["10.0.0.0/8:443"], True),
        ("https://10.0.0.1/", "http://10.0.0.2/", ["10.0.0.0/8:80"], False),
        ("ftp://hub.example/", PUBLIC, [], False),
        ("file:///etc/passwd", PUBLIC, [], False),
        ("https://", PUBLIC, [], False),
        ("https://hub.example:99999/", PUBLIC, [], False),
        ("https://[hub/", PUBLIC, [], False),
        ("https://hub.example/" + "a" * 3000, PUBLIC, [], False),
    ],
)
def test_only_hubs_that_can_reach_us_are_asked(hub: str, base_url: str, allow: list[str], expected: bool) -> None:
    """Where we are at a private address, only those that the config allows by address and port."""
    assert may_ask(hub, base_url, [parse_allow(one) for one in allow]) is expected


@pytest.mark.parametrize(
    ("source", "base_url", "enabled", "expected"),
    [
        (SOURCE, PUBLIC, True, None),
        (replace(SOURCE, state="denied"), PUBLIC, True, None),
        (replace(SOURCE, token=None, state=None, subscribed_hub=None, subscribed_topic=None), PUBLIC, True, "make"),
        (replace(SOURCE, hub="https://other.example/"), PUBLIC, True, "make"),
        (replace(SOURCE, topic="https://news.example/other"), PUBLIC, True, "make"),
        (replace(SOURCE, state="ended"), PUBLIC, True, "make"),
        (SOURCE, "https://wire.example/moved/", True, "make"),
        (replace(SOURCE, hub=None), PUBLIC, True, "end"),
        (replace(SOURCE, topic=None), PUBLIC, True, "end"),
        (replace(SOURCE, topic="https://news.example/" + "a" * 3000), PUBLIC, True, "end"),
        (SOURCE, PUBLIC, False, "end"),
        (SOURCE, "http://127.0.0.1:8000/", True, "end"),
        (replace(SOURCE, hub=None, state="ended"), PUBLIC, True, None),
        (replace(SOURCE, token=None, state=None, hub="ftp://x/"), PUBLIC, True, None),
    ],
)
def test_subscription_follows_feed_and_config(
    source: HubSource, base_url: str, enabled: bool, expected: str | None
) -> None:
    """Made where the feed names a hub, anew where hub, topic or our address changed, ended where there is none."""
    assert settle(source, base_url=base_url, allow=[], enabled=enabled) == expected


def test_request_has_what_the_recommendation_asks() -> None:
    """Mode, topic byte for byte, callback, a secret under 200 bytes, a lease in seconds; no secret to unsubscribe."""
    assert request_form(ASKED, "subscribe", PUBLIC) == {
        "hub.mode": "subscribe",
        "hub.topic": "https://news.example/feed?a=1",
        "hub.callback": f"https://wire.example/websub/{'t' * 49}",
        "hub.secret": "s" * 43,
        "hub.lease_seconds": "864000",
    }
    assert set(request_form(ASKED, "unsubscribe", PUBLIC)) == {"hub.mode", "hub.topic", "hub.callback"}


@pytest.mark.parametrize(
    ("one", "mode", "topic", "expected"),
    [
        (ASKED, "subscribe", ASKED.topic, "lease"),
        (replace(ACTIVE, failures=2), "subscribe", ASKED.topic, "lease"),
        (ACTIVE, "subscribe", ASKED.topic, "repeat"),
        (replace(ACTIVE, asked_at="2026-11-24T08:00:00Z"), "subscribe", ASKED.topic, None),
        (replace(ASKED, failures=0, asked_at=None), "subscribe", ASKED.topic, None),
        (replace(ASKED, state="denied"), "subscribe", ASKED.topic, None),
        (replace(ASKED, state="ended"), "subscribe", ASKED.topic, None),
        (ASKED, "subscribe", "https://news.example/feed", None),
        (ASKED, "subscribe", "https://news.example/feed?a=1 ", None),
        (ASKED, "subscribe", None, None),
        (ASKED, "Subscribe", ASKED.topic, None),
        (ASKED, None, ASKED.topic, None),
        (ASKED, "unsubscribe", ASKED.topic, None),
        (ACTIVE, "unsubscribe", ASKED.topic, None),
        (replace(ASKED, state="ended"), "unsubscribe", ASKED.topic, "unsubscribed"),
        (replace(ASKED, state="ended"), "unsubscribe", "https://other.example/", None),
        (ASKED, "denied", ASKED.topic, "denied"),
        (ACTIVE, "denied", ASKED.topic, "denied"),
        (ACTIVE, "denied", "https://other.example/", None),
        (replace(ASKED, state="ended"), "denied", ASKED.topic, None),
    ],
)
def test_only_what_was_asked_for_is_verified(
    one: Subscription, mode: str | None, topic: str | None, expected: str | None
) -> None:
    """Mode, topic and state must fit; a subscription that nobody wanted ended stays."""
    assert verdict(one, mode, topic, NOW) == expected


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("864000", 864000),
        (" 60 ", 60),
        ("1", 1),
        ("0", 86400),
        (None, 86400),
        ("", 86400),
        ("-5", 86400),
        ("1e9", 86400),
        ("٣٦٠٠", 86400),
        ("a day", 86400),
        ("1000000000000", MAX_LEASE_S),
        ("9" * 5000, MAX_LEASE_S),
    ],
)
def test_lease_is_clamped(said: str | None, seconds: int) -> None:
    """At most thirty days; one that says nothing is a day."""
    assert granted_lease_s(said) == seconds


@given(lease_s=st.integers(1, MAX_LEASE_S))
def test_renewal_comes_before_the_end_but_never_in_a_rush(lease_s: int) -> None:
    """With a third of the lease left, and five seconds after the last asking at the earliest."""
    wait = (renew_at(NOW, lease_s) - NOW).total_seconds()

    assert wait >= 5
    assert wait <= max(5, lease_s * 0.7)


def test_failed_askings_wait_longer_and_never_end() -> None:
    """From a minute, doubling, to a day; a hub's own Retry-After counts where it is longer, up to a day."""
    waits = [(ask_again_at(NOW, failures) - NOW).total_seconds() for failures in range(1, 1000)]

    assert waits[:4] == [60, 120, 240, 480]
    assert set(waits[11:]) == {86400}
    assert ask_again_at(NOW, 1, 3600) == NOW + timedelta(hours=1)
    assert ask_again_at(NOW, 1, 10) == NOW + timedelta(minutes=1)
    assert ask_again_at(NOW, 1, 10**9) == NOW + timedelta(days=1)


@pytest.mark.parametrize("method", ["sha256", "sha384", "sha512", "SHA256", "Sha512"])
def test_good_signatures_count(method: str) -> None:
    """Three methods, named in any case, the digits too."""
    body = "Grüße".encode()
    digits = sign(ASKED.secret, body, method.lower())
    for spelled in (digits, digits.upper()):
        signature = read_signature([f"{method}={spelled}"])
        assert signature is not None
        mac = new_mac(ASKED, signature)
        mac.update(body[:3])
        mac.update(body[3:])
        assert signature.made_by(mac)
        mac.update(b"!")
        assert not signature.made_by(mac)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "sha256",
        "sha256=",
        "sha1=" + "a" * 40,
        "md5=" + "a" * 32,
        "sha224=" + "a" * 56,
        "sha256=" + "a" * 63,
        "sha256=" + "a" * 65,
        "sha256=" + "a" * 128,
        "sha512=" + "a" * 64,
        "sha256=" + "g" * 64,
        "sha256=" + "é" * 64,
        "sha256=" + "\uff11" * 64,
        "\u017fha256=" + "a" * 64,
        "sha256= " + "a" * 63,
        "sha256=" + "a a" * 21 + "a",
        "sha256==" + "a" * 63,
        "sha256=" + "a" * 64 + ", sha1=" + "a" * 40,
    ],
)
def test_other_signatures_are_refused(header: str) -> None:
    """sha1, cut, not hexadecimal, not ASCII, none: nothing that could be compared is left."""
    assert read_signature([header]) is None
    assert read_signature([]) is None
    assert read_signature(["sha256=" + "a" * 64, header]) is None


def test_flood_leads_to_few_polls() -> None:
    """Five at once, then one each half minute; a long rest fills the bucket to five, not more."""
    bucket, taken = Bucket(at=1000.0), []
    for second in range(1000, 1125):
        bucket, one = take(bucket, float(second))
        taken.append(one)
    assert taken[:6] == [True] * 5 + [False]
    assert sum(taken) == 5 + 4

    bucket, _ = take(bucket, 100_000.0)
    assert bucket.tokens == 4
    assert take(bucket, 0.0)[1], "a clock that goes back takes nothing away"


def test_strangers_words_are_one_safe_line() -> None:
    """A reason or an error text drives no terminal and fills no page."""
    assert one_line("No\x1b[31m way\r\n\tnow\u2028!") == "No [31m way now !"
    assert len(one_line("é" * 100_000)) == 300
