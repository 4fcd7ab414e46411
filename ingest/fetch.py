"""One source's bytes: a conditional GET, or a file. IO: network, files.

Polite: validators byte for byte, one request per poll, our own name with a contact, no cookies, no Referer. Bounded:
one total deadline, a cap on the body, five redirects, and every address checked when it is connected to.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import re
import resource
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path

import aiohttp
from yarl import URL

from db.plan import Outcome
from ingest.client import BrokenOffError, make_session, system_words
from ingest.fetched import Fetched, Wanted
from ingest.guard import AddressRefusedError, Guard
from ingest.headers import fresh_s, retry_after_s, storable
from ingest.hosts import Hosts
from ingest.redirect import MAX_REDIRECTS, PERMANENT, REDIRECTS, Hop, as_written, permanent_url, redirect_target

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
BODY_STATUS = frozenset({200, 203, 226})
CHUNK_BYTES = 65536
MAX_PAGE_BYTES = 65536
PAGE_S = 3
"""So much of an error's page is read, for so long: enough to see which wall it is."""
MAX_CONNECTIONS = 500
DOUBTFUL_SHARE = 8
"""Sources that used up all their time at their last poll share one in so many of the places."""


@dataclass(slots=True)
class Stopwatch:
    """The time that a fetch's requests take, without its waiting for turns."""

    seconds: float = 0.0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Count the time that the body takes, however it ends."""
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            yield
        finally:
            self.seconds += clock() - started


NO_HTTP = (aiohttp.http_exceptions.HttpProcessingError, aiohttp.ClientResponseError)
OUR_OWN = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Errors that say nothing of a server: this machine has no descriptors or memory left."""


