"""What a poll costs: `python bench/poll.py [SOURCES] [--only wireroom,reader,newsboat,bare]`, beside others.

A loopback farm (``bench/farm.py``) serves SOURCES (200) feeds of 20 items of about 3 KB on many hosts. Each contestant
in turn polls all of them in seven rounds, on one archive:

    cold         all is new
    idle         304 for all
    early-churn  a tenth of the feeds has one to three new items, 304 for the others
    same         the server knows no validators, and sends the same bytes again
    touch        only the feed's own build date and the validators have changed
    after-touch  304 for all, for who has the new validators
    churn        another tenth has new items, 304 for the others: again for who has the new validators

The contestants: Wireroom; the ``reader`` library (`pip install reader sgmllib3k`, --python-reader); newsboat (at most
1000 sources, unless --newsboat-all: it is quadratic); and a bare aiohttp + feedparser loop that stores nothing.
Processor time is that of all of a contestant's processes (main: of the first alone), without its start, which has a
line of its own; newsboat's is within its rounds. The farm's is nobody's. Machines are noisy: compare what one run says.

None of the others compares texts or looks for names in them, so Wireroom does not either in these rounds (``dedupe =
"exact"``, ``grouping = "off"``, ``gazetteer = false``). What that adds to a story is measured by cold rounds of their
own, on archives of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from farm import ROUNDS, Farm, running_farm
from peers import Living, Newsboat, Options, Spent, missing

CONTESTANTS = ("wireroom", "reader", "newsboat", "bare")
NEWSBOAT_MOST = 1000
LARGEST_MB = 150
MORE_SOURCES = 1.3
"""What a source may cost with ten times as many of them."""
COMPARING = (
    ("near-duplicates", "copies", "off", False),
    ("events", "copies", "normal", False),
    ("gazetteer", "copies", "normal", True),
)
"""What is off in these rounds, and the settings of the cold round that has it, each with those before it."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A quotient of CPU per source that Wireroom wants to stay below."""

    round_: str
    other: str
    other_round: str
    most: float


GOALS = (
    Goal("cold", "reader", "cold", 0.6),
    Goal("idle", "reader", "idle", 1 / 5),
    Goal("idle", "bare", "idle", 1.0),
    Goal("early-churn", "reader", "early-churn", 1 / 6),
    Goal("same", "reader", "same", 1 / 20),
    Goal("touch", "reader", "touch", 1 / 20),
    Goal("after-touch", "wireroom", "idle", 1.1),
    Goal("churn", "reader", "churn", 1 / 6),
)


