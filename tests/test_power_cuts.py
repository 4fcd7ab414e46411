"""The power goes at any moment: what was reported is there, once; what was published is known; no file is torn.

A daemon's writes and fsyncs are recorded by strace while it polls, publishes, is stopped, killed and started anew; then
the folder is laid out as a cut may leave it, with what was not synced lost or torn, and opened (tests/power_cuts.py).
`make torture` runs WIREROOM_CUTS=10000.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlite_utils import Database

from db.archive import ArchiveError, open_writer
from db.invariants import NEVER
from growing import CONFIG, SOURCES, GrowingOrigin
from house import ROOT, House, until
from origin import Origin, running_origin
from power_cuts import MODES, STRACE, Call, Disk, Event, Mode, calls, laid_out

CUTS = int(os.environ.get("WIREROOM_CUTS", "120"))
ITEMS = 30 if CUTS <= 1000 else 60
"""So many items come in during each of the three recorded runs."""
PROCESSES = 2
RESTARTS = max(2, CUTS // 500 * 2)
"""On so many of what the cuts leave a daemon is started, which has to go on as if nothing had been."""
GUID = re.compile(rb"urn:uuid:[0-9a-f-]{36}")
MORE = """
[[topic]]
id = "odd"
title = "Odd"
match = "subject:odd"
limit = 5
"""

pytestmark = [
    pytest.mark.skipif(not shutil.which("strace"), reason="needs strace, to record what is written and synced"),
    pytest.mark.skipif(not os.environ.get("WIREROOM_TEST_ALL"), reason="`make test-all` and `make torture` run it"),
]


def recorded(house: House, trace: Path) -> subprocess.Popen[bytes]:
    """Start a daemon whose calls are written down."""
    with (house.folder / "daemon.log").open("ab") as log:
        return subprocess.Popen(
            [*STRACE, "-D", "-o", str(trace), sys.executable, "-m", "wireroom", "run"],
            cwd=house.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def record(folder: Path, growing: GrowingOrigin, origin: Origin) -> list[Path]:
    """Have a daemon poll and publish; stop it, kill it, start it anew → the traces, one for each start."""
    house = house_at(folder, origin)
    traces = []
    for number, ending in enumerate((signal.SIGTERM, signal.SIGKILL, signal.SIGTERM)):
        traces.append(folder.with_name(f"trace-{number}"))
        process = recorded(house, traces[-1])
        try:
            wanted = growing.items + ITEMS
            until(lambda: growing.items >= wanted, "the daemon polls nothing", 60 + 3 * ITEMS)  # noqa: B023
        finally:
            os.kill(process.pid, ending)
            process.wait(60)
    return traces


def house_at(folder: Path, origin: Origin) -> House:
    """Make a daemon's folder, or write the config of one that is there."""
    folder.mkdir(exist_ok=True)
    house = House(folder)
    sources = {name: origin.url(f"/{name}") for name in SOURCES}
    house.configure(sources, CONFIG + MORE, allow=origin.port, poll='floor = "0s"\nceiling = "1s"')
    return house


def goes_on(folder: Path, growing: GrowingOrigin, origin: Origin) -> None:
    """Start a daemon on what a cut left: it gets all that there is, each once, and publishes each once."""
    house = house_at(folder, origin)
    with house.daemon():
        items = growing.items
        count = "SELECT count(DISTINCT story_id) FROM published WHERE topic = 'all'"
        until(lambda: house.rows(count)[0][0] >= items, "it does not catch up", 60)
    assert house.rows("SELECT title FROM stories GROUP BY 1 HAVING count(*) > 1") == []
    assert house.rows("SELECT source, guid FROM coverage GROUP BY 1, 2 HAVING count(*) > 1") == []
    twice = "SELECT topic, title FROM published JOIN stories s ON s.id = story_id GROUP BY 1, 2 HAVING count(*) > 1"
    assert house.rows(twice) == []


@dataclass
class Known:
    """What a person who watches knows when the power goes."""

    reported: dict[str, int] = field(default_factory=dict)
    """By source how many entries the newest document had of which the log said that it is in the archive."""
    announced: set[str] = field(default_factory=set)
    """The ids of items that stood in a published file."""
    whole: dict[str, set[bytes]] = field(default_factory=dict)
    """By path all that a published file ever was."""
    rest: bytes = b""

    def note(self, event: Event) -> None:
        """Take notice."""
        if event.path:
            self.whole.setdefault(event.path, set()).add(event.text)
            if event.path.endswith((".rss", ".atom", ".json")):
                self.announced |= {guid.decode() for guid in GUID.findall(event.text)}
            return
        *lines, self.rest = (self.rest + event.text).split(b"\n")
        for line in lines:
            try:
                said = json.loads(line)
            except ValueError:  # the kill cut this line
                continue
            if said.get("event") == "poll" and said.get("outcome") == "ok":
                self.reported[said["source"]] = said["entries"]


