"""Bodies that wait together go to a worker together, and no one of them costs the others anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from db.model import Document
from ingest import bundle
from ingest.digest import Digested, DigestFault
from ingest.lane import Body
from ingest.workers import Workers

HEAVY = b"<rss version='2.0'><channel><item><title>" + b"&amp;a" * 1_600_000 + b"</title></item></channel><"


def feed(number: int, padding: int = 0) -> bytes:
    """Write a feed of one item."""
    return (
        f"<rss version='2.0'><channel><title>{number}</title><item><guid>{number}</guid><title>A</title></item>"
        f"</channel></rss>{' ' * padding}"
    ).encode()


class Watched(Workers):
    """One quick worker, and which bundles it was given."""

    def __init__(self) -> None:
        super().__init__(1, deadline_s=1, slow_deadline_s=2)
        self.given: list[int] = []
        carried = self._quick.digest

        async def digest(bodies: Sequence[Body]) -> list[Digested]:
            self.given.append(len(bodies))
            return await carried(bodies)

        self._quick.digest = digest  # type: ignore[method-assign]

    async def read(self, number: int, body: bytes) -> Digested:
        """Digest the body of a source."""
        return await self.digest(body, None, f"http://x.example/{number}")


@pytest.fixture
async def workers() -> AsyncIterator[Watched]:
    """Run one."""
    made = Watched()
    await made.start()
    yield made
    await made.close()


def title(found: Digested) -> str | None:
    """Give a document's title."""
    assert isinstance(found, Document)
    return found.title


async def test_those_that_wait_go_together_and_each_gets_its_own(workers: Watched) -> None:
    """The first finds the worker free and goes alone; of the others so many go at once as may."""
    found = await asyncio.gather(*(workers.read(number, feed(number)) for number in range(20)))

    assert [title(one) for one in found] == [str(number) for number in range(20)]
    assert workers.given == [1, bundle.MAX_BODIES, bundle.MAX_BODIES, 3]


async def test_large_ones_go_alone(workers: Watched) -> None:
    """A bundle has no more bytes than may be lost with its worker."""
    most = bundle.MAX_BUNDLE_BYTES
    found = await asyncio.gather(*(workers.read(number, feed(number, most * 2 // 3)) for number in range(4)))

    assert [title(one) for one in found] == ["0", "1", "2", "3"]
    assert workers.given == [1, 1, 1, 1]


async def test_one_that_takes_too_long_costs_the_others_of_its_bundle_nothing(workers: Watched) -> None:
    """The bundle is taken apart: the others are read one by one, and only its own source has a fault."""
    bodies = [feed(0), feed(1), HEAVY, feed(3), feed(4)]
    found = await asyncio.gather(*(workers.read(number, body) for number, body in enumerate(bodies)))

    assert [title(one) for number, one in enumerate(found) if number != 2] == ["0", "1", "3", "4"]
    assert isinstance(found[2], DigestFault)
    assert found[2].kind == "too-heavy"


async def test_one_that_nobody_waits_for_any_more_keeps_its_bundle(workers: Watched) -> None:
    """Cancelled before its turn or in its bundle, it takes the others nothing."""
    calls = [asyncio.create_task(workers.read(number, feed(number))) for number in range(6)]
    await asyncio.sleep(0)  # all wait by now
    calls[3].cancel()
    found = await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(found[3], asyncio.CancelledError)
    assert [title(one) for one in found if isinstance(one, Document)] == ["0", "1", "2", "4", "5"]
