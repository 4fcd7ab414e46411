"""When a part of a topic's past is closed as an archive page (RFC 5005, section 4), and where it ends. Pure.

A page is a range of selection numbers (or of digests), closed once and for all: what is in it may change or vanish, but
nothing moves to another page. So pages are closed as late as can be, and full: only when something is in no page that
the topic's feed does not show either. They may overlap with the feed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from db.output import Policy
from db.times import parse_iso

SPARSE = 4
"""A page goes over so many times as many numbers as it has places, where most have nothing to show (any more)."""

LATE_PAUSE = timedelta(hours=1)
"""So long after a page there is no other just for what was never on the feed, unless it is full: pages of one item,
one after the other, would be a chain that nobody wants to walk."""

Sizes = Sequence[int]
"""Bytes in each format."""


class Waiting(NamedTuple):
    """A selection, or digest, that is in no page yet.

    ``kept``: it has something to show. ``late``: it was never announced, or is not on the feed because others there
    have more coverage, or a source its share: no subscriber has seen it go.
    """

    number: int
    kept: bool = True
    late: bool = False


def wants_page(waiting: Sequence[Waiting], shown: Collection[int], places: int, *, small: bool) -> bool:
    """Tell whether a page must be closed of what waits, oldest first; ``shown``: the numbers that the feed has.

    ``small``: it may be one that is not full, for the sake of what is late.
    """
    missing = [one for one in waiting if one.kept and one.number not in shown]
    if any(not one.late for one in missing) or len(waiting) > SPARSE * places:
        return True
    return bool(missing) and (small or len(waiting) >= places)


def may_be_small(last_closed: str | None, now: datetime) -> bool:
    """Tell whether a page that is not full may follow one that was closed then."""
    return last_closed is None or not now - LATE_PAUSE < parse_iso(last_closed) <= now


def page_of(waiting: Sequence[Waiting], places: int) -> Sequence[Waiting]:
    """Choose, of what waits, oldest first, what the next page has as far as there are places in it."""
    taken = 0
    for index, one in enumerate(waiting[: SPARSE * places]):
        taken += one.kept
        if taken > places:
            return waiting[:index]
    return waiting[: SPARSE * places]


def last_that_fits(page: Sequence[Waiting], sizes: Mapping[int, Sizes], empty: Sizes, most: int) -> int:
    """Find where a page ends that is to be no longer than ``most`` bytes in any format → its last number.

    ``sizes``: of the items, by number; ``empty``: of a page without any. It has one item at least, however long.
    """
    numbers = [one.number for one in page]
    having = [number for number in numbers if number in sizes]
    fitting = how_many_fit([sizes[number] for number in having], empty, most)
    if fitting == len(having):
        return numbers[-1]
    return numbers[numbers.index(having[fitting]) - 1]


def how_many_fit(sizes: Sequence[Sizes], empty: Sizes, most: int) -> int:
    """Count how many items, from the first, a document can have that is no longer than ``most`` bytes in any format.

    One, however long it is.
    """
    lengths = list(empty)
    for index, item in enumerate(sizes):
        lengths = [so_far + more for so_far, more in zip(lengths, item, strict=True)]
        if index and max(lengths) > most:
            return index
    return len(sizes)


def is_late(policy: Policy, *, archived: bool) -> bool:
    """Tell whether a selection that the feed does not show is no loss to who reads the feed."""
    return archived or not policy.is_plain
