"""Feeds of tags, sources and searches: what is in them, under which ids, how they are kept, what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import feedparser
import pytest
from lxml import etree
from sqlite_utils import Database

from db.archive import open_reader
from db.live_read import origin_of, stamp_of, story_items
from db.model import FORMATS
from db.query_faults import SlowError
from db.readers import BusyError, Readers
from feeds import live_cache
from feeds.conditional import made
from feeds.live import fitting
from feeds.live_cache import LiveCache
from feeds.publish import Published
from feeds.render import Part
from house import ROOT
from jsonfeed_schema import faults
from newsroom import Newsroom, Printed
from prose import report
from reading_room import BRIDGE, FERRY, LAST, SECRET, by_hand, reading_room
from reading_site import BASE, Answer, Asker, asked_site


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """Make the archive once."""
    path: Path = tmp_path_factory.mktemp("live") / "wireroom.db"
    return reading_room(path)


@pytest.fixture(scope="module")
def ask(room: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """Serve it."""
    with asked_site(tmp_path_factory.mktemp("site"), room.path, rates={}) as asker:
        yield asker


def titles(answer: Answer) -> list[str]:
    """Read the titles of a feed in any format."""
    assert answer.status == 200, answer.body
    if answer.headers["content-type"].startswith("application/feed+json"):
        return [item["title"] for item in answer.json["items"]]
    read = feedparser.parse(answer.body)
    assert not read.bozo, read.get("bozo_exception")
    return [entry.title for entry in read.entries]


def guids(answer: Answer) -> dict[str, str]:
    """Read the ids of a JSON feed's items, by title."""
    return {item["title"]: item["id"] for item in answer.json["items"]}


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/tags/animal:zebra.{}", [BRIDGE]),
        ("/sources/herald.{}", [LAST, BRIDGE]),
        ("/sources/wire.{}", [BRIDGE]),
        ("/search.{}?q=source:post", [FERRY, BRIDGE]),
        ("/search.{}", [LAST, FERRY, BRIDGE]),
    ],
)
def test_feeds_show_what_everybody_may_see(ask: Asker, address: str, found: list[Any], fmt: str) -> None:
    """Newest first, in all formats; the owner's own reader is shown no more."""
    for owner in (False, True):
        assert titles(ask(address.format(fmt), owner=owner)) == [one.title for one in found]


def test_item_of_a_source_has_all_coverage(ask: Asker) -> None:
    """Once, however many carry it."""
    (item,) = ask("/sources/wire.json").json["items"]

    assert [one["source"] for one in item["_wireroom"]["coverage"]] == ["wire", "herald", "post"]


def test_a_story_has_one_id_in_all_of_them_and_never_a_topics(ask: Asker, room: Newsroom) -> None:
    """Made of the archive's own id: another archive has others."""
    everywhere = [guids(ask(address)) for address in ("/search.json", "/sources/wire.json", "/tags/animal:zebra.json")]
    taken = {guid for (guid,) in room.db.execute("SELECT guid FROM selections")}

    assert len({each[BRIDGE.title] for each in everywhere}) == 1
    assert len(set(everywhere[0].values())) == 3
    assert not taken & set(everywhere[0].values())
    assert all(guid.startswith("urn:uuid:") for guid in everywhere[0].values())


def test_feed_says_where_it_is(ask: Asker) -> None:
    """Its own address as it should be asked for, its page, an id of its own; other formats in the headers."""
    answer = ask("/search.json?q=source:post++ferry&raw")
    feed = answer.json

    assert feed["feed_url"] == f"{BASE}search.json?q=source%3Apost%20ferry"
    assert feed["home_page_url"] == f"{BASE}search?q=source%3Apost%20ferry"
    assert feed["title"] == "Search: source:post ferry"
    assert (
        f'<{BASE}search.rss?q=source%3Apost%20ferry>; rel="alternate"; type="application/rss+xml"'
        in (answer.headers["link"])
    )
    ids = {feedparser.parse(ask(at).body).feed.id for at in ("/search.atom?q=a", "/search.atom?q=b", "/search.atom")}
    assert len(ids) == 3


@pytest.mark.parametrize("word", ["ferry", "渡輪碼頭" * 20, "渡輪碼頭" * 100])
def test_search_however_long_has_headers_that_a_web_server_passes_on(ask: Asker, word: str) -> None:
    """One before us answers 502 where they are over 4 kB; the document itself says where it is."""
    got = ask(f"/search.atom?q={quote(word)}")
    assert got.status == 200
    assert sum(len(name) + len(value) + 4 for name, value in got.headers.items()) < 3500
    assert "link" not in got.headers or got.headers["link"].startswith(f"<{BASE}search.atom?q=")
    assert f'href="{BASE}search.atom?q={quote(word)}"'.encode() in got.body


