"""Make `ingest/commonness.bin`, the counts of words in news: `python bench/commonness.py FOLDER`.

FOLDER has what the public repositories named here hold, each in a folder of its own; none of it is ours or comes with
the program, which ships counts alone: of each word's hash, the share of texts that have it.

| folder | from | what |
| --- | --- | --- |
| `reuters/` | github.com/mihaibogdan10/json-reuters-21578, `json-data/` | Reuters-21578: 19,043 reports of 1987 |
| `bbc/` | github.com/dejanbatanjac/bbc-article-classify-bert, `bbc/` | 2,225 BBC reports of 2004 and 2005 |
| `ag_test.csv` | AG News' test part, as any copy has it | 7,600 headlines with summaries, 2004 |
| `horne/` | github.com/rpitrust/fakenewsdata1, unzipped | 326 articles of 2016 |
| `ud/` | github.com/UniversalDependencies, the files `*-ud-*.conllu` of TREEBANKS | sentences in 24 languages |
| `bosque/` | UniversalDependencies/UD_Portuguese-Bosque, `not-to-release/documents` | 1,960 Portuguese reports |

A word's share in English is the mean over the four English sets, so that no year's names weigh much. Of the others each
language counts for itself, in texts of 250 words, and only with what stands in three of them: what is common there. A
word of several languages gets the highest share, where English counts whole and the others by a third: so the German
"war" does not make a stop word of the English one.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from array import array

from ingest.commonness import FILE, Table, level
from ingest.terms import spelled, term_hashes

WEIGHTS = {"reuters": 0.34, "bbc": 0.33, "ag": 0.13, "horne": 0.2}
"""Reuters' reports are of one trade, AG's texts are short, Horne's few."""

LEAST = 3
"""Fewer texts than this are no proof that a word is common, nor is a smaller file bought by them."""

TREEBANKS = (
    "Arabic-PUD Chinese-GSDSimp Chinese-PUD Czech-PUD Danish-DDT Dutch-Alpino Dutch-LassySmall Finnish-TDT French-GSD "
    "French-PUD French-Sequoia German-GSD German-PUD Greek-GDT Hindi-PUD Hungarian-Szeged Indonesian-GSD Italian-ISDT "
    "Italian-PUD Italian-VIT Japanese-GSD Korean-GSD Norwegian-Bokmaal Polish-LFG Polish-PDB Polish-PUD "
    "Portuguese-Bosque Romanian-RRT Russian-GSD Russian-PUD Russian-Taiga Spanish-GSD Spanish-PUD Swedish-PUD "
    "Swedish-Talbanken Turkish-BOUN Turkish-IMST Turkish-PUD Ukrainian-IU"
)
"""Of each the files below 4 MiB: as a rule what is meant for development and tests."""

FOREIGN = 0.33
TEXT_WORDS = 250

Texts = Iterable[tuple[str, str]]


def reuters(folder: Path) -> Iterator[tuple[str, str]]:
    """Read Reuters-21578, where a report has a text."""
    for path in sorted((folder / "reuters").rglob("*.json")):
        for report in json.loads(path.read_text(encoding="latin-1")):
            if report.get("body"):
                yield report.get("title") or "", report["body"]


def bbc(folder: Path) -> Iterator[tuple[str, str]]:
    """Read the BBC's: the first line is the headline."""
    for path in sorted((folder / "bbc").glob("*/*.txt")):
        title, _, text = path.read_text(encoding="latin-1").partition("\n")
        yield title, text


def ag(folder: Path) -> Iterator[tuple[str, str]]:
    """Read AG News."""
    with (folder / "ag_test.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["title"], row["description"].replace("\\", " ")


def horne(folder: Path) -> Iterator[tuple[str, str]]:
    """Read Horne and Adali's: texts and titles in folders of their own."""
    for path in sorted((folder / "horne").rglob("*.txt")):
        if not path.parent.name.endswith("_titles"):
            title = path.parent.with_name(f"{path.parent.name}_titles") / path.name
            yield title.read_text(encoding="latin-1") if title.exists() else "", path.read_text(encoding="latin-1")


def languages(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Read the treebanks' sentences, in texts of about TEXT_WORDS words, by language."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in (*sorted((folder / "ud").glob("*.conllu")), *sorted((folder / "bosque").rglob("*.conllu"))):
        language = path.name.split("_")[0] if "-ud-" in path.name else "pt"
        texts, text, words = found.setdefault(language, []), [], 0
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("# text = "):
                text.append(line.removeprefix("# text = "))
                words += len(spelled(text[-1]))
                if words >= TEXT_WORDS:
                    texts.append(("", " ".join(text)))
                    text, words = [], 0
        if text and "-ud-" not in path.name:
            texts.append(("", " ".join(text)))
    return found


def counted(texts: Texts) -> tuple[Counter[int], int]:
    """Count in how many texts each term stands → the counts, and of how many."""
    counts: Counter[int] = Counter()
    number = 0
    for title, text in texts:
        counts.update(term_hashes(title, text))
        number += 1
    return counts, number


def main() -> None:
    """Do it."""
    folder = Path(sys.argv[1])
    shares: Counter[int] = Counter()
    seen: Counter[int] = Counter()
    for name, read in (("reuters", reuters), ("bbc", bbc), ("ag", ag), ("horne", horne)):
        counts, number = counted(read(folder))
        print(f"{name}: {number:,} texts, {len(counts):,} terms")
        seen.update(counts)
        for term, count in counts.items():
            shares[term] += WEIGHTS[name] * count / number
    kept = {term: share for term, share in shares.items() if seen[term] >= LEAST}
    print(f"en: {len(kept):,} terms kept")
    for language, texts in sorted(languages(folder).items()):
        counts, number = counted(texts)
        common = {term: FOREIGN * count / number for term, count in counts.items() if count >= LEAST}
        for term, share in common.items():
            kept[term] = max(kept.get(term, 0.0), share)
        print(f"{language}: {number:,} texts, {len(common):,} terms kept")
    terms = array("I", sorted(kept))
    table = Table(terms, bytes(level(kept[term]) for term in terms))
    path = Path(__file__).parent.parent / "ingest" / FILE
    path.write_bytes(table.packed())
    print(f"{path.name}: {len(terms):,} terms, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
