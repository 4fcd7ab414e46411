"""``wireroom status --watch``: the whole on one screen, drawn anew every few seconds. IO: terminal, sqlite, sockets.

Each screen is one write, line over line, so nothing flickers; it is the terminal's second one, so what was there before
comes back. Without a terminal it is printed once.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sqlite3
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlite_utils import Database

from db.archive import ArchiveError, open_reader
from db.figures import count_due, ever_made, size_of, topic_figures, waiting_to_be_told
from db.overview import failing, healths, newest, next_polls, polls_since
from db.times import iso
from wireroom.config import Config
from wireroom.control import ControlError, NoDaemonError, ask
from wireroom.watch_told import Line, View, screen

ALL_EVERY_S = 10
"""How all sources are is looked at so often: of very many it takes a while."""
ANSWER_S = 5.0
"""A daemon that does not answer in so long is busy, or stuck."""
COLOURS = {"": "", "head": "\x1b[1m", "good": "\x1b[32m", "bad": "\x1b[31m", "dim": "\x1b[2m"}
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J", "\x1b[?7h\x1b[?25h\x1b[?1049l"
"""The second screen, no cursor, no line that goes on in the next; and back."""


class Watch:
    """Reads what is shown."""

    def __init__(self, config: Config, db: Database) -> None:
        self._config = config
        self._db = db
        self._kept: View | None = None
        self._kept_at = float("-inf")

    def look(self, rows: int) -> View:
        """Look; of each list so many rows. Raises ArchiveError, sqlite3.Error."""
        db, config, now = self._db, self._config, datetime.now(UTC)
        if self._kept is None or time.monotonic() - self._kept_at >= ALL_EVERY_S:
            self._kept = View(
                now=now,
                folder=str(config.archive.parent),
                sources=len(config.sources),
                topics=len(config.topics),
                healths=healths(db, now),
                failing=failing(db, rows),
            )
            self._kept_at = time.monotonic()
        pulse, silent = pulse_of(config)
        topics = topic_figures(db)
        return replace(
            self._kept,
            now=now,
            pulse=pulse,
            silent=silent,
            next_polls=next_polls(db, rows),
            newest=newest(db, rows),
            stories=ever_made(db)["stories"],
            due=count_due(db, iso(now)),
            topics=len(topics),
            behind=sum(topic.behind for topic in topics),
            untold=waiting_to_be_told(db, iso(now)),
            polls_last_minute=polls_since(db, now, 60),
            archive_bytes=size_of(str(config.archive)),
            wal_bytes=size_of(f"{config.archive}-wal"),
        )


def pulse_of(config: Config) -> tuple[Mapping[str, Any] | None, str | None]:
    """Ask the daemon how it is → what it tells, or why it tells nothing."""
    try:
        return ask(config.archive, {"do": "health"}, lambda _: None, timeout_s=ANSWER_S) or None, None
    except NoDaemonError:
        return None, None
    except (ControlError, ValueError) as error:
        return None, str(error)


def watch(config: Config, every_s: float) -> None:
    """Show it until q, Ctrl-C or SIGTERM; once, and plain, where there is no terminal. Raises ArchiveError."""
    view = Watch(config, open_reader(config.archive))
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        columns, rows = shutil.get_terminal_size((120, 50))
        print(drawn(screen(view.look(rows), columns, rows), colours=False))  # noqa: T201
        return
    colours = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"  # https://no-color.org
    with own_screen() as wait:
        while True:
            size = os.get_terminal_size()
            lines: Sequence[Line]
            try:
                lines = screen(
                    replace(view.look(size.lines), live=True), size.columns - 1, size.lines
                )  # in the last column, \x1b[K erases
            except (
                ArchiveError,
                sqlite3.Error,
            ) as error:  # a daemon that migrates, a disk that is away: it may come back
                lines = [[(f"the archive can't be read: {error}", "bad")]]
            put("\x1b[H" + drawn(lines, colours=colours, ends="\x1b[K\r\n") + "\x1b[K\x1b[J")
            if wait(every_s):
                return


def drawn(lines: Sequence[Line], *, colours: bool, ends: str = "\n") -> str:
    """Write lines for a terminal, or plain."""
    return ends.join(
        "".join(f"{COLOURS[style]}{text}\x1b[0m" if colours and style else text for text, style in line)
        for line in lines
    )


def put(text: str) -> None:
    """Write at once, in one piece."""
    sys.stdout.write(text)
    sys.stdout.flush()


@contextlib.contextmanager
def own_screen() -> Iterator[Callable[[float], bool]]:
    """Take the terminal while the body runs → a call that waits: for a key, a new size, or so many seconds.

    It gives True where it is to end. Whatever ends us, the terminal is as it was before.
    """
    keys = sys.stdin.fileno()
    before = termios.tcgetattr(keys)
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    os.set_blocking(woken, False)

    def enter() -> None:
        tty.setcbreak(keys)
        put(ENTER)

    def leave() -> None:
        put(LEAVE)
        termios.tcsetattr(keys, termios.TCSADRAIN, before)

    def stopped(*_: object) -> None:  # Ctrl-Z: the shell gets the terminal as it was
        leave()
        os.kill(os.getpid(), signal.SIGSTOP)
        enter()

    def ended(*_: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    def wait(seconds: float) -> bool:
        ready, _, _ = select.select([keys, woken], [], [], seconds)
        if woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(woken, 4096)
        return keys in ready and os.read(keys, 64)[:1] in (b"", b"q", b"Q", b"\x04")

    handlers = {signal.SIGWINCH: lambda *_: None, signal.SIGTSTP: stopped, signal.SIGTERM: ended, signal.SIGHUP: ended}
    old = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    wake_before = signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    enter()
    try:
        yield wait
    finally:
        leave()
        signal.set_wakeup_fd(wake_before)
        for number, handler in old.items():
            signal.signal(number, handler)
        os.close(woken)
        os.close(wakes)


def health_lines(config: Config) -> tuple[bool, list[str]]:
    """Ask the daemon whether it is well → that, and what it says, in lines. Raises NoDaemonError, ControlError."""
    told = ask(config.archive, {"do": "health"}, lambda _: None, timeout_s=ANSWER_S)["health"]
    lines = [told["state"]]
    lines += [f"  {one['code']}: {one['said']}; {one['mend']}" for one in told["reasons"]]
    lines += [f"  (warning) {one['code']}: {one['said']}; {one['mend']}" for one in told["warnings"]]
    return bool(told["ok"]), lines