def test_tag_is_asked_for_by_its_own_name(ask: Asker) -> None:
    """Others lead there."""
    answer = ask("/tags/Animal:Zebra.atom")

    assert (answer.status, answer.headers["location"]) == (301, f"{BASE}tags/animal:zebra.atom")


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/tags/animal:lion.rss", 404, "There is no such tag"),
        ("/tags/zebra.rss", 404, "Write a tag as KIND:NAME"),
        ("/sources/nobody.rss", 404, "There is no such source"),
        ("/search.xml?q=a", 404, "There is no such feed"),
        ("/search.rss?q=titel:a", 400, "column 1: unknown field `titel`: did you mean `title`?\ntitel:a\n^"),
        ("/search.rss?q=is:hidden", 400, "column 4: is:hidden is for the owner"),
        (f"/search.rss?q=@{SECRET}", 400, f"column 1: there is no saved query or topic `@{SECRET}`"),
        (f"/search.rss?q={'a' * 2001}", 400, "the query has 2001 characters"),
    ],
)
def test_faults_are_told(ask: Asker, address: str, status: int, said: str) -> None:
    """In plain text, with the mend; kept by nobody."""
    answer = ask(address)

    assert answer.status == status
    assert answer.body.decode().startswith(said)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-store"


def test_what_the_client_has_costs_no_query(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """By ETag or date; the archive is not even looked at within the second."""
    first = ask("/search.rss?q=zebra")

    async def read(*_: object) -> None:
        raise AssertionError("the archive was asked")

    monkeypatch.setattr(ask.site.readers, "read", read)
    for headers in (
        {"if_none_match": first.headers["etag"]},
        {"if_modified_since": first.headers["last-modified"]},
    ):
        assert ask("/search.rss?q=zebra", owner=False, **headers).status == 304
    assert ask("/search.rss?q=zebra", "HEAD").headers["etag"] == first.headers["etag"]


def test_browser_that_opens_it_is_led_to_its_page(ask: Asker) -> None:
    """With the same query."""
    answer = ask("/search.rss?q=zebra", sec_fetch_dest="document")

    assert (answer.status, answer.headers["location"]) == (303, "./search?q=zebra")


def test_updated_moves_with_the_text_and_not_with_coverage(tmp_path: Path) -> None:
    """The document's own date moves with either, so that who asks by date alone misses nothing."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire", "post"))
    told = report(1)
    room.poll("wire", Printed("w1", told))

    def shown(name: str) -> tuple[str, str]:
        with asked_site(tmp_path / name, room.path) as ask:
            answer = ask("/search.json?q=source:wire")
            return answer.json["items"][0]["date_modified"], answer.headers["last-modified"]

    first = shown("first")
    room.poll("post", Printed("p1", told), hour=2)
    covered = shown("covered")
    room.poll("wire", Printed("w1", told.with_more("Forty people are missing.")), hour=3)
    edited = shown("edited")

    assert covered[0] == first[0]
    assert covered[1] == "Fri, 20 Nov 2026 10:00:00 GMT"
    assert edited == ("2026-11-20T11:00:00+00:00", "Fri, 20 Nov 2026 11:00:00 GMT")


def test_merged_story_is_gone_and_the_one_that_lives_keeps_its_id(tmp_path: Path) -> None:
    """Nothing that a reader has seen comes again."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire", "post"))
    room.poll("wire", Printed("w1", report(1)), Printed("w2", report(2)))

    def shown(name: str) -> dict[str, str]:
        with asked_site(tmp_path / name, room.path) as ask:
            return guids(ask("/search.json"))

    before = shown("before")
    room.db.execute("BEGIN IMMEDIATE")
    by_hand(room, do="merge", stories=["1", "2"])
    room.db.execute("COMMIT")

    after = shown("after")
    assert len(after) == 1
    assert set(after.values()) <= set(before.values())


