"""One source's bytes: a conditional GET, or a file. IO: network, files.

Polite: validators byte for byte, one request per poll, our own name with a contact, no cookies, no Referer. Bounded:
one total deadline, a cap on the decoded body, five redirects, and every address checked when it is connected to.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from yarl import URL

from db.plan import Outcome
from ingest.fetched import Fetched, Wanted
from ingest.guard import AddressRefusedError, Guard
from ingest.headers import fresh_s, retry_after_s, storable
from ingest.hosts import Hosts

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
BODY_STATUS = frozenset({200, 203, 226})
CHUNK_BYTES = 65536
MAX_HEADER_BYTES = 32768
MAX_CONNECTIONS = 100


class Fetcher:
    """The HTTP client. Make it inside the running loop; ``close`` ends its connections."""

    def __init__(self, *, user_agent: str, guard: Guard, hosts: Hosts, timeout_s: float, max_body_bytes: int) -> None:
        self._hosts = hosts
        self._places = asyncio.Semaphore(MAX_CONNECTIONS)  # who waits for a place does so before its deadline runs
        self._timeout_s = timeout_s
        self._max_body_bytes = max_body_bytes
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                socket_factory=guard.socket_for,
                limit=0,  # the places are ours
                ttl_dns_cache=60,
                keepalive_timeout=15,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": user_agent, "Accept": ACCEPT},
            timeout=aiohttp.ClientTimeout(total=None),  # the deadline is ours: it covers redirects too
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def fetch(self, wanted: Wanted) -> Fetched:
        """Fetch one source → how it ended. Raises nothing but CancelledError."""
        if wanted.path is not None:
            return await asyncio.to_thread(read_file, wanted.path, self._max_body_bytes)
        try:
            return await self._follow(wanted)
        except TimeoutError:
            return Fetched(outcome="timeout", error=f"no whole answer within {self._timeout_s:g} s")
        except Exception as error:  # noqa: BLE001 - whatever a server can bring about is that source's own trouble
            return Fetched(outcome=outcome_of(error), error=reason(error))

    async def _follow(self, wanted: Wanted) -> Fetched:
        """Go from redirect to redirect; the deadline runs while a request does, not while it waits for its turn."""
        url = URL(wanted.url)
        left_s = self._timeout_s
        loop = asyncio.get_running_loop()
        for _ in range(MAX_REDIRECTS + 1):
            async with self._hosts.turn(url.host or "", url.port or 0), self._places:
                started = loop.time()
                async with asyncio.timeout(left_s):
                    answer = await self._request(url, wanted)
                left_s -= loop.time() - started
            if isinstance(answer, Fetched):
                return answer
            url = redirect_target(url, answer)
        return Fetched(
            outcome="refused", error=f"more than {MAX_REDIRECTS} redirects, the last to {url.with_user(None)}"
        )

    async def _request(self, url: URL, wanted: Wanted) -> Fetched | str:
        """Send one request → its result, or the Location of its redirect."""
        conditions = validators(wanted, url)
        async with self._session.get(url, headers=conditions, allow_redirects=False) as response:
            now = datetime.now(UTC)
            location = response.headers.get("Location")
            if response.status in REDIRECTS and location:
                return location
            seen = Fetched(
                outcome="ok",
                status=response.status,
                url=str(url.with_user(None)),
                content_type=response.headers.get("Content-Type"),
                etag=storable(response.headers.get("ETag")),
                last_modified=storable(response.headers.get("Last-Modified")),
                fresh_s=fresh_s(response.headers, now),
                retry_after_s=retry_after_s(response.headers.get("Retry-After"), now),
            )
            failure = failure_of(response.status, conditional=bool(conditions))
            if failure is not None:
                return replace(seen, outcome=failure[0], error=failure[1])
            if response.status == 304:
                return replace(seen, outcome="not-modified")
            body = await self._read(response)
            if body is None:
                error = f"the body is over {self._max_body_bytes:,} bytes ([poll] max_body)"
                return replace(seen, outcome="too-large", error=error)
            return replace(seen, body=body, body_hash=hash_of(body))

    async def _read(self, response: aiohttp.ClientResponse) -> bytes | None:
        """Read the decoded body up to the cap → its bytes, or None where it is larger."""
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            size += len(chunk)
            if size > self._max_body_bytes:
                response.close()
                return None
            chunks.append(chunk)
        return b"".join(chunks)


def validators(wanted: Wanted, url: URL) -> Mapping[str, str]:
    """Give the conditional headers, only for the very address that gave the validators (RFC 9110 13.1)."""
    if wanted.validators_url != str(url.with_user(None)):
        return {}
    headers = {"If-None-Match": wanted.etag, "If-Modified-Since": wanted.last_modified}
    return {name: value for name, value in headers.items() if value is not None}


def redirect_target(url: URL, location: str) -> URL:
    """Resolve a Location; credentials never come from one, and never leave their origin. Raises ValueError."""
    target = url.join(URL(location))
    if target.scheme not in ("http", "https") or not target.host:
        raise ValueError(f"redirected to {location[:200]!r}, which is no http or https address")
    target = target.with_user(None).with_fragment(None)
    if target.origin() == url.with_user(None).origin() and url.user is not None:
        return target.with_user(url.user).with_password(url.password)
    return target


def failure_of(status: int, *, conditional: bool) -> tuple[Outcome, str] | None:
    """Say what is wrong with a status → (outcome, error), or None where it is good."""
    if status in BODY_STATUS or (status == 304 and conditional):
        return None
    if status == 304:
        return "http-error", "304 Not Modified to a request that asked for the whole"
    if status == 410:
        return "gone", "410 Gone: the publisher has ended this feed; polling stops (a new url starts it again)"
    if status in (429, 503):
        return "throttled", f"{status}: the server asks to come back later"
    return "http-error", f"HTTP status {status}"


def read_file(path: Path, max_body_bytes: int) -> Fetched:
    """Read a file source → its bytes, or why not. Only regular files: a pipe would wait for ever."""
    try:
        if path.exists() and not path.is_file():
            return Fetched(outcome="no-file", error=f"{path}: no regular file")
        if path.stat().st_size > max_body_bytes:
            return Fetched(outcome="too-large", error=f"{path}: over {max_body_bytes:,} bytes ([poll] max_body)")
        body = path.read_bytes()
    except OSError as error:
        return Fetched(outcome="no-file", error=f"{path}: {error.strerror}; check the source's url")
    return Fetched(outcome="ok", body=body, body_hash=hash_of(body), url=path.as_uri())


def hash_of(body: bytes) -> str:
    """Hash a body, to know it again."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


def outcome_of(error: Exception) -> Outcome:
    """Sort a failed request: refused by our own guard, or unreachable."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (AddressRefusedError, aiohttp.InvalidURL)) or type(cause) is ValueError:
            return "refused"
        cause = getattr(cause, "os_error", None) or cause.__cause__
    return "refused" if "is not a public address" in str(error) else "unreachable"


def reason(error: Exception) -> str:
    """Say in one line why a request failed: the host, and the system's words."""
    inner = getattr(error, "os_error", None) or error
    text = getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
    host = getattr(error, "host", None)
    return " ".join(f"{host}: {text}".split() if host and host not in text else text.split())[:300]
