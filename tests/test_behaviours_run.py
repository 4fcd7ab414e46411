"""The daemon among behaviours: nothing that is not due, nobody kept waiting, budgets and holds kept."""

from __future__ import annotations

import asyncio
import itertools
import signal
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from house import until
from scripted import Act, Answer, Asked, Script, Wire, head, reply, running_scripted
from stage import Case, Played, Stage, news, page, seconds, steady
from test_behaviours_codings import gzip_bomb
from test_behaviours_errors import drip_body, drip_head, endless_body, endless_head, stall, stall_in_body

GOOD_SOURCES = 8


def nothing(_: Played) -> None:
    """Look at the whole, not at the one."""


def growing(asked: Asked) -> Answer:
    """Serve a feed with one item more at each request."""
    return reply(news(asked, *range(asked.number, asked.number + 3)))


def as_act(act: Act) -> Script:
    """Make a script of it."""
    return lambda _: act


def lingering(asked: Asked) -> Act:
    """Take a moment to answer."""

    async def act(wire: Wire) -> None:
        raw = reply(news(asked, 1, 2, 3), Connection="close").raw
        await wire.drip(raw, every_s=0.1, size=len(raw) // 3 + 1)

    return act


HOSTILE: dict[str, Script] = {
    "stall": as_act(stall),
    "stall-in-body": as_act(stall_in_body),
    "drip-head": as_act(drip_head),
    "drip-body": as_act(drip_body),
    "endless-head": as_act(endless_head),
    "endless-body": as_act(endless_body),
    "bomb": lambda _: reply(gzip_bomb(b""), Content_Encoding="gzip"),
    "rst": lambda _: Answer(b"", "reset"),
}


def polls_of(stage: Stage, name: str) -> int:
    """Count a source's polls."""
    try:
        rows = stage.rows("SELECT count(*) FROM polls p JOIN sources s ON s.id = p.source_id WHERE config_id = ?", name)
    except sqlite3.OperationalError:
        return 0
    return int(rows[0][0])


def test_restart_polls_nothing_that_is_not_due(tmp_path: Path) -> None:
    """Neither a second daemon nor `poll --due` asks anybody; a source whose time has come is asked, and no other."""
    cases = [
        Case("good", "", steady(), nothing),
        Case("waits", "", steady(Cache_Control="max-age=9999"), nothing),
        Case("bad", "", page(b"", 500), nothing),
        Case("busy", "", page(b"", 503, Retry_After="7200"), nothing),
        Case("gone", "", page(b"", 410), nothing),
    ]
    with running_scripted({case.name: case.script for case in cases}) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases)
        with stage.daemon() as daemon:
            until(lambda: all(polls_of(stage, case.name) for case in cases), "not all are polled")
            daemon.stop()
        assert len(server.log) == len(cases)

        due = stage.poll("--due")
        with stage.daemon() as daemon:
            beside = stage.poll("--due")
            daemon.stop()

        assert (due["polled"], beside["polled"], len(server.log)) == ([], [], len(cases))
        stage.write("UPDATE sources SET next_poll_at = '2026-01-01T00:00:00Z' WHERE config_id = 'good'")
        assert [one["source"] for one in stage.poll("--due")["polled"]] == ["good"]
        assert [asked.name for asked in server.log[len(cases) :]] == ["good"]


def test_hostile_sources_keep_nobody_waiting(tmp_path: Path) -> None:
    """While eight hostile servers hold their polls, the good sources are polled again and again, and miss nothing."""
    hostile = [Case(name, "", script, nothing) for name, script in HOSTILE.items()]
    good = [Case(f"good-{n}", "", growing, nothing, every="1s") for n in range(GOOD_SOURCES)]
    with running_scripted({case.name: case.script for case in (*hostile, *good)}) as server:
        stage = Stage(tmp_path, server)
        stage.set_up([*hostile, *good], {"floor": "1s", "timeout": "8s", "max_body": "1MB"})
        with stage.daemon() as daemon:
            until(lambda: "stall" in server.under_way, "the hostile ones are not polled")
            until(lambda: all(polls_of(stage, case.name) >= 3 for case in good), "the good ones have to wait")
            assert server.under_way["stall"] + polls_of(stage, "stall") > 0
            until(lambda: all(polls_of(stage, case.name) for case in hostile), "the hostile ones are never done with")
            assert daemon.process.poll() is None
            daemon.stop()

        assert daemon.process.returncode == 0
        for case in good:
            entries = {row["guid"] for row in stage.dicts("SELECT guid FROM entries") if case.name in row["guid"]}
            last = server.asked(case.name)[-1].number
            assert len(entries) in (last + 1, last + 2)  # the last poll may have been broken off by the stop
        for case in hostile:
            state = stage.source(case.name)
            assert (state["failures"] > 0, bool(state["last_error"]), state["next_poll_at"] is not None) == (True,) * 3


