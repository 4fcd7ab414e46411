"""How well copies and events are told: `python bench/group.py --texts FOLDER [--seeds 1,2] [--stories N]`.

Level 1, the same text: `bench/variants.py` makes a stream out of real texts (see `bench/corpus.py` for the folder), and
each item is a poll of its own, written to an archive by the product's own path (`bench/placing.py`). Printed are
precision, recall and F1 over pairs of items, how many were joined to another text, recall by kind, and the stories per
second of processor time, all of a poll included but for the fetching. Thresholds were tuned on the seeds 1 to 4; 101
and 202 were held back. Level 2, the same event: `bench/ecb.py`.

`--archive 10000,100000,1000000`: what a new story costs in archives of so many, both levels, by the same path. They are
made once (`bench/archived.py`; a million takes minutes and 3.5 GB) and kept in `--folder`.
"""

from __future__ import annotations

import argparse
import gc
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from corpus import Corpus, read
from placing import SETTINGS, Placing, bench
from variants import LOOK_ALIKES, Item, stream

BENCH = Path(__file__).parent


def pairs(sizes: Iterable[int]) -> int:
    """Count the pairs within groups of these sizes."""
    return sum(size * (size - 1) // 2 for size in sizes)


def told(items: Sequence[Item], placed: Sequence[int], seconds: float, name: str) -> None:
    """Print the figures of one run."""
    gold = Counter(item.story for item in items)
    made = Counter(placed)
    both = Counter(zip((item.story for item in items), placed, strict=True))
    right = pairs(both.values())
    precision, recall = right / max(1, pairs(made.values())), right / max(1, pairs(gold.values()))
    f1 = 2 * precision * recall / (precision + recall)
    print(
        f"{name}: {len(items):,} items, {len(gold):,} texts; pairs P {precision:.4f} R {recall:.4f} F1 {f1:.4f}; "
        f"{len(items) / seconds:,.0f} stories/s of processor time"
    )
    members: dict[int, list[int]] = defaultdict(list)
    for number, story in enumerate(placed):
        members[story].append(number)
    false = [
        (group[0], other)
        for group in members.values()
        for other in group[1:]
        if items[other].story != items[group[0]].story
    ]
    kinds = Counter(
        kind for one, other in false for kind in {items[one].kind, items[other].kind} & set(LOOK_ALIKES) or {"others"}
    )
    print(f"  joined to another text: {sum(1 for _ in false)}", dict(kinds))
    firsts = {item.story: story for item, story in zip(items, placed, strict=True) if item.kind == "first"}
    by_kind: dict[str, list[bool]] = defaultdict(list)
    for item, story in zip(items, placed, strict=True):
        if item.kind != "first" and item.story in firsts:
            by_kind[item.kind].append(story == firsts[item.story])
    print("  with its first:", ", ".join(f"{kind} {sum(ok) / len(ok):.3f}" for kind, ok in sorted(by_kind.items())))


def run(items: Sequence[Item], name: str, *, show: int = 0) -> None:
    """Poll all items into an archive of their own and print what came of it."""
    gc.collect()
    gc.freeze()  # what the texts take is no part of it
    with tempfile.TemporaryDirectory() as folder:
        placing = Placing(Path(folder) / "wireroom.db", items, SETTINGS["copies"], dated=True)
        spent = placing.place(items)
        placing.db.close()
    firsts: dict[int, int] = {}
    placed = [firsts.setdefault(story, number) for number, story in enumerate(spent.stories)]
    told(items, placed, spent.whole, name)
    wrong = [n for n, item in enumerate(items) if items[placed[n]].story != item.story]
    for number in random.Random(0).sample(wrong, min(show, len(wrong))):
        for item in (items[number], items[placed[number]]):
            print(f"    {item.kind}: {item.title} | {item.text[:200]!r}")
        print()


def level_one(corpus: Corpus, seeds: Sequence[int], *, stories: int, show: int) -> None:
    """Bench the same text, seed by seed."""
    for seed in seeds:
        run(stream(corpus, seed, stories=stories, look_alikes=stories), f"level 1, seed {seed}", show=show)


def level_two(folder: Path) -> None:
    """Bench the same event by bench/ecb.py, where ECB+ lies in the folder."""
    for found in sorted(folder.glob("**/ECB+"))[:1]:
        subprocess.run([sys.executable, str(BENCH / "ecb.py"), "--texts", str(found.parent)], check=True)


def main() -> None:
    """Read the options and run what they ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True, help="the folder with reuters/, bbc/, ECB+/")
    parser.add_argument("--seeds", default="1,2", help="of the streams, with commas")
    parser.add_argument("--stories", type=int, default=2500, help="base texts a stream, and as many look-alikes")
    parser.add_argument("--show", type=int, default=0, help="so many wrong merges in full")
    parser.add_argument("--archive", default="", help="place stories in archives of so many, with commas, instead")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()), help="where these archives are kept"
    )
    parser.add_argument("--new", type=int, default=3000, help="stories placed in an archive")
    asked = parser.parse_args()
    if asked.archive:
        sizes = [int(size) for size in asked.archive.split(",")]
        bench(read(asked.texts), sizes, asked.folder, count=asked.new, seed=int(asked.seeds.split(",")[0]))
        return
    level_one(read(asked.texts), [int(seed) for seed in asked.seeds.split(",")], stories=asked.stories, show=asked.show)
    level_two(asked.texts)


if __name__ == "__main__":
    main()
