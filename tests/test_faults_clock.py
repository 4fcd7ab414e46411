"""The clock is set while the daemon runs: a month back, a year forward, right again. Nothing notices but the log."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import format_datetime
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

import ingest.fetch
import wireroom.clock
from db.shift import shift_times
from db.times import iso, parse_iso
from faulty import poll_all, running
from house import ROOT, Daemon, House, until
from office import TOKEN, running_office
from origin import Answer as Reply
from origin import Origin, item, rss
from scripted import Answer, Asked, Scripted, reply, running_scripted
from stage import environment
from wireroom.clock import AGREE_S, HOSTS, JUMP_S, LONG, STANDS_S, Clock, clock_is_sure, system_clocks, utc_now, verdict
from wireroom.config import load_config
from wireroom.engine import Engine
from wireroom.upkeep import Upkeep

DAY = 86_400
BACK, FORWARD = -30 * DAY, 400 * DAY
JUMPS = pytest.mark.parametrize("jump", [BACK, FORWARD], ids=["a month back", "a year forward"])
SOURCES = ("a", "b", "c", "d")
HOSTS_OF = dict(zip(SOURCES, ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"), strict=True))
TOPIC = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "story"\n'


class Hand:
    """The hand on the clock: how far the system's is off, and how much time has passed that nobody waited for."""

    def __init__(self) -> None:
        self.off = self.passed = 0.0

    def __call__(self) -> tuple[float, float]:
        """Read both clocks."""
        wall, steady = system_clocks()
        return wall + self.off + self.passed, steady + self.passed


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    """Put a hand on this process's clock."""
    hand = Hand()
    monkeypatch.setattr(wireroom.clock, "CLOCK", Clock(hand))
    return hand


def off_s(moment: datetime) -> float:
    """Give how far a moment is from the right time."""
    return abs((moment - datetime.now(UTC)).total_seconds())


# --- The clock by itself ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skews", "hosts", "found"),
    [
        ([0, 1, -AGREE_S], 9, "right"),
        ([0, 0], 9, None),
        ([0, 0], 2, "right"),
        ([0], 1, "right"),
        ([], 1, None),
        ([400 * DAY] * 3, 9, "wrong"),
        ([400 * DAY, 0, 0, 0], 9, "right"),
        ([400 * DAY] * 3 + [0] * 3, 9, None),
        ([-AGREE_S - 1] * HOSTS, 0, "wrong"),
    ],
)
def test_most_of_a_few_hosts_judge_a_clock(skews: list[float], hosts: int, found: str | None) -> None:
    """One host whose clock is wrong, or that shares ours, is not enough; a day off is a cache's business."""
    assert verdict(skews, hosts) == found


@JUMPS
def test_jump_is_not_believed_and_forgotten_once_it_is_undone(jump: int) -> None:
    """For a minute the clock is wrong: the time goes on as before, nothing is sure, and then all is as it was."""
    hand = Hand()
    clock = Clock(hand)
    assert clock.look(9) is None
    hand.off = jump
    assert off_s(clock()) < 5
    assert not clock.sure
    assert clock.look(9) is None
    assert ("back by 30 days" if jump < 0 else "forward by 400 days") in str(clock.trouble)
    hand.passed = 60
    assert off_s(clock() - timedelta(seconds=60)) < 5
    hand.off = 0
    assert clock.look(9) is None
    assert (clock.trouble, clock.sure) == (None, True)


@JUMPS
def test_jump_is_believed_when_servers_say_so(jump: int) -> None:
    """It was wrong before, and is right now: so many hosts have to say so, and then it is sure."""
    hand = Hand()
    hand.off = -jump
    clock = Clock(hand)
    hand.off = 0
    assert clock.look(9) is None
    for n in range(HOSTS):
        assert clock.look(9) is None
        clock.heard(f"host-{n}", datetime.now(UTC))
    step = clock.look(9)
    assert step is not None
    assert abs(step - jump) < 5
    clock.take()
    assert off_s(clock()) < 5
    assert (clock.look(9), clock.trouble, clock.sure) == (None, None, True)


