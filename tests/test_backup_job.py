"""The daemon's backups: when they are due, what becomes of trouble; what the config may say of them."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from db.archive import open_writer
from db.backup import TEMPORARY
from test_backup import filled
from test_config import faults, load
from wireroom import backup_job
from wireroom.backup_job import BackupJob
from wireroom.backups import backup_lines, backup_status
from wireroom.rotation import name_of

NOW = datetime(2026, 11, 26, 6, tzinfo=UTC)


class Log:
    """What was logged."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **said: Any) -> None:
        """Keep a line."""
        self.lines.append((event, said))

    error = info


class Clock:
    """The time, as a test sets it."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        """Tell it."""
        return self.at


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give a clock to the job, which looks at it each time."""
    clock = Clock()
    monkeypatch.setattr(backup_job, "utc_now", clock)
    monkeypatch.setattr(backup_job, "LOOK_S", 0)
    monkeypatch.setattr(backup_job, "AGAIN_S", 0)
    return clock


def engine(tmp_path: Path, backup: str) -> Any:
    """Make as much of an engine as the job sees, with an archive."""
    filled(tmp_path / "wireroom.db").db.close()
    config = load(tmp_path, f"[backup]\n{backup}")
    return SimpleNamespace(config=config, log=Log(), warnings={}, closing=False)


def kept(tmp_path: Path) -> list[str]:
    """List the backups."""
    return sorted(path.name for path in (tmp_path / "kept").glob("*"))


async def test_one_is_made_each_time_it_is_due_and_old_ones_go(tmp_path: Path, clock: Clock) -> None:
    """By the clock on the wall, also where that was a year ahead for a while."""
    its = engine(tmp_path, "folder = 'kept'\nevery = '12h'\ndaily = 2\nweekly = 0\nmonthly = 0\npacking = 'gzip'")
    job = BackupJob(its)
    for hours in (0, 1, 11, 12, 24, 36):
        clock.at = NOW + timedelta(hours=hours)
        await job.tick()
    assert kept(tmp_path) == ["wireroom-2026-11-26T180000Z.db.gz", "wireroom-2026-11-27T180000Z.db.gz"]
    assert [said["dropped"] for _, said in its.log.lines] == [0, 1, 0, 1]

    clock.at = NOW + timedelta(days=400)
    await job.tick()
    clock.at = NOW + timedelta(days=2)
    await job.tick()
    assert kept(tmp_path)[0] == "wireroom-2026-11-28T060000Z.db.gz", "those of the future are in nobody's way"
    assert "backup" not in its.warnings
    told = backup_status(its.config, clock.at)
    assert told is not None
    assert (told["last"], told["note"]) == ("2026-11-28T06:00:00Z", None)
    late = backup_lines(backup_status(its.config, clock.at + timedelta(hours=25)))
    assert "there is none since 2026-11-28T06:00:00Z" in late[1]


async def test_trouble_is_said_once_shown_in_health_and_over_when_one_is_made(tmp_path: Path, clock: Clock) -> None:
    """A file in the folder's place, say."""
    its = engine(tmp_path, "folder = 'kept'")
    job = BackupJob(its)
    (tmp_path / "kept").write_text("in the way")
    for _ in range(3):
        await job.tick()
    assert "kept" in its.warnings["backup"]
    assert [event for event, _ in its.log.lines] == ["backup"]
    (tmp_path / "kept").unlink()
    await job.tick()
    assert "backup" not in its.warnings
    assert len(kept(tmp_path)) == 1

    its.config = replace(its.config, backup=replace(its.config.backup, folder=None))
    await job.tick()
    assert (its.warnings.get("backup"), len(its.log.lines)) == (None, 2)


async def test_stop_breaks_one_off_and_what_a_kill_left_goes_with_the_next(tmp_path: Path, clock: Clock) -> None:
    """Half a copy is none: neither is there afterwards."""
    its = engine(tmp_path, "folder = 'kept'")
    its.closing = True
    await BackupJob(its).tick()
    assert (kept(tmp_path), its.log.lines, its.warnings.get("backup")) == ([], [], None)

    left = tmp_path / "kept" / f"{TEMPORARY}{name_of(tmp_path / 'wireroom.db', NOW, '')}.copy"
    left.write_bytes(b"half")
    its.closing = False
    await BackupJob(its).tick()
    assert kept(tmp_path) == ["wireroom-2026-11-26T060000Z.db.zst"]


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("folder = 'public/kept'", "which everybody can read; name a folder of its own"),
        ("folder = 'x/../public'", "which everybody can read; name a folder of its own"),
        ("every = '1h'", 'backup: says when backups are made, but not where; write folder = "backups" too'),
        ("folder = 'kept'\nevery = '1s'", "backup.every: "),
        ("folder = '~/kept'", "is no path"),
        ("packing = 'rar'", "backup.packing: "),
        ("folder = 'kept'\nkeep = 7", "backup.keep: unknown key"),
    ],
)
def test_config_faults_name_the_mend(tmp_path: Path, said: str, fault: str) -> None:
    """Before anything is copied to where it must not be."""
    (found,) = faults(tmp_path, f"[backup]\n{said}")
    assert fault in found


def test_with_litestream_the_log_is_left_to_it(tmp_path: Path) -> None:
    """Nothing of ours writes it back, however long it gets."""
    sizes = {}
    for checkpoints in (True, False):
        folder = tmp_path / str(checkpoints)
        with closing(open_writer(folder / "wireroom.db", checkpoints=checkpoints)) as db:
            for n in range(8):
                db.execute("BEGIN")
                db.conn.executemany(
                    "INSERT INTO tags (kind, name) VALUES (?, ?)", [(str(n), str(m) * 1500) for m in range(300)]
                )
                db.execute("COMMIT")
            sizes[checkpoints] = (folder / "wireroom.db-wal").stat().st_size
    assert sizes[False] > 2 * sizes[True] > 0
