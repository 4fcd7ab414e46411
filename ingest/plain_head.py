"""What stands outside of the items of a well-formed feed → what feedparser would read there; or declined. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.plain_item import ItemReader, Name
from ingest.plain_rules import DeclinedError, only

ATOM = "http://www.w3.org/2005/Atom"
OTHER_FORMATS = frozenset(("http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/"))
"""Namespaces that make feedparser take any document for another."""

_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_IDLE: dict[str, frozenset[str] | None] = {
    "": frozenset(
        (
            *("description", "subtitle", "tagline", "copyright", "rights", "generator", "docs", "rating", "category"),
            *("pubdate", "lastbuilddate", "updated", "modified", "published", "managingeditor", "webmaster"),
            *("cloud", "image", "logo", "icon"),
        )
    ),
    "dc": frozenset(("date", "rights", "publisher", "subject", "identifier", "format", "source", "type", "coverage")),
    "itunes": frozenset(("explicit", "block", "image", "type", "new-feed-url", "subtitle")),
    "media": frozenset(("thumbnail", "credit")),
    **dict.fromkeys(("sy", "slash", "wfw", "thr", "feedburner", "podcast", "*")),
}
_IN_IMAGE = frozenset(("title", "link", "url", "width", "height", "description"))


class HeadReader(ItemReader):
    """Reads what a channel or an Atom feed says of itself; its items are read by others meanwhile."""

    idle = _IDLE

    def begin(self, attributes: dict[str, str]) -> None:
        """Take the attributes of the element around it all; its language is its feed's."""
        self.declined = bool(attributes)

    def start(self, name: Name, attributes: dict[str, str], depth: int) -> None:
        """Begin an element, or a part of the channel's picture."""
        in_image = depth == self.top + 2 and self.name == ("", "image")
        if in_image and name[0] == "" and name[1] in _IN_IMAGE and not attributes and not self._atom:
            self._part = name[1]
        else:
            super().start(name, attributes, depth)

    def end(self, depth: int) -> None:
        """Read the element that ends."""
        if depth == self.top + 2 and self.name == ("", "image"):
            self.pieces = []
        else:
            super().end(depth)

    def identify(self, attributes: Mapping[str, str], text: str) -> None:
        """Read Atom's ``id``: it stands in for a link, too."""
        if not self._atom:
            raise DeclinedError
        self.id(attributes, text)

    def keep(self, attributes: Mapping[str, str], text: str) -> None:
        """Keep a text as it is, by feedparser's name."""
        only(attributes)
        prefix, local = self.name
        self.entry[f"{prefix}_{local}" if prefix else local] = text

    def language(self, attributes: Mapping[str, str], text: str) -> None:
        """Read the feed's language."""
        only(attributes)
        self.entry["language"] = text


HeadReader.reads = {
    ("", "title"): HeadReader.title,
    ("", "link"): HeadReader.link,
    ("", "id"): HeadReader.identify,
    ("", "ttl"): HeadReader.keep,
    ("sy", "updateperiod"): HeadReader.keep,
    ("sy", "updatefrequency"): HeadReader.keep,
    **dict.fromkeys((("", "language"), ("dc", "language")), HeadReader.language),
    **dict.fromkeys((("", "author"), ("dc", "creator"), ("itunes", "author")), HeadReader.author),
}


def version_of(root: str, attributes: Mapping[str, str]) -> str | None:
    """Give feedparser's name for the format of a document with this root; None: let it say so itself."""
    if root == f"{ATOM} feed":
        return "atom10" if not attributes else None
    if root != "rss" or not attributes.keys() <= {"version"}:
        return None
    version = attributes.get("version", "")
    return _VERSIONS.get(version) or ("rss20" if version.startswith("2.") else "rss")
