"""The folder of the fork server's socket has a name of ours, and those that killed daemons left are removed. IO: files.

multiprocessing makes such a folder, and removes it when its process comes to an end; a kill leaves it there for ever.
Whoever lives holds a lock on his, so that another knows which are nobody's.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PREFIX = "wire-"
NAME_BYTES = len(f"/{PREFIX}12345678/listener-12345678")
MOST_BYTES = 107
"""A socket's address is no longer (``sun_path`` of unix(7), without the zero that ends it)."""


@functools.cache
def have_socket_folder() -> None:
    """Have sockets made in a folder of ours, which is removed at our end; remove those that are nobody's.

    Raises nothing: where there is no place for it, it is left to multiprocessing.
    """
    with contextlib.suppress(OSError, AttributeError):
        us: Any = multiprocessing.current_process()
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place()))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)  # held to our end, by no child
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        us._config["tempdir"] = str(folder)  # noqa: SLF001 - it has no other place for it
        for left in left_behind(folder.parent):
            shutil.rmtree(left, ignore_errors=True)


def place() -> str:
    """Find a temporary folder whose name is short enough for sockets; where none is, the usual one."""
    usual = tempfile.gettempdir()
    short = (each for each in (usual, "/tmp", "/var/tmp") if len(os.fsencode(each)) + NAME_BYTES <= MOST_BYTES)  # noqa: S108
    return next((each for each in short if os.access(each, os.W_OK | os.X_OK)), usual)


def left_behind(parent: Path) -> Iterator[Path]:
    """Find the folders in which there is a socket, and that nobody holds."""
    for folder in sorted(parent.glob(f"{PREFIX}*/")):
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(handle).st_uid == os.getuid() and any(folder.glob("listener-*")):
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    yield folder
            finally:
                os.close(handle)
