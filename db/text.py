"""Text as search and identity compare it: folded, split into words, made a tag's name. Pure.

FTS5's own tokenizer (``unicode61 remove_diacritics 2``) folds case and the marks of Latin letters that decompose. What
it does not do is done here, on both sides: the letters that have no decomposition (``łódź``, ``ısparta``), Greek and
Hebrew and Arabic marks, and the scripts that are written without spaces, where each character becomes a word of its
own, so that 外交部 is a phrase that is found inside a longer run.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

MAX_SLUG_CHARS = 100

LETTERS = str.maketrans(
    {
        **dict(zip("łøđıħŧŋĸſƀȼɇɉƚɍɏƶ", "lodihtnksbcejlryz", strict=True)),
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ð": "d",
        "ё": "е",
        "ς": "σ",
        "’": "'",
        "‘": "'",
        "ʼ": "'",
        "＇": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "‟": '"',
        "«": '"',
        "»": '"',
        "ـ": "",
        **dict.fromkeys("\u00ad\u200e\u200f\u2060\ufeff", ""),
    }
)
"""Letters that do not decompose, quotes, and what no reader sees: soft hyphens, marks of direction."""

UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
"""Thai, Lao, Myanmar, Khmer, Han, Hiragana, Katakana: scripts without spaces between words."""
UNSPACED_SPLIT = re.compile(f"({UNSPACED.pattern})")

MARKED_LATIN_GREEK = re.compile("(?<=[a-z\u0370-\u03ff])[\u0300-\u036f]+")
MARKS_HEBREW_ARABIC = re.compile(
    "[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]"
)
UNSURE = re.compile(
    "[\u0300-\u036f\u01e0\u01e1\u0374\u037f\u0528-\u052f\u10a0-\u10ff\u13a0-\u13ff\u1c80-\u1cbf\u2c00-\u2dff\ua640-\ua7ff"
    "\uab30-\uabff\U00010400-\U000105bf\U00010c80-\U00010cff\U000118a0-\U000118df\U00016e40-\U00016e7f\U0001e900-\U0001e95f]"
)
"""Marks apart, letters with case or marks: what FTS5 does not fold, or not in every version (it knows Unicode 6.1)."""

NATIVE_MARKS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
NO_SIGN = "'’‘ʼ＇`´\u0307\u00ad\u200e\u200f\u2060\ufeff"
"""Apostrophes, what no reader sees, and the dot that is left of a small İ."""


STRAY_MARKS = re.compile("(?<!\\S)[\u0300-\u036f]+")
MARKED = re.compile("[\u0300-\u036f]")


class Spaces(dict[int, int]):
    """A table for ``translate``, filled as it is asked: a space for all but letters, digits and their marks.

    Vowel signs are marks (दीन is no दिन), which the regular expressions' word characters leave out. The variation
    selectors that dress emoji are none.
    """

    def __missing__(self, code: int) -> int:
        char = chr(code)
        mark = unicodedata.category(char) in ("Mn", "Mc") and not (0xFE00 <= code <= 0xFE0F or code >= 0xE0100)
        self[code] = code if char.isalnum() or mark else 0x20
        return self[code]


SPACES = Spaces()
ASCII_SPACES = bytes(SPACES[code] if code < 0x80 else code for code in range(0x100))


class Folded(NamedTuple):
    """What a character is folded to; None: it may join its neighbours, or change them.

    Those are marks, the parts of Korean syllables, and what is one of them in a form for compatibility. ``apart``: of
    an unspaced script. ``alike``: FTS5 makes of it what we do.
    """

    to: str | None
    apart: bool
    alike: bool


FOLDS: dict[str, Folded] = {}
"""The characters that were met, at most MAX_KNOWN."""

ALIKE = {chr(code) for code in range(0x80)}
"""Those of which FTS5 makes what we do, as far as they were met: most texts have no other."""

MAX_KNOWN = 30_000
"""More than most archives ever see, and some 10 MB. Past it, texts with others are folded the long way: a hostile feed
has a million different characters, and to look at each alone takes far longer than to fold all of them at once."""

MANY_CHARS = 40
"""Up to so many different characters are replaced one after the other; beyond, one pass over the text is quicker."""

JOINING = re.compile("[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]")


def each_folded(text: str) -> dict[str, Folded] | None:
    """Look at each different character of ``text``; None: it must be folded as a whole."""
    found: dict[str, Folded] = {}
    for char in set(text):
        one = FOLDS.get(char)
        if one is None:
            if len(FOLDS) >= MAX_KNOWN:
                return None
            one = FOLDS[char] = look_at(char)
        if one.to is None:
            return None
        found[char] = one
    return found


def look_at(char: str) -> Folded:
    """Fold one character."""
    plain = unicodedata.normalize("NFKC", char)
    if unicodedata.category(plain[0])[0] == "M" or JOINING.search(plain):
        return Folded(to=None, apart=False, alike=False)
    whole = fold_whole(char)
    if not char.isspace() and UNSPACED.search(plain.casefold()):
        return Folded(to=f" {whole} ", apart=True, alike=False)
    separates = whole != "" and not any(map(in_word, char + whole))
    return Folded(to=whole, apart=False, alike=separates or folded_whole(char) is None)


def in_word(char: str) -> bool:
    """Tell whether FTS5 may take ``char`` for a part of a word; all others part words, whichever they are."""
    return unicodedata.category(char)[0] in "LNM" or unicodedata.category(char) == "Co"


def fold(text: str) -> str:
    """Fold ``text`` for search: case, marks, letters without decomposition; unspaced scripts split by character.

    Idempotent. Cyrillic й stays й (another letter), ё becomes е. A text of thousands of characters has some dozens of
    different ones, so it is these that are looked at.
    """
    if text.isascii():
        return text.lower()
    each = each_folded(text)
    if each is None:
        return fold_whole(text)
    changed = {char: one.to or "" for char, one in each.items() if one.to != char}
    if len(changed) > MANY_CHARS:
        text = "".join([changed.get(char, char) for char in text])
    else:
        for char, to in changed.items():
            text = text.replace(char, to)
    return " ".join(text.split()) if any(one.apart for one in each.values()) else text


def fold_whole(text: str) -> str:
    """Do what ``fold`` does in the long way, which minds what stands beside each other."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    spaced = UNSPACED.sub(r" \g<0> ", plain)  # before the marks: one of these parts a letter from the mark after it
    folded = unicodedata.normalize("NFD", spaced.translate(LETTERS))
    folded = MARKED_LATIN_GREEK.sub("", MARKS_HEBREW_ARABIC.sub("", folded))
    folded = unicodedata.normalize("NFC", folded).translate(LETTERS)
    return folded if spaced == plain else " ".join(folded.split())


