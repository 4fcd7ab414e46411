"""A topic's whole past in documents: complete and linked at every moment, closed pages for ever, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from db.digests import make_digests
from db.due import Due
from db.times import iso
from feeds.publish import Published, Publisher, PublishError
from printshop import FORMATS, PrintShop, links_of
from served import running_site

HISTORY = "{http://purl.org/syndication/history/1.0}"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[PrintShop]:
    """A press with a topic of three places."""
    made = PrintShop(tmp_path, "limit = 3")
    yield made
    await made.close()


async def test_new_subscriber_can_read_all_of_it(shop: PrintShop) -> None:
    """What the feed shows no more is in pages that lead from one to the next, with all that RFC 5005 asks of them."""
    shop.take(3)
    await shop.press.publish()
    assert [*shop.walk()] == ["topics/t.atom"], "all of it is in the feed"

    shop.take(8)
    await shop.press.publish()
    assert [*shop.walk()] == ["topics/t.atom", "topics/t/3.atom", "topics/t/2.atom", "topics/t/1.atom"]
    assert [shop.guids(path) for path in shop.walk()] == [
        [f"urn:uuid:{n}" for n in numbers] for numbers in ((11, 10, 9), (9, 8, 7), (6, 5, 4), (3, 2, 1))
    ]
    base = shop.config.base_url
    links = links_of(shop.file("topics/t/2.atom"))
    assert links["self"] == f"{base}topics/t/2.atom"
    assert links["current"] == f"{base}topics/t.atom"
    assert links["prev-archive"] == f"{base}topics/t/1.atom"
    assert links["next-archive"] == f"{base}topics/t/3.atom"
    assert "next-archive" not in links_of(shop.file("topics/t/3.atom"))
    for path in ("topics/t/1.atom", "topics/t/1.rss"):
        assert etree.fromstring(shop.file(path)).find(f".//{HISTORY}archive") is not None
    for fmt in FORMATS:
        assert shop.guids(f"topics/t/2.{fmt}") == ["urn:uuid:6", "urn:uuid:5", "urn:uuid:4"]


async def test_page_that_nothing_changes_in_is_never_written_again(shop: PrintShop) -> None:
    """Neither by news, nor by a restart; the newest one once more, when there is another after it."""
    shop.take(8)
    await shop.press.publish()
    files = {path: path.stat() for path in (shop.config.publish / "topics" / "t").glob("[12].*")}
    assert len(files) == 18, "two pages in three formats, each also compressed twice"

    shop.take(2)
    await shop.press.publish()
    shop.open()
    await shop.press.publish(everything=True)
    assert [(path.stat().st_ino, path.stat().st_mtime_ns) for path in files if path.name[0] == "1"] == [
        (was.st_ino, was.st_mtime_ns) for path, was in files.items() if path.name[0] == "1"
    ]
    assert links_of(shop.file("topics/t/2.atom"))["next-archive"].endswith("/3.atom")


async def test_a_stop_waits_for_no_long_past(shop: PrintShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process ends with its threads; what was left over is written the next time, and nothing leads nowhere."""
    shop.take(30)
    await shop.press.publish(past=True)
    shop.write(lambda db: db.execute("UPDATE archive_pages SET changes = changes + 1"))
    began, told, written = threading.Event(), threading.Event(), []
    write = Publisher.write

    def slowly(publisher: Publisher, name: str, *given: Any, **more: Any) -> Published:
        written.append(name)
        began.set()
        assert told.wait(20)
        return write(publisher, name, *given, **more)

    monkeypatch.setattr(Publisher, "write", slowly)
    publishing = asyncio.create_task(shop.press.publish(past=True))
    await asyncio.to_thread(began.wait, 20)
    closing = asyncio.create_task(shop.press.close())
    await asyncio.sleep(0)
    told.set()
    await closing
    await publishing
    pages = [name for name in written if re.search(r"/[0-9]+\.atom", name)]
    monkeypatch.undo()
    shop.open()
    await shop.press.publish(past=True)

    assert len(pages) == 1
    assert shop.rows("SELECT count(*) FROM archive_pages WHERE published < changes") == [(0,)]
    assert len([*shop.walk()]) > 5


