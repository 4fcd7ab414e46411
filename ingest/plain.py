"""What is plain in well-formed feeds → what feedparser would read there, read here in a tenth of its time. Pure.

feedparser is the parser; this is a short cut past it for items, and for what a feed says of itself, where they hold
nothing but what its rules for are short and known: the common elements of RSS, RSS 1.0 and Atom, once each, without
markup inside, with absolute addresses. What has anything else in it is declined, and feedparser reads it.
``tests/test_plain.py`` holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.parsers import expat

from ingest.plain_head import OTHER_FORMATS, HeadReader, version_of
from ingest.plain_item import Entry, ItemReader, Name
from ingest.plain_rules import DeclinedError
from ingest.prefixes import OWN, Prefixes

MAX_NAME_CHARS = 200
"""Of a namespace or a language, which go with each element or item."""

_XML = "http://www.w3.org/XML/1998/namespace"
_TAKEN = {prefix.lower() for prefix in OWN.values()} | {"title", "summary", "published", "updated"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """What was read of a document: each item, None where it is not plain; and what is outside of them, if that is.

    ``version`` is feedparser's name for the format, known where ``feed`` is.
    """

    entries: Sequence[Entry | None] = ()
    feed: Entry | None = None
    version: str = ""


def read_plain(body: bytes, *, atom: bool) -> Plain:
    """Read a well-formed UTF-8 document, as far as it is plain → as feedparser would give it.

    ``atom``: whether it is Atom, where text is never guessed to be markup. Raises nothing; of a document with a base
    address of its own, or with undeclared namespaces, nothing is plain, and no item is listed.
    """
    walk = _Walk(atom=atom)
    try:
        walk.parser.Parse(body, True)
    except (expat.ExpatError, DeclinedError):
        return Plain()
    head = walk.head
    feed = head.entry if head is not None and not head.declined else None
    return Plain(entries=walk.entries, feed=feed, version=walk.version or "")


class _Walk:
    """One walk over a document, with a reader for each of its items, and one for all that is outside of them."""

    def __init__(self, *, atom: bool) -> None:
        self.entries: list[Entry | None] = []
        self.head: HeadReader | None = None
        self.version: str | None = None
        self._atom = atom
        self._languages: list[str | None] = [None]
        self._declared: dict[str | None, str] = {}
        self._prefixes = Prefixes()
        self._names: dict[str, Name] = {}
        self._reader: ItemReader | None = None
        self._depth = 0
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartNamespaceDeclHandler = self._declare

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        """Note a namespace; feedparser goes by the prefix where it does not know the address."""
        if uri and len(uri) > MAX_NAME_CHARS:
            raise DeclinedError  # it would stand in the name of each element
        if prefix is None and self._reader is not None:  # XHTML in an item, most likely; feedparser knows no default
            self._reader.declined = True
            return
        if prefix is not None and not self._prefixes.declare(prefix, uri or ""):
            raise DeclinedError
        if self._declared.setdefault(prefix, uri or "") != (uri or ""):
            raise DeclinedError  # one prefix for two
        if uri and uri.lower() not in OWN and (prefix is None or prefix.lower() in _TAKEN):
            raise DeclinedError

    def _start(self, key: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._reader is not None:
            self._reader.start(self._name(key), attributes, self._depth)
        elif self._name(key)[1] in ("item", "entry"):
            self._reader = ItemReader(self._depth, self._languages[-1], atom=self._atom)
            self._reader.begin(attributes)
        else:
            self._outside(key, attributes)

    def _outside(self, key: str, attributes: dict[str, str]) -> None:
        """Begin an element that is in no item."""
        if any(name.rpartition(" ")[2].lower() == "base" for name in attributes):
            raise DeclinedError
        language = attributes.get(f"{_XML} lang", attributes.get("lang", self._languages[-1]))
        if language and len(language) > MAX_NAME_CHARS:
            raise DeclinedError
        self._languages.append(language or None)
        if self._depth == 1:
            self._begin(key, {name: value for name, value in attributes.items() if name != f"{_XML} lang"})
        elif self.head is None and key == "channel" and self._depth == 2 and self.version and not self._atom:
            self._open_head(attributes, self._languages[-2])
        elif self.head is not None and self._depth > self.head.top:
            self.head.start(self._name(key), attributes, self._depth)
        elif self.head is not None:
            self.head.declined = True

    def _begin(self, key: str, attributes: Mapping[str, str]) -> None:
        """Take the root: the format, if that is beyond doubt."""
        if not any(uri.lower() in OTHER_FORMATS for uri in self._declared.values()):
            self.version = version_of(key, attributes)
        if self.version and self._atom:
            self._open_head({}, self._languages[-1])

    def _open_head(self, attributes: dict[str, str], language: str | None) -> None:
        self.head = HeadReader(self._depth, self._languages[-1], atom=self._atom)
        self.head.begin(attributes)
        if language:
            self.head.entry["language"] = language.replace("_", "-")

    def _end(self, _: str) -> None:
        if self._reader is None:
            self._languages.pop()
            if self.head is not None and self._depth > self.head.top:
                self.head.end(self._depth)
        elif self._depth > self._reader.top:
            self._reader.end(self._depth)
        else:
            self.entries.append(None if self._reader.declined else self._reader.entry)
            self._reader = None
        self._depth -= 1

    def _text(self, text: str) -> None:
        reader = self._reader or self.head
        if reader is not None:
            reader.pieces.append(text)

    def _name(self, key: str) -> Name:
        name = self._names.get(key)
        if name is None:
            uri, _, local = key.rpartition(" ")
            prefix = "" if "backend.userland.com/rss" in uri.lower() else OWN.get(uri.lower(), "*")
            name = self._names[key] = prefix.lower(), local.lower()
        return name
