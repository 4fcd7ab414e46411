"""Real news texts to bench grouping with: Reuters-21578 and the BBC set, their own copies and templates told apart.

``read`` takes a folder that holds ``reuters/reut2-*.sgm`` (Reuters-21578, 1987) and, where it is there,
``bbc/SECTION/*.txt`` (Greene & Cunningham's 2,225 BBC texts of 2004 and 2005). Neither is kept in this repository.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import unescape
from itertools import combinations
from pathlib import Path

MIN_BASE_WORDS = 70
DOCUMENT = re.compile(r"<REUTERS.*?</REUTERS>", re.DOTALL)
PART = {name: re.compile(rf"<{name}>(.*?)</{name}>", re.DOTALL) for name in ("TITLE", "DATELINE", "BODY")}
CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")
TOKEN = re.compile(r"[a-z]+|[0-9][0-9,./-]*")
NUMBER = re.compile(r"[0-9][0-9,./-]*")


@dataclass(frozen=True, kw_only=True)
class Text:
    """A real text: ``place`` is its dateline, ``paragraphs`` its body."""

    title: str
    place: str
    paragraphs: tuple[str, ...]

    @property
    def body(self) -> str:
        """All paragraphs, a line each."""
        return "\n".join(self.paragraphs)

    @property
    def tokens(self) -> list[str]:
        """Body words, lower case: not by the code under test."""
        return TOKEN.findall(self.body.lower())


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """``bases``: no two alike. ``spare``: texts left out. ``families``: real reports of one form, facts apart."""

    bases: list[Text]
    spare: list[Text]
    families: list[list[Text]]


def read(folder: Path) -> Corpus:
    """Read the texts of a folder. Takes a minute. Raises FileNotFoundError where there are none."""
    texts = [*reuters(folder / "reuters"), *bbc(folder / "bbc")]
    if not texts:
        raise FileNotFoundError(f"no reuters/reut2-*.sgm nor bbc/*/*.txt in {folder}")
    long = [text for text in texts if len(text.tokens) >= MIN_BASE_WORDS]
    alike = {index for pair in shared_pairs(long, size=4, share=0.12) for index in pair[:2]}
    bases = [text for index, text in enumerate(long) if index not in alike]
    families = templated(texts)
    members = [text for family in families for text in family]
    both = [*bases, *members]  # a short one may be the brief of a long one
    mixed = {a for a, b, _ in sorted(shared_pairs(both, size=4, share=0.12)) if a < len(bases) <= b}
    bases = [text for index, text in enumerate(bases) if index not in mixed]
    return Corpus(bases=bases, spare=[long[index] for index in sorted(alike)], families=families)


def reuters(folder: Path) -> Iterable[Text]:
    """Read Reuters-21578: titles are in capitals there, so they are written as headlines are today."""
    for path in sorted(folder.glob("reut2-*.sgm")):
        for found in DOCUMENT.findall(path.read_text(encoding="latin-1")):
            parts = {name: expr.search(found) for name, expr in PART.items()}
            title, place, body = (CONTROL.sub("", unescape(part[1])) if part else "" for part in parts.values())
            body = re.sub(r"\s+reuter\s*$", "", body, flags=re.IGNORECASE)
            paragraphs = tuple(" ".join(part.split()) for part in re.split(r"\n {3,}", body) if part.strip())
            if paragraphs and title.strip():
                yield Text(
                    title=" ".join(title.split()), place=" ".join(place.split()).rstrip(" -"), paragraphs=paragraphs
                )


def bbc(folder: Path) -> Iterable[Text]:
    """Read the BBC set: the title is the first line."""
    for path in sorted(folder.glob("*/*.txt")):
        lines = [" ".join(line.split()) for line in path.read_text(encoding="latin-1").splitlines() if line.strip()]
        if len(lines) > 1:
            yield Text(title=lines[0], place="", paragraphs=tuple(lines[1:]))


def runs(text: Text, size: int) -> set[int]:
    """List a text's runs of so many words, hashed."""
    tokens = text.tokens
    return {hash(tuple(tokens[at : at + size])) for at in range(len(tokens) - size + 1)}


