"""Which entry of a story is shown: by its source's priority, then the fullest, then the first seen. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ingest.grouping import Grouping

LINE_BYTES = 128
"""Texts up to this size are equally full: a headline's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An entry of a story: its row id or ref, its source's row id, and the size of its plain text in bytes.

    In bytes, since a Chinese character says as much as some three letters.
    """

    entry: int
    source_id: int
    size: int


def lead_of(candidates: Iterable[Candidate], grouping: Grouping) -> int:
    """Choose the entry that is shown → its id or ref. ``candidates`` are in order of first sight."""
    best = max(
        enumerate(candidates),
        key=lambda one: (grouping.priority_of(one[1].source_id), fullness(one[1].size), -one[0]),
    )
    return best[1].entry


def fullness(size: int) -> int:
    """Grade how full a text is: one grade up is twice as full. A few words more are no reason to show another."""
    return (size // LINE_BYTES).bit_length()
