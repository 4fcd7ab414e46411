"""What the daemon's signs of life come to: well or not, each reason with its mend. Pure.

It is well while it does its work, or has none. That a source fails is no reason, nor are many; that nothing at all has
succeeded is one. ``/healthz``, the metrics, ``status --health`` and the service manager's watchdog go by this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from db.room import least_free

INTERVALS = 3
"""Nothing has succeeded for so many times as long as a source rests at least …"""
LEAST_WINDOW_S = 300.0
"""… and for at least so long."""
LEAST_TRIES = 3
STUCK_S = 60.0
"""The writer is stuck where it gives no sign of life for so long with work before it; the beat likewise."""
LOW_SHARE, LOW_BYTES = 0.1, 1024**3
"""A disk is running full with less than this of it free, a share and bytes: a warning."""

PLACES = {"archive": "the archive", "publish": "the publish folder"}
REASONS: Mapping[str, str] = {
    "archive": "the last poll could not be written",
    "cluster": "polls can't be done where `[poll] scheduler` says",
    "publish": "something could not be published the last time",
    "disk": "less than 2 % of a disk is free, and less than 64 MB",
    "writer": "the archive's writer has shown no sign of life for a minute of work; or another program holds it",
    "beat": "no source was looked at for a minute",
    "silent": "no poll was good for three times `[poll] floor`, 5 minutes at least, and half of all sources were tried",
    "idle": "sources are due, and no poll has ended for as long",
}
"""Why it is not well: the code, and when it is so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What is wrong, and the mend."""

    code: str
    said: str
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """What is free where ``what`` is, a word of PLACES, bytes."""

    what: str
    path: str
    free: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """The daemon's signs of life. Times are of one steady clock, in seconds."""

    now: float
    started: float
    floor_s: float = 600.0
    sources: int = 0
    """Those whose polls tell of the world: on the web; files, where there are no others."""
    tried: int = 0
    tries: int = 0
    """Of them, those that were polled since a poll was last good, and how often."""
    last_poll: float | None = None
    last_good: float | None = None
    due_s: float = 0.0
    """For how long the source that waits longest has been due."""
    offline: bool = False
    """Our own network is down."""
    writer_alive: bool = True
    writer_quiet_s: float = 0.0
    writer_busy_s: float = 0.0
    writer_locked: bool = False
    beat_quiet_s: float = 0.0
    archive: str | None = None
    cluster: str | None = None
    publish: str | None = None
    """What the last poll, the cluster, the last publishing came to grief over."""
    disks: tuple[Disk, ...] = ()
    warnings: Mapping[str, str] = field(default_factory=dict)
    """What others remark: a backup that failed."""

    @property
    def window_s(self) -> float:
        """For how long nothing may succeed."""
        return max(LEAST_WINDOW_S, INTERVALS * self.floor_s)


def reasons(signs: Signs) -> list[Reason]:
    """Find what is wrong now, what matters most first; nothing: it is well."""
    found = [
        Reason(code=code, said=said, mend=mend)
        for code, said, mend in (
            ("archive", signs.archive, "check the archive's disk and rights; it is tried again within a minute"),
            ("cluster", signs.cluster, "see docs/cluster.md"),
            ("publish", signs.publish, "it is tried again at once"),  # what is said ends with the mend
        )
        if said is not None
    ]
    for disk in signs.disks:
        if disk.free < least_free(disk.total):
            said = f"the disk of {PLACES[disk.what]} is full: {disk.free // 1024} kB free in {disk.path}"
            found.append(Reason(code="disk", said=said, mend="make room; nothing is lost, what failed is done again"))
    found += [reason for reason in (writer(signs), beat(signs), silent(signs), idle(signs)) if reason is not None]
    return found


def writer(signs: Signs) -> Reason | None:
    """Look at the archive's writer."""
    if not signs.writer_alive:
        return Reason(code="writer", said="the archive's writer has ended", mend="restart it, and report it")
    if signs.writer_quiet_s > STUCK_S:
        said = f"the archive's writer has been stuck for {signs.writer_quiet_s:.0f} seconds"
        return Reason(code="writer", said=said, mend="look at the archive's disk (a network mount?), then restart it")
    if signs.writer_locked and signs.writer_busy_s > STUCK_S:
        said = f"another program has held the archive for {signs.writer_busy_s:.0f} seconds"
        return Reason(code="writer", said=said, mend="end its transaction; what waits is written then")
    return None


def beat(signs: Signs) -> Reason | None:
    """Look at the beat by which all work is begun."""
    if signs.beat_quiet_s <= STUCK_S:
        return None
    said = f"sources were looked at last {signs.beat_quiet_s:.0f} seconds ago"
    return Reason(code="beat", said=said, mend="restart it; if that helps not for long, report it")


def silent(signs: Signs) -> Reason | None:
    """Look whether anything at all succeeds: a few broken sources among some that rest say nothing."""
    since = signs.now - (signs.started if signs.last_good is None else signs.last_good)
    if since <= signs.window_s or signs.tries < LEAST_TRIES:
        return None
    if signs.offline:
        said = f"no source was reached for {since:.0f} seconds: our own network"
        return Reason(code="silent", said=said, mend="look at this machine's network and name server")
    if 2 * signs.tried < signs.sources:
        return None
    said = f"no poll was good for {since:.0f} seconds, though {signs.tried} of {signs.sources} sources were tried"
    return Reason(code="silent", said=said, mend="`wireroom status` tells what each says; look at the network")


def idle(signs: Signs) -> Reason | None:
    """Look whether what is due is polled."""
    since = signs.now - (signs.started if signs.last_poll is None else signs.last_poll)
    if min(since, signs.due_s) <= signs.window_s:
        return None
    said = f"a source has been due for {signs.due_s:.0f} seconds, and no poll ended"
    return Reason(code="idle", said=said, mend="restart it, and report it")


def warnings(signs: Signs) -> list[Reason]:
    """Find what will be wrong if nobody looks."""
    found = [
        Reason(
            code="disk",
            said=f"the disk of {PLACES[disk.what]} is running full: {disk.free // 1024**2} MB free in {disk.path}",
            mend="make room, or keep less (docs/keeping.md)",
        )
        for disk in signs.disks
        if least_free(disk.total) <= disk.free < min(LOW_BYTES, LOW_SHARE * disk.total)
    ]
    if signs.offline and silent(signs) is None:
        mend = "look at this machine's network and name server; no source is charged"
        found.append(Reason(code="network", said="most sources can't be reached: our own network", mend=mend))
    return [*found, *(Reason(code=code, said=said, mend="see the log") for code, said in signs.warnings.items())]


def alive(signs: Signs) -> bool:
    """Tell whether a restart would be no help: what the watchdog goes by. One that waits for others is alive."""
    return signs.writer_alive and signs.writer_quiet_s <= STUCK_S and signs.beat_quiet_s <= STUCK_S


def state(signs: Signs, found: list[Reason]) -> str:
    """Name the whole in a word: ``starting`` (no poll has ended yet), ``well`` or ``failing``."""
    if found:
        return "failing"
    return "starting" if signs.last_poll is None and signs.sources else "well"
