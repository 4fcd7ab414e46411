"""An HTML page or a ``Link`` header → the feeds and hubs that it points to. Pure.

Autodiscovery as browsers and readers have done it since 2002: ``<link rel=alternate type=application/rss+xml>``. Pages
are read as they are, with a few regular expressions that take linear time; no page is well-formed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape

from ingest.clean import flat
from ingest.urls import MAX_URL_CHARS, absolute

MAX_OFFERS = 20
MAX_PAGE_CHARS = 1_000_000
MAX_LINKS = 100
MAX_HEADER_CHARS = 32_768

_TYPES = frozenset(
    (
        *("application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"),
        *("application/xml", "text/xml", "application/x.atom+xml", "application/x-atom+xml", "application/json"),
    )
)
# What is not read: comments, and elements whose content is text to a browser. An end that is missing hides all that
# follows, as it does there.
_TAGS = re.compile(
    r"<(?:(!--)|(script|style|template|textarea|title|xmp|iframe)(?=[\s/>])|(link|base)(?=[\s/>]))", re.IGNORECASE
)
_ATTRIBUTES = re.compile(
    r"([^\s\"'<>/=]{1,100})(?:\s*+=\s*+(?:\"([^\"<]*+)\"|'([^'<]*+)'|([^\s\"'<>]*+)))?|(>|<)|[\"'/=]"
)
_COMMENTS = re.compile(r"\bcomment(?:s|aire|aires|arios|i)?\b|\bkommentare?\b|/comments?/", re.IGNORECASE)
_NO_FEEDS = re.compile(r"/wp-json/|oembed", re.IGNORECASE)  # application/json: what WordPress says of every page
_SIGN = re.compile(r"\s*([;,])")
_TOKEN = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*)))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A feed that a page advertises: its address, absolute http(s), and what the page says of it."""

    url: str
    title: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLink:
    """One relation of a ``Link`` header: target (absolute http(s)), relation type in lower case, media type."""

    url: str
    rel: str
    type: str | None = None


def feeds_of(html: str, url: str) -> tuple[Offer, ...]:
    """Find the feeds that a page advertises → each once, in the page's order, comment feeds last; ``MAX_OFFERS``.

    ``url`` is the page's address. A link counts with ``rel=alternate`` and a feed's media type, or with ``rel=feed``
    (HTML Living Standard 4.6.7.1; microformats rel-feed); ``<base href>`` is honoured; what stands in comments and
    scripts is not.
    """
    base = absolute(url, None)
    based = False
    found: dict[str, Offer] = {}
    for name, attributes in _tags(html[:MAX_PAGE_CHARS]):
        if name == "base" and not based and "href" in attributes:  # the first one counts (HTML 4.2.3)
            based, base = True, absolute(attributes["href"], base) or base
        elif name == "link":
            offer = _offer(attributes, base)
            if offer is not None:
                found.setdefault(offer.url, offer)
    ordered = sorted(found.values(), key=lambda offer: _COMMENTS.search(f"{offer.title or ''} {offer.url}") is not None)
    return tuple(ordered[:MAX_OFFERS])


def links_of(header: str | Iterable[str] | None, url: str | None) -> tuple[HeaderLink, ...]:
    """Read ``Link`` headers (RFC 8288 3) → one value for each target and relation, in order; at most ``MAX_LINKS``.

    ``header`` is one field value, or all of them; ``url`` the address of the response, which targets are relative to.
    A link with an ``anchor`` speaks of another document, and is left out; so is what can't be understood.
    """
    values = () if header is None else (header,) if isinstance(header, str) else header
    found: dict[HeaderLink, None] = {}
    for value in values:
        for target, parameters in _header_links(value[:MAX_HEADER_CHARS]):
            address = absolute(target, url)
            if address is None or "anchor" in parameters:
                continue
            for rel in parameters.get("rel", "").lower().split():
                found[HeaderLink(url=address, rel=rel, type=parameters.get("type", "").lower() or None)] = None
                if len(found) == MAX_LINKS:
                    return tuple(found)
    return tuple(found)


def _offer(attributes: dict[str, str], base: str | None) -> Offer | None:
    rels = attributes.get("rel", "").lower().split()
    kind = attributes.get("type", "").partition(";")[0].strip().lower()
    if not ("feed" in rels or ("alternate" in rels and "stylesheet" not in rels and kind in _TYPES)):
        return None
    url = absolute(attributes.get("href"), base)
    if url is None or (kind == "application/json" and _NO_FEEDS.search(url)):
        return None
    return Offer(url=url, title=flat(attributes.get("title", "")[:500]) or None, type=kind or None)


def _tags(html: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Find the link and base tags of a page → name and attributes, in order."""
    at = 0
    while mark := _TAGS.search(html, at):
        if mark[3]:
            attributes, at = _attributes(html, mark.end())
            yield mark[3].lower(), attributes
            continue
        close = re.compile(r"--!?>" if mark[1] else rf"</{mark[2]}\b", re.IGNORECASE).search(html, mark.end())
        if close is None:
            return
        at = close.end()


def _attributes(html: str, at: int) -> tuple[dict[str, str], int]:
    """Read the attributes of a tag → by lower-case name, the first of each; and where the tag ends."""
    found: dict[str, str] = {}
    while mark := _ATTRIBUTES.search(html, at):
        if mark[5]:
            return found, mark.end() if mark[5] == ">" else mark.start()
        at = mark.end()
        if mark[1] and len(found) < 50:
            value = mark[2] or mark[3] or mark[4] or ""
            found.setdefault(mark[1].lower(), unescape(value[:MAX_URL_CHARS]))
    return found, len(html)


def _header_links(value: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Read a field value by hand (RFC 8288 B.2): targets may hold commas and semicolons, so may quoted strings."""
    at = 0
    while (start := value.find("<", at)) >= 0 and (end := value.find(">", start)) >= 0:
        target, at, parameters = value[start + 1 : end], end + 1, dict[str, str]()
        while (sign := _SIGN.match(value, at)) and sign[1] == ";":
            at = sign.end()
            token = _TOKEN.match(value, at)
            if token:
                at = token.end()
                quoted = re.sub(r"\\(.)", r"\1", token[2]) if token[2] is not None else None
                parameters.setdefault(token[1].lower().rstrip("*"), quoted if quoted is not None else token[3] or "")
        yield target, parameters
        if sign is None:  # something that is no part of a link: go on behind the next comma
            at = value.find(",", at)
            if at < 0:
                return
