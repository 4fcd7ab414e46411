"""OPML read and written: subscription lists, 1.x and 2.0 (http://opml.org/spec2.opml). Pure.

The reader is expat's, with everything refused that a list needs none of: DOCTYPEs, entities, files without end, nests
without end. The whole text is handed over at once: in pieces, one huge attribute would be read again with each piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from ingest.clean import xml_chars
from wireroom.config_faults import USER_INFO
from wireroom.source_names import shown

MAX_BYTES = 20_000_000
MAX_DEPTH = 100
MAX_FEEDS = 20_000
MAX_OUTLINES = 100_000
MAX_NAME_CHARS = 200
MAX_NESTED = 20
"""Folders deep is a list that we write; the folders of a source with more are written as categories."""

NAMESPACE = "urn:wireroom:opml"
"""Of the attributes that only we know: a source's own id and rhythm."""

FOLDER, CATEGORY = "folder", "category"


class OpmlError(Exception):
    """The document can't be read as OPML; the text says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of a list that is read, as the list says it, unchecked; ``id`` and ``every`` only where we wrote it."""

    line: int
    url: str
    name: str
    folders: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    id: str | None = None
    every: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """An outline that is no feed, and why."""

    line: int
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One feed of a list that is written. ``url`` has no credentials; ``tags`` are ``kind:name``."""

    id: str
    url: str
    title: str | None = None
    site_url: str | None = None
    tags: tuple[str, ...] = ()
    every: str | None = None


@dataclass(slots=True)
class Open:
    """An outline that is being read: the folders around what is in it, and whether anything was."""

    line: int
    name: str
    folders: tuple[str, ...]
    is_folder: bool
    commented: bool
    filled: bool = False


@dataclass(slots=True)
class Reader:
    """What expat's events add up to."""

    parser: expat.XMLParserType
    first_line: int
    seen: int = 0
    feeds: list[Outline] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    depth: int = 0
    outlines: list[Open] = field(default_factory=list)

    @property
    def line(self) -> int:
        """The line that is being read."""
        return self.parser.CurrentLineNumber + self.first_line - 1

    def refuse(self, *_: object) -> NoReturn:
        """Refuse a DOCTYPE: there is no honest list with one, and all entity tricks begin with it."""
        raise OpmlError(f"line {self.line}: it has a DOCTYPE, which is not read; take that line out")

    def start(self, element: str, given: Mapping[str, str]) -> None:
        """Take an element."""
        name = element.lower()
        self.depth += 1
        if self.depth == 1 and name != "opml":
            raise OpmlError(f"line {self.line}: no OPML: it begins with <{element[:MAX_NAME_CHARS]}>")
        if self.depth > MAX_DEPTH:
            raise OpmlError(f"line {self.line}: outlines nest more than {MAX_DEPTH} deep")
        if name == "outline":
            self.outline({key.lower(): value.strip() for key, value in given.items()})

    def outline(self, given: Mapping[str, str]) -> None:
        """Take an outline: a feed, a folder, or what is neither."""
        self.seen += 1
        if self.seen > MAX_OUTLINES:
            raise OpmlError(f"line {self.line}: more than {MAX_OUTLINES:,} outlines; split the list")
        around = self.outlines[-1] if self.outlines else None
        if around is not None:
            around.filled = True
        folders = around.folders if around is not None else ()
        kind = given.get("type", "").lower()
        # older lists (Radio, early 1.x) have the feed's address in `url`
        url = given.get("xmlurl") or (given.get("url", "") if kind in ("rss", "atom") else "")
        name = flat(given.get("text") or given.get("title") or shown(given.get("url") or url))
        commented = (around is not None and around.commented) or given.get("iscomment", "").lower() == "true"
        is_folder = not url and not given.get("url")
        inside = (*folders, name) if is_folder and name else folders
        self.outlines.append(Open(line=self.line, name=name, folders=inside, is_folder=is_folder, commented=commented))
        if commented and not is_folder:
            self.pass_over(name, "it is commented out (isComment)")
        elif url:
            if len(self.feeds) == MAX_FEEDS:
                raise OpmlError(f"line {self.line}: more than {MAX_FEEDS:,} feeds; split the list")
            categories = tuple(one.strip() for one in given.get("category", "").split(",") if one.strip())
            self.feeds.append(
                Outline(
                    line=self.line,
                    url=url,
                    name=flat(given.get("title") or name),
                    folders=folders,
                    categories=categories,
                    id=given.get("wireroom:id"),
                    every=given.get("wireroom:every"),
                )
            )
        elif kind == "include":
            self.pass_over(name, "it includes another list; import that one by itself")
        elif not is_folder:
            self.pass_over(name, "a link to a page, no feed; try `wireroom add` with it")

    def pass_over(self, name: str, why: str) -> None:
        """Note what is no feed."""
        self.passed.append(Passed(line=self.line, name=name, why=why))

    def end(self, element: str) -> None:
        """Close an element; a folder with nothing in it is told of, since it may be a feed that lost its address."""
        self.depth -= 1
        if element.lower() == "outline":
            closed = self.outlines.pop()
            if closed.is_folder and not closed.filled:
                why = "neither an address nor anything in it"
                self.passed.append(Passed(line=closed.line, name=closed.name, why=why))


