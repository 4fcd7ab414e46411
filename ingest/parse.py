"""XML bytes of a feed → its items as feedparser reads them (RSS 0.90 to 2.0, Atom 0.3 and 1.0, CDF). Pure.

feedparser gets a ``BytesIO`` and nothing else: bytes or text would be tried as the name of a file, or as a URL. Its
sanitizer and its link resolver are off: ``normalize`` does both, faster, and for the sanitizer more safely.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import feedparser

from ingest.asks import related, skips, spacing_s
from ingest.defuse import defuse
from ingest.feed_item import item_of, title_of
from ingest.parsed import MAX_ENTRIES, HtmlPageError, MalformedError, NotAFeedError, Parsed
from ingest.plain import read_plain
from ingest.prolog import Prepared, prepare
from ingest.split import Split
from ingest.urls import document_base
from ingest.values import dict_at, dicts_at, text_at

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
    return _parsed(*_read(body, content_type, url))


def parse_split(parts: Split, known: Collection[int], *, content_type: str | None, url: str) -> Parsed | None:
    """Parse the items of a split document that are not at the ``known`` positions → as ``parse_feed`` of the whole.

    What is plain is read without feedparser, which gets all the rest. None where the two don't fit together.
    """
    plain = read_plain(parts.without(known), atom=parts.atom)
    new = [position for position in range(len(parts.spans)) if position not in known]
    at = {position: entry for position, entry in zip(new, plain.entries, strict=False) if entry is not None}
    if len(at) == len(new) and plain.feed is not None:
        read = _Read(base=document_base(url), version=plain.version, feed=plain.feed, skips=skips(parts.around))
        return _parsed(read, [at[position] for position in new])
    cut = {*known, *at}
    try:
        if len(at) == len(new) or 0 not in cut:
            read, entries = _read(parts.without(cut), content_type, url)
        else:
            read, entries = _read(parts.without_but_first(cut), content_type, url)
            entries = entries[1:]
    except (MalformedError, NotAFeedError):  # without its items it is no feed (RSS 1.0 that names no namespace)
        return None
    if len(entries) + len(at) != len(new) or (at and read.atom != parts.atom):
        return None
    others = iter(entries)
    return _parsed(
        replace(read, skips=skips(parts.around)), [at[position] if position in at else next(others) for position in new]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What a document says of itself, as feedparser reads it; what was wrong with it, and when it asks not to come."""

    base: str | None
    version: str
    feed: Mapping[str, Any]
    skips: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    salvaged: bool = False
    remark: str | None = None

    @property
    def atom(self) -> bool:
        return self.version.startswith("atom")


def _read(body: bytes, content_type: str | None, url: str) -> tuple[_Read, Sequence[Mapping[str, Any]]]:
    prepared = prepare(body, content_type)
    if _is_html(prepared) and not _FEED_INSIDE.search(prepared.text):
        raise HtmlPageError(prepared.text)
    prepared = defuse(prepared)
    base = document_base(url)
    result = _parse(prepared, base)
    version, entries = text_at(result, "version") or "", result["entries"]
    fault = _fault(result, prepared.lines_cut)
    if _is_html(prepared) and not (version and entries):
        raise HtmlPageError(prepared.text)
    if not version and not entries:
        if _root(prepared) in _FEED_ROOTS:
            raise MalformedError(f"it begins like a feed, but nothing could be read: {fault or 'no channel in it'}")
        raise NotAFeedError(_what_it_is(prepared))
    if not entries and fault:
        raise MalformedError(f"its markup is broken, and no entry could be read: {fault}")
    remarks = (prepared.remark, f"the markup is broken: {fault}" if fault else None)
    read = _Read(
        base=base,
        version=version,
        feed=result["feed"],
        skips=skips(prepared.text[prepared.root :]),
        salvaged=prepared.salvaged or fault is not None,
        remark="; ".join(remark for remark in remarks if remark) or None,
    )
    return read, entries


def _parsed(read: _Read, entries: Sequence[Mapping[str, Any]]) -> Parsed:
    feed, base = read.feed, read.base
    links = [*dicts_at(feed, "links"), dict_at(feed, "atom_link")]  # the latter where its namespace is not declared
    hours, days = read.skips
    return Parsed(
        format=read.version or "xml",
        base=base,
        title=title_of(feed, atom=read.atom),
        site_url=text_at(feed, "link"),
        language=text_at(feed, "language"),
        ttl_s=spacing_s(
            ttl=text_at(feed, "ttl"),
            period=text_at(feed, "sy_updateperiod"),
            frequency=text_at(feed, "sy_updatefrequency"),
        ),
        skip_hours=hours,
        skip_days=days,
        hub=related(links, "hub", base),
        self_url=related(links, "self", base),
        feed_id=text_at(feed, "id") if read.atom else None,
        items=tuple(item_of(entry, feed, read.version, base) for entry in entries[:MAX_ENTRIES]),
        truncated=len(entries) > MAX_ENTRIES,
        salvaged=read.salvaged,
        remark=read.remark,
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
