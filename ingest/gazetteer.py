"""Which known places, organizations and people does a text speak of? Pure.

All names are looked for at once (Aho-Corasick). Of two that overlap the longer is meant: "New Mexico" is no Mexico.
What the user named counts wherever it stands. A shipped name counts where the story is about it: it stands in the
title, in the beginning of the text, or twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from db.model import Mention
from db.text import UNSPACED
from ingest.name_forms import BREAK, KATAKANA, comparable, patterns, said, unspaced
from ingest.named import LANGUAGES, Named, Spelling
from ingest.namesakes import namesake, shouted

MAX_CHARS = 100_000
"""Of a text so much is read: 15,000 words, longer than a story. It bounds the time that a text can cost."""

BEGINNING = 300
MAX_BEGINNING = 600
"""A text begins with its first paragraph: at least so many characters, and at most."""

MAX_STEM_ENDING = 8
OTHER_SCRIPTS = frozenset({"ar", "el", "ja", "ru", "uk", "zh"})
"""What stands in Latin letters in a story of these is written as in English: 与NATO成员."""

LAST_LATIN = "\u036f"
MAX_SPELLINGS = 5
"""Of the ways that a name stood in a text so many are told."""


class Meaning(NamedTuple):
    """What a pattern may mean: which thing, in which languages, and how it must stand in the text."""

    thing: int
    spelling: Spelling
    capitals: tuple[int, ...]
    lead: int
    """So many characters of the pattern are the space before the name."""


class Hit(NamedTuple):
    """A name in the text: from where to where, and which things it may mean."""

    start: int
    end: int
    meanings: tuple[Meaning, ...]


@dataclass(slots=True)
class Found:
    """A thing in the text: how often, whether where it counts, and in which words."""

    times: int = 0
    ahead: bool = False
    words: list[str] = field(default_factory=list)


Key = tuple[str, str, str]


class Gazetteer:
    """Names to find. Building it takes a moment; then it is never changed, and may be asked from many threads."""

    def __init__(self, named: Iterable[Named]) -> None:
        self._things: Sequence[Named] = tuple(named)
        known: dict[str, list[Meaning]] = {}
        for number, thing in enumerate(self._things):
            for spelling in thing.spelled():
                for pattern, capitals in patterns(spelling.text):
                    known.setdefault(pattern, []).append(Meaning(number, spelling, capitals, int(pattern[0] == " ")))
        self._meanings = tuple(tuple(meanings) for meanings in known.values())
        self._automaton = AhoCorasick(
            list(known), matchkind=MatchKind.Standard, store_patterns=False, implementation=Implementation.ContiguousNFA
        )
        self._user = any(thing.origin == "entity" for thing in self._things)

    def mentions(self, title: str, text: str, language: str | None) -> tuple[Mention, ...]:
        """Find the things that a story names, in the order of the tags' names. Raises nothing.

        ``text`` has a line for each paragraph. ``language`` (a tag such as "en-GB", or None) decides which of the
        shipped names can stand there.
        """
        head = said(title[:MAX_CHARS])
        first = said(text[: text.find("\n") if "\n" in text[:MAX_BEGINNING] else MAX_BEGINNING])
        whole = f" {head} {BREAK} {said(text[:MAX_CHARS])} "
        ahead = len(head) + 4 + min(max(BEGINNING, len(first)), MAX_BEGINNING)
        low = comparable(whole)
        main = language.lower().replace("_", "-").partition("-")[0] if language else None
        hits = self._hits(whole, low, main if main in LANGUAGES else None)
        found: dict[Key, Found] = {}
        unsure: list[tuple[Key, Hit, frozenset[tuple[str, str]]]] = []
        if self._user:
            for hit in longest([hit for hit in hits if self._of(hit, "entity")]):
                for meaning in hit.meanings:
                    thing = self._things[meaning.thing]
                    if thing.origin == "entity":
                        note(found, (thing.kind, thing.name, "entity"), whole, hit, ahead)
        for hit in longest(hits):
            for meaning in hit.meanings:
                thing = self._things[meaning.thing]
                if thing.origin == "entity" or not thing.kind or not is_meant(thing, meaning.spelling, whole, hit):
                    continue
                for kind, name in ((thing.kind, thing.name), *thing.within):
                    key = (kind, name, "gazetteer")
                    if meaning.spelling.unsure:
                        unsure.append((key, hit, thing.near))
                    else:
                        note(found, key, whole, hit, ahead)
        sure = {(kind, name) for kind, name, _ in found}
        for key, hit, near in unsure:
            if key[:2] in sure or near & sure:
                note(found, key, whole, hit, ahead)
        return tuple(
            Mention(kind, name, origin, ", ".join(one.words[:MAX_SPELLINGS]))
            for (kind, name, origin), one in sorted(found.items())
            if origin == "entity" or one.ahead or one.times > 1
        )

    def _of(self, hit: Hit, origin: str) -> bool:
        return any(self._things[meaning.thing].origin == origin for meaning in hit.meanings)

    def _hits(self, whole: str, low: str, language: str | None) -> list[Hit]:
        """Find all that stands as a name may stand."""
        raw = self._automaton.find_matches_as_indexes(low, overlapping=True)
        if unspaced(low):  # Latin names have no space around them there
            raw = list({*raw, *self._automaton.find_matches_as_indexes(UNSPACED.sub(" ", low), overlapping=True)})
        found = []
        for pattern, start, end in raw:
            meanings = self._meanings[pattern]
            if low[end] != " ":
                meanings = tuple(meaning for meaning in meanings if ends(meaning.spelling, low, start, end))
            if meanings:
                kept = tuple(meaning for meaning in meanings if fits(meaning, whole, low, start, end, language))
                if kept:
                    found.append(Hit(start, end, kept))
        return found


def fits(meaning: Meaning, whole: str, low: str, start: int, end: int, language: str | None) -> bool:
    """Tell whether a name stands there with its capitals, in a language that it belongs to."""
    for at in meaning.capitals:
        if not whole[start + at].isupper():
            return False
    languages = meaning.spelling.languages
    if languages is None or language in languages:
        return True
    if "en" in languages:
        return language is None or language in OTHER_SCRIPTS
    return language is None and low[end - 1] > LAST_LATIN


def is_meant(thing: Named, spelling: Spelling, whole: str, hit: Hit) -> bool:
    """Tell whether the words around do not speak against it."""
    if spelling.word and shouted(whole, hit.start, hit.end):
        return False
    return thing.kind != "place" or not namesake(whole, hit.start, hit.end, personal=spelling.personal)


def note(found: dict[Key, Found], key: Key, whole: str, hit: Hit, ahead: int) -> None:
    """Note that a thing is named there."""
    one = found.setdefault(key, Found())
    one.times += 1
    one.ahead = one.ahead or hit.start < ahead
    words = stands(whole, hit)
    if words not in one.words:
        one.words.append(words)


def stands(whole: str, hit: Hit) -> str:
    """Give the words of a hit as they stand in the text; a stem with its ending."""
    start, end = hit.start + hit.meanings[0].lead, hit.end
    if any(meaning.spelling.stem for meaning in hit.meanings):
        while whole[end].isalnum():
            end += 1
    return whole[start:end]


def ends(spelling: Spelling, low: str, start: int, end: int) -> bool:
    """Tell whether a name that goes on in letters may end there: a stem, or a name in a script without spaces."""
    if low[start] == " ":
        if spelling.stem:
            return " " in low[end : end + MAX_STEM_ENDING + 1]
        return UNSPACED.match(low[end]) is not None
    if KATAKANA.match(low[start]) and KATAKANA.match(low[start - 1]):
        return False
    return not (KATAKANA.match(low[end - 1]) and KATAKANA.match(low[end]))


def longest(hits: list[Hit]) -> list[Hit]:
    """Of hits that overlap keep the first, and of those that begin together the longest."""
    hits.sort(key=lambda hit: (hit.start, -hit.end))
    kept, reached = [], -1
    for hit in hits:
        if hit.start >= reached:
            kept.append(hit)
            reached = hit.end
    return kept
