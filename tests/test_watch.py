"""`wireroom status --watch`: what is on the screen at any size, and a real terminal that is given back as it was."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from db.overview import Failing, Newest, NextPoll
from house import ROOT, House
from origin import Origin, item, rss
from wireroom.watch import ENTER, LEAVE, drawn
from wireroom.watch_told import View, clipped, columns, padded, screen, shared

NOW = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
WELL: dict[str, Any] = {
    "health": {"state": "well", "reasons": [], "warnings": []},
    "uptime_s": 90_000,
    "under_way": 14,
    "polls_last_minute": 118,
    "writer_waiting": 2,
    "writer_busy_s": 0.1,
}
MANY = View(
    now=NOW,
    folder="/var/lib/wireroom",
    sources=2_000,
    topics=12,
    pulse=WELL,
    healths={"good": 1_900, "failing": 99, "gone": 1},
    failing=[Failing(f"source-{n}", n + 1, "http-error", "HTTP status 404 Not Found", None) for n in range(100)],
    next_polls=[NextPoll(f"next-{n}", f"2026-11-26T12:{n:02}:00Z") for n in range(60)],
    newest=[Newest("2026-11-26T11:59:00Z", 3, "harbour", f"北京的港口 {n}") for n in range(100)],
    stories=512_034,
    due=3,
    archive_bytes=1_200_000_000,
)


def plain(view: View, width: int, height: int) -> list[str]:
    """Lay out a screen → its lines as text."""
    return drawn(screen(view, width, height), colours=False).split("\n")


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50), (40, 8), (41, 13), (500, 200)])
def test_screen_fits_and_tells_what_matters(width: int, height: int) -> None:
    """No line is wider, nor are there more; the sums are there whatever its size, and something of each list."""
    lines = plain(MANY, width, height)

    assert len(lines) <= height
    assert max(columns(line) for line in lines) <= width
    text = "\n".join(lines)
    assert "well, up 25 h" in text
    assert "118 in the last minute" in text
    if height >= 13:
        for part in ("failing: 100", "source-0 ", "next-0 ", "北京的港口 0"):
            assert part in text


def test_room_that_a_list_leaves_is_the_others() -> None:
    """All is well, so there is more of what is new."""
    well = plain(replace(MANY, failing=(), healths={"good": 2_000}), 80, 40)

    assert not any("failing" in line for line in well)
    assert len(well) == 40
    assert shared(18, [5, 61, 101]) == [5, 6, 7]
    assert shared(0, [3, 3]) == [0, 0]
    assert sum(shared(100, [3, 4])) == 7


def test_reasons_stand_at_the_top_with_the_mend() -> None:
    """What is wrong is seen first."""
    wrong = {"code": "disk", "said": "the disk of the archive is full", "mend": "make room"}
    health = {"state": "failing", "reasons": [wrong], "warnings": []}
    lines = plain(replace(MANY, pulse=WELL | {"health": health}), 80, 24)

    assert lines[0].startswith("Wireroom  failing")
    assert "  the disk of the archive is full: make room" in lines[:8]


def test_mend_of_a_long_reason_is_never_cut() -> None:
    """It stands at the end, and goes on in the next line; the lists have what is left."""
    wrong = {"code": "writer", "said": "another program has held " + "the archive " * 9, "mend": "end its transaction"}
    health = {"state": "failing", "reasons": [], "warnings": [wrong]}
    lines = plain(replace(MANY, pulse=WELL | {"health": health}), 60, 24)

    assert "end its transaction" in " ".join(line.strip() for line in lines[:10])
    assert (len(lines), max(columns(line) for line in lines) <= 60) == (24, True)


def test_without_a_daemon_the_archive_tells() -> None:
    """And that none runs; or that one does not answer."""
    assert "no daemon runs" in plain(replace(MANY, pulse=None, polls_last_minute=7), 80, 24)[0]
    assert "7 in the last minute, 3 due" in plain(replace(MANY, pulse=None, polls_last_minute=7), 80, 24)[1]
    assert "has not answered" in plain(replace(MANY, pulse=None, silent="the daemon has not answered"), 80, 24)[0]


def test_nothing_that_a_feed_says_drives_the_terminal() -> None:
    """Control characters are told, bidirectional ones too; colours are ours alone."""
    evil = [Newest("2026-11-25T11:59:00Z", 1, "a\x1b[2J", "\x1b]0;owned\x07 \u202e txet")]
    text = drawn(screen(replace(MANY, newest=evil, failing=()), 120, 24), colours=False)

    assert all(char.isprintable() or char == "\n" for char in text)
    assert "\\x1b" in text
    assert "11-25" in text, "it is not of today: its day"


def test_columns_are_those_of_a_terminal() -> None:
    """Chinese takes two, an accent that is a character of its own none."""
    assert columns("a北e\u0301") == 4
    assert clipped("北京的港口", 6) == "北京…"
    assert padded("北京", 6) == "北京  "
    assert clipped("x", 0) == ""


# --- A real terminal --------------------------------------------------------------------------------------------------


@dataclass
class Terminal:
    """A pseudo-terminal with the command in it."""

    master: int
    process: subprocess.Popen[bytes]
    seen: str = ""

    def until(self, there: Callable[[str], bool]) -> None:
        """Read until what was written since the last call is so."""
        self.seen = ""
        while not there(self.seen):
            ready, _, _ = select.select([self.master], [], [], 30)
            assert ready, self.seen
            self.seen += os.read(self.master, 65536).decode(errors="replace")

    def size(self, rows: int, columns_: int) -> None:
        """Give it another size; who runs in it is told by the kernel."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns_, 0, 0))

    def end(self) -> int:
        """Read to the end → the exit code."""
        with contextlib.suppress(OSError):
            while select.select([self.master], [], [], 30)[0] and (data := os.read(self.master, 65536)):
                self.seen += data.decode(errors="replace")
        return self.process.wait(30)


