"""Find the feed at an address that a person typed: the address itself, or what its page offers. IO: network.

All requests go through the poller's own fetcher: its guard, limits, name and manners. One after another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from db.model import Document
from ingest.digest import DigestFault
from ingest.fetched import Fetched, Wanted
from wireroom.config_addresses import is_web_address, without_credentials
from wireroom.source_names import Places, addresses, shown

MAX_OFFERS = 5
USUAL_PLACES = ("/feed", "/rss.xml", "/atom.xml", "/index.xml", "/feed.json")
"""Where feeds are on sites whose pages don't say it; asked only of such a site, and only for a person who waits."""

Fetch = Callable[[Wanted], Awaitable[Fetched]]
Digest = Callable[[bytes, Fetched, str], Awaitable[Document | DigestFault]]


class AddError(Exception):
    """No source comes of it; the text says what the address is, or which source has it already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The feed that was found.

    ``url`` is what the config will hold, with the credentials that were typed, if any; ``others`` are feeds that the
    page offers beside it; ``tried`` says what else was asked, and why it was not taken.
    """

    url: str
    document: Document
    others: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one address turned out to be: a feed (``document``), or not, and then what it is."""

    url: str
    document: Document | None = None
    fetched: Fetched
    problem: str = ""
    offers: tuple[str, ...] = ()
    is_page: bool = False

    @property
    def told(self) -> str:
        """Say in a line what it is, if it is no feed."""
        return f"{shown(self.url)}: {self.problem}"


@dataclass(slots=True)
class Finder:
    """Looks for a feed; ``known`` are the addresses of sources, with their ids, which are not added twice."""

    fetch: Fetch
    digest: Digest
    known: Sequence[tuple[str, str]]
    tried: list[str] = field(default_factory=list)

    async def find(self, typed: str) -> Found:
        """Find the feed at the address ``typed``, or raise AddError; ValueError("problem|mend") where it is none."""
        urls = addresses(typed)
        refuse_known(self.known, *urls)
        first = await self._first_answer(urls)
        if first.document is not None:
            return self._found(first)
        offers = tuple(dict.fromkeys(plain for url in first.offers if (plain := offered(url)) is not None))
        if not offers and not first.is_page:
            raise AddError(f"{shown(first.url)} is not a feed: {first.problem}")
        try:
            refuse_known(self.known, *offers[:1])
        except AddError as error:
            more = (f"the page offers also {shown(url)}" for url in offers[1:])
            raise AddError("\n".join([str(error), *more])) from None
        self.tried.append(first.told)
        for url in offers[:MAX_OFFERS] or usual_places(first.fetched.url or first.url):
            look = await self._look(with_credentials_of(first.url, url))
            if look.document is not None:
                return self._found(look, tuple(one for one in offers if one != url))
            self.tried.append(look.told)
            if look.fetched.outcome == "throttled":
                break
        none = "no feed that it offers can be read" if offers else "it offers no feed, and none is at the usual places"
        raise AddError("\n".join([f"{shown(first.url)} is not a feed: {first.problem}; {none}:", *self.tried[1:]]))

    async def _first_answer(self, urls: tuple[str, ...]) -> Look:
        """Look at each address until one answers with a body → that look. Raises AddError where none does."""
        looks: list[Look] = []
        for url in urls:
            looks.append(await self._look(url))
            if looks[-1].fetched.body is not None:
                return looks[-1]
        raise AddError("\n".join(look.told for look in looks))

    async def _look(self, url: str) -> Look:
        """Fetch and digest one address; of an error's page, find out whether it is a wall."""
        fetched = await self.fetch(Wanted(url=url))
        body = fetched.body if fetched.body is not None else fetched.page
        problem = fetched.error or fetched.outcome
        if body is None:
            return Look(url=url, fetched=fetched, problem=problem)
        read = await self.digest(body, fetched, fetched.url or without_credentials(url))
        if fetched.body is None:
            if isinstance(read, DigestFault) and read.kind == "wall":
                problem = f"{problem}; {read.message}"
            return Look(url=url, fetched=fetched, problem=problem)
        if isinstance(read, Document):
            return Look(url=url, fetched=fetched, document=read)
        page = read.kind == "not-a-feed" and looks_like_page(fetched.body, fetched.content_type)
        return Look(url=url, fetched=fetched, problem=read.message, offers=read.offers, is_page=page)

    def _found(self, look: Look, others: tuple[str, ...] = ()) -> Found:
        assert look.document is not None
        url = kept_address(look.url, look.fetched)
        refuse_known(self.known, url, look.fetched.url or url)
        return Found(url=url, document=look.document, others=others, tried=tuple(self.tried))


def refuse_known(known: Iterable[tuple[str, str]], *urls: str) -> None:
    """Raise AddError where one of ``urls`` is a source already."""
    places = Places(known)
    for url in urls:
        id_ = places.find(url)
        if id_ is not None:
            raise AddError(f"{shown(url)} is in the config already: source {id_!r}")


def kept_address(asked: str, fetched: Fetched) -> str:
    """Give the address to keep: as far as its redirects are permanent (RFC 9110, 15.4.2, 15.4.9)."""
    return with_credentials_of(asked, fetched.permanent_url) if fetched.permanent_url is not None else asked


def usual_places(page: str) -> tuple[str, ...]:
    """List where a feed may be on the site of a page that names none."""
    return tuple(urljoin(page, path) for path in USUAL_PLACES)


def offered(url: str) -> str | None:
    """Take credentials out of an address that a page offers; None where it is no web address."""
    return without_credentials(url).partition("#")[0] if is_web_address(url) else None


def with_credentials_of(typed: str, url: str) -> str:
    """Write the credentials of ``typed`` into ``url``, if both are of one origin; they go nowhere else."""
    first, second = urlsplit(typed), urlsplit(url)
    info, at, _ = first.netloc.rpartition("@")
    if not at or origin(typed) != origin(url):
        return url
    return second._replace(netloc=f"{info}@{second.netloc.rpartition('@')[2]}").geturl()


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Name an address's origin: scheme, host, port (RFC 6454, 4)."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def looks_like_page(body: bytes, content_type: str | None) -> bool:
    """Tell whether a body that is no feed is an HTML page."""
    start = body[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "html" in (content_type or "").lower() or start.startswith((b"<!doctype html", b"<html"))