def test_daemon_obeys_a_hold(tmp_path: Path) -> None:
    """A source that was throttled is not asked again, by the daemon or by a command beside it; others are."""
    cases = [
        Case("busy", "", page(b"", 429, Retry_After="3600"), nothing, every="1s"),
        Case("good", "", growing, nothing, every="1s"),
    ]
    with running_scripted({case.name: case.script for case in cases}) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases, {"floor": "1s"})
        with stage.daemon() as daemon:
            until(lambda: polls_of(stage, "good") >= 3, "the good one has to wait")
            result = stage.poll("busy")
            daemon.stop()

    assert ([one["source"] for one in result["waiting"]], result["polled"]) == (["busy"], [])
    assert len(server.asked("busy")) == 1


@pytest.mark.parametrize(
    ("per_host", "hosts"), [(1, ("127.0.0.1",)), (3, ("127.0.0.1",)), (1, ("127.0.0.1", "127.0.0.2"))]
)
def test_budget_of_a_host(tmp_path: Path, per_host: int, hosts: Sequence[str]) -> None:
    """No more connections at once to one host than the config says; each host has its own."""
    cases = [
        Case(f"s{n}", "", lingering, nothing, f"http://{hosts[n % len(hosts)]}:{{port}}/budget/{n}") for n in range(9)
    ]
    with running_scripted({"budget": lingering}) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases, {"per_host": per_host})
        result = stage.poll()

    assert [one["outcome"] for one in result["polled"]] == ["ok"] * 9
    assert server.most_at_once["budget"] <= per_host * len(hosts)


def test_pause_between_requests_to_a_host(tmp_path: Path) -> None:
    """Requests to one host come a pause apart, redirects included; another host is not kept waiting by it."""

    def hop(asked: Asked) -> Answer:
        return (
            reply(news(asked, 1)) if asked.rest.endswith("there") else reply(b"", 302, Location=f"{asked.target}/there")
        )

    cases = [Case(f"s{n}", "", hop, nothing, f"http://127.0.0.1:{{port}}/hop/{n}") for n in range(3)]
    with running_scripted({"hop": hop}) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases, {"pause": "300ms", "per_host": 5})
        stage.poll()

    times = [asked.at for asked in server.log]
    assert len(times) == 6
    assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 0.2


def test_connections_that_close_unannounced_fail_no_poll(tmp_path: Path) -> None:
    """A server that hangs up soon after each answer without saying so: its many feeds are read, by a request each."""

    def terse(asked: Asked) -> Act:
        async def act(wire: Wire) -> None:
            await wire.send(reply(news(asked, asked.rest)).raw)
            await asyncio.sleep(0.05)

        return act

    cases = [Case(f"s{n}", "", terse, nothing, f"http://127.0.0.1:{{port}}/terse/{n}") for n in range(20)]
    with running_scripted({"terse": terse}) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases, {"per_host": 2})
        outcomes = [one["outcome"] for one in stage.poll()["polled"]]

    assert (outcomes, len(server.log)) == (["ok"] * 20, 20)


def test_idle_connection_that_was_closed_is_no_second_request(tmp_path: Path) -> None:
    """A server that hangs up on the second request of a connection gets one request a poll all the same."""

    def fickle(asked: Asked) -> Answer:
        return reply(news(asked, 1, 2, 3)) if asked.number % 2 else Answer(b"", "close")

    cases = [Case("fickle", "", fickle, nothing, every="1s")]
    with running_scripted({"fickle": fickle}) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases, {"floor": "1s"})
        with stage.daemon() as daemon:
            until(lambda: polls_of(stage, "fickle") >= 3, "it is not polled")
            daemon.stop()

    assert 0 <= len(server.log) - polls_of(stage, "fickle") <= 1
    assert all(gap >= 1 for gap in itertools.starmap(seconds, itertools.pairwise(started(stage))))


