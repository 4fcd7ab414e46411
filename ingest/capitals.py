"""Names that a text may have: words with capitals, one after the other, that stand inside a sentence. Pure.

For suggestions alone, which a person looks at: nothing is tagged by this. Scripts without capitals give none, and in
German, where every noun has one, only what has two words or more, or a title before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["person", "org", "place"]


def words_of(text: str) -> frozenset[str]:
    """Read a list of words."""
    return frozenset(text.split())


MAX_CHARS = 5_000
"""Of a text: who and what it is about stands at its top."""
MAX_WORDS = 6
"""A longer run is a headline, or a list."""

TOKEN = re.compile(r"[^\W_](?:[^\W_]|[.&'’\-](?=[^\W_]))*")
ENDS = re.compile(r"[.!?…:;•|\"“”„«»()\[\]\n\t]|[-–—](?=\s)|[‘’'](?=\s|$)|(?<=\s)[‘’']")
"""After these a capital says nothing: a sentence may begin."""

ACRONYM = re.compile(r"\s?\(([A-Z][A-Za-z&.-]{1,9})\)")
CONTRACTION = re.compile(r"^I$|['’](?:m|ve|d|ll|re|t)$")
OF_A_NAME = re.compile(r"[dD]['’][A-ZÀ-Ý]")
POSSESSIVE = re.compile(r"['’](?:s|S)?$")
INSIDE = words_of(
    """of the for and & de da do dos das del della di du des la le les el al van von der den ter ten bin ibn y e i
    und et og och"""
)
"""Small words that a name may have inside."""

ORG_INSIDE = frozenset(("of", "the", "for", "and", "&", "und", "et", "og", "och"))
ORG_WORDS = words_of(
    """inc corp corporation co company companies ltd plc llc ag gmbh sa spa nv bv group holdings holding partners
    bank bancorp ministry department agency authority commission committee council party union federation
    association organization organisation institute university college school hospital court press times post
    journal news airlines airways motors industries systems technologies laboratories foundation trust fund
    league club army navy police parliament senate congress office bureau board service services exchange
    securities energy oil petroleum gas steel chemical insurance financial international ministerium partei
    verband bundesamt universität ministère parti ministerio partido banco banca banque"""
)
PERSON_TITLES = words_of(
    """mr mrs ms miss dr prof professor president prime premier chancellor king queen prince princess emperor sen
    senator rep representative congressman congresswoman gov governor mayor judge justice general gen colonel
    col captain capt major lieutenant lt sgt sergeant admiral sir lord lady dame chairman chairwoman chairperson
    chair chief executive ceo cfo director secretary spokesman spokeswoman spokesperson ambassador minister
    deputy vice former ex acting interim treasury finance foreign defense defence interior attorney pope
    cardinal archbishop bishop imam ayatollah sheikh rabbi father sister coach manager actor actress singer
    author striker goalkeeper midfielder captain präsident präsidentin bundespräsident bundeskanzler
    bundeskanzlerin kanzler kanzlerin minister ministerin außenminister außenministerin finanzminister
    verteidigungsminister innenminister ministerpräsident herr frau président présidente ministre m mme maire
    général presidente presidenta ministro ministra señor señora sr sra canciller alcalde gobernador
    président-directeur signor onorevole prezydent premier минист министр президент премьер-министр глава
    губернатор"""
)
STRONG_TITLES = words_of(
    """mr mrs ms dr president minister premier chancellor exchequer secretary speaker governor senator ambassador
    chairman chairwoman spokesman spokeswoman king queen prince princess pope cardinal mayor professor
    bundeskanzler kanzler präsident präsidentin kanzlerin ministerin ministre président présidente presidente
    presidenta ministro ministra министр президент премьер-министр"""
)
"""After one of these, wherever in a run it stands, a person's name begins."""

WEAK_TITLES = frozenset(
    ("general", "justice", "major", "captain", "father", "sister", "king", "prince", "chief", "star")
)
"""Also the first word of other names."""

LEGAL_FORMS = words_of("inc corp corporation co ltd plc llc llp ag gmbh sa spa nv bv pty oyj ab asa kk se kg")
ARTICLES = frozenset(("the", "der", "die", "das", "den", "dem", "le", "la", "les", "el", "los", "las", "il", "o", "os"))

PLACE_BEFORE = frozenset(("in", "near", "from", "at", "across", "outside", "throughout", "around", "à", "nach", "aus"))
CASELESS = re.compile(r"[\u0590-\u08ff\u0900-\u0fff\u1000-\u109f\u1100-\u13ff\u1780-\u17ff\u2e80-\ud7ff\uf900-\ufaff]")


@dataclass(slots=True)
class Seen:
    """How a name stood in a text.

    How often in all, after a title, after a word as places have it, after an article, with the legal form of a company;
    and its short form, where one followed in brackets.
    """

    times: int = 0
    titled: int = 0
    placed: int = 0
    articled: int = 0
    firm: int = 0
    acronym: str | None = None


def has_capitals(text: str) -> bool:
    """Tell whether a text is written with capitals and small letters, most of it."""
    sample = text[:500]
    caseless = len(CASELESS.findall(sample))
    letters = sum(map(str.isalpha, sample))
    return letters > 0 and caseless < letters / 2 and any(map(str.islower, sample))


