"""The disk is full, may only be read, or does not keep what it is told to: nothing is lost, nothing twice, all said."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys

import pytest

import db.checkpoint
from faulty import (
    ALL,
    DISK,
    break_disk,
    failing,
    fill,
    in_full,
    mend_disk,
    needs_namespace,
    needs_strace,
    on_own_disk,
    on_real_disk,
    poll_all,
    poll_inside,
    rows_inside,
    running,
    seen_by,
)
from full_disk import counted_disk
from house import ROOT, House, until
from origin import Origin, item, rss

TOPIC = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "story"\n'
STEP = 1 if "WIREROOM_CUTS" in os.environ else 7 if ALL else 17
LONG = "What happened in this story is told at great length. " * 40


def configured(house: House, origin: Origin, poll: str = "") -> None:
    """Have the archive on the disk of its own."""
    house.configure({"f": origin.url("/f")}, TOPIC, allow=origin.port, poll=poll)
    text = house.config.read_text().replace("[wireroom]", f'[wireroom]\narchive = "{DISK}/wireroom.db"', 1)
    house.config.write_text(text)


def serve(origin: Origin, count: int, text: str = LONG) -> None:
    """Give so many items, and a validator of just them."""
    items = (item(n, text=f"{n} {text}") for n in range(count, 0, -1))
    origin.feed("/f", rss(*items), ETag=f'"{count}"')


@in_full
@pytest.mark.needs("unshare", "nsenter")
def test_full_disk_keeps_what_was_and_goes_on_when_there_is_room(house: House, origin: Origin) -> None:
    """Polls fail whole, what is published is served, health is red till there is room; then all is there, once."""
    needs_namespace()
    configured(house, origin)
    serve(origin, 3)
    with house.daemon(under=on_own_disk(house, "24m")) as daemon:
        until(lambda: daemon.get("/topics/all.rss")[2].count(b"<item>") == 3, "the stories are not served")
        disk = seen_by(daemon, house.folder / DISK)
        before = daemon.get("/topics/all.rss")[2]
        filler = fill(disk)
        serve(origin, 400)
        failed = poll_inside(daemon)

        assert failed["failed"] == 1
        assert "no room on the disk" in failed["polled"][0]["error"]
        assert f"{DISK}/wireroom.db" in failed["polled"][0]["error"]
        assert rows_inside(daemon, "SELECT count(*) FROM entries") == [[3]]
        assert rows_inside(daemon, "SELECT etag FROM sources") == [['"3"']]
        assert daemon.get("/topics/all.rss")[2] == before
        status, _, body = daemon.get("/healthz")
        assert (status, "make some" in json.loads(body)["trouble"]) == (503, True)

        os.truncate(filler, filler.stat().st_size - 400_000)  # a fiftieth would be more
        serve(origin, 4)
        assert poll_inside(daemon)["new_stories"] == 1
        assert "no room on the disk" in json.loads(daemon.get("/healthz")[2])["trouble"]

        serve(origin, 400)
        filler.unlink()
        assert poll_inside(daemon)["new_stories"] == 396
        assert rows_inside(daemon, "SELECT count(*), count(DISTINCT guid) FROM entries") == [[400, 400]]
        assert rows_inside(daemon, "PRAGMA integrity_check") == [["ok"]]
        until(lambda: daemon.get("/healthz")[0] == 200, "health stays red")  # it looks at the disk now and then
        assert json.loads(daemon.get("/healthz")[2])["trouble"] is None
        daemon.stop()
        assert daemon.process.returncode == 0
    assert (len(said(house)), said(house)[-1]) == (2, None)


@in_full
@pytest.mark.needs("strace")
def test_disk_that_turns_read_only_is_like_a_full_one(house: House, origin: Origin) -> None:
    """As a kernel does that has seen an error: polls fail, what is there is served; it goes on when it can."""
    needs_strace()
    serve(origin, 2)
    house.configure({"f": origin.url("/f")}, TOPIC, allow=origin.port)
    house.poll()
    serve(origin, 5)
    under = failing("pwrite64", "EROFS", "20..25", str(house.archive.with_name("wireroom.db-wal")))
    with house.daemon(under=under) as daemon:
        told: set[str | None] = set()

        def there() -> bool:
            told.add(json.loads(daemon.get("/healthz")[2])["trouble"])
            house.wireroom("poll")
            return house.rows("SELECT count(*), count(DISTINCT guid) FROM entries") == [(5, 5)]

        until(there, "it does not go on")
        until(lambda: daemon.get("/healthz")[0] == 200, "health stays red")
        until(lambda: said(house)[-1:] == [None], "nothing says that it is over")
        daemon.stop()
        assert daemon.process.returncode == 0
    assert any("wireroom.db: can't be read or written" in str(one) for one in said(house))


@in_full
@pytest.mark.needs("unshare", "nsenter", "mkfs.ext4")
def test_disk_that_the_kernel_turns_read_only_is_served_from_and_loses_nothing(house: House, origin: Origin) -> None:
    """At an error of its own: red, or at an end (74) where an fsync failed, and it is said why; mended, all comes."""
    configured(house, origin, 'floor = "1s"\nceiling = "1s"')
    under = on_real_disk(house)
    serve(origin, 3)
    with house.daemon(under=under) as daemon:
        until(lambda: daemon.get("/topics/all.rss")[2].count(b"<item>") == 3, "the stories are not served")
        before = daemon.get("/topics/all.rss")[2]
        break_disk(daemon)
        serve(origin, 5)
        with contextlib.suppress(OSError):  # it has ended
            until(lambda: daemon.get("/healthz")[0] == 503, "health stays green")
            assert f"{DISK}/wireroom.db: " in json.loads(daemon.get("/healthz")[2])["trouble"]
            assert daemon.get("/topics/all.rss")[2] == before
        daemon.stop()
        assert daemon.process.returncode in (0, 74)  # it depends on the kernel whether an fsync fails
        last = (house.folder / "daemon.log").read_text().splitlines()[-1]
        assert '"event": "stopped"' in last or f"{DISK}/wireroom.db: the disk did not keep" in last
    mend_disk(house)
    with house.daemon(under=under) as daemon:
        assert poll_inside(daemon)["failed"] == 0
        assert rows_inside(daemon, "SELECT count(*), count(DISTINCT guid) FROM entries") == [[5, 5]]
        assert rows_inside(daemon, "PRAGMA integrity_check") == [["ok"]]


def said(house: House) -> list[str | None]:
    """Read what the log says of the archive."""
    return [line["trouble"] for line in house.log_lines() if line["event"] == "archive"]


@in_full
@pytest.mark.needs("unshare", "nsenter")
def test_archive_on_a_disk_that_may_only_be_read_is_refused(house: House, origin: Origin) -> None:
    """The folder or the file: exit code 74 or 73, one line with the path."""
    needs_namespace()
    configured(house, origin)
    serve(origin, 2)
    disk = house.folder / DISK
    disk.mkdir()
    for there in (False, True):
        script = f'mount --bind {DISK} {DISK} && mount -o remount,bind,ro {DISK} && exec "$@"'
        under = ["unshare", "-rm", "sh", "-c", script, "sh"]
        done = subprocess.run(
            [*under, sys.executable, "-m", "wireroom", "run"],
            cwd=house.folder,
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr.count("\n")) == (74, 1), done
        assert str(disk) in done.stderr
        if not there:
            assert list(disk.iterdir()) == []
            assert house.poll()["new_stories"] == 2
            disk.joinpath("wireroom.db.lock").unlink()


@in_full
@pytest.mark.needs("strace")
def test_fsync_that_fails_ends_the_daemon_and_a_restart_recovers(house: House, origin: Origin) -> None:
    """It is not called again: exit code 74. What was reported is there, what was not comes again, nothing twice."""
    needs_strace()
    serve(origin, 3)
    house.configure({"f": origin.url("/f")}, TOPIC, allow=origin.port)
    house.poll()
    for when, path in (("6+", "wireroom.db-wal"), ("9+", "wireroom.db-wal")):
        count = house.rows("SELECT count(*) FROM entries")[0][0] + 3
        serve(origin, count)
        under = failing("fsync,fdatasync", "EIO", when, str(house.folder / path))
        with house.daemon(under=under, wait=False) as daemon:
            until(lambda: house.wireroom("poll") is not None and daemon.process.poll() is not None, "it goes on")
            assert daemon.process.returncode == 74
        last = (house.folder / "daemon.log").read_text().splitlines()[-1]
        assert "the disk did not keep what it was told to keep" in last
        assert "start again" in last
        assert house.poll()["failed"] == 0
        assert house.rows("SELECT count(*), count(DISTINCT guid) FROM entries") == [(count, count)]
    assert house.rows("PRAGMA integrity_check") == [("ok",)]


async def test_disk_that_is_full_at_any_write_loses_nothing(
    house: House, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From whichever write on there is no room, in a poll or at the stop: each poll is there whole, or it is said why.

    Of these writes `make test` tries every 17th, `make test-all` every 7th, `make torture` each.
    """
    monkeypatch.setattr(db.checkpoint, "FRAMES", 60)  # so that the room ends also while the log is moved
    house.configure({"f": origin.url("/f")}, f"{TOPIC}limit = 1000\n", allow=origin.port)
    serve(origin, 3, LONG[:300])
    house.poll()
    ((count,),) = before = house.rows("SELECT count(*) FROM entries")
    failed, at = 0, 1
    with counted_disk() as disk:
        while disk.writes >= at - STEP:  # it was met the last time
            count += 1
            serve(origin, count, LONG[:300])
            disk.writes, disk.full_from = 0, at
            async with running(house) as engine:
                (polled,) = (await poll_all(engine))["polled"]
                assert (polled["error"] is None) == (house.rows("SELECT count(*) FROM entries") == [(count,)])
                if polled["error"] is not None:
                    failed += 1
                    assert "no room on the disk" in polled["error"]
                    assert house.rows("SELECT count(*) FROM entries") == before
                    assert house.rows("SELECT etag FROM sources") == [(f'"{count - 1}"',)]
                    assert "make some" in engine.press.health()["trouble"]
                if disk.writes >= at:
                    disk.full_from = None
                    assert (await poll_all(engine))["failed"] == 0
                    assert engine.press.health()["ok"] is True
            disk.full_from = None
            before = house.rows("SELECT count(*) FROM entries")
            assert before == house.rows("SELECT count(DISTINCT guid) FROM entries") == [(count,)]
            assert house.rows("SELECT count(*), count(DISTINCT story_id) FROM selections") == [(count, count)]
            assert house.rows("SELECT etag FROM sources") == [(f'"{count}"',)]
            assert house.rows("PRAGMA integrity_check") == [("ok",)]
            document = (house.folder / "public" / "topics" / "all.rss").read_bytes()
            assert document.count(b"<item>") == count
            at += STEP
    assert failed > 2
