"""A disk that has no room from one write on: SQLite's writes to archives and their logs are counted, in this process.

SQLite reaches files by a table of functions of its own library (https://sqlite.org/vfs.html). Its ``xWrite`` is put
behind one that counts, and answers as SQLite's own does when the kernel says ENOSPC.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ARCHIVE_OR_LOG = 0x00000100 | 0x00080000
"""SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_WAL."""
FULL = 13
"""SQLITE_FULL."""


class Vfs(ctypes.Structure):
    """The beginning of a ``sqlite3_vfs``."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("longest_path", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
    )


class Methods(ctypes.Structure):
    """A ``sqlite3_io_methods`` of version 3: what can be done to a file."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("close", ctypes.c_void_p),
        ("read", ctypes.c_void_p),
        ("write", ctypes.c_void_p),
        ("others", ctypes.c_void_p * 15),
    )


OPEN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)


class Disk:
    """The disk: how many writes it has seen, and from which on there is no room."""

    def __init__(self) -> None:
        self.writes = 0
        self.full_from: int | None = None
        self._kept: dict[int, Methods] = {}  # files that are open go on with theirs
        self._writes: list[object] = []

    def opened(self, file: int) -> None:
        """Count what is written to this file."""
        methods = ctypes.c_void_p.from_address(file)
        there = methods.value
        if there is None:  # it could not be opened
            return
        if there not in self._kept:
            made = Methods.from_buffer_copy(Methods.from_address(there))
            assert made.version == 3
            write = self._counted(WRITE(made.write))
            self._writes.append(write)
            made.write = ctypes.cast(write, ctypes.c_void_p)
            self._kept[there] = made
        methods.value = ctypes.addressof(self._kept[there])

    def _counted(self, real: ctypes._FuncPointer) -> ctypes._FuncPointer:
        def write(file: int, data: int, size: int, offset: int) -> int:
            self.writes += 1
            full = self.full_from is not None and self.writes >= self.full_from
            return FULL if full else int(real(file, data, size, offset))

        return WRITE(write)


DISK = Disk()


@contextmanager
def counted_disk() -> Iterator[Disk]:
    """Count while the body runs. What is opened in it may be closed after it."""
    mapped = Path("/proc/self/maps").read_text().splitlines()
    library = next((line.split()[-1] for line in mapped if "libsqlite3" in line), None)
    if library is None:
        pytest.skip("SQLite is built into this Python: its functions can't be reached")
    find = ctypes.CDLL(library).sqlite3_vfs_find
    find.restype = ctypes.POINTER(Vfs)
    vfs = find(None).contents
    usual: int = vfs.open
    real = OPEN(usual)

    def opened(us: int, name: int, file: int, flags: int, said: int) -> int:
        code = int(real(us, name, file, flags, said))
        if code == 0 and flags & ARCHIVE_OR_LOG:
            DISK.opened(file)
        return code

    ours = OPEN(opened)
    vfs.open = ctypes.cast(ours, ctypes.c_void_p)
    DISK.writes = 0
    try:
        yield DISK
    finally:
        vfs.open = usual
        DISK.full_from = None
