"""What pruning costs: of so many stories the older half goes, step by step: `python bench/keeping.py [STORIES]...`.

The archives are those of ``bench/made.py``, made in `--folder` unless they are there; a copy is pruned as quickly as it
goes (the daemon does one step a second), while another process asks what readers ask. Printed are rows of Markdown:
milliseconds of a step by the clock with its commit, and of the writer's own CPU; of a question by the clock, before and
meanwhile; sizes; and a second pass, which finds nothing to do. IO: sqlite, files, processes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from made import NOW, YEAR_S, Words, archive_in  # noqa: E402

from db.archive import open_reader, open_writer  # noqa: E402
from db.expired import Wanted, bounds  # noqa: E402
from db.found import find_stories  # noqa: E402
from db.guard import Guard  # noqa: E402
from db.keeping import Except, Keep  # noqa: E402
from db.live_read import origin_of, story_items  # noqa: E402
from db.query import parse  # noqa: E402
from db.rank import ranked  # noqa: E402
from db.times import iso  # noqa: E402
from db.vacuum import room  # noqa: E402
from db.writer import Job, run_batch  # noqa: E402
from wireroom.pruning import At, Plan, step  # noqa: E402

MB, ALONE_S, PAUSE_S = 1_000_000, 15, 0.02
Times = dict[str, list[float]]


def main(stories: int, folder: Path) -> None:
    """Make the archive, prune a copy, print rows of Markdown."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch) / "wireroom.db"
        shutil.copyfile(archive_in(folder, stories), path)
        spawn = multiprocessing.get_context("spawn")
        alone, stop, answers = spawn.Event(), spawn.Event(), spawn.Queue()
        asker = spawn.Process(target=ask, args=(path, alone, stop, answers))
        asker.start()
        time.sleep(ALONE_S)
        alone.set()
        prune_half(path, stories)
        stop.set()
        for moment, times in answers.get().items():
            for kind, some in times.items():
                print(f"| asked {moment}: {kind} | {len(some)} | {quantiles(some)} | | | |", flush=True)
        asker.join()


def prune_half(path: Path, stories: int) -> None:
    """Prune the older half, then look once more."""
    db, guard = open_writer(path), Guard()
    guard.attach(db)
    before, log_bytes = room(db).size, 0
    half = YEAR_S / 2
    excepted = Except(published=True, pinned=True, tagged=("keyword:k1",))
    asked = Wanted(keep=Keep(stories_s=half), excepted=excepted)
    polls = iso(NOW.fromtimestamp(NOW.timestamp() - half, NOW.tzinfo))
    plan = Plan(bounds=bounds(db, asked, NOW), revisions="", polls=polls, now=iso(NOW))
    for name in ("", "second pass, "):
        wall, work, at, gone, emptied = defaultdict(list), defaultdict(list), At(), 0, 0
        while at.stage is not None:
            if at.stage == "vacuum" and not emptied:
                emptied = room(db).size - room(db).free
            stage, began, worked = at.stage, time.monotonic(), time.thread_time()
            job = Job(partial(step, plan=plan, at=at))
            run_batch(db, [job], give_up=lambda: True, guard=guard)
            done, at = job.future.result()
            wall[stage].append(1000 * (time.monotonic() - began))
            work[stage].append(1000 * (time.thread_time() - worked))
            gone += done.stories.total()
            log_bytes = max(log_bytes, path.with_name(path.name + "-wal").stat().st_size)
        for stage in wall:
            print(
                f"| {name}{stage} | {len(wall[stage])} | {quantiles(wall[stage])} | {quantiles(work[stage])} | "
                f"{sum(wall[stage]) / 1000:.0f} s | {sum(work[stage]) / 1000:.0f} s |",
                flush=True,
            )
        print(
            f"{gone} of {stories} stories; {before / MB:.0f} MB, {emptied / MB:.0f} in use then, "
            f"{room(db).size / MB:.0f} after; the log at most {log_bytes / MB:.0f}; the process "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most",
            flush=True,
        )
    guard.close(db)


def ask(path: Path, alone: Event, stop: Event, answers: multiprocessing.Queue[dict[str, Times]]) -> None:
    """Ask one question after another, of stories that stay → milliseconds by the clock, before and while others go."""
    db, now, chance, words = open_reader(path), iso(NOW), random.Random(5), Words()
    origin, ((last,),) = origin_of(db), db.execute("SELECT max(id) FROM stories")
    told: dict[str, Times] = {"before": defaultdict(list), "meanwhile": defaultdict(list)}
    while not stop.is_set():
        newest = list(range(last - (first := chance.randrange(last // 4)), last - first - 50, -1))
        for kind, question in {
            "newest 30, any word": partial(find_stories, db, parse(chance.choice(words.all)), now, "owner"),
            "ranked, a common word": partial(ranked, db, parse(chance.choice(words.all[:50])), now, "owner"),
            "50 items read": partial(story_items, db, newest, origin),
        }.items():
            began = time.monotonic()
            question()
            told["meanwhile" if alone.is_set() else "before"][kind].append(1000 * (time.monotonic() - began))
            time.sleep(PAUSE_S)
    answers.put(told)


def quantiles(times: Iterable[float]) -> str:
    """Write the median, the 95th and 99th of a hundred, and the longest."""
    some = sorted(times)
    return " / ".join(f"{one:.1f}" for one in (*(some[len(some) * share // 100] for share in (50, 95, 99)), some[-1]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("stories", type=int, nargs="*", default=[200_000])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    for count in given.stories:
        main(count, given.folder)
