"""A command run as the unit of systemd has it, as far as can be without systemd: bubblewrap, and a seccomp filter.

The filter is made of the unit's own lines (``SystemCallFilter``, ``RestrictAddressFamilies``,
``MemoryDenyWriteExecute``), with the groups of system calls that ``systemd-analyze`` knows. IO: processes, files.
"""

from __future__ import annotations

import functools
import platform
import re
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

from house import ROOT

UNIT = ROOT / "contrib" / "wireroom.service"
HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
LOAD, EQUAL, ANY_BIT, AND, RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
"""Of classic BPF (linux/filter.h)."""
X86_64, ALLOW, EPERM = 0xC000003E, 0x7FFF0000, 0x00050001
NUMBER, ARCH, FIRST_ARGUMENT = 0, 4, 16
"""Where what stands in ``struct seccomp_data``; an argument has eight bytes."""
WRITE, EXECUTE = 2, 4


def lines_of(key: str) -> list[str]:
    """Read what the unit says for a key, line by line."""
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


@functools.cache
def group(name: str) -> frozenset[str]:
    """List the system calls of a group, ``@system-service``."""
    done = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    found: frozenset[str] = frozenset()
    for line in done.stdout.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            found |= group(word) if word.startswith("@") else {word}
    return found


def allowed() -> set[str]:
    """List the system calls that the unit's filter lets through, as systemd.exec(5) says that its lines add up."""
    found = set(group("@default"))
    for line in lines_of("SystemCallFilter"):
        names = line.removeprefix("~").split()
        calls = {call for name in names for call in (group(name) if name.startswith("@") else {name})}
        found = found - calls if line.startswith("~") else found | calls
    return found


def step(code: int, yes: int, no: int, value: int) -> bytes:
    """Write an instruction: what it does, how many it skips, its constant."""
    return struct.pack("HBBI", code, yes, no, value)


def program() -> bytes:
    """Write the filter: what is not allowed fails with EPERM."""
    text = HEADER.read_text(encoding="utf-8")
    numbers = {match[1]: int(match[2]) for match in re.finditer(r"#define __NR_(\w+) (\d+)", text)}
    refuse, load = step(RETURN, 0, 0, EPERM), step(LOAD, 0, 0, NUMBER)
    made = [step(LOAD, 0, 0, ARCH), step(EQUAL, 1, 0, X86_64), refuse, load]
    if lines_of("MemoryDenyWriteExecute") == ["yes"]:
        protection = step(LOAD, 0, 0, FIRST_ARGUMENT + 2 * 8)
        both = step(AND, 0, 0, WRITE | EXECUTE), step(EQUAL, 0, 1, WRITE | EXECUTE)
        made += [step(EQUAL, 0, 4, numbers["mmap"]), protection, *both, refuse, load]
        made += [step(EQUAL, 0, 3, numbers["mprotect"]), protection, step(ANY_BIT, 0, 1, EXECUTE), refuse, load]
    families = [FAMILIES[name] for line in lines_of("RestrictAddressFamilies") for name in line.split()]
    checks = [step(EQUAL, len(families) - n, 0, family) for n, family in enumerate(families)]
    made += [step(EQUAL, 0, len(families) + 2, numbers["socket"]), step(LOAD, 0, 0, FIRST_ARGUMENT), *checks, refuse]
    made += [load]
    for number in sorted(numbers[name] for name in allowed() & numbers.keys()):
        made += [step(EQUAL, 0, 1, number), step(RETURN, 0, 0, ALLOW)]
    return b"".join([*made, refuse])


def missing() -> str | None:
    """Say what a trial lacks here; None: nothing."""
    for name, package in (("bwrap", "bubblewrap"), ("systemd-analyze", "systemd")):
        if shutil.which(name) is None:
            return f"{name} is not installed: apt-get install {package}"
    if platform.machine() != "x86_64" or not HEADER.exists():
        return "the numbers of system calls are not there: x86-64 and apt-get install linux-libc-dev"
    tried = subprocess.run(wrapped(Path("/tmp"), ["true"]), capture_output=True, text=True, check=False)
    return f"bwrap can't make namespaces here: {tried.stderr.strip()}" if tried.returncode else None


def wrapped(home: Path, command: Sequence[str], *, seccomp: int | None = None) -> list[str]:
    """Wrap a command: as nobody, without capabilities, nothing to write but ``home``."""
    words = ["bwrap", "--unshare-user", "--uid", "61000", "--gid", "61000", "--cap-drop", "ALL", "--die-with-parent"]
    words += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/dev/shm"]
    words += ["--bind", str(home), str(home), "--chdir", str(home), "--setenv", "HOME", "/nonexistent"]
    words += ["--seccomp", str(seccomp)] if seccomp is not None else []
    return [*words, *command]
