"""What topics take, by their policies: a flood, one item an event, exclude, languages, enough sources."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from db.query import parse
from db.sync import ConfiguredTopic, sync_config
from db.times import iso
from db.topic_query import topic_query
from factory import Named
from house import ROOT, House
from ingest.grouping import Grouping
from newsroom import Newsroom, Printed, at
from origin import item, rss
from prose import report

APART = Grouping(dedupe="exact", level="off")
ANNOUNCED = (
    "SELECT st.title FROM selections x JOIN stories st ON st.id = x.story_id WHERE x.archived = 0 ORDER BY number"
)


def flood(
    room: Newsroom, count: int, first: int = 0, *, source: str = "wire", hour: float = 1, dated: float = 0
) -> None:
    """Poll a document with so many reports, each an hour younger than the one after it."""
    room.poll(
        source,
        *(Printed(f"{source} {n}", report(n), dated - (n - first)) for n in range(first, first + count)),
        hour=hour,
    )


def test_of_a_flood_the_newest_are_announced(tmp_path: Path) -> None:
    """The rest is in the topic's archive, below them, and is never announced: not when it comes again either."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire", "post"), APART, policy={"flood": 20})
    flood(room, 500)

    assert [title for (title,) in room.db.execute(ANNOUNCED)] == [report(n).title for n in range(19, -1, -1)]
    assert room.value("SELECT count(*) FROM selections WHERE archived = 1") == 480
    assert room.value("SELECT max(number) FROM selections WHERE archived = 1") == 480

    flood(room, 500, hour=2)
    room.poll("post", Printed("copy", report(300), 3), hour=3)

    assert room.value("SELECT count(*) FROM coverage c WHERE story_id = ?", room.story_of("post/copy")) == 2
    assert room.value("SELECT count(*) FROM selections WHERE archived = 0") == 20


@pytest.mark.parametrize(("count", "announced"), [(19, 19), (20, 20), (21, 20)])
def test_a_flood_is_more_than_so_many_of_one_poll(tmp_path: Path, count: int, announced: int) -> None:
    """Each poll counts for itself."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire", "post"), APART, policy={"flood": 20})
    flood(room, count)
    flood(room, 5, 100, source="post")

    assert room.value("SELECT count(*) FROM selections WHERE archived = 0") == announced + 5


def test_a_flood_without_dates_goes_by_its_document(tmp_path: Path) -> None:
    """What stands first there is the newest."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire",), APART, policy={"flood": 2})
    room.poll("wire", *(Printed(f"w{n}", report(n), None) for n in range(5)))

    assert [title for (title,) in room.db.execute(ANNOUNCED)] == [report(1).title, report(0).title]


def test_a_mass_re_date_is_no_news(tmp_path: Path) -> None:
    """Under their ids entries are what they were; under others and rewritten they are a flood."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire",), APART, policy={"flood": 5})
    for n in range(10):
        flood(room, 3, 3 * n, hour=n)
    assert room.value("SELECT count(*) FROM selections WHERE archived = 0") == 30

    flood(room, 30, hour=20, dated=20)
    assert room.value("SELECT count(*) FROM selections") == 30

    room.poll("wire", *(Printed(f"new {n}", report(n, 13), 30) for n in range(30)), hour=30)
    assert room.value("SELECT count(*) FROM stories") == 60
    assert room.value("SELECT count(*) FROM selections WHERE archived = 0") == 35


def test_a_flood_is_half_of_the_feed_unless_said(house: House) -> None:
    """But 20 at least; `status` counts what was archived."""
    items = [item(n, title=report(n).title, text=report(n).text) for n in range(60)]
    (house.folder / "feed.xml").write_text(rss(*items), encoding="utf-8")
    topics = "".join(
        f'[[topic]]\nid = "{name}"\ntitle = "T"\nmatch = "NOT zzzzzz"\n{more}\n'
        for name, more in [("some", ""), ("few", "limit = 10"), ("many", "limit = 1000"), ("said", "flood = 3")]
    )
    house.configure({"wire": "feed.xml"}, topics)
    house.poll()

    told = json.loads(house.wireroom("status", "--json").out)["topics"]
    counts = {row["topic"]: (row["stories"], row["archived"], row["left"], row["waiting"]) for row in told}
    assert counts == {"some": (25, 35, 0, 0), "few": (20, 40, 0, 0), "many": (60, 0, 0, 0), "said": (3, 57, 0, 0)}


def one_event(room: Newsroom, *scores: float | None) -> None:
    """Have the archive's stories be of one event, each so much alike to it."""
    room.db.execute(
        "INSERT INTO events (id, first_seen, last_seen, stories, words, terms) VALUES (9, '', '', 0, 0, x'')"
    )
    room.db.conn.executemany(
        "UPDATE stories SET event_id = 9, event_score = ? WHERE id = ?",
        [(score, id_) for id_, score in enumerate(scores, start=1)],
    )


