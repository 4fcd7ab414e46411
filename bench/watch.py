"""What all processes of one session take: processor time, memory. Linux only. IO: files, processes.

A program that is started in a session of its own is that session, with all its children and grandchildren.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SAMPLE_S = 0.1
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Peak:
    """Most memory, MB: of one process, and of all at once (what they share counts for each)."""

    largest: float = 0.0
    together: float = 0.0


def members(session: int) -> Iterator[tuple[int, list[str]]]:
    """List a session's processes → process id, and the fields of its ``stat`` from the state on."""
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            try:
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has just ended
            if int(fields[3]) == session:
                yield int(entry.name), fields


def cpu_s(session: int) -> tuple[float, float]:
    """Add up the processor time of all processes of a session, and of those that ended and were waited for there.

    → that of all, and that of its first process alone.
    """
    total = first = 0.0
    for process, fields in members(session):
        utime, stime, children_utime, children_stime = (int(field) / TICKS for field in fields[11:15])
        try:
            own = time.clock_gettime(~process << 3 | 2)  # clock_getcpuclockid(3): to the nanosecond
        except OSError:
            own = utime + stime
        total += own + children_utime + children_stime
        if process == session:
            first = own
    return total, first


def memory_mb(process: int) -> tuple[float, float]:
    """Tell a process's memory → most since it was last forgotten, now; MB."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    found = dict(line.split(":", 1) for line in lines if line.startswith(("VmHWM", "VmRSS")))
    return tuple(int(found.get(name, "0 kB").split()[0]) / 1024 for name in ("VmHWM", "VmRSS"))  # type: ignore[return-value]


@contextmanager
def memory_watched(session: int) -> Iterator[Peak]:
    """Watch a session's memory while the body runs."""
    peak, ended = Peak(), threading.Event()

    def look() -> None:
        now = [memory_mb(process) for process, _ in members(session)]
        peak.largest = max([peak.largest, *(most for most, _ in now)])
        peak.together = max(peak.together, sum(present for _, present in now))

    def watch() -> None:
        while not ended.wait(SAMPLE_S):
            look()

    for process, _ in members(session):
        Path(f"/proc/{process}/clear_refs").write_text("5")  # forget the peak that was
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()
        look()
