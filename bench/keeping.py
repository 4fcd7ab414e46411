"""What pruning costs: of so many stories the older half goes, step by step. `python bench/keeping.py [STORIES]`.

The archive is made by SQL alone, of invented words in the numbers that English has, and lies in a folder that is thrown
away. Printed: how long it took, how long the longest step held up the writer, and the size of the file before, after
the stories were gone, and after free pages were given back.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlite_utils import Database

from db.archive import open_writer
from db.expired import Wanted, bounds
from db.index import index_stories
from db.keeping import Except, Keep
from db.times import iso
from db.vacuum import room
from db.writer import Job, run_batch
from wireroom.pruning import At, Plan, step

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SOURCES, VOCABULARY = 100, 50_000


def main(stories: int) -> None:
    """Make the archive, prune it, print a row of Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        db = made(Path(folder) / "wireroom.db", stories)
        before = room(db).size
        asked = Wanted(keep=Keep(stories_s=2 * 365 * 86_400), excepted=Except(published=False))
        plan = Plan(bounds=bounds(db, asked, NOW), revisions="", polls="", now=iso(NOW))
        held, at, sums, emptied = [], At(), 0, 0
        began = time.monotonic()
        while at.stage is not None:
            if at.stage == "vacuum" and not emptied:
                emptied = room(db).size - room(db).free
            started, worked = time.monotonic(), time.thread_time()
            job = Job(partial(step, plan=plan, at=at))
            run_batch(db, [job], give_up=lambda: True)
            stage = at.stage
            done, at = job.future.result()
            held.append((time.monotonic() - started, time.thread_time() - worked, stage))
            sums += done.stories.total()
        took = time.monotonic() - began
        for name in ("stories", "vacuum"):
            for n, clock in enumerate(("by the clock", "of work")):
                some = sorted(one[n] for one in held if one[2] == name) or [0.0]
                p50, p99 = (some[len(some) * share // 100] * 1000 for share in (50, 99))
                print(
                    f"{name}, {clock}: {len(some)} steps, p50 {p50:.1f} ms, p99 {p99:.1f} ms, "
                    f"longest {some[-1] * 1000:.0f} ms, together {sum(some):.0f} s"
                )
        mb = 1_000_000
        print(
            f"{sums} of {stories} stories in {took:.0f} s; {before / mb:.0f} MB, of which then {emptied / mb:.0f} MB "
            f"were full, {room(db).size / mb:.0f} MB after"
        )


def made(path: Path, stories: int) -> Database:
    """Make an archive of so many stories, first seen evenly over four years."""
    db = open_writer(path)
    chance = random.Random(1)
    words = [f"w{chance.randrange(10**6):x}" for _ in range(VOCABULARY)]
    often = list(accumulate(1 / (n + 3) for n in range(VOCABULARY)))
    sentences = [" ".join(chance.choices(words, cum_weights=often, k=12)) + "." for _ in range(30_000)]
    db.execute("BEGIN")
    for n in range(1, SOURCES + 1):
        db.execute("INSERT INTO sources (id, config_id, url, added_at) VALUES (?1, 's' || ?1, '', '')", [n])
    db.execute("INSERT INTO tags (id, kind, name) VALUES (1, 'lang', 'en'), (2, 'desk', 'world')")
    db.execute("COMMIT")
    for first in range(1, stories + 1, 1000):
        db.execute("BEGIN")
        insert(db, chance, range(first, min(first + 1000, stories + 1)), stories, sentences)
        index_stories(db)
        db.execute("COMMIT")
    return db


def insert(db: Database, chance: random.Random, ids: range, stories: int, sentences: list[str]) -> None:
    """Insert stories of one entry each."""
    seen = {n: iso(NOW - timedelta(days=4 * 365) * (1 - n / stories)) for n in ids}
    texts = {n: " ".join(chance.choices(sentences, k=chance.randrange(10, 40))) for n in ids}
    run = db.conn.executemany
    run("INSERT INTO stories (id, title, text, url, language, first_seen, updated, words) "
        "VALUES (?1, ?2, ?3, ?4, 'en', ?5, ?5, 300)",
        [(n, texts[n][:60], texts[n], f"https://news.example/{n}", seen[n]) for n in ids])  # fmt: skip
    run(
        "INSERT INTO bodies (id, html, text) VALUES (?, ?, NULL)",
        [(n, f"<p>{texts[n]}</p>") for n in ids],
    )
    run(
        "INSERT INTO entries (id, source_id, story_id, joined_by, own_id, url, title, author, body_id, version, "
        "first_seen, last_seen) "
        "VALUES (?1, 1 + ?1 % 100, ?1, 'first', '', ?2, ?3, 'By ' || (?1 % 5000), ?1, ?1, ?4, ?4)",
        [(n, f"https://news.example/{n}", texts[n][:60], seen[n]) for n in ids],
    )
    run("UPDATE stories SET lead_entry_id = ?1 WHERE id = ?1", [(n,) for n in ids])
    run(
        "INSERT INTO entry_keys (key, entry_id, kind) VALUES (?, ?, ?)",
        [(chance.getrandbits(62), n, kind) for n in ids for kind in ("id", "loose_id", "link", "print")],
    )
    run(
        "INSERT INTO story_tags (story_id, tag_id, origin, why) VALUES (?, ?, 'source', 's')",
        [(n, tag) for n in ids for tag in (1, 2)],
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