def test_only_the_newest_fifty_are_shown_and_what_fits(tmp_path: Path) -> None:
    """Whole items, of half a million bytes."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire",))
    room.poll("wire", *(Printed(f"w{n}", report(n, 4)) for n in range(60)))
    room.poll("wire", *(Printed(f"long {n}", report(100 + n, 1500)) for n in range(4)), hour=2)
    with asked_site(tmp_path / "site", room.path) as ask:
        few, many = ask("/search.json?q=words:%3E%3D9999"), ask("/search.json?q=words:%3C1000")
        sizes = [len(ask(f"/search.{fmt}").body) for fmt in FORMATS]

    assert len(few.json["items"]) in (2, 3)
    assert len(many.json["items"]) == 50
    assert all(300_000 < size <= 500_000 for size in sizes)


def test_an_item_too_long_for_any_document_is_left_out() -> None:
    """And so is one that can't be written; the rest is shown as far as it fits, in order."""
    item: Any = None
    parts = [Part(item, b"x" * size if size else None, None) for size in (100, 5000, 0, 300, 700, 100)]

    assert [len(part.body or b"") for part in fitting(parts, 200, 1000)] == [100, 300]


def test_ids_are_made_of_the_archive(tmp_path: Path) -> None:
    """Two archives of the same stories name them differently; one always in the same way."""
    one, other = (reading_room(tmp_path / name) for name in ("one.db", "other.db"))

    def named(room: Newsroom) -> list[str]:
        return [item.guid for item in story_items(room.db, [6, 4, 1], origin_of(room.db))]

    assert named(one) == named(one)
    assert not set(named(one)) & set(named(other))


def test_stamp_moves_with_whatever_comes(tmp_path: Path) -> None:
    """A story, an entry, a change, a decision, its undoing; and not with a poll that brought nothing."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire", "post"))
    told = report(1)

    def decided(**request: object) -> None:
        room.db.execute("BEGIN IMMEDIATE")
        by_hand(room, **request)
        room.db.execute("COMMIT")

    def moved(change: Any) -> bool:
        before = stamp_of(room.db)
        change()
        return stamp_of(room.db) != before

    assert moved(lambda: room.poll("wire", Printed("w1", told)))
    assert not moved(lambda: room.poll("wire", Printed("w1", told), hour=2))
    assert moved(lambda: room.poll("wire", Printed("w1", told.with_more("It burns.")), hour=3))
    assert moved(lambda: room.poll("post", Printed("p1", told), hour=4))
    assert moved(lambda: decided(do="hide", story="1", topic=None))
    assert moved(lambda: decided(do="undo", decision=1))


class Clock:
    """Two clocks that stand still."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.at


class Kitchen:
    """A cache over an archive, and what it makes, counted."""

    def __init__(self, archive: Path) -> None:
        self.clock = Clock()
        self.archive = archive
        self.readers = Readers(archive)
        self.cache = LiveCache(self.readers, now=self.clock, steady=self.clock)
        self.made: list[str] = []
        self.body = b"one"
        self.fault: Exception | None = None

    def make(self, name: str) -> Any:
        """Give what makes a document."""

        def made_now(_: Database) -> tuple[Published, float]:
            self.made.append(name)
            if self.fault is not None:
                raise self.fault
            return made(self.body, "text/plain"), 5.0

        return made_now

    async def get(self, name: str, given: object = None) -> Published:
        """Ask for it."""
        return await self.cache.get((name,), self.make(name), given)


@pytest.fixture
def kitchen(room: Newsroom) -> Iterator[Kitchen]:
    """Open it."""
    made_of = Kitchen(room.path)
    yield made_of
    asyncio.run(made_of.readers.close())


def test_feed_is_made_once_while_nothing_comes(kitchen: Kitchen, room: Newsroom) -> None:
    """Anew when something came, when the config is another, and after a minute at the latest."""

    async def asking() -> None:
        await kitchen.get("a")
        await kitchen.get("a")
        assert kitchen.made == ["a"]
        room.poll("wire", Printed("more", report(50)), hour=50)
        await kitchen.get("a")
        assert kitchen.made == ["a"]
        kitchen.clock.at += live_cache.LOOK_S
        await kitchen.get("a")
        assert kitchen.made == ["a", "a"]
        await kitchen.get("a", given="another config")
        assert kitchen.made == ["a"] * 3
        kitchen.clock.at += live_cache.GOOD_S
        await kitchen.get("a", given="another config")
        assert kitchen.made == ["a"] * 4

    asyncio.run(asking())


def test_its_date_moves_when_its_bytes_do_and_only_then(kitchen: Kitchen) -> None:
    """Also where nothing in it has a newer date."""

    async def asking() -> list[str]:
        dates = []
        for body in (b"one", b"one", b"two"):
            kitchen.body = body
            dates.append((await kitchen.get("a")).last_modified)
            kitchen.clock.at += live_cache.GOOD_S
        return dates

    assert asyncio.run(asking()) == [
        "Thu, 01 Jan 1970 00:00:05 GMT",
        "Thu, 01 Jan 1970 00:00:05 GMT",
        "Thu, 01 Jan 1970 00:18:40 GMT",
    ]


