"""The publish folder is gone, closed, full, elsewhere: polls go on, health is red, and then all of it is published."""

from __future__ import annotations

import gzip
import os
import shutil
import threading
from pathlib import Path

import pytest
from lxml import etree

from faulty import DISK, fill, in_full, needs_namespace, on_own_disk, poll_all, running, seen_by
from feeds.publish import Publisher
from house import House, until
from origin import Origin, item, rss
from wireroom import publish_place
from wireroom.engine import Engine

TOPICS = "".join(f'[[topic]]\nid = "{name}"\ntitle = "{name}"\nmatch = "story"\n' for name in ("all", "too"))


def files(folder: Path) -> dict[str, bytes]:
    """Read all that is published."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def away(folder: Path) -> None:
    """Take the folder away."""
    shutil.rmtree(folder)


def topics_away(folder: Path) -> None:
    """Take away what is in it."""
    shutil.rmtree(folder / "topics")


def another(folder: Path) -> None:
    """Put an empty one in its place, as an unmounted disk leaves it."""
    folder.rename(folder.with_name("old"))
    folder.mkdir()


@pytest.mark.parametrize("spoil", [away, topics_away, another])
async def test_folder_that_was_taken_away_is_filled_again(house: House, origin: Origin, spoil: object) -> None:
    """With every topic and page, though no story is new; then nothing is written any more."""
    assert callable(spoil)
    origin.feed("/f", rss(item(1), item(2)))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    folder = house.folder / "public"
    async with running(house) as engine:
        await poll_all(engine)
        before = files(folder)
        spoil(folder)
        await engine.press.publish()

        assert files(folder) == before
        assert {"index.html", "topics/all.rss", "topics/too.json.gz", "topics/too/index.html"} <= before.keys()
        assert engine.press.health()["ok"] is True
        there = {path: path.stat().st_ino for path in folder.rglob("*")}
        await engine.press.publish()
        assert {path: path.stat().st_ino for path in folder.rglob("*")} == there


async def test_a_folder_that_does_not_answer_holds_up_the_press_alone(
    house: House, origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server's disk may hang: the loop never asks it."""
    origin.feed("/f", rss(item(1)))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    asked: set[str] = set()

    def noted(folder: Path) -> publish_place.Place:
        asked.add(threading.current_thread().name.partition("_")[0])
        return place_of(folder)

    place_of = publish_place.place_of
    monkeypatch.setattr(publish_place, "place_of", noted)
    async with running(house) as engine:
        await poll_all(engine)
        await engine.press.publish()
        assert asked == {"press"}


def in_the_way(folder: Path) -> None:
    """Put a file where the folder was."""
    folder.rename(folder.with_name("old"))
    folder.write_text("mine")


def link_in_the_way(folder: Path) -> None:
    """Have the folder of topics lead elsewhere."""
    (folder / "topics").rename(folder / "old")
    (folder / "topics").symlink_to(folder / "old")


@pytest.mark.parametrize("spoil", [in_the_way, link_in_the_way])
async def test_polls_go_on_while_nothing_can_be_published(
    house: House, origin: Origin, monkeypatch: pytest.MonkeyPatch, spoil: object
) -> None:
    """What is in memory is served as it was, health names the path; once it is mended, all is there, the front too."""
    assert callable(spoil)
    monkeypatch.setattr("wireroom.publish_place.AGAIN_S", 0.0)
    origin.feed("/f", rss(item(1), item(2)))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    folder = house.folder / "public"
    async with running(house) as engine:
        await poll_all(engine)
        spoil(folder)
        origin.feed("/f", rss(item(1), item(2), item(3)))
        assert (await poll_all(engine))["new_stories"] == 1
        assert served(engine) == 2
        health = engine.press.health()
        assert (health["ok"], str(folder) in health["trouble"]) == (False, True)
        assert "[wireroom] publish" in health["trouble"]
        (folder if folder.is_file() else folder / "topics").unlink()
        await engine.press.publish()

        assert engine.press.health()["ok"] is True
        assert served(engine) == 3
    for name in ("topics/all.rss", "topics/too.rss"):
        assert (folder / name).read_bytes().count(b"<item>") == 3
    assert b"Story number 3" in (folder / "index.html").read_bytes()


def served(engine: Engine) -> int:
    """Count the stories in what is served of a topic."""
    document = engine.press.published("all", "rss")
    assert document is not None
    return document.body.count(b"<item>")


