"""Every kind of hostile server by name: silence, drips, floods, broken connections, squeezed bombs, documents. Pure.

For ``bench/hostile.py``; the behaviours' own tests say what must come of each.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from functools import cache

import test_behaviours_codings as codings
import test_behaviours_errors as errors
from hostile import BOMBS
from scripted import Act, Answer, Asked, Script, reply

ACTS: tuple[Act, ...] = (
    errors.stall,
    errors.stall_in_head,
    errors.stall_in_body,
    errors.drip_head,
    errors.drip_body,
    errors.drip_chunks,
    errors.endless_continue,
    errors.endless_head,
    errors.endless_line,
    errors.endless_status,
    errors.endless_body,
    errors.endless_items,
    errors.endless_trailer,
    errors.rst_in_body,
)

SQUEEZED: Mapping[str, tuple[codings.Squeeze, str]] = {
    "gzip-bomb": (codings.gzip_bomb, "gzip"),
    "br-bomb": (codings.br_bomb, "br"),
    "zstd-bomb": (codings.zstd_bomb, "zstd"),
    "zstd-window": (codings.zstd_window, "zstd"),
}


def loop(asked: Asked) -> Answer:
    """Redirect ever deeper."""
    return reply(b"", 302, Location=f"{asked.path}/x")


def hostile_servers() -> dict[str, Script]:
    """Give each kind's script by its name; what is costly to make is made once, when it is first asked for."""
    servers: dict[str, Script] = {"loop": loop}
    servers |= {act.__name__.replace("_", "-"): acting(act) for act in ACTS}
    servers |= {name: sending(lambda make=make: make(b""), coding) for name, (make, coding) in SQUEEZED.items()}  # type: ignore[misc]
    servers |= {name: sending(lambda make=make: gzip.compress(make(1)), "gzip") for name, make in BOMBS.items()}  # type: ignore[misc]
    return servers


def acting(act: Act) -> Script:
    """Act so whatever is asked."""
    return lambda _: act


def sending(make: Callable[[], bytes], coding: str) -> Script:
    """Send the body that is made, under this coding, whatever is asked."""
    made = cache(make)
    return lambda _: reply(made(), Content_Encoding=coding)
