"""The marks of an XML text, one after the other: tags, comments, CDATA, instructions; well-formed or not. Pure.

And white space, which is no mark, but can be too much of one thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

_MARK = re.compile(r"<(?:!--|!\[CDATA\[|\?|(/?)([^\s<>/!?&\"'=]{1,200}))")
_CLOSE = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}
# An attribute's value may hold a > but no < (XML 1.0, 3.1): so a quote without its partner costs no more than the tag.
_REST = re.compile(r"(?:[^\"'<>]++|\"[^\"<]*+\"|'[^'<]*+')*+[^<>]*+>?")

MAX_BLANKS = 500
"""White space in one place; feedparser takes a line of it for a piece of text, and strips pieces in quadratic time."""

_CODES = "|".join(form for n in range(0x3001) if chr(n).isspace() for form in (f"0*+{n}", f"[xX]0*+(?i:{n:x})"))
_REFERENCE = rf"(?:#(?:{_CODES})|nbsp);"
# It begins with a set of characters, by which the search goes from one to the next; not where white space has begun.
_BLANKS = re.compile(
    rf"[\s&<\]](?<!\s[\s&<\]])(?:(?<=\s)|(?<=&){_REFERENCE}|(?<=<)!\[CDATA\[|(?<=\])\]>)"
    rf"(?:\s|&{_REFERENCE}|<!\[CDATA\[|\]\]>){{8,}}+"
)
# Samples of the text by which one that has no long blanks is known: each of them has one of these in it, from a
# sample on; what is in blanks is one of these.
_SAMPLE = 200
_IN_BLANKS = re.compile(r"[\s&#;0-9a-fA-FxXnbspCDT<!\[\]>]{32}")
_FEW_BLANKS = re.compile(rf"(?:\s|&[^;]*;){{0,{MAX_BLANKS}}}")
_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")


class Mark(NamedTuple):
    """One mark: from ``start`` to ``end`` in the text; what it is; a tag's name, and where that ends."""

    kind: Literal["start", "end", "<!--", "<![CDATA[", "<?"]
    start: int
    end: int
    name: str = ""
    name_end: int = 0


class Marks:
    """The marks of ``text`` from ``at`` on. ``at`` may be set while they are walked, to pass over some."""

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = at

    def __iter__(self) -> Iterator[Mark]:
        """Walk them in linear time, whatever the text is: for an end that is missing is looked once only."""
        text, dead = self.text, set[str]()
        while found := _MARK.search(text, self.at):
            start, name = found.start(), found[2]
            if name is None:
                kind = found[0]
                close = _CLOSE[kind]
                end = -1 if kind in dead else text.find(close, found.end())
                if end < 0:
                    dead.add(kind)
                    self.at = found.end()
                    continue
                self.at = end + len(close)
                yield Mark(kind, start, self.at)  # type: ignore[arg-type]
            elif found[1]:
                self.at = text.find(">", start) + 1 or len(text)
                yield Mark("end", start, self.at, name, found.end())
            else:
                rest = _REST.match(text, found.end())
                self.at = rest.end() if rest else found.end()
                yield Mark("start", start, self.at, name, found.end())


@lru_cache(maxsize=1024)
def local_name(name: str) -> str:
    """Give a tag's name without its prefix, in lower case."""
    return name.rpartition(":")[2].lower()


def without_long_blanks(text: str) -> str:
    """Shorten white space: what is over ``MAX_BLANKS`` in one place, as characters, references or empty CDATA."""
    return _BLANKS.sub(_fewer, text) if any(_IN_BLANKS.match(text, at) for at in range(0, len(text), _SAMPLE)) else text


def _fewer(match: re.Match[str]) -> str:
    blanks = match[0]
    if len(blanks) <= MAX_BLANKS:
        return blanks
    sections = _CDATA.findall(blanks)
    if not sections:
        few = _FEW_BLANKS.match(blanks)
        return few[0] if few else blanks
    return ("]]>" if sections[0] == "]]>" else "") + "\n" + ("<![CDATA[" if sections[-1] != "]]>" else "")
