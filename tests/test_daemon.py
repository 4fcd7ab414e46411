"""The daemon as its owner meets it: signals, locks, reloads, commands beside it."""

from __future__ import annotations

import json
import signal
import stat

import pytest

from house import House, until
from origin import Answer, Asked, Origin, item, rss

TOPIC = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "story"\n'


def serve_one(house: House, origin: Origin, **more: str) -> None:
    """Configure one source with two items and one topic."""
    origin.feed("/f", rss(item(1), item(2)))
    house.configure({"f": origin.url("/f")}, TOPIC, allow=origin.port, **more)


def test_daemon_polls_publishes_and_serves(house: House, origin: Origin) -> None:
    """One start, and the topic's feed is there in three formats, at the address and as files."""
    serve_one(house, origin)

    with house.daemon() as daemon:
        until(lambda: daemon.get("/topics/all.rss")[2].count(b"<item>") == 2, "the stories are not served")
        until(lambda: daemon.get("/topics/all.json")[2].count(b'"id"') >= 2, "the stories are not in the JSON Feed")
        for suffix, media_type in (
            ("rss", "application/rss+xml"),
            ("atom", "application/atom+xml"),
            ("json", "application/feed+json"),
        ):
            status, headers, body = daemon.get(f"/topics/all.{suffix}")
            assert (status, headers["content-type"].partition(";")[0]) == (200, media_type)
            assert body == (house.folder / "public" / "topics" / f"all.{suffix}").read_bytes()
            assert daemon.get(f"/topics/all.{suffix}", If_None_Match=headers["etag"])[0] == 304
        assert b"/topics/all.atom" in daemon.get("/")[2]
        assert json.loads(daemon.get("/healthz")[2])["ok"] is True


def test_sigterm_stops_cleanly_while_a_source_hangs(house: House, origin: Origin) -> None:
    """Within ten seconds, exit code 0, and the archive whole."""
    import threading

    released = threading.Event()

    def hang(_: Asked) -> Answer:
        released.wait(30)
        return Answer(b"")

    origin.routes["/hang"] = hang
    origin.feed("/f", rss(item(1)))
    house.configure({"hang": origin.url("/hang"), "f": origin.url("/f")}, TOPIC, allow=origin.port)
    for number in (signal.SIGTERM, signal.SIGINT):
        with house.daemon() as daemon:
            until(lambda: any(asked.path == "/hang" for asked in origin.asked), "nothing hangs")
            seconds = daemon.stop(number)

            assert (daemon.process.returncode, seconds < 10) == (0, True)
        origin.asked.clear()
    released.set()
    assert house.rows("PRAGMA integrity_check") == [("ok",)]
    assert [line["event"] for line in house.log_lines()][-1] == "stopped"


def test_poll_beside_a_running_daemon_is_done_by_it(house: House, origin: Origin) -> None:
    """The command asks over the socket; only its owner may."""
    serve_one(house, origin)
    with house.daemon():
        until(lambda: house.rows("SELECT count(*) FROM entries") == [(2,)], "the first poll does not end")
        socket = house.folder / "wireroom.db.sock"
        assert stat.S_IMODE(socket.stat().st_mode) == 0o600
        origin.feed("/f", rss(item(3), item(2)))

        result = house.poll()

        assert (result["new_stories"], len(result["polled"])) == (1, 1)
        assert (house.folder / "public/topics/all.rss").read_text().count("<item>") == 3
        unknown = house.wireroom("poll", "nobody")
        assert (unknown.code, "no source 'nobody'" in unknown.err) == (2, True)
    assert house.poll()["polled"][0]["outcome"] == "unchanged", (
        "the lock and the socket of a killed daemon are no obstacle"
    )


def test_restart_repeats_nothing(house: House, origin: Origin) -> None:
    """After a restart: no request that is not due, the same files, the same ids."""
    serve_one(house, origin)
    with house.daemon() as daemon:
        until(lambda: daemon.get("/topics/all.rss")[2].count(b"<item>") == 2, "no stories")
        until(lambda: house.rows("SELECT min(published - changes) FROM topics") == [(0,)], "not all is published")
        status, headers, body = daemon.get("/topics/all.atom")
        daemon.stop()
    asked = len(origin.asked)
    with house.daemon() as daemon:
        again = daemon.get("/topics/all.atom")
        daemon.stop()

    assert len(origin.asked) == asked
    assert again == (status, {**again[1], "etag": headers["etag"], "last-modified": headers["last-modified"]}, body)


def test_sighup_reloads_and_keeps_the_old_config_if_the_new_is_bad(house: House, origin: Origin) -> None:
    """A good edit applies, a bad one is named in the log and changes nothing."""
    serve_one(house, origin)
    with house.daemon() as daemon:
        until(lambda: daemon.get("/topics/all.rss")[2].count(b"<item>") == 2, "no stories")
        good = house.config.read_text()
        house.config.write_text(good + "\n[[topic]]\nid = 'broken'\n")
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: any("old one stays" in line["event"] for line in house.log_lines()), "the fault is not logged")
        assert daemon.get("/topics/all.rss")[0] == 200

        house.config.write_text(
            good.replace("Everything", "All there is") + TOPIC.replace('"all"', '"two"') + 'was = ["old"]\n'
        )
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: daemon.get("/topics/two.rss")[2].count(b"<item>") == 2, "the new topic is not filled and served")

        assert b"All there is" in daemon.get("/topics/all.rss")[2]
        status, headers, _ = daemon.get("/topics/old.atom")
        assert (status, headers["location"]) == (301, f"http://127.0.0.1:{house.port}/topics/two.atom")


