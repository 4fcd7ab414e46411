"""Behaviours on a stage: a scripted server plays them, the command line polls them, the archive tells how it went.

A table of ``Case`` (a name, what is expected, a script, a check) becomes the sources of one house; ``play`` polls them
all for some rounds and gives a ``Played`` for each. IO: network, sqlite, processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from house import House, engine_keys
from origin import item, rss
from scripted import Act, Answer, Asked, Script, Scripted, reply, running_scripted
from wireroom.config import load_config
from wireroom.engine import Engine

GOOD = ("ok", "not-modified", "unchanged")
CONTACT = "https://poller.example/about"
FAR_PAST = "2020-01-01T00:00:00Z"

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One behaviour: what the server does, and what must come of it. ``at`` is its address, ``every`` its config."""

    name: str
    says: str
    script: Script
    check: Callable[[Played], None]
    at: str = "http://127.0.0.1:{port}/{name}"
    every: str | None = None

    def __str__(self) -> str:
        """Give the test's id."""
        return self.name


@dataclass(repr=False)
class Played:
    """How one behaviour went: its row in ``sources`` after each round, its polls, its entries, its requests."""

    name: str
    server: Scripted
    states: list[Row] = field(default_factory=list)
    asked: list[list[Asked]] = field(default_factory=list)
    polls: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    moves: list[Row] = field(default_factory=list)

    @property
    def now(self) -> Row:
        """The source as the last round left it."""
        return self.states[-1]

    @property
    def requests(self) -> list[Asked]:
        """All its requests, in order."""
        return [asked for round_ in self.asked for asked in round_]

    @property
    def outcomes(self) -> list[str]:
        """How its polls ended, in order."""
        return [poll["outcome"] for poll in self.polls]

    @property
    def titles(self) -> list[str]:
        """The titles of its entries, oldest entry first."""
        return [entry["title"] for entry in self.entries]

    def wait_s(self, round_: int = -1) -> float:
        """Give how long after its last poll the next one is due, seconds."""
        state = self.states[round_]
        assert state["next_poll_at"] is not None, "it is never polled again"
        return seconds(state["last_poll_at"], state["next_poll_at"])


