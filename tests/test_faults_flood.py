"""Floods: of lines in the log, and of sources that are due at once. What they cost is bounded, and nothing stops."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import structlog

from house import until
from wireroom.log import Log, open_log
from wireroom.log_limit import EVERY_S, MOST_KEYS, OF_ONE_EVENT, SHOWN, Limit, key_of
from wireroom.log_writer import MOST_BYTES, LogWriter


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


class Pipe:
    """A pipe whose far end reads when it is told to."""

    def __init__(self) -> None:
        self.out, self.into = os.pipe()
        self.text = b""
        os.set_blocking(self.out, False)

    def read(self) -> list[dict[str, object]]:
        """Read what there is → all lines so far."""
        with contextlib.suppress(BlockingIOError):
            while some := os.read(self.out, 1 << 16):
                self.text += some
        return [json.loads(line) for line in self.text.splitlines() if line.endswith(b"}")]


def log_to(fd: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Log, LogWriter]:
    """Open the daemon's log on a descriptor."""
    with os.fdopen(os.dup(fd), "w") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        log = open_log(plain=False, daemon=True)
        (writer,) = logging.getLogger().handlers
        assert isinstance(writer, LogWriter)
        writer._fd = fd
    return log, writer


def failing(source: int, round_: int) -> dict[str, object]:
    """Say what the poll of a source says that fails each round, with times that differ."""
    return {
        "event": "poll",
        "source": f"s{source}",
        "outcome": "unreachable",
        "error": f"no route to host 192.0.2.{source % 250}, tried for {round_}.5 s",
        "next": f"2026-11-20T10:{round_:02}:00Z",
    }


def test_five_hundred_sources_that_fail_twenty_times_are_a_bounded_number_of_lines() -> None:
    """Each is told a few times, then how often it was: every failure is in a line or in a count."""
    limit: Limit[dict[str, object]] = Limit()
    shown, now = 0, 0.0
    for round_ in range(20):
        for source in range(500):
            said = failing(source, round_)
            shown += limit.lets(key_of(said), said, now, trouble=True)
        now += 61  # so that the bound on one event is not what holds them
    told = limit.left_out(EVERY_S + 1)

    assert shown <= 500 * SHOWN
    assert len(told) <= 501
    assert shown + sum(more for _, more in told) == 500 * 20


def test_what_is_new_is_told_beside_what_repeats_itself() -> None:
    """Another source, another outcome, another message are lines of their own; the same again is one after an hour."""
    limit: Limit[dict[str, object]] = Limit()

    def lets(now: float, **other: object) -> bool:
        said = {**failing(1, 1), **other}
        return limit.lets(key_of(said), said, now, trouble=True)

    assert [lets(0) for _ in range(SHOWN + 2)] == [True] * SHOWN + [False] * 2
    assert lets(1, source="s2")
    assert lets(1, outcome="timeout")
    assert lets(1, error="its certificate is out of date")
    assert not lets(EVERY_S - 1, error="no route to host 192.0.2.77, tried for 9.5 s")
    ((last, more),) = limit.left_out(EVERY_S)
    assert (last["next"], more) == ("2026-11-20T10:01:00Z", 3)
    assert lets(EVERY_S + 1)


def test_news_are_told_however_often_up_to_a_flood() -> None:
    """A source may have something new every minute; all events of one kind together have a bound."""
    limit: Limit[int] = Limit()
    key = key_of({"event": "poll", "source": "s", "outcome": "ok"})

    assert sum(limit.lets(key, n, 0, trouble=False) for n in range(OF_ONE_EVENT + 500)) == OF_ONE_EVENT
    assert limit.left_out(61) == [(OF_ONE_EVENT + 499, 500)]
    assert limit.lets(key, 0, 61, trouble=False)


def test_messages_without_end_are_not_all_kept_in_mind() -> None:
    """What is forgotten for want of room is told first."""
    limit: Limit[int] = Limit()
    for n in range(2 * MOST_KEYS):
        key = key_of({"event": "job failed", "error": "x" * (n % 90) + "y" * (n // 90)})
        for _ in range(SHOWN + 1):
            limit.lets(key, n, 0, trouble=True)

    assert sum(more for _, more in limit.left_out(1)) >= MOST_KEYS - 1
    assert len(limit._keys) <= MOST_KEYS


def test_log_that_nobody_reads_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pipe is full: the lines wait, up to a bound; read again, it tells how many it has lost."""
    pipe = Pipe()
    log, writer = log_to(pipe.into, monkeypatch)
    long = "x" * 10_000
    for n in range(2 * MOST_BYTES // 10_000):
        log.info("event", number=n, text=long)
    writer._tell()

    assert writer._size <= MOST_BYTES
    assert writer._lost > 0
    done = threading.Event()

    def flush() -> None:
        writer.flush()
        done.set()

    threading.Thread(target=flush).start()
    assert done.wait(10), "the end waits for a reader"
    read_until(pipe, lambda lines: any(line["event"] == "log" for line in lines))
    lines = pipe.read()
    kept = [line for line in lines if line["event"] == "event"]
    (told,) = [line for line in lines if line["event"] == "log"]
    assert len(kept) + int(str(told["lost"])) == 2 * MOST_BYTES // 10_000
    log.info("after")
    read_until(pipe, lambda lines: lines[-1]["event"] == "after")


def read_until(pipe: Pipe, wanted: Callable[[list[dict[str, object]]], bool]) -> None:
    """Read until the lines are as wanted."""
    until(lambda: wanted(pipe.read()), "it is not written")


def test_pipe_that_was_made_not_to_block_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever shares it may have set that: full, it is waited for, and lines are whole."""
    pipe = Pipe()
    os.set_blocking(pipe.into, False)
    log, _ = log_to(pipe.into, monkeypatch)
    for n in range(200):
        log.info("event", number=n, text="x" * 2000)
    read_until(pipe, lambda lines: len(lines) == 200)

    assert [line["number"] for line in pipe.read()] == list(range(200))


def test_log_whose_reader_is_gone_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken pipe, a closed descriptor: the lines are lost and counted, and no call raises."""
    pipe = Pipe()
    log, writer = log_to(pipe.into, monkeypatch)
    os.close(pipe.out)
    began = time.monotonic()
    for n in range(100):
        log.error("event", error=f"{'a' * n}")
    assert time.monotonic() - began < 1
    until(lambda: writer._lost > 0, "it is not counted")


def test_repeated_trouble_is_counted_in_the_log_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the latest at the end it is told how many lines there would have been."""
    pipe = Pipe()
    log, writer = log_to(pipe.into, monkeypatch)
    for round_ in range(20):
        said = failing(1, round_)
        log.warning(str(said.pop("event")), **said)
    writer.flush()

    lines = pipe.read()
    assert [line.get("more") for line in lines] == [None] * SHOWN + [20 - SHOWN]
    assert lines[-1]["next"] == "2026-11-20T10:19:00Z"
