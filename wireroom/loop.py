"""The event loop that everything runs in: uvloop where it is there, asyncio's own elsewhere. IO: event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Give what makes the loop, None for asyncio's own: nothing depends on which, but a connection costs half."""
    try:
        import uvloop  # noqa: PLC0415 - some systems have none
    except ImportError:
        return None
    return uvloop.new_event_loop  # type: ignore[no-any-return, unused-ignore]


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` in a loop of its own → what it returns; raises what it raises."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(main)
