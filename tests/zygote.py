"""Commands without the half second in which Python reads the program: a process that has read it forks for each.

Each is a process of its own, with its own folder, environment, output and exit code, and ends as any other does.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parent.parent


class Zygote:
    """The process that forks; it ends with the one that made it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="zygote-")
        self._address = f"{self._folder.name}/door"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self._address)
        listener.listen(64)
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, __file__, str(listener.fileno())]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, env=env, pass_fds=[listener.fileno()])
        listener.close()

    def run(self, words: Sequence[str], cwd: Path, env: Mapping[str, str], timeout_s: float) -> tuple[int, str, str]:
        """Run ``wireroom`` with these words → exit code, output, errors. Raises TimeoutExpired, after its end."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with self.begin(words, cwd, env, (out.fileno(), err.fileno())) as begun:
                code = begun.wait(timeout_s)
            out.seek(0)
            err.seek(0)
            return code, out.read().decode(), err.read().decode()

    def begin(self, words: Sequence[str], cwd: Path, env: Mapping[str, str], outputs: tuple[int, int]) -> Begun:
        """Begin to run ``wireroom`` with these words; it writes to these descriptors."""
        door = socket.socket(socket.AF_UNIX)
        door.connect(self._address)
        asked = json.dumps({"words": list(words), "cwd": str(cwd), "env": dict(env)}).encode()
        socket.send_fds(door, [len(asked).to_bytes(4)], outputs)
        door.sendall(asked)
        return Begun(door, words)


class Begun:
    """A command that runs; as a context, it is gone at its end."""

    def __init__(self, door: socket.socket, words: Sequence[str]) -> None:
        self._door = door
        self._words = words
        self._told = door.makefile("r")
        self.pid = int(self._told.readline())
        self.code: int | None = None

    def wait(self, timeout_s: float) -> int:
        """Wait for its end → exit code, that of a signal below 0. Raises TimeoutExpired, after its end."""
        if self.code is None:
            self._door.settimeout(timeout_s)
            try:
                self.code = int(self._told.readline())
            except TimeoutError:
                self._kill()
                raise subprocess.TimeoutExpired(["wireroom", *self._words], timeout_s) from None
        return self.code

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.code is None:
            self._kill()
        self._told.close()
        self._door.close()


def serve(listener: socket.socket) -> list[str]:
    """Fork for each that comes → in the command's own process, its words."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        door, _ = listener.accept()
        if os.fork():
            door.close()
            continue
        listener.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        head, fds, *_ = socket.recv_fds(door, 4, 2)
        with door.makefile("rb") as stream:
            asked = json.loads(stream.read(int.from_bytes(head)))
        if pid := os.fork():
            door.sendall(f"{pid}\n".encode())
            _, status = os.waitpid(pid, 0)
            with contextlib.suppress(OSError):  # nobody waits for it any more
                door.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
            os._exit(0)
        door.close()
        for to, fd in zip((1, 2), fds, strict=True):
            os.dup2(fd, to)
            os.close(fd)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        time.tzset()
        words: list[str] = asked["words"]
        return words


def main() -> None:
    """Read the program, and wait for what is asked of it; end with who began us."""
    sys.path.insert(0, str(ROOT))
    import wireroom.cli
    import wireroom.daemon
    import wireroom.engine

    gc.freeze()  # else each command's end visits all that was read, and copies its memory: four fifths of its time
    listener = socket.socket(fileno=int(sys.argv[1]))
    if os.fork() == 0:  # the end of standard input is the end of who began us
        sys.stdin.buffer.read()
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(0)
    words = serve(listener)
    sys.argv = ["wireroom", *words]
    wireroom.cli.main()


if __name__ == "__main__":
    main()
