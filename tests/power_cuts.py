"""What a power cut may leave of a folder: recorded writes and fsyncs, replayed with what was not synced lost or torn.

``recorded`` has strace write down what a process does to the files of a folder, in order. ``Disk`` replays it, and
``after_cut`` gives a folder as it may be found when the power went at that moment, on a disk that honours fsync:

- what was written to a file before its last fsync is there; of what was written since, each write is there, is not, or
  is there in some of its sectors;
- of names made, renamed or removed in a folder since its last fsync, the first few are done, in their order.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

CALLS = (
    "openat,creat,pwrite64,pwritev,write,writev,fsync,fdatasync,ftruncate,truncate,rename,renameat,renameat2,unlink,"
    "unlinkat,link,linkat,fallocate,copy_file_range,sendfile"
)
STRACE = ("strace", "-f", "-y", "-xx", "-s", "30000000", "--seccomp-bpf", "-e", f"trace={CALLS}", "-e", "signal=none")
SYNCS = ("fsync", "fdatasync")
SECTOR = 512

Mode = Literal["kept", "dropped", "some", "torn"]
MODES: tuple[Mode, ...] = ("kept", "dropped", "some", "torn", "torn", "some")
"""How unsynced writes end: all there, none, each by chance, each by chance and some of them in part."""

LINE = re.compile(r"(\d+) +(\w+)\((.*)")
RESUMED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)")
STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
HANDLE = re.compile(r"(-?\d+|AT_FDCWD)<([^>]*)>")


@dataclass(frozen=True, slots=True)
class Call:
    """A system call that ended well; ``began``: its place among the beginnings and ends of all calls."""

    name: str
    said: str
    began: int
    ended: int
    result: int

    def strings(self) -> list[bytes]:
        """Give the strings among its arguments."""
        found = [(match[1], match[2]) for match in STRING.finditer(HANDLE.sub("", self.said))]
        assert not any(cut for _, cut in found), "strace cut a string"
        return [unhex(text) for text, _ in found]

    def paths(self) -> list[str]:
        """Give the paths of its descriptors."""
        return [unhex(path).decode() for _, path in HANDLE.findall(self.said)]


def unhex(text: str) -> bytes:
    r"""Read ``\x41\x42``; a path in a descriptor may stand as it is."""
    return bytes.fromhex(text.replace("\\x", "")) if text.startswith("\\x") else text.encode()


def calls(trace: Path, first: int = 0) -> Iterator[Call]:
    """Read a trace → its calls as they took effect: a sync when it ended, others when they began; no failed ones."""
    begun: dict[str, tuple[str, str, int]] = {}
    found: list[Call] = []
    with trace.open(encoding="ascii", errors="replace") as lines:
        for at, line in enumerate(lines, first):
            if match := RESUMED.match(line):
                thread, name, rest = match.groups()
                if thread in begun:
                    _, said, began = begun.pop(thread)
                    found.append(Call(name, f"{said}{rest}", began, at, result_of(rest)))
            elif match := LINE.match(line):
                thread, name, rest = match.groups()
                if rest.endswith("<unfinished ...>"):
                    begun[thread] = (name, rest.removesuffix("<unfinished ...>"), at)
                else:
                    found.append(Call(name, rest, at, at, result_of(rest)))
    good = (call for call in found if call.result >= 0)
    yield from sorted(good, key=lambda call: call.ended if call.name in SYNCS else call.began)


def result_of(rest: str) -> int:
    """Read what a call gave; -1 where it failed."""
    value = rest.rpartition(" = ")[2].split("<")[0].split()
    try:
        return int(value[0], 0) if value else -1
    except ValueError:
        return -1


def last_number(call: Call) -> int:
    """Read a call's last argument."""
    return int(call.said.rpartition(" = ")[0].rstrip(") ").rpartition(", ")[2])


@dataclass(slots=True, eq=False)
class File:
    """A file: what is surely on the disk, what programs see, and what was done to it since it was synced."""

    durable: bytearray = field(default_factory=bytearray)
    seen: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, int, bytes | None]] = field(default_factory=list)
    """(when, at which byte, what); None: it was cut there."""


