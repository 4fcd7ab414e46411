"""The contestants of ``bench/poll.py`` from outside: each is started, told to poll, measured. IO: processes, files.

Wireroom, the ``reader`` library and the bare loop are each one living process (``bench/contestant.py``) with its
children; newsboat is a process for each round, since that is how it polls without a terminal.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from documents import common_word
from watch import Peak, cpu_s, memory_watched

ROOT = Path(__file__).parent.parent
NEWSBOAT_ALONE = r'"query:none:unread = \"yes\""'
"""What newsboat is given where it shall poll nothing: without any address it only complains."""

READER_MEND = "`pip install reader sgmllib3k` into any environment"
"""Its copy of feedparser imports the second, which feedparser itself does not bring any more since 6.0.14."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is polled, and how. ``at_once``: connections of the bare loop, threads of ``reader`` and newsboat.

    ``dedupe``, ``grouping`` and ``names``: how far Wireroom compares texts, and whether it looks for known names and
    subjects in them; none of the others does.
    """

    addresses: list[str]
    port: int
    at_once: int
    topics: int
    rounds: tuple[str, ...]
    reader_python: str
    reader_search: bool
    quiet: bool
    dedupe: str = "exact"
    grouping: str = "off"
    names: bool = False


@dataclass(slots=True, kw_only=True)
class Spent:
    """What something took, all processes together; ``main_s``: CPU of the first of them alone."""

    wall_s: float
    cpu_s: float
    main_s: float
    peak: Peak
    told: dict[str, Any] = field(default_factory=dict)


class Living:
    """A contestant that lives from round to round."""

    def __init__(self, name: str, folder: Path, options: Options) -> None:
        settings = {
            "folder": str(folder),
            "addresses": options.addresses,
            "at_once": options.at_once * 5,  # it waits in no thread
            "reader_workers": options.at_once,
            "reader_search": options.reader_search,
            "quiet": options.quiet,
        }
        (folder / "settings.json").write_text(json.dumps(settings))
        python = sys.executable
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        if name == "wireroom":
            (folder / "config.toml").write_text(wireroom_config(options))
        if name == "reader":
            python = options.reader_python
            del environment["PYTHONPATH"]
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [python, str(ROOT / "bench" / "contestant.py"), name, str(folder / "settings.json")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            start_new_session=True,
        )

    def do(self, command: str) -> Spent:
        """Have it do something. Raises RuntimeError where it ended instead."""
        with memory_watched(self._process.pid) as peak:
            before, wall = (0.0, 0.0) if command == "start" else cpu_s(self._process.pid), time.monotonic()
            told = self.ask(command)
            wall_s = time.monotonic() - wall
            uncounted_s = told.pop("uncounted_s", 0)
            spent_s, main_s = (
                now - then - uncounted_s for now, then in zip(cpu_s(self._process.pid), before, strict=True)
            )
        return Spent(wall_s=wall_s, cpu_s=spent_s, main_s=main_s, peak=peak, told=told)

    def start(self) -> Spent:
        """Have it make ready."""
        return self.do("start")

    def ask(self, command: str) -> dict[str, Any]:
        """Send a command → its answer. Raises RuntimeError where the contestant ended instead."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            tail = Path(self._log.name).read_text(errors="replace")[-2000:]
            raise RuntimeError(f"it ended with code {self._process.wait()} at {command!r}:\n{tail}")
        told: dict[str, Any] = json.loads(line)
        return told

    def poll(self) -> Spent:
        """Poll all sources once."""
        return self.do("poll")

    def kept(self) -> int | None:
        """Count the entries that it has; None: it keeps nothing."""
        return self.ask("count").get("kept")

    def close(self) -> Spent:
        """End it."""
        spent = self.do("close")
        self._process.wait()
        self._log.close()
        return spent


class Newsboat:
    """``newsboat -x reload``, a process for each round."""

    def __init__(self, folder: Path, options: Options) -> None:
        self._folder = folder
        self._cache = folder / "cache.db"
        (folder / "config").write_text(f"reload-threads {options.at_once}\n")
        (folder / "urls").write_text("\n".join(options.addresses) + "\n")
        (folder / "no-urls").write_text(NEWSBOAT_ALONE + "\n")

    def start(self) -> Spent:
        """Tell what a reload of no feed costs."""
        return self._run("no-urls", self._folder / "no-cache.db")

    def poll(self) -> Spent:
        """Reload all."""
        return self._run("urls", self._cache)

    def kept(self) -> int | None:
        """Count the items that it has."""
        with closing(sqlite3.connect(self._cache)) as db:
            count: int = db.execute("SELECT count(*) FROM rss_item").fetchone()[0]
            return count

    def close(self) -> Spent:
        """It has ended."""
        return Spent(wall_s=0, cpu_s=0, main_s=0, peak=Peak())

    def _run(self, urls: str, cache: Path) -> Spent:
        files = ["-u", str(self._folder / urls), "-c", str(cache), "-C", str(self._folder / "config")]
        wall = time.monotonic()
        with (self._folder / "log").open("wb") as log:
            process = subprocess.Popen(
                ["newsboat", "-q", *files, "-x", "reload"],
                stdout=log,
                stderr=log,
                env={**os.environ, "HOME": str(self._folder)},
                start_new_session=True,
            )
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"newsboat: {(self._folder / 'log').read_text(errors='replace')}")
        most = usage.ru_maxrss / 1024
        spent_s = usage.ru_utime + usage.ru_stime
        peak = Peak(largest=most, together=most)
        return Spent(wall_s=time.monotonic() - wall, cpu_s=spent_s, main_s=spent_s, peak=peak)


def wireroom_config(options: Options) -> str:
    """Write Wireroom's config: no pause, many connections, a topic or more that take some of the stories."""
    lines = ["[wireroom]", f'dedupe = "{options.dedupe}"', f'grouping = "{options.grouping}"']
    lines += [] if options.names else ["gazetteer = false", 'vocabulary = "off"']
    lines += ["[poll]", 'pause = "0s"', "per_host = 20", f'allow = ["127.0.0.0/8:{options.port}"]']
    for number, url in enumerate(options.addresses):
        lines += ["[[source]]", f'id = "s{number}"', f'url = "{url}"']
    for number in range(options.topics):
        lines += ["[[topic]]", f'id = "t{number}"', f'title = "Topic {number}"', f'match = "{common_word()}"']
    return "\n".join(lines)


def missing(name: str, options: Options) -> str | None:
    """Say why a contestant can't take part, and the mend."""
    if name == "newsboat" and shutil.which("newsboat") is None:
        return "it is not installed (a package of that name in most systems)"
    if name == "reader":
        try_it = (
            "import reader; reader.make_reader(':memory:').add_feed('http://localhost/')"  # imports all that it needs
        )
        found = subprocess.run([options.reader_python, "-c", try_it], capture_output=True, text=True, check=False)
        if found.returncode:
            return (
                f"{options.reader_python} can't run it ({found.stderr.strip().rpartition(chr(10))[2]}); "
                f"{READER_MEND}, and name its Python by --python-reader or READER_PYTHON"
            )
    return None
