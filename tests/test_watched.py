"""``/healthz``, ``/metrics`` and the side door, of a real daemon: what each says, to whom, and when it recovers."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from house import House, until
from office import TOKEN, Office, running_office
from origin import Origin, item, rss, running_origin
from wireroom.metrics_told import METRICS, MOST_TOPICS, OTHERS, by_topic
from wireroom.notify import Notifier
from wireroom.signs import REASONS, STUCK_S
from wireroom.vitals import Vitals, disks

TOPICS = """
[[topic]]
id = "all"
title = "All"
match = "story"

[[topic]]
id = "hush"
title = "Hush"
match = "story"
secret = true
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, Origin]]:
    """One daemon for the module: one source of four stories, which another has too; one source is broken."""
    with running_origin() as origin:
        house = House(tmp_path_factory.mktemp("house"))
        origin.feed("/a", rss(*(item(n) for n in range(1, 5))))
        origin.feed("/b", rss(*(item(n) for n in range(1, 5))))
        sources = {name: origin.url(f"/{name}") for name in ("a", "b", "broken")}
        house.configure(sources, TOPICS, allow=origin.port)
        text = house.config.read_text().replace("[wireroom]\n", f'[wireroom]\ntoken = "{TOKEN}"\n', 1)
        house.config.write_text(text)
        with running_office(house) as office:
            office.do(do="poll", sources=["a"], due=False)
            office.do(do="poll", sources=[], due=False)
            yield office, origin


@pytest.fixture
def office(running: tuple[Office, Origin]) -> Office:
    """Give the daemon."""
    return running[0]


def scraped(office: Office) -> dict[tuple[str, tuple[str, ...]], float]:
    """Scrape the metrics as Prometheus reads them → by sample's name and labels' values."""
    got = office.ask("/metrics")
    assert got.status == 200
    return {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(got.text)
        for sample in family.samples
    }


def test_metrics_count_what_was_done(office: Office) -> None:
    """As the archive has it: each story once, its copies, the polls by outcome."""
    until(lambda: scraped(office)["wireroom_publish_lag_seconds_count", ()] > 0, "nothing is ever published")
    until(lambda: scraped(office)["wireroom_topics_behind", ()] == 0, "something is never published")
    found = scraped(office)

    polls = dict(office.house.rows("SELECT outcome, count(*) FROM polls GROUP BY outcome"))
    assert {name[1][0]: value for name, value in found.items() if name[0] == "wireroom_polls_total"} == polls
    assert found["wireroom_stories_total", ()] == 4
    assert found["wireroom_copies_total", ()] == 4
    assert found["wireroom_entries_total", ("new",)] == 8
    assert found["wireroom_ever_made", ("stories",)] == 4
    assert found["wireroom_sources", ("good",)] == 2
    assert found["wireroom_sources", ("failing",)] == 1
    assert found["wireroom_topic_stories_total", ("all",)] == 4
    assert found["wireroom_topic_stories_total", (OTHERS,)] == 4, "a secret topic is not named"
    assert found["wireroom_archive_bytes", ()] == office.house.archive.stat().st_size
    assert found["wireroom_commit_seconds_count", ()] > 0
    assert found["wireroom_commit_seconds_bucket", ("+Inf",)] == found["wireroom_commit_seconds_count", ()]
    assert (found["wireroom_healthy", ()], found["wireroom_unread", ()]) == (1, 0)
    assert found["process_resident_memory_bytes", ()] > 1e6


def test_requests_are_counted_by_kind_and_class(office: Office) -> None:
    """The quick way and the long way; an address that nobody knows makes no label of its own."""
    before = scraped(office)
    etag = office.ask("/topics/all.rss").headers["etag"]
    for path, more in (
        ("/topics/all.rss", {"If_None_Match": etag}),
        ("/topics/none.rss", {}),
        ("/api/stories", {}),
        ("/", {}),
        ("/nothing/at/all", {}),
    ):
        office.ask(path, **more)
    after = scraped(office)

    said = {labels: int(after[name, labels]) for name, labels in after if name == "wireroom_requests_total"}
    more_ = {labels: said[labels] - int(before.get(("wireroom_requests_total", labels), 0)) for labels in said}
    assert {labels[::-1]: count for labels, count in more_.items() if "watch" not in labels} == {
        ("feed", "2xx"): 1,
        ("feed", "3xx"): 1,
        ("feed", "4xx"): 1,
        ("api", "2xx"): 1,
        ("page", "2xx"): 1,
        ("page", "4xx"): 1,
    }


def test_every_metric_is_told_and_none_else(office: Office) -> None:
    """The table is the page; no source, host or address is a label."""
    text = office.ask("/metrics").text
    told = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))

    assert {name for name in told if name.startswith("wireroom_")} == {metric.name for metric in METRICS}
    for word in ("broken", "127.0.0.1", "hush", str(office.house.folder)):
        assert word not in text


def test_metrics_are_told_here_or_to_the_owner(office: Office) -> None:
    """Through a web server, only with the token."""
    forwarded: Any = {"X_Forwarded_For": "203.0.113.7"}
    refused = office.ask("/metrics", **forwarded)

    assert (refused.status, "wireroom_" in refused.text, "Bearer" in refused.text) == (403, False, True)
    assert office.ask("/metrics", Authorization=f"Bearer {TOKEN}", **forwarded).status == 200
    assert office.ask("/metrics", Authorization="Bearer wrong", **forwarded).status == 403
    assert office.ask("/metrics", Host="evil.example").status == 421


