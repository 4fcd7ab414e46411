"""Faults of the machine for tests: a disk of its own that is small or read-only, system calls that fail.

What needs a namespace or strace takes seconds, so such tests run under `make test-all` only.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog

from house import ROOT, Daemon, House, Result, until
from wireroom.config import load_config
from wireroom.engine import Engine

ALL = bool(os.environ.get("WIREROOM_TEST_ALL"))
in_full = pytest.mark.skipif(not ALL, reason="a fault of the machine: make test-all, WIREROOM_TEST_ALL=1")

DISK = "disk"
"""The folder in a house that is a disk of its own."""


@functools.cache
def why_no_namespace() -> str | None:
    """Tell why no disk of our own can be had here; None: one can. unshare is there."""
    command = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"no namespace with a mount of its own: {done.stderr.strip()}"


@functools.cache
def why_no_strace() -> str | None:
    """Tell why no system call can be made to fail here; None: they can. strace is there."""
    done = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"strace may not trace here: {done.stderr.strip()}"


def needs_namespace() -> None:
    """Skip where a container or a kernel forbids one."""
    if why := why_no_namespace():
        pytest.skip(why)


def needs_strace() -> None:
    """Skip where a container or a kernel forbids it."""
    if why := why_no_strace():
        pytest.skip(why)


def on_own_disk(house: House, size: str) -> list[str]:
    """Give what a daemon runs under, whose folder DISK is a disk of this size. The archive is to be there."""
    (house.folder / DISK).mkdir()
    script = f'mount -t tmpfs -o size={size} tmpfs {DISK} && exec "$@"'
    return ["unshare", "-rm", "sh", "-c", script, "sh"]


def on_real_disk(house: House) -> list[str]:
    """Give what a daemon runs under, whose folder DISK is a disk that the kernel turns read-only at an error.

    Skips where that can't be had: it takes root, and a loop device. The archive is to be there.
    """
    image, folder = house.folder / "image", house.folder / DISK
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(32 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    mount = f"mount -o loop,errors=remount-ro {image} {folder}"
    found = f"{mount} && test -w {TRIGGER.format('$(basename $(findmnt -no SOURCE ' + str(folder) + '))')}"
    done = subprocess.run(["unshare", "-m", "sh", "-c", found], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no loop device, or no ext4 whose errors can be told it: {done.stderr.strip()}")
    return ["unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "sh"]


TRIGGER = "/sys/fs/ext4/{}/trigger_fs_error"
"""What is written here is an error of that disk, to the kernel."""


def break_disk(daemon: Daemon) -> None:
    """Have the kernel meet an error on the real disk of a daemon."""
    mounts = Path(f"/proc/{daemon.process.pid}/mounts").read_text().splitlines()
    (device,) = [line.split()[0] for line in mounts if line.split()[1].endswith(f"/{DISK}")]
    Path(TRIGGER.format(Path(device).name)).write_text("a test")


def mend_disk(house: House) -> None:
    """Do what a person does before he mounts the real disk again, once nobody has it."""
    image = str(house.folder / "image")
    until(lambda: not subprocess.check_output(["losetup", "-j", image]), "somebody has the disk")
    assert subprocess.run(["fsck.ext4", "-p", image], capture_output=True, check=False).returncode in (0, 1)


def seen_by(daemon: Daemon, path: Path) -> Path:
    """Name a file as the daemon sees it, on its own disk."""
    return Path(f"/proc/{daemon.process.pid}/root{path}")


def inside(daemon: Daemon, *command: str) -> Result:
    """Run a command where the daemon runs."""
    pid = str(daemon.process.pid)
    user = ["--user"] if not Path(f"/proc/{pid}/ns/user").samefile("/proc/self/ns/user") else []
    done = subprocess.run(
        ["nsenter", "--target", pid, "--mount", *user, f"--wd={daemon.house.folder}", "--", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def poll_inside(daemon: Daemon) -> dict[str, Any]:
    """Have all sources polled by a daemon on a disk of its own → the result."""
    done = inside(daemon, sys.executable, "-m", "wireroom", "poll", "--json")
    assert done.out, done.err
    result: dict[str, Any] = json.loads(done.out)
    return result


def rows_inside(daemon: Daemon, sql: str) -> list[list[Any]]:
    """Ask an archive on a disk of its own, as another program would."""
    script = (
        "import json, sqlite3, sys; db = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True);"
        "print(json.dumps(db.execute(sys.argv[2]).fetchall()))"
    )
    done = inside(daemon, sys.executable, "-c", script, f"{DISK}/wireroom.db", sql)
    assert done.code == 0, done.err
    found: list[list[Any]] = json.loads(done.out)
    return found


def fill(disk: Path) -> Path:
    """Use up all room → the file that has it."""
    path = disk / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))
    return path


def failing(calls: str, error: str, when: str, path: str | None = None) -> list[str]:
    """Give what a program runs under, of which some system calls fail: strace's words, on one path if so said."""
    only = ["-P", path] if path is not None else []
    inject = f"inject={calls}:error={error}:when={when}"
    traced = ["-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"]
    return ["strace", *traced, *only, "-e", f"trace={calls}", "-e", inject]


@contextlib.asynccontextmanager
async def running(house: House) -> AsyncIterator[Engine]:
    """Run an engine in this process, that polls nothing by itself."""
    engine = Engine(load_config(house.config), structlog.stdlib.get_logger("test"))
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def poll_all(engine: Engine, wanted: Sequence[str] = ()) -> dict[str, Any]:
    """Poll once and publish, as `wireroom poll` does."""
    return await engine.round(wanted, due=False, progress=lambda _: None)
