"""Topics that show copies apart, beside one that does not: through polls, config edits and a person's hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.apart import EXACT, Member, heads
from db.archive import open_writer
from db.decisions import decide_split
from db.model import DEDUPES
from house import House
from origin import Origin, item, rss

REPORT = (
    "Ministers of nine countries met on Tuesday in the old customs house to discuss the reopening of the northern "
    "ports before the winter. After two days of talks behind closed doors they agreed on a common fund for dredging, "
    "on night pilots for the larger tankers, and on a single tariff for grain. The harbour unions, who had threatened "
    "to strike, welcomed the fund but called the tariff a gift to shippers. A first convoy is to sail within a month."
)
CUT = REPORT[: REPORT.index(" A first convoy")] + " More on our site."
COMET = "A comet unseen since the days of the great frost was photographed by two schoolboys with a borrowed lens."


def topic(id_: str, dedupe: str = "", *, match: str = "NOT zzzzzz", grouping: str = "") -> str:
    """Write a topic's table."""
    more = [f'dedupe = "{dedupe}"'] if dedupe else []
    more += [f'grouping = "{grouping}"'] if grouping else []
    return "\n".join(["[[topic]]", f'id = "{id_}"', f'title = "{id_}"', f"match = '{match}'", *more, ""])


TOPICS = topic("whole") + topic("exact", "exact") + topic("each", "off")


class News:
    """Three sources: a report, its exact copy, a cut under another title; polled in that order."""

    def __init__(self, house: House, origin: Origin, rest: str = TOPICS) -> None:
        self.house, self.origin = house, origin
        self.serve(
            "one", item("r", title="Ministers meet over ports", text=REPORT), item("s", title="A comet", text=COMET)
        )
        self.serve("two", item("r", title="Ministers meet over ports", text=REPORT))
        self.serve("three", item("c", title="Northern harbours to open soon", text=CUT))
        self.configure(rest)

    def serve(self, source: str, *items: str) -> None:
        """Let a source say this from now on, under links of its own."""
        self.origin.feed(f"/{source}", rss(*items, title=source).replace("news.example", f"{source}.example"))

    def configure(self, rest: str) -> None:
        """Write the config."""
        names = ("one", "two", "three")
        self.house.configure({name: self.origin.url(f"/{name}") for name in names}, rest, allow=self.origin.port)

    def poll(self, *sources: str) -> None:
        """Poll sources one after the other; all, if not told which."""
        for source in sources or ("one", "two", "three"):
            assert self.house.poll(source)["failed"] == 0


def items_of(house: House, topic_id: str) -> list[dict[str, Any]]:
    """Read a published topic, oldest item first."""
    document = json.loads((house.folder / "public" / "topics" / f"{topic_id}.json").read_bytes())
    found: list[dict[str, Any]] = document["items"]
    return found[::-1]


def shown(house: House, topic_id: str) -> list[tuple[str, list[str]]]:
    """Read a published topic → each item's title and the sources that it names."""
    return [
        (one["title"], [each["source"] for each in one["_wireroom"]["coverage"]]) for one in items_of(house, topic_id)
    ]


OTHER = ("A comet", ["one"])
WHOLE = ("Ministers meet over ports", ["one", "two", "three"])
EXACT_ITEMS = [("Ministers meet over ports", ["one", "two"]), ("Northern harbours to open soon", ["three"])]
EACH_ITEMS = [
    ("Ministers meet over ports", ["one"]),
    ("Ministers meet over ports", ["two"]),
    ("Northern harbours to open soon", ["three"]),
]


def besides(told: Sequence[tuple[str, list[str]]]) -> list[tuple[str, list[str]]]:
    """Leave the other story out."""
    return [one for one in told if one != OTHER]


def test_topic_shows_copies_as_far_apart_as_it_says(house: House, origin: Origin) -> None:
    """One story: an item in the first topic, one for each text in the second, one for each entry in the third."""
    news = News(house, origin)
    news.poll()

    assert house.rows("SELECT count(DISTINCT story_id) FROM coverage") == [(2,)]
    assert besides(shown(house, "whole")) == [WHOLE]
    assert besides(shown(house, "exact")) == EXACT_ITEMS
    assert besides(shown(house, "each")) == EACH_ITEMS
    assert all(OTHER in shown(house, topic_id) for topic_id in ("whole", "exact", "each"))
    links = {one["url"] for one in items_of(house, "exact")}
    assert links == {f"http://{at}.example/story/{of}" for at, of in (("one", "r"), ("one", "s"), ("three", "c"))}


