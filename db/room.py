"""How much of a disk has to be free for the archive. Pure."""

from __future__ import annotations

FULL_SHARE, FULL_BYTES = 0.02, 64 * 1024**2
"""A disk is full with less than this of it free: a share, but no more than so many bytes."""


def least_free(total: int) -> float:
    """Tell with how much free a disk of so many bytes is not full."""
    return min(FULL_BYTES, FULL_SHARE * total)
