"""Keeping as its owner sees it: the config, the command beside a daemon and without one, status, pages."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlite_utils import Database

from db.archive import open_writer
from db.keeping import FOREVER, Except, Keep
from db.poll_log import is_borne_out
from db.source_read import read_source
from db.times import iso
from db.vacuum import give_back, room
from house import House
from newsroom import Newsroom, Printed, at
from office import Office, running_office
from origin import Origin, item, rss
from prose import report
from pruned import prune, wanted
from wireroom import keep, pruning
from wireroom.config import Config, load_config
from wireroom.config_faults import ConfigError
from wireroom.keep import would_prune

if TYPE_CHECKING:
    from wireroom.engine import Engine

TOPIC = """
[keep]
stories = "30d"
newest = 1000
[[topic]]
id = "some"
title = "Some"
match = "title:second"
limit = 1
"""


def long_ago(house: House) -> None:
    """Have all that is in the archive be from two years ago."""
    then = iso(datetime.now(UTC) - timedelta(days=730))
    with closing(sqlite3.connect(house.archive)) as db, db:
        db.execute("UPDATE stories SET first_seen = ?1, updated = ?1", [then])
        db.execute("UPDATE entries SET first_seen = ?", [then])


def filled(house: House, origin: Origin) -> None:
    """Poll three stories, of which a topic takes one; all are old."""
    origin.feed("/a", rss(item(1), item(2, title="The second"), item(3)))
    house.configure({"a": origin.url("/a")}, TOPIC, allow=origin.port)
    house.poll()
    long_ago(house)


@pytest.mark.parametrize(
    ("keep", "said"),
    [("[keep]\npolls = '90d'\n", True), ("[keep]\nstories = '9y'\n", False), ("[keep]\nnewest = 9\n", False)],
)
def test_prune_says_that_nothing_ever_has_its_time(house: House, origin: Origin, keep: str, *, said: bool) -> None:
    """Who looks for room learns why there is none to get."""
    origin.feed("/a", rss(item(1)))
    house.configure({"a": origin.url("/a")}, keep, allow=origin.port)
    house.poll()

    assert ("keeps all stories for ever" in house.wireroom("prune", "--dry-run").err) is said


def test_command_tells_first_and_then_does_it(house: House, origin: Origin) -> None:
    """What would go is what goes; the source still lists it, and it is not new."""
    filled(house, origin)
    told = json.loads(house.wireroom("prune", "--dry-run", "--json").out)
    assert (told["stories"], told["entries"], told["kept"]) == ({"age": 2}, {"a": 2}, {"published": 1})
    assert house.rows("SELECT count(*) FROM stories") == [(3,)]

    done = json.loads(house.wireroom("prune", "--json").out)
    assert {**done, "freed": 0, "archive": 0} == {**told, "dry_run": False, "freed": 0, "archive": 0}
    assert house.rows("SELECT title FROM stories") == [("The second",)]
    origin.feed("/a", rss(item(4), item(1), item(2, title="The second"), item(3)))
    assert [one["new"] for one in house.poll()["polled"]] == [1]
    lines = house.wireroom("prune", "--dry-run").out.splitlines()
    assert lines[:3] == ["0 stories would go", "1 that has had its time is kept", "  a topic has it: 1"]
    status = json.loads(house.wireroom("status", "--json").out)["keep"]
    assert (status["stories"], status["newest"], status["bodies"], status["gone"]) == ("30d", 1000, "forever", 2)
    for name in ("1", "http://news.example/story/1"):
        failed = house.wireroom("explain", name)
        assert (failed.code, " was pruned at " in failed.err) == (2, True)


@pytest.fixture
def office(house: House, origin: Origin) -> Iterator[Office]:
    """Run a daemon on an archive of old stories."""
    filled(house, origin)
    with running_office(house) as running:
        yield running


def test_daemon_does_it_and_the_page_says_so(office: Office) -> None:
    """A story that is gone answers 410, in words; one that never was, 404."""
    assert office.ask("/stories/1").status == 200
    assert office.do(do="prune")["stories"] == {"age": 2}
    page, program = office.ask("/stories/1"), office.ask("/api/stories/1")
    assert (page.status, program.status, office.ask("/stories/77").status) == (410, 410, 404)
    assert "This story was here until 20" in page.text
    assert office.ask("/stories/2").status == 200


def test_config_is_read(tmp_path: Path) -> None:
    """A source's own takes the place of what all have, key by key."""
    path = tmp_path / "config.toml"
    path.write_text(
        '[keep]\nstories = "3y"\nbodies = "100d"\nexcept = ["pinned", "tagged:desk:*"]\n'
        '[[source]]\nid = "a"\nurl = "https://a.example/"\nkeep = { stories = "forever", newest = 5 }\n'
        '[[source]]\nid = "b"\nurl = "https://b.example/"\n'
    )
    config = load_config(path)
    assert config.keep.of_all == Keep(stories_s=3 * 365 * 86_400, bodies_s=100 * 86_400)
    assert config.keep.excepted == Except(published=False, pinned=True, tagged=("desk:*",))
    assert config.sources[0].keep == Keep(stories_s=FOREVER, bodies_s=100 * 86_400, per_source=5)
    assert config.sources[1].keep is None