def test_copy_shown_apart_has_its_own_time_of_change(house: House, origin: Origin) -> None:
    """What changes in one copy is an update of its item, and of no other; an item never comes twice."""
    news = News(house, origin)
    news.poll()
    before = {one["id"]: one["date_modified"] for one in items_of(house, "exact")}
    news.serve("three", item("c", title="Northern harbours to open soon", text=CUT + " Correction: it was three days."))
    news.poll("three")

    after = {one["id"]: one["date_modified"] for one in items_of(house, "exact")}
    (changed,) = (one for one in items_of(house, "exact") if one["title"].startswith("Northern"))
    assert before.keys() == after.keys()
    assert {id_ for id_ in after if after[id_] != before[id_]} == {changed["id"]}
    assert "Correction" in changed["content_html"]


def test_new_topic_is_filled_by_the_same_rule(house: House, origin: Origin) -> None:
    """What is in the archive already is shown as if the topic had always been there."""
    news = News(house, origin, "")
    news.poll()
    news.configure(TOPICS)
    news.poll("three")

    assert besides(shown(house, "whole")) == [WHOLE]
    assert besides(shown(house, "exact")) == EXACT_ITEMS
    assert besides(shown(house, "each")) == EACH_ITEMS


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("copies", "exact", EXACT_ITEMS),
        ("copies", "off", EACH_ITEMS),
        ("exact", "copies", [WHOLE]),
        ("exact", "off", EACH_ITEMS),
        ("off", "copies", [WHOLE]),
        ("off", "exact", EXACT_ITEMS),
    ],
)
def test_edited_topic_keeps_its_items_and_repeats_none(
    house: House, origin: Origin, before: str, after: str, expected: list[tuple[str, list[str]]]
) -> None:
    """A text that subscribers have stays one item, under its id; what is apart now comes when its story is touched."""
    news = News(house, origin, topic("t", before))
    news.poll()
    ids = {one["id"] for one in items_of(house, "t")}
    news.configure(topic("t", after))
    news.serve("three", item("c", title="Northern harbours to open soon", text=CUT + " Updated at noon."))
    news.poll("three")

    told = besides(shown(house, "t"))
    assert sorted(told) == sorted(expected)
    kept = {one["id"] for one in items_of(house, "t")} & ids
    assert len(kept) == min(len(ids), len(told) + 1)


def test_split_copy_takes_its_item_along(house: House, origin: Origin) -> None:
    """Where a person splits a copy off, who sees copies apart sees nothing new; the others see a new story."""
    news = News(house, origin)
    news.poll()
    before = {one["id"] for one in items_of(house, "exact")}
    ((story, entry),) = house.rows("SELECT story_id, entry_id FROM coverage WHERE source = 'three'")
    db = open_writer(house.archive)
    with db.conn:
        new = decide_split(db, story, entry, "2026-11-25T10:00:00Z").other_id
    db.close()
    news.serve("three", item("c", title="Northern harbours to open soon", text=CUT + " Updated at noon."))
    news.poll("three")

    (apart,) = (one for one in items_of(house, "exact") if one["_wireroom"]["story"] == new)
    assert {one["id"] for one in items_of(house, "exact")} == before
    assert besides(shown(house, "exact")) == EXACT_ITEMS
    assert apart["title"] == "Northern harbours to open soon"
    assert besides(shown(house, "whole")) == [("Ministers meet over ports", ["one", "two"]), EXACT_ITEMS[1]]


MEMBERS = st.lists(
    st.tuples(st.sampled_from(["first", "link", "print", "near", "person"]), st.one_of(st.none(), st.integers(1, 8))),
    min_size=1,
    max_size=7,
).map(lambda rows: [Member(n, joined_by, to) for n, (joined_by, to) in enumerate(rows, start=1)])  # type: ignore[arg-type]


@given(MEMBERS, st.sampled_from(DEDUPES))
def test_every_entry_is_under_one_head(members: list[Member], dedupe: str) -> None:
    """Also where entries are said to be copies of each other, of one that left, or of themselves."""
    found = heads(members, dedupe)  # type: ignore[arg-type]

    assert list(found) == [member.entry for member in members]
    assert all(found[head] == head for head in found.values())
    for member in members:
        if dedupe == "copies":
            assert found[member.entry] == 1
        elif dedupe == "off" or member.joined_by not in EXACT:
            assert found[member.entry] == member.entry
        elif member.joined_to not in found:
            assert found[member.entry] == 1
