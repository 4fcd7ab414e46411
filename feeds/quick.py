"""The quick way: feeds that are ready are answered from headers written before, ahead of all routing. IO: network.

A feed is asked for again and again, mostly by readers that have it. For each there are all the answers that it can
have; a request costs one look-up and a look at five of its headers. Whatever is not plain goes the long way. A server
that knows ``Answer`` (``wireroom/visitors.py``) sends its bytes as they are; any other sends its messages.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send

from db.model import FORMATS, Format
from feeds.conditional import ANY_ORIGIN, UNLISTED, forms, known_etag, not_modified_since
from feeds.counted import Served
from feeds.encodings import Encoding, encodings_of
from feeds.freshness import CLOSED, STEP_S, cache_control
from feeds.links import hubs_named, link_header
from feeds.policy import NOTHING, SAFE
from feeds.publish import Published
from feeds.site import Site

TOPIC = re.compile(rf"/topics/([a-z0-9][a-z0-9._-]*)\.({'|'.join(FORMATS)})")
ARCHIVE = re.compile(rf"/(topics/[a-z0-9][a-z0-9._-]*/[1-9][0-9]{{0,8}}\.(?:{'|'.join(FORMATS)}))")
LIST = "/topics.opml"
BODY = b"transfer-encoding"
"""Says that a body follows, which may turn out to be none: then the answer is another, and there must be only one."""
WANTED = frozenset({b"host", b"accept-encoding", b"if-none-match", b"if-modified-since", b"sec-fetch-dest", BODY})
MOST = 3000
"""Topics' documents whose answers are kept (their bytes are the press's own); of more, all are written anew."""
MOST_PAGES = 32
"""Likewise archive pages, whose bytes would be kept for their answers alone: who walks through thousands, half a
megabyte each, fills no memory."""
MOST_QUERY = 500
"""Of a longer query the shell decides."""
Message = dict[str, Any]
Look = Callable[[], Published | None]


class Answer:
    """An answer: as messages of ASGI, and as the bytes of its status line and headers, all but the date and the end."""

    __slots__ = ("__weakref__", "body", "head", "messages")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items() if value]
        self.body = body
        self.head = b"HTTP/1.1 %d %s\r\n" % (status, HTTPStatus(status).phrase.encode())
        self.head += b"".join(b"%s: %s\r\n" % pair for pair in raw)
        self.messages: tuple[Message, Message] = (
            {"type": "http.response.start", "status": status, "headers": raw},
            {"type": "http.response.body", "body": body},
        )
        if any(byte in name + value for name, value in raw for byte in (b"\r", b"\n", b"\x00")):
            raise ValueError(f"no header: {raw!r}")


class Ready:
    """A document's answers, all written: by encoding for who wants it, by ETag for who has it."""

    __slots__ = ("etags", "found", "full", "heads", "known", "last_modified", "look", "until")

    def __init__(self, found: Published, look: Look, common: dict[str, str], until: float) -> None:
        self.found = found
        self.look = look
        self.until = until
        self.last_modified = found.last_modified.encode()
        self.full: dict[Encoding, Answer] = {}
        self.heads: dict[Encoding, Answer] = {}
        self.known: dict[bytes, Answer] = {}
        self.etags: dict[Encoding, str] = {}
        for encoding, (etag, body) in forms(found).items():
            shared = {"ETag": etag, "Last-Modified": found.last_modified, **common}
            self.etags[encoding] = etag
            self.known[etag.encode()] = Answer(304, shared, b"")
            more = {"Content-Type": found.media_type, "Content-Length": str(len(body))}
            if encoding:
                more["Content-Encoding"] = encoding
            self.full[encoding] = Answer(200, more | shared, body)
            self.heads[encoding] = Answer(200, more | shared, b"")


