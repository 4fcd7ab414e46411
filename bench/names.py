"""Write the lines of `ingest/names/places.txt` that begin with `=`: each country's name in other languages.

`python bench/names.py`, with Babel installed. The names are the CLDR's (cldr.unicode.org, Unicode licence v3), as Babel
ships them; a place takes part that has a territory's code after its name. What was written by hand on the other lines
stays as it is. Russian, Ukrainian and Polish names of one word are written with their cases, by the plain rules.
"""

from __future__ import annotations

import re
from pathlib import Path

from babel import Locale

LANGUAGES = "da de el es fr id it ja nb nl pl pt ro ru sv tr uk ar zh zh_Hant"
CASES = {
    "ru": {
        "ия": "ия ии ию ией",
        "ея": "ея еи ее ею еей",
        "а": "а ы и е у ой",
        "ь": "ь и я ю е ем ью",
        "й": "й я ю ем е",
    },
    "uk": {"ія": "ія ії ію ією", "а": "а и і у ою", "ь": "ь і я ю ем", "й": "й ю єм ї"},
    "pl": {"ia": "ia ii ię ią", "ja": "ja ji ję ją", "a": "a y ie ę ą", "y": "y ech ami om"},
}
CONSONANT = {"ru": " а у ом е", "uk": " а у ом і", "pl": " u em ie owi"}
FIXED = "оеуиэюыєіo"


def cases(name: str, language: str) -> list[str]:
    """Give a name with its cases, as far as the plain rules go."""
    rules = CASES.get(language)
    if rules is None or not name.isalpha() or name.isupper() or len(name) < 4 or name[-1] in FIXED:
        return [name]
    for end, ends in rules.items():
        if name.endswith(end):
            return [name.removesuffix(end) + other for other in ends.split()]
    return [name + other for other in CONSONANT[language].split(" ")]


def line(code: str) -> str:
    """Make a territory's line: `= de Russland; fr Russie; …`."""
    parts = []
    for language in LANGUAGES.split():
        name = Locale.parse(language).territories.get(code, "")
        name = re.sub(r"\s*[(（].*", "", name).replace("ـ", "").strip()
        if len(name) > 1 and (language != "ja" or len(name) > 2 or name >= "一"):
            parts.append(f"{language.partition('_')[0]} {', '.join(cases(name, language))}")
    return f"= {'; '.join(parts)}"


def main() -> None:
    """Do it."""
    path = Path(__file__).parent.parent / "ingest" / "names" / "places.txt"
    blocks = re.split(r"(?m)^(?=place )", path.read_text(encoding="utf-8"))
    made = []
    for block in blocks:
        head, _, rest = re.sub(r"(?m)^= .*\n", "", block).partition("\n")
        code = re.fullmatch(r"place \S+ ([A-Z]{2})", head)
        if code:
            entry, gap, after = rest.partition("\n\n")
            rest = f"{entry.rstrip()}\n{line(code[1])}\n" + (f"\n{after}" if gap else "")
        made.append(f"{head}\n{rest}")
    path.write_text("".join(made), encoding="utf-8")
    print(f"{path.name}: {sum(one.startswith('place') for one in made)} places, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