async def test_story_that_changes_or_is_hidden_does_so_in_its_page(shop: PrintShop) -> None:
    """The page keeps its place in the chain, even where nothing is left of it."""
    shop.take(9)
    await shop.press.publish()
    shop.change(2, "UPDATE stories SET title = 'Another title' WHERE id = 2")
    await shop.press.publish()
    assert b"Another title" in shop.file("topics/t/1.rss")

    for story in (1, 2, 3):
        shop.mark("hide", story)
    await shop.press.publish()
    assert shop.guids("topics/t/1.atom") == []
    assert [*shop.walk()][-1] == "topics/t/1.atom"
    shop.mark("show", 2)
    await shop.press.publish()
    assert shop.guids("topics/t/1.json") == ["urn:uuid:2"]


async def test_past_that_was_never_announced_is_in_the_archive(shop: PrintShop) -> None:
    """What a new topic takes of the archive at once: not in its feed, but for who reads on."""
    shop.take(7, archived=True)
    await shop.press.publish()

    assert shop.guids("topics/t.rss") == []
    assert shop.all_guids() == {f"urn:uuid:{n}" for n in range(1, 8)}


async def test_feed_is_no_longer_than_its_bytes_and_what_is_cut_never_comes_back(shop: PrintShop) -> None:
    """Whole items, the same in all formats; the rest is in the archive."""
    shop.configure('limit = 9\nmax_bytes = "20KB"')
    shop.press.configure(shop.config)
    shop.take_over()
    shop.take(8, chars=5000)
    await shop.press.publish(everything=True)
    shown = shop.guids("topics/t.json")
    assert shown == shop.guids("topics/t.rss") == shop.guids("topics/t.atom")
    assert 1 <= len(shown) <= 3
    assert all(len(shop.file(f"topics/t.{fmt}")) <= 20000 for fmt in FORMATS)
    assert all(len(shop.file(f"topics/t/{page}.{fmt}")) <= 20000 for page in shop.pages() for fmt in FORMATS)
    assert shop.all_guids() == {f"urn:uuid:{n}" for n in range(1, 9)}

    for story in (7, 8):
        shop.mark("hide", story)
    await shop.press.publish()
    assert set(shop.guids("topics/t.json")) == set(shown) - {"urn:uuid:7", "urn:uuid:8"}
    shop.take(1, chars=50_000)
    await shop.press.publish()
    assert shop.guids("topics/t.json") == ["urn:uuid:9"], "one, however long"


async def test_other_address_other_title_other_limit_move_no_story_to_another_page(shop: PrintShop) -> None:
    """A renamed topic's pages are at its new address, as a whole, and the old ones are gone."""
    shop.take(11)
    await shop.press.publish()
    pages = shop.pages()
    shop.write(lambda db: db.execute("UPDATE topics SET config_id = 'u'"))
    shop.configure("limit = 2\nfull_text = false", id_="u", base_url="https://other.example/wire/")
    shop.press.configure(shop.config)
    shop.take_over()
    await shop.press.publish(everything=True, past=True)

    assert {page: row for page, row in shop.pages().items() if page in pages} == pages
    assert shop.all_guids("u") == {f"urn:uuid:{n}" for n in range(1, 12)}
    assert all(b"https://wire.example" not in shop.file(path) for path in shop.walk("u"))
    assert not (shop.config.publish / "topics" / "t").exists()
    assert shop.press.document("topics/u/1.rss") is not None
    assert shop.press.document("topics/t/1.rss") is None


