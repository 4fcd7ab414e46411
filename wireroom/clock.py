"""What time it is, also while somebody sets the clock: a jump is not believed before something bears it out. IO: clock.

A machine without a battery begins in 1970, a wrong time server adds a year for a minute, a hand slips. By such a time
sources would wait for a year, leases would be over, and what is kept for a year would be deleted. So the time before
the jump is gone on with, by a clock that nobody can set, until servers' own dates (the ``Date`` of their answers) say
that the new one is right, or it has stood for a day with nobody saying anything. Then all that was planned is moved
with it (``wireroom.clock_watch``). What is deleted because it is old is deleted only while the clock is ``sure``.
"""

from __future__ import annotations

import statistics
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

JUMP_S = 300
"""A step by no more than this is the work of a time server, and believed at once."""

AGREE_S = 86_400
"""A server's date that is no further off agrees: caches on the way give old ones, and some clocks are wrong."""

STANDS_S = 86_400
"""So long has a new time to stand where no server says anything."""

HOSTS, MOST_HOSTS = 3, 200
"""So many hosts at least must say the same, or all where there are fewer; so many are kept in mind."""

LONG = timedelta(days=30)
"""After so long without a poll it may be the clock that is ahead, and not the daemon that was away."""

Clocks = Callable[[], tuple[float, float]]
"""Gives the time by the system's clock, and by one that only goes forward: seconds."""


def system_clocks() -> tuple[float, float]:
    """Read both; the second goes on while the machine sleeps, where there is such a clock."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.time(), time.monotonic() if boot is None else time.clock_gettime(boot)


def verdict(skews: list[float], hosts: int) -> Literal["right", "wrong"] | None:
    """Judge a clock by how far the dates of so many hosts are ahead of it, of ``hosts`` that are polled."""
    needed = max(1, min(HOSTS, hosts))
    agree = sum(abs(skew) <= AGREE_S for skew in skews)
    against = len(skews) - agree
    if max(agree, against) < needed or agree == against:
        return None
    return "right" if agree > against else "wrong"


class Clock:
    """The time that the daemon goes by. Reading it is for any thread, all else for the event loop's."""

    def __init__(self, read: Clocks = system_clocks) -> None:
        self._read = read
        wall, steady = read()
        self._offset = wall - steady  # of the time that is believed
        self._vouched = True
        self._jumped: tuple[float, float] | None = None  # to which offset, and since when
        self._skews: OrderedDict[str, float] = OrderedDict()  # by how much the dates of hosts are ahead
        self._denied = False  # by most servers
        self.trouble: str | None = None
        """What is wrong with it, for the log; None while nothing is."""

    def __call__(self) -> datetime:
        """Give the time now, UTC."""
        wall, steady = self._read()
        if abs(wall - steady - self._offset) <= JUMP_S:
            return datetime.fromtimestamp(wall, UTC)
        return datetime.fromtimestamp(steady + self._offset, UTC)

    @property
    def sure(self) -> bool:
        """Tell whether the time can be trusted with what can't be taken back."""
        wall, steady = self._read()
        return self._vouched and abs(wall - steady - self._offset) <= JUMP_S

    @property
    def wrong(self) -> str | None:
        """Say what is wrong where most servers say so too: somebody has to set the clock."""
        return self.trouble if self._denied else None

    def started(self, last: datetime | None) -> None:
        """Hear when the last poll of all was: where that is long ago, or still to come, servers have to vouch."""
        if last is not None and not -timedelta(days=1) <= self() - last <= LONG:
            self._vouched = False

    def heard(self, host: str, date: datetime | None) -> None:
        """Hear the date of a host's answer."""
        if date is not None:
            self._skews.pop(host, None)
            self._skews[host] = date.timestamp() - self._read()[0]
            if len(self._skews) > MOST_HOSTS:
                self._skews.popitem(last=False)

    def look(self, hosts: int) -> float | None:
        """Judge anew; ``hosts`` is how many are polled → the seconds by which the time to be believed now is ahead.

        None where nothing changes. Whoever gets a number moves what is planned, and calls ``take``.
        """
        wall, steady = self._read()
        offset = wall - steady
        found = verdict(list(self._skews.values()), hosts)
        self._denied = found == "wrong"
        if abs(offset - self._offset) <= JUMP_S:
            if self._jumped is not None:
                self._forget_jump()
            elif found is not None:
                self._vouched = found == "right"
                self.trouble = None if self._vouched else f"it is {self._off()}; {SET}"
            self._offset = offset
            return None
        step = offset - self._offset
        if self._jumped is None or abs(offset - self._jumped[0]) > JUMP_S:
            self._forget_jump()
            self._jumped = offset, steady
            self.trouble = f"it was set {spelled(step)}: not believed yet, the old time is gone on with"
        elif found == "right" or (found is None and steady - self._jumped[1] >= STANDS_S):
            return step
        elif found == "wrong":
            self.trouble = f"it was set {spelled(step)}, and is {self._off()}; {SET}"
        return None

    def take(self) -> None:
        """Believe what ``look`` has found."""
        wall, steady = self._read()
        self._offset = wall - steady
        self._vouched = any(abs(skew) <= AGREE_S for skew in self._skews.values())
        self._jumped = self.trouble = None
        self._denied = False

    def _forget_jump(self) -> None:
        self._jumped = self.trouble = None
        self._denied = False
        self._skews.clear()

    def _off(self) -> str:
        """Say how far off it is by the dates of servers."""
        skew = statistics.median(skew for skew in self._skews.values() if abs(skew) > AGREE_S)
        return f"{length(skew)} {'behind' if skew > 0 else 'ahead of'} what most servers say"


SET = "set it right; what is too old to be kept is kept meanwhile"


def spelled(step_s: float) -> str:
    """Say which way, and how far."""
    return f"{'forward' if step_s > 0 else 'back'} by {length(step_s)}"


def length(seconds: float) -> str:
    """Write a length of time for eyes."""
    minutes = round(abs(seconds) / 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 72 * 60 else f"{minutes // 1440} days"


CLOCK = Clock()
"""This process's."""


def utc_now() -> datetime:
    """Tell what time it is, as far as that can be believed."""
    return CLOCK()


def clock_is_sure() -> bool:
    """Tell whether that can be trusted with what can't be taken back: what is deleted because it is old."""
    return CLOCK.sure
