"""A document as the answer to one request: the state that the client has, compression, what caches may do. Pure.

``answer`` is for whatever has bytes: documents that are ready (``Published``) and those ``made`` for a request. A feed
that a person opens in a browser leads to a page: of a feed Chromium shows the source and Firefox wants to save it, and
the style sheets that once helped (XSLT) are leaving browsers: Chromium 156 has a red warning above them. It leads
there, and is not the page itself, so that under a feed's address there is never anything but the feed: no cache, reader
or validator can get the page in its place, and a cache that overlooks ``Vary`` only shows a person the source. ``?raw``
shows a person the document, as XML or JSON that a browser knows. Where a browser does not say what it wants (over plain
http it does so only on the machine itself), it gets the document as readers do.
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from feeds.encodings import Encoding, encodings_of
from feeds.freshness import ASK_AGAIN, http_date
from feeds.links import page_beside
from feeds.publish import Published, strong_etag
from feeds.render import MEDIA_TYPES

ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}
"""Readers that are web pages may read it: who knows a feed's address may have it. No cookie goes with that."""
UNLISTED = {"X-Robots-Tag": "noindex"}
FEED_TYPES = frozenset(media_type.partition(";")[0] for media_type in MEDIA_TYPES.values())
SHOWN = {
    MEDIA_TYPES["rss"]: "application/xml; charset=utf-8",
    MEDIA_TYPES["atom"]: "application/xml; charset=utf-8",
    MEDIA_TYPES["json"]: "application/json",
}
"""What a browser is told that it is, so that it shows it to a person who asked for the document itself."""
FAST = 5
"""gzip's level for what is made at once: nearly as short as its best, at a third of the time."""


def made(body: bytes, media_type: str, *, unlisted: bool = False) -> Published:
    """Make a document of bytes that were written for a request: its ETag is of them, and it has no Last-Modified."""
    compressed = gzip.compress(body, FAST, mtime=0)
    return Published(
        body=body,
        gzip=compressed,
        etag=strong_etag(body),
        gzip_etag=strong_etag(compressed),
        last_modified="",
        media_type=media_type,
        unlisted=unlisted,
    )


def forms(found: Published) -> dict[Encoding, tuple[str, bytes]]:
    """List the forms that a document has: encoding → (ETag, bytes)."""
    there: dict[Encoding, tuple[str, bytes]] = {"": (found.etag, found.body), "gzip": (found.gzip_etag, found.gzip)}
    if found.br:
        there["br"] = found.br_etag, found.br
    return there


def is_feed(found: Published) -> bool:
    """Tell whether a document is a feed, by its media type."""
    return found.media_type.partition(";")[0] in FEED_TYPES


def answer(request: Request, found: Published, more: dict[str, str] | None = None) -> Response:
    """Answer with a document, with 304 where the client has this state of it (RFC 9110 13.2.2), or lead to its page.

    ``more``: further headers; a Cache-Control among them is taken as it is, and names in ``Vary`` are added to ours.
    """
    more = dict(more or {})
    vary = {"Accept-Encoding": None} | {name.strip(): None for name in more.pop("Vary", "").split(",") if name.strip()}
    if is_feed(found):
        vary["Sec-Fetch-Dest"] = None
        if opened_by_a_person(request):
            return to_page(request, more)
    there = forms(found)
    welcome = encodings_of(",".join(request.headers.getlist("Accept-Encoding")))
    encoding = next(one for one in welcome if one in there)
    etag, body = there[encoding]
    headers = {
        "ETag": etag,
        "Cache-Control": ASK_AGAIN,
        "Vary": ", ".join(vary),
        **(ANY_ORIGIN if is_feed(found) else {}),
        **(UNLISTED if found.unlisted else {}),
        **more,
    }
    if found.last_modified:
        headers["Last-Modified"] = found.last_modified
    known = request.headers.getlist("If-None-Match")
    if known:
        same = known_etag(",".join(known), [one for one, _ in there.values()], etag)
        if same is not None:
            return Response(status_code=304, headers=headers | {"ETag": same})
    elif not_modified_since(request.headers.get("If-Modified-Since"), found.last_modified):
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["Content-Encoding"] = encoding
    shown = request.headers.get("Sec-Fetch-Dest") == "document"
    headers["Content-Type"] = SHOWN.get(found.media_type, found.media_type) if shown else found.media_type
    headers["Content-Length"] = str(len(body))
    return Response(b"" if request.method == "HEAD" else body, headers=headers)


def known_etag(known: str, ours: list[str], etag: str) -> str | None:
    """Compare If-None-Match weakly (RFC 9110 13.1.2) → the ETag of this state that the client has, or None.

    Any encoding will do, and is named in the answer: the client keeps the one that it has. ``etag``: for ``*``.
    """
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    if "*" in tags or etag in tags:
        return etag
    return next((one for one in ours if one in tags), None)


def not_modified_since(since: str | None, last_modified: str) -> bool:
    """Compare If-Modified-Since; a date that can't be read asks nothing (RFC 9110 13.1.3)."""
    asked, changed = http_date(since), http_date(last_modified)
    return asked is not None and changed is not None and changed <= asked <= datetime.max.replace(tzinfo=UTC)


def opened_by_a_person(request: Request) -> bool:
    """Tell whether a browser opens this address to show it, as it says itself (W3C Fetch Metadata).

    A reader in a browser fetches it otherwise. By ``Accept`` it can't be told: readers name text/html too, and all
    answers would have to vary with every reader's own Accept.
    """
    return request.headers.get("Sec-Fetch-Dest") == "document" and "raw" not in request.query_params


def to_page(request: Request, more: dict[str, str]) -> Response:
    """Lead from a feed's address to its page, relative to it; kept by nobody."""
    path: str = request.scope["path"]
    headers = {
        name: value for name, value in more.items() if name.lower() not in ("cache-control", "link", "content-type")
    }
    headers |= {"Location": page_beside(path, request.url.query), "Cache-Control": "no-store"}
    headers["Vary"] = "Accept-Encoding, Sec-Fetch-Dest"
    return Response(status_code=303, headers=headers)
