"""Whether a server's 304 can be trusted: now and then a poll asks for the whole body, and looks behind it. Pure.

Some servers answer 304 to whatever carries a validator, for weeks (a cache that lost its origin, a broken plug-in).
A probe is rare, and rarer with each one that found nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from db.plan import PolledSource
from db.times import parse_iso
from ingest.fetched import Fetched

FIRST_PROBE, LAST_PROBE = 10, 160
"""The first probe comes after so many 304s in a row; each that finds nothing doubles that, up to the second number."""

SECOND_LOOK = 2
"""News behind a 304 may have come in that very moment: the second look comes after so many 304s more."""

PROBE_DAYS = 7
"""A slow source gets its probe after so many days without a whole body."""

LIES = 2
"""So many times news stood behind the 304s, or what came in their place was no HTTP: no validator is sent any more."""

UNWELL = 3
"""After so many failures in a row the whole is asked for: some servers choke on validators, even on their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What is known of a source's 304s: the columns of the same names."""

    unmodified: int
    whole_at: str | None
    probe_after: int | None
    doubts: int


def asks_whole(source: PolledSource, now: datetime) -> bool:
    """Tell whether the next request goes out without validators."""
    if source.doubts >= LIES or source.failures >= UNWELL:
        return True
    if not source.unmodified:
        return False
    after = SECOND_LOOK if source.doubts else source.probe_after or FIRST_PROBE
    old = source.whole_at is not None and parse_iso(source.whole_at) < now - timedelta(days=PROBE_DAYS)
    return source.unmodified >= after or old


def trust_after(source: PolledSource, fetched: Fetched, now: str, *, new: int) -> Trust:
    """Say what is known after a good poll that brought ``new`` entries.

    News behind 304s under the very validators that gave them is a lie at once; under others it may be chance, once.
    """
    if fetched.outcome == "not-modified":
        return Trust(
            unmodified=source.unmodified + 1,
            whole_at=source.whole_at,
            probe_after=source.probe_after,
            doubts=source.doubts,
        )
    doubts, probe_after = source.doubts, source.probe_after
    if fetched.conditional and new:
        doubts = 0 if doubts < LIES else doubts  # it said so by itself
    elif not fetched.conditional and source.unmodified and doubts < LIES:
        if not new:
            probe_after = min((probe_after or FIRST_PROBE) * 2, LAST_PROBE)
        elif fetched.etag == source.etag and fetched.last_modified == source.last_modified:
            doubts = LIES
        else:
            doubts += 1
    return Trust(unmodified=0, whole_at=now, probe_after=probe_after, doubts=doubts)