def names_in(text: str, language: str | None, is_common: Callable[[str], bool]) -> dict[str, Seen]:
    """Find what may be names in a text → how each stood there, by its words with single spaces.

    ``is_common``: whether nearly every text might have a word; where a sentence begins, it is no part of a name.
    """
    found: dict[str, Seen] = {}
    german = language is not None and language.partition("-")[0] == "de"
    for run in runs(text[:MAX_CHARS]):
        words, begins, before, end = run
        if begins:
            while words and (is_common(words[0]) or words[0].lower() in INSIDE):
                words, begins = words[1:], False
                if words and not words[0][0].isupper():
                    words = words[1:]
        titled, words = without_titles(words)
        words, firm = without_form(words)
        if not words or len(words) > MAX_WORDS or (begins and len(words) == 1 and not titled):
            continue
        if german and len(words) == 1 and not titled:
            continue
        name = " ".join(words)
        if len(name) < 3 or not any(map(str.isalpha, name)):
            continue
        seen = found.setdefault(name, Seen())
        seen.times += 1
        seen.titled += titled
        seen.placed += before in PLACE_BEFORE and not titled
        seen.articled += before in ARTICLES and not titled
        seen.firm += firm
        if (short := ACRONYM.match(text, end)) and fits_acronym(short[1], words):
            seen.acronym = short[1]
    return found


def runs(text: str) -> Iterator[tuple[list[str], bool, str, int]]:
    """Yield the runs of words with capitals: the words, whether a sentence begins there, the word before, the end."""
    words: list[str] = []
    begins, before, end, last_end, last = False, "", 0, 0, ""
    pending: list[str] = []
    for token in TOKEN.finditer(text):
        word, gap = token[0], text[last_end : token.start()]
        glued = gap in (" ", "\u00a0", ". ") and bool(words)
        if gap == ". ":  # "Mr. Baker", "John F. Kennedy": a short word with a full stop ends no sentence
            glued = glued and not pending and (len(words[-1]) <= 2 or words[-1].lower() in PERSON_TITLES)
        if words and (not glued or (pending and word.lower() in PERSON_TITLES)):  # "… and Mr. Baker"
            yield words, begins, before, end
            words, pending = [], []
        capital = (word[0].isupper() and not CONTRACTION.search(word)) or (words and OF_A_NAME.match(word))
        if capital:
            if not words:
                begins = last_end == 0 or bool(ENDS.search(gap))
                before = last.lower()
            words = [*words, *pending, POSSESSIVE.sub("", word)]
            pending, end = [], token.end()
            if word != words[-1]:  # a possessive ends the name: "Baker's House"
                yield words, begins, before, end
                words = []
        elif words and word in INSIDE and len(pending) < 2:
            pending.append(word)
        elif words:
            yield words, begins, before, end
            words, pending = [], []
        last, last_end = word, token.end()
    if words:
        yield words, begins, before, end


def without_titles(words: list[str]) -> tuple[bool, list[str]]:
    """Take titles, roles and what stands before them off a name → whether it had any, and the rest.

    "French Foreign Minister Jean Dupont" is Jean Dupont; "General Motors" and "Justice Department" stay.
    """
    at, titled = 0, False
    for number, word in enumerate(words[:-1], start=1):
        if word.lower() in STRONG_TITLES:
            at, titled = number, True
    if ORG_WORDS.intersection(map(str.lower, words[at:])):
        at, titled = 0, False
    while at < len(words) and (word := words[at].lower()) in PERSON_TITLES | INSIDE:
        if word in WEAK_TITLES and (at + 1 >= len(words) or len(words) - at == 2):
            break
        titled = titled or word in PERSON_TITLES
        at += 1
    return titled, words[at:]


def without_form(words: list[str]) -> tuple[list[str], bool]:
    """Take the legal form of a company off the end of a name → the rest, and whether it had one."""
    end = len(words)
    while end > 1 and words[end - 1].lower() in LEGAL_FORMS | {"and", "&"}:
        end -= 1
    return words[:end], end < len(words)


def fits_acronym(short: str, words: list[str]) -> bool:
    """Tell whether letters in brackets after a name are its short form: each begins one of its words, in order."""
    letters = [char for char in short if char.isupper()]
    firsts = iter(word[0].upper() for word in words)
    return len(words) > 1 and len(letters) > 1 and all(letter in firsts for letter in letters)


def kind_of(name: str, seen: Seen) -> Kind:
    """Guess what a name is of, from its words and how it stood in all texts together."""
    words = name.lower().split()
    if seen.firm or seen.acronym or ORG_WORDS.intersection(words) or ORG_INSIDE.intersection(words):
        return "org"
    if seen.titled > 0.1 * seen.times:
        return "person"
    if seen.placed > 0.3 * seen.times:
        return "place"
    if seen.articled > 0.3 * seen.times:
        return "org"
    if len(words) in (2, 3) and not any(word.isupper() for word in name.split() if len(word) > 2):
        return "person"
    return "org"
