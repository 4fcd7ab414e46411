"""What language is a text in? What it reads as, where that is plain, or else what its feed says. Pure.

The detector is eldc: n-grams of 60 languages, in C, no model fetched. It says itself when it is unsure, and is unsure
of nearly every text in a language that it does not know. bench/languages.py measures what is decided here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from functools import cache
from itertools import islice

import eldc

from db.model import LanguageFrom

FEW_WORDS = 5
"""Of fewer words than this the feed's word counts. A character of a script without spaces is a word."""

MAX_CHARS = 400
"""Of a text so much is looked at: more changes nothing but the time that it takes."""

MAX_LETTERS = 100
"""Of a text so many letters tell its script."""

LEAST_SCORE = 0.6
"""What an unsure guess must score where the feed says nothing. Languages that the detector does not know score less."""

TAKEN_FOR: dict[str, frozenset[str]] = {
    language: frozenset(others.split())
    for language, others in {
        "nb": "no", "nn": "no", "fil": "tl", "id": "ms", "in": "ms", "iw": "he", "ji": "he", "yi": "he", "mo": "ro",
        "bs": "hr sr", "hr": "sr", "sr": "hr", "sh": "hr sr", "cnr": "hr sr", "me": "hr sr", "mk": "bg sr",
        "gl": "pt es", "ast": "es", "oc": "ca", "af": "nl", "fy": "nl", "li": "nl", "vls": "nl", "lb": "de",
        "gsw": "de", "nds": "de nl", "fo": "is da no", "sco": "en", "pcm": "en", "rue": "uk", "cmn": "zh", "yue": "zh",
        "wuu": "zh", "lzh": "zh", "ne": "hi mr", "mai": "hi", "bho": "hi", "sa": "hi mr", "ti": "am", "tir": "am",
        "ckb": "ku fa ar", "kmr": "ku", "sd": "ur", "ps": "fa ur", "prs": "fa", "tg": "fa ru", "als": "sq",
    }.items()
}  # fmt: skip
"""What the detector calls a language that it does not know or does not tell apart: no word against the declared one."""

MALAY_ONLY = frozenset(("kerana", "bahawa", "ialah", "polis", "kerajaan", "beliau", "mahkamah", "syarikat", "wang"))
"""Common in Malay news and not in Indonesian, from which the detector does not tell it."""

SCRIPTS = (
    (0x41, "Latin"), (0x370, "Greek"), (0x400, "Cyrillic"), (0x530, "Armenian"), (0x590, "Hebrew"), (0x600, "Arabic"),
    (0x700, "other"), (0x750, "Arabic"), (0x780, "other"), (0x8A0, "Arabic"), (0x900, "Devanagari"), (0x980, "Bengali"),
    (0xA00, "Gurmukhi"), (0xA80, "Gujarati"), (0xB00, "Oriya"), (0xB80, "Tamil"), (0xC00, "Telugu"), (0xC80, "Kannada"),
    (0xD00, "Malayalam"), (0xD80, "Sinhala"), (0xE00, "Thai"), (0xE80, "Lao"), (0xF00, "Tibetan"), (0x1000, "Myanmar"),
    (0x10A0, "Georgian"), (0x1100, "Hangul"), (0x1200, "Ethiopic"), (0x13A0, "other"), (0x1780, "Khmer"),
    (0x1800, "other"), (0x1D00, "Latin"), (0x1F00, "Greek"), (0x2000, "other"), (0x2C60, "Latin"), (0x2C80, "other"),
    (0x2DE0, "Cyrillic"), (0x2E00, "Han"), (0x3040, "Kana"), (0x3100, "Han"), (0x3130, "Hangul"), (0x3190, "Han"),
    (0x31F0, "Kana"), (0x3200, "Han"), (0xA000, "other"), (0xA640, "Cyrillic"), (0xA6A0, "other"),
    (0xA720, "Latin"), (0xA800, "other"), (0xAC00, "Hangul"), (0xD7B0, "other"), (0xF900, "Han"), (0xFB00, "other"),
    (0xFB50, "Arabic"), (0xFE00, "other"), (0xFE70, "Arabic"), (0xFF00, "Latin"), (0xFF66, "Kana"),
    (0x10000, "other"), (0x20000, "Han"),
)  # fmt: skip
"""Where in Unicode the letters of scripts begin, roughly."""

