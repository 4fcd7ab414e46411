"""What a gazetteer knows: things with names, and how a name may be written. Reads the shipped lists' text. Pure.

The lists are made to be read and changed by people: ``docs/tagging.md`` says how they are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from db.text import slug

LANGUAGES = frozenset(
    [
        "en",
        "ar",
        "da",
        "de",
        "el",
        "es",
        "fr",
        "id",
        "it",
        "ja",
        "nb",
        "nl",
        "pl",
        "pt",
        "ro",
        "ru",
        "sv",
        "tr",
        "uk",
        "zh",
    ]
)
"""The languages of the lists. In a story of another one, or of none that is known, the English names are looked for,
and those in other scripts than the Latin."""

KINDS = ("place ", "org ", "person ")
MARKS = "*~?!^"
NO_SURNAMES = frozenset(("II", "III", "VI", "XVI", "Jr", "May"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A way to write a name. ``languages`` None: in a story of any.

    ``stem``: letters may follow (russisch, russische). ``personal``: people have this name too (Jordan). ``unsure``:
    the text must name what lies near as well (Georgia). ``word``: in capitals it is a word of its own (WHO).
    ``quoted``: who is so called is mostly quoted, so it counts in the title alone (Reuters). ``seat``: of a government,
    which it stands for.
    """

    text: str
    languages: frozenset[str] | None = None
    stem: bool = False
    personal: bool = False
    unsure: bool = False
    word: bool = False
    quoted: bool = False
    seat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A thing with names: its tag is ``kind:name``, and ``aliases`` are all the ways that it is written.

    An alias holds in every language. ``origin``: "entity" is the user's, "gazetteer" is shipped. What is shipped may
    have ``spellings`` instead, the tags that it brings along (``within``: Geneva is in Switzerland), and what ``near``
    it makes an unsure spelling sure. With the kind "" it is nothing: a longer name that keeps those in it from
    counting.
    """

    kind: str
    name: str
    aliases: tuple[str, ...] = ()
    origin: Literal["entity", "gazetteer"] = "entity"
    spellings: tuple[Spelling, ...] = ()
    within: tuple[tuple[str, str], ...] = ()
    near: frozenset[tuple[str, str]] = frozenset()


def spelling(text: str, languages: frozenset[str] | None, *, seat: bool = False) -> Spelling:
    """Read a spelling with its marks: ``russisch*``, ``Jordan~``, ``Georgia?``, ``WHO!``, ``Reuters^``."""
    plain = text.rstrip(MARKS)
    marks = text[len(plain) :]
    return Spelling(
        text=plain,
        languages=languages,
        stem="*" in marks,
        personal="~" in marks,
        unsure="?" in marks,
        word="!" in marks,
        quoted="^" in marks,
        seat=seat,
    )


def tag(text: str, kind: str) -> tuple[str, str]:
    """Read ``place:russia``, or ``russia`` for one of the same kind."""
    before, colon, after = text.strip().partition(":")
    return (before, after) if colon else (kind, before)


def read_entries(text: str) -> Iterator[Named]:
    """Read a list of blocks. The first line is ``kind name [code] [in tag, tag]``, and what it is called follows.

    ``en: …``, ``any: …`` names by language; ``seat: …`` of its government; ``part: …`` of it, both in any language;
    ``near: …`` tags; ``= de …; fr …`` and, of seats, ``@ de …; fr …`` are names that a script wrote. Raises ValueError
    at a line that is none of these.
    """
    block: list[str] = []
    for row in rows(text):
        if row.startswith(KINDS) and block:
            yield entry(block)
            block = []
        block.append(row)
    if block:
        yield entry(block)


def entry(block: list[str]) -> Named:
    """Read one block of a list."""
    head, _, parents = block[0].partition(" in ")
    kind, name = head.split()[:2]
    spellings: list[Spelling] = []
    near: frozenset[tuple[str, str]] = frozenset()
    for line in block[1:]:
        what, colon, names = line.partition(": ")
        if line.startswith(("= ", "@ ")):
            for part in line[2:].split("; "):
                language, _, words = part.partition(" ")
                seat = line.startswith("@")
                spellings += [spelling(one, frozenset({language}), seat=seat) for one in words.split(", ")]
        elif what == "near" and colon:
            near = frozenset(tag(one, kind) for one in names.split(","))
        elif colon and (what in LANGUAGES or what in {"any", "seat", "part"}):
            languages = frozenset({what}) if what in LANGUAGES else None
            spellings += [spelling(one.strip(), languages, seat=what == "seat") for one in names.split(",")]
        else:
            raise ValueError(f"{kind} {name}: no such line: {line}")
    within = tuple(tag(one, kind) for one in parents.split(",")) if parents else ()
    return Named(kind=kind, name=name, origin="gazetteer", spellings=tuple(spellings), within=within, near=near)


def rows(text: str) -> Iterable[str]:
    """Give the lines that are not empty and no remark."""
    return (line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def read_people(text: str) -> Iterator[Named]:
    """Read people, one a line: ``Full Name | Another Spelling = Surname`` → each with the tag of the full name.

    A surname that others have too counts where the full name stands in the text as well.
    """
    for row in rows(text):
        names, *surnames = [part.strip() for part in row.split("=")]
        every = [name.strip() for name in names.split("|")] + surnames
        last = every[0].split()[-1]
        if last not in (*every, *NO_SURNAMES):
            every.append(f"{last}?")
        yield Named(
            kind="person",
            name=slug(every[0]),
            origin="gazetteer",
            spellings=tuple(spelling(one, None) for one in every),
        )


def read_nothings(text: str) -> Iterator[Named]:
    """Read the longer names that are nothing, one a line: ``New Jersey``, or what it is: ``New Jersey > place:…``."""
    for row in rows(text):
        name, _, stands_for = row.partition(" > ")
        kind, thing = tag(stands_for, "") if stands_for else ("", "")
        yield Named(kind=kind, name=thing, origin="gazetteer", spellings=(spelling(name, None),))