@pytest.mark.parametrize(
    ("keep", "own", "says"),
    [
        ('stories = "3d"', "", "1: keep.stories: '3d' is too short"),
        ('bodies = "1 moon"', "", "keep.bodies: '1 moon' is no age; write a number and d or y"),
        ('polls = "1h"', "", "keep.polls: '1h' is too short"),
        ("newest = 0", "", "keep.newest: 0 does not fit"),
        ('except = ["tagged:desk"]', "", "'tagged:desk' can't be excepted; write \"published\""),
        ('stories = "30d"\nbodies = "60d"', "", "keep.bodies: is longer than stories are kept"),
        ("", 'keep = "30d"', "source \"a\": keep: '30d' is no table; write keep = { stories"),
        ('story = "30d"', "", "keep.story: unknown key; did you mean 'stories'?"),
        ("", 'keep = { storys = "30d" }', "source \"a\": keep.storys: unknown key; did you mean 'stories'?"),
    ],
)
def test_faults_name_the_mend(tmp_path: Path, keep: str, own: str, says: str) -> None:
    """Each with its line."""
    path = tmp_path / "config.toml"
    path.write_text(f'[keep]\n{keep}\n[[source]]\nid = "a"\nurl = "https://a.example/"\n{own}\n')
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert says.removeprefix("1: ") in str(error.value)


def test_a_clock_must_be_borne_out(tmp_path: Path) -> None:
    """By a poll of one to three days before: not after a jump forward, nor in an archive that was left for long."""
    room = Newsroom(tmp_path / "wireroom.db", ["a"])
    assert not is_borne_out(room.db, at(0))
    for hour in range(0, 100, 5):
        room.poll("a", hour=hour)
    assert is_borne_out(room.db, at(100))
    assert is_borne_out(room.db, at(100 + 60))
    assert not is_borne_out(room.db, at(100 + 24 * 365))
    room.poll("a", hour=24 * 365)
    assert not is_borne_out(room.db, at(24 * 365 + 1))
    room.poll("a", hour=24 * 366)
    assert is_borne_out(room.db, at(24 * 366 + 1))


@pytest.mark.parametrize("by", ["daemon", "command"])
async def test_a_pass_under_way_goes_by_the_config_of_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """Who sees that too much goes, writes so and reloads; a pass over a large archive takes hours."""
    room = Newsroom(tmp_path / "wireroom.db", ["a"])
    room.poll("a", *(Printed(f"{n}", report(n)) for n in range(1, 6)))
    room.db.execute("DELETE FROM selections")
    room.db.execute("UPDATE topics SET last_number = 0")
    short, long = keeping(tmp_path / "config.toml", "30d"), keeping(tmp_path / "config.toml", "forever")
    monkeypatch.setattr(keep, "utc_now", lambda: at(24 * 40))
    monkeypatch.setattr(keep, "clock_is_sure", lambda: True)
    monkeypatch.setattr(keep, "is_borne_out", lambda *_: True)
    monkeypatch.setattr(pruning, "STORIES", 2)
    engine = PartOfEngine(short, room.db)
    engine.then = lambda: setattr(engine, "config", long)

    if by == "daemon":
        keeper = keep.Keeper(cast("Engine", engine))
        for _ in range(20):
            await keeper.tick()
    else:
        await keep.prune_now(cast("Engine", engine), lambda _: None)

    assert room.value("SELECT count(*) FROM stories") == 3


