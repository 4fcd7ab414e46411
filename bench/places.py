"""How well the gazetteer finds what a text is about, and how fast: `python bench/places.py --texts FOLDER`.

FOLDER has the files `reut2-*.sgm` of Reuters-21578 (kdd.ics.uci.edu/databases/reuters21578, or any copy): reports of
1987 whose desk labelled each with its countries. Printed are precision, recall and F1 of the countries over the reports
that have a text, with "usa" left out of both sides (the desk gave it by default) and with it; and of the international
bodies that the desk had a label for and the gazetteer knows. It is a random half of the reports, for work on the lists
and rules; `--half 1` is the other, for the figures, and `--half all` both.

`--errors` lists the countries that are most often wrong, with the words that caused it; `--speed` measures the time,
also with 200,000 names of a user's beside: half of them invented words, half pairs of words from the texts.
"""

from __future__ import annotations

import argparse
import html
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from ingest.gazetteer import Gazetteer
from ingest.gazetteer_files import shipped
from ingest.named import Named

SEED = 21578
NAMES_OF_1987 = {
    "usa": "united-states", "uk": "united-kingdom", "ussr": "soviet-union", "west-germany": "germany",
    "east-germany": "east-germany", "uae": "united-arab-emirates", "turkey": "turkiye", "burma": "myanmar",
    "zaire": "democratic-republic-of-the-congo", "congo": "republic-of-the-congo", "yemen-arab-republic": "yemen",
    "yemen-demo-republic": "yemen", "trinidad-tobago": "trinidad-and-tobago", "kampuchea": "cambodia",
    "swaziland": "eswatini", "antigua": "antigua-and-barbuda",
}  # fmt: skip
"""The desk's names of countries, where ours are others."""
NOW = {"russia": "soviet-union"}
"""What is found as the country of today and was another in 1987."""


BODIES = {
    "ec": "european-union", "imf": "imf", "opec": "opec", "worldbank": "world-bank", "gatt": "gatt", "oecd": "oecd",
    "ico-coffee": "international-coffee-organization", "icco": "international-cocoa-organization",
    "itc": "international-tin-council", "adb-asia": "asian-development-bank", "adb-africa": "african-development-bank",
    "un": "united-nations", "unctad": "unctad", "fao": "fao", "eib": "european-investment-bank", "efta": "efta",
    "iea": "international-energy-agency", "asean": "asean", "euratom": "euratom", "comecon": "comecon", "inro": "inro",
    "gcc": "gulf-cooperation-council", "bis": "bank-for-international-settlements", "escap": "escap", "oapec": "oapec",
    "ida": "ida", "iwc-wheat": "international-wheat-council",
}  # fmt: skip
"""The desk's names of international bodies; those of which it had none in these reports are left out."""

PAST = ("soviet-union", "east-germany", "yugoslavia", "czechoslovakia")


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report, and the places that its desk gave it."""

    title: str
    text: str
    gold: frozenset[str]
    bodies: frozenset[str]


def reports(folder: Path) -> Iterator[Report]:
    """Read the reports that have a text; a line for each paragraph, as feeds have it."""
    for path in sorted(folder.glob("reut2-*.sgm")):
        for block in re.findall(r"<REUTERS.*?</REUTERS>", path.read_text(encoding="latin-1"), re.DOTALL):
            body, title = (re.search(rf"<{tag}>(.*?)</{tag}>", block, re.DOTALL) for tag in ("BODY", "TITLE"))
            labels = {kind: re.findall("<D>(.*?)</D>", block[block.index(f"<{kind}>") : block.index(f"</{kind}>")])
                      for kind in ("PLACES", "ORGS")}  # fmt: skip
            if body:
                text = re.sub(r"\n(?! {4})", " ", re.sub(r"\s*Reuter\s*\x03?\s*$", "", html.unescape(body[1])))
                yield Report(
                    title=html.unescape(title[1]) if title else "",
                    text="\n".join(line.strip() for line in text.splitlines()),
                    gold=frozenset(NAMES_OF_1987.get(place, place) for place in labels["PLACES"]),
                    bodies=frozenset(BODIES[body] for body in labels["ORGS"] if body in BODIES),
                )


def countries() -> frozenset[str]:
    """Give the names of the countries: those with a territory's code, and those that are no more."""
    text = (Path(__file__).parent.parent / "ingest" / "names" / "places.txt").read_text(encoding="utf-8")
    return frozenset(re.findall(r"(?m)^place (\S+) [A-Z]{2}$", text)) | frozenset(PAST)


