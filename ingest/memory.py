"""Memory that bodies took goes back to the system when they are gone. IO: process.

glibc's allocator learns from the first large block that is freed to take such blocks from its heap; small ones that
outlive them then keep the heap as large as it ever was: 10,000 polls with hostile sources among them cost 40 MB.
"""

from __future__ import annotations

import contextlib
import ctypes

_LIBC = ctypes.CDLL(None)

M_MMAP_THRESHOLD = -3  # malloc.h
LARGE_BYTES = 128 * 1024
"""glibc's own first limit; naming it ends the learning (mallopt(3))."""


def give_back_large_blocks() -> None:
    """Have every large block mapped, and unmapped when it is freed. Does nothing where the C library is another."""
    with contextlib.suppress(AttributeError, OSError):
        _LIBC.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def give_back() -> None:
    """Give back what is free amid what is not, about a millisecond's work: glibc itself keeps it.

    Bodies and texts of some kilobytes, each outlived by smaller things, keep tens of megabytes so. Does nothing where
    the C library is another.
    """
    with contextlib.suppress(AttributeError, OSError):
        _LIBC.malloc_trim(0)