class Quick:
    """Answers what is ready; ``app`` answers the rest."""

    def __init__(self, site: Site, app: ASGIApp, named: Callable[[str], bool], served: Served | None = None) -> None:
        self._site = site
        self._app = app
        self._named = named
        self._served = served or Served()
        self._feeds = self._served.feeds
        self._ready: dict[str, Ready] = {}
        self._pages: dict[str, Ready] = {}
        self._hosts: set[bytes] = set()
        self._hosts_of = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and len(scope["query_string"]) <= MOST_QUERY:
            answer = self.at_once(scope["method"], scope["path"], scope["headers"])
            if answer is not None:
                await send(answer.messages[0])
                await send(answer.messages[1])
                return
        await self._app(scope, receive, self._served.counting(scope, send))

    def at_once(self, method: str, path: str, headers: Iterable[tuple[bytes, bytes]]) -> Answer | None:
        """Look up the answer to a GET or HEAD, and count it: it is sent then; None: it is to be made the long way."""
        ready = self._ready.get(path) or self._pages.get(path)
        if ready is None or ready.look() is not ready.found or time.monotonic() >= ready.until:
            ready = self._prepare(path)
            if ready is None:
                return None
        asked: dict[bytes, bytes] = {}
        for name, value in headers:
            if name in WANTED:
                if name in asked:
                    if name == b"host":
                        return None
                    value = asked[name] + b"," + value  # noqa: PLW2901 - lines of one name are one list
                asked[name] = value
        if not self._is_ours(asked.get(b"host")) or asked.get(b"sec-fetch-dest") == b"document" or BODY in asked:
            return None
        encoding = self._encoding(ready, asked)
        known = asked.get(b"if-none-match")
        if known is not None:
            same = ready.known.get(known) or self._same(ready, known, encoding)
            if same is not None:
                self._feeds[304] += 1
                return same
        elif (since := asked.get(b"if-modified-since")) is not None and (
            since == ready.last_modified or not_modified_since(since.decode("latin-1"), ready.found.last_modified)
        ):
            self._feeds[304] += 1
            return ready.known[ready.etags[encoding].encode()]
        self._feeds[200] += 1
        return (ready.full if method == "GET" else ready.heads)[encoding]

    def _encoding(self, ready: Ready, asked: dict[bytes, bytes]) -> Encoding:
        accept = asked.get(b"accept-encoding")
        if accept is None:
            return ""
        for encoding in encodings_of(accept.decode("latin-1")):
            if encoding in ready.full:
                return encoding
        return ""

    def _same(self, ready: Ready, known: bytes, encoding: Encoding) -> Answer | None:
        etag = known_etag(known.decode("latin-1"), list(ready.etags.values()), ready.etags[encoding])
        return ready.known[etag.encode()] if etag is not None else None

    def _is_ours(self, host: bytes | None) -> bool:
        """Look at the Host; what was good once is good until the config has another ``base_url``."""
        if host is None:
            return False
        if self._hosts_of != self._site.base_url:
            self._hosts, self._hosts_of = set(), self._site.base_url
        if host not in self._hosts:
            if not self._named(host.decode("latin-1")):
                return False
            if len(self._hosts) < 100:
                self._hosts.add(host)
        return True

    def _prepare(self, path: str) -> Ready | None:
        """Write the answers of the document at a path; None where there is none."""
        kept, most = (self._pages, MOST_PAGES) if ARCHIVE.fullmatch(path) else (self._ready, MOST)
        kept.pop(path, None)
        look = self._look(path)
        found = look() if look is not None else None
        if look is None or found is None:
            return None
        if len(kept) >= most:
            kept.clear()
        common = common_headers(self._site, path, found, self._site.now())
        kept[path] = ready = Ready(found, look, common, time.monotonic() + STEP_S / 3)
        return ready

    def _look(self, path: str) -> Look | None:
        if topic := TOPIC.fullmatch(path):
            return partial(self._site.published, topic[1], cast("Format", topic[2]))
        if archive := ARCHIVE.fullmatch(path):
            return partial(self._site.document, archive[1])
        return partial(self._site.document, path[1:]) if path == LIST else None


def common_headers(site: Site, path: str, found: Published, now: datetime) -> dict[str, str]:
    """Write what all answers of a document say: to caches, to readers in browsers, and where else it is."""
    archive, feed = ARCHIVE.fullmatch(path), path != LIST
    closed = archive is not None and not found.unlisted
    address = site.base_url + path[1:]
    hubs = hubs_named(site.hubs, site.base_url, secret=found.unlisted)
    page = address.rpartition("/" if archive else ".")[0] + "/" if feed else site.base_url
    return {
        "Cache-Control": CLOSED if closed else cache_control(found.last_modified, now, unlisted=found.unlisted),
        "Vary": "Accept-Encoding, Sec-Fetch-Dest" if feed else "Accept-Encoding",
        "Link": link_header(address, hubs=() if archive or not feed else hubs, page=page),
        **ANY_ORIGIN,
        **(UNLISTED if found.unlisted else {}),
        **dict(SAFE),
        "Content-Security-Policy": NOTHING,
    }
