"""How the daemon subscribes, as a hub meets it: asked, verified, renewed, denied, ended."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from house import House, until
from hub import (
    Hub,
    configure,
    entries,
    poll_due,
    prepare,
    publish,
    running_hub,
    state,
    subscribed,
)
from origin import Answer, Origin, item


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Run a hub."""
    with running_hub() as one:
        yield one


def test_callback_is_known_to_the_hub_alone(house: House, origin: Origin, hub: Hub) -> None:
    """Its token has 256 random bits; verifications that were not asked for, and other tokens, are answered with 404."""
    prepare(house, origin, hub)
    with house.daemon() as daemon:
        form = subscribed(house, hub)
        topic = form["hub.topic"]
        address, _, token = form["hub.callback"].rpartition("/")
        assert len(token) >= 43
        wrong = [
            (form["hub.callback"], {"mode": "unsubscribe", "topic": topic, "challenge": "c"}),
            (form["hub.callback"], {"mode": "subscribe", "topic": topic + "x", "challenge": "c"}),
            (form["hub.callback"], {"mode": "subscribe", "topic": topic}),
            (form["hub.callback"], {"mode": "subscribe", "topic": topic, "challenge": "c" * 5000}),
            (form["hub.callback"], {"mode": "subscribe", "challenge": "c"}),
            (form["hub.callback"], {}),
            (form["hub.callback"][:-1], {"mode": "subscribe", "topic": topic, "challenge": "c"}),
            (f"{address}/{'A' * 49}", {"mode": "subscribe", "topic": topic, "challenge": "c"}),
            (f"{address}/%00", {"mode": "denied", "topic": topic}),
        ]
        for callback, arguments in wrong:
            status, answered, body = hub.get({"hub.callback": callback}, **arguments)
            assert (status, b"ccc" in body) == (404, False), (callback, arguments)
            assert answered["x-content-type-options"] == "nosniff"
        assert daemon.get(f"/websub/{token}", "HEAD")[0] == 405
        assert daemon.get(f"/websub/{token}?{'&'.join(['a=1'] * 1000)}")[0] == 404
        assert state(house) == "active"

        challenge = "<script>alert(1)</script>"
        status, answered, body = hub.get(form, mode="subscribe", topic=topic, challenge=challenge, lease_seconds="5")

        assert (status, body.decode()) == (200, challenge), "a repeated verification is answered"
        assert answered["content-type"].startswith("text/plain")
        assert "default-src 'none'" in answered["content-security-policy"]
        assert house.rows("SELECT lease_s FROM subscriptions") == [(864000,)], "and changes no lease"


def test_lease_is_renewed_before_it_ends(house: House, origin: Origin, hub: Hub) -> None:
    """A lease of twelve seconds: asked again with the same callback and secret while it still runs."""
    hub.lease = "12"
    prepare(house, origin, hub)
    with house.daemon():
        first = subscribed(house, hub)
        ends = house.rows("SELECT expires_at FROM subscriptions")[0][0]
        until(lambda: len(hub.verified) == 2, "the lease is not renewed")
        until(lambda: house.rows("SELECT expires_at FROM subscriptions")[0][0] != ends, "no new lease")
        asked_at = house.rows("SELECT asked_at FROM subscriptions")[0][0]

        assert asked_at < ends
        assert hub.asked[1] == first
        assert [status for status, _, _ in hub.verified] == [200, 200]


def test_restart_keeps_the_subscription(house: House, origin: Origin, hub: Hub) -> None:
    """The hub is not asked again, the origin neither; pushes to the old callback count."""
    prepare(house, origin, hub)
    with house.daemon() as daemon:
        form = subscribed(house, hub)
        daemon.stop()
    with house.daemon() as daemon:
        poll_due(house)
        assert origin.asked == []
        publish(origin, hub.url(), item(1), item(2))
        assert hub.push(form) == 202
        until(lambda: entries(house) == 2, "the push leads to no poll")

        assert len(hub.asked) == 1, "the job that polled runs beside the one that asks"


def test_killed_while_asking_does_not_ask_at_once_again(house: House, origin: Origin, hub: Hub) -> None:
    """What was asked is written down before it is sent."""
    hub.verify = False
    prepare(house, origin, hub)
    with house.daemon() as daemon:
        until(lambda: len(hub.asked) == 1, "the hub is not asked")
        daemon.process.kill()
        daemon.process.wait()
    with house.daemon() as daemon:
        form = hub.asked[0]
        assert hub.get(form, mode="subscribe", topic=form["hub.topic"], challenge="late")[2] == b"late"
        assert state(house) == "active"
        publish(origin, hub.url(), item(1), item(2))
        assert hub.push(form) == 202
        until(lambda: entries(house) == 2, "the push leads to no poll")

        assert len(hub.asked) == 1


