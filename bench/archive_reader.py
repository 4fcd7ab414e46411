"""The ``reader`` library's database of an archive's stories, asked what ``bench/archive.py`` asks. IO: sqlite.

Run by a Python that has reader; arguments are our archive, a JSON file of questions, its database. That is filled past
its API, by rows in its own tables (its `add_entry` takes a millisecond or more for each), and so is its search index:
its own `enable_search` makes the schema, then one INSERT … SELECT fills the table with what its own `update_search`
would have put there, entry by entry, in many times the time. `--check` in place of the questions fills one of each
kind, and compares all that is in them and what is found. Each entry is one of its own there: it has no stories.
"""

from __future__ import annotations

import json
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from reader import make_reader
from reader._storage._search import Search
from reader.exceptions import ReaderError

INSERT = """
INSERT INTO entries (id, feed, title, link, published, content, read, added_by, last_updated, first_updated,
                     first_updated_epoch, feed_order, recent_sort, sequence)
VALUES (?1, ?2, ?3, ?1, ?4, ?5, 0, 'feed', ?4, ?4, ?4, 0, ?4, ?6)
"""
ENTRIES = """
SELECT e.guid, e.source_id, e.title, e.first_seen, b.html FROM entries e JOIN bodies b ON b.id = e.body_id ORDER BY e.id
"""
INDEX = """
INSERT INTO search.entries_search (rowid, title, content, feed, _id, _feed, _content_path, _is_feed_user_title)
SELECT rowid, strip(title), strip(json_extract(content, '$[0].value')), NULL, id, feed, '.content[0].value', 0
FROM main.entries ORDER BY rowid
"""
"""Its feeds have no titles here: they were never fetched."""
STATE = """
INSERT INTO search.entries_search_sync_state (sequence, feed, id, es_rowids)
SELECT sequence, feed, id, json_array(rowid) FROM main.entries ORDER BY sequence
"""
INDEXED = (
    "SELECT _feed, _id, title, content, feed, _content_path, _is_feed_user_title FROM entries_search ORDER BY 1, 2"
)
ONE_S, ALL_S, ASKED = 30.0, 30.0, 20
"""CPU: one question is stopped after so long; of a kind no more are asked after so long, or so many."""


def strip(text: str | None) -> str | None:
    """Strip HTML as reader does; where there is none it is spared that (``--check`` compares)."""
    return Search.strip_html(text) if text and ("<" in text or "&" in text) else text


def fill(ours: Path, theirs: Path, *, own_index: bool = False) -> float:
    """Fill the database with all entries, and its search index → seconds of CPU for the latter."""
    with closing(make_reader(str(theirs))) as reader, closing(sqlite3.connect(ours)) as archive:
        for (source,) in archive.execute("SELECT id FROM sources"):
            reader.add_feed(f"http://s{source}.example/")
        reader.enable_search()
    with closing(sqlite3.connect(theirs, isolation_level=None)) as db, closing(sqlite3.connect(ours)) as archive:
        db.execute("ATTACH ? AS search", [f"{theirs}.search"])
        for schema in ("main", "search"):
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"):
                db.execute(f"PRAGMA {schema}.{pragma}")
        ((noted,),) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'changes_entry_insert'").fetchall()
        db.execute("BEGIN")
        if not own_index:
            db.execute("DROP TRIGGER changes_entry_insert")  # it notes what is to be indexed
        chance = random.Random(1)
        db.executemany(
            INSERT,
            (
                (
                    guid,
                    f"http://s{source}.example/",
                    title,
                    f"{seen[:10]} {seen[11:19]}",
                    json.dumps([{"value": html, "type": "text/html", "language": None}]),
                    chance.randbytes(16),
                )
                for guid, source, title, seen, html in archive.execute(ENTRIES)
            ),
        )
        began = time.process_time()
        if not own_index:
            db.create_function("strip", 1, strip, deterministic=True)
            db.execute(INDEX)
            db.execute(STATE)
            db.execute(noted)
        db.execute("COMMIT")
    if own_index:
        with closing(make_reader(str(theirs))) as reader:
            began = time.process_time()
            reader.update_search()
    spent = time.process_time() - began
    for name in (str(theirs), f"{theirs}.search"):
        with closing(sqlite3.connect(name)) as done:
            done.execute("PRAGMA journal_mode = WAL")
            done.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return spent


