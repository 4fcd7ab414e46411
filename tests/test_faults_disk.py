"""The disk is full, may only be read, or does not keep what it is told to: nothing is lost, nothing twice, all said."""

from __future__ import annotations

import json

from faulty import DISK, fill, in_full, needs_namespace, on_own_disk, poll_inside, rows_inside, seen_by
from house import House, until
from origin import Origin, item, rss

TOPIC = '[[topic]]\nid = "all"\ntitle = "Everything"\nmatch = "story"\n'
LONG = "What happened in this story is told at great length. " * 40


def configured(house: House, origin: Origin) -> None:
    """Have the archive on the disk of its own."""
    house.configure({"f": origin.url("/f")}, TOPIC, allow=origin.port)
    text = house.config.read_text().replace("[wireroom]", f'[wireroom]\narchive = "{DISK}/wireroom.db"', 1)
    house.config.write_text(text)


def serve(origin: Origin, count: int, text: str = LONG) -> None:
    """Give so many items, and a validator of just them."""
    items = (item(n, text=f"{n} {text}") for n in range(count, 0, -1))
    origin.feed("/f", rss(*items), ETag=f'"{count}"')


@in_full
def test_full_disk_keeps_what_was_and_goes_on_when_there_is_room(house: House, origin: Origin) -> None:
    """Polls fail whole, what is published is served, health is red; then all is there, once."""
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

        filler.unlink()
        assert poll_inside(daemon)["new_stories"] == 397
        assert rows_inside(daemon, "SELECT count(*), count(DISTINCT guid) FROM entries") == [[400, 400]]
        assert rows_inside(daemon, "PRAGMA integrity_check") == [["ok"]]
        status, _, body = daemon.get("/healthz")
        assert (status, json.loads(body)["trouble"]) == (200, None)
        daemon.stop()
        assert daemon.process.returncode == 0
    told = [line["trouble"] for line in house.log_lines() if line["event"] == "archive"]
    assert (len(told), told[-1]) == (2, None)
