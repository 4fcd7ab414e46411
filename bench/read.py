"""What pages, programs and live feeds cost in a large archive: `python bench/read.py --stories 1000000`.

An archive of invented stories is made in `--folder` (a million take 6.5 GB and some six minutes), unless it is there
already. Words are as frequent as in a language (the n-th most common one a n-th as often), a fifth of the stories have
several sources, half are of some event, one in fifty is dropped. Printed is the best of three, milliseconds.
IO: sqlite, files.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate, product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlite_utils import Database

from db.archive import open_reader, open_writer
from db.found import facets_of, find_stories, volume
from db.live_read import origin_of, stamp_of, story_items
from db.query import parse
from db.source_read import read_source, read_sources
from db.story_read import read_story
from db.tag_read import read_tags
from db.times import iso

NOW = datetime(2026, 11, 26, tzinfo=UTC)
YEAR_S = 365 * 86_400
SOURCES, POLLS_A_STORY, TEXTS, WORDS, AT_ONCE = 500, 2, 20_000, 150, 20_000
FIRST = ("ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu")
SECOND = ("lan", "mer", "tis", "von", "kar", "del", "rin", "sor")
ENDS = ("", "a", "en", "ic", "ow", "is", "us", "ly", "er", "al")
TAGS = [
    *(("place", f"p{n}") for n in range(300)),
    *(("topic", f"t{n}") for n in range(50)),
    *(("lang", "en"), ("lang", "de")),
    *(("keyword", f"k{n}") for n in range(20_000)),
]
QUERIES = (
    *("", "balan", "balanow*", "vusoral", "place:p5", "topic:t1", "keyword:k19000", "source:s7", "lang:de"),
    *("sources:>=3", "sources:>=5 lang:de", "seen:>=now-2d", "has:event", "place:p5 OR source:s9", "source:s7 balan"),
)


def make(path: Path, count: int) -> None:
    """Make the archive, past the writer."""
    db = open_writer(path)
    chance = random.Random(1)
    words = ["".join(parts) for parts in product(FIRST, SECOND, ENDS)]
    often = list(accumulate(1 / n for n in range(1, len(words) + 1)))
    texts = [" ".join(chance.choices(words, cum_weights=often, k=WORDS)) for _ in range(TEXTS)]
    for pragma in ("synchronous = OFF", "foreign_keys = OFF", "journal_mode = OFF"):
        db.execute(f"PRAGMA {pragma}")
    start = NOW - timedelta(seconds=YEAR_S)
    db.execute("BEGIN")
    db.conn.executemany(
        "INSERT INTO sources (id, config_id, url, title, added_at) VALUES (?1, 's' || ?1, '', 'Source ' || ?1, '')",
        [(n,) for n in range(1, SOURCES + 1)],
    )
    db.conn.executemany("INSERT INTO tags (id, kind, name) VALUES (?, ?, ?)", [(n, *t) for n, t in enumerate(TAGS, 1)])
    db.conn.executemany(
        "INSERT INTO polls (source_id, started_at, duration_ms, outcome, bytes, entries, new, changed) "
        "VALUES (?, ?, 9, 'ok', 1, 1, 1, 0)",
        [
            (n % SOURCES + 1, iso(start + timedelta(seconds=YEAR_S * n / count / POLLS_A_STORY)))
            for n in range(POLLS_A_STORY * count)
        ],
    )
    db.execute("COMMIT")
    entry = 0
    for first in range(1, count + 1, AT_ONCE):
        db.execute("BEGIN")
        for story in range(first, min(first + AT_ONCE, count + 1)):
            seen, language = (
                iso(start + timedelta(seconds=YEAR_S * story / count)),
                chance.choice(("en",) * 4 + ("de",)),
            )
            title, text = " ".join(chance.choices(words, cum_weights=often, k=8)), chance.choice(texts)
            withheld, event = "drop" if chance.random() < 0.02 else None, story // 3 if chance.random() < 0.5 else None
            db.execute(
                "INSERT INTO stories (id, title, text, language, published, first_seen, updated, lead_entry_id, words, "
                "withheld, event_id) VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5, ?6, ?7, ?8, ?9)",
                [story, title, text, language, seen, entry + 1, WORDS + 8, withheld, event],
            )
            for source in chance.sample(range(1, SOURCES + 1), 1 if chance.random() < 0.8 else chance.randint(2, 5)):
                entry += 1
                db.execute(
                    "INSERT INTO entries (id, source_id, story_id, joined_by, title, html, text, version, first_seen) "
                    "VALUES (?1, ?2, ?3, 'print', ?4, ?5, ?5, 0, ?6)",
                    [entry, source, story, title, text, seen],
                )
            keyword = 353 + min(19_999, int(chance.expovariate(1 / 3000)))
            for tag in {chance.randint(1, 350), 351 if language == "en" else 352, keyword}:
                db.execute("INSERT INTO story_tags VALUES (?, ?, 'rule', 'r')", [story, tag])
        db.execute(
            "INSERT INTO stories_fts (rowid, title, text) SELECT id, title, text FROM stories WHERE id >= ?", [first]
        )
        db.execute("COMMIT")
    db.close()


def best_ms(job: Callable[[], object]) -> float:
    """Time the best of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def measure(db: Database) -> None:
    """Print the table."""
    now = iso(NOW)
    ((last,),) = db.execute("SELECT max(id) FROM stories")
    print(f"{'query':24}{'first page':>12}{'half way':>12}{'facets':>12}{'30 days':>12}")
    for text in QUERIES:
        query = parse(text) if text else None
        row = (
            best_ms(partial(find_stories, db, query, now, "public")),
            best_ms(partial(find_stories, db, query, now, "public", before=last // 2)),
            best_ms(partial(facets_of, db, query, now, "public")),
            best_ms(partial(volume, db, query, now, 30, "public")),
        )
        print(f"{text or '(all)':24}" + "".join(f"{cost:12.1f}" for cost in row))
    newest = [row.id for row in find_stories(db, None, now, "public", limit=50).stories]
    for name, job in (
        ("a story", lambda: read_story(db, newest[0], "public")),
        ("all sources", lambda: read_sources(db, NOW)),
        ("a source", lambda: read_source(db, "s7", NOW)),
        ("100 tags", lambda: read_tags(db, "public")),
        ("50 items", lambda: story_items(db, newest, origin_of(db))),
        ("the stamp", lambda: stamp_of(db)),
    ):
        print(f"{name:24}{best_ms(job):12.1f}")


def main() -> None:
    """Make the archive and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stories", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    asked = parser.parse_args()
    path: Path = asked.folder / f"wireroom-read-{asked.stories}.db"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)
        make(unfinished, asked.stories)
        unfinished.rename(path)
    measure(open_reader(path))


if __name__ == "__main__":
    main()