class Stage(House):
    """A house whose sources are a scripted server's behaviours."""

    def __init__(self, folder: Path, server: Scripted) -> None:
        super().__init__(folder)
        self.server = server

    def set_up(
        self,
        cases: Sequence[Case],
        poll: Mapping[str, object] | None = None,
        rest: str = "",
        *,
        allow: Sequence[str] = (),
    ) -> None:
        """Write the config: every case a source; ``poll`` is more of that table, ``allow`` more places than ours."""
        ports = (self.server.port, self.server.other)
        table = {
            "pause": "0s",
            "timeout": "3s",
            "per_host": 100,
            "allow": [*(f"127.0.0.0/8:{port}" for port in ports), *allow],
            **engine_keys(),
            **(poll or {}),
        }
        lines = ["[wireroom]", f'listen = "127.0.0.1:{self.port}"', f'contact = "{CONTACT}"']
        lines += [f"gazetteer = {json.dumps(self.names)}", "[poll]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        for case in cases:
            lines += ["[[source]]", f'id = "{case.name}"', f"url = {json.dumps(self.address(case))}"]
            lines += [f'every = "{case.every}"'] if case.every else []
        self.config.write_text("\n".join([*lines, rest]) + "\n", encoding="utf-8")

    def address(self, case: Case) -> str:
        """Give the address that a case is polled at."""
        server = self.server
        at = case.at.replace("{name}", case.name)
        for name, port in (("port", server.port), ("other", server.other), ("canary", server.canary)):
            at = at.replace(f"{{{name}}}", str(port))
        return at

    def dicts(self, sql: str, *params: object) -> list[Row]:
        """Ask the archive → rows by column name."""
        with contextlib.closing(sqlite3.connect(f"file:{self.archive}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(sql, params)]

    def write(self, sql: str, *params: object) -> None:
        """Change the archive behind the program's back, while it does not run: the hand on the clock."""
        with contextlib.closing(sqlite3.connect(self.archive)) as db:
            db.execute(sql, params)
            db.commit()

    def command(self) -> None:
        """Poll all once, by the command line."""
        result = self.wireroom("poll", "--json", timeout_s=120)
        assert result.out, result.err

    @contextlib.contextmanager
    def engine(self) -> Iterator[Callable[[], object]]:
        """Run an engine in this process → what polls all once."""
        with asyncio.Runner() as runner:
            engine = Engine(load_config(self.config), structlog.stdlib.get_logger("test"))
            runner.run(engine.start())
            try:
                yield lambda: runner.run(engine.round((), due=False, progress=lambda _: None))
            finally:
                runner.run(engine.close())

    def source(self, name: str) -> Row:
        """Read one source's row."""
        (row,) = self.dicts("SELECT * FROM sources WHERE config_id = ?", name)
        return row


Between = Callable[[Stage, int], None]


def play(
    folder: Path,
    cases: Sequence[Case],
    rounds: int,
    *,
    poll: Mapping[str, object] | None = None,
    between: Between | None = None,
    allow: Sequence[str] = (),
    tls: ssl.SSLContext | None = None,
    each_a_command: bool = True,
) -> dict[str, Played]:
    """Poll all ``cases`` for some rounds → how each went, by name. ``between`` is called before every round.

    Each round is a command; or, where none of them is about that, one engine in this process does them all: a second
    less for each.
    """
    with running_scripted({case.name: case.script for case in cases}, tls=tls) as scripted:
        stage = Stage(folder, scripted)
        stage.set_up(cases, poll, allow=allow)
        played = {case.name: Played(case.name, scripted) for case in cases}
        with contextlib.nullcontext(stage.command) if each_a_command else stage.engine() as poll_all:
            for round_ in range(rounds):
                if between is not None:
                    between(stage, round_)
                before = len(scripted.log)
                poll_all()
                states = {row["config_id"]: row for row in stage.dicts("SELECT * FROM sources")}
                for name, one in played.items():
                    one.states.append(states[name])
                    one.asked.append([asked for asked in scripted.log[before:] if asked.name == name])
        gather(stage, played)
    return played


def gather(stage: Stage, played: Mapping[str, Played]) -> None:
    """Read each behaviour's polls, entries and moves from the archive."""
    for table in ("polls", "entries", "moves"):
        rows = stage.dicts(
            f"SELECT s.config_id AS source, x.*{', w.*' if table == 'entries' else ''} FROM {table} x "
            f"{'JOIN entry_texts w ON w.entry_id = x.id ' if table == 'entries' else ''}"
            "JOIN sources s ON s.id = x.source_id ORDER BY x.id"
        )
        for row in rows:
            if row["source"] in played:
                getattr(played[row["source"]], table).append(row)


def seconds(earlier: str, later: str) -> float:
    """Give the time between two moments of the archive."""
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


# --- What servers say -------------------------------------------------------------------------------------------------


def news(asked: Asked, *numbers: int | str, more: str = "") -> bytes:
    """Write the feed of the behaviour that is asked, with these items; ``more`` goes into its channel."""
    return rss(*(item(f"{asked.name}-{number}") for number in numbers), title=asked.name, more=more).encode()


def steady(*numbers: int | str, more: str = "", **fields: str) -> Script:
    """Serve the same feed each time (items 1 to 3), with these header fields; a conditional request is not seen."""
    return lambda asked: reply(news(asked, *(numbers or (1, 2, 3)), more=more), **fields)


def always(answer: Answer | Act) -> Script:
    """Answer the same whatever is asked."""
    return lambda _: answer


def in_turn(*scripts: Script) -> Script:
    """Answer by one script after the other, a request each (by its path); the last stays."""
    return lambda asked: scripts[min(asked.number, len(scripts)) - 1](asked)


def page(body: bytes = b"", status: int = 200, /, **fields: str) -> Script:
    """Answer with this body and status each time."""
    return always(reply(body, status, **fields))


# --- What is expected -------------------------------------------------------------------------------------------------


def ends(outcome: str | Sequence[str], status: int | None = None, *, says: str = "") -> Callable[[Played], None]:
    """Expect that its last poll ended so, with an error that says so, and that it is polled again, later and later."""

    def check(played: Played) -> None:
        wanted = (outcome,) if isinstance(outcome, str) else tuple(outcome)
        assert played.outcomes[-1] in wanted, (played.outcomes, played.now["last_error"])
        assert status is None or played.polls[-1]["status"] == status
        assert played.now["last_error"], "no error is told"
        assert says.lower() in played.now["last_error"].lower()
        assert "Traceback" not in played.now["last_error"]
        assert played.now["failures"] == len(played.polls)
        assert [len(round_) for round_ in played.asked] == [len(played.asked[0])] * len(played.asked)
        if len(played.states) > 1:
            assert played.wait_s(-1) > played.wait_s(0) > 0, "it is not left alone for longer"
        assert (played.now["etag"], played.now["last_modified"]) == (None, None)

    return check


def reads(*titles: str, entries: int | None = None, remark: str | None = None) -> Callable[[Played], None]:
    """Expect good polls that brought these entries (or so many) once; ``remark``: something that health says."""

    def check(played: Played) -> None:
        assert played.outcomes[0] == "ok", (played.outcomes, played.now["last_error"])
        assert set(played.outcomes) <= set(GOOD)
        if titles:
            assert sorted(played.titles) == sorted(titles)
        if entries is not None:
            assert len(played.entries) == entries
        assert played.now["failures"] == 0
        if remark is None:
            assert played.now["last_error"] is None
        else:
            assert remark.lower() in (played.now["last_error"] or "").lower()
        assert sum(poll["new"] for poll in played.polls) == len(played.entries)

    return check


@contextlib.contextmanager
def environment(**values: str) -> Iterator[None]:
    """Set environment variables for the processes that the body starts; a cluster that polls is one in it."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        if not engine_keys():
            yield
            return
        from dask_cluster import running_dask

        usual = os.environ["WIREROOM_TEST_SCHEDULER"]
        with running_dask() as dask:
            os.environ["WIREROOM_TEST_SCHEDULER"] = dask.address
            try:
                yield
            finally:
                os.environ["WIREROOM_TEST_SCHEDULER"] = usual
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