def keeping(path: Path, stories: str) -> Config:
    """Write a config that keeps stories for so long, and read it."""
    path.write_text(f'[keep]\nstories = "{stories}"\n[[source]]\nid = "a"\nurl = "https://a.example/"\n')
    return load_config(path)


class PartOfEngine:
    """As much of the engine as pruning needs; after each job of the writer something else may happen."""

    def __init__(self, config: Config, db: Database) -> None:
        self.config = config
        self.reader = db
        self.closing = False
        self.writer = self.press = self.log = self
        self.then: Callable[[], None] = lambda: None

    async def write(self, job: Callable[[Database], Any], *, own: bool) -> Any:
        """Do a job."""
        assert own
        with self.reader.atomic():
            done = job(self.reader)
        self.then()
        return done

    async def publish(self) -> None:
        """Do nothing."""

    def info(self, event: str, **fields: object) -> None:
        """Do nothing."""


def test_charts_have_days_whose_polls_are_pruned(tmp_path: Path) -> None:
    """The page of a source counts them from the sums."""
    room = Newsroom(tmp_path / "wireroom.db", ["a"])
    for hour in (1, 2, 30, 300):
        room.poll("a", Printed(f"{hour}", report(hour)), hour=hour)
    before = read_source(room.db, "a", at(301))
    prune(room, wanted(), 301, polls=7)
    after = read_source(room.db, "a", at(301))
    assert before is not None
    assert after is not None
    assert room.value("SELECT count(*) FROM polls") == 1
    assert before.days == after.days


def test_free_pages_go_back_to_the_disk(tmp_path: Path) -> None:
    """In an archive that is made so; of another, status says that it never shrinks, and the mend."""
    for mode in (0, 2):
        db = open_writer(tmp_path / f"{mode}.db")
        db.execute(f"PRAGMA auto_vacuum = {mode}")
        db.execute("VACUUM")
        db.execute("CREATE TABLE ballast (x)")
        db.execute("INSERT INTO ballast SELECT randomblob(100000) FROM json_each('[1,2,3,4,5,6,7,8]')")
        db.execute("DROP TABLE ballast")
        full = room(db)
        give_back(db, 100)
        assert (full.gives_back, room(db).size < full.size) == (mode == 2, mode == 2)
        db.close()


def test_a_source_of_which_all_is_pruned_is_no_damage(house: House, origin: Origin) -> None:
    """Its server may go on to say that nothing has changed: what it has is known."""
    for name in "ab":
        origin.feed(f"/{name}", rss(item(f"{name}1"), item(f"{name}2")), ETag='"1"')
    house.configure({name: origin.url(f"/{name}") for name in "ab"}, '[keep]\nstories = "30d"', allow=origin.port)
    house.poll()
    long_ago(house)
    assert json.loads(house.wireroom("prune", "--json").out)["entries"] == {"a": 2, "b": 2}
    verified = house.wireroom("verify")
    assert (verified.code, "damaged" in verified.out) == (0, False)
    assert house.poll()["new_entries"] == 0


def test_a_dry_run_reads_only(house: House, origin: Origin) -> None:
    """It is done beside whoever holds the archive, and leaves every byte as it is."""
    filled(house, origin)
    before = house.archive.read_bytes()
    assert would_prune(load_config(house.config), datetime.now(UTC))["stories"] == {"age": 2}
    assert house.archive.read_bytes() == before
