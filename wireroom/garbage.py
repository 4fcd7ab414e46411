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


YOUNG = 5000
"""So many objects are made, and not let go of, before the collector looks at them. Python's own number, 700, is that of
a few polls under way: of a poll that ended with 304, the looking was a tenth."""


def keep_what_is_there() -> None:
    """Collect once, and never look again at what is there then. What of it is let go later is freed all the same.

    From then on it looks less often: a good poll leaves next to nothing that only the collector could free.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
