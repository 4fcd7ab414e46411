"""What a page's machinery prints into a text (counters, bylines' dates, "2 hours ago"), told from what was meant. Pure.

A text is taken apart into lines and sentences. One that consists of nothing but such words and numbers says nothing;
within the others, only what can be nothing else is passed over. In doubt a word counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from db.text import fold, words
from ingest.template_words import (
    AGO_A,
    AGO_AFTER,
    AGO_BEFORE,
    CALENDAR,
    CLOCK,
    COUNTED,
    COUNTED_ALONE,
    COUNTED_BESIDE,
    FILLERS,
    LABELS,
    LEADS_ELSEWHERE,
    LONG_UNITS,
    NUMERALS,
    PUBLISHED,
    READING,
    UNITS,
    UNSPACED,
    UPDATED,
)
from ingest.urls import canonical_link

MAX_LINE_WORDS = 14
"""A line of furniture has no more; what has more was written by somebody."""

MAX_BYLINE_WORDS = 6
"""Of names in a byline; what has more is a sentence that begins with "By"."""

EDGE_LINES = 2
"""A line that is only a date is a byline's among the first or last so many; elsewhere it may be what is told."""

_ALL = (
    COUNTED
    | COUNTED_ALONE
    | COUNTED_BESIDE
    | PUBLISHED
    | READING
    | UNITS
    | LONG_UNITS
    | AGO_AFTER
    | CALENDAR
    | CLOCK
    | FILLERS
)
_MARKS = COUNTED | COUNTED_ALONE | PUBLISHED | READING | AGO_AFTER
_WHEN = CALENDAR | CLOCK
_TELLING = COUNTED | UPDATED | UNITS

