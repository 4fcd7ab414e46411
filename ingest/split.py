"""A feed's bytes → where each item stands in them, and a hash of each: so that only the new ones need be parsed. Pure.

An item that is the same, byte for byte, in a document whose remainder is the same reads the same as last time. So what
is outside of the items is hashed too, but for what says nothing of them: dates of the build, counts, comments.

Only documents of which this is beyond doubt are split: UTF-8, well-formed, without DOCTYPE, their items where the
format has them. All others, and JSON, are parsed whole; only the cleaning of their known items is spared.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import blake2b
from xml.parsers import expat

from db.model import HASH_BYTES, Outline
from ingest.parsed import MAX_ENTRIES, Parsed
from ingest.prefixes import Prefixes
from ingest.prolog import claims_of

MAX_ELEMENTS = 250_000
"""More than this no feed has; the walk over them is given up."""

_PLACES = {("rss", "channel"): "item", ("rdf:rdf",): "item", ("feed",): "entry"}
_ITEMS = frozenset(("item", "entry"))
_AFFECTED = frozenset(("title", "description", "summary", "abstract", "content", "encoded"))
"""What of a feed is read in another way behind its items than where there are none."""
_ROOTS = frozenset(("rss", "rdf", "feed", "channel"))
"""feedparser takes the language of one of these, or its end, for the feed's, wherever it stands."""
_VERSIONS = frozenset(("http://purl.org/rss/1.0/", "http://www.w3.org/2005/atom"))
"""By one of these, whatever its prefix, it tells the version of a feed whose root does not say it."""
_UTF8 = frozenset(("utf-8", "ascii", "iso8859-1", "cp1252"))  # with a Western claim, UTF-8 is tried before it

