"""How well events are found, on ECB+: `python bench/ecb.py --texts FOLDER` (with `ECB+/1/1_1ecb.xml` and so on).

ECB+ (github.com/tommasoc80/EventStoryLine, ECB+_LREC2014) has 982 news texts of 43 topics, each topic with two
happenings of one kind: two earthquakes, two arrests of two stars. A text's event is its topic and which of the two
(`ecb` or `ecbplus`). They come as a feed would give them: the line with the address and lines of dates before the
headline are left out, the first sentence is the title, the rest the text. ECB+ is undated, so all come on one day.

Printed are BCubed precision, recall and F1 and the F1 of pairs, in two orders: as the files stand, and shuffled with a
seed; for the whole texts, the headlines alone, and a mixture: every third whole, every third cut to 40 words, every
third its headline. Candidates are found as the archive finds them, in memory; and the stories per CPU second.
`--uci FILE` does the same for headlines of the UCI News Aggregator (columns TITLE, STORY, TIMESTAMP), in their order.
"""

from __future__ import annotations

import argparse
import csv
import random
import re
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from db.model import LEAST_SCORES, Level
from db.recall import MAX_EVENTS, MAX_HOLDING, Event
from ingest import event as events
from ingest.commonness import rarity, shipped
from ingest.terms import terms

DAY = "2026-11-20T12:00:00Z"
SEED = 20
LEARNED_EVERY = 1_000
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
DATE_WORDS = re.compile(
    rf"(?:{MONTHS.replace(' ', '|')})[a-z]*|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|[ap]m?|m|"
    "updated|last|at|on|published|posted|gmt|[bcempi][sd]?t|et|th|st|[0-9]+(?:st|nd|rd|th)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text, and the event that it is of."""

    event: str
    title: str
    text: str
    time: str = DAY


def is_date(line: str) -> bool:
    """Tell whether a line is but a date ("July 21 , 2013 Last updated at 11 : 11 GMT")."""
    words = re.findall(r"\w+", line)
    return any(word.isdigit() for word in words) and all(DATE_WORDS.fullmatch(word) for word in words)


def read_ecb(folder: Path) -> list[Text]:
    """Read ECB+ in the order of its files."""
    found = []
    numbered = [path for path in folder.rglob("*ecb*.xml") if re.fullmatch(r"[0-9]+_[0-9]+ecb(plus)?\.xml", path.name)]
    for path in sorted(numbered, key=lambda path: (int(path.name.split("_")[0]), "plus" in path.name, number(path))):
        sentences: dict[int, list[str]] = defaultdict(list)
        for token in ET.parse(path).getroot().iter("token"):
            sentences[int(token.get("sentence", "0"))].append(token.text or "")
        lines = [" ".join(words) for _, words in sorted(sentences.items())]
        while len(lines) > 1 and (lines[0].startswith("http") or is_date(lines[0])):
            del lines[0]
        event = f"{path.name.split('_')[0]}{'plus' if 'plus' in path.name else ''}"
        found.append(Text(event=event, title=lines[0], text=" ".join(lines[1:])))
    return found


def number(path: Path) -> int:
    """Give the number of a text within its event."""
    return int(re.findall(r"[0-9]+", path.name)[1])


def read_uci(path: Path) -> list[Text]:
    """Read headlines of the UCI News Aggregator in the order in which they appeared."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["STORY"] and (row["TIMESTAMP"] or "").isdigit()]
    rows.sort(key=lambda row: int(row["TIMESTAMP"]))
    return [
        Text(
            event=row["STORY"],
            title=row["TITLE"],
            text="",
            time=datetime.fromtimestamp(int(row["TIMESTAMP"]) // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        for row in rows
    ]


@dataclass(kw_only=True)
class Desk:
    """What the archive does, in memory: the events, by which terms they are found, the counts that are learned."""

    level: Level
    known: dict[int, Event] = field(default_factory=dict)
    by_term: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[int] = field(default_factory=Counter)
    waiting: list[events.Told] = field(default_factory=list)
    learned: Counter[int] = field(default_factory=Counter)
    stories: int = 0
    rarity: Callable[[int], float] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the shipped counts alone."""
        self.rarity = rarity(shipped(), self.learned, self.stories)

    def place(self, text: Text) -> int:
        """Give a story its event → the event's id."""
        story = events.told(*terms(text.title, text.text), text.time, self.rarity)
        chosen = events.choose(story, self.candidates(story), self.level)
        if chosen:
            was, event = chosen[0], events.joined(chosen[0], story)
            for term in set(events.kept(was)) - set(events.kept(event)):
                self.by_term[term].remove(event.id)
            new = set(events.kept(event)) - set(events.kept(was))
        else:
            event = events.begun(len(self.known) + 1, story)
            new = set(events.kept(event))
        for term in new:
            self.by_term[term].append(event.id)
        self.known[event.id] = event
        self.waiting.append(story)
        if len(self.waiting) == LEARNED_EVERY:
            self.learn()
        return event.id

    def candidates(self, story: events.Told) -> list[Event]:
        """Find the events that share a story's heaviest terms, as one query would."""
        found: Counter[int] = Counter()
        for term in events.asked(story):
            found.update(sorted(self.by_term[term])[-MAX_HOLDING:])
        best = sorted(found.items(), key=lambda item: (-item[1], -item[0]))[:MAX_EVENTS]
        return [self.known[event] for event, _ in best]

    def learn(self) -> None:
        """Count the terms of the stories since the last time."""
        for story in self.waiting:
            self.learned.update(story.vector.keys())
        self.stories += len(self.waiting)
        self.waiting.clear()
        self.rarity = rarity(shipped(), self.learned, self.stories)


@dataclass(frozen=True, kw_only=True)
class Score:
    """How near a grouping comes to the true one, each 0 to 1."""

    precision: float
    recall: float
    f1: float
    pairs: float

    def __str__(self) -> str:
        """Print as P/R/F1 and the F1 of pairs."""
        return f"B3 {self.precision:.3f}/{self.recall:.3f}/{self.f1:.3f} pairs {self.pairs:.3f}"


def score(true: Sequence[Hashable], given: Sequence[Hashable]) -> Score:
    """Hold a grouping against the true one: BCubed (Bagga and Baldwin 1998), and pairs of one group."""
    in_true, in_given, in_both = Counter(true), Counter(given), Counter(zip(true, given, strict=True))
    precision = sum(n * n / in_given[group] for (_, group), n in in_both.items()) / len(true)
    recall = sum(n * n / in_true[event] for (event, _), n in in_both.items()) / len(true)
    both, of_true, of_given = (pairs(counts) for counts in (in_both, in_true, in_given))
    return Score(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall),
        pairs=2 * both / (of_true + of_given) if of_true + of_given else 1.0,
    )


