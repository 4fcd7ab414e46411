"""Python's garbage collector kept away from what is large and stays. IO: process.

It holds up the whole process while it looks at every object: a tenth of a second with 100,000 sources, and time and
again while their config is read.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Run the body without the collector: what it makes is no garbage. That of others waits for its end."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def keep_what_is_there() -> None:
    """Collect once, and never look again at what is there then. What of it is let go later is freed all the same."""
    gc.collect()
    gc.freeze()