def test_labels_are_few_however_many_topics() -> None:
    """Of a thousand topics so many are told one by one."""
    values = by_topic({f"t{n}": 2 for n in range(1000)}, 5)

    assert len(values) == MOST_TOPICS + 1
    assert values[OTHERS,] == 2 * (1000 - MOST_TOPICS) + 5


def test_health_says_nothing_of_itself_to_others(office: Office) -> None:
    """Well or not, and no more."""
    assert office.ask("/healthz").json["state"] == "well"
    assert office.ask("/healthz", X_Forwarded_For="203.0.113.7").json == {"ok": True}


def test_health_is_red_while_another_program_holds_the_archive(office: Office, monkeypatch: Any) -> None:
    """A minute of it (here: two seconds); polls wait, nothing is lost; green again by itself."""
    monkeypatch.setattr("wireroom.signs.STUCK_S", 2.0)
    with contextlib.closing(sqlite3.connect(office.house.archive, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waits = office.engine.writer.submit(lambda _: "written")
        until(lambda: office.ask("/healthz").status == 503, "health stays green")
        (reason,) = office.ask("/healthz").json["reasons"]
        other.execute("ROLLBACK")

    assert (reason["code"], waits.result(30)) == ("writer", "written")
    until(lambda: office.ask("/healthz").status == 200, "health stays red")


def test_health_is_red_while_nothing_succeeds(running: tuple[Office, Origin], monkeypatch: Any) -> None:
    """All sources fail, for longer than three intervals: red, until one is good."""
    office, origin = running
    routes = dict(origin.routes)
    monkeypatch.setattr("wireroom.signs.LEAST_WINDOW_S", 0.0)
    monkeypatch.setattr("wireroom.signs.INTERVALS", 0)
    origin.routes.clear()
    office.do(do="poll", sources=[], due=False)
    got = office.ask("/healthz")
    origin.routes.update(routes)

    assert (got.status, got.json["reasons"][0]["code"]) == (503, "silent")
    assert "3 of 3 sources" in got.json["trouble"]
    assert scraped(office)["wireroom_trouble", ("silent",)] == 1
    monkeypatch.undo()
    office.do(do="poll", sources=[], due=False)
    assert office.ask("/healthz").status == 200
    found = scraped(office)
    assert all(found["wireroom_trouble", (code,)] == 0 for code in REASONS)


def test_beat_that_stands_still_is_told(office: Office) -> None:
    """Nothing looks at sources any more: red after a minute, and the watchdog hears nothing."""
    now = [0.0]
    vitals = Vitals(office.engine, lambda: now[0])
    assert vitals.health()["ok"]

    now[0] = STUCK_S + 1
    assert [reason["code"] for reason in vitals.health()["reasons"]] == ["beat"]


def test_watchdog_hears_nothing_of_a_writer_that_is_stuck(office: Office, monkeypatch: Any) -> None:
    """Whatever it hangs in: signs of life end, and begin again with its own."""
    told: list[str] = []

    class Manager(Notifier):
        def tell(self, *lines: str) -> bool:
            told.extend(lines)
            return True

    monkeypatch.setattr(office.engine, "notifier", Manager("/run/nobody", 60.0))
    monkeypatch.setattr("wireroom.signs.STUCK_S", 1.5)
    freed = threading.Event()
    job = office.engine.writer.submit(lambda _: freed.wait(60))
    pulse = office.engine.writer.pulse
    until(lambda: pulse.quiet_s(time.monotonic()) > 2, "the writer is not stuck")
    told.clear()
    asyncio.run_coroutine_threadsafe(Vitals(office.engine).tick(), office.loop).result(30)
    heard = list(told)
    red = office.ask("/healthz").json
    freed.set()

    assert "WATCHDOG=1" not in heard
    assert red["reasons"][0]["code"] == "writer"
    assert job.result(30) is True
    until(lambda: "WATCHDOG=1" in told, "no sign of life comes again")


def test_what_comes_and_goes_is_logged_once_in_a_while(office: Office, monkeypatch: Any) -> None:
    """A disk at its bound is no flood of lines; that all is well again is said once."""
    now = [0.0]
    vitals = Vitals(office.engine, lambda: now[0])
    lines: list[tuple[str, str | None]] = []

    class Log:
        def error(self, _: str, *, trouble: str, mend: str) -> None:
            lines.append(("error", trouble))

        def info(self, _: str, *, trouble: str | None) -> None:
            lines.append(("info", trouble))

    monkeypatch.setattr(office.engine, "log", Log())
    for second in range(120):
        now[0] = float(second)
        vitals._beat = now[0] - (0 if second % 2 else STUCK_S + 1)
        vitals._say(vitals.signs())

    assert [level for level, _ in lines] == ["error", "info"]


def test_disks_that_cannot_be_asked_are_left_out(tmp_path: Path) -> None:
    """Who writes there tells."""
    (disk,) = disks({"archive": tmp_path, "publish": tmp_path / "gone"})

    assert (disk.what, disk.path) == ("archive", str(tmp_path))
    assert 0 < disk.free <= disk.total


def test_daemon_tells_what_it_is_at(office: Office) -> None:
    """What `wireroom status --watch` and `--health` ask."""
    told = office.do(do="health")

    assert (told["health"]["ok"], told["stories"], told["under_way"]) == (True, 4, 0)
    assert told["polls_last_minute"] >= 4