@JUMPS
def test_jump_is_never_believed_against_servers(jump: int) -> None:
    """However long it stands; what is wrong is told, for health too."""
    hand = Hand()
    clock = Clock(hand)
    hand.off = jump
    clock.look(9)
    for n in range(HOSTS):
        clock.heard(f"host-{n}", datetime.now(UTC))
    for _ in range(10):
        assert clock.look(9) is None
        hand.passed += STANDS_S
    assert clock.wrong is not None
    assert ("30 days behind" if jump < 0 else "400 days ahead") in clock.wrong
    assert not clock.sure


def test_jump_of_which_nobody_says_anything_is_believed_after_a_day_and_not_sure() -> None:
    """Sources that are files, or a network that is gone: by such a time nothing is deleted."""
    hand = Hand()
    clock = Clock(hand)
    hand.off = FORWARD
    assert clock.look(0) is None
    hand.passed = STANDS_S - 10
    assert clock.look(0) is None
    hand.passed = STANDS_S
    assert clock.look(0) is not None
    clock.take()
    assert abs(off_s(clock()) - FORWARD - STANDS_S) < 5
    assert (clock.sure, clock.look(0)) == (False, None)
    clock.heard("host", clock())
    clock.look(1)
    assert clock.sure


def test_second_jump_begins_anew() -> None:
    """What was said of the first says nothing of the second."""
    hand = Hand()
    clock = Clock(hand)
    hand.off = FORWARD
    clock.look(9)
    for n in range(HOSTS):
        clock.heard(f"host-{n}", datetime.now(UTC) + timedelta(seconds=FORWARD))
    hand.off = BACK
    assert clock.look(9) is None
    assert "back by 30 days" in str(clock.trouble)


def test_clock_that_is_wrong_from_the_start_is_told_and_not_sure() -> None:
    """Nobody set it while we looked, but most servers say another time."""
    hand = Hand()
    hand.off = FORWARD
    clock = Clock(hand)
    for n in range(HOSTS):
        assert (clock.look(9), clock.sure) == (None, True)
        clock.heard(f"host-{n}", datetime.now(UTC))
    clock.look(9)
    assert not clock.sure
    assert "400 days ahead" in str(clock.wrong)


@pytest.mark.parametrize(
    ("last", "sure"),
    [(timedelta(0), True), (-LONG + timedelta(hours=1), True), (-2 * LONG, False), (timedelta(days=2), False)],
)
def test_long_silence_before_the_start_makes_it_unsure(last: timedelta, *, sure: bool) -> None:
    """It may be the clock that is ahead: servers have to vouch for it, then all is well."""
    clock = Clock()
    clock.started(datetime.now(UTC) + last)
    assert clock.sure is sure
    for n in range(HOSTS):
        clock.heard(f"host-{n}", datetime.now(UTC))
    clock.look(9)
    assert clock.sure


def test_small_steps_and_a_machine_that_slept_are_no_jumps() -> None:
    """A time server's steps are followed at once; the steady clock has gone on while the machine slept."""
    hand = Hand()
    clock = Clock(hand)
    for _ in range(10):
        hand.off += JUMP_S - 5
        assert clock.look(9) is None
        assert abs(off_s(clock()) - hand.off) < 5
    hand.passed = 12 * 3600
    assert (clock.look(9), clock.trouble, clock.sure) == (None, None, True)


@JUMPS
def test_who_is_signed_in_stays_so(house: House, monkeypatch: pytest.MonkeyPatch, jump: int) -> None:
    """So does who signs in meanwhile, once the clock is right again."""
    off, system = 0, time.time
    monkeypatch.setattr(time, "time", lambda: system() + off)
    monkeypatch.setattr(wireroom.clock, "CLOCK", Clock())
    house.configure({}, TOPIC)
    text = house.config.read_text(encoding="utf-8")
    house.config.write_text(text.replace("[wireroom]\n", f'[wireroom]\ntoken = "{TOKEN}"\n', 1), encoding="utf-8")
    with running_office(house) as office:
        office.sign_in()
        off = jump
        assert office.ask("/owner/").status == 200
        office.cookie = None
        office.sign_in()
        off = 0
        assert office.ask("/owner/").status == 200


