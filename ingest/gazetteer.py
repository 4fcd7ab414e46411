"""Which known places, organizations and people does a text name? Pure.

All names are looked for at once (Aho-Corasick), wherever they stand; then each is asked whether it stands there as it
must, and of two that overlap the longer is meant: "New Mexico" is no Mexico. Which of them the text is about is
``ingest/salience.py``'s to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from db.model import Mention
from db.text import UNSPACED
from ingest.name_forms import BREAK, KATAKANA, comparable, patterns, said, unspaced
from ingest.named import LANGUAGES, Named, Spelling
from ingest.namesakes import governs, namesake, shouted
from ingest.salience import Tally, beginning, dateline

MAX_CHARS = 100_000
"""Of a text so much is read: 15,000 words, longer than a story. It bounds the time that a text can cost."""

MAX_HITS = 10_000
"""Many times what a story of that length has; a text that is but names would cost a second more."""

MAX_STEM_ENDING = 8

OTHER_SCRIPTS = frozenset({"ar", "el", "ja", "ru", "uk", "zh"})
"""What stands in Latin letters in a story of these is written as in English: 与NATO成员."""

LAST_LATIN = "\u036f"

PLAIN = Spelling(text="")
"""How the aliases are spelled: one for all of them, as a user may have 200,000."""


Tag = tuple[str, str]


class Doubt(IntEnum):
    """What a name needs to count: nothing; that the country of a town is named as well; that something near it is."""

    NONE = 0
    TOWN = 1
    UNSURE = 2


class Meaning(NamedTuple):
    """What a pattern may mean: which thing, by which spelling, and where in it there must be capitals.

    ``lead``: so many characters of the pattern are the space before the name.
    """

    thing: int
    spelling: Spelling
    capitals: tuple[int, ...]
    lead: int


class Hit(NamedTuple):
    """A name in the text: from where to where, and what it may mean."""

    start: int
    end: int
    meanings: tuple[Meaning, ...]


class Page(NamedTuple):
    """A story to be searched: as it is quoted, and comparable, of one length; and where its parts end.

    The parts are the title, the dateline (where the title ends, if there is none), the beginning.
    """

    whole: str
    low: str
    title_end: int
    dateline_end: int
    beginning_end: int


class Gazetteer:
    """Names to find. Building it takes a moment; then it is never changed, and may be asked from many threads."""

    def __init__(self, named: Iterable[Named]) -> None:
        self._things: Sequence[Named] = tuple(named)
        known: dict[str, list[Meaning]] = {}
        for number, thing in enumerate(self._things):
            ways = [(alias, PLAIN) for alias in thing.aliases] + [(one.text, one) for one in thing.spellings]
            for text, spelling in ways:
                for pattern, capitals in patterns(text):
                    meaning = Meaning(number, spelling, capitals, int(pattern[0] == " "))
                    known.setdefault(pattern, []).append(meaning)
        self._meanings = tuple(tuple(meanings) for meanings in known.values())
        self._automaton = AhoCorasick(
            list(known), matchkind=MatchKind.Standard, store_patterns=False, implementation=Implementation.ContiguousNFA
        )
        self._users = frozenset(number for number, thing in enumerate(self._things) if thing.origin == "entity")

    def mentions(self, title: str, text: str, language: str | None) -> tuple[Mention, ...]:
        """Find what a story names and is about, in the order of the tags. Raises nothing.

        ``text`` has a line for each paragraph. ``language`` (a tag such as "en-GB", or None) decides which of the
        shipped names can stand there.
        """
        page = laid_out(title, text)
        main = language.lower().replace("_", "-").partition("-")[0] if language else None
        hits = self._hits(page, main if main in LANGUAGES else None)
        tally = Tally(page.beginning_end)
        if self._users:
            users = [hit for hit in hits if any(meaning.thing in self._users for meaning in hit.meanings)]
            for hit in longest(users):
                for number in {meaning.thing for meaning in hit.meanings} & self._users:
                    thing = self._things[number]
                    tally.note(thing.kind, thing.name, thing.origin, hit.start, stands(page.whole, hit))
        self._count_shipped(page, longest(hits), tally)
        return tally.mentions()

    def seen(self, page: Page, language: str | None) -> list[tuple[int, int, str]]:
        """Give what stands in a text, counted or not: from where to where, and the kind. For measuring."""
        return [
            (hit.start + meaning.lead, hit.end, thing.kind)
            for hit in longest(self._hits(page, language))
            for meaning in hit.meanings
            if (thing := self._things[meaning.thing]).kind
            and not meaning.spelling.unsure
            and is_meant(thing, meaning.spelling, page, hit)
        ]

    def _hits(self, page: Page, language: str | None) -> list[Hit]:
        """Find all names that stand as a name may stand."""
        low = page.low
        raw = self._automaton.find_matches_as_indexes(low, overlapping=True)
        if unspaced(low):  # Latin names have no space around them there
            again = self._automaton.find_matches_as_indexes(UNSPACED.sub(" ", low), overlapping=True)
            raw = list(dict.fromkeys(raw[:MAX_HITS] + again[:MAX_HITS]))
        found = []
        for pattern, start, end in raw[: 2 * MAX_HITS]:
            meanings = self._meanings[pattern]
            if low[end] != " ":
                meanings = tuple(meaning for meaning in meanings if ends(meaning.spelling, low, start, end))
            kept = tuple(meaning for meaning in meanings if fits(meaning, page, start, end, language))
            if kept:
                found.append(Hit(start, end, kept))
        return found

    def _count_shipped(self, page: Page, hits: list[Hit], tally: Tally) -> None:
        """Count the shipped things: first what is sure, then the unsure that has something near it, then the towns."""
        unsure: list[tuple[Tag, Hit, frozenset[Tag]]] = []
        towns: list[tuple[Tag, Hit]] = []
        for hit in hits:
            tags = self._tags(page, hit)
            for tag, (doubt, near) in tags.items():
                if doubt == Doubt.NONE:
                    tally.note(*tag, "gazetteer", hit.start, stands(page.whole, hit))
                elif doubt == Doubt.TOWN:
                    towns.append((tag, hit))
                else:
                    unsure.append((tag, hit, near))
        named = tally.names() | {tag for tag, _ in towns}
        for tag, hit, near in unsure:
            if tag in named or near & named:
                tally.note(*tag, "gazetteer", hit.start, stands(page.whole, hit))
        sure = tally.names()
        for tag, hit in towns:
            if tag in sure:
                tally.note(*tag, "gazetteer", hit.start, stands(page.whole, hit))

    def _tags(self, page: Page, hit: Hit) -> dict[Tag, tuple[Doubt, frozenset[Tag]]]:
        """Give the shipped tags that a hit may mean, each once: with its least doubt, and what near it ends that."""
        found: dict[Tag, tuple[Doubt, frozenset[Tag]]] = {}
        for meaning in hit.meanings:
            thing, spelling = self._things[meaning.thing], meaning.spelling
            if meaning.thing in self._users or not thing.kind or not is_meant(thing, spelling, page, hit):
                continue
            town = thing.kind == "place" and (spelling.seat or thing.within != ()) and stands_apart(page, hit)
            for tag in ((thing.kind, thing.name), *thing.within):
                apart = town and (spelling.seat or tag != (thing.kind, thing.name))
                doubt = Doubt.UNSURE if spelling.unsure else Doubt.TOWN if apart else Doubt.NONE
                if tag not in found or doubt < found[tag][0]:
                    found[tag] = (doubt, thing.near)
        return found


def laid_out(title: str, text: str) -> Page:
    """Lay out a story to be searched."""
    head, body = said(title[:MAX_CHARS]), said(text[:MAX_CHARS])
    whole = f" {head} {BREAK} {body} "
    title_end = len(head) + 2
    return Page(whole, comparable(whole), title_end, title_end + dateline(body), title_end + 2 + beginning(text))


def fits(meaning: Meaning, page: Page, start: int, end: int, language: str | None) -> bool:
    """Tell whether a name stands there with its capitals, in a language that it belongs to."""
    for at in meaning.capitals:
        if not page.whole[start + at].isupper():
            return False
    languages = meaning.spelling.languages
    if languages is None or language in languages:
        return True
    if "en" in languages:
        return language is None or language in OTHER_SCRIPTS
    return language is None and page.low[end - 1] > LAST_LATIN


def ends(spelling: Spelling, low: str, start: int, end: int) -> bool:
    """Tell whether a name that goes on in letters may end there: a stem, or a name in a script without spaces."""
    if low[start] == " ":
        if spelling.stem:
            return " " in low[end : end + MAX_STEM_ENDING + 1]
        return UNSPACED.match(low[end]) is not None
    if KATAKANA.match(low[start]) and KATAKANA.match(low[start - 1]):
        return False
    return not (KATAKANA.match(low[end - 1]) and KATAKANA.match(low[end]))


def is_meant(thing: Named, spelling: Spelling, page: Page, hit: Hit) -> bool:
    """Tell whether neither the words around nor the place in the text speak against it."""
    whole = page.whole
    if page.title_end <= hit.start < page.dateline_end:
        return False
    if spelling.quoted and (hit.start >= page.title_end or whole[hit.end] == ")"):
        return False
    if spelling.word and shouted(whole, hit.start, hit.end):
        return False
    if thing.kind != "place":
        return True
    town = spelling.seat or bool(thing.within)
    return not namesake(whole, hit.start, hit.end, personal=spelling.personal, town=town)


def stands_apart(page: Page, hit: Hit) -> bool:
    """Tell whether a town would be but a town there: not in the title, and no government that does something.

    Then it is no mention of its country, unless that is named as well: much happens in Paris that is not about France.
    """
    return hit.start >= page.title_end and not governs(page.whole, hit.start, hit.end)


def stands(whole: str, hit: Hit) -> str:
    """Give the words of a hit as they stand in the text; a stem with its ending, an abbreviation with its point."""
    start, end = hit.start + hit.meanings[0].lead, hit.end
    if any(meaning.spelling.stem for meaning in hit.meanings):
        while whole[end].isalnum():
            end += 1
    if whole[end] == "." and "." in whole[start:end]:
        end += 1
    return whole[start:end]


def longest(hits: list[Hit]) -> list[Hit]:
    """Of hits that overlap keep the first, and of those that begin together the longest."""
    hits.sort(key=lambda hit: (hit.start, -hit.end))
    kept, reached = [], -1
    for hit in hits:
        if hit.start >= reached:
            kept.append(hit)
            reached = hit.end
    return kept