def test_log_has_one_structured_line_per_poll(house: House, origin: Origin) -> None:
    """JSON, with the source, the outcome and the counts."""
    serve_one(house, origin)
    with house.daemon() as daemon:
        until(lambda: house.rows("SELECT count(*) FROM polls") == [(1,)], "no poll")
        daemon.stop()

    (line,) = [line for line in house.log_lines() if line["event"] == "poll"]
    assert (line["source"], line["outcome"], line["new"], line["stories"]) == ("f", "ok", 2, 2)


@pytest.mark.parametrize("options", [(), ("--debug",)], ids=["", "debug"])
def test_log_is_silent_of_uneventful_polls(house: House, origin: Origin, options: tuple[str, ...]) -> None:
    """They are in the archive, and with ``--debug`` in the log; a failure is told, and that it is over."""
    serve_one(house, origin)
    feed = origin.routes["/f"]
    with house.daemon(*options) as daemon:
        until(lambda: house.rows("SELECT count(*) FROM polls") == [(1,)], "no poll")
        house.poll()
        del origin.routes["/f"]
        house.wireroom("poll")
        origin.routes["/f"] = feed
        house.poll()
        house.poll()
        daemon.stop()

    outcomes = [outcome for (outcome,) in house.rows("SELECT outcome FROM polls ORDER BY id")]
    assert outcomes == ["ok", "unchanged", "http-error", "unchanged", "unchanged"]
    told = [(line["outcome"], line["level"]) for line in house.log_lines() if line["event"] == "poll"]
    news = [("ok", "info"), ("http-error", "warning"), ("unchanged", "info")]
    quiet = ("unchanged", "debug")
    assert told == ([news[0], quiet, *news[1:], quiet] if options else news)


def test_taken_port_and_broken_archive_are_one_clear_line(house: House, origin: Origin) -> None:
    """Exit codes 74 and 65, no traceback, and the file is left alone."""
    serve_one(house, origin)
    with house.daemon():
        text = house.config.read_text().replace("[wireroom]", '[wireroom]\narchive = "second.db"')
        (house.folder / "two.toml").write_text(text)
        taken = house.wireroom("run", "-c", "two.toml")
    assert (taken.code, taken.err.count("\n")) == (74, 1)
    assert str(house.port) in taken.err

    house.archive.unlink()
    for leftover in house.folder.glob("wireroom.db-*"):
        leftover.unlink()
    house.archive.write_bytes(b"this is no database, but it is somebody's file" * 100)
    broken = house.wireroom("run")
    assert (broken.code, "Traceback" in broken.err) == (65, False)
    assert house.archive.read_bytes().startswith(b"this is no database")


def test_hostile_headers_are_that_sources_trouble_alone(house: House, origin: Origin) -> None:
    """A date past the end of time and validators that are no text: the entries are stored, the floor is kept."""
    far = "Fri, 31 Dec 9999 23:59:59 -1200"
    origin.feed("/far", rss(item(1)), Expires=far, Retry_After=far)
    origin.routes["/odd"] = Answer(rss(item(2)).encode(), headers={"ETag": '"\xff\xfe"', "Last-Modified": "\xff"})
    origin.feed(
        "/half", '{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "url": "http://n/\\ud800"}]}'
    )
    house.configure({path: origin.url(f"/{path}") for path in ("far", "odd", "half")}, TOPIC, allow=origin.port)

    result = house.poll()

    assert [(one["outcome"], one["new"]) for one in result["polled"]] == [("ok", 1)] * 3
    assert house.rows("SELECT count(*) FROM sources WHERE etag IS NOT NULL OR next_poll_at > '2100'") == [(0,)]


def test_stop_during_a_start_that_waits(house: House, origin: Origin) -> None:
    """Another program holds the archive while the daemon starts: SIGTERM ends it all the same."""
    import sqlite3
    from contextlib import closing

    serve_one(house, origin)
    house.poll()
    with closing(sqlite3.connect(house.archive, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with house.daemon(wait=False) as daemon:
            until(lambda: b"run" in (house.folder / "wireroom.db.lock").read_bytes(), "it does not start")
            seconds = daemon.stop()

    assert (daemon.process.returncode, seconds < 10) == (0, True)


def test_daemon_survives_a_reload_that_fails_and_takes_the_next(house: House, origin: Origin) -> None:
    """Whatever a config file is, the next SIGHUP is heard."""
    serve_one(house, origin)
    with house.daemon() as daemon:
        good = house.config.read_text()
        house.config.write_text("x = " + "[" * 100_000)
        daemon.process.send_signal(signal.SIGHUP)
        until(lambda: any("old one stays" in line["event"] for line in house.log_lines()), "nothing is logged")
        house.config.write_text(good.replace("Everything", "All there is"))
        daemon.process.send_signal(signal.SIGHUP)

        until(lambda: b"All there is" in daemon.get("/topics/all.rss")[2], "the good config is not taken")
