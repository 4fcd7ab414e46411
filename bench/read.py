"""What pages, programs and live feeds cost in a large archive: `python bench/read.py --stories 1000000`.

An archive of invented stories (``bench/made.py``) is made in `--folder`, unless it is there already: a million take
4.5 GB and some three minutes. Printed is the best of three, milliseconds.
IO: sqlite, files.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from made import NOW, archive_in
from sqlite_utils import Database

from db.archive import open_reader
from db.found import facets_of, find_stories, volume
from db.live_read import origin_of, stamp_of, story_items
from db.query import parse
from db.source_read import read_source, read_sources
from db.story_read import read_story
from db.tag_read import read_tags
from db.times import iso

QUERIES = (
    *("", "balan", "balanow*", "vusoral", "place:p5", "topic:t1", "keyword:k19000", "source:s7", "lang:de"),
    *("sources:>=3", "sources:>=5 lang:de", "seen:>=now-2d", "has:event", "place:p5 OR source:s9", "source:s7 balan"),
)


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
    measure(open_reader(archive_in(asked.folder, asked.stories)))


if __name__ == "__main__":
    main()
