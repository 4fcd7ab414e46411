"""Plain items of well-formed feeds → what feedparser would read in them, read here in a tenth of its time. Pure.

feedparser is the parser; this is a short cut past it for items that hold nothing but what its rules for are short and
known: the common elements of RSS, RSS 1.0 and Atom, once each, without markup inside, with absolute addresses. An item
with anything else in it is declined, and feedparser reads it. ``tests/test_plain.py`` holds the two against each other.
"""

from __future__ import annotations

from xml.parsers import expat

from feedparser.mixin import _FeedParserMixin

from ingest.plain_item import DeclinedError, Entry, ItemReader, Name

MAX_NAME_CHARS = 200
"""Of a namespace or a language, which go with each element or item."""

_XML = "http://www.w3.org/XML/1998/namespace"
_PREFIXES: dict[str, str] = {uri.lower(): prefix for uri, prefix in _FeedParserMixin.namespaces.items()}
_TAKEN = {prefix.lower() for prefix in _PREFIXES.values()} | {"title", "summary", "published", "updated"}


def plain_entries(body: bytes, *, atom: bool) -> list[Entry | None]:
    """Read the items of a well-formed UTF-8 document → each as feedparser would give it; None: it is not plain.

    ``atom``: whether feedparser takes the document for Atom, where text is never guessed to be markup. Raises nothing;
    of a document with a base address of its own, or with undeclared namespaces, no item is plain, and none is listed.
    """
    walk = _Walk(atom=atom)
    try:
        walk.parser.Parse(body, True)
    except (expat.ExpatError, DeclinedError):
        return []
    return walk.entries


class _Walk:
    """One walk over a document, with a reader for each of its items."""

    def __init__(self, *, atom: bool) -> None:
        self.entries: list[Entry | None] = []
        self._atom = atom
        self._languages: list[str | None] = [None]
        self._declared: dict[str | None, str] = {}
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
        if self._declared.setdefault(prefix, uri or "") != (uri or ""):
            raise DeclinedError  # one prefix for two
        if uri and uri.lower() not in _PREFIXES and (prefix is None or prefix.lower() in _TAKEN):
            raise DeclinedError

    def _start(self, key: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._reader is not None:
            self._reader.start(self._name(key), attributes, self._depth)
        elif self._name(key)[1] in ("item", "entry"):
            self._reader = ItemReader(self._depth, self._languages[-1], atom=self._atom)
            self._reader.begin(attributes)
        else:
            if any(name.rpartition(" ")[2].lower() == "base" for name in attributes):
                raise DeclinedError
            language = attributes.get(f"{_XML} lang", attributes.get("lang", self._languages[-1]))
            if language and len(language) > MAX_NAME_CHARS:
                raise DeclinedError
            self._languages.append(language or None)

    def _end(self, _: str) -> None:
        if self._reader is None:
            self._languages.pop()
        elif self._depth > self._reader.top:
            self._reader.end(self._depth)
        else:
            self.entries.append(None if self._reader.declined else self._reader.entry)
            self._reader = None
        self._depth -= 1

    def _text(self, text: str) -> None:
        if self._reader is not None:
            self._reader.pieces.append(text)

    def _name(self, key: str) -> Name:
        name = self._names.get(key)
        if name is None:
            uri, _, local = key.rpartition(" ")
            prefix = "" if "backend.userland.com/rss" in uri.lower() else _PREFIXES.get(uri.lower(), "*")
            name = self._names[key] = prefix.lower(), local.lower()
        return name