class Fetcher:
    """The HTTP client. Make it inside the running loop; ``close`` ends its connections."""

    def __init__(self, *, user_agent: str, guard: Guard, hosts: Hosts, timeout_s: float, max_body_bytes: int) -> None:
        self.now: Callable[[], datetime] = partial(
            datetime.now, UTC
        )  # another machine's, where this one's may be wrong
        self._hosts = hosts
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        count = max(16, min(MAX_CONNECTIONS, descriptors // 2 if descriptors > 0 else MAX_CONNECTIONS))
        self._places = asyncio.Semaphore(count)  # who waits for a place does so before its deadline runs
        self._doubtful_places = asyncio.Semaphore(max(1, count // DOUBTFUL_SHARE))
        self._timeout_s = timeout_s
        self._max_body_bytes = max_body_bytes
        self._session = make_session(user_agent=user_agent, guard=guard)

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def fetch(self, wanted: Wanted) -> Fetched:
        """Fetch one source → how it ended. Raises nothing but CancelledError."""
        if wanted.path is not None:
            return await asyncio.to_thread(read_file, wanted.path, self._max_body_bytes)
        watch = Stopwatch()
        if wanted.doubtful:
            async with self._doubtful_places:
                fetched = await self._ended(wanted, watch)
        else:
            fetched = await self._ended(wanted, watch)
        return replace(fetched, took_s=watch.seconds)

    async def _ended(self, wanted: Wanted, watch: Stopwatch) -> Fetched:
        """Follow the redirects to the end → how it ended, whatever was raised."""
        try:
            return await self._follow(wanted, watch)
        except TimeoutError:
            return Fetched(outcome="timeout", error=f"no whole answer within {self._timeout_s:g} s")
        except Exception as error:  # noqa: BLE001 - whatever a server can bring about is that source's own trouble
            return Fetched(outcome=outcome_of(error), error=reason(error))

    async def _follow(self, wanted: Wanted, watch: Stopwatch) -> Fetched:
        """Go from redirect to redirect; the deadline runs while a request does, not while it waits for its turn."""
        url = as_written(wanted.url)
        hops: list[Hop] = []
        seen = {bare(url)}
        for _ in range(MAX_REDIRECTS + 1):
            async with self._hosts.turn(url.host or "", url.port or 0), self._places:
                with watch.running():
                    async with asyncio.timeout(self._timeout_s - watch.seconds):
                        answer = await self._request(url, wanted)
            if isinstance(answer, Fetched):
                if answer.outcome == "gone" and any(hop.status not in PERMANENT for hop in hops):
                    # that place is; whoever redirects to it only for now may yet change his mind
                    answer = replace(answer, outcome="http-error", error=f"redirected to {bare(url)}: 410 Gone")
                return replace(answer, permanent_url=permanent_url(hops))
            status, location = answer
            url = redirect_target(url, location)
            if bare(url) in seen:
                return Fetched(outcome="refused", status=status, error=f"redirected in a circle, to {bare(url)}")
            seen.add(bare(url))
            hops.append(Hop(status=status, url=bare(url)))
        error = f"more than {MAX_REDIRECTS} redirects, the last to {bare(url)}"
        return Fetched(outcome="refused", status=hops[-1].status, error=error)

    async def _request(self, url: URL, wanted: Wanted) -> Fetched | tuple[int, str]:
        """Send one request → its result, or a redirect's status and Location."""
        conditions = validators(wanted, url)
        try:
            return await self._answered(url, conditions)
        except NO_HTTP as error:
            if not conditions:
                raise
            return Fetched(outcome="unreachable", error=reason(error), conditional=True, garbled=True)

    async def _answered(self, url: URL, conditions: Mapping[str, str]) -> Fetched | tuple[int, str]:
        """Send it, and read the answer. Raises what the client raises."""
        headers = {"Accept": ACCEPT, **conditions}
        async with self._session.get(url, headers=headers, allow_redirects=False) as response:
            now = self.now()
            location = response.headers.get("Location")
            if response.status in REDIRECTS and location:
                return response.status, location
            seen = Fetched(
                outcome="ok",
                status=response.status,
                url=bare(url),
                content_type=response.headers.get("Content-Type"),
                encoding=", ".join(response.headers.getall("Content-Encoding", [])) or None,
                etag=storable(response.headers.get("ETag")),
                last_modified=storable(response.headers.get("Last-Modified")),
                conditional=bool(conditions),
                fresh_s=fresh_s(response.headers, now),
                retry_after_s=retry_after_s(response.headers.get("Retry-After"), now),
                links=tuple(response.headers.getall("Link", []))[:20],
            )
            failure = failure_of(response.status, seen.retry_after_s, conditional=bool(conditions))
            if failure is not None:
                return replace(seen, outcome=failure[0], error=failure[1], page=await read_page(response))
            if response.status == 304:
                return replace(seen, outcome="not-modified")
            body = await self._read(response)
            if body is None:
                error = f"the body is over {self._max_body_bytes:,} bytes ([poll] max_body)"
                return replace(seen, outcome="too-large", error=error)
            return replace(seen, body=body, body_hash=hash_of(body))

    async def _read(self, response: aiohttp.ClientResponse) -> bytes | None:
        """Read the body, as it is sent, up to the cap → its bytes, or None where it is larger."""
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            size += len(chunk)
            if size > self._max_body_bytes:
                response.close()
                return None
            chunks.append(chunk)
        return b"".join(chunks)


async def read_page(response: aiohttp.ClientResponse) -> bytes | None:
    """Read the beginning of an error's HTML page, to say which wall it is; None where there is none to read."""
    if "html" not in response.headers.get("Content-Type", "").lower():
        response.close()
        return None
    page = b""
    try:
        async with asyncio.timeout(PAGE_S):
            async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                page += chunk
                if len(page) >= MAX_PAGE_BYTES:
                    break
    except (aiohttp.ClientError, TimeoutError):
        pass  # the status has said what matters
    response.close()
    return page[:MAX_PAGE_BYTES] or None


def validators(wanted: Wanted, url: URL) -> Mapping[str, str]:
    """Give the conditional headers, only for the very address that gave the validators (RFC 9110 13.1)."""
    if wanted.validators_url != bare(url):
        return {}
    headers = {"If-None-Match": wanted.etag, "If-Modified-Since": wanted.last_modified}
    return {name: value for name, value in headers.items() if value}


def bare(url: URL) -> str:
    """Write an address without its credentials."""
    return str(url.with_user(None))


def failure_of(status: int, retry_after_s: int | None, *, conditional: bool) -> tuple[Outcome, str] | None:
    """Say what is wrong with a status → (outcome, error), or None where it is good."""
    if status in BODY_STATUS or (status == 304 and conditional):
        return None
    if status == 304:
        return "http-error", "304 Not Modified to a request that asked for the whole"
    if status == 410:
        return "gone", "410 Gone: the publisher has ended this feed; polling stops (a new url starts it again)"
    if status in (429, 503):
        when = "later" if retry_after_s is None else f"in {retry_after_s:,} s"
        return "throttled", f"{status}: the server asks to come back {when}"
    if status in REDIRECTS:
        return "http-error", f"HTTP status {status}, a redirect that does not say where to"
    phrase = f" {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else ""
    blame = ": the trouble is the server's own" if 500 <= status < 600 else ""
    return "http-error", f"HTTP status {status}{HINTS.get(status, phrase + blame)}"


HINTS = {
    401: " Unauthorized: it wants a login; put user and password into the url, or look at its page",
    403: " Forbidden: the server refuses us; it may take us for a bot",
    404: " Not Found: the feed is not there; look for its new address on the publisher's page",
}


WEB_HINT = "(a web address begins with https://)"
"""Without it, example.org/feed is a file's path."""


def read_file(path: Path, max_body_bytes: int) -> Fetched:
    """Read a file source → its bytes, or why not. Only regular files: a pipe would wait for ever."""
    try:
        if path.exists() and not path.is_file():
            return Fetched(outcome="no-file", error=f"{path}: no regular file")
        if path.stat().st_size > max_body_bytes:
            return Fetched(outcome="too-large", error=f"{path}: over {max_body_bytes:,} bytes ([poll] max_body)")
        body = path.read_bytes()
    except OSError as error:
        return Fetched(outcome="no-file", error=f"{path}: {error.strerror}; check the source's url {WEB_HINT}")
    return Fetched(outcome="ok", body=body, body_hash=hash_of(body), url=path.as_uri())


def hash_of(body: bytes) -> str:
    """Hash a body, to know it again."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def outcome_of(error: Exception) -> Outcome:
    """Sort a failed request: refused by our own guard, unreachable, or our own trouble, which is charged to nobody."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in OUR_OWN:
            return "offline"
        if isinstance(cause, (AddressRefusedError, aiohttp.InvalidURL, UnicodeError)) or type(cause) is ValueError:
            return "refused"
        cause = getattr(cause, "os_error", None) or cause.__cause__
    return "refused" if "is not a public address" in str(error) else "unreachable"


def reason(error: Exception) -> str:
    """Say in one line why a request failed: the host, and the system's words; no credentials, whatever the words."""
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer was cut off: the connection ended before the body did"
    if isinstance(error, NO_HTTP):
        return " ".join(f"its answer is no HTTP: {error.message}".split())[:300]
    if isinstance(error, aiohttp.InvalidURL):
        return f"it is no address that could be asked ({error.description or 'bad host'}); check the source's url"
    if isinstance(error, UnicodeError):  # an empty label, or one of over 63 letters, as in https://../feed
        return "it is no address that could be asked (bad host); check the source's url"
    text = system_words(error)
    host = getattr(error, "host", None)
    if host and host not in text and not isinstance(error, BrokenOffError):
        text = f"{host}: {text}"
    return re.sub(r"//[^/\s]*@", "//", " ".join(text.split()))[:300]