# What changes outside of the items without a word to a reader: when it was built, how many entries there are in all,
# which items follow (RSS 1.0 lists them), and what a cache plug-in writes behind it ("served in 0.3 s").
_BLANKED = re.compile(
    rb"<((?:\w+:)?(?:lastBuildDate|pubDate|date|updated|modified|totalResults))(?:\s[^<>]*)?>[^<]*</\1\s*>"
    rb"|<rdf:li\s[^<>]*/>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A body and where its items stand in it; ``outline`` has their hashes, in the same order.

    ``atom``: it is Atom, not RSS.
    """

    body: bytes
    atom: bool
    spans: tuple[tuple[int, int], ...]
    outline: Outline

    @property
    def around(self) -> str:
        """What stands before the first item and behind the last, with an empty one in their place."""
        before, behind = self.body[: self.spans[0][0]], self.body[self.spans[-1][1] :]
        return f"{before.decode()}<item></item>{behind.decode()}"

    def without(self, positions: Collection[int]) -> bytes:
        """Cut the items at these positions out → the body that is left."""
        return self._replaced(positions, b"")

    def without_but_first(self, positions: Collection[int]) -> bytes:
        """Likewise, with an empty item in the place of the first: feedparser reads the first item in another way.

        After a channel with both ``itunes:summary`` and ``description`` it takes the second summary of the first item
        for its only one.
        """
        return self._replaced(positions, b"<entry></entry>" if self.atom else b"<item></item>")

    def _replaced(self, positions: Collection[int], first: bytes) -> bytes:
        pieces, at = [], 0
        for position in sorted(positions):
            start, end = self.spans[position]
            pieces.append(self.body[at:start])
            if position == 0:
                pieces.append(first)
            at = end
        return b"".join([*pieces, self.body[at:]])


class _NoSplitError(Exception):
    """The document is not of the kind that is split."""


def split(body: bytes, content_type: str | None, url: str, version: int) -> Split | None:
    """Find the items of a document → where they are; None where it is to be parsed whole.

    ``version``: of what digests it; another one makes another context. Linear in time.
    """
    if not _is_utf8(body, content_type):
        return None
    try:
        walk = _Walk(body)
        spans = walk.run()
    except (_NoSplitError, expat.ExpatError):
        return None
    if not 0 < len(spans) <= MAX_ENTRIES:
        return None
    hashes = [blake2b(body[start:end], digest_size=HASH_BYTES).digest() for start, end in spans]
    return Split(
        body=body,
        atom=walk.root == "feed",
        spans=tuple(spans),
        outline=Outline(
            context=_context(body, sorted([*spans, *walk.comments]), f"{version}\n{content_type}\n{url}"),
            items=b"".join(hashes),
        ),
    )


def outline_of(parsed: Parsed, version: int) -> Outline:
    """Make the outline of a document that is not split, by what its parser read: its known items need no cleaning."""
    items = (blake2b(repr(item).encode("utf-8", "replace"), digest_size=HASH_BYTES).digest() for item in parsed.items)
    context = f"{version}\n{parsed!r}"  # which leaves its items out
    return Outline(context=blake2b(context.encode("utf-8", "replace"), digest_size=16).digest(), items=b"".join(items))


def _is_utf8(body: bytes, content_type: str | None) -> bool:
    """Tell whether a body is UTF-8, and is read as that whatever part of it is there."""
    if not all(claim in _UTF8 for claim in claims_of(body, content_type)):
        return False
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _context(body: bytes, spans: list[tuple[int, int]], given: str) -> bytes:
    """Hash what is outside of the ``spans``; how many there are leaves no mark, nor does the space between them."""
    made = blake2b(given.encode("utf-8", "replace"), digest_size=16)
    at = 0
    outside = []
    for start, end in [*spans, (len(body), len(body))]:
        outside.append(body[at:start].strip())
        at = end
    made.update(_BLANKED.sub(b"", b"\n".join(piece for piece in outside if piece)))
    return made.digest()


class _Walk:
    """One walk over the elements of a document. Raises _NoSplitError, ExpatError."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._spans: list[tuple[int, int]] = []
        self.root: str | None = None
        self._above: list[str] = []  # the elements that are open outside of items
        self._inside = 0  # the elements that are open inside of one
        self._behind = False  # something stands behind an item: no item may follow it
        self._elements = 0
        self._parts = set[str]()  # the names of elements that are in items
        self._prefixes = Prefixes()
        self._declares = True  # whether there are any from here on
        self.comments: list[tuple[int, int]] = []  # outside of items
        self._parser = parser = expat.ParserCreate("utf-8")  # whatever is declared
        parser.ordered_attributes = True  # a list is made quicker than a dict
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        parser.CommentHandler = self._comment

    def run(self) -> list[tuple[int, int]]:
        self._parser.Parse(self._body, True)
        return self._spans

    def _doctype(self, *_: object) -> None:
        raise _NoSplitError

    def _comment(self, _: str) -> None:
        if not self._inside:
            start = self._parser.CurrentByteIndex
            self.comments.append((start, self._body.index(b"-->", start) + 3))

    def _start(self, name: str, attributes: list[str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise _NoSplitError
        if attributes and self._declares:
            self._declared(attributes)
        if self._inside:
            if name not in self._parts:
                self._part(name.lower())
                self._parts.add(name)
            self._inside += 1
            return
        lowered = name.lower()
        local = lowered.rpartition(":")[2]
        self.root = self.root or lowered
        if local not in _ITEMS:
            if self._spans:
                self._behind = True
                if local in _AFFECTED and tuple(self._above) in _PLACES:
                    raise _NoSplitError
            self._above.append(lowered)
        elif _PLACES.get(tuple(self._above)) == name and not self._behind:
            start = self._parser.CurrentByteIndex
            if not self._spans:
                self._declares = self._body.find(b"xmlns", start) >= 0
            self._spans.append((start, 0))
            self._inside = 1
        else:  # an item where none belongs, or one that is spelled in another way
            raise _NoSplitError

    def _part(self, name: str) -> None:
        """Look at the name of an element in an item: the parser may take it for one more, or for the feed itself."""
        if name.endswith(("item", "entry")) or name.rpartition(":")[2] in _ROOTS:
            raise _NoSplitError

    def _declared(self, attributes: list[str]) -> None:
        """Note the namespaces that an element declares: feedparser has one table of them for all of a document."""
        for name, uri in zip(attributes[::2], attributes[1::2], strict=True):
            if name.startswith("xmlns"):
                if self._inside and self.root == "rdf:rdf" and uri.lower() in _VERSIONS:
                    raise _NoSplitError
                if name != "xmlns" and not self._prefixes.declare(name[6:], uri):
                    raise _NoSplitError

    def _end(self, _: str) -> None:
        if not self._inside:
            self._above.pop()
            return
        self._inside -= 1
        if not self._inside:
            end = self._parser.CurrentByteIndex
            if self._body[end : end + 2] != b"</":  # <item/>
                raise _NoSplitError
            self._spans[-1] = self._spans[-1][0], self._body.index(b">", end) + 1
