"""Addresses in headers: Link, and the page beside a feed; nothing in them can end a header or an address. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

from db.model import FORMATS

IN_PATH = "/-._~!$&'()*+,;=:@%"
"""What may stand in a path as it is (RFC 3986 3.3); a percent sign too: what is encoded stays so."""
MOST_CHARS = 2000
"""Of a Link header: a web server before us takes some 4 kB of all headers together, and answers 502 to more."""
SUFFIX = re.compile(rf"\.(?:{'|'.join(FORMATS)})$")


def in_header(url: str) -> str:
    """Write an address so that it can stand in a header: ASCII, no blanks, quotes, angle brackets or line ends."""
    return quote(url, safe=IN_PATH + "?#[]")


def link_header(self_url: str, *, hubs: Iterable[str] = (), page: str | None = None, feeds: Iterable[str] = ()) -> str:
    """Write a Link header (RFC 8288): the document and its hubs, as WebSub asks (4), and what else tells the same.

    ``page`` is for people; ``feeds`` are the other formats, as address and media type parted by a blank. What would
    make it too long is left out, of a search that is very long all of it: the document has its address, too.
    """
    links = [f'<{in_header(self_url)}>; rel="self"', *(f'<{in_header(hub)}>; rel="hub"' for hub in hubs)]
    if page is not None:
        links.append(f'<{in_header(page)}>; rel="alternate"; type="text/html"')
    for feed in feeds:
        address, _, media_type = feed.partition(" ")
        links.append(f'<{in_header(address)}>; rel="alternate"; type="{media_type}"')
    length, told = 0, []
    for link in links:
        length += len(link) + 2
        if length <= MOST_CHARS:
            told.append(link)
    return ", ".join(told)


def hubs_named(hubs: Iterable[str], base_url: str, *, secret: bool) -> list[str]:
    """List the hubs that a topic's feed names: a secret one's own hub alone, since no other is told of it."""
    return [hub for hub in hubs if not secret or hub.startswith(base_url)]


def page_beside(path: str, query: str = "") -> str:
    """Name the page of the feed at ``path`` (decoded, as ASGI has it), relative to it.

    >>> page_beside("/topics/ports.rss"), page_beside("/topics/ports/3.atom")
    ('./ports/', './')
    >>> page_beside("/tags/place:Kiel.json"), page_beside("/search.atom", "q=ferry"), page_beside("/health.rss")
    ('./place%3AKiel', './search?q=ferry', './sources')
    """
    parts = SUFFIX.sub("", path).split("/")
    last = quote(parts[-1], safe="-._~")
    if parts[1] == "topics":
        return "./" if len(parts) > 3 else f"./{last}/"
    if parts[1:] == ["health"]:
        return "./sources"
    return f"./{last}?{in_header(query).replace('#', '%23')}" if query else f"./{last}"