STARTS = tuple(start for start, _ in SCRIPTS)

WRITTEN_IN: dict[str, frozenset[str]] = {
    language: frozenset(scripts.split())
    for scripts, languages in {
        "Cyrillic": "ab be bg ce cv kk ky mk mn os rue ru tg tt uk",
        "Cyrillic Latin": "az bs cnr hr kk me sh sr tk uz",
        "Greek": "el",
        "Armenian": "hy",
        "Hebrew": "he iw ji yi",
        "Arabic": "ar arz ckb fa prs ps sd ug ur",
        "Arabic Latin": "ku kmr",
        "Devanagari": "bho hi mai mr ne sa",
        "Bengali": "as bn",
        "Gurmukhi Arabic": "pa",
        "Gujarati": "gu",
        "Oriya": "or",
        "Tamil": "ta",
        "Telugu": "te",
        "Kannada": "kn",
        "Malayalam": "ml",
        "Sinhala": "si",
        "Thai": "th",
        "Lao": "lo",
        "Tibetan": "bo dz",
        "Myanmar": "my",
        "Georgian": "ka",
        "Ethiopic": "am ti tir",
        "Khmer": "km",
        "Han": "cmn lzh wuu yue zh",
        "Han Kana": "ja",
        "Han Hangul": "ko",
        "Other": "dv",
    }.items()
    for language in languages.split()
}
"""The scripts of languages; those that are not here are written in Latin letters."""

LATIN = frozenset(("Latin",))


@cache
def detector() -> eldc.Instance:
    """Make the detector: once in a process, at the first text."""
    eldc.init()
    made = eldc.instance()
    made.set_scores(3)
    return made


def language_of(title: str, text: str, words: int, declared: str | None) -> tuple[str | None, LanguageFrom | None]:
    """Tell the language of a text → its BCP 47 tag, and how it is known; (None, None) where nobody can say.

    ``words`` is how many title and text have, ``declared`` what the feed says. Where the text reads as what the feed
    says, the feed's tag stays as it is, with its region. Raises nothing.
    """
    sample = f"{title}\n{text[:MAX_CHARS]}"
    base = declared.partition("-")[0] if declared else None
    if base is not None and words < FEW_WORDS and fits(script_of(sample), base):
        return declared, "declared"
    told = detector().detect_details(sample)
    found = told.language
    if base is not None and (found == base or found in TAKEN_FOR.get(base, ())):
        return declared, "detected"
    if base is not None and fits(script_of(sample), base):
        if not told.reliable:
            return declared, "declared"
    elif not told.reliable and (told.scores.get(found, 0.0) < LEAST_SCORE or words < FEW_WORDS):
        return None, None
    return (malay_or_indonesian(sample) if found == "ms" else found), "detected"


def malay_or_indonesian(sample: str) -> str:
    """Tell the two apart by words that only one of them has; without any it is the one that more news is in."""
    return "ms" if MALAY_ONLY.intersection(sample.lower().split()) else "id"


def fits(script: str | None, language: str) -> bool:
    """Tell whether a language is written in this script; None fits all."""
    return script is None or script in WRITTEN_IN.get(language, LATIN)


def script_of(text: str) -> str | None:
    """Find the script of most of a text's first letters; None where it has no letters."""
    letters = islice((char for char in text if char.isalpha()), MAX_LETTERS)
    counts = Counter(SCRIPTS[bisect_right(STARTS, ord(char)) - 1][1] for char in letters)
    return counts.most_common(1)[0][0] if counts else None
