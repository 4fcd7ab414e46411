"""XML text that would take the parser minutes → text that takes it moments, or a clear refusal. Pure.

feedparser's time grows with the square of some counts: attributes of one element, categories and author's letters of
one item. One linear pass over the tags finds them, in well-formed feeds and in others. What no feed has is refused;
what is only too much of a good thing is cut. What is not known here yet ends at the worker's deadline.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from ingest.marks import Mark, Marks, local_name, without_long_blanks
from ingest.parsed import MAX_ENTRIES, MalformedError
from ingest.prolog import Prepared

MAX_ELEMENTS = 250_000
"""What is left of a document after cutting; feedparser takes about 16 µs for each."""
MAX_ITEM_ELEMENTS = 50_000
"""In one item, or outside of items."""
MAX_DEPTH = 500
MAX_SIGNS = 2_000_000
"""Each & or < can be a piece of its own to feedparser, at 2 µs."""
MAX_ATTRIBUTES = 100
MAX_NAMESPACES = 200
MAX_NAME_CHARS = 1000
"""Of a namespace or a language: they go with every element that is in them."""
MAX_TERMS = 100
"""Categories and keywords of one item; ``normalize`` keeps 50."""
MAX_AUTHORS = 100
MAX_AUTHOR_CHARS = 1000
MAX_RUN_CHARS = 300
"""Letters of an author without a space: the search for an e-mail address in them is quadratic (80,000: 189 s)."""
MAX_COMMENT_CHARS = 100_000
MAX_COMMENTS = 100
"""Comments and processing instructions; all further ones are cut: white space can hide between them."""

_TERM_PAIRS = 5_000_000  # categories compared with each other, in all items together: a tenth of a second
_RUN_PAIRS = 200_000_000  # steps of the searches for addresses: half a second
_BASE_CHARS = 100_000_000  # characters of base addresses, which are joined and kept for each element

_Kind = Literal["item", "term", "keywords", "author"]
_KINDS: dict[str, _Kind] = {
    **dict.fromkeys(("item", "entry"), "item"),
    **dict.fromkeys(("category", "subject"), "term"),
    **dict.fromkeys(("keywords", "tags"), "keywords"),
    **dict.fromkeys(("author", "creator", "managingeditor", "webmaster", "publisher", "owner"), "author"),
}
_EMPTY = frozenset(("br", "img", "hr", "input", "meta", "wbr", "source", "embed", "param", "area", "col"))  # of HTML

_QUOTED = r"\s*+=\s*+(?:\"([^\"<]*+)\"|'([^'<]*+)')"
_ATTRIBUTE = re.compile(_QUOTED)
_NAMESPACE = re.compile(r"\b(xmlns(?::[^\s=]{0,200})?)" + _QUOTED)
_LANGUAGE = re.compile(r"\b(lang)" + _QUOTED, re.IGNORECASE)
_BASE = re.compile(r"(?:\s|xml:)base\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'|[^\s>]*+)", re.IGNORECASE)
_RUN = re.compile(r"[^\s<>()@,]+")
_ENTITY = re.compile(r"<!ENTITY \S+ \"([^\"]*)\">")


@dataclass(slots=True)
class _Part:
    """An item, or what is outside of items: what it holds so far."""

    elements: int = 0
    terms: int = 0
    authors: int = 0
    run: int = 0  # the longest of its authors' runs


def defuse(prepared: Prepared) -> Prepared:
    """Take the danger out of a prepared document: the same text for all but a bomb, in linear time.

    Cut, silently: categories and authors of one item beyond ``MAX_…``, the ends of overlong authors, long comments;
    items beyond ``MAX_ENTRIES`` and one (by which the parser knows that there were more). Raises MalformedError where
    the document is no feed that anyone would publish.
    """
    for sign in "&<":
        if (count := prepared.text.count(sign)) > MAX_SIGNS:
            raise MalformedError(f"it has {count:,} times a {sign!r}; over {MAX_SIGNS:,} are refused")
    return replace(prepared, text=without_long_blanks(_Pass(prepared).run()))


@dataclass(slots=True)
class _Pass:
    """One pass over a document, and what it has seen."""

    document: Prepared
    depth: int = 0
    elements: int = 0
    ends: int = 0
    items: int = 0
    item: str | None = None  # the name of the item's element, inside of one
    item_depth: int = 0
    channel: _Part = field(default_factory=_Part)
    part: _Part = field(default_factory=_Part)  # the item, or the channel
    term_pairs: int = 0
    run_pairs: int = 0
    base_chars: int = 0
    bases: list[tuple[int, int]] = field(default_factory=list)  # depth of those that are open, length up to here
    namespaces: set[str] = field(default_factory=set)
    comments: int = 0
    open_cuts: list[bool] = field(default_factory=list)  # of the open terms and authors: whether they are cut
    cut_from: int | None = None  # where one of them begins that is cut and has had no tag in it yet
    kind: _Kind | None = None  # of what text is weighed: that of an author, or keywords
    room: int = 0  # what it may still have: characters, or commas
    widest: int = 0  # what an entity can become
    cuts: list[tuple[int, int]] = field(default_factory=list)

    def run(self) -> str:
        """Walk through the text → what is left of it."""
        text, at = self.document.text, self.document.root
        self.widest = max(map(len, _ENTITY.findall(text, 0, at)), default=0)
        self.part = self.channel
        marks = Marks(text, at)
        for mark in marks:
            if self.kind is not None:
                self._weigh(at, mark.start)
            if mark.kind == "start":
                self._start(mark, marks)
            elif mark.kind == "end":
                self._end(mark)
            else:
                self._pass_over(mark)
            at = marks.at
        return self._left()

    def _start(self, mark: Mark, marks: Marks) -> None:
        closed = marks.text.startswith("/>", mark.end - 2)
        kind = _KINDS.get(local := local_name(mark.name))
        self.cut_from = None
        if kind == "item" and self.item in (None, mark.name):  # of another name inside of one: a foreign element
            self.items += 1
            if self.items > MAX_ENTRIES + 1 and self._skip_items(mark, marks):
                return
            if not closed:
                self.item, self.item_depth, self.part = mark.name, self.depth + 1, _Part()
        elif kind is not None and kind != "item":
            cut = self._is_too_much(kind)
            if cut:
                self.cuts.append((mark.start, mark.end))
            if not closed:
                self._open(kind, mark.start, cut=cut)
            if cut:
                return
        self._count(mark, closed=closed, is_empty=local in _EMPTY)

    def _count(self, mark: Mark, *, closed: bool, is_empty: bool) -> None:
        self.elements += 1
        self.part.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise self._refusal(mark, f"it has more than {MAX_ELEMENTS:,} elements")
        if self.part.elements > MAX_ITEM_ELEMENTS:
            raise self._refusal(mark, f"an item of it has more than {MAX_ITEM_ELEMENTS:,} elements")
        if not closed and not is_empty:
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise self._refusal(mark, f"its elements are nested more than {MAX_DEPTH} deep")
        if mark.end - mark.name_end > 2:
            self._attributes(mark, closed=closed)
        if self.bases:
            self.base_chars += self.bases[-1][1]
            if self.base_chars > _BASE_CHARS:
                raise self._refusal(mark, "its base addresses (xml:base) are too long, for so many elements")

    def _attributes(self, mark: Mark, *, closed: bool) -> None:
        text, start, end = self.document.text, mark.name_end, mark.end
        if text.count("=", start, end) > MAX_ATTRIBUTES:
            count = len(_ATTRIBUTE.findall(text, start, end))
            if count > MAX_ATTRIBUTES:
                what = f"its <{mark.name[:40]}> has {count:,} attributes; over {MAX_ATTRIBUTES} are refused"
                raise self._refusal(mark, what)
        for word, pattern in (("xmlns", _NAMESPACE), ("lang", _LANGUAGE)):
            if text.find(word, start, end) >= 0:
                for name, double, single in pattern.findall(text, start, end):
                    if len(double or single) > MAX_NAME_CHARS:
                        raise self._refusal(mark, f"its {name} has {len(double or single):,} characters")
                    if word == "xmlns":
                        self.namespaces.add(name)
        if len(self.namespaces) > MAX_NAMESPACES:
            raise self._refusal(mark, f"it has more than {MAX_NAMESPACES} namespaces")
        if not closed and text.find("base", start, end) >= 0:
            for found in _BASE.finditer(text, start, end):
                self.bases.append((self.depth, len(found[0]) + (self.bases[-1][1] if self.bases else 0)))

    def _skip_items(self, mark: Mark, marks: Marks) -> bool:
        """Cut all items from this one to the last, if there is a last."""
        close = f"</{mark.name}>"
        last = marks.text.rfind(close, mark.end)
        if last < 0:
            return False
        marks.at = last + len(close)
        self.cuts.append((mark.start, marks.at))
        self.items -= 1
        return True

    def _is_too_much(self, kind: _Kind) -> bool:
        """Count one more term or author → whether it must go."""
        part = self.part
        if kind == "author":
            part.authors += 1
            self.run_pairs += part.run**2  # an empty one is searched with the text of the one before it
            return part.authors > MAX_AUTHORS or self.run_pairs > _RUN_PAIRS
        self.term_pairs += part.terms
        part.terms += 1
        return part.terms > (MAX_TERMS if self.term_pairs < _TERM_PAIRS else MAX_TERMS // 4)

    def _open(self, kind: _Kind, start: int, *, cut: bool) -> None:
        self.open_cuts.append(cut)
        if cut:
            self.cut_from = start
        elif self.kind is None and kind != "term":
            self.kind = kind
            self.room = MAX_AUTHOR_CHARS if kind == "author" else max(MAX_TERMS - self.part.terms, 0)

    def _end(self, mark: Mark) -> None:
        self.ends += 1
        if self.ends > MAX_ELEMENTS + len(self.cuts):
            raise self._refusal(mark, f"it has more than {MAX_ELEMENTS:,} end tags")
        kind = _KINDS.get(local := local_name(mark.name))
        if kind == "item":
            if mark.name == self.item:  # what was left open inside is over with it
                self.item, self.depth, self.part = None, self.item_depth, self.channel
                self.kind = None
                self.open_cuts.clear()
        elif kind is not None:
            if self.open_cuts and self.open_cuts.pop():
                self._cut_whole(self.cut_from if self.cut_from is not None else mark.start, mark.end)
                self.cut_from = None
                return
            if kind == self.kind:
                self.kind = None
        self.cut_from = None
        if local not in _EMPTY:
            self.depth -= 1
        while self.bases and self.bases[-1][0] > self.depth:
            self.bases.pop()

    def _cut_whole(self, start: int, end: int) -> None:
        while self.cuts and self.cuts[-1][0] >= start:
            self.cuts.pop()
        self.cuts.append((start, end))

    def _pass_over(self, mark: Mark) -> None:
        """Pass over a comment, a CDATA section or a processing instruction."""
        if mark.kind == "<![CDATA[":
            if self.kind is not None:
                self._weigh(mark.start + len(mark.kind), mark.end - len("]]>"))
            return
        self.comments += 1
        if mark.end - mark.start > MAX_COMMENT_CHARS or self.comments > MAX_COMMENTS:
            self.cuts.append((mark.start, mark.end))

    def _weigh(self, start: int, end: int) -> None:
        """Account for a piece of the text of an author, or of keywords; what is too much of it is cut."""
        if start < end:
            kept = self._keywords(start, end) if self.kind == "keywords" else self._author(start, end)
            if kept < end:
                self.cuts.append((kept, end))

    def _keywords(self, start: int, end: int) -> int:
        text = self.document.text
        for at in re.finditer(",", text[start:end]):
            if self.room == 0 or self._is_too_much("keywords"):
                self.room = 0
                return start + at.start()
            self.room -= 1
        return end

    def _author(self, start: int, end: int) -> int:
        text, room, part = self.document.text, self.room, self.part
        if self.widest > 10:  # an entity of its own may stand for a hundred characters
            room -= text.count("&", start, end) * self.widest
        kept = min(end, start + max(room, 0))
        for run in _RUN.finditer(text, start, kept):
            if run.end() - run.start() > MAX_RUN_CHARS:
                kept = run.start() + MAX_RUN_CHARS
            length = min(run.end(), kept) - run.start()
            part.run = max(part.run, length)
            self.run_pairs += length**2
            if kept < run.end():
                break
        if self.room < MAX_AUTHOR_CHARS:  # a comment or the like before it: the parser joins what stood around it
            part.run = max(part.run, MAX_AUTHOR_CHARS - room + kept - start)
            self.run_pairs += part.run**2
        self.room = max(room - (kept - start), 0) if kept == end else 0
        return kept

    def _left(self) -> str:
        text, at, pieces = self.document.text, 0, []
        for start, end in self.cuts:
            pieces.append(text[at:start])
            at = max(at, end)
        return "".join([*pieces, text[at:]]) if pieces else text

    def _refusal(self, mark: Mark, what: str) -> MalformedError:
        line = self.document.text.count("\n", 0, mark.start) + 1 + self.document.lines_cut
        return MalformedError(f"{what} (line {line})")
