"""The ``reader`` library's database of an archive's stories, asked what ``bench/archive.py`` asks. IO: sqlite.

Run by a Python that has reader; arguments are our archive, a JSON file of questions, its database. That is filled past
its API, by rows in its own tables (its `add_entry` takes a millisecond or more for each); its search index is made by
its own `update_search`. Each entry is one of its own there: it has no stories.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from itertools import islice
from pathlib import Path

INSERT = """
INSERT INTO entries (id, feed, title, link, published, content, read, added_by, last_updated, first_updated,
                     first_updated_epoch, feed_order, recent_sort, sequence)
VALUES (?1, ?2, ?3, ?1, ?4, ?5, 0, 'feed', ?4, ?4, ?4, 0, ?4, randomblob(16))
"""
ENTRIES = """
SELECT e.guid, e.source_id, e.title, e.first_seen, w.html FROM entries e JOIN entry_texts w ON w.entry_id = e.id
"""


def fill(ours: Path, theirs: Path) -> float:
    """Fill the database with all entries, and make its search index → seconds of CPU for the latter."""
    from reader import make_reader

    reader = make_reader(str(theirs))
    for (source,) in sqlite3.connect(ours).execute("SELECT id FROM sources"):
        reader.add_feed(f"http://s{source}.example/")
    with sqlite3.connect(theirs) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.executemany(
            INSERT,
            (
                (
                    guid,
                    f"http://s{source}.example/",
                    title,
                    f"{seen[:10]} {seen[11:19]}",
                    json.dumps([{"value": html, "type": "text/html", "language": None}]),
                )
                for guid, source, title, seen, html in sqlite3.connect(ours).execute(ENTRIES)
            ),
        )
    db.close()
    began = time.process_time()
    reader.enable_search()
    reader.update_search()
    spent = time.process_time() - began
    reader.close()
    for name in (str(theirs), f"{theirs}.search"):
        with closing(sqlite3.connect(name)) as done:
            done.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return spent


def quantiles(jobs: Iterable[Callable[[], object]]) -> tuple[float, float, float]:
    """Time each job once → CPU: median, 95th and 99th of a hundred, milliseconds."""
    times = []
    for job in jobs:
        began = time.process_time()
        job()
        times.append(1000 * (time.process_time() - began))
    times.sort()
    return times[len(times) // 2], times[len(times) * 95 // 100], times[len(times) * 99 // 100]


def main() -> None:
    """Fill, ask, print one line of JSON."""
    from reader import make_reader

    ours, asked, theirs = map(Path, sys.argv[1:])
    index_s = 0.0
    if not theirs.exists():
        unfinished = theirs.with_suffix(".part")
        for old in (unfinished, unfinished.with_name(f"{unfinished.name}.search")):
            old.unlink(missing_ok=True)
        index_s = fill(ours, unfinished)
        unfinished.with_name(f"{unfinished.name}.search").rename(theirs.with_name(f"{theirs.name}.search"))
        unfinished.rename(theirs)
    (stories,) = sqlite3.connect(ours).execute("SELECT count(*) FROM stories").fetchone()
    size = sum(path.stat().st_size for path in theirs.parent.glob(f"{theirs.name}*"))
    found = {"bytes of a story": [size / stories], "search index, CPU of a story": [1000 * index_s / stories]}
    reader = make_reader(str(theirs))
    few = slice(0, 20 if stories > 200_000 else 100)
    for name, texts in json.loads(asked.read_text()).items():
        for sort, called in (("recent", "newest 30"), ("relevant", "ranked")):
            jobs = [
                lambda text=text, sort=sort: list(islice(reader.search_entries(text, sort=sort), 30))
                for text in texts[few]
            ]
            found[f"{called}: {name}"] = list(quantiles(jobs))
    found["50 newest entries"] = list(quantiles([lambda: list(islice(reader.get_entries(), 50))] * 20))
    found["memory, MB"] = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
