"""Bodies that go to a worker together: what becomes of all of them, whatever happens to one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ingest.bundle import Bundles
from ingest.digest import Digested, DigestFault
from ingest.lane import Body, Lane

FOUND = DigestFault(kind="not-a-feed", message="")


class BrokenOnce(Lane):
    """A lane whose first bundle ends in an error that nobody thought of."""

    def __init__(self, error: Exception) -> None:
        self.errors = [error]

    async def digest(self, tasks: Sequence[Body]) -> list[Digested]:
        """Fail, or find something."""
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop()
        return [FOUND for _ in tasks]


@pytest.mark.parametrize("error", [MemoryError(), ValueError("resource limits"), OSError()], ids=repr)
def test_nobody_waits_for_ever(error: Exception) -> None:
    """Whatever a worker raises, who waits for its bodies hears of it, and its place is free again."""

    async def both() -> list[object]:
        bundles = Bundles(BrokenOnce(error), 1)
        body = Body(b"", None, "http://a.example/", None, 1, None)
        async with asyncio.timeout(5):
            ended = await asyncio.gather(*(bundles.digest(body) for _ in range(2)), return_exceptions=True)
            return [*ended, await bundles.digest(body)]

    assert asyncio.run(both()) == [error, FOUND, FOUND]