@pytest.mark.parametrize("base_url", ["its own", "a public one"])
def test_private_hub_that_is_not_allowed_gets_no_request(house: House, origin: Origin, hub: Hub, base_url: str) -> None:
    """Neither where we are private ourselves, nor where we are public and the guard stands in the way."""
    publish(origin, hub.url(), item(1))
    with running_hub() as allowed:
        publish(origin, allowed.url(), item(2), path="/other")
        allow = json.dumps([f"127.0.0.1:{port}" for port in (origin.port, allowed.port)])
        house.configure({"news": origin.url("/feed"), "other": origin.url("/other")}, poll=f"allow = {allow}")
        if base_url == "a public one":
            own = f'base_url = "http://127.0.0.1:{house.port}/"'
            house.config.write_text(house.config.read_text().replace(own, 'base_url = "https://wire.example/"'))
        house.poll()
        with house.daemon():
            until(lambda: len(allowed.asked) == 1, "the hub that is allowed is not asked")
            if base_url == "a public one":
                until(lambda: bool(house.rows("SELECT 1 FROM subscriptions WHERE last_error IS NOT NULL")), "no error")

    assert hub.asked == []
    errors = house.rows(
        "SELECT x.last_error FROM subscriptions x JOIN sources s ON s.id = x.source_id WHERE s.config_id = 'news'"
    )
    if base_url == "its own":
        assert errors == []
    else:
        assert "is not a public address" in errors[0][0]


def test_denied_is_told_and_tried_again_after_a_day(house: House, origin: Origin, hub: Hub) -> None:
    """Also one that was active; until then it is polled at its own rhythm, and what is pushed is answered with 410."""
    prepare(house, origin, hub)
    with house.daemon():
        form = subscribed(house, hub)
        hub.push(form)
        until(lambda: len(origin.asked) == 1, "no poll")
        status, _, _ = hub.get(form, mode="denied", topic=form["hub.topic"], reason="Members\nonly")
        assert status == 200
        ((wait, error, pushed_until),) = house.rows(
            "SELECT unixepoch(next_try_at) - unixepoch('now'), x.last_error, s.pushed_until "
            "FROM subscriptions x JOIN sources s ON s.id = x.source_id"
        )
        assert hub.push(form) == 410

    assert 86000 < wait <= 86401
    assert (state(house), error, pushed_until) == ("denied", "denied: Members only", None)
    assert len(hub.asked) == 1


def test_feed_that_moves_to_another_hub(house: House, origin: Origin, hub: Hub) -> None:
    """The new hub is asked with a new callback and secret; the old callback is dead."""
    with running_hub() as second:
        prepare(house, origin, hub, hub.port, second.port)
        with house.daemon():
            old = subscribed(house, hub)
            publish(origin, second.url(), item(1), item(2))
            assert hub.push(old) == 202
            until(lambda: len(second.verified) == 1, "the new hub is not asked")
            new = second.asked[0]

            assert new["hub.callback"] != old["hub.callback"]
            assert new["hub.secret"] != old["hub.secret"]
            assert hub.push(old) == 404
            assert second.push(new) == 202
        assert len(hub.asked) == 1


def test_source_that_is_removed_ends_its_subscription(house: House, origin: Origin, hub: Hub) -> None:
    """The hub is asked once to unsubscribe, may verify that, and is answered 410 to what it pushes."""
    prepare(house, origin, hub)
    with house.daemon() as daemon:
        form = subscribed(house, hub)
        house.configure({}, poll=f'allow = ["127.0.0.1:{origin.port}", "127.0.0.1:{hub.port}"]')
        daemon.process.send_signal(1)
        until(lambda: len(hub.verified) == 2, "the hub is not asked to unsubscribe us")

        assert state(house) == "ended"
        assert hub.asked[1] == {
            "hub.mode": "unsubscribe",
            "hub.topic": form["hub.topic"],
            "hub.callback": form["hub.callback"],
        }
        status, body, challenge = hub.verified[1]
        assert (status, body) == (200, challenge)
        assert hub.push(form) == 410
    assert house.rows("SELECT next_try_at FROM subscriptions") == [(None,)]


def test_gone_source_ends_its_subscription(house: House, origin: Origin, hub: Hub) -> None:
    """410 Gone, found by the poll that a push led to."""
    prepare(house, origin, hub)
    with house.daemon():
        form = subscribed(house, hub)
        origin.routes["/feed"] = Answer(b"", 410)
        assert hub.push(form) == 202
        until(lambda: state(house) == "ended", "the subscription stays")


def test_switch_turns_it_off(house: House, origin: Origin, hub: Hub) -> None:
    """With `websub = false` no hub is asked, and what is there is ended without a word."""
    prepare(house, origin, hub)
    with house.daemon() as daemon:
        form = subscribed(house, hub)
        daemon.stop()
    configure(house, origin, hub.port, more="websub = false")
    with house.daemon():
        until(lambda: state(house) == "ended", "the subscription stays")
        assert hub.push(form) == 410
    assert (len(hub.asked), len(origin.asked)) == (1, 0)
