"""What a large archive takes and how quick it is: `python bench/archive.py --stories 10000 100000 1000000`.

Archives of invented stories (``bench/made.py``) are made in `--folder`, unless they are there already. Beside each the
same questions are asked of the ``reader`` library's database of the same stories (``bench/archive_reader.py``), where
`--reader` or READER_PYTHON names a Python that has it (`pip install reader`). Times are
milliseconds of CPU, which other programs' load moves little: the archive is in the system's cache, each question is
asked once. IO: sqlite, files, processes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from made import NOW, SOURCES, Words, archive_in  # noqa: E402
from sqlite_utils import Database  # noqa: E402

from db.apply import apply_plan  # noqa: E402
from db.archive import open_reader, open_writer  # noqa: E402
from db.desk import DraftDesk  # noqa: E402
from db.found import find_stories  # noqa: E402
from db.index import index_stories  # noqa: E402
from db.known import ArchiveKnown  # noqa: E402
from db.live_read import origin_of, story_items  # noqa: E402
from db.query import parse  # noqa: E402
from db.rank import ranked  # noqa: E402
from db.sources import source_now  # noqa: E402
from db.times import iso  # noqa: E402
from ingest import parsed  # noqa: E402
from ingest.answer import answer_of  # noqa: E402
from ingest.fetched import Fetched  # noqa: E402
from ingest.grouping import Grouping  # noqa: E402
from ingest.normalize import normalize  # noqa: E402
from ingest.plan import plan_poll  # noqa: E402
from ingest.schedule import Rhythm  # noqa: E402
from ingest.tag import Desks  # noqa: E402
from wireroom.config import load_config  # noqa: E402
from wireroom.engine import Engine  # noqa: E402
from wireroom.log import open_log  # noqa: E402

ASKED, POLLS, ITEMS = 100, 20, 10
"""Questions of a kind; polls that bring so many stories each."""


def questions(db: Database) -> dict[str, list[str]]:
    """Make the questions, by kind; the same ones for the same archive."""
    chance, words = random.Random(7), Words()
    ((last,),) = db.execute("SELECT max(id) FROM stories")
    ids = [chance.randint(1, last) for _ in range(ASKED)]
    rare = []
    while len(rare) < ASKED:
        ((title,),) = db.execute("SELECT title FROM stories WHERE id = ?", [chance.randint(1, last)])
        rare += [word for word in title.split()[-1:] if len(word) > 5]  # the longer ones are of a few stories
    told = {id_: db.execute("SELECT title, text FROM stories WHERE id = ?", [id_]).fetchone() for id_ in ids}
    common = [chance.choice(words.all[:50]) for _ in ids]
    month, half = iso(NOW - timedelta(days=30))[:10], iso(NOW - timedelta(days=180))[:10]
    return {
        "common word": common,
        "any word": [chance.choice(words.all) for _ in ids],
        "rare word": rare,
        "phrase": ['"' + " ".join(told[id_][1].split()[40:42]) + '"' for id_ in ids],
        "two words": [f"{chance.choice(words.all)} {chance.choice(words.all)}" for _ in ids],
        "common word, tag": [f"{word} place:p{chance.randrange(300)}" for word in common],
        "common word, last month": [f"{word} seen:>={month}" for word in common],
        "common word, before half a year": [f"{word} seen:<{half}" for word in common],
    }


def quantiles(jobs: Sequence[Callable[[], object]]) -> tuple[float, float, float]:
    """Time each job once → CPU: median, 95th and 99th of a hundred, milliseconds."""
    times = []
    for job in jobs:
        began = time.process_time()
        job()
        times.append(1000 * (time.process_time() - began))
    times.sort()
    return times[len(times) // 2], times[len(times) * 95 // 100], times[len(times) * 99 // 100]


def reads(path: Path) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Ask what readers ask → name, quantiles."""
    db, now = open_reader(path), iso(NOW)
    origin, ((last,),) = origin_of(db), db.execute("SELECT max(id) FROM stories")
    for kind, texts in questions(db).items():
        yield f"newest 30: {kind}", quantiles([partial(find_stories, db, parse(text), now, "owner") for text in texts])
        if kind in ("common word", "rare word", "phrase"):
            yield f"ranked: {kind}", quantiles([partial(ranked, db, parse(text), now, "owner") for text in texts])
    newest = list(range(last, max(last - 50, 0), -1))
    yield "50 newest items, to be rendered", quantiles([partial(story_items, db, newest, origin)] * ASKED)