def test_many_who_ask_at_once_have_it_made_once(kitchen: Kitchen) -> None:
    """And one who goes away takes it from nobody."""

    async def asking() -> list[object]:
        waiting = [asyncio.create_task(kitchen.get("a")) for _ in range(10)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        return await asyncio.gather(*waiting, return_exceptions=True)

    first, *others = asyncio.run(asking())
    assert isinstance(first, asyncio.CancelledError)
    assert {one.body for one in others if isinstance(one, Published)} == {b"one"}
    assert kitchen.made == ["a"]


def test_too_many_different_ones_are_refused(kitchen: Kitchen) -> None:
    """The archive is for others too."""

    async def asking() -> list[object]:
        return await asyncio.gather(*(kitchen.get(f"q{n}") for n in range(30)), return_exceptions=True)

    found = asyncio.run(asking())
    most = live_cache.AT_ONCE + live_cache.MOST_WAITING
    assert [type(one) for one in found] == [Published] * most + [BusyError] * (30 - most)


def test_nobody_waits_for_ever(kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch) -> None:
    """For slow ones before him; after them it is made."""
    monkeypatch.setattr(live_cache, "WAIT_S", 0)

    async def asking() -> None:
        over = asyncio.Event()

        async def read(job: Any) -> Any:
            await over.wait()
            return stamp_of(room_db), job(room_db)[1]

        room_db = open_reader(kitchen.archive)
        monkeypatch.setattr(kitchen.readers, "read", read)
        slow = [asyncio.create_task(kitchen.get(f"slow {n}")) for n in range(live_cache.AT_ONCE)]
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await kitchen.get("a")
        over.set()
        await asyncio.gather(*slow)
        assert (await kitchen.get("a")).body == b"one"
        room_db.close()

    asyncio.run(asking())


def test_what_was_too_slow_is_not_tried_again_at_once(kitchen: Kitchen) -> None:
    """But after a minute."""

    async def asking() -> None:
        kitchen.fault = SlowError("it takes long")
        for _ in range(3):
            with pytest.raises(SlowError, match="it takes long"):
                await kitchen.get("a")
        assert kitchen.made == ["a"]
        kitchen.clock.at += live_cache.SLOW_S
        kitchen.fault = None
        assert (await kitchen.get("a")).body == b"one"

    asyncio.run(asking())


def test_a_fault_is_not_kept(kitchen: Kitchen) -> None:
    """The next one has it made again."""

    async def asking() -> None:
        kitchen.fault = ValueError("a fault of ours")
        with pytest.raises(ValueError, match="a fault of ours"):
            await kitchen.get("a")
        kitchen.fault = None
        assert (await kitchen.get("a")).body == b"one"

    asyncio.run(asking())


def test_what_is_kept_has_bounds(kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch) -> None:
    """In number and in bytes; what was not asked for longest goes first."""
    monkeypatch.setattr(live_cache, "MOST", 3)

    async def asking() -> None:
        for name in ("a", "b", "c", "a", "d", "a", "b"):
            await kitchen.get(name)
        assert kitchen.made == ["a", "b", "c", "d", "b"]
        monkeypatch.setattr(live_cache, "MOST_BYTES", 1)
        await kitchen.get("e")
        await kitchen.get("a")
        assert kitchen.made[-2:] == ["e", "a"]

    asyncio.run(asking())


def test_json_is_read_back(ask: Asker) -> None:
    """The whole is one JSON value; nothing is cut."""
    assert json.loads(ask("/search.json").body)["version"] == "https://jsonfeed.org/version/1.1"


@pytest.mark.parametrize(
    "query", ["zebra", '"<b>&amp;" OR zebra', "a\x01b OR zebra", "外交 OR zebra", "zebra OR \ufffe1"]
)
def test_they_are_valid_whatever_was_asked(ask: Asker, query: str) -> None:
    """By the schemas of all three formats; the query is in their titles and addresses."""
    address = f"?q={quote(query)}"
    for fmt in ("rss", "atom"):
        schema = etree.RelaxNG(etree.parse(ROOT / "tests" / "data" / "schema" / f"{fmt}.rng"))
        schema.assertValid(etree.fromstring(ask(f"/search.{fmt}{address}").body))

    feed = ask(f"/search.json{address}").json
    assert faults(feed) == []
    assert [item["title"] for item in feed["items"]] == [BRIDGE.title]
