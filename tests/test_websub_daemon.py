"""The WebSub subscriber as a hub meets it: a real daemon, a loopback hub, a loopback origin."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from house import House, until
from hub import Hub, running_hub, send, sign
from origin import Answer, Asked, Origin, item, rss

ATOM = "xmlns:atom='http://www.w3.org/2005/Atom'"


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Run a hub."""
    with running_hub() as one:
        yield one


def links(origin: Origin, hub: str) -> str:
    """Write the channel's links that name its hub and its own address."""
    return (
        f"<atom:link {ATOM} rel='hub' href='{hub}'/><atom:link {ATOM} rel='self' href='{origin.url('/feed?full=1')}'/>"
    )


def headers(origin: Origin, hub: str) -> dict[str, str]:
    """Write the same as a header."""
    return {"Link": f'<{hub}>; rel="hub", <{origin.url("/feed?full=1")}>; rel="self"'}


def publish(origin: Origin, hub: str, *items: str, path: str = "/feed") -> None:
    """Let the origin's feed have these items and name this hub."""
    origin.feed(path, rss(*items, more=links(origin, hub)), **headers(origin, hub))


def configure(house: House, origin: Origin, *ports: int, more: str = "") -> None:
    """Write a config in which the origin and these ports may be reached; sources are polled at most every half hour."""
    allow = json.dumps([f"127.0.0.1:{port}" for port in (origin.port, *ports)])
    house.configure({"news": origin.url("/feed")}, poll=f"allow = {allow}\nfloor = '30m'\n{more}")


def prepare(house: House, origin: Origin, hub: Hub, *ports: int, more: str = "") -> None:
    """Poll a source once that names the hub: it is not due again for half an hour."""
    publish(origin, hub.url(), item(1))
    configure(house, origin, *(ports or (hub.port,)), more=more)
    assert house.poll()["polled"][0]["outcome"] == "ok"
    origin.asked.clear()


def subscription(house: House) -> dict[str, Any]:
    """Read the source's status."""
    status: dict[str, Any] = json.loads(house.wireroom("status", "--json").out)["sources"][0]
    return status


def state(house: House) -> str | None:
    """Read the subscription's state."""
    found = house.rows("SELECT state FROM subscriptions")
    return found[0][0] if found else None


def subscribed(house: House, hub: Hub) -> dict[str, str]:
    """Wait until the hub has verified a subscription → what it was asked."""
    until(lambda: state(house) == "active", "no subscription becomes active")
    return hub.asked[-1]


def entries(house: House) -> int:
    """Count the entries."""
    ((count,),) = house.rows("SELECT count(*) FROM entries")
    return int(count)


def poll_due(house: House) -> None:
    """Let the daemon poll what is due: a source that something made due is asked before this returns."""
    assert house.wireroom("poll", "--due").code == 0


def test_push_brings_a_new_entry_in_seconds(house: House, origin: Origin, hub: Hub) -> None:
    """Asked, verified with its challenge, pushed, polled, published: though the spacing is hours."""
    hub.lease = str(10**12)
    prepare(house, origin, hub)

    with house.daemon():
        form = subscribed(house, hub)
        assert hub.verified[0][0] == 200
        assert hub.verified[0][1] == hub.verified[0][2]
        assert origin.asked == []
        publish(origin, hub.url(), item(1), item(2))
        assert hub.push(form, b"<rss>an item that only the push has</rss>") == 202
        until(lambda: entries(house) == 2, "the push leads to no poll")

    assert len(origin.asked) == 1
    assert len(hub.asked) == 1
    assert form["hub.topic"] == origin.url("/feed?full=1")
    assert 20 < len(form["hub.secret"]) < 200
    assert house.rows("SELECT pushes, lease_s FROM subscriptions") == [(1, 30 * 86400)], "an absurd lease is cut"
    ((pushed_until, expires_at),) = house.rows(
        "SELECT pushed_until, expires_at FROM sources s JOIN subscriptions x ON x.source_id = s.id"
    )
    assert pushed_until == expires_at
    assert house.rows("SELECT count(*) FROM stories WHERE text LIKE '%only the push has%'") == [(0,)]
    told = subscription(house)
    assert (told["hub"], told["push"], told["lease_until"]) == (hub.url(), "active", expires_at)
    assert told["last_push"] is not None
    assert form["hub.secret"] not in (house.folder / "daemon.log").read_text()
    assert form["hub.callback"].rpartition("/")[2] not in (house.folder / "daemon.log").read_text()