def started(stage: Stage) -> list[str]:
    """List when the polls began."""
    return [row["started_at"] for row in stage.dicts("SELECT started_at FROM polls ORDER BY id")]


def test_secrets_are_nowhere(tmp_path: Path) -> None:
    """A password in a source's url is sent to its origin, and is in no log, page, feed, status or archive."""
    cases = [
        Case("secret", "", steady(), nothing, "http://anna:SENTINEL-1@127.0.0.1:{port}/secret"),
        Case("fails", "", page(b"", 403), nothing, "http://anna:SENTINEL-2@127.0.0.1:{port}/fails"),
        Case(
            "moves",
            "",
            lambda a: steady()(a) if a.rest else Answer(head(301, {"Location": "/moves/new", "Content-Length": "0"})),
            nothing,
            "http://anna:SENTINEL-3@127.0.0.1:{port}/moves",
        ),
        Case("dead", "", steady(), nothing, "http://anna:SENTINEL-4@127.0.0.1:{canary}/dead"),
        Case("junk", "", lambda _: Answer(head(302, {"Location": "http://anna:SENTINEL-5@[::1"}), "close"), nothing),
        Case(
            "scheme",
            "",
            lambda _: Answer(head(302, {"Location": "ftp://anna:SENTINEL-6@127.0.0.1/x"}), "close"),
            nothing,
        ),
    ]
    topic = '[[topic]]\nid = "all"\ntitle = "All"\nmatch = "story"\n'
    with running_scripted({case.name: case.script for case in cases}) as server:
        stage = Stage(tmp_path, server)
        stage.set_up(cases, {"floor": "1s"}, topic)
        told = [stage.wireroom(*words) for words in (["poll"], ["status", "--json"])]
        with stage.daemon() as daemon:
            pages = [daemon.get(path)[2] for path in ("/", "/healthz", "/topics/all.rss", "/topics/all.json")]
            told += [stage.wireroom("poll", "--json") for _ in range(3)]
            daemon.stop()

    assert stage.source("moves")["moved_url"] == server.url("/moves/new")
    assert all((asked["Authorization"] or "").startswith("Basic ") for asked in server.asked("secret"))
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "config.toml"]
    said = [done.out + done.err for done in told] + [page.decode() for page in pages]
    said += [path.read_bytes().decode("latin-1") for path in files]
    assert any("secret" in text for text in said)
    assert [text for text in said if "SENTINEL" in text] == []


def test_reload_asks_nobody_twice(tmp_path: Path) -> None:
    """A poll that is under way when the config is read anew goes on; that of a source that was taken out is broken off.

    `wireroom add` reloads: a person who adds twenty feeds would have every slow server asked twenty times.
    """
    hanging: set[str] = set()

    def slow(asked: Asked) -> Act:
        async def act(wire: Wire) -> None:
            hanging.add(asked.name)
            await asyncio.sleep(4)
            hanging.discard(asked.name)
            await wire.send(reply(news(asked, 1, 2, 3)).raw)

        return act

    kept, removed = Case("kept", "", slow, nothing), Case("removed", "", slow, nothing)
    late = Case("late", "", steady(), nothing)
    with running_scripted({case.name: case.script for case in (kept, removed, late)}) as server:
        stage = Stage(tmp_path, server)
        stage.set_up([kept, removed], {"timeout": "20s"})
        with stage.daemon() as daemon:
            until(lambda: len(hanging) == 2, "they are not polled")
            stage.set_up([kept, late], {"timeout": "20s"})
            daemon.process.send_signal(signal.SIGHUP)
            until(lambda: bool(polls_of(stage, "late")), "the new source is not polled")
            assert "kept" in hanging
            until(lambda: bool(polls_of(stage, "kept")), "the poll under way does not go on")
            daemon.stop()

        assert ([len(server.asked(case.name)) for case in (kept, removed)], polls_of(stage, "removed")) == ([1, 1], 0)
        assert stage.source("kept")["last_outcome"] == "ok"
