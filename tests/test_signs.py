"""What signs of life come to: when the daemon is not well, and only then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from db.pulse import Pulse, Spread
from wireroom.signs import REASONS, Disk, Signs, alive, reasons, state, warnings

MB = 1024**2
WELL = Signs(now=10_000, started=0, floor_s=600, sources=10, last_poll=9_990, last_good=9_990)
DISK = Disk(what="archive", path="/var/lib/wireroom", free=50_000 * MB, total=100_000 * MB)


def codes(**changed: Any) -> list[str]:
    """List the reasons of what is well but for these signs."""
    return [reason.code for reason in reasons(replace(WELL, **changed))]


def test_what_works_is_well() -> None:
    """Also while some sources fail, a reader is slow, or there is nothing to do."""
    assert codes() == []
    assert codes(tried=10, tries=30, last_good=9_000) == []
    assert codes(writer_busy_s=50, writer_quiet_s=50) == []
    assert codes(disks=(DISK,)) == []
    assert state(WELL, []) == "well"


def test_fresh_daemon_is_starting_and_well() -> None:
    """It has not polled yet; without sources there is nothing that it waits for."""
    fresh = Signs(now=5, started=0, sources=3)
    assert (reasons(fresh), state(fresh, [])) == ([], "starting")
    assert state(replace(fresh, sources=0), []) == "well"


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"archive": "disk full"}, "archive", "disk full"),
        ({"cluster": "cluster: away"}, "cluster", "away"),
        ({"publish": "public: can't be written"}, "publish", "public"),
        ({"disks": (replace(DISK, free=63 * MB),)}, "disk", "/var/lib/wireroom"),
        ({"writer_alive": False}, "writer", "ended"),
        ({"writer_quiet_s": 61}, "writer", "stuck"),
        ({"writer_busy_s": 61, "writer_locked": True}, "writer", "another program"),
        ({"beat_quiet_s": 61}, "beat", "61 seconds"),
        ({"last_good": 8_000, "tried": 5, "tries": 9}, "silent", "5 of 10"),
        ({"last_good": None, "tried": 10, "tries": 10}, "silent", "10 of 10"),
        ({"last_good": 8_000, "tried": 1, "tries": 3, "offline": True}, "silent", "our own network"),
        ({"last_poll": 8_000, "due_s": 2_000}, "idle", "2000 seconds"),
        ({"last_poll": None, "due_s": 99_999}, "idle", "due"),
    ],
)
def test_reason_says_what_is_wrong_and_the_mend(changed: dict[str, Any], code: str, said: str) -> None:
    """One fault, one reason; each that there is has its line in the docs' table."""
    (reason,) = reasons(replace(WELL, **changed))

    assert (reason.code, said in reason.said, bool(reason.mend)) == (code, True, True)
    assert reason.code in REASONS


def test_broken_sources_among_some_that_rest_say_nothing() -> None:
    """Of a hundred sources four are tried again and again, and fail; the others are due tomorrow."""
    assert codes(sources=100, last_good=5_000, tried=4, tries=40) == []
    assert codes(sources=2, last_good=5_000, tried=2, tries=2) == [], "two tries say little"
    assert codes(last_good=8_300, tried=10, tries=30) == [], "not yet for three intervals"


def test_what_is_due_after_a_downtime_is_no_reason() -> None:
    """Sources have been due for a month, and the daemon runs for a minute."""
    assert reasons(Signs(now=60, started=0, sources=5, due_s=2_600_000)) == []
    assert codes(due_s=2_600_000) == [], "one is due for long, and others are polled"


def test_small_disk_is_full_by_its_share_alone() -> None:
    """64 MB are little on a large disk, and much on one that has 100."""
    small = replace(DISK, total=100 * MB, free=3 * MB)
    assert codes(disks=(small,)) == []
    assert codes(disks=(replace(small, free=MB),)) == ["disk"]
    assert [one.code for one in warnings(replace(WELL, disks=(small,)))] == ["disk"]
    assert [one.code for one in warnings(replace(WELL, disks=(replace(small, free=MB),)))] == [], (
        "it is worse than that"
    )


def test_own_network_that_is_down_is_told_at_once() -> None:
    """It is a warning until nothing was good for three intervals, then the reason."""
    down = replace(WELL, tried=1, tries=3, offline=True)
    assert (reasons(down), [one.code for one in warnings(down)]) == ([], ["network"])
    later = replace(down, last_good=8_000)
    assert ([one.code for one in reasons(later)], warnings(later)) == (["silent"], [])


def test_warnings_of_others_are_told_and_change_nothing() -> None:
    """A backup that failed is to be looked at; what runs, runs."""
    signs = replace(WELL, warnings={"backup": "the last one failed"})
    assert reasons(signs) == []
    assert [(one.code, one.said) for one in warnings(signs)] == [("backup", "the last one failed")]


def test_watchdog_bites_only_where_a_restart_may_help() -> None:
    """A writer that is stuck, a beat that stands still; not a full disk, nor another program's lock."""
    for changed in ({"writer_alive": False}, {"writer_quiet_s": 61.0}, {"beat_quiet_s": 61.0}):
        assert not alive(replace(WELL, **changed))
    locked = replace(WELL, writer_locked=True, writer_busy_s=900, writer_quiet_s=3)
    for signs in (WELL, locked, replace(WELL, archive="full", publish="full", last_good=None)):
        assert alive(signs)


def test_pulse_is_quiet_only_while_there_is_work() -> None:
    """A writer with nothing to do may be silent for days."""
    pulse = Pulse()
    later = pulse.sign + 1_000
    assert (pulse.quiet_s(later), pulse.busy_s(later)) == (0, 0)

    pulse.begin()
    later = pulse.sign + 1_000
    assert (pulse.quiet_s(later), pulse.busy_s(later)) == (1_000, 1_000)
    pulse.beat(locked=True)
    assert (pulse.quiet_s(pulse.sign + 2), pulse.locked) == (2, True)

    pulse.undone()
    assert (pulse.quiet_s(later), pulse.locked) == (0, False)
    pulse.begin()
    pulse.committed(pulse.sign, [pulse.sign])
    assert (sum(pulse.commits.counts), pulse.done) == (1, 1)


def test_spread_counts_up_to_and_including_a_bound() -> None:
    """As Prometheus's buckets do."""
    spread = Spread((1, 2))
    for seconds in (0.5, 1, 1.5, 7):
        spread.add(seconds)

    assert (spread.counts, spread.total_s) == ([2, 1, 1], 10)
