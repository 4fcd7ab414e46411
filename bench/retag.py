"""How fast is a retag? `python bench/retag.py [--stories N] [--rules N] [--topics N]`, from the repository's root.

Makes an archive of invented stories (words by Zipf's law, 300 a story), one entry each, and retags it twice: when all
tags are new, and when none is. Prints stories a second of CPU, and how long a step held up the writer.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from itertools import accumulate
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from datetime import UTC, datetime

from db.archive import open_writer
from db.desk import DraftDesk
from db.index import index_stories
from db.query import parse
from db.retag import extent, fronts
from ingest.grouping import Grouping
from ingest.tag import Desks, Rule, Topic
from wireroom.retag import FIRST, Retagger, Sums, fitting

WORDS, A_STORY = 30_000, 300


def make(path: Path, stories: int, topics: int) -> None:
    """Write the archive."""
    chance, db = random.Random(1), open_writer(path)
    weights = list(accumulate(1 / n for n in range(1, WORDS + 1)))
    words = [f"w{n:x}" for n in range(WORDS)]
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA foreign_keys = OFF")  # a story and its lead name each other
    db.execute("BEGIN")
    for n in range(1, 501):
        db.execute("INSERT INTO sources (id, config_id, url, added_at) VALUES (?, ?, '', '')", [n, f"source-{n}"])
    for n in range(1, topics + 1):
        db.execute("INSERT INTO topics (id, config_id, title, urn, created_at) VALUES (?1, ?1, '', 'u' || ?1, '')", [n])
    for n in range(1, stories + 1):
        text = " ".join(chance.choices(words, cum_weights=weights, k=A_STORY))
        seen = f"2026-{n * 12 // (stories + 1) + 1:02}-01T00:00:00Z"
        db.conn.execute(
            "INSERT INTO stories (id, title, text, first_seen, updated, lead_entry_id, language, words) "
            "VALUES (?, ?, ?, ?, '', ?, 'en', ?)",
            [n, text[:60], text, seen, n, A_STORY],
        )
        db.conn.execute("INSERT INTO bodies (id, html) VALUES (?, '')", [n])
        db.conn.execute(
            "INSERT INTO entries (id, source_id, story_id, joined_by, title, body_id, version, first_seen, "
            "categories) VALUES (?1, ?, ?1, 'first', ?, ?1, 0, ?, ?)",
            [n, n % 500 + 1, text[:60], seen, f'["c{n % 40}"]'],
        )
    index_stories(db)
    db.execute("COMMIT")
    db.close()


def desks(rules: int, topics: int) -> Desks:
    """Make a config: rules of two words, of phrases and prefixes; topics of tags, words and what they leave out."""
    chance = random.Random(2)

    def word() -> str:
        return f"w{chance.randint(20, 3000):x}"

    shapes = ("{0} {1}", '"{0} {1}" OR {2}', "{0}* AND NOT {1}", "title:{0} OR category:c7 {1}", "({0} OR {1}) AND {2}")
    return Desks(
        source_tags={n: (("desk", f"d{n % 9}", f"source-{n}"),) for n in range(1, 501)},
        rules=tuple(
            Rule(id=f"r{n}", kind="subject", name=f"s{n}", query=parse(shapes[n % 5].format(word(), word(), word())))
            for n in range(rules)
        ),
        topics=tuple(
            Topic(id=n + 1, query=parse(f"subject:s{n % max(1, rules)} OR ({word()} AND NOT desk:d{n % 9})"))
            for n in range(topics)
        ),
    )


def run(path: Path, made: Desks) -> tuple[Sums, float, list[float]]:
    """Retag it all, each step committed → what it did, seconds of CPU, and of each step."""
    db, desk = open_writer(path), DraftDesk()
    after, until, _ = extent(db, "")
    doing = Retagger(
        desks=made,
        grouping=Grouping(),
        now=datetime.now(UTC),
        desk=desk,
        since="",
        until=until,
        fronts=fronts(db),
    )
    sums, took, at_once, began = Sums(), [], FIRST, time.process_time()
    last: int | None = after
    while last is not None:
        since = time.monotonic()
        db.execute("BEGIN IMMEDIATE")
        done, last = doing.step(db, after, at_once)
        db.execute("COMMIT")
        took.append(time.monotonic() - since)
        at_once = fitting(at_once, took[-1])
        after, sums = last or 0, sums + done
    cpu = time.process_time() - began
    db.close()
    return sums, cpu, took


def main() -> None:
    """Make, retag twice, print."""
    asked = argparse.ArgumentParser(description=__doc__)
    for name, default in (("--stories", 20_000), ("--rules", 100), ("--topics", 50)):
        asked.add_argument(name, type=int, default=default)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wireroom.db"
        make(path, given.stories, given.topics)
        made = desks(given.rules, given.topics)
        for what in ("first", "again"):
            sums, cpu, took = run(path, made)
            took.sort()
            print(
                f"{what}: {sums.stories} stories, {sums.changed} changed, {sums.stories / cpu:.0f} stories/s of CPU; "
                f"steps: median {took[len(took) // 2] * 1000:.0f} ms, longest {took[-1] * 1000:.0f} ms"
            )


if __name__ == "__main__":
    main()