def insert_ms(path: Path) -> float:
    """Poll sources that have new stories, as the daemon does → CPU of a story until the commit, which is not made."""
    db, desk, chance, words = open_writer(path), DraftDesk(), random.Random(3), Words()
    desks, rhythm = Desks(source_tags={}, rules=(), topics=()), Rhythm(floor_s=300, ceiling_s=86_400)
    grouping, now = Grouping(dedupe="exact", level="off"), NOW + timedelta(hours=1)
    spent = 0.0
    for number in range(POLLS + 1):
        items = tuple(
            parsed.Item(
                id=f"new {number} {n}",
                title=parsed.Markup(value=words.text(8), is_html=False),
                bodies=(parsed.Markup(value=words.text(150), is_html=False),),
            )
            for n in range(ITEMS)
        )
        began = time.process_time()
        document = normalize(parsed.Parsed(format="rss20", base=None, items=items), comparing=grouping.comparing)
        db.execute("BEGIN IMMEDIATE")
        source = source_now(db, chance.randint(1, SOURCES))
        answer = answer_of(Fetched(outcome="ok", status=200, url="http://s.example/"), document)
        apply_plan(db, plan_poll(source, answer, ArchiveKnown(db, desk), desks, rhythm, now, grouping))
        index_stories(db)
        spent += time.process_time() - began if number else 0  # the first one warms up
        db.execute("ROLLBACK")
    db.close()
    return 1000 * spent / POLLS / ITEMS


async def started(path: Path) -> tuple[float, float]:
    """Start the engine over an archive with its sources → seconds until it can poll, MB that the process then takes."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        lines = ["[wireroom]", f'archive = "{path}"', 'publish = "feeds"', "gazetteer = false", 'vocabulary = "off"']
        for number in range(1, SOURCES + 1):
            lines += ["[[source]]", f'id = "s{number}"', f'url = "http://127.0.0.1:9/{number}"']
        config.write_text("\n".join(lines))
        began = time.monotonic()
        engine = Engine(load_config(config), open_log(plain=False))
        logging.getLogger().setLevel(logging.ERROR)
        await engine.start()
        took = time.monotonic() - began
        await engine.close()
    return took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def of_reader(python: str, path: Path, kinds: dict[str, list[str]], folder: Path) -> dict[str, list[float]]:
    """Ask the same of the ``reader`` library's database → name → figures; RuntimeError where it can't be asked."""
    asked = folder / f"reader-{path.stem}.json"
    asked.write_text(json.dumps({name: texts for name, texts in kinds.items() if ":" not in texts[0]}))
    script = [python, str(HERE / "archive_reader.py"), str(path), str(asked), str(asked.with_suffix(".db"))]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Make the archives and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stories", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--reader", default=os.environ.get("READER_PYTHON"), metavar="PYTHON")
    parser.add_argument("--start", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.start:  # in a process of its own, for its memory
        print(json.dumps(asyncio.run(started(asked.start))))
        return
    for count in asked.stories:
        path = archive_in(asked.folder, count)
        print(f"\n{count} stories", flush=True)
        print(f"{'bytes of a story':42}{path.stat().st_size / count:9.0f}")
        print(f"{'a new story, CPU':42}{insert_ms(path):9.2f}", flush=True)
        for name, figures in reads(path):
            print(f"{name:42}" + "".join(f"{one:9.2f}" for one in figures), flush=True)
        alone = [sys.executable, __file__, "--start", str(path)]
        seconds, size = json.loads(subprocess.check_output(alone, text=True).splitlines()[-1])
        print(f"{'start with 500 sources, seconds':42}{seconds:9.2f}\n{'memory then, MB':42}{size:9.0f}", flush=True)
        if asked.reader:
            for name, told in of_reader(asked.reader, path, questions(open_reader(path)), asked.folder).items():
                print(f"{'reader, ' + name:42}" + "".join(f"{one:9.2f}" for one in told), flush=True)


if __name__ == "__main__":
    main()