def read_opml(data: bytes) -> tuple[list[Outline], list[Passed]]:
    """Read a list → its feeds in order, and the outlines that are none. Raises OpmlError.

    Names of attributes count in any case; encodings are those of the XML declaration or byte order mark.
    """
    if len(data) > MAX_BYTES:
        raise OpmlError(f"it is over {MAX_BYTES:,} bytes")
    body = data.lstrip(b" \t\r\n")  # a blank line before the declaration is a fault to expat, and common
    if not body:
        raise OpmlError("it is empty")
    parser = expat.ParserCreate()
    reader = Reader(parser, first_line=1 + data.count(b"\n", 0, len(data) - len(body)))
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    parser.ExternalEntityRefHandler = reader.refuse
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        line = error.lineno + reader.first_line - 1
        raise OpmlError(f"line {line}: no valid XML: {expat.ErrorString(error.code)}") from None
    except (LookupError, ValueError) as error:
        raise OpmlError(f"its encoding can't be read: {error}; save it as UTF-8") from None
    return reader.feeds, reader.passed


def flat(text: str) -> str:
    """Write a name in one line, not too long, and where it is an address, without credentials."""
    return USER_INFO.sub("//…@", " ".join(text[: MAX_NAME_CHARS * 4].split()))[:MAX_NAME_CHARS]


Tree = dict[str, "Tree | Listed"]


def write_opml(feeds: Sequence[Listed], *, title: str, now: datetime) -> bytes:
    """Write a list as OPML 2.0: folders from ``folder:`` tags, in their order, the other tags as categories.

    A source's title is what the reader shows; its id, and its own rhythm, stand in attributes of our namespace.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:wireroom="{NAMESPACE}">',
        "  <head>",
        f"    <title>{attribute(title)[1:-1]}</title>",
        f"    <dateCreated>{format_datetime(now, usegmt=True)}</dateCreated>",
        "  </head>",
        "  <body>",
        *branch(tree(feeds), "    "),
        "  </body>",
        "</opml>",
        "",
    ]
    return "\n".join(lines).encode()


def tree(feeds: Iterable[Listed]) -> Tree:
    """Sort feeds into their folders; a feed's key has a colon before it, which no folder's name has."""
    root: Tree = {}
    for feed in feeds:
        place = root
        for folder in nested(feed.tags):
            inner = place.setdefault(folder, {})
            assert isinstance(inner, dict)
            place = inner
        place[":" + feed.id] = feed
    return root


def nested(tags: Iterable[str]) -> list[str]:
    """List the folders that a feed is nested in."""
    return [tag.removeprefix(f"{FOLDER}:") for tag in tags if tag.startswith(f"{FOLDER}:")][:MAX_NESTED]


def branch(place: Tree, indent: str) -> list[str]:
    """Write what is in one folder."""
    lines: list[str] = []
    for name, inner in place.items():
        if isinstance(inner, Listed):
            lines.append(indent + feed_outline(inner))
        else:
            lines.append(f"{indent}<outline text={attribute(name)}>")
            lines += branch(inner, indent + "  ")
            lines.append(f"{indent}</outline>")
    return lines


def feed_outline(feed: Listed) -> str:
    """Write one feed's element. ``type`` is rss for every format: the specification has no other for feeds."""
    name = feed.title or feed.id
    folders = {f"{FOLDER}:{folder}" for folder in nested(feed.tags)}
    categories = ",".join(tag.removeprefix(f"{CATEGORY}:") for tag in feed.tags if tag not in folders)
    given = {
        "text": name,
        "title": name,
        "type": "rss",
        "xmlUrl": feed.url,
        "htmlUrl": feed.site_url,
        "category": categories,
        "wireroom:id": feed.id,
        "wireroom:every": feed.every,
    }
    return f"<outline {' '.join(f'{key}={attribute(value)}' for key, value in given.items() if value)}/>"


def attribute(value: str) -> str:
    """Quote an attribute's value; characters that XML 1.0 can't hold are left out (2.2)."""
    return quoteattr(xml_chars(value))