def pairs(counts: Counter[Hashable]) -> int:
    """Count the pairs within groups."""
    return sum(n * (n - 1) // 2 for n in counts.values())


def run(texts: Sequence[Text], level: Level) -> tuple[Score, float]:
    """Place texts in their order → how well, and how many per CPU second."""
    desk = Desk(level=level)
    begun = time.process_time()
    given = [desk.place(text) for text in texts]
    rate = len(texts) / (time.process_time() - begun)
    return score([text.event for text in texts], given), rate


def headline(text: Text) -> Text:
    """Leave the headline."""
    return Text(event=text.event, title=text.title, text="", time=text.time)


def cut(text: Text, words: int) -> Text:
    """Leave so many words of the text."""
    return Text(event=text.event, title=text.title, text=" ".join(text.text.split()[:words]), time=text.time)


def kinds(texts: Sequence[Text]) -> Iterator[tuple[str, list[Text]]]:
    """Give the texts whole, as headlines, and mixed."""
    yield "whole", list(texts)
    yield "headlines", [headline(text) for text in texts]
    yield "mixed", [(text, cut(text, 40), headline(text))[at % 3] for at, text in enumerate(texts)]


def main() -> None:
    """Do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, help="the folder that has ECB+")
    parser.add_argument("--uci", type=Path, help="a CSV file of the UCI News Aggregator")
    parser.add_argument("--seeds", type=int, nargs="*", default=[SEED], help="of the shuffled orders")
    options = parser.parse_args()
    if options.texts:
        ecb = read_ecb(options.texts)
        print(f"ECB+: {len(ecb)} texts, {len({text.event for text in ecb})} events")
        orders = {"files": ecb}
        for seed in options.seeds:
            orders[f"seed {seed}"] = random.Random(seed).sample(ecb, len(ecb))
        for order, texts in orders.items():
            for kind, shown in kinds(texts):
                for level in LEAST_SCORES:
                    print(f"{order:>8} {kind:>9} {level:>6}: {told(*run(shown, level))}")
    if options.uci:
        uci = read_uci(options.uci)
        print(f"UCI: {len(uci)} headlines, {len({text.event for text in uci})} stories")
        for level in LEAST_SCORES:
            print(f"{level:>6}: {told(*run(uci, level))}")


def told(found: Score, rate: float) -> str:
    """Print a score and a rate."""
    return f"{found}  {rate:,.0f}/s"


if __name__ == "__main__":
    main()