# --- An engine among servers that know what time it is ----------------------------------------------------------------


class News:
    """Servers on four hosts: each has something new at every request, and says what time it is."""

    def __init__(self) -> None:
        self.given: dict[str, int] = dict.fromkeys(SOURCES, 0)

    def __call__(self, asked: Asked) -> Answer:
        """Answer a source's request."""
        count = self.given[asked.name] = asked.number
        items = (item(f"{asked.name}-{n}", title=f"Story {n} of {asked.name}") for n in range(count, 0, -1))
        return reply(rss(*items, title=asked.name).encode(), Date=format_datetime(datetime.now(UTC), usegmt=True))


@asynccontextmanager
async def engine_of(house: House, server: Scripted) -> AsyncIterator[Engine]:
    """Run an engine of four sources that are polled every second or so, on four hosts."""
    configure(house, server)
    engine = Engine(load_config(house.config), structlog.stdlib.get_logger("test"))
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


def configure(house: House, server: Scripted) -> None:
    """Write the config."""
    sources = {name: server.url(f"/{name}", host=host) for name, host in HOSTS_OF.items()}
    poll = f'floor = "1s"\nceiling = "1s"\nallow = ["127.0.0.0/8:{server.port}"]'
    house.configure(sources, TOPIC, poll=poll)


@pytest.fixture
def server() -> Iterator[Scripted]:
    """Run the servers."""
    news = News()
    with running_scripted(dict.fromkeys(SOURCES, news), hosts=tuple(HOSTS_OF.values())) as running:
        yield running


async def run_until_each_is_asked(engine: Engine, server: Scripted, more: int) -> None:
    """Run the engine's tick until each source was asked so many times more. Fails after a minute."""
    wanted = {name: len(server.asked(name)) + more for name in SOURCES}
    async with asyncio.timeout(60):
        while any(len(server.asked(name)) < count for name, count in wanted.items()):
            await engine.tick()
            await asyncio.sleep(0.1)
    await asyncio.gather(*list(engine.poller._under_way.values()))


