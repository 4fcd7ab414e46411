"""One source's bytes: a conditional GET, or a file. IO: network, files.

Polite: validators byte for byte, one request per poll, our own name with a contact, no cookies, no Referer. Bounded:
one total deadline, a cap on the body, five redirects, and every address checked when it is connected to.
"""

from __future__ import annotations

import asyncio
import hashlib
import resource
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from yarl import URL

from ingest.connect import Connector
from ingest.exchange import Answer, Exchange, ExchangeError, NoHttpError
from ingest.failure import failure_of, outcome_of, reason
from ingest.fetched import Fetched, Wanted
from ingest.guard import Guard
from ingest.headers import fresh_s, retry_after_s, storable
from ingest.hosts import Hosts
from ingest.redirect import MAX_REDIRECTS, PERMANENT, REDIRECTS, Hop, as_written, permanent_url, redirect_target
from ingest.request import request_head

MAX_PAGE_BYTES = 65536
PAGE_S = 3
"""So much of an error's page is read, for so long: enough to see which wall it is."""
MAX_CONNECTIONS = 500
OWN_DESCRIPTORS = 48
"""What the archive, the workers and the server have open themselves; of the rest a half is for fetching."""
MAX_FILES = 8
"""Files read at once: disks are quicker than workers."""
DOUBTFUL_SHARE = 8
"""Sources that used up all their time at their last poll share one in so many of the places."""


class Stopwatch:
    """The time that a fetch's requests take, without its waiting for turns: seconds."""

    __slots__ = ("_before", "_clock", "_started")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._before = 0.0
        self._started: float | None = None

    @property
    def seconds(self) -> float:
        """Read it, also while it runs."""
        return self._before if self._started is None else self._before + self._clock() - self._started

    def start(self) -> None:
        """Run."""
        self._started = self._clock()

    def stop(self) -> None:
        """Rest until the next request."""
        self._before, self._started = self.seconds, None


async def at_once() -> None:
    """Wait for nothing."""


def utc_now() -> datetime:
    """Tell the time by this machine's clock."""
    return datetime.now(UTC)


