"""One item of a well-formed feed, element after element → what feedparser would read in it; or declined. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from feedparser.datetimes import _parse_date  # it has no public name
from feedparser.mixin import _FeedParserMixin

from ingest.plain_media import MEDIA_READS
from ingest.plain_rules import DeclinedError, absolute, only, plain

Entry = dict[str, Any]
"""An entry as feedparser has it, with those of its keys that are used."""

MAX_CATEGORIES = 100
MAX_AUTHOR_CHARS = 300
"""Of one item; what is beyond is cut before feedparser sees it."""

_ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns# about"
_TYPES = {
    **dict.fromkeys(("text", "plain", "text/plain"), "text/plain"),
    **dict.fromkeys(("html", "text/html"), "text/html"),
}
_URN = re.compile(r"(?:tag|urn):[\w:.,@%+-][\w:.,@%+/-]*", re.ASCII)

# Elements that change nothing of what is read of an item, by feedparser's prefix; nothing may be inside them.
_IDLE: dict[str, frozenset[str] | None] = {
    "": frozenset(("comments", "created", "source")),
    "dc": frozenset(("identifier", "format", "source", "type", "coverage", "relation")),
    "media": frozenset(("credit",)),
    "itunes": frozenset(("block", "subtitle")),
    **dict.fromkeys(("slash", "wfw", "thr", "trackback", "sy", "pingback", "podcast", "*")),  # whatever is in these
}
_PERSON = {"name": "name", "email": "email", "url": "href", "uri": "href", "homepage": "href"}

Name = tuple[str, str]
"""feedparser's prefix, "*" for a namespace that it does not know, and the local name in small letters."""


