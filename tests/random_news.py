"""A seeded sequence of polls: reports, copies, cuts, what unites stories, changed entries, independent reports."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from newsroom import Newsroom, Printed
from prose import Report, report


@dataclass(frozen=True)
class Round:
    """One poll: which source printed what, how many hours after the beginning."""

    source: str
    printed: tuple[Printed, ...]
    hour: float


def rounds(seed: int, sources: Sequence[str], count: int, *, reports: int = 12, plain: bool = False) -> list[Round]:
    """Make so many polls. A source's document has its last few items.

    ``plain``: no source tells of one happening twice, or changes what it printed.
    """
    chance = random.Random(seed)
    shown: dict[str, list[Printed]] = {source: [] for source in sources}
    told: set[tuple[str, int]] = set()
    made = []
    for number in range(count):
        source, hour = chance.choice(sources), 1 + number * 0.7
        document = shown[source]
        for n in range(chance.randint(1, 3)):
            happening = seed * 1000 + chance.randrange(reports)
            link = f"http://x.example/{happening}" if chance.random() < 0.15 else None
            if plain and (source, happening) in told:
                continue
            told.add((source, happening))
            document.append(Printed(f"{number}-{n}", version(chance, happening), chance.choice((hour - 1, None)), link))
        if not plain and len(document) > 3 and chance.random() < 0.4:
            at = chance.randrange(len(document))
            former = document[at]
            document[at] = replace(former, report=changed(chance, former.report))
        shown[source] = document[-6:]
        made.append(Round(source, tuple(reversed(shown[source])), hour))
    return made


def version(chance: random.Random, happening: int) -> Report:
    """Write a happening's report, as one of many tells it."""
    told = report(happening)
    kind = chance.choice(("whole", "cut", "retitled", "end", "stub", "independent", "more"))
    if kind == "cut":
        return told.cut(chance.randint(4, 12))
    if kind == "retitled":
        return replace(told.cut(chance.randint(8, 14)), title=report(happening + 500).title)
    if kind == "end":
        return replace(told, sentences=told.sentences[chance.randint(5, 8) :])
    if kind == "stub":
        return Report(told.title, told.sentences[:1])
    if kind == "independent":  # its names and things, in other words
        words = " ".join(told.sentences).split()
        chance.shuffle(words)
        return Report(told.title, tuple(" ".join(words[at : at + 20]) + "." for at in range(0, len(words), 20)))
    if kind == "more":
        return told.with_more(*report(happening + 700).sentences[:2])
    return told


def changed(chance: random.Random, told: Report) -> Report:
    """Edit a report: sentences are added to it, or a word becomes another."""
    if chance.random() < 0.5:
        return told.with_more(*report(chance.randrange(10**6)).sentences[:2])
    return replace(told, title=f"{told.title} again")


def poll_all(room: Newsroom, made: Sequence[Round]) -> None:
    """Poll them one after the other."""
    for one in made:
        room.poll(one.source, *one.printed, hour=one.hour)