@contextlib.contextmanager
def terminal(folder: Path, **environ: str) -> Iterator[Terminal]:
    """Run the command in a terminal of 24 rows and 80 columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def taken() -> None:
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)  # Ctrl-C needs it
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests in a shell's background ignores it

    process = subprocess.Popen(
        [sys.executable, "-m", "wireroom", "status", "--watch", "--every", "10m"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environ},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=taken,  # noqa: PLW1509
    )
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        process.kill()
        process.wait()
        os.close(master)


@pytest.mark.parametrize(
    ("every", "said"),
    [("2x", "is no duration"), ("two", "is no duration"), ("0", "is not in the range"), ("2h", "is not in the range")],
)
def test_every_is_seconds_or_a_duration(house: House, every: str, said: str) -> None:
    """As `add --every` and `sql --timeout` have it: what is neither, or too long, is named."""
    done = house.wireroom("status", "--watch", "--every", every)

    assert (done.code, said in done.err) == (2, True), done.err


def test_terminal_is_drawn_resized_and_given_back(house: House, origin: Origin) -> None:
    """One screen, a new one at another size, and with q all is as it was; NO_COLOR is heard."""
    origin.feed("/f", rss(item(1, title="Ferries & harbours")))
    house.configure({"f": origin.url("/f")}, allow=origin.port)
    house.poll()
    with terminal(house.folder, NO_COLOR="1") as screen_:
        screen_.until(lambda seen: "Ferries" in seen and seen.endswith("\x1b[J"))
        assert screen_.seen.startswith(ENTER)
        assert "\x1b[31m" not in screen_.seen
        assert "\n" not in screen_.seen.replace("\r\n", ""), "each line begins at its left"
        screen_.size(10, 60)
        screen_.until(lambda seen: seen.endswith("\x1b[J"))
        assert screen_.seen.startswith("\x1b[H")
        assert screen_.seen.count("\r\n") <= 9
        os.write(screen_.master, b"q")
        assert screen_.end() == 0
        assert screen_.seen.endswith(LEAVE)

    with terminal(house.folder) as screen_:
        screen_.until(lambda seen: seen.endswith("\x1b[J"))
        assert "\x1b[1m" in screen_.seen
        os.write(screen_.master, b"\x03")
        assert screen_.end() == 130
        assert screen_.seen.endswith(LEAVE)


def test_without_a_terminal_it_is_printed_once(house: House, origin: Origin) -> None:
    """Plain, for a pipe; `--health` asks the daemon alone."""
    origin.feed("/f", rss(item(1, title="Ferries")))
    house.configure({"f": origin.url("/f")}, allow=origin.port)
    none_yet = house.wireroom("status", "--watch")
    house.poll()
    once = house.wireroom("status", "--watch")
    asked = house.wireroom("status", "--health")

    assert none_yet.code == 66
    assert (once.code, "\x1b" in once.out, "Ferries" in once.out) == (0, False, True)
    assert (asked.code, "no daemon" in asked.err) == (1, True)
