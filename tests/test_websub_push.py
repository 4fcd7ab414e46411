"""What a push does, through a real daemon, a loopback hub and a loopback origin: one poll, and nothing else."""

from __future__ import annotations

import contextlib
import http.client
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from house import House, until
from hub import (
    Hub,
    entries,
    headers,
    links,
    poll_due,
    prepare,
    publish,
    running_hub,
    send,
    sign,
    subscribed,
    subscription,
)
from origin import Answer, Asked, Origin, item, rss


@pytest.fixture
def hub() -> Iterator[Hub]:
    """Run a hub."""
    with running_hub() as one:
        yield one


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
