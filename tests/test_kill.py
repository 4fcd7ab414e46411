"""`kill -9` at random moments of a busy daemon: what was reported is there, once, and nothing is published twice.

Bounded to a minute here; `make torture` runs WIREROOM_KILLS=1000.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lxml import etree

from growing import CONFIG, SOURCES, GrowingOrigin
from house import ROOT, House, until, zygote
from origin import running_origin
from zygote import Begun

KILLS = int(os.environ.get("WIREROOM_KILLS", "50"))
SECONDS = 55 if KILLS <= 50 else KILLS * 3


def reported(house: House, from_line: int) -> tuple[dict[str, int], int]:
    """Read from the log how many entries each source's newest reported document had → by source, and the lines read."""
    lines = (house.folder / "daemon.log").read_bytes().splitlines()
    newest: dict[str, int] = {}
    for line in lines[from_line:]:
        try:
            said = json.loads(line)
        except ValueError:  # the kill cut this line
            continue
        if said.get("event") == "poll" and said.get("outcome") == "ok":
            newest[said["source"]] = said["entries"]
    return newest, len(lines)


def check(house: House, newest: dict[str, int], published: dict[str, set[str]]) -> None:
    """Hold the archive and the published files against what was reported."""
    assert house.rows("PRAGMA integrity_check") == [("ok",)]
    assert house.rows("PRAGMA foreign_key_check") == []
    assert house.rows("SELECT source, guid FROM coverage GROUP BY 1, 2 HAVING count(*) > 1") == []
    for source, count in newest.items():
        there = {guid for (guid,) in house.rows("SELECT guid FROM coverage WHERE source = ?", source)}
        assert {f"id-{source}-{n}" for n in range(1, count + 1)} <= there
    assert house.rows("SELECT title FROM stories GROUP BY 1 HAVING count(*) > 1") == [], "copies are one story"
    for file in (house.folder / "public" / "topics").glob("all.rss"):
        for shown in etree.fromstring(file.read_bytes()).iterfind("channel/item"):
            published[str(shown.findtext("title"))].add(str(shown.findtext("guid")))
    assert all(len(ids) == 1 for ids in published.values()), "a story under two ids"


@contextlib.contextmanager
def forked_daemon(house: House) -> Iterator[Begun]:
    """Run a daemon that has read the program already: most of a start is that, and nothing of ours is written in it."""
    with (house.folder / "daemon.log").open("ab") as log:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        with zygote().begin(["run"], house.folder, env, (log.fileno(), log.fileno())) as begun:
            yield begun


def torture(folder: Path, seed: int, kills: int) -> int:
    """Kill a daemon ``kills`` times, or until the time is up, and check after each → how often it was killed."""
    folder.mkdir()
    house, moments = House(folder), random.Random(seed)
    published: defaultdict[str, set[str]] = defaultdict(set)
    killed, line = 0, 0
    deadline = time.monotonic() + SECONDS
    with running_origin() as origin:
        growing = GrowingOrigin(origin)
        poll = 'floor = "0s"\nceiling = "1s"'
        house.configure({name: origin.url(f"/{name}") for name in SOURCES}, CONFIG, allow=origin.port, poll=poll)
        while killed < kills and time.monotonic() < deadline:
            asked = len(origin.asked)
            with forked_daemon(house) as daemon:
                until(lambda before=asked: len(origin.asked) > before, "the daemon polls nothing")  # type: ignore[misc]
                time.sleep(moments.uniform(0, 0.5))
                os.kill(daemon.pid, signal.SIGKILL)
                daemon.wait(60)
            killed += 1
            newest, line = reported(house, line)
            check(house, newest, published)
        with house.daemon():
            items = growing.items
            until(lambda: house.rows("SELECT count(*) FROM stories")[0][0] >= items, "the archive does not catch up")
        print(f"{killed} kills, {growing.items} items, {len(origin.asked)} requests")
    check(house, {}, published)
    assert house.rows("SELECT count(*) FROM published")[0][0] == house.rows("SELECT count(*) FROM stories")[0][0]
    return killed


def test_nothing_is_lost_or_doubled_by_kill_9(tmp_path: Path) -> None:
    """Killed again and again, at any moment, two daemons go on where their archives stand."""
    zygote()  # made before two threads ask for it at once
    with ThreadPoolExecutor(2) as both:
        tortures = [both.submit(torture, tmp_path / str(seed), seed, KILLS // 2) for seed in (1, 2)]

    assert sum(one.result() for one in tortures) >= min(KILLS, 20), "too slow to tell"