class ItemReader:
    """Reads one item, element after element; declines it at the first that is not plain."""

    reads: ClassVar[Mapping[Name, Callable[[Any, Mapping[str, str], str], None]]]
    """How each element is read."""
    idle: ClassVar[Mapping[str, frozenset[str] | None]] = _IDLE

    def __init__(self, top: int, language: str | None, *, atom: bool) -> None:
        self.top = top
        self.entry: Entry = {}
        self.declined = False
        self.pieces: list[str] = []
        self._language = language.replace("_", "-") if language else language
        self._atom = atom
        self.name: Name = ("", "")
        self._attributes: dict[str, str] = {}
        self._seen: set[str] = set()
        self._part = ""
        self._person: dict[str, str] | None = None

    def begin(self, attributes: dict[str, str]) -> None:
        """Take the item's own attributes."""
        self.declined = not attributes.keys() <= {_ABOUT}
        if attributes.get(_ABOUT):
            self.entry["id"] = attributes[_ABOUT]

    def start(self, name: Name, attributes: dict[str, str], depth: int) -> None:
        """Begin an element of the item, or a part of its author."""
        if self.declined:
            return
        if depth == self.top + 1:
            self.name, self._attributes, self._person = name, attributes, None
        elif depth == self.top + 2 and self.name == ("", "author") and name[0] == "" and name[1] in _PERSON:
            self.declined = bool(attributes) or bool("".join(self.pieces).strip())
            if self._person is None:
                self._person = {}
        else:
            self.declined = True
        self.pieces = []
        self._part = name[1]

    def end(self, depth: int) -> None:
        """Read the element that ends."""
        if self.declined:
            return
        try:
            text = plain("".join(self.pieces))
            if depth > self.top + 1:
                self._of_person(_PERSON[self._part], text)
            elif self._person is not None:
                self._end_person(text)
            else:
                self._element(text)
        except DeclinedError:
            self.declined = True
        self.pieces = []

    def _element(self, text: str) -> None:
        read = self.reads.get(self.name)
        if read is not None:
            attributes = {key.lower(): value for key, value in self._attributes.items()}
            for name in ("rel", "type"):
                if name in attributes:
                    attributes[name] = attributes[name].lower()
            read(self, attributes, text)
            return
        prefix, local = self.name
        idle = self.idle.get(prefix, frozenset())
        if idle is not None and local not in idle:
            raise DeclinedError

    def once(self, what: str) -> None:
        """Note an element that may be there once. Raises DeclinedError for the second."""
        if what in self._seen:
            raise DeclinedError
        self._seen.add(what)

    def _detail(self, attributes: Mapping[str, str], usual: str, text: str) -> Entry:
        """Make what feedparser says of a piece of text: its type, guessed where nothing says that it is no markup."""
        kind = _TYPES.get(only(attributes, "type").get("type", usual))
        if kind is None:
            raise DeclinedError
        if kind == "text/plain" and not self._atom and ("<" in text or "&" in text):
            kind = "text/html" if _FeedParserMixin.looks_like_html(text) else kind
        return {"type": kind, "language": self._language, "value": text}

    def title(self, attributes: Mapping[str, str], text: str) -> None:
        """Read ``title``: feedparser keeps the first."""
        self.once("title")
        self.entry["title"], self.entry["title_detail"] = text, self._detail(attributes, "text", text)

    def description(self, attributes: Mapping[str, str], text: str) -> None:
        """Read RSS's ``description``."""
        self.once("summary")
        self.entry["summary"], self.entry["summary_detail"] = text, self._detail(only(attributes), "html", text)

    def summary(self, attributes: Mapping[str, str], text: str) -> None:
        """Read Atom's ``summary``."""
        self.once("summary")
        self.entry["summary"], self.entry["summary_detail"] = text, self._detail(attributes, "text", text)

    def content(self, attributes: Mapping[str, str], text: str) -> None:
        """Read Atom's ``content``; it stands in for a summary."""
        self.once("content")
        self.entry["content"] = [self._detail(attributes, "text", text)]
        self.entry.setdefault("summary", text)

    def encoded(self, attributes: Mapping[str, str], text: str) -> None:
        """Read ``content:encoded``."""
        self.content({**only(attributes), "type": "html"}, text)

    def link(self, attributes: Mapping[str, str], text: str) -> None:
        """Read a link: RSS writes the address as text, Atom as an attribute."""
        if not attributes:
            self.entry["link"] = absolute(text) if text else ""
            return
        only(attributes, "rel", "type", "href", "title", "hreflang", "length")
        address, rel = absolute(attributes.get("href", "")), attributes.get("rel", "alternate")
        kind = attributes.get("type", "application/atom+xml" if rel == "self" else "text/html")
        if rel == "alternate" and kind in ("text/html", "html", "xhtml", "application/xhtml+xml"):
            self.entry["link"] = address
        link: Entry = {"rel": rel, "href": address, "type": kind}
        link |= {name: attributes.get(name) for name in ("length", "title")}
        self.entry.setdefault("links", []).append(link)

    def id(self, attributes: Mapping[str, str], text: str) -> None:
        """Read ``guid`` or ``id``; it is the link too, where it may be and there is none yet."""
        self.once("id")
        is_link = only(attributes, "ispermalink").get("ispermalink", "true") == "true"
        if is_link and text and not _URN.fullmatch(text):
            absolute(text)
        self.entry["id"] = text
        if is_link:
            self.entry.setdefault("link", text)

    def published(self, attributes: Mapping[str, str], text: str) -> None:
        """Read when it was published."""
        only(attributes)
        self.entry["published_parsed"] = _parse_date(text)

    def updated(self, attributes: Mapping[str, str], text: str) -> None:
        """Read when it was changed."""
        only(attributes)
        self.entry["updated_parsed"] = _parse_date(text)

    def author(self, attributes: Mapping[str, str], text: str) -> None:
        """Read an author whose name is given as text."""
        only(attributes)
        self.once("author")
        if "@" in text or len(text) > MAX_AUTHOR_CHARS:
            raise DeclinedError
        self.entry["author"], self.entry["authors"] = text, [{"name": text} if text else {}]

    def _of_person(self, part: str, text: str) -> None:
        if self._person is None or part in self._person or len(text) > MAX_AUTHOR_CHARS:
            raise DeclinedError
        self._person[part] = text

    def _end_person(self, text: str) -> None:
        authors = self.entry.setdefault("authors", [])
        if text or self._attributes or "author" in self._seen or len(authors) == MAX_CATEGORIES:
            raise DeclinedError
        authors.append(self._person)
        name, email = ((self._person or {}).get(part) for part in ("name", "email"))
        self.entry["author"] = f"{name} ({email})" if name and email else name or email or ""

    def category(self, attributes: Mapping[str, str], text: str) -> None:
        """Read a category, as text or by its attributes."""
        only(attributes, "term", "scheme", "domain", "label")
        scheme = attributes.get("scheme", attributes.get("domain"))
        self._tag({"term": attributes.get("term"), "scheme": scheme, "label": attributes.get("label")})
        tags = self.entry.setdefault("tags", [])
        if text and tags and not tags[-1]["term"]:
            tags[-1]["term"] = text
        elif text:
            self._tag({"term": text, "scheme": None, "label": None})
        if len(tags) > MAX_CATEGORIES:
            raise DeclinedError

    def _tag(self, tag: Entry) -> None:
        tags = self.entry.setdefault("tags", [])
        if any(tag.values()) and tag not in tags:
            tags.append(tag)

    def original(self, attributes: Mapping[str, str], text: str) -> None:
        """Read ``feedburner:origLink``, which is not resolved."""
        only(attributes)
        self.entry["feedburner_origlink"] = text


ItemReader.reads = {
    ("", "title"): ItemReader.title,
    ("", "description"): ItemReader.description,
    ("", "summary"): ItemReader.summary,
    ("", "content"): ItemReader.content,
    ("content", "encoded"): ItemReader.encoded,
    ("", "link"): ItemReader.link,
    **dict.fromkeys((("", "guid"), ("", "id")), ItemReader.id),
    **dict.fromkeys((("", "pubdate"), ("", "published"), ("", "issued"), ("dcterms", "issued")), ItemReader.published),
    **dict.fromkeys((("", "updated"), ("", "modified"), ("dc", "date"), ("dcterms", "modified")), ItemReader.updated),
    **dict.fromkeys((("", "author"), ("dc", "creator"), ("itunes", "author")), ItemReader.author),
    **dict.fromkeys((("", "category"), ("dc", "subject")), ItemReader.category),
    ("feedburner", "origlink"): ItemReader.original,
    **MEDIA_READS,
}
