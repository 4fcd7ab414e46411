"""Bodies that wait for a worker go to it several at once: handing one over costs as much as reading many a one.

IO: processes. A bundle is made only of what waits already, so nothing waits for it to fill. One that its worker can't
finish is taken apart, and each body is tried alone: what one of them costs, the others do not pay.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from functools import partial

from ingest.digest import Digested, DigestFault
from ingest.lane import Body, DiedError, Lane, TooLongError
from ingest.memory import give_back

MAX_BODIES = 8
GIVEN_BACK_AFTER = 100
"""Bodies; what they took has been freed by then, but stays with us."""
MAX_BUNDLE_BYTES = 400_000
"""Of the bodies as they were sent; a larger one goes alone."""


@dataclass(slots=True)
class Waiting:
    """A body that waits, and who waits for what is in it. ``alone``: it was in a bundle that failed."""

    body: Body
    found: asyncio.Future[Digested]
    alone: bool = False


class Bundles:
    """Gives what waits to a lane, as many bundles at once as it has workers."""

    def __init__(self, lane: Lane, count: int) -> None:
        self._lane = lane
        self._free = count
        self._digested = 0
        self._waiting: deque[Waiting] = deque()
        self._carriers: set[asyncio.Task[None]] = set()

    async def digest(self, body: Body) -> Digested:
        """Digest a body → what is in it, or a fault where a worker died over it. Raises TooLongError, RuntimeError.

        Cancelling the call kills the worker, unless others wait for it too.
        """
        one = Waiting(body, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self._hand_over()
        return await one.found

    def _hand_over(self) -> None:
        """Give bundles to the workers that are free."""
        while self._free and self._waiting:
            bundle = self._next_bundle()
            if bundle:
                self._free -= 1
                carrier = asyncio.create_task(self._carry(bundle))
                self._carriers.add(carrier)
                carrier.add_done_callback(self._carriers.discard)
                for one in bundle:
                    one.found.add_done_callback(partial(self._look_after, carrier, bundle))

    def _next_bundle(self) -> list[Waiting]:
        """Take the first that waits, and what fits beside it."""
        bundle: list[Waiting] = []
        room = MAX_BUNDLE_BYTES
        while self._waiting and len(bundle) < MAX_BODIES:
            one = self._waiting[0]
            if bundle and (one.alone or bundle[0].alone or len(one.body.content) > room):
                break
            self._waiting.popleft()
            if not one.found.done():  # whoever wanted it has left
                room -= len(one.body.content)
                bundle.append(one)
        return bundle

    async def _carry(self, bundle: list[Waiting]) -> None:
        try:
            found = await self._lane.digest([one.body for one in bundle])
        except (TooLongError, DiedError) as error:
            if len(bundle) > 1:
                self._waiting.extendleft(reversed([Waiting(one.body, one.found, alone=True) for one in bundle]))
            elif isinstance(error, DiedError):
                self._give(bundle, [died(error)])
            else:
                self._fail(bundle, error)
        except Exception as error:  # noqa: BLE001 - whatever it is: who waits must hear of it
            self._fail(bundle, error)
        except asyncio.CancelledError:
            self._fail(bundle, None)
            raise
        else:
            self._give(bundle, found)
        finally:
            self._digested += len(bundle)
            if self._digested >= GIVEN_BACK_AFTER:
                self._digested = 0
                give_back()
            self._free += 1
            self._hand_over()

    @staticmethod
    def _look_after(carrier: asyncio.Task[None], bundle: list[Waiting], _: asyncio.Future[Digested]) -> None:
        """Stop the worker once nobody waits for any of its bodies."""
        if all(one.found.cancelled() for one in bundle):
            carrier.cancel()

    @staticmethod
    def _give(bundle: list[Waiting], found: list[Digested]) -> None:
        for one, its in zip(bundle, found, strict=True):
            if not one.found.done():
                one.found.set_result(its)

    @staticmethod
    def _fail(bundle: list[Waiting], error: Exception | None) -> None:
        for one in bundle:
            if not one.found.done():
                if error is None:
                    one.found.cancel()
                else:
                    one.found.set_exception(error)


def died(error: DiedError) -> DigestFault:
    """Make the fault of a body over which its worker died."""
    return DigestFault(kind="too-heavy", message=f"its worker process died over it ({error})")