def wrong(folder: Path, files: dict[str, bytes], known: Known) -> list[str]:
    """Open what a cut left → what is wrong with it: lost, double, torn."""
    found = [f"torn: {path}" for path, data in files.items() if path in known.whole and data not in known.whole[path]]
    try:
        db = open_writer(folder / "wireroom.db")
    except ArchiveError as error:
        return [*found, f"torn: {error}"]
    with closing(db):
        found += [f"torn: {line}" for (line,) in db.execute("PRAGMA integrity_check") if line != "ok"]
        found += [f"torn: {row}" for row in db.execute("PRAGMA foreign_key_check")]
        found += [f"torn: {what}" for what, sql in NEVER.items() if db.execute(sql).fetchone()]
        try:
            db.execute("INSERT INTO stories_fts (stories_fts, rank) VALUES ('integrity-check', 1)")
        except sqlite3.DatabaseError as error:
            found.append(f"torn: search index: {error}")
        found += lost(db, known)
        twice = "SELECT title FROM stories GROUP BY 1 HAVING count(*) > 1"
        found += [f"double: {title}" for (title,) in db.execute(twice)]
        twice = "SELECT source || guid FROM coverage GROUP BY 1 HAVING count(*) > 1"
        found += [f"double: {entry}" for (entry,) in db.execute(twice)]
    return found


def lost(db: Database, known: Known) -> list[str]:
    """Look for what was reported, covered by a validator, or announced, and is not in the archive."""
    there: dict[str, set[str]] = {}
    for source, guid in db.execute("SELECT source, guid FROM coverage"):
        there.setdefault(source, set()).add(guid)
    covered = dict(db.execute("SELECT config_id, etag FROM sources WHERE etag IS NOT NULL").fetchall())
    found = []
    for source in SOURCES:
        for why, count in (
            ("reported", known.reported.get(source, 0)),
            ("covered", int(covered.get(source, "0").strip('"'))),
        ):
            missing = {f"id-{source}-{n}" for n in range(1, count + 1)} - there.get(source, set())
            found += [f"lost: {entry} was {why}" for entry in sorted(missing)]
    selected = {guid for (guid,) in db.execute("SELECT guid FROM selections UNION SELECT urn FROM topics")}
    return [*found, *(f"lost: {guid} was announced" for guid in sorted(known.announced - selected))]


def replayed(traces: list[Path], house: Path, cuts: int, seed: int, kept: Path) -> tuple[Counter[str], list[str]]:
    """Replay the recording, and cut the power at so many moments of it → (how often in which way, what is wrong)."""
    chance = random.Random(seed)
    done: list[Call] = []
    for trace in traces:
        done += calls(trace, done[-1].ended + 1 if done else 0)
    disk, known = Disk(house, house / "daemon.log"), Known()
    touching = [n for n, call in enumerate(done) if any(disk.ours(path) for path in touched(call))]
    moments = Counter(chance.choices(touching, k=cuts))
    keep = set(chance.sample(range(cuts), RESTARTS // PROCESSES))
    told, most = Counter[str](), Counter[str]()
    found: list[str] = []
    for number, call in enumerate(done):
        for event in disk.take(call):
            known.note(event)
        for _ in range(moments[number]):
            mode: Mode = chance.choice(MODES)
            with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as place:
                files = disk.after_cut(chance, mode)
                laid_out(files, str(house), Path(place))
                if told.total() in keep:
                    laid_out(files, str(house), kept / f"{seed}-{told.total()}")
                bad = wrong(Path(place), files, known)
            told[mode] += 1
            most["unsynced"] += sum(len(file.pending) for file in disk.seen.values())
            most["reported"] = sum(known.reported.values())
            found += [f"call {number} ({call.name}), {mode}: {each}" for each in bad]
    return told + most, found


def touched(call: Call) -> list[str]:
    """Name the files that a call is about."""
    return [*call.paths(), *(one.decode("utf-8", "replace") for one in call.strings() if one[:1] == b"/")]


def test_power_cuts_lose_double_and_tear_nothing(tmp_path: Path) -> None:
    """At any moment, whatever of the unsynced is lost or torn."""
    began, house = time.monotonic(), tmp_path / "house"
    with running_origin() as origin:
        growing = GrowingOrigin(origin)
        traces = record(house, growing, origin)
        with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as both:
            share = CUTS // PROCESSES
            done = [both.submit(replayed, traces, house, share, seed, tmp_path / "cut") for seed in range(PROCESSES)]
            results = [one.result() for one in done]
        left = sorted((tmp_path / "cut").iterdir())
        for folder in left:
            goes_on(folder, growing, origin)
    told = sum((each for each, _ in results), Counter())
    wrongs = [each for _, found in results for each in found]
    kinds = Counter(each.split(": ")[1] for each in wrongs)
    cuts = {mode: told[mode] for mode in MODES}
    print(
        f"{sum(cuts.values())} power cuts: {cuts}, {told['unsynced'] // sum(cuts.values())} unsynced writes at a time, "
        f"{told['reported'] // PROCESSES} entries reported by the end; lost {kinds['lost']}, double {kinds['double']}, "
        f"torn {kinds['torn']}; {len(left)} started anew; {time.monotonic() - began:.0f} s"
    )

    assert wrongs == []
    assert told["reported"] > ITEMS
    assert told["unsynced"] > 0
    assert len(left) == RESTARTS