@dataclass(frozen=True, slots=True)
class Named:
    """A change of names in a folder: ``path`` is this file now; None: there is none of that name."""

    when: int
    folder: str
    path: str
    file: File | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something of note: a whole line that went to a descriptor (``text``), or a file that got its name (``path``)."""

    when: int
    text: bytes
    path: str = ""


class Disk:
    """The files below a folder, as calls change them; ``log``: where the process writes its log."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder, self.log = str(folder), str(log)
        self.seen: dict[str, File] = {}
        self.durable: dict[str, File] = {}
        self.names: list[Named] = []

    def take(self, call: Call) -> Iterator[Event]:
        """Do what a call did → what is of note."""
        match call.name:
            case "openat" | "creat":
                self.open(call)
            case "write":
                (path,), (data, *_) = call.paths()[:1], call.strings() or [b""]
                if path == self.log:
                    yield Event(call.began, data)
                elif self.ours(path):
                    file = self.file(path)
                    self.write(file, call, len(file.seen), data[: call.result])  # all of ours append
            case "pwrite64":
                path = call.paths()[0]
                if self.ours(path):
                    self.write(self.file(path), call, last_number(call), call.strings()[0][: call.result])
            case "ftruncate":
                path = call.paths()[0]
                if self.ours(path):
                    self.cut(
                        self.file(path), call, int(call.said.rpartition(" = ")[0].rstrip(") ").rpartition(", ")[2])
                    )
            case "fsync" | "fdatasync":
                self.sync(call.paths()[0], call)
            case "rename" | "renameat" | "renameat2":
                old, new = (one.decode() for one in call.strings()[:2])
                if self.ours(new) or self.ours(old):
                    file = self.file(old)
                    self.name(call, new, file)
                    self.name(call, old, None)
                    yield Event(call.began, bytes(file.seen), new)
            case "unlink" | "unlinkat":
                path = call.strings()[0].decode()
                if self.ours(path) and path in self.seen:
                    self.name(call, path, None)
            case _:
                assert not any(self.ours(path) for path in call.paths()), f"{call.name} is not replayed"

    def ours(self, path: str) -> bool:
        """Tell whether a path is of the folder, and its content of note; the shared index of a WAL is made anew."""
        return path.startswith(f"{self.folder}/") and not path.endswith(("-shm", ".lock", ".sock")) and path != self.log

    def open(self, call: Call) -> None:
        """Make or empty a file, where that is what opening did."""
        path = unhex(call.said.rpartition("<")[2].rstrip(">) \n")).decode()
        if not self.ours(path) or "O_DIRECTORY" in call.said:
            return
        if path not in self.seen and "O_CREAT" in call.said:
            self.name(call, path, File())
        elif path in self.seen and "O_TRUNC" in call.said:
            self.cut(self.seen[path], call, 0)

    def file(self, path: str) -> File:
        """Find a file by its name."""
        assert path in self.seen, f"{path} is not known"
        return self.seen[path]

    def write(self, file: File, call: Call, offset: int, data: bytes) -> None:
        """Write to a file."""
        put(file.seen, offset, data)
        file.pending.append((call.began, offset, data))

    def cut(self, file: File, call: Call, size: int) -> None:
        """Cut a file, or lengthen it with zeros."""
        resize(file.seen, size)
        file.pending.append((call.began, size, None))

    def name(self, call: Call, path: str, file: File | None) -> None:
        """Note a change of names."""
        if file is None:
            self.seen.pop(path, None)
        else:
            self.seen[path] = file
        self.names.append(Named(call.began, path.rpartition("/")[0], path, file))

    def sync(self, path: str, call: Call) -> None:
        """Put on the disk what was done to a file, or in a folder, before the call began."""
        if path in self.seen:
            file = self.seen[path]
            for when, offset, data in file.pending:
                if when < call.began:
                    apply(file.durable, offset, data)
            file.pending = [one for one in file.pending if one[0] >= call.began]
        elif f"{path}/".startswith(f"{self.folder}/"):
            for named in self.names:
                if named.folder == path and named.when < call.began:
                    settle(self.durable, named)
            self.names = [named for named in self.names if named.folder != path or named.when >= call.began]

    def after_cut(self, chance: random.Random, mode: Mode) -> dict[str, bytes]:
        """Give the folder as it may be found when the power goes now → by path."""
        names = dict(self.durable)
        done = {"kept": len(self.names), "dropped": 0}.get(mode, chance.randint(0, len(self.names)))
        for named in self.names[:done]:
            settle(names, named)
        return {path: content(file, chance, mode) for path, file in names.items()}


def settle(names: dict[str, File], named: Named) -> None:
    """Do a change of names."""
    if named.file is None:
        names.pop(named.path, None)
    else:
        names[named.path] = named.file


def content(file: File, chance: random.Random, mode: Mode) -> bytes:
    """Give what may be found of a file."""
    made = bytearray(file.durable)
    share = chance.choice((0.1, 0.5, 0.9))
    for _, offset, data in file.pending:
        if mode == "dropped" or (mode != "kept" and chance.random() > share):
            continue
        if mode == "torn" and data is not None and chance.random() < 0.5:
            for at in range(0, len(data), SECTOR):
                if chance.random() < 0.5:
                    put(made, offset + at, data[at : at + SECTOR])
        else:
            apply(made, offset, data)
    return bytes(made)


def apply(made: bytearray, offset: int, data: bytes | None) -> None:
    """Write, or cut."""
    if data is None:
        resize(made, offset)
    else:
        put(made, offset, data)


def put(made: bytearray, offset: int, data: bytes) -> None:
    """Write bytes at a place; what lies between the end and there is zeros."""
    if len(made) < offset:
        made.extend(bytes(offset - len(made)))
    made[offset : offset + len(data)] = data


def resize(made: bytearray, size: int) -> None:
    """Cut, or lengthen with zeros."""
    if size < len(made):
        del made[size:]
    else:
        made.extend(bytes(size - len(made)))


def laid_out(files: dict[str, bytes], folder: str, to: Path) -> None:
    """Write a folder as it was found to another place."""
    for path, data in files.items():
        target = to / path.removeprefix(f"{folder}/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
