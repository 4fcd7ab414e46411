"""How surely a found name is one, in four languages: `python bench/entities.py --texts FOLDER`.

FOLDER has the files `en_pud-ud-test.iob2`, `de_…`, `ru_…`, `zh_…` of Universal NER (github.com/UniversalNER, the
repositories UNER_English-PUD, UNER_German-PUD, UNER_Russian-PUD and UNER_Chinese-PUD, CC BY-SA 4.0): the same 1,000
sentences of news and of Wikipedia in each language, their persons, organizations and locations marked by people.

Printed is by kind, of all names that the gazetteer sees in a sentence (before it asks what the text is about): how many
stand in a name that is marked with that kind; with another; in none. A country that acts is marked as an organization:
that is right too. Adjectives (Russian) are not marked: so what stands in none is told, and no part of the precision of
places. And of the names that are marked, how many are seen; most belong to people and firms that no list can know.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from ingest.gazetteer import Gazetteer, laid_out
from ingest.gazetteer_files import shipped

KINDS = {"LOC": "place", "ORG": "org", "PER": "person"}
LANGUAGES = {"en": " ", "de": " ", "ru": " ", "zh": ""}
"""With what stands between two words."""

Span = tuple[int, int, str]


def sentences(path: Path, between: str) -> Iterator[tuple[str, list[Span]]]:
    """Read a file → each sentence with its marked names: from where to where, and the kind."""
    text, spans = "", list[Span]()
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if not line.strip():
            if text:
                yield text, spans
            text, spans = "", []
        elif not line.startswith("# "):
            _, word, mark = line.split("\t")[:3]
            begin = len(text) + len(between if text else "")
            text += (between if text else "") + word
            if mark.startswith("B-"):
                spans.append((begin, len(text), KINDS.get(mark[2:], "")))
            elif mark.startswith("I-") and spans:
                spans[-1] = (spans[-1][0], len(text), spans[-1][2])


def main() -> None:
    """Do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True)
    asked = parser.parse_args()
    gazetteer = Gazetteer(shipped())
    for language, between in LANGUAGES.items():
        counts: Counter[tuple[str, str]] = Counter()
        for text, spans in sentences(asked.texts / f"{language}_pud-ud-test.iob2", between):
            page = laid_out("", text)
            shift = len(page.whole) - len(text) - 1
            seen = [(start - shift, end - shift, kind) for start, end, kind in gazetteer.seen(page, language)]
            for start, end, kind in seen:
                marked = {of for begin, until, of in spans if begin < end and start < until}
                right = kind in marked or (kind == "place" and "org" in marked)
                counts[kind, "right" if right else "other" if marked else "none"] += 1
            for begin, until, kind in spans:
                found = any(start < until and begin < end and kind == of for start, end, of in seen)
                counts[kind, "found" if found else "missed"] += 1
        for kind in KINDS.values():
            right, other, none, found, missed = (
                counts[kind, what] for what in ("right", "other", "none", "found", "missed")
            )
            precision = right / max(1, right + other + (0 if kind == "place" else none))
            print(
                f"{language} {kind}: {right} right, {other} of another kind, {none} unmarked: P {precision:.3f}; "
                f"R {found / max(1, found + missed):.3f} of {found + missed}"
            )


if __name__ == "__main__":
    main()
