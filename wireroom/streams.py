"""What is printed arrives whole, also where Python was told not to buffer. IO: terminal.

With PYTHONUNBUFFERED set, as containers have it, Python writes each text with one system call, and loses what that
call leaves over: a signal (a worker that ended, say) in the middle of a long one into a pipe cut its JSON off, and the
exit code was 0.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO


def write_whole() -> None:
    """Give standard output and standard error a buffer that writes all; what is printed still goes out line by line.

    Where one of the three streams is closed, nothing takes its number: else what goes to it, a warning of the C library
    say, would be written into a file of ours.
    """
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(opened)
    sys.stdout, sys.stderr = buffered(sys.stdout), buffered(sys.stderr)


def buffered(stream: TextIO) -> TextIO:
    """Put a buffer under a text stream that has none."""
    raw = getattr(stream, "buffer", None)
    if not isinstance(raw, io.RawIOBase):
        return stream
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=stream.encoding, errors=stream.errors, line_buffering=True)
