"""One fetched body → the document it says, or what is wrong with it. Pure; runs in a worker process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from db.model import Document, Outline
from ingest.clean import flat
from ingest.discover import feeds_of
from ingest.jsonfeed import looks_like_json, parse_json_feed
from ingest.normalize import normalize
from ingest.parse import parse_feed, parse_split
from ingest.parsed import HtmlPageError, MalformedError, NotAFeedError, Parsed
from ingest.split import outline_of, split
from ingest.unpack import TooLargeError, unpack
from ingest.urls import canonical_link
from ingest.wall import wall_of

DIGEST_VERSION = 5
"""Raised whenever the same bytes would give another document: stored validators and body hashes then count no more."""

MAX_BYTES = 10_000_000
MAX_MESSAGE_CHARS = 300


FaultKind = Literal["not-a-feed", "wall", "malformed", "too-large", "too-heavy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFault:
    """Why a body gave no document. ``kind`` is the poll's outcome; ``message`` says what is wrong, in one line.

    ``offers``: the feeds that an HTML page advertises.
    """

    kind: FaultKind
    message: str
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The document is, item by item, the one that is in the archive; only its bytes, or the date of its build, differ.

    It has not been parsed.
    """


Digested = Document | DigestFault | Unchanged


def digest(
    body: bytes,
    content_type: str | None,
    url: str,
    *,
    encoding: str | None = None,
    max_bytes: int = MAX_BYTES,
    outline: Outline | None = None,
    comparing: bool = False,
) -> Digested:
    """Digest a body: unpack it, find out what it is, parse it, normalize it. Raises nothing; the result can be pickled.

    ``content_type`` and ``encoding`` are the HTTP headers, ``url`` the address that the body came from (or a file's
    name), ``max_bytes`` the cap on what it unpacks to. ``outline`` is that of the document whose entries are in the
    archive: what it has already is not parsed again, and Unchanged comes only where it is given. ``comparing``: the
    entries get what texts are compared by. The body of an error answer tells which wall it is, too.
    """
    try:
        return _read(unpack(body, encoding, max_bytes), content_type, url, outline, comparing=comparing)
    except NotAFeedError as error:
        return _fault("not-a-feed", str(error))
    except MalformedError as error:
        return _fault("malformed", str(error))
    except TooLargeError as error:
        return _fault("too-large", str(error))
    except MemoryError:
        return _fault("too-heavy", "reading it took more memory than a worker may use")
    except Exception as error:  # noqa: BLE001 - one source's bad document must stay its own trouble
        return _fault("malformed", f"it could not be read: {type(error).__name__}: {error}")


def _read(body: bytes, content_type: str | None, url: str, outline: Outline | None, *, comparing: bool) -> Digested:
    if not body.strip(b"\xef\xbb\xbf\x00 \t\r\n"):
        return _fault("not-a-feed", "the body is empty")
    if looks_like_json(body):
        return _new_in(parse_json_feed(body, url=url), outline, comparing=comparing)
    parts = split(body, content_type, url, DIGEST_VERSION)
    if parts is not None and parts.outline == outline:
        return Unchanged()
    try:
        if parts is not None:
            is_known = outline is not None and parts.outline.context == outline.context
            known = parts.outline.positions_in(outline) if outline is not None and is_known else ()
            parsed = parse_split(parts, known, content_type=content_type, url=url)
            if parsed is not None and not parsed.salvaged and len(parsed.items) + len(known) == len(parts.spans):
                return replace(normalize(parsed, comparing=comparing), outline=parts.outline, known=known)
        parsed = parse_feed(body, content_type=content_type, url=url)
    except HtmlPageError as page:
        return _page(page, url)
    return _new_in(parsed, outline, comparing=comparing)


def _new_in(parsed: Parsed, outline: Outline | None, *, comparing: bool) -> Document | Unchanged:
    """Normalize what is new in a document that can't be split, or where the parser sees other items than we do."""
    if parsed.truncated or parsed.salvaged or not parsed.items:
        return normalize(parsed, comparing=comparing)
    made = outline_of(parsed, DIGEST_VERSION)
    if made == outline:
        return Unchanged()
    known = made.positions_in(outline) if outline is not None and outline.context == made.context else ()
    left_out = frozenset(known)
    new = tuple(item for n, item in enumerate(parsed.items) if n not in left_out)
    return replace(normalize(replace(parsed, items=new), comparing=comparing), outline=made, known=known)


def _page(page: HtmlPageError, url: str) -> DigestFault:
    """Say what an HTML page is: a wall, or a page that advertises feeds, of which the source itself is none."""
    itself = canonical_link(url)
    offers = tuple(offer.url for offer in feeds_of(page.html, url) if canonical_link(offer.url) != itself)
    wall = wall_of(page.html)
    if wall is not None:
        return _fault("wall", f"{wall} stands in the feed's place", offers)
    more = f" and {len(offers) - 1} more" if len(offers) > 1 else ""
    return _fault("not-a-feed", f"{page}; it advertises {offers[0]}{more}" if offers else str(page), offers)


def _fault(kind: FaultKind, message: str, offers: tuple[str, ...] = ()) -> DigestFault:
    return DigestFault(kind=kind, message=flat(message)[:MAX_MESSAGE_CHARS], offers=offers)