def contest(
    name: str, farm: Farm, options: Options, folder: Path, profile: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run the rounds with one contestant → for its start and each round, what was measured.

    A round that is profiled is not measured. What it should have kept, and was asked, is checked.
    """
    sources = len(options.addresses)
    contestant = Newsboat(folder, options) if name == "newsboat" else Living(name, folder, options)
    farm.begin("cold")
    yield "start", figures(contestant.start(), sources)
    had = 0
    for round_ in options.rounds:
        farm.begin(round_)
        has = sum(ROUNDS[round_].edition(number).items for number in range(sources))
        if profile in ("all", round_) and isinstance(contestant, Living):
            print_profile(round_, contestant.ask("profile"))
        else:
            spent = contestant.poll()
            answered = farm.begin(round_)
            if sum(answered.values()) != sources or spent.told.get("failed"):
                print(f"! {name}, {round_}: {sources} sources, but the farm answered {answered}; {spent.told}")
            yield round_, figures(spent, sources, has - had) | {"answered": answered}
        if (kept := contestant.kept()) not in (None, has):
            print(f"! {name}, {round_}: it has {kept} entries, there were {has}")
        had = has
    if profile and isinstance(contestant, Living):
        print_profile("", contestant.ask("profile_digest"))
    yield "close", figures(contestant.close(), sources)


def added(farm: Farm, options: Options, base: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Measure what is off in the rounds → what it adds to a story of a cold round (processor ms), memory with it."""
    found, before = {}, base["cpu_ms"]
    for name, dedupe, grouping, names in COMPARING:
        with tempfile.TemporaryDirectory() as folder:
            contestant = Living(
                "wireroom", Path(folder), replace(options, dedupe=dedupe, grouping=grouping, names=names)
            )
            farm.begin("cold")
            contestant.start()
            spent = figures(contestant.poll(), len(options.addresses))
            contestant.close()
        stories = ROUNDS["cold"].edition(0).items
        found[name] = {"ms_a_story": (spent["cpu_ms"] - before) / stories, "largest_mb": spent["largest_mb"]}
        before = spent["cpu_ms"]
    return found


def figures(spent: Spent, sources: int, stories: int = 0) -> dict[str, Any]:
    """Turn what was measured into what is told."""
    return {
        "cpu_ms": spent.cpu_s * 1000 / sources,
        "main_ms": spent.main_s * 1000 / sources,
        "wall_s": spent.wall_s,
        "sources_s": sources / spent.wall_s if spent.wall_s else 0,
        "stories_s": stories / spent.wall_s if spent.wall_s else 0,
        "largest_mb": spent.peak.largest,
        "together_mb": spent.peak.together,
    }


def print_profile(round_: str, told: dict[str, Any]) -> None:
    """Print the profiles of a round."""
    for where, text in told.items():
        print(f"--- {round_} {where}\n{text}")


def print_round(round_: str, found: dict[str, Any], start_ms: float) -> None:
    """Print a round's line."""
    stories = f"{found['stories_s']:10.0f}" if found["stories_s"] else f"{'':10}"
    print(
        f"{round_:12}{found['sources_s']:10.0f}{stories}{found['cpu_ms']:10.3f}{found['main_ms']:10.3f}"
        f"{found['cpu_ms'] + start_ms:12.3f}"
        f"{found['largest_mb']:10.0f}{found['together_mb']:10.0f}   "
        + " ".join(f"{count}x{status}" for status, count in sorted(found["answered"].items())),
        flush=True,
    )


def table(name: str, farm: Farm, options: Options, profile: str) -> dict[str, Any]:
    """Run one contestant and print its table → its figures by round."""
    print(f"\n{name}, {len(options.addresses)} sources")
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for round_, one in contest(name, farm, options, Path(folder), profile if name == "wireroom" else ""):
            found[round_] = one
            if round_ == "start":
                what = "a reload of no feed, within each round" if name == "newsboat" else "not in the rounds"
                print(f"start: {one['cpu_ms'] * len(options.addresses):.0f} ms CPU, {one['wall_s']:.1f} s ({what})")
                print(
                    f"{'round':12}{'sources/s':>10}{'stories/s':>10}{'CPU ms':>10}{'main':>10}{'with start':>12}"
                    f"{'MB most':>10}{'MB all':>10}   answers"
                )
            elif round_ != "close":
                print_round(round_, one, 0 if name == "newsboat" else found["start"]["cpu_ms"])
    return found


def quotients(all_found: dict[str, dict[str, Any]], earlier: dict[str, Any]) -> Iterator[tuple[str, float, float]]:
    """Compare Wireroom with what it wants to beat, and with an earlier run → what, the quotient, the most it may be."""
    ours = all_found["wireroom"]
    for goal in GOALS:
        ours_ms = ours.get(goal.round_, {}).get("cpu_ms")
        theirs_ms = all_found.get(goal.other, {}).get(goal.other_round, {}).get("cpu_ms")
        if ours_ms and theirs_ms:
            name = f"{goal.round_}: wireroom / {goal.other}" + f" {goal.other_round}" * (goal.other == "wireroom")
            yield name, ours_ms / theirs_ms, goal.most
    for round_ in ROUNDS:
        then_ms = earlier.get("contestants", {}).get("wireroom", {}).get(round_, {}).get("cpu_ms")
        if then_ms and round_ in ours:
            yield f"{round_}: now / with {earlier['sources']} sources", ours[round_]["cpu_ms"] / then_ms, MORE_SOURCES
    largest = max(found["largest_mb"] for found in ours.values())
    yield f"largest process: MB / {LARGEST_MB}", largest / LARGEST_MB, 1.0


def print_summary(
    all_found: dict[str, dict[str, Any]], more: dict[str, dict[str, float]], earlier: dict[str, Any]
) -> None:
    """Print CPU by round and contestant, and how far the goals are reached."""
    print(f"\n{'CPU ms a source':16}" + "".join(f"{name:>11}" for name in all_found))
    for round_ in ROUNDS:
        measured = [found.get(round_, {}).get("cpu_ms") for found in all_found.values()]
        if any(measured):
            print(f"{round_:16}" + "".join(f"{'' if ms is None else f'{ms:.3f}':>11}" for ms in measured))
    for name, one in more.items():
        print(
            f"{name:16}{one['ms_a_story']:11.3f} ms a story (off in these rounds); {one['largest_mb']:.0f} MB at most"
        )
    if "wireroom" in all_found:
        print(f"\n{'goal':40}{'is':>8}{'at most':>9}")
        for name, is_, most in quotients(all_found, earlier):
            print(f"{name:40}{is_:8.3f}{most:9.3f}{'' if is_ <= most else '  missed'}")


def options_of(arguments: argparse.Namespace, farm: Farm, name: str) -> Options:
    """Give a contestant's options."""
    most = NEWSBOAT_MOST if name == "newsboat" and not arguments.newsboat_all else None
    return Options(
        addresses=farm.addresses[:most],
        port=farm.port,
        at_once=arguments.at_once,
        topics=arguments.topics,
        rounds=tuple(ROUNDS)[: tuple(ROUNDS).index(arguments.until) + 1],
        reader_python=arguments.python_reader,
        reader_search=arguments.reader_search,
        quiet=arguments.quiet,
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="?", type=int, default=200)
    parser.add_argument("--only", default=",".join(CONTESTANTS), help="contestants, with commas between")
    parser.add_argument("--until", choices=ROUNDS, default="churn", help="the last round (churn)")
    parser.add_argument("--topics", type=int, default=1, help="topics that Wireroom publishes (1)")
    parser.add_argument("--at-once", type=int, default=10, help="threads of reader and newsboat (10); bare: times 5")
    parser.add_argument(
        "--python-reader",
        default=os.environ.get("READER_PYTHON") or sys.executable,
        metavar="PATH",
        help="a Python that has the reader library (READER_PYTHON, or this one)",
    )
    parser.add_argument(
        "--reader-search", action="store_true", help="reader keeps a full-text index too, as Wireroom does"
    )
    parser.add_argument("--per-host", type=int, default=2, help="sources of one host (2)")
    parser.add_argument("--newsboat-all", action="store_true", help="newsboat polls more than 1000 sources too")
    parser.add_argument("--quiet", action="store_true", help="Wireroom logs no line for each poll")
    parser.add_argument(
        "--profile", choices=[*ROUNDS, "all"], default="", help="where Wireroom's time goes in a round (Python 3.11)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with such figures of fewer sources")
    arguments = parser.parse_args()
    names = arguments.only.split(",")
    if unknown := set(names) - set(CONTESTANTS):
        parser.error(f"no contestant {', '.join(sorted(unknown))}; there are {', '.join(CONTESTANTS)}")
    all_found: dict[str, dict[str, Any]] = {}
    more: dict[str, dict[str, float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        running_farm(arguments.sources, arguments.per_host, Path(folder)) as farm,
    ):
        for name in names:
            options = options_of(arguments, farm, name)
            if why := missing(name, options):
                print(f"\n{name}: {why}")
            else:
                all_found[name] = table(name, farm, options, arguments.profile)
                if name == "wireroom" and "cold" in all_found[name]:
                    more = added(farm, options, all_found[name]["cold"])
    print_summary(all_found, more, json.loads(arguments.against.read_text()) if arguments.against else {})
    if arguments.json:
        figures_ = {
            "sources": arguments.sources,
            "per_host": arguments.per_host,
            "contestants": all_found,
            "added": more,
        }
        arguments.json.write_text(json.dumps(figures_, indent=1))


if __name__ == "__main__":
    main()
