"""The daemon's side door: commands that write ask it over a Unix socket beside the archive. IO: sockets.

One request and its answers are JSON lines: ``{"do": "poll", "sources": [], "due": false}`` is answered by any number of
``{"progress": {…}}`` and one ``{"result": {…}}`` or ``{"error": "…", "code": 1}``. The socket has mode 0600.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from wireroom.lock import beside

Progress = Callable[[dict[str, Any]], None]
Handler = Callable[[dict[str, Any], Progress], Awaitable[dict[str, Any]]]

MAX_LINE_BYTES = 16_000_000

NO_DOOR_S = 15
"""How long a daemon may take to open its door: it migrates the archive first."""


class ControlError(Exception):
    """The daemon refused a command or broke off; ``code`` is the exit code for whoever asked."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class NoDaemonError(Exception):
    """No daemon answers beside this archive."""


@contextlib.contextmanager
def reachable(path: Path) -> Iterator[str]:
    """Give a name for the socket that fits into the 107 bytes that the kernel allows."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


@contextlib.asynccontextmanager
async def control_server(archive: Path, handler: Handler) -> AsyncIterator[None]:
    """Answer commands while the body runs. The caller holds the archive's lock, so a socket found here is stale."""
    path = beside(archive, ".sock")
    if path.exists():
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise FileExistsError(errno.EEXIST, "in the way of the daemon's socket; move it away", str(path))
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    with reachable(path) as name:
        mask = os.umask(0o177)
        try:
            listener.bind(name)
        finally:
            os.umask(mask)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def send(message: dict[str, Any]) -> None:
            if not writer.is_closing():  # who asked may be gone; what was asked is done all the same
                writer.write(json.dumps(message).encode() + b"\n")

        try:
            line = await reader.readline()
            try:
                send({"result": await handler(json.loads(line), lambda progress: send({"progress": progress}))})
            except ControlError as error:
                send({"error": str(error), "code": error.code})
            except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
                send({"error": "the daemon does not understand this command; is it of another version?", "code": 1})
            except Exception as error:  # noqa: BLE001 - who asked is told, the daemon goes on
                send({"error": f"the daemon failed: {type(error).__name__}: {error}", "code": 1})
            await writer.drain()
        except (ValueError, OSError):
            pass  # who asked went away, or sent a line without end
        finally:
            writer.close()

    server = await asyncio.start_unix_server(answer, sock=listener, limit=MAX_LINE_BYTES)
    try:
        yield
    finally:
        server.close()
        with contextlib.suppress(OSError):  # the disk has turned read-only; the next daemon removes it
            path.unlink()


def ask(
    archive: Path, request: dict[str, Any], on_progress: Progress, *, timeout_s: float | None = None
) -> dict[str, Any]:
    """Ask the daemon that holds ``archive`` → its result. Raises NoDaemonError, ControlError.

    ``timeout_s``: so long it may say nothing; None: it is waited for, however long it works.
    """
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(timeout_s)
        try:
            with reachable(beside(archive, ".sock")) as name:
                door.connect(name)
            door.sendall(json.dumps(request).encode() + b"\n")
            for line in door.makefile("rb"):
                message = json.loads(line)
                if "progress" in message:
                    on_progress(message["progress"])
                elif "error" in message:
                    raise ControlError(message["error"], message["code"])
                else:
                    result: dict[str, Any] = message["result"]
                    return result
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NoDaemonError from error
        except TimeoutError as error:
            raise ControlError(f"the daemon has not answered for {timeout_s:g} seconds") from error
        except OSError as error:
            raise ControlError(f"the daemon broke off: {error}") from error
    raise ControlError("the daemon stopped before it was done; what it had finished is in the archive")