@JUMPS
async def test_a_server_that_names_a_time_is_waited_for_by_the_time_that_is_believed(
    house: House, origin: Origin, hand: Hand, jump: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``Retry-After`` may be a date: by a clock that is a year ahead it is over, by one that is behind it is far."""

    class System(datetime):
        """What the system's clock tells."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            """Tell the time as it was set."""
            return datetime.now(tz) + timedelta(seconds=hand.off)

    then = datetime.now(UTC) + timedelta(hours=2)
    said = {"Retry-After": format_datetime(then, usegmt=True)}
    origin.routes["/f"] = lambda _: Reply(status=503, headers=said)
    house.configure({"f": origin.url("/f")}, allow=origin.port)
    async with running(house) as engine:
        hand.off = jump
        monkeypatch.setattr(ingest.fetch, "datetime", System)
        await poll_all(engine)
        ((held,),) = house.rows("SELECT held_until FROM sources")
        assert abs((parse_iso(held) - then).total_seconds()) < 60


def stamps(house: House) -> list[datetime]:
    """List all times that polls and stories have left in the archive."""
    asked = (
        "SELECT started_at FROM polls UNION SELECT first_seen FROM entries UNION SELECT first_seen FROM stories "
        "UNION SELECT selected_at FROM selections UNION SELECT last_poll_at FROM sources"
    )
    return [parse_iso(text) for (text,) in house.rows(asked) if text is not None]


def whole(house: House, server: Scripted) -> None:
    """Hold the archive against what the servers gave: each story once, in the order of its coming."""
    given = sum(len(server.asked(name)) for name in SOURCES)
    assert house.rows("SELECT count(*), count(DISTINCT guid) FROM entries") == [(given, given)]
    assert house.rows("SELECT count(*), count(DISTINCT story_id) FROM selections") == [(given, given)]
    seen = [text for (text,) in house.rows("SELECT first_seen FROM stories ORDER BY id")]
    assert seen == sorted(seen), "the order of ids is not that of time"


@JUMPS
async def test_clock_that_is_wrong_for_a_while_changes_nothing(
    house: House, server: Scripted, hand: Hand, jump: int
) -> None:
    """Sources are polled at their spacing, no story gets a time that never was, nothing is deleted by age."""
    async with engine_of(house, server) as engine:
        await run_until_each_is_asked(engine, server, 1)
        index = house.rows("SELECT count(*) FROM prints")
        hand.off = jump
        with capture_logs() as log:
            await run_until_each_is_asked(engine, server, 2)
            await Upkeep(engine).tick()
            assert not clock_is_sure()
            warned = engine.warnings["clock"]
            assert house.rows("SELECT count(*) FROM prints") >= index
            hand.off = 0
            await run_until_each_is_asked(engine, server, 1)
        assert clock_is_sure()
        assert "clock" not in engine.warnings
        whole(house, server)
        assert max(off_s(moment) for moment in stamps(house)) < 60

    lines = [line["trouble"] for line in log if line["event"] == "clock"]
    assert len(lines) == 3, "a line when it comes, one when servers speak, one when it goes"
    assert lines[0] is not None
    assert lines[1] is not None
    assert "most servers say" in lines[1]
    assert lines[2] is None
    assert lines[1] in warned


@JUMPS
async def test_clock_that_was_wrong_and_is_set_right_moves_all_plans(
    house: House, server: Scripted, hand: Hand, jump: int
) -> None:
    """The servers agree within a round: nothing is polled at once, nothing waits for a month; a hold stays one."""
    hand.off = -jump
    wireroom.clock.CLOCK = Clock(hand)
    async with engine_of(house, server) as engine:
        await run_until_each_is_asked(engine, server, 1)
        hold = iso(utc_now() + timedelta(hours=6))
        await engine.write(
            lambda db: db.execute("UPDATE sources SET held_until = ?1, next_poll_at = ?1 WHERE id = 4", [hold])
        )
        hand.off = 0
        with capture_logs() as log:
            async with asyncio.timeout(60):
                while off_s(utc_now()) > 60:
                    await engine.tick()
                    await asyncio.sleep(0.1)
            for _ in range(15):
                await engine.tick()
                await asyncio.sleep(0.1)
        assert clock_is_sure()
        ((held, due),) = house.rows("SELECT held_until, next_poll_at FROM sources WHERE id = 4")
        assert abs(off_s(parse_iso(held)) - 6 * 3600) < 60
        assert due == held
        plans = [parse_iso(text) for (text,) in house.rows("SELECT next_poll_at FROM sources WHERE id < 4")]
        assert max(map(off_s, plans)) < 60

    said = [line.get("said") for line in log if line["event"] == "clock"]
    assert any("all plans moved" in str(one) for one in said)


def test_plans_keep_their_distance_from_now(house: House, server: Scripted) -> None:
    """Leases, retries and waiting stories move too; what is past is never later than now."""
    from contextlib import closing

    from db.archive import open_writer

    configure(house, server)
    house.poll()
    now = datetime(2026, 11, 20, tzinfo=UTC)
    with closing(open_writer(house.archive)) as db:
        db.execute("UPDATE sources SET next_poll_at = NULL WHERE id = 1")
        db.execute("UPDATE sources SET next_poll_at = '2026-11-20T00:10:00Z', last_good_at = '2026-11-19T23:00:00Z'")
        db.execute("UPDATE sources SET last_new_at = '2025-01-01T00:00:00Z', pushed_until = '2026-11-21T00:00:00Z'")
        for by in (FORWARD, BACK, -FORWARD, -BACK):
            before = now
            now += timedelta(seconds=by)
            shift_times(db, now, by)
            row = db.execute("SELECT next_poll_at, last_good_at, pushed_until FROM sources LIMIT 1").fetchone()
            apart = [(parse_iso(text) - now).total_seconds() for text in row]
            assert apart == [600, -3600, 86_400], (before, by)
        assert db.execute("SELECT min(last_new_at), max(last_new_at) FROM sources").fetchone() == (
            "2025-01-01T00:00:00Z",
            "2025-01-01T00:00:00Z",
        )


# --- The daemon itself, under another clock ---------------------------------------------------------------------------

LIBRARY = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)


