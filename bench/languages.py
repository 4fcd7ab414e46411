"""How well languages are told: `python bench/languages.py --ud FOLDER [--masakhane FOLDER]`.

`--ud`: sentences in 24 languages, from the `*-ud-*.conllu` files of github.com/UniversalDependencies (see
`bench/commonness.py`). `--masakhane`: headlines and reports in 16 languages of Africa, `LANGUAGE.tsv` from
github.com/masakhane-io/masakhane-news, `data/*/test.tsv`; of most of them the detector has never heard.

Each text is asked three times: where the feed declares nothing, the right language, and a wrong one (English, or for
English French). Printed are: how many got a language, how many of those the right one, and microseconds a text. A text
that the feed declared wrongly, and that keeps that language, counts as wrong; (None) does not.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from db.text import words
from ingest.language import language_of

SAMPLE = 1500
CODES = {
    "amh": "am", "eng": "en", "fra": "fr", "hau": "ha", "ibo": "ig", "lin": "ln", "lug": "lg", "orm": "om",
    "pcm": "pcm", "run": "rn", "sna": "sn", "som": "so", "swa": "sw", "tir": "ti", "xho": "xh", "yor": "yo",
}  # fmt: skip
UNSPACED = {"ja", "zh"}

Texts = list[tuple[str, str]]


def sentences(folder: Path) -> Texts:
    """Read a sample of each treebank's language."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("*-ud-*.conllu")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# text = "):
                found[path.name.partition("_")[0]].append(line.removeprefix("# text = "))
    shuffled = random.Random(1)
    return [(code, text) for code, all_ in found.items() for text in shuffled.sample(all_, min(SAMPLE, len(all_)))]


def reports(folder: Path, *, whole: bool) -> Texts:
    """Read Masakhane's reports, or their headlines."""
    csv.field_size_limit(10**9)
    found = []
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t")
            found += [(CODES[path.stem], row["headline"] + (f"\n{row['text']}" if whole else "")) for row in rows]
    return found


def cut(texts: Texts, length: int) -> Texts:
    """Give the first words of texts that have more; of Chinese and Japanese, twice as many characters."""
    return [
        (code, text[: 2 * length] if code in UNSPACED else " ".join(text.split()[:length]))
        for code, text in texts
        if (len(text) > 2 * length if code in UNSPACED else len(text.split()) > length)
    ]


def asked(name: str, texts: Texts) -> None:
    """Ask of all texts, and print how it went."""
    ways: dict[str, Callable[[str], str | None]] = {
        "nothing": lambda _: None,
        "the right": lambda code: code,
        "a wrong": lambda code: "en" if code != "en" else "fr",
    }
    for declared, of in ways.items():
        given = right = 0
        spent = 0.0
        for code, text in texts:
            count = len(words(text))
            began = time.perf_counter()
            told, _ = language_of(text, "", count, of(code))
            spent += time.perf_counter() - began
            given += told is not None
            right += told == code
        print(
            f"{name:34} {len(texts):6,} declared {declared:9}  told {given / len(texts):.3f}  "
            f"right {right / max(1, given):.4f}  {spent / len(texts) * 1e6:4.1f} µs"
        )


def main() -> None:
    """Do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ud", type=Path)
    parser.add_argument("--masakhane", type=Path)
    args = parser.parse_args()
    if args.ud:
        texts = sentences(args.ud)
        asked("sentences", texts)
        for length in (20, 10, 6, 3):
            asked(f"their first {length} words", cut(texts, length))
    if args.masakhane:
        known = {"am", "en", "fr", "yo"}
        for whole in (False, True):
            what = "reports" if whole else "headlines"
            texts = reports(args.masakhane, whole=whole)
            asked(f"{what} in am, en, fr, yo", [one for one in texts if one[0] in known])
            asked(f"{what} in 12 unknown languages", [one for one in texts if one[0] not in known])


if __name__ == "__main__":
    main()
