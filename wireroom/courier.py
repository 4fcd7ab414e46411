"""Sends what is due to strangers' addresses: a few at once, each under the guard and with a deadline. IO: network.

No redirect is followed, nothing is sent twice unasked, and of an answer only its beginning is read. What is due is
asked for anew whenever there is room, so that one host that is slow keeps no other waiting.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from ingest.client import make_session
from ingest.domain import budget_key
from ingest.guard import Guard
from ingest.headers import retry_after_s
from ingest.websub import is_private, one_line
from wireroom.clock import utc_now
from wireroom.config import Config
from wireroom.parts import user_agent
from wireroom.subscriber import why

MAX_AT_ONCE, MAX_OF_HOST = 32, 2
PAUSE_S = 0.05
"""So long after an errand has ended the next are asked for, all at once: of very many it takes some milliseconds."""
DEADLINE_S = 20
MAX_READ_BYTES = 1024
GONE = 410


class UndeliveredError(Exception):
    """It was not taken; the text says why. ``status``: the answer's, None where there was none.

    ``wait_s``: when it wants to be asked again.
    """

    def __init__(self, message: str, status: int | None = None, wait_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the beginning of the body, no more than MAX_READ_BYTES."""

    status: int
    body: bytes


def host_of(url: str) -> str:
    """Name the budget that an address falls under."""
    parts = urlsplit(url)
    return budget_key(parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0))


class Courier:
    """Has a bounded number of errands under way. ``failed`` is told of errands that could not be written down.

    ``strangers``: they have named the addresses, and not the config. Where anybody can reach us, what ``[poll] allow``
    opens to our polls is closed to them: they would choose what is asked of a program in our own network.
    """

    def __init__(self, failed: Callable[[BaseException], None], *, strangers: bool = False) -> None:
        self._failed = failed
        self._strangers = strangers
        self._errands: dict[Hashable, tuple[asyncio.Task[None], str]] = {}
        self._next: asyncio.TimerHandle | None = None
        self._sessions: list[aiohttp.ClientSession] = []  # the last one is used; it keeps no connection open
        self._made_for: tuple[object, ...] | None = None
        self.deadline_s: float = DEADLINE_S

    @property
    def under_way(self) -> frozenset[Hashable]:
        """What is being sent."""
        return frozenset(self._errands)

    @property
    def idle(self) -> bool:
        """Tell whether nothing is being sent, nor about to be begun."""
        return not self._errands and self._next is None

    @property
    def room(self) -> int:
        """How many more errands may be begun."""
        return MAX_AT_ONCE - len(self._errands)

    @property
    def busy_hosts(self) -> list[str]:
        """The hosts that have as many errands as one may have."""
        counts = Counter(host for _, host in self._errands.values())
        return [host for host, count in counts.items() if count >= MAX_OF_HOST]

    def begin(
        self,
        key: Hashable,
        host: str,
        errand: Callable[[], Coroutine[Any, Any, None]],
        then: Callable[[], None] | None = None,
    ) -> bool:
        """Begin an errand, unless it is under way, its host is busy, or there is no room → whether it was begun.

        ``then`` is called soon after it has ended, since something else may be begun.
        """
        if self.room <= 0 or key in self._errands or host in self.busy_hosts:
            return False
        task = asyncio.create_task(errand())
        self._errands[key] = task, host
        task.add_done_callback(partial(self._ended, key, then))
        return True

    def _ended(self, key: Hashable, then: Callable[[], None] | None, task: asyncio.Task[None]) -> None:
        del self._errands[key]
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            self._failed(error)
        elif then is not None and self._next is None:
            self._next = asyncio.get_running_loop().call_later(PAUSE_S, self._go_on, then)

    def _go_on(self, then: Callable[[], None]) -> None:
        self._next = None
        try:
            then()
        except Exception as error:  # noqa: BLE001 - the archive's, mostly: nobody else would hear of it
            self._failed(error)

    async def ask(
        self,
        config: Config,
        method: Literal["GET", "POST"],
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request → its answer, whatever its status. Raises UndeliveredError where there is none."""
        try:
            async with asyncio.timeout(min(self.deadline_s, config.poll.timeout_s)):
                return (await self._exchange(config, method, url, body, headers))[0]
        except TimeoutError:
            raise UndeliveredError("no answer in time") from None
        except Exception as error:  # whatever a stranger can bring about is that errand's own trouble
            raise UndeliveredError(why(error)) from error

    async def post(self, config: Config, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a message. Raises UndeliveredError where it is not taken: anything but a status of 200 to 299."""
        try:
            async with asyncio.timeout(min(self.deadline_s, config.poll.timeout_s)):
                answer, wait_s = await self._exchange(config, "POST", url, body, headers)
        except TimeoutError:
            raise UndeliveredError("no answer in time") from None
        except Exception as error:
            raise UndeliveredError(why(error)) from error
        if not 200 <= answer.status < 300:
            moved = " (redirects are not followed)" if 300 <= answer.status < 400 else ""
            raise UndeliveredError(f"HTTP status {answer.status}{moved}", answer.status, wait_s)

    async def _exchange(
        self, config: Config, method: str, url: str, body: bytes | None, headers: Mapping[str, str] | None
    ) -> tuple[Answer, int | None]:
        sent = {"Accept-Encoding": "identity", **(headers or {})}
        target = URL(url, encoded=True)  # as it was written: a query is kept to the letter
        async with self._client(config).request(
            method, target, data=body, headers=sent, allow_redirects=False
        ) as response:
            read = bytearray()
            # of a POST the status says all, and the body may never end
            while method == "GET" and len(read) <= MAX_READ_BYTES and (chunk := await response.content.readany()):
                read += chunk
            wait_s = retry_after_s(response.headers.get("Retry-After"), utc_now())
            return Answer(status=response.status, body=bytes(read[: MAX_READ_BYTES + 1])), wait_s

    def _client(self, config: Config) -> aiohttp.ClientSession:
        """Give the client of this config; what was begun with another one goes on."""
        shut = self._strangers and not is_private(urlsplit(config.base_url).hostname or "")
        allow = () if shut else config.poll.allow
        made_for = (config.contact, allow)
        if self._made_for != made_for:
            self._sessions.append(make_session(user_agent=user_agent(config), guard=Guard(allow)))
            self._made_for = made_for
        return self._sessions[-1]

    async def close(self) -> None:
        """Break off what is under way: it is in the archive, and sent again."""
        if self._next is not None:
            self._next.cancel()
        tasks = [task for task, _ in self._errands.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for session in self._sessions:
            await session.close()


def told(error: UndeliveredError) -> str:
    """Say in one line why something was not taken."""
    return one_line(str(error))