def test_readers_never_see_a_part_of_a_file(tmp_path: Path) -> None:
    """Who reads the folder again and again while it is written sees whole documents, in order, as do gzip's readers."""
    publisher, done, faults = Publisher(tmp_path), threading.Event(), list[str]()
    reads = {".rss": 0, ".rss.gz": 0}

    def document(number: int) -> bytes:
        return rss(*(item(n, title=f"{number}") for n in range(1 + number % 12))).encode()

    def read(end: str) -> None:
        last = 0
        while not done.is_set() or not reads[end]:
            body = (tmp_path / "topics" / f"all{end}").read_bytes()
            try:
                root = etree.fromstring(gzip.decompress(body) if end.endswith("gz") else body)
                number = int(root.findtext("channel/item/title") or "")
                if number < last or len(root.findall("channel/item")) != 1 + number % 12:
                    faults.append(f"{number} after {last}")
                last = number
            except (etree.XMLSyntaxError, ValueError, EOFError, OSError) as error:
                faults.append(repr(error))
            reads[end] += 1

    publisher.write("topics/all.rss", document(0), "application/rss+xml")
    readers = [threading.Thread(target=read, args=(end,)) for end in reads]
    for one in readers:
        one.start()
    for number in range(1, 201):
        publisher.write("topics/all.rss", document(number), "application/rss+xml")
    done.set()
    for one in readers:
        one.join()

    assert faults == []
    assert min(reads.values()) > 1


def test_folder_on_another_file_system_is_like_any(house: House, origin: Origin) -> None:
    """Nothing is written elsewhere and moved."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == house.folder.stat().st_dev:
        pytest.skip("/dev/shm is no other file system here")
    folder = shared / f"wireroom-test-{os.getpid()}"
    origin.feed("/f", rss(item(1)))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    text = house.config.read_text().replace("[wireroom]", f'[wireroom]\npublish = "{folder}"', 1)
    house.config.write_text(text)
    try:
        assert house.poll()["failed"] == 0
        assert (folder / "topics" / "all.rss").read_bytes().count(b"<item>") == 1
        assert [path for path in folder.rglob("*") if path.suffix == ".tmp"] == []
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@in_full
@pytest.mark.needs("unshare", "nsenter")
def test_full_publish_folder_keeps_what_is_there_whole(house: House, origin: Origin) -> None:
    """On a disk of its own: the old files stay, polls go on; with room again all is published by itself."""
    needs_namespace()
    origin.feed("/f", rss(*(item(n) for n in range(3))))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port, poll='floor = "0s"\nceiling = "1s"')
    text = house.config.read_text().replace("[wireroom]", f'[wireroom]\ndedupe = "off"\npublish = "{DISK}"', 1)
    house.config.write_text(text)
    with house.daemon(under=on_own_disk(house, "8m")) as daemon:
        until(lambda: daemon.get("/topics/all.rss")[2].count(b"<item>") == 3, "the stories are not served")
        disk = seen_by(daemon, house.folder / DISK)
        filler = fill(disk)
        before = (disk / "topics" / "all.rss").read_bytes()
        origin.feed("/f", rss(*(item(n, text=f"{n} long " * 900) for n in range(13))))
        until(lambda: house.rows("SELECT count(*) FROM entries") == [(13,)], "polls do not go on")
        until(lambda: daemon.get("/healthz")[0] == 503, "health stays green")
        assert (disk / "topics" / "all.rss").read_bytes() == before
        filler.unlink()
        until(lambda: daemon.get("/healthz")[0] == 200, "health stays red")
        for name in ("all", "too"):
            document = disk / "topics" / f"{name}.rss"
            until(lambda one=document: len(etree.fromstring(one.read_bytes()).findall("channel/item")) == 13, name)  # type: ignore[misc]
        assert [path.name for path in disk.rglob("*.tmp")] == []


async def test_topic_that_failed_when_all_were_looked_at_is_tried_until_it_is_written(
    house: House, origin: Origin
) -> None:
    """Though nothing of it changes any more; and until then it is told that not all is published."""
    origin.feed("/f", rss(item(1)))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    async with running(house) as engine:
        await poll_all(engine)
        feed = house.folder / "public/topics/all.rss"
        wanted = feed.read_bytes()
        feed.unlink()
        (feed / "in the way").mkdir(parents=True)

        await engine.press.publish(everything=True)
        for _ in range(2):
            assert engine.press.health()["ok"] is False
            await engine.press.publish()

        shutil.rmtree(feed)
        await engine.press.publish()
        assert engine.press.health()["ok"] is True
        assert feed.read_bytes() == wanted


async def test_start_with_a_folder_that_can_not_be_read_goes_on(house: House, origin: Origin) -> None:
    """It says so, as later on, and polls."""
    origin.feed("/f", rss(item(1)))
    house.configure({"f": origin.url("/f")}, TOPICS, allow=origin.port)
    house.poll()
    link_in_the_way(house.folder / "public")
    async with running(house) as engine:
        await engine.press.begin()
        assert engine.press.health()["ok"] is False
        (house.folder / "public/topics").unlink()
        await engine.press.publish()
        assert engine.press.health()["ok"] is True
        assert served(engine) == 1
