"""Write the lines of `ingest/names/places.txt` that begin with `=` or `@`: names in other languages.

`python bench/names.py`, with Babel installed. The names are the CLDR's (cldr.unicode.org, Unicode licence v3), as Babel
ships them: `=` those of territories, where a place has a code after its name, and of the cities by which time zones are
called; `@` those of such cities that are seats of a government. What was written by hand on the other lines stays as
it is. German names are written with the genitive's s, Russian, Ukrainian and Polish ones of one word with their cases,
by the plain rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
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
    if language == "de" and name[-1] not in "sßxz" and name.isalpha():
        return [name, f"{name}s"]
    rules = CASES.get(language)
    if rules is None or not name.isalpha() or name.isupper() or len(name) < 4 or name[-1] in FIXED:
        return [name]
    for end, ends in rules.items():
        if name.endswith(end):
            return [name.removesuffix(end) + other for other in ends.split()]
    return [name + other for other in CONSONANT[language].split(" ")]


ZONES = {"Kyiv": "Europe/Kiev", "Yangon": "Asia/Rangoon", "Kolkata": "Asia/Calcutta", "Kathmandu": "Asia/Katmandu"}


def zone(city: str, every: tuple[str, ...]) -> str | None:
    """Give the time zone that is called by a city."""
    end = "/" + city.replace(" ", "_")
    return ZONES.get(city) or next((name for name in every if name.endswith(end)), None)


def told(names: Iterable[tuple[str, str]]) -> str:
    """Write names by language in a line: `de Russland, Russlands; fr Russie; …`."""
    parts: dict[str, list[str]] = {}
    for language, given in names:
        name = re.sub(r"\s*[(（].*", "", given).replace("ـ", "").strip()
        if len(name) > 1 and (language != "ja" or len(name) > 2 or name >= "一"):
            parts.setdefault(language.partition("_")[0], []).extend(cases(name, language))
    return "; ".join(f"{language} {', '.join(dict.fromkeys(names))}" for language, names in parts.items())


def territory(code: str, entry: str) -> str:
    """Write a territory's names; one that is marked in English (Georgia?) is marked as well."""
    marked = {name.rstrip("?~").strip(): name.strip() for name in re.findall(r"[^:,\n]+[?~]", entry)}
    names = ((language, Locale.parse(language).territories.get(code, "")) for language in LANGUAGES.split())
    return told((language, marked.get(name.replace("ó", "o"), name)) for language, name in names)


def cities(names: list[str]) -> str:
    """Write the names of cities, as far as time zones are called by them."""
    every = tuple(Locale.parse("de").time_zones)
    zones = [found for name in names if (found := zone(name, every))]
    return told(
        (language, str(Locale.parse(language).time_zones.get(name, {}).get("city", "")))
        for name in zones
        for language in LANGUAGES.split()
    )


def spelled(entry: str, what: str) -> list[str]:
    """Give the names of a block's line."""
    found = re.search(rf"(?m)^{what}: (.*)$", entry)
    return [name.strip("~ ") for name in found[1].split(",")] if found else []


def main() -> None:
    """Do it."""
    path = Path(__file__).parent.parent / "ingest" / "names" / "places.txt"
    blocks = re.split(r"(?m)^(?=place )", path.read_text(encoding="utf-8"))
    made = []
    for block in blocks:
        head, _, rest = re.sub(r"(?m)^[=@] .*\n", "", block).partition("\n")
        entry, gap, after = rest.partition("\n\n")
        lines = []
        if code := re.fullmatch(r"place \S+ ([A-Z]{2})", head):
            lines += [f"= {territory(code[1], entry)}"]
            lines += [f"@ {names}" for names in [cities(spelled(entry, "seat"))] if names]
        elif head.startswith("place") and " in " in head:
            lines += [f"= {names}" for names in [cities(spelled(entry, "any"))] if names]
        if lines:
            rest = "\n".join([entry.rstrip(), *lines]) + "\n" + (f"\n{after}" if gap else "")
        made.append(f"{head}\n{rest}")
    path.write_text("".join(made), encoding="utf-8")
    print(f"{path.name}: {sum(one.startswith('place') for one in made)} places, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