async def test_news_does_not_wait_for_pages_that_must_be_written_anew(
    shop: PrintShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no time for them the feed goes out all the same, and what is closed now is there; the rest comes later."""
    shop.take(11)
    await shop.press.publish()
    with monkeypatch.context() as patch:
        patch.setattr("wireroom.archiver.BUDGET_S", -1)
        shop.change(1, "UPDATE stories SET title = 'Another title' WHERE id = 1")
        shop.take(3)
        await shop.press.publish()
        assert shop.guids("topics/t.atom")[0] == "urn:uuid:14"
        assert shop.all_guids() == {f"urn:uuid:{n}" for n in range(1, 15)}
        assert b"Another title" not in shop.file("topics/t/1.atom")
    await shop.press.publish()
    assert b"Another title" in shop.file("topics/t/1.atom")


async def test_feed_is_not_made_again_for_pages_that_must_be_written_anew(shop: PrintShop) -> None:
    """After another base URL these are all of a long past, for many beats; what the feed has is as it was."""
    shop.take(11)
    await shop.press.publish()
    shop.write(lambda db: db.execute("UPDATE archive_pages SET changes = changes + 1"))
    topics = shop.config.publish / "topics"
    for path in ("t.atom", "t/1.atom", "t/2.atom"):
        (topics / path).unlink()
    await shop.press.publish()
    assert {path: (topics / path).exists() for path in ("t.atom", "t/1.atom", "t/2.atom")} == {
        "t.atom": False,
        "t/1.atom": True,
        "t/2.atom": True,
    }


async def test_pages_are_looked_up_as_they_are_now(shop: PrintShop) -> None:
    """From the folder, by their paths; nothing else of the folder is."""
    shop.take(8)
    await shop.press.publish()
    found = shop.press.document("topics/t/1.atom")
    assert found is not None
    assert found.body == shop.file("topics/t/1.atom")
    assert found.media_type == "application/atom+xml; charset=utf-8"
    shop.change(1, "UPDATE stories SET title = 'Another title' WHERE id = 1")
    await shop.press.publish()
    again = shop.press.document("topics/t/1.atom")
    assert again is not None
    assert again.body == shop.file("topics/t/1.atom")
    assert again.etag != found.etag
    assert again.changed > found.changed
    assert shop.press.last_page("t") == 2
    for path in ("topics/t/3.atom", "topics/t/0.atom", "topics/t/01.atom", "topics/t/../t.atom", "topics/x/1.atom"):
        assert shop.press.document(path) is None


async def test_topic_of_which_one_format_can_not_be_written_keeps_the_others(shop: PrintShop) -> None:
    """All three are of one moment; once what is in the way is gone, all three are of the next."""
    shop.take()
    await shop.press.publish()
    topics = shop.config.publish / "topics"
    there = {fmt: (topics / f"t.{fmt}").read_bytes() for fmt in FORMATS}
    (topics / f"t.{FORMATS[-1]}").rename(topics / "kept")
    (topics / f"t.{FORMATS[-1]}").symlink_to("kept")
    shop.take()
    await shop.press.publish()

    assert "is a link" in (shop.press.trouble or "")
    assert {fmt: (topics / f"t.{fmt}").read_bytes() for fmt in FORMATS} == there
    (topics / f"t.{FORMATS[-1]}").unlink()
    await shop.press.publish()
    assert shop.press.trouble is None
    assert all(b"Story 2" in (topics / f"t.{fmt}").read_bytes() for fmt in FORMATS)


async def test_start_serves_what_is_published_and_writes_only_what_is_not(
    shop: PrintShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as the archive knows it; what somebody spoiled is written first, and then all is looked at."""
    shop.take(8)
    await shop.press.publish()
    before = shop.press.published("t", "atom")
    written: list[str] = []
    write = Publisher.write

    def noted(publisher: Publisher, name: str, *given: Any, **more: Any) -> Published:
        written.append(name)
        return write(publisher, name, *given, **more)

    monkeypatch.setattr(Publisher, "write", noted)
    shop.open()
    await shop.press.begin()
    assert [name for name in written if name.startswith("topics/")] == []
    assert shop.press.published("t", "atom") == before
    assert shop.press.document("topics/t/2.rss") is not None
    assert shop.press.document("index.html") is not None
    await shop.press.publish()
    assert "topics/t.atom" in written

    (shop.config.publish / "topics" / "t.atom").write_bytes(b"not ours")
    shop.open()
    await shop.press.begin()
    assert shop.press.published("t", "atom") == before
    assert shop.guids("topics/t.atom") == shop.guids("topics/t.rss")


async def test_emptied_folder_is_filled_again_page_by_page(shop: PrintShop) -> None:
    """Also one page alone; what another archive left there goes."""
    shop.take(11)
    await shop.press.publish()
    before = {path: shop.file(path) for path in shop.walk()}
    folder = shop.config.publish / "topics" / "t"
    (folder / "2.rss.gz").unlink()
    for file in folder.glob("1.*"):
        file.rename(file.with_name(file.name.replace("1.", "9.", 1)))
    shop.open()
    await shop.press.publish(everything=True, past=True)

    assert {path: shop.file(path) for path in shop.walk()} == before
    assert (folder / "2.rss.gz").exists()
    assert not list(folder.glob("9.*"))


def visible(shop: PrintShop, *, announced: bool) -> set[str]:
    """List what may be seen of the topic's past, by the archive's rows alone."""
    last = dict(shop.rows("SELECT story_id, kind FROM mark_log WHERE kind IN ('hide', 'show') ORDER BY id"))
    hidden = {story for story, kind in last.items() if kind == "hide"}
    rows = shop.rows("SELECT guid, story_id, archived FROM selections WHERE left_at IS NULL")
    return {guid for guid, story, archived in rows if story not in hidden and not (announced and archived)}


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_nothing_is_missing_and_closed_pages_stay(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """News of any size, edits, hides, other limits, and kills at any step of publishing."""
    dice = random.Random(seed)
    shop = PrintShop(tmp_path, "limit = 3")
    closed: dict[int, tuple[object, ...]] = {}
    write = Publisher.write
    budget = [10**9]

    def mortal(self: Publisher, *args: object, **more: object) -> object:
        budget[0] -= 1
        if budget[0] < 0:
            raise Killed
        return write(self, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Publisher, "write", mortal)
    for _ in range(25):
        match dice.choice("tttteehsclk"):
            case "t":
                shop.take(dice.randint(1, 7), chars=dice.choice([10, 500, 4000]), archived=dice.random() < 0.2)
            case "e" if shop.stories:
                story, html = dice.randint(1, shop.stories), f"<p>{'y' * dice.randint(1, 4000)}</p>"
                shop.change(story, "UPDATE bodies SET html = ? WHERE id = ?", html, story)
            case "h" | "s" if shop.stories:
                shop.mark(dice.choice(["hide", "show"]), dice.randint(1, shop.stories))
            case "l" if shop.stories:
                story = dice.randint(1, shop.stories)
                left = dice.choice([None, "2026-11-25T10:00:00Z"])
                shop.change(story, "UPDATE selections SET left_at = ? WHERE story_id = ?", left, story)
            case "c":
                shop.configure(f'limit = {dice.randint(1, 6)}\nmax_bytes = "{dice.choice([10, 14, 500])}KB"')
                shop.take_over()
                shop.press.configure(shop.config)
                await shop.press.publish(everything=True)
            case "k":
                budget[0] = dice.randint(0, 12)
                with contextlib.suppress(Killed):
                    await shop.press.publish()
                budget[0] = 10**9
                for path in shop.walk() if (shop.config.publish / "topics" / "t.atom").exists() else ():
                    etree.fromstring(shop.file(path))  # the chain is whole, also before the mend
                shop.open()
                await shop.press.publish(everything=True)
            case _:
                pass
        await shop.press.publish()
        assert shop.press.trouble is None
        pages = shop.pages()
        assert pages.items() >= closed.items()
        closed = pages
        found = shop.all_guids()
        assert visible(shop, announced=True) <= found <= visible(shop, announced=False)
        assert shop.guids("topics/t.json") == shop.guids("topics/t.rss") == shop.guids("topics/t.atom")
        most = shop.topic.max_bytes
        assert all(
            len(shop.file(f"topics/t.{fmt}")) <= most or len(shop.guids(f"topics/t.{fmt}")) == 1 for fmt in FORMATS
        )
    assert shop.pages(), "something was closed"
    await shop.close()


def test_archive_pages_of_a_renamed_topic_are_found_at_its_new_address(tmp_path: Path) -> None:
    """As its feed is; those of a secret topic's old address are gone, and other paths are none of ours."""
    with running_site(tmp_path) as ask:
        status, headers, _ = ask("/topics/old/12.atom")
        assert (status, headers["location"]) == (301, "https://wire.example/topics/news/12.atom")
        assert ask("/topics/secret-0123/1.rss")[0] == 410
        for path in ("/topics/old/x.atom", "/topics/old/1.exe", "/topics/none/1.atom"):
            assert ask(path)[0] == 404


@pytest.mark.parametrize("keys", ['order = "coverage"', "per_source = 2"])
async def test_what_may_still_get_a_place_waits_for_a_full_page(shop: PrintShop, keys: str) -> None:
    """Of a topic that is no plain row of news; nothing is missing but for the newest, and those for an hour at most."""
    shop.configure(f"limit = 3\n{keys}")
    shop.press.configure(shop.config)
    shop.take_over()
    for _ in range(6):
        shop.take(2)
        await shop.press.publish()
    pages = shop.pages().values()
    assert all(last - first == 2 for _, first, last, _ in [*pages][1:]), "full, after the first"
    missing = {f"urn:uuid:{n}" for n in range(1, 13)} - shop.all_guids()
    assert missing <= {"urn:uuid:10", "urn:uuid:11", "urn:uuid:12"}

    shop.write(lambda db: db.execute("UPDATE archive_pages SET closed_at = '2026-01-01T00:00:00Z'"))
    await shop.press.publish(everything=True)
    assert shop.all_guids() == {f"urn:uuid:{n}" for n in range(1, 13)}


def make_digest(shop: PrintShop, due: Due | None, now: datetime, number: int) -> None:
    """Make what is due by then, under an id with this number; None: the topic has none any more."""
    wanted = {} if due is None else {"t": due}
    shop.write(lambda db: make_digests(db, wanted, now, lambda: f"urn:uuid:digest{number}"))


async def test_digests_have_pages_of_their_own_after_those_of_what_was_before(shop: PrintShop) -> None:
    """A topic that was to have digests, and is to have none again: one chain, in which each page keeps what it has."""
    shop.take(5)
    await shop.press.publish()
    shop.configure('limit = 3\ndigest = "12:00"')
    shop.press.configure(shop.config)
    shop.take_over()
    due = shop.topic.digest
    assert due is not None
    begin = datetime(2027, 1, 1, 13, tzinfo=UTC)
    make_digest(shop, due, begin, 0)
    for n in range(1, 13):
        (story,) = shop.take(1)
        at = iso(begin + timedelta(days=n, hours=-2))
        shop.change(story, "UPDATE selections SET selected_at = ? WHERE story_id = ?", at, story)
        make_digest(shop, due, begin + timedelta(days=n), n)
        await shop.press.publish()

    digests = [f"urn:uuid:digest{n}" for n in range(12, 0, -1)]
    assert shop.guids("topics/t.atom") == digests[:10]
    assert [row[0] for _, row in sorted(shop.pages().items())] == ["stories", "stories", "digests"]
    assert shop.guids("topics/t/3.atom") == digests[2:]
    assert shop.all_guids() == {*digests, *(f"urn:uuid:{n}" for n in range(1, 6))}
    pages = shop.pages()
    shop.change(6, "UPDATE stories SET title = 'Another title' WHERE id = 6")
    await shop.press.publish()
    assert b"Another title" in shop.file("topics/t/3.json"), "told by the first digest"

    shop.configure("limit = 3")
    shop.press.configure(shop.config)
    shop.take_over()
    make_digest(shop, None, begin, 0)
    await shop.press.publish(everything=True)
    assert shop.pages().items() >= pages.items()
    assert shop.all_guids() == {*digests, *(f"urn:uuid:{n}" for n in range(1, 18))}


async def test_disk_that_takes_nothing_leaves_the_old_chain(shop: PrintShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trouble is told; mended, all is there."""
    shop.take(5)
    await shop.press.publish()
    before = shop.all_guids()

    def full(*_: object, **__: object) -> None:
        raise PublishError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(Publisher, "write", full)
        shop.take(6)
        await shop.press.publish()
        assert shop.press.health()["trouble"] == "no space"
        assert shop.all_guids() == before
    await shop.press.publish()
    assert shop.press.health()["ok"]
    assert shop.all_guids() == {f"urn:uuid:{n}" for n in range(1, 12)}