def test_forged_pushes_change_nothing(house: House, origin: Origin, hub: Hub) -> None:
    """No signature, sha1, a wrong key, a cut or odd one, another body: 403, a body over max_body: 413; nothing more."""
    prepare(house, origin, hub, more='max_body = "200KB"')
    with house.daemon():
        form = subscribed(house, hub)
        before = house.rows("SELECT * FROM sources"), house.rows("SELECT * FROM subscriptions")
        good = sign(form["hub.secret"], b"news")
        forged = [
            "",
            f"sha1={sign(form['hub.secret'], b'news', 'sha1')}",
            f"sha256={sign('another key', b'news')}",
            f"sha256={sign(form['hub.secret'], b'other news')}",
            f"sha256={good[:-1]}",
            f"sha256={good[:-2]}zz",
            f"sha256={good[:-1]}\xe9",
            f"sha512={good}",
            good,
        ]
        for header in forged:
            assert hub.push(form, X_Hub_Signature=header) == 403, header
        assert send("POST", form["hub.callback"], b"news")[0] == 403
        assert send("POST", form["hub.callback"] + "A", b"news", {"X-Hub-Signature": f"sha256={good}"})[0] == 404
        for chunked in (True, False):
            assert refused_or_413(form, b"x" * 300_000, chunked=chunked)
        poll_due(house)

        assert (house.rows("SELECT * FROM sources"), house.rows("SELECT * FROM subscriptions")) == before
    assert origin.asked == []


def test_all_three_methods_and_any_encoding_count(house: House, origin: Origin, hub: Hub) -> None:
    """The signature is over the bytes as they come, whatever Content-Encoding says of them."""
    prepare(house, origin, hub)
    with house.daemon():
        form = subscribed(house, hub)
        for number, method in enumerate(("sha256", "sha384", "sha512"), 2):
            publish(origin, hub.url(), *(item(n) for n in range(number + 1)))
            assert hub.push(form, b"\x1f\x8b no gzip", method=method, Content_Encoding="gzip") == 202
            until(lambda number=number: entries(house) == number + 1, f"a {method} push leads to no poll")  # type: ignore[misc]


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


def test_push_during_a_poll_leads_to_one_more(house: House, origin: Origin, hub: Hub) -> None:
    """That poll may have asked too early: what it plans is brought forward, and the hub trusted all the same."""
    prepare(house, origin, hub)
    release = threading.Event()
    old, new = (
        Answer(rss(*items, more=links(origin, hub.url())).encode(), headers=headers(origin, hub.url()))
        for items in ([item(1)], [item(1), item(2)])
    )

    def slow(_: Asked) -> Answer:
        if len(origin.asked) > 1:
            return new
        release.wait(8)
        return old

    with house.daemon():
        form = subscribed(house, hub)
        origin.routes["/feed"] = slow
        forced = threading.Thread(target=house.poll)
        forced.start()
        until(lambda: len(origin.asked) == 1, "no poll")
        assert hub.push(form) == 202
        release.set()
        forced.join()
        until(lambda: entries(house) == 2, "what was pushed during the poll is not found")
        poll_due(house)

    assert len(origin.asked) == 2
    assert house.rows("SELECT pushed_until IS NOT NULL FROM sources") == [(1,)]


def test_retry_after_beats_a_push(house: House, origin: Origin, hub: Hub) -> None:
    """A server that asked to be left alone is left alone; the push is not forgotten by that."""
    prepare(house, origin, hub)
    with house.daemon():
        form = subscribed(house, hub)
        origin.routes["/feed"] = Answer(b"", 503, headers={"Retry-After": "3600"})
        hub.push(form)
        until(lambda: house.rows("SELECT held_until IS NOT NULL FROM sources") == [(1,)], "no poll")
        held = house.rows("SELECT next_poll_at FROM sources")
        assert hub.push(form) == 202
        poll_due(house)

        assert house.rows("SELECT next_poll_at FROM sources") == held
        assert house.rows("SELECT pushes FROM subscriptions") == [(2,)]
    assert len(origin.asked) == 1


def test_push_that_comes_before_the_news_is_looked_after_once_more(house: House, origin: Origin, hub: Hub) -> None:
    """A poll that finds nothing new after a push is made again after five minutes, not after hours."""
    prepare(house, origin, hub)
    house.config.write_text(house.config.read_text().replace("floor = '30m'", "floor = '1m'") + "every = '9h'\n")
    wait = "unixepoch(next_poll_at) - unixepoch(last_poll_at)"
    with house.daemon():
        form = subscribed(house, hub)
        assert hub.push(form) == 202
        until(
            lambda: house.rows(f"SELECT {wait} BETWEEN 300 AND 400 FROM sources") == [(1,)],
            "the next poll is not brought forward",
        )

    assert len(origin.asked) == 1


def test_push_that_a_crash_cut_off_from_its_poll_is_not_lost(house: House, origin: Origin, hub: Hub) -> None:
    """A push that is younger than the last poll makes its source due at the start."""
    prepare(house, origin, hub)
    with contextlib.closing(sqlite3.connect(house.archive)) as db, db:
        db.execute("UPDATE sources SET last_push_at = '2999-01-01T00:00:00Z', hub_url = NULL")
    with house.daemon():
        until(lambda: len(origin.asked) == 1, "the source is not polled")


def refused_or_413(form: dict[str, str], body: bytes, *, chunked: bool) -> bool:
    """Push a body that is too large: it is answered 413, or the connection is closed while it is sent."""
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(form["hub.callback"])
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    headers = {"X-Hub-Signature": f"sha256={sign(form['hub.secret'], body)}"}
    try:
        data: Any = iter([body[:100_000], body[100_000:]]) if chunked else body
        connection.request("POST", parts.path, data, headers, encode_chunked=chunked)
        return connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        return True
    finally:
        connection.close()