SLEEPS = """
import runpy, select, sys, time
time.sleep = lambda s: select.select([], [], [], s) and None  # libfaketime makes the system call fail
sys.argv = ["wireroom", "run"]
runpy.run_module("wireroom", run_name="__main__", alter_sys=True)
"""


@contextmanager
def daemon_of(house: House) -> Iterator[Daemon]:
    """Run the daemon in an environment whose ``time.sleep`` works."""
    with (house.folder / "daemon.log").open("ab") as log:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen([sys.executable, "-c", SLEEPS], cwd=house.folder, env=env, stdout=log, stderr=log)
        daemon = Daemon(house, process)
        try:
            daemon.wait_until_serving()
            yield daemon
        finally:
            process.kill()
            process.wait()


def is_warned(daemon: Daemon) -> bool:
    """Tell whether health warns of the clock."""
    return any(one["code"] == "clock" for one in json.loads(daemon.get("/healthz")[2])["warnings"])


@pytest.mark.needs("faketime")
@pytest.mark.skipif(not os.environ.get("WIREROOM_TEST_ALL"), reason="a process under libfaketime: make test-all")
def test_daemon_lives_through_a_month_back_and_a_year_forward(house: House, server: Scripted, tmp_path: Path) -> None:
    """All of it at once, with the system's clock set under a running process, and a restart by the wrong time."""
    assert LIBRARY is not None, "faketime is there without its library"
    configure(house, server)
    file = tmp_path / "time"

    def set_clock(seconds: int) -> None:
        (tmp_path / "new").write_text(f"{seconds:+}\n")
        (tmp_path / "new").rename(file)

    def asked_again(times: int, why: str) -> None:
        before = {name: len(server.asked(name)) for name in SOURCES}
        began = time.monotonic()
        until(lambda: all(len(server.asked(name)) >= before[name] + times for name in SOURCES), why)
        count = sum(len(server.asked(name)) - before[name] for name in SOURCES)
        assert count <= len(SOURCES) * (time.monotonic() - began + 3), "a storm"

    set_clock(0)
    with environment(
        LD_PRELOAD=str(LIBRARY),
        FAKETIME_TIMESTAMP_FILE=str(file),
        FAKETIME_NO_CACHE="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
    ):
        with daemon_of(house) as daemon:
            asked_again(1, "nothing is polled")
            for jump in (BACK, 0, FORWARD, 0):
                set_clock(jump)
                asked_again(3, f"nothing is polled, {jump} s off")
            assert daemon.get("/topics/all.rss")[0] == 200
            assert not is_warned(daemon)
            set_clock(FORWARD)
            asked_again(2, "nothing is polled")
            until(lambda: is_warned(daemon), "health says nothing of it")
            daemon.stop(signal.SIGTERM)
        assert daemon.process.returncode == 0
        assert max(off_s(moment) for moment in stamps(house)) < 120

        with daemon_of(house) as daemon:  # by a clock that is a year ahead from the start
            asked_again(3, "nothing is polled by the wrong clock")
            until(lambda: is_warned(daemon), "health says nothing of it")
            set_clock(0)
            asked_again(3, "nothing is polled by the clock that was set right")
            until(lambda: not is_warned(daemon), "health still warns")
            daemon.stop(signal.SIGTERM)
        assert daemon.process.returncode == 0
    count = sum(len(server.asked(name)) for name in SOURCES)
    ((entries, guids),) = house.rows("SELECT count(*), count(DISTINCT guid) FROM entries")
    assert entries == guids
    assert count - len(SOURCES) <= entries <= count
    assert house.rows("SELECT count(*) - count(DISTINCT story_id) FROM selections") == [(0,)]
    assert not [line for line in house.log_lines() if line["level"] in ("error", "critical")]
