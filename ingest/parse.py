"""XML bytes of a feed → its items as feedparser reads them (RSS 0.90 to 2.0, Atom 0.3 and 1.0, CDF). Pure.

feedparser gets a ``BytesIO`` and nothing else: bytes or text would be tried as the name of a file, or as a URL. Its
sanitizer and its link resolver are off: ``normalize`` does both, faster, and for the sanitizer more safely.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import feedparser

from db.times import iso
from ingest.asks import related, skips, spacing_s
from ingest.clean import EMPTIED, TAGS
from ingest.defuse import defuse
from ingest.parsed import MAX_ENTRIES, Attachment, HtmlPageError, Item, MalformedError, Markup, NotAFeedError, Parsed
from ingest.plain import plain_entries
from ingest.prolog import Prepared, prepare
from ingest.split import Split
from ingest.urls import document_base

_HTML_TYPES = frozenset(("text/html", "application/xhtml+xml", "html", "xhtml"))
_MEDIA = re.compile(r"(?:audio|video|image)(?:/|$)", re.IGNORECASE)
_MARKS = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)\b|&#?\w{1,20}(;)")
_OLD_TAGS = frozenset(("font", "form", "input", "button", "label", "marquee", "blink"))
_MAIL = r"[^\s@()<>]{1,64}@[^\s@()<>]{1,255}"
_MAIL_OF = re.compile(
    rf"{_MAIL}\s{{1,9}}\((?P<after>[^()]+)\)|(?P<before>[^<>@]+?)\s{{0,9}}<{_MAIL}>|(?P<bare>{_MAIL})"
)
_ROOT = re.compile(r"<(?:[\w.-]{1,40}:)?([\w.-]{1,40})")
_FEED_ROOTS = frozenset(("rss", "feed", "rdf", "channel"))
_HTML_ROOTS = frozenset(
    (
        *("html", "head", "body", "title", "meta", "style", "script", "noscript", "frameset", "iframe"),
        *("div", "p", "b", "br", "h1", "h2", "h3", "center", "font", "span", "a", "img", "table", "form"),
        *("main", "section", "article", "header", "ul", "pre", "hr", "strong", "i", "em"),
    )
)
# What stands in a feed behind a server's warning in HTML, and in no page.
_FEED_INSIDE = re.compile(r"<(?:[\w.-]{1,40}:)?(?:rss|feed|rdf|channel)[\s>]", re.IGNORECASE)


def parse_feed(body: bytes, *, content_type: str | None, url: str) -> Parsed:
    """Parse an XML feed → its items, in document order.

    ``content_type`` is the HTTP header, ``url`` the final address (or a file's name, which resolves nothing). Broken
    markup alone is no failure: what could be read is returned, marked ``salvaged``. Raises HtmlPageError for a page,
    NotAFeedError for other documents, MalformedError for a feed of which nothing can be read.
    """
    read = _read(body, content_type, url)
    return _parsed(read, read.entries)


def parse_split(parts: Split, known: Collection[int], *, content_type: str | None, url: str) -> Parsed | None:
    """Parse the items of a split document that are not at the ``known`` positions → as ``parse_feed`` of the whole.

    What is plain is read without feedparser, which gets all the rest. None where the two don't fit together.
    """
    plain = plain_entries(parts.without(known), atom=parts.atom)
    new = [position for position in range(len(parts.spans)) if position not in known]
    at = {position: entry for position, entry in zip(new, plain, strict=False) if entry is not None}
    read = _read(parts.without([*known, *at]), content_type, url)
    if len(read.entries) + len(at) != len(new) or (at and read.atom != parts.atom):
        return None
    others = iter(read.entries)
    return _parsed(read, [at[position] if position in at else next(others) for position in new])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A document as feedparser read it; ``fault`` is what was wrong with its markup."""

    prepared: Prepared
    base: str | None
    version: str
    feed: Mapping[str, Any]
    entries: Sequence[Mapping[str, Any]]
    fault: str | None

    @property
    def atom(self) -> bool:
        return self.version.startswith("atom")


def _read(body: bytes, content_type: str | None, url: str) -> _Read:
    prepared = prepare(body, content_type)
    if _is_html(prepared) and not _FEED_INSIDE.search(prepared.text):
        raise HtmlPageError(prepared.text)
    prepared = defuse(prepared)
    base = document_base(url)
    result = _parse(prepared, base)
    version, entries = _str(result, "version") or "", result["entries"]
    fault = _fault(result, prepared.lines_cut)
    if _is_html(prepared) and not (version and entries):
        raise HtmlPageError(prepared.text)
    if not version and not entries:
        if _root(prepared) in _FEED_ROOTS:
            raise MalformedError(f"it begins like a feed, but nothing could be read: {fault or 'no channel in it'}")
        raise NotAFeedError(_what_it_is(prepared))
    if not entries and fault:
        raise MalformedError(f"its markup is broken, and no entry could be read: {fault}")
    return _Read(prepared=prepared, base=base, version=version, feed=result["feed"], entries=entries, fault=fault)


def _parsed(read: _Read, entries: Sequence[Mapping[str, Any]]) -> Parsed:
    feed, base, prepared, fault = read.feed, read.base, read.prepared, read.fault
    links = [*_dicts(feed, "links"), _dict(feed, "atom_link")]  # the latter where its namespace is not declared
    hours, days = skips(prepared.text[prepared.root :])
    remarks = (prepared.remark, f"the markup is broken: {fault}" if fault else None)
    return Parsed(
        format=read.version or "xml",
        base=base,
        title=_title(feed, atom=read.atom),
        site_url=_str(feed, "link"),
        language=_str(feed, "language"),
        ttl_s=spacing_s(
            ttl=_str(feed, "ttl"),
            period=_str(feed, "sy_updateperiod"),
            frequency=_str(feed, "sy_updatefrequency"),
        ),
        skip_hours=hours,
        skip_days=days,
        hub=related(links, "hub", base),
        self_url=related(links, "self", base),
        items=tuple(_item(entry, feed, read.version, base) for entry in entries[:MAX_ENTRIES]),
        truncated=len(entries) > MAX_ENTRIES,
        salvaged=prepared.salvaged or fault is not None,
        remark="; ".join(remark for remark in remarks if remark) or None,
    )


def _parse(prepared: Prepared, base: str | None) -> Mapping[str, Any]:
    headers = {"content-type": "application/xml; charset=utf-8"}  # feedparser knows lower-case names only
    if base:
        headers["content-location"] = base
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            result: Mapping[str, Any] = feedparser.parse(
                BytesIO(prepared.text.encode()),
                response_headers=headers,
                sanitize_html=False,
                resolve_relative_uris=False,
            )
    except MemoryError:
        raise
    except Exception as error:  # it raises on about every twelfth mutilated feed, in many ways
        if _is_html(prepared):
            raise HtmlPageError(prepared.text) from None
        raise MalformedError(f"the parser gave up: {type(error).__name__}: {error}") from error
    return result


def _fault(result: Mapping[str, Any], lines_cut: int) -> str | None:
    """Say what broke the strict parser, where something did; how the encoding was found is no fault."""
    if not result.get("bozo"):
        return None
    error = result.get("bozo_exception")
    if isinstance(error, (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)):
        return None
    line = getattr(error, "getLineNumber", lambda: None)()
    message = getattr(error, "getMessage", lambda: str(error))()
    return f"{message} (line {line + lines_cut})" if line else f"{message}"


def _root(prepared: Prepared) -> str | None:
    root = _ROOT.match(prepared.text, prepared.root)
    return root[1].lower() if root else None


def _is_html(prepared: Prepared) -> bool:
    return _root(prepared) in _HTML_ROOTS


def _what_it_is(prepared: Prepared) -> str:
    root = _root(prepared)
    return f"an XML document with the root <{root}>, not a feed" if root else "neither XML nor JSON"


def _item(entry: Mapping[str, Any], feed: Mapping[str, Any], version: str, base: str | None) -> Item:
    bodies = [body for content in _dicts(entry, "content") if (body := _body(content, base))]
    summary = _str(entry, "summary")
    at = None
    if summary and all(summary != body.value for body in bodies):  # without one of its own, the content is copied
        bodies.append(_markup(summary, _dict(entry, "summary_detail"), base))
        at = len(bodies) - 1
    is_atom = version.startswith("atom")
    authors = _people(entry) or _people(_dict(entry, "source")) or (_people(feed) if is_atom else ())
    return Item(
        id=_str(entry, "id"),
        link=_str(entry, "link"),
        title=_title(entry, atom=is_atom),
        bodies=tuple(bodies),
        summary=at,
        authors=authors,
        language=_language(entry),
        categories=tuple(_categories(entry)),
        attachments=tuple(_attachments(entry)),
        published=_time(entry, "published_parsed"),
        updated=_time(entry, "updated_parsed"),
    )


def _title(context: Mapping[str, Any], *, atom: bool) -> Markup | None:
    """Read a title; where the format does not say what it is, text that looks like markup is markup."""
    value = _str(context, "title")
    if value is None:
        return None
    detail = _dict(context, "title_detail")
    typed = _str(detail, "value") == value and _str(detail, "type")
    if typed in _HTML_TYPES:
        return Markup(value=value, is_html=True)
    marks = _MARKS.finditer(value)
    guessed = any(mark[2] or mark[1].lower() in TAGS | EMPTIED | _OLD_TAGS for mark in marks)
    return Markup(value=value, is_html=guessed and not (atom and typed))


def _body(content: Mapping[str, Any], base: str | None) -> Markup | None:
    value, kind = _str(content, "value"), _str(content, "type") or "text/plain"
    if not value or not (kind in _HTML_TYPES or kind.startswith("text/") or kind.endswith(("+xml", "/xml"))):
        return None
    return _markup(value, content, base)


def _markup(value: str, detail: Mapping[str, Any], document: str | None) -> Markup:
    kind, base = _str(detail, "type") or "text/html", _str(detail, "base")
    plain = kind.startswith("text/") and kind not in _HTML_TYPES
    return Markup(value=value, is_html=not plain, base=base if base != document else None)


def _language(entry: Mapping[str, Any]) -> str | None:
    contexts = (entry, *_dicts(entry, "content"), _dict(entry, "summary_detail"), _dict(entry, "title_detail"))
    return next((language for context in contexts if (language := _str(context, "language"))), None)


def _people(context: Mapping[str, Any]) -> tuple[str, ...]:
    """List the names of the authors; e-mail addresses only where there is no name at all."""
    people, author = _dicts(context, "authors"), _str(context, "author")
    mail = _MAIL_OF.fullmatch(author.strip()) if author and len(people) < 2 else None
    if mail:  # read here: feedparser cuts addresses of long top-level domains in two
        return (mail["after"] or mail["before"] or mail["bare"],)
    for key in ("name", "email"):
        found = tuple(name for person in people if (name := _str(person, key)))
        if found:
            return found
    return (author,) if author else ()


def _categories(entry: Mapping[str, Any]) -> Iterator[str]:
    for tag in _dicts(entry, "tags"):
        term, label = _str(tag, "term"), _str(tag, "label")
        best = label if not term or "://" in term else term  # an address is no name
        if best and "://" not in best:
            yield best


def _attachments(entry: Mapping[str, Any]) -> Iterator[Attachment]:
    for link in _dicts(entry, "links"):
        url, kind = _str(link, "href"), _str(link, "type")
        if url and _str(link, "rel") == "enclosure":
            kind = None if kind == "text/html" else kind  # what feedparser puts where none is given
            yield Attachment(url=url, type=kind, length=_str(link, "length"))
    for media in _dicts(entry, "media_content"):
        url, kind = _str(media, "url"), _str(media, "type")
        if url and _MEDIA.match(kind or _str(media, "medium") or ""):
            yield Attachment(url=url, type=kind, length=_str(media, "filesize"))


def _time(entry: Mapping[str, Any], key: str) -> str | None:
    """Read a time that feedparser parsed (UTC); a year outside 1900 to 2100 is a misreading."""
    parsed = dict.get(entry, key) if isinstance(entry, dict) else None
    try:
        year, month, day, hour, minute, second = parsed[:6]  # type: ignore[index]
        if not 1900 <= year <= 2100:
            return None
        return iso(datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC))
    except (TypeError, ValueError):
        return None


def _str(context: Mapping[str, Any], key: str) -> str | None:
    """Read a text; past feedparser's fall-backs from one key to another, and past what is no text, or is empty."""
    value = dict.get(context, key) if isinstance(context, dict) else None
    return value if isinstance(value, str) and value else None


def _dict(context: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = dict.get(context, key) if isinstance(context, dict) else None
    return value if isinstance(value, dict) else {}


def _dicts(context: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = dict.get(context, key) if isinstance(context, dict) else None
    found: Iterable[Any] = value if isinstance(value, list) else ()
    return [each for each in found if isinstance(each, dict)]