_URL = re.compile(r"https?://\S+")
_CLOCK = re.compile(r"(?<![\d:.,])(\d{1,2}):(\d{2})(?::\d{2})?(?![\d:])")
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:[,.'’ ]\d{3}){1,6}(?!\d)")
_MINUS = re.compile(r"(?<![\w)\]])[-−](?=\d)")
_UNIT = re.compile(r"[%‰°§$€£¥₹₽₩₺₴]")
_NUMBER = re.compile(r"\d+[a-z]{0,2}|t\d+t\d+|\d+h\d+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+|[。！？|·•∙()\[\]{};\t]+|\s[-–—]+\s")
_PARTS = re.compile(r"[,，]\s|:\s")
_BYLINE = re.compile(r"(?:by|von|par|por|di|door|av|af|od|от|від)\s", re.IGNORECASE)
_DATELINE = re.compile(r"([^\n]{2,80}?)\s(?:[-–—]|--)\s")
_LABEL = re.compile(r"\W{0,3}((?:\w+\W+){1,3}?)(?<=[:|\]\-–—])\s*")
_SUFFIX = re.compile(r"\s\|\s[^|\d]{2,40}$")


def written_text(lines: Sequence[str], *, before: int = 0, behind: int = 0) -> list[str]:
    """List the words of an article's lines that somebody wrote: folded, numbers whole, counters and dates left out.

    ``before`` and ``behind``: how many lines of the article stand there that are not given.
    """
    plain = list(map(_plain, lines))
    has_counter = any(_is_counter(line) for line in plain)
    found: list[str] = []
    for n, line in enumerate(plain):
        at_edge = n + before < EDGE_LINES or len(plain) - n + behind <= EDGE_LINES
        rest = _without_dateline(line) if n + before == 0 else line
        found += _line(rest, at_edge=at_edge, has_counter=has_counter)
    return found


def written_title(title: str) -> list[str]:
    """List the words of a headline likewise. A date in it counts: it may be all that tells two editions apart."""
    plain = _SUFFIX.sub("", _plain(title))
    label = _LABEL.match(plain)
    if label and all(word in LABELS or word.isdigit() for word in words(fold(label[1]))):
        plain = plain[label.end() :]
    return _line(plain, at_edge=False, has_counter=False)


def is_number(word: str) -> bool:
    """Tell whether a word has a digit, spells a number, or stands for a sign that goes with numbers."""
    return word in NUMERALS or any(char.isdigit() for char in word)


def _plain(text: str) -> str:
    """Write numbers, signs and addresses so that they come out as words of their own."""
    text = unicodedata.normalize("NFKC", text)
    if not text.isascii():
        text = UNSPACED.sub(" ", text)
    if "://" in text:
        text = _URL.sub(lambda url: canonical_link(url[0]) or url[0], text)
    text = _CLOCK.sub(r"t\1t\2", _GROUPED.sub(lambda number: re.sub(r"\D", "", number[0]), text))
    text = _MINUS.sub(" minus0 ", text)
    return _UNIT.sub(lambda sign: f" sign{ord(sign[0])} ", text)


def _is_counter(line: str) -> bool:
    """Tell whether a line, or a sentence of it, counts what is counted beside a text and nowhere else."""
    return any(
        not COUNTED.isdisjoint(those) and len(those) <= MAX_LINE_WORDS and all(map(_is_furniture, those))
        for part in (line, *_SENTENCE.split(line))
        for those in [words(fold(part))]
    )


def _line(line: str, *, at_edge: bool, has_counter: bool) -> list[str]:
    """List what was written of one line: it is judged whole, then by sentences, and if short by their parts."""
    its = fold(line).strip()
    those = words(its)
    short = len(those) <= MAX_LINE_WORDS
    if its.startswith(LEADS_ELSEWHERE) and len(those) <= 2 * MAX_LINE_WORDS:
        return []
    if short and at_edge and _BYLINE.match(its) and not its.endswith("."):
        named = [word for word in those if not _is_furniture(word)]
        if len(named) <= MAX_BYLINE_WORDS:
            return named

    def is_empty(piece: str) -> bool:
        return _says_nothing(words(fold(piece)), at_edge=at_edge and short, has_counter=has_counter)

    found: list[str] = []
    for sentence in [] if is_empty(line) else _SENTENCE.split(line):
        for part in [] if is_empty(sentence) else _PARTS.split(sentence) if short else [sentence]:
            if not is_empty(part):
                found += _kept(words(fold(part)))
    return found


def _says_nothing(those: list[str], *, at_edge: bool, has_counter: bool) -> bool:
    """Tell whether a line, or a sentence, is furniture: a counter, an update time, a reading time, a byline's date."""
    if not those or len(those) > MAX_LINE_WORDS or not all(map(_is_furniture, those)):
        return not those
    if not _MARKS.isdisjoint(those):
        return READING.isdisjoint(those) or len(those) > 1
    if has_counter and not COUNTED_BESIDE.isdisjoint(those):
        return True
    ago = not AGO_BEFORE.isdisjoint(those) and not (UNITS | LONG_UNITS).isdisjoint(those)
    return at_edge and (_is_dated(those) or ago)


def _is_dated(those: list[str]) -> bool:
    """Tell whether among furniture there is a month, a day of the week, a time of day, or a year in numbers."""
    numbers = [word for word in those if _NUMBER.fullmatch(word)]
    in_numbers = len(numbers) >= 3 and any(map(_YEAR.fullmatch, numbers))
    return in_numbers or not _WHEN.isdisjoint(those) or any(word.startswith("t") for word in numbers)


def _is_furniture(word: str) -> bool:
    return word in _ALL or _NUMBER.fullmatch(word) is not None


def _kept(those: list[str]) -> list[str]:
    """Leave out of a sentence what can only be a counter, how long ago something was, or an update's time."""
    if _TELLING.isdisjoint(those):
        return those
    found: list[str] = []
    at = 0
    while at < len(those):
        word = those[at]
        amount = _amount(those, at)
        after = at + amount
        if amount and after < len(those) and those[after] in COUNTED and _NUMBER.fullmatch(word):
            at = after + 1
        elif amount and _is_pair(those[after : after + 2]):
            at = after + 2
        elif (before := _ago_before(those, at)) > 0:
            at += before
        elif word in UPDATED and (run := _when_run(those, at + 1)) > 0:
            found.append(word)
            at += 1 + run
        else:
            found.append(word)
            at += 1
    return found


def _is_pair(those: list[str]) -> bool:
    """Tell whether here stands "hours ago", or "minutes read"."""
    return len(those) == 2 and those[0] in UNITS and (those[1] in AGO_AFTER or those[1] in READING)


def _amount(those: list[str], at: int) -> int:
    """Count the words of an amount here: ``5``, ``1 2k``, ``an``."""
    if those[at] in AGO_A:
        return 1
    count = 0
    while count < 3 and at + count < len(those) and _NUMBER.fullmatch(those[at + count]):
        count += 1
    return count


def _ago_before(those: list[str], at: int) -> int:
    """Count the words of "vor 5 Stunden", "il y a 5 heures" here."""
    head = 3 if those[at : at + 3] == ["il", "y", "a"] else 1 if those[at] in AGO_BEFORE - {"for"} else 0
    if not head or at + head >= len(those):
        return 0
    amount = _amount(those, at + head)
    end = at + head + amount
    return head + amount + 1 if amount and end < len(those) and those[end] in UNITS else 0


def _when_run(those: list[str], at: int) -> int:
    """Count the words of a date or time that begins here; 0: it is none, but a mere number."""
    end = at
    while end < len(those) and (those[end] in _WHEN or those[end] in FILLERS or _NUMBER.fullmatch(those[end])):
        end += 1
    run = those[at:end]
    return end - at if _is_dated(run) and any(map(_NUMBER.fullmatch, run)) else 0


def _without_dateline(line: str) -> str:
    """Take the date out of an agency's "LONDON, Nov 24 (Reuters) -"."""
    head = _DATELINE.match(line)
    if head is None:
        return line
    those = words(fold(head[1]))
    if len(those) > 10 or CALENDAR.isdisjoint(those) or any(_is_prose(word) for word in head[1].split()):
        return line
    place = [word for word in those if word not in CALENDAR and not _NUMBER.fullmatch(word)]
    return f"{' '.join(place)} {line[head.end() :]}"


def _is_prose(word: str) -> bool:
    """Tell whether a word could stand in a sentence: it is neither written large nor a month."""
    return word[:1].islower() and CALENDAR.isdisjoint(words(fold(word)))