@dataclass
class Score:
    """Counts of what was found and was so, was found and was not, was not found."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, gold: frozenset[str], found: frozenset[str]) -> None:
        """Count a text."""
        self.right += len(gold & found)
        self.wrong += len(found - gold)
        self.missed += len(gold - found)

    def __str__(self) -> str:
        """Give precision, recall, F1."""
        precision = self.right / max(1, self.right + self.wrong)
        recall = self.right / max(1, self.right + self.missed)
        return f"P {precision:.3f}  R {recall:.3f}  F1 {2 * precision * recall / max(1e-9, precision + recall):.3f}"


def measure(some: list[Report], gazetteer: Gazetteer, *, errors: bool) -> None:
    """Print the scores, and what is most often wrong."""
    gold_names = {name for report in some for name in report.gold}
    without, whole, bodies = Score(), Score(), Score()
    wrong: Counter[tuple[str, str]] = Counter()
    missed: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for report in some:
        every = gazetteer.mentions(report.title, report.text, "en")
        bodies.add(report.bodies, frozenset(one.name for one in every if one.kind == "org") & set(BODIES.values()))
        mentions = [one for one in every if one.kind == "place"]
        found = frozenset(NOW.get(one.name, one.name) for one in mentions if NOW.get(one.name, one.name) in COUNTRIES)
        whole.add(report.gold, found)
        without.add(report.gold - {"united-states"}, found - {"united-states"})
        for one in mentions:
            name = NOW.get(one.name, one.name)
            if name in COUNTRIES and name not in report.gold:
                wrong[name, one.words] += 1
            elif name in COUNTRIES:
                right[name] += 1
        missed.update(report.gold - found)
    print(f"{len(some):,} reports, {len(gold_names)} countries: without usa {without}; with it {whole}")
    print(f"international bodies: {bodies}")
    if errors:
        by_name = Counter[str]()
        for (name, _), count in wrong.items():
            by_name[name] += count
        for name, count in by_name.most_common(40):
            words = [f"{w} {n}" for (of, w), n in wrong.most_common() if of == name][:6]
            print(f"{name}: right {right[name]}, wrong {count}, missed {missed[name]}: {'; '.join(words)}")
        print("missed:", missed.most_common(30))


COUNTRIES = countries()


def main() -> None:
    """Do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--half", choices=("0", "1", "all"), default="0")
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--speed", action="store_true")
    asked = parser.parse_args()
    every = list(reports(asked.texts))
    random.Random(SEED).shuffle(every)
    half = {"0": every[: len(every) // 2], "1": every[len(every) // 2 :], "all": every}[asked.half]
    gazetteer = Gazetteer(shipped())
    measure(half, gazetteer, errors=asked.errors)
    if asked.speed:
        speed(every)


def speed(every: list[Report]) -> None:
    """Print stories a CPU second, with the shipped names and with 200,000 more."""
    rng = random.Random(SEED)
    words = sorted({word for report in every[:4000] for word in re.findall(r"[A-Za-z]{3,}", report.text)})
    parts = [consonant + vowel for consonant in "bcdfghklmnprstvz" for vowel in ("a", "e", "i", "o", "u", "an", "er")]
    invented = [" ".join("".join(rng.choices(parts, k=3)) for _ in range(rng.randint(1, 3))) for _ in range(100_000)]
    pairs = [" ".join(rng.choices(words, k=2)) for _ in range(100_000)]
    users = [
        Named(kind="org", name=f"user-{number}", aliases=(name.title(),))
        for number, name in enumerate(invented + pairs)
    ]
    for label, names in (("shipped names", shipped()), ("and 200,000 of a user", (*shipped(), *users))):
        begin = time.process_time()
        gazetteer = Gazetteer(names)
        built = time.process_time() - begin
        some = every[:5000]
        begin = time.process_time()
        for report in some:
            gazetteer.mentions(report.title, report.text, "en")
        taken = time.process_time() - begin
        each = taken / len(some)
        print(f"{label}: built in {built:.2f} s; {1 / each:,.0f} stories/s, {each * 1000:.3f} ms each")


if __name__ == "__main__":
    main()
