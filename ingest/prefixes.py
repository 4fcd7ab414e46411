"""The prefixes of namespaces, as feedparser reads them: by its own where it knows the address, else by the document's.

It keeps one table for the whole document, whatever is declared where. So a prefix that is declared inside one item can
change how another item reads; where it does, the two can't be read apart. Pure.
"""

from __future__ import annotations

from feedparser.mixin import _FeedParserMixin

from ingest.podcast_tags import install

install()
OWN: dict[str, str] = {uri.lower(): prefix for uri, prefix in _FeedParserMixin.namespaces.items()}
"""feedparser's prefix of each namespace that it knows, by the address in small letters."""
_TAKEN = {prefix.lower() for prefix in OWN.values()}
_USERLAND = "backend.userland.com/rss"


class Prefixes:
    """The prefixes that a document has declared so far."""

    def __init__(self) -> None:
        self._uris: dict[str, str] = {}
        self._unknown: dict[str, str] = {}  # prefixes by the addresses that feedparser does not know

    def declare(self, prefix: str, uri: str) -> bool:
        """Note one → whether every element still reads as it would without this declaration, but for its own."""
        if self._uris.setdefault(prefix, uri) != uri:
            return False  # one prefix for two
        own = "" if _USERLAND in uri.lower() else OWN.get(uri.lower())
        if own is None:
            return self._unknown.setdefault(uri, prefix) == prefix  # the first prefix for it is taken for all others
        return prefix == own or prefix.lower() not in _TAKEN
