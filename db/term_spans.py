"""Where a query's words stand in a text as it was written, and the part of the text that shows most of them. Pure.

FTS5's own ``snippet`` would show the folded text where only that has the words, and no row of other columns; this one
finds what the index finds, since both know words by the same fold (``db/text.py``), and marks the text as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from db.query_tree import And, Near, Not, Or, Query, Text, TextField
from db.text import fold

WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
SNIPPET_CHARS = 240
LEAD = 0.25
"""Of a snippet so much may stand before its first word found."""
MOST_SPANS = 500
"""In a very long text no more places are looked at: the best part is among the first ones, nearly always."""
LOOKED_AT = 10_000
"""Characters of a text that are looked through, and words of a query that are looked for: it has to be quick."""
MOST_TERMS = 32


@dataclass(frozen=True, slots=True)
class Term:
    """Words in a row, each folded; ``prefix``: the last may go on; ``field`` "": in title or text."""

    words: tuple[str, ...]
    prefix: bool
    field: TextField = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a term stands: characters ``start`` to ``end``; ``term``: its place among the terms."""

    start: int
    end: int
    term: int


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of text; ``hit``: a query's words."""

    text: str
    hit: bool = False


def terms_of(query: Query) -> tuple[Term, ...]:
    """List the first words and phrases that a query wants in title or text, each once; what is under NOT is none."""
    return tuple(dict.fromkeys(wanted(query)))[:MOST_TERMS]


def wanted(query: Query) -> Iterator[Term]:
    """Yield what a query wants in title or text."""
    match query:
        case Text(field, phrase, prefix):
            words = tuple(WORD.findall(phrase))
            if words:
                yield Term(words, prefix, field)
        case Near(parts) | And(parts) | Or(parts):
            for part in parts:
                yield from wanted(part)
        case Not():
            return


def tokens(text: str) -> list[tuple[int, int, str]]:
    """Split a text into words as the index does → (start, end, folded); unspaced scripts by character."""
    found: list[tuple[int, int, str]] = []
    for match in WORD.finditer(text):
        start, end, word = match.start(), match.end(), match[0]
        parts = fold(word).split()
        if len(parts) > 1 and len(parts) == len(word):
            found += [(start + n, start + n + 1, part) for n, part in enumerate(parts)]
        else:
            found += [(start, end, part) for part in parts]
    return found


def spans(text: str, terms: Sequence[Term], field: TextField) -> list[Span]:
    """Find where terms stand in the title or the text, in order, none inside another."""
    words = tokens(text[:LOOKED_AT])
    places: dict[str, list[int]] = {}
    for at, (*_, word) in enumerate(words):
        places.setdefault(word, []).append(at)
    found: list[Span] = []
    for number, term in enumerate(terms):
        if term.field not in ("", field):
            continue
        last = len(term.words) - 1
        begins = places.get(term.words[0], [])
        if term.prefix and not last:
            begins = [at for word, its in places.items() if word.startswith(term.words[0]) for at in its]
        found += [
            Span(words[at][0], words[at + last][1], number)
            for at in begins
            if at + last < len(words) and goes_on([word for *_, word in words[at : at + last + 1]], term)
        ]
    kept: list[Span] = []
    for span in sorted(found, key=lambda one: (one.start, -one.end))[:MOST_SPANS]:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def goes_on(words: Sequence[str], term: Term) -> bool:
    """Tell whether words are a term's."""
    whole = len(words) - 1 if term.prefix else len(words)
    return tuple(words[:whole]) == term.words[:whole] and words[-1].startswith(term.words[-1])


def marked(text: str, found: Sequence[Span]) -> tuple[Part, ...]:
    """Cut a text at the spans → its parts, those that are found among them; blanks as one, none at the ends."""
    parts: list[Part] = []
    at = 0
    for span in found:
        parts += [Part(text[at : span.start]), Part(text[span.start : span.end], hit=True)]
        at = span.end
    parts.append(Part(text[at:]))
    return trimmed([Part(re.sub(r"\s+", " ", part.text), part.hit) for part in parts if part.text])


def trimmed(parts: list[Part]) -> tuple[Part, ...]:
    """Take the blanks away at the ends."""
    if parts:
        parts[0] = Part(parts[0].text.lstrip(), parts[0].hit)
        parts[-1] = Part(parts[-1].text.rstrip(), parts[-1].hit)
    return tuple(part for part in parts if part.text)


def snippet(text: str, found: Sequence[Span], chars: int = SNIPPET_CHARS) -> tuple[Part, ...]:
    """Cut out the part of a text that has most of the different terms, then most of all; of none: nothing.

    It is at most ``chars`` long, but for the dots where it is cut, which is between words where there are any.
    """
    if not found:
        return ()
    start, end = window(text, found, chars)
    inside = [
        Span(max(span.start, start) - start, min(span.end, end) - start, span.term)
        for span in found
        if span.start < end and span.end > start
    ]
    parts = list(marked(text[start:end], inside))
    before = (Part("… "),) if text[:start].strip() else ()
    after = (Part(" …"),) if text[end:].strip() else ()
    return joined((*before, *parts, *after))


def joined(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Put neighbours together that are both found, or both not."""
    made: list[Part] = []
    for part in parts:
        if made and made[-1].hit == part.hit and not part.hit:
            made[-1] = Part(made[-1].text + part.text)
        else:
            made.append(part)
    return tuple(made)


def window(text: str, found: Sequence[Span], chars: int) -> tuple[int, int]:
    """Choose where a snippet begins and ends."""
    best, most = 0, (0, 0)
    for first, span in enumerate(found):
        inside = [one.term for one in found[first : first + 50] if one.end - span.start <= chars * (1 - LEAD)]
        value = (len(set(inside)), len(inside))
        if value > most:
            best, most = first, value
    start = max(0, found[best].start - int(chars * LEAD))
    end = min(len(text), start + chars)
    start = max(0, min(start, end - chars))
    if start > 0:
        blank = re.compile(r"\s").search(text, start, found[best].start)
        start = blank.end() if blank is not None else start
    if end < len(text):
        blank_at = max((text.rfind(sign, found[best].end, end) for sign in " \n\t"), default=-1)
        end = blank_at if blank_at > 0 else end
    return start, end