class Fetcher:
    """The HTTP client of sources. Make it inside the running loop.

    ``now`` tells the time by which dates in answers are read: another machine's, where this one's may be wrong.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        guard: Guard,
        hosts: Hosts,
        timeout_s: float,
        max_body_bytes: int,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._now = now
        self._hosts = hosts
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        free = (descriptors - OWN_DESCRIPTORS) // 2
        count = max(4, min(MAX_CONNECTIONS, free if descriptors > 0 else MAX_CONNECTIONS))
        self._places = asyncio.Semaphore(count)  # who waits for a place does so before its deadline runs
        self._files = asyncio.Semaphore(MAX_FILES)
        self._doubtful_places = asyncio.Semaphore(max(1, count // DOUBTFUL_SHARE))
        self._timeout_s = timeout_s
        self._max_body_bytes = max_body_bytes
        self._user_agent = user_agent
        self._connector = Connector(guard)
        self._clock = asyncio.get_running_loop().time

    async def fetch(self, wanted: Wanted, ready: Callable[[], Awaitable[None]] = at_once) -> Fetched:
        """Fetch one source → how it ended. Raises nothing but CancelledError.

        ``ready`` is awaited before each request, when it is its turn.
        """
        if wanted.path is not None:
            async with self._files:
                await ready()
                return await asyncio.to_thread(read_file, wanted.path, self._max_body_bytes)
        watch = Stopwatch(self._clock)
        if wanted.doubtful:
            async with self._doubtful_places:
                return await self._ended(wanted, watch, ready)
        return await self._ended(wanted, watch, ready)

    async def _ended(self, wanted: Wanted, watch: Stopwatch, ready: Callable[[], Awaitable[None]]) -> Fetched:
        """Follow the redirects to the end → how it ended, whatever was raised."""
        try:
            return await self._follow(wanted, watch, ready)
        except TimeoutError:
            error = f"no whole answer within {self._timeout_s:g} s"
            return Fetched(outcome="timeout", error=error, took_s=watch.seconds)
        except Exception as error:  # noqa: BLE001 - whatever a server can bring about is that source's own trouble
            return Fetched(outcome=outcome_of(error), error=reason(error), took_s=watch.seconds)

    async def _follow(self, wanted: Wanted, watch: Stopwatch, ready: Callable[[], Awaitable[None]]) -> Fetched:
        """Go from redirect to redirect; the deadline runs while a request does, not while it waits for its turn."""
        url = as_written(wanted.url)
        place = bare(url)
        hops: list[Hop] = []
        seen = {place}
        for _ in range(MAX_REDIRECTS + 1):
            async with self._hosts.turn(url.host or "", url.port or 0), self._places:
                await ready()
                watch.start()
                try:
                    async with asyncio.timeout(self._timeout_s - watch.seconds):
                        answer = await self._request(url, place, wanted, watch)
                finally:
                    watch.stop()
            if isinstance(answer, Fetched):
                if answer.outcome == "gone" and any(hop.status not in PERMANENT for hop in hops):
                    # that place is; whoever redirects to it only for now may yet change his mind
                    answer = replace(answer, outcome="http-error", error=f"redirected to {place}: 410 Gone")
                return replace(answer, permanent_url=permanent_url(hops)) if hops else answer
            status, location = answer
            url = redirect_target(url, location)
            place = bare(url)
            if place in seen:
                error = f"redirected in a circle, to {place}"
                return Fetched(outcome="refused", status=status, error=error, took_s=watch.seconds)
            seen.add(place)
            hops.append(Hop(status=status, url=place))
        error = f"more than {MAX_REDIRECTS} redirects, the last to {place}"
        return Fetched(outcome="refused", status=hops[-1].status, error=error, took_s=watch.seconds)

    async def _request(self, url: URL, place: str, wanted: Wanted, watch: Stopwatch) -> Fetched | tuple[int, str]:
        """Send one request → its result, or a redirect's status and Location. Raises what the client raises."""
        conditions = validators(wanted, place)
        head = request_head(url, user_agent=self._user_agent, conditions=conditions)
        exchange = Exchange(head, self._max_body_bytes)
        try:
            await self._connector.connect(exchange, url.raw_host or "", url.port or 0, secure=url.scheme == "https")
            return await self._answered(exchange, place, watch, conditional=bool(conditions))
        except NoHttpError as error:
            if not conditions:
                raise
            return Fetched(
                outcome="unreachable", error=reason(error), conditional=True, garbled=True, took_s=watch.seconds
            )
        finally:
            exchange.close()

    async def _answered(
        self, exchange: Exchange, place: str, watch: Stopwatch, *, conditional: bool
    ) -> Fetched | tuple[int, str]:
        """Read the answer, as far as it matters. Raises ExchangeError."""
        answer = await exchange.answer()
        status, fields = answer.status, answer.fields
        now = self._now()
        location = fields.get("Location")
        if location and status in REDIRECTS:
            return status, location
        retry_s = retry_after_s(fields.get("Retry-After"), now)
        outcome, error = failure_of(status, retry_s, conditional=conditional) or ("ok", None)
        page = body = body_hash = None
        if error is not None:
            page = await read_page(exchange, answer)
        elif status == 304:
            outcome = "not-modified"
        else:
            body = await exchange.body()
            if len(body) > self._max_body_bytes:
                outcome, error = "too-large", f"the body is over {self._max_body_bytes:,} bytes ([poll] max_body)"
                body = None
            else:
                body_hash = hash_of(body)
        return Fetched(
            outcome=outcome,
            error=error,
            status=status,
            body=body,
            body_hash=body_hash,
            size=0 if body is None else len(body),
            url=place,
            content_type=fields.get("Content-Type"),
            encoding=", ".join(fields.getall("Content-Encoding", [])) or None,
            etag=storable(fields.get("ETag")),
            last_modified=storable(fields.get("Last-Modified")),
            conditional=conditional,
            fresh_s=fresh_s(fields, now),
            retry_after_s=retry_s,
            links=tuple(fields.getall("Link", []))[:20],
            page=page,
            date=storable(fields.get("Date")),
            took_s=watch.seconds,
        )


async def read_page(exchange: Exchange, answer: Answer) -> bytes | None:
    """Read the beginning of an error's HTML page, to say which wall it is; None where there is none to read."""
    if "html" not in answer.fields.get("Content-Type", "").lower():
        return None
    try:
        async with asyncio.timeout(PAGE_S):
            page = await exchange.body(MAX_PAGE_BYTES)
    except (ExchangeError, TimeoutError):
        page = exchange.so_far()  # the status has said what matters
    return page[:MAX_PAGE_BYTES] or None


def validators(wanted: Wanted, place: str) -> Mapping[str, str]:
    """Give the conditional headers, only for the very address that gave the validators (RFC 9110 13.1)."""
    if wanted.validators_url != place:
        return {}
    headers = {"If-None-Match": wanted.etag, "If-Modified-Since": wanted.last_modified}
    return {name: value for name, value in headers.items() if value}


def bare(url: URL) -> str:
    """Write an address without its credentials."""
    host = url.raw_authority
    return str(url.with_user(None)) if "@" in host or host.endswith(":") else str(url)


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