def check(ours: Path, words: Iterable[str]) -> None:
    """Compare an index of its own making with one of ours: every row, and what is found. Raises AssertionError."""
    with tempfile.TemporaryDirectory() as folder:
        both = [Path(folder) / name for name in ("own.db", "bulk.db")]
        for path in both:
            spent = fill(ours, path, own_index=path is both[0])
            print(f"{path.stem}: index {spent:.1f} s of CPU")
        own, bulk = (sqlite3.connect(f"{path}.search") for path in both)
        rows = own.execute(INDEXED).fetchall()
        assert rows, "nothing is indexed"
        assert rows == bulk.execute(INDEXED).fetchall(), "rows differ"
        own_reader, bulk_reader = (make_reader(str(path)) for path in both)
        hits = 0
        for word in words:
            for sort in ("recent", "relevant"):
                found = [list(one.search_entries(word, sort=sort)) for one in (own_reader, bulk_reader)]
                told = [sorted(map(repr, some)) if sort == "relevant" else list(map(repr, some)) for some in found]
                assert told[0] == told[1], f"{word}, {sort}: other hits"  # of equal rank: in any order
                hits += len(found[0])
        for path in both:
            assert sqlite3.connect(path).execute("SELECT * FROM changes").fetchone() is None, "not all is indexed"
        print(f"{len(rows)} rows of the index and {hits} hits are the same")


def quantiles(db: sqlite3.Connection, jobs: Iterable[Callable[[], object]]) -> tuple[float, ...]:
    """Time each job once → CPU: median, 95th and 99th, milliseconds, and how many were asked, how many stopped."""
    times, stopped, all_began = [], 0, time.process_time()
    for job in jobs:
        if time.process_time() - all_began > ALL_S:
            break
        began = time.process_time()
        db.set_progress_handler(lambda began=began: time.process_time() - began > ONE_S, 100_000)
        try:
            job()
        except (ReaderError, sqlite3.OperationalError):
            if time.process_time() - began < ONE_S:
                raise
            stopped += 1
        times.append(1000 * (time.process_time() - began))
    times.sort()
    return times[len(times) // 2], times[len(times) * 95 // 100], times[len(times) * 99 // 100], len(times), stopped


def asked_of(reader: Any, kinds: dict[str, list[str]], few: int) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Ask the questions → name, quantiles."""
    db = reader._storage.get_db()  # noqa: SLF001 - no other way to stop a question
    yield "50 newest entries", quantiles(db, [lambda: list(islice(reader.get_entries(), 50))] * ASKED)
    for name in sorted(kinds, key=lambda name: ("rare" not in name, "phrase" not in name, name)):
        for sort, called in (("recent", "newest 30"), ("relevant", "ranked")):
            jobs = [
                lambda text=text, sort=sort: list(islice(reader.search_entries(text, sort=sort), 30))
                for text in kinds[name][:few]
            ]
            yield f"{called}: {name}", quantiles(db, jobs)


def main() -> None:
    """Fill, ask, print one line of JSON."""
    ours, asked, theirs = map(Path, sys.argv[1:])
    index_s = 0.0
    if not theirs.exists():
        unfinished = theirs.with_suffix(".part")
        for old in theirs.parent.glob(f"{unfinished.name}*"):
            old.unlink()
        index_s = fill(ours, unfinished)
        unfinished.with_name(f"{unfinished.name}.search").rename(theirs.with_name(f"{theirs.name}.search"))
        unfinished.rename(theirs)
    (stories,) = sqlite3.connect(ours).execute("SELECT count(*) FROM stories").fetchone()
    size = sum(path.stat().st_size for path in theirs.parent.glob(f"{theirs.name}*"))
    found: dict[str, Any] = {"bytes of a story": [size / stories]}
    found["search index, CPU of a story"] = [1000 * index_s / stories]
    with closing(make_reader(str(theirs))) as reader:
        for name, figures in asked_of(reader, json.loads(asked.read_text()), ASKED):
            found[name] = figures
            print(name, *figures, file=sys.stderr, flush=True)
    found["memory, MB"] = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        check(Path(sys.argv[2]), sys.argv[3:])
    else:
        main()