def folded(text: str) -> str | None:
    """Give ``fold(text)`` where FTS5's own tokenizer would not do as much by itself, else None."""
    if text.isascii():
        return None
    chars = set(text)
    if chars <= ALIKE:
        return None
    each = each_folded(text)
    if each is None:
        return folded_whole(text)
    ALIKE.update(char for char, one in each.items() if one.alike)
    return None if chars <= ALIKE else fold(text)


def folded_whole(text: str) -> str | None:
    """Do what ``folded`` does in the long way."""
    full = fold_whole(text)
    native = NATIVE_MARKS.sub("", unicodedata.normalize("NFD", text.lower()))
    alike = unicodedata.normalize("NFC", native) == full and unicodedata.is_normalized("NFC", text)
    return None if alike and not UNSURE.search(text) else full


def plain_words(text: str) -> str:
    """Compose and case-fold, without apostrophes; NFKC makes a blank and a mark of a lone accent (´, ¨): both go."""
    composed = without_signs(unicodedata.normalize("NFKC", without_signs(text)).casefold())
    if composed.isascii() or not MARKED.search(composed):  # quick; looking behind at every place is not
        return composed
    return STRAY_MARKS.sub("", composed)


def without_signs(text: str) -> str:
    """Drop all of ``NO_SIGN``: sign by sign, as ``translate`` looks each character up, and is ten times slower."""
    for sign in NO_SIGN:
        if sign in text:
            text = text.replace(sign, "")
    return text


def slug(name: str) -> str:
    """Make a tag's canonical name: folded, words joined by hyphens; "" where there is no letter or digit."""
    plain = plain_words(name)
    kept = "".join(part if UNSPACED.match(part) else fold(part) for part in UNSPACED_SPLIT.split(plain))
    made = "-".join(kept.translate(SPACES).split())[:MAX_SLUG_CHARS].strip("-")
    return made if any(char.isalnum() for char in made) else ""


def count_words(title: str, text: str) -> int:
    """Count the words of a title and a text together."""
    return len(words(title)) + len(words(text))


def with_spaces(text: str) -> str:
    """Do what ``SPACES`` does to what is frequent: ASCII, quotes and dashes. Quick."""
    text = text.encode("utf-8", "surrogatepass").translate(ASCII_SPACES).decode("utf-8", "surrogatepass")
    for sign in "“”„«»–—":
        if sign in text:
            text = text.replace(sign, " ")
    return text


def words(text: str) -> list[str]:
    """Split ``text`` into words for comparison: letters and digits only, case folded, unspaced scripts by character."""
    plain = plain_words(text)
    if plain.isascii():
        return plain.translate(SPACES).split()  # quick where all is ASCII, and only there
    if UNSPACED.search(plain):
        plain = " ".join(UNSPACED_SPLIT.split(plain))
    parts = with_spaces(plain).split()
    if "".join(parts).isalnum():
        return parts
    found: list[str] = []
    for part in parts:
        if part.isalnum():
            found.append(part)
        else:
            found += part.translate(SPACES).split()
    return found