@pytest.mark.parametrize(
    ("score", "more", "taken"),
    [
        (1.2, "", [1]),
        (1.2, "UPDATE stories SET withheld = 'drop' WHERE id = 1", [1, 2]),
        (1.2, "UPDATE stories SET withheld = 'hide' WHERE id = 1", [1]),
        (1.2, "UPDATE selections SET left_at = 'then' WHERE story_id = 1", [1, 2]),
        (1.2, "UPDATE selections SET archived = 1 WHERE story_id = 1", [1, 2]),
        (0.9, "", [1, 2]),
    ],
)
def test_of_an_event_one_story_is_taken(tmp_path: Path, score: float, more: str, taken: list[int]) -> None:
    """Unless what it shows of it is not shown any more, was never told, or is another event by the topic's level."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire", "post"), APART, match="ports", policy={"same_event": 1.0})
    room.poll("wire", Printed("a", report(1).with_more("Ports.")))
    room.poll("post", Printed("b", report(2)), hour=2)
    one_event(room, None, score)
    room.db.execute(more or "SELECT 1")
    room.db.conn.commit()

    room.poll("post", Printed("b", report(2).with_more("It is about ports.")), hour=3)

    assert [story for (story,) in room.db.execute("SELECT story_id FROM selections ORDER BY number")] == taken


def topic_of(more: str) -> str:
    """Write a topic that takes what names Ankara."""
    return f'[[topic]]\nid = "all"\ntitle = "All"\nmatch = "ankara"\n{more}\n'


@pytest.mark.parametrize("names", [("bosphorus-ledger", "harbour-wire"), ("harbour-wire", "bosphorus-ledger")])
def test_an_event_of_the_samples_is_one_item(house: House, names: tuple[str, str]) -> None:
    """Whichever source is polled first; a new topic is filled with one, too."""
    files = {name: str(ROOT / f"samples/{name}.xml") for name in names}
    both, one = topic_of(""), topic_of('per_story = "event"').replace('"all"', '"one"')
    house.configure(files, both + one)
    for name in names:
        house.poll(name)
    house.configure(files, both + one + one.replace('"one"', '"late"'))
    house.poll()

    rows = house.rows("SELECT topic, story_id FROM published ORDER BY topic, number")
    assert [topic for topic, _ in rows] == ["all", "all", "late", "one"]
    assert dict(rows)["one"] == rows[0][1], "the first that came"
    assert dict(rows)["late"] == rows[1][1], "the newest"


def test_exclude_languages_and_min_sources_are_one_query(house: House) -> None:
    """A story that fits but for one of them is not taken; one that comes to fit is."""
    for name, language, titles in [
        ("one", "en-gb", ("Ferry strike", "Ferry sinks", "Ferry sale")),
        ("two", "de", ("Ferry strike", "Ferry fährt")),
        ("three", "fr", ("Ferry bateau",)),
    ]:
        text = rss(*(item(title[6:], title=title, text=f"{title}.") for title in titles))
        text = text.replace("<channel>", f"<channel><language>{language}</language>")
        (house.folder / f"{name}.xml").write_text(text, encoding="utf-8")
    keys = {
        "excluded": 'exclude = "sale OR strike"',
        "spoken": 'languages = ["de", "EN_GB"]',
        "carried": "min_sources = 2",
        "all": 'exclude = "sale"\nlanguages = ["en"]\nmin_sources = 2',
    }
    topics = "".join(f'[[topic]]\nid = "{id_}"\ntitle = "T"\nmatch = "ferry"\n{more}\n' for id_, more in keys.items())
    house.configure({name: f"{name}.xml" for name in ("one", "two", "three")}, topics)
    for name in ("one", "two", "three"):
        house.poll(name)

    taken: dict[str, set[str]] = {name: set() for name in keys}
    for topic, title in house.rows("SELECT topic, title FROM published JOIN stories ON stories.id = story_id"):
        taken[topic].add(title)
    assert taken == {
        "excluded": {"Ferry sinks", "Ferry fährt", "Ferry bateau"},
        "spoken": {"Ferry strike", "Ferry sinks", "Ferry sale", "Ferry fährt"},
        "carried": {"Ferry strike"},
        "all": {"Ferry strike"},
    }


def test_a_topic_by_its_name_is_all_that_it_asks(house: House) -> None:
    """In a search, and in another topic."""
    titles = ("Ferry strike", "Ferry sinks", "Barge sinks")
    text = rss(*(item(title.replace(" ", "-"), title=title, text=f"{title}.") for title in titles))
    (house.folder / "one.xml").write_text(text, encoding="utf-8")
    topic = '[[topic]]\nid = "ferries"\ntitle = "T"\nmatch = "ferry"\nexclude = "strike"\n'
    other = '[[topic]]\nid = "others"\ntitle = "T"\nmatch = "NOT zzz"\nexclude = "@ferries"\n'
    house.configure({"one": "one.xml"}, topic + other)
    house.poll()

    found = json.loads(house.wireroom("search", "@ferries", "--json").out)
    assert [row["title"] for row in found] == ["Ferry sinks"]
    rows = house.rows("SELECT st.title FROM published p JOIN stories st ON st.id = p.story_id WHERE topic = 'others'")
    assert {title for (title,) in rows} == {"Ferry strike", "Barge sinks"}


def test_what_a_topic_does_not_ask_is_not_in_its_query() -> None:
    """A topic with `match` alone asks just that; the rest is what a person would have written."""
    plain = parse("a OR b")
    assert topic_query(plain) is plain
    assert topic_query(plain, exclude=parse("c"), languages=["en"]) == parse("(a OR b) AND NOT c AND lang:en")
    assert topic_query(plain, min_sources=3) == parse("(a OR b) AND sources:>=3")
    assert topic_query(parse("a"), languages=["en", "de"]) == parse("a AND (lang:en OR lang:de)")


def test_a_new_topic_is_filled_with_what_is_not_withheld(tmp_path: Path) -> None:
    """Of an event with the newest alone, however many pages that takes."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire",), APART)
    flood(room, 8)
    one_event(room, None, 1.0, 1.0, 1.0)
    room.db.execute("UPDATE stories SET withheld = 'drop' WHERE id = 8")
    topic = ConfiguredTopic(id="new", title="New", was=(), query=parse(room.match), limit=4, same_event=1.0)

    synced = sync_config(room.db, [Named("wire")], [], [topic], iso(at(9)))

    rows = room.db.execute("SELECT story_id FROM selections WHERE topic_id = ? ORDER BY number", [synced.topics["new"]])
    assert [story for (story,) in rows] == [4, 5, 6, 7]