def shared_pairs(texts: Sequence[Text], *, size: int, share: float) -> list[tuple[int, int, float]]:
    """Find the pairs that share so much of the shorter's runs of words, all texts of a run being compared."""
    all_runs = [runs(text, size) for text in texts]
    holders: dict[int, list[int]] = defaultdict(list)
    for index, each in enumerate(all_runs):
        for run in each:
            holders[run].append(index)
    counts: Counter[tuple[int, int]] = Counter()
    for indexes in holders.values():
        if 1 < len(indexes) <= 60:
            counts.update(combinations(indexes, 2))
    shares = ((a, b, n / max(1, min(len(all_runs[a]), len(all_runs[b])))) for (a, b), n in counts.items())
    return [(a, b, each) for a, b, each in shares if each >= share]


def templated(texts: Sequence[Text]) -> list[list[Text]]:
    """Find real reports of one form that tell of different things → families.

    Two are of one form where they share a quarter of their runs of three words. Where it is not sure that their facts
    differ (corrections, later takes), the later one is left out: a person would have to judge it.
    """
    short = [text for text in texts if text.place and 12 <= len(text.tokens) <= 220]
    doubtful: set[int] = set()
    families = Families()
    for a, b, _ in sorted(shared_pairs(short, size=3, share=0.25)):
        if a in doubtful or b in doubtful:
            continue
        if differ(short[a], short[b]):
            families.join(a, b)
        else:
            doubtful.add(b)
    groups = families.groups()
    return [kept for group in groups if len(kept := [short[n] for n in group if n not in doubtful]) > 1]


def differ(one: Text, other: Text) -> bool:
    """Tell whether the facts surely differ: another name leads the title, or other numbers do, or most numbers do.

    Not sure are: longer reports that have nearly all numbers in common (two ways to begin one report), a misspelt name
    ("Fidelcor", "Fieldcor"), and the same name with few numbers (later takes, corrections).
    """
    here, there = (frozenset(NUMBER.findall(text.title + " " + text.body)) for text in (one, other))
    share = len(here & there) / max(1, min(len(here), len(there)))
    long = min(len(one.tokens), len(other.tokens)) >= 40
    if long and share >= 0.75 and (len(here & there) >= 4 or len(runs(one, 3) & runs(other, 3)) >= 60):
        return False
    mine, theirs = lead_word(one.title), lead_word(other.title)
    if mine and theirs and mine not in tokens_of(other) and theirs not in tokens_of(one):
        return SequenceMatcher(None, mine, theirs).ratio() < 0.7
    titles = [frozenset(NUMBER.findall(text.title)) for text in (one, other)]
    headed = all(titles) and not titles[0] & titles[1]
    return share <= 0.4 and min(len(here), len(there)) >= (3 if headed else 6)


def tokens_of(text: Text) -> set[str]:
    """All words of title and body."""
    return set(TOKEN.findall((text.title + " " + text.body).lower()))


def lead_word(title: str) -> str:
    """Give the title's first word of some length, for reports of companies a part of their name."""
    return next((word for word in TOKEN.findall(title.lower()) if len(word) > 3 and word.isalpha()), "")


class Families:
    """Sets that grow together."""

    def __init__(self) -> None:
        self.parents: dict[int, int] = {}

    def root(self, item: int) -> int:
        """Give the one that stands for its set."""
        while (above := self.parents.setdefault(item, item)) != item:
            item = above
        return item

    def join(self, a: int, b: int) -> None:
        """Make the sets of two one."""
        self.parents[self.root(b)] = self.root(a)

    def groups(self) -> list[list[int]]:
        """List the sets, each rising."""
        found: dict[int, list[int]] = defaultdict(list)
        for item in sorted(self.parents):
            found[self.root(item)].append(item)
        return list(found.values())
