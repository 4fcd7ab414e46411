"""A process that has an archive written by children, and kills them: `killed_grouping.py FOLDER KILLS REGROUP_KILLS`.

It has one thread, so that children are forked from it with all that they need in memory: what a kill interrupts is
work on the archive, not a start.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import db.compare
from db.regroup import standing
from db.writer import Job, run_batch
from factory import minting
from ingest.grouping import Grouping
from newsroom import Newsroom
from random_news import rounds
from regrouped import regrouper

SOURCES = ("wire", "post", "herald", "echo", "star")
ROUNDS = rounds(11, SOURCES, 30 + 3 * int(sys.argv[2]), reports=60)
LATER = rounds(12, SOURCES, 50, reports=25)
AFTER, WITHIN_S = 2, 0.02
"""A child is killed after at most so many transactions and then so many seconds: about what a transaction takes."""


def polling(path: Path, *, in_danger: bool = True) -> Iterator[None]:
    """Poll one round after the other, from where the archive stands, each in a transaction."""
    room = Newsroom(path, SOURCES)
    if not in_danger:
        room.db.execute("PRAGMA synchronous = OFF")
    for one in ROUNDS[room.value("SELECT count(*) FROM polls") :]:
        room.poll(one.source, *one.printed, hour=one.hour)
        yield


def regrouping(path: Path) -> Iterator[None]:
    """Regroup what was polled when nothing was compared, from where that stands, each step in a transaction."""
    room = Newsroom(path, SOURCES, match="sources:>=2")
    while room.value("SELECT version FROM grouping") == 0:
        at = standing(room.db)
        doing = replace(regrouper(room, at_once=3), mint=minting(f"{at.stage} {at.done}"))
        job = Job(doing.step)
        run_batch(room.db, [job], give_up=lambda: True)
        job.future.result()
        yield


def killed(work: Callable[[Path], Iterator[None]], path: Path, kills: int, seed: int) -> int:
    """Have children do the work, each killed at a random moment → how often that was; the last one ends it."""
    chance = random.Random(seed)
    for number in range(kills):
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                for _ in work(path):
                    os.write(writes, b".")
                os._exit(0)
            finally:
                os._exit(1)
        os.close(writes)
        for _ in range(chance.randint(0, AFTER)):
            os.read(reads, 1)
        time.sleep(chance.uniform(0, WITHIN_S))
        os.kill(child, signal.SIGKILL)
        os.close(reads)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            print(
                f"child {number} ended with {os.waitstatus_to_exitcode(status)} before it was killed", file=sys.stderr
            )
            return number
    for _ in work(path):
        pass
    return kills


def compared(one: Path, other: Path) -> dict[str, object]:
    """Compare two archives → the tables in which they differ, what the first one's file is like, and what it has."""
    rooms = Newsroom(one, SOURCES), Newsroom(other, SOURCES)
    first, second = (room.content() for room in rooms)
    return {
        "differ": [table for table in first if first[table] != second[table]],
        "integrity": rooms[0].value("PRAGMA integrity_check"),
        "foreign": rooms[0].db.execute("PRAGMA foreign_key_check").fetchall(),
        "rows": {table: len(rows) for table, rows in first.items()},
        "learned": rooms[0].value("SELECT learned FROM grouping"),
    }


def main(folder: Path, kills: int, regroup_kills: int) -> None:
    """Do both, once killed and once not, and print what came of it."""
    db.compare.LEARN_STORIES = 15
    for _ in polling(folder / "whole.db", in_danger=False):
        pass
    found = {"kills": killed(polling, folder / "killed.db", kills, 1)}
    told = {"polls": {**found, **compared(folder / "killed.db", folder / "whole.db")}}

    room = Newsroom(folder / "early.db", SOURCES, Grouping(dedupe="exact", level="off"), match="sources:>=2")
    room.db.execute("PRAGMA synchronous = OFF")
    for one in LATER:
        room.poll(one.source, *one.printed, hour=one.hour)
    room.db.close()
    shutil.copy(folder / "early.db", folder / "late.db")
    for _ in regrouping(folder / "early.db"):
        pass
    found = {"kills": killed(regrouping, folder / "late.db", regroup_kills, 2)}
    told["regroup"] = {**found, **compared(folder / "late.db", folder / "early.db")}
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
