"""One text, one story, through the archive: copies join, stories that are one unite, and nobody sees a repeat."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.topics import topic_feed
from ingest.grouping import Grouping
from newsroom import Newsroom, Printed
from prose import Report, report

SOURCES = ("wire", "post", "herald", "echo", "star")


@pytest.fixture
def room(tmp_path: Path) -> Newsroom:
    """Open one."""
    return Newsroom(tmp_path / "wireroom.db", SOURCES)


def guids(room: Newsroom) -> list[str]:
    """List the ids of the topic's items, newest first."""
    return [item.guid for item in topic_feed(room.db, "all", 50).items]


def test_cuts_and_retitled_copies_join_and_the_reason_is_kept(room: Newsroom) -> None:
    """The first stays where it is, each copy tells to whom it is like, how far, and by which words."""
    told = report(1)
    room.poll("wire", Printed("w1", told), Printed("w2", report(2)))

    plan = room.poll("post", Printed("p1", told.cut(5, "What the night shift knew of the half-built election")), hour=2)

    assert room.stories() == [["wire/w1", "post/p1"], ["wire/w2"]] or room.stories() == [
        ["wire/w2"],
        ["wire/w1", "post/p1"],
    ]
    assert plan.new_stories == ()
    by, to, score, words = room.db.execute(
        "SELECT joined_by, joined_to, joined_score, joined_words FROM entries WHERE guid = 'p1'"
    ).fetchone()
    assert (by, to) == ("near", room.value("SELECT id FROM entries WHERE guid = 'w1'"))
    assert 0.9 < score <= 1
    assert words is not None


def test_two_items_of_one_source_are_two_stories_however_alike(room: Newsroom) -> None:
    """By likeness nothing of one source joins, nor does a second item join what its first did."""
    told = report(1)
    room.poll("wire", Printed("w1", told))
    room.poll("wire", Printed("w1", told), Printed("w2", told.with_more(*report(9).sentences[:2])), hour=2)
    room.poll("post", Printed("p1", told.cut(9)), Printed("p2", told.cut(8)), hour=3)

    stories = room.stories()

    assert len(stories) == 2
    assert all(len({name.partition("/")[0] for name in story}) == len(story) for story in stories)


def test_what_a_source_said_before_takes_nobody_in(room: Newsroom) -> None:
    """One id for text after text: who prints the first of them tells of something that nobody shows any more."""
    first, second = report(1), report(2)
    room.poll("wire", Printed("top", first))
    room.poll("wire", Printed("top", second), hour=2)

    room.poll("post", Printed("p1", first), hour=3)

    assert room.stories() == [["wire/top"], ["post/p1"]]


def test_after_the_window_the_same_words_are_news(room: Newsroom) -> None:
    """A notice that recurs."""
    told = report(1)
    room.poll("wire", Printed("w1", told, hour=0))
    room.poll("post", Printed("p1", told.cut(9), hour=24 * 15), hour=24 * 15)

    assert len(room.stories()) == 2


@pytest.mark.parametrize(
    ("grouping", "stories"),
    [
        (Grouping(dedupe="exact"), 2),
        (Grouping(dedupe_by_source={1: "exact"}), 2),
        (Grouping(dedupe_by_source={2: "exact"}), 2),
        (Grouping(dedupe_by_source={3: "off"}), 1),
        (Grouping(dedupe="off", dedupe_by_source={1: "copies", 2: "copies"}), 1),
    ],
)
def test_the_stricter_of_two_sources_decides(tmp_path: Path, grouping: Grouping, stories: int) -> None:
    """Whose entries are not folded into others', others' are not folded into."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, grouping)
    told = report(1)
    room.poll("wire", Printed("w1", told))
    room.poll("post", Printed("p1", told.cut(9)), hour=2)

    assert len(room.stories()) == stories


def test_what_is_never_compared_is_not_indexed(tmp_path: Path) -> None:
    """An index that nobody asks would only cost."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, Grouping(dedupe_by_source={2: "exact"}))
    room.poll("wire", Printed("w1", report(1)))
    room.poll("post", Printed("p1", report(2)))
    room.poll("post", Printed("p1", report(3)), hour=2)

    assert room.db.execute("SELECT entry_id FROM prints").fetchall() == [(1,)]


def test_where_off_is_the_rule_those_that_differ_join_one_another_alone(tmp_path: Path) -> None:
    """Also by the same words."""
    off = Grouping(dedupe="off", dedupe_by_source={1: "copies", 3: "exact"})
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, off)
    for hour, source in enumerate(("post", "wire", "herald"), start=1):
        room.poll(source, Printed("1", report(1)), hour=hour)

    assert room.stories() == [["post/1"], ["wire/1", "herald/1"]]


def test_off_keeps_even_exact_copies_apart(tmp_path: Path) -> None:
    """Also by the same link, and from either side."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, Grouping(dedupe_by_source={2: "off"}))
    told = Printed("1", report(1), link="http://x.example/1")

    room.poll("wire", told)
    room.poll("post", told, hour=2)
    room.poll("herald", told, hour=3)

    assert room.stories() == [["wire/1", "herald/1"], ["post/1"]]


def test_stories_unite_when_a_text_shows_it_and_the_older_id_lives(room: Newsroom) -> None:
    """A beginning and an end have nothing in common until the whole comes."""
    told = report(1, sentences=12)
    beginning, end = told.cut(5), type(told)("Word from the tribunal", told.sentences[7:])
    room.poll("wire", Printed("w1", beginning))
    room.poll("post", Printed("p1", end), hour=2)
    older, younger = room.story_of("wire/w1"), room.story_of("post/p1")
    seen = set(guids(room))
    assert len(seen) == 2

    room.poll("herald", Printed("h1", told), hour=3)

    assert room.stories() == [["wire/w1", "post/p1", "herald/h1"]]
    assert room.story_of("herald/h1") == older
    assert room.value("SELECT merged_into FROM stories WHERE id = ?", younger) == older
    assert room.db.execute("SELECT kept_id, gone_id, by FROM merges").fetchall() == [(older, younger, "near")]
    assert set(guids(room)) < seen, "nobody sees a repeat"


def test_order_of_polls_does_not_matter(tmp_path: Path) -> None:
    """Whoever is polled first, the same entries are together."""
    told = report(1, sentences=12)
    printed = {
        "wire": told.cut(5),
        "post": type(told)("Word from the tribunal", told.sentences[7:]),
        "herald": told,
        "echo": told.cut(9, "Another headline over it"),
    }
    orders = [
        list(printed),
        list(printed)[::-1],
        ["post", "echo", "wire", "herald"],
        ["echo", "herald", "post", "wire"],
    ]
    for number, order in enumerate(orders):
        room = Newsroom(tmp_path / f"{number}.db", SOURCES)
        for hour, source in enumerate(order, start=1):
            room.poll(source, Printed("1", printed[source]), hour=hour)
        assert len(room.stories()) == 1, order


def test_a_fuller_copy_leads_and_is_no_news(room: Newsroom) -> None:
    """What is shown changes; the item's id, its place, and when it was updated do not."""
    told = report(1, sentences=12)
    room.poll("wire", Printed("w1", told.cut(3)))
    (before,) = topic_feed(room.db, "all", 50).items

    room.poll("post", Printed("p1", told), hour=2)

    (after,) = topic_feed(room.db, "all", 50).items
    assert after.text == told.text
    assert (after.guid, after.number, after.updated) == (before.guid, before.number, before.updated)
    assert after.coverage[after.lead].source == "post"


def test_the_preferred_source_leads_whenever_it_comes(tmp_path: Path) -> None:
    """And its edits are the story's, as those of any lead."""
    room = Newsroom(tmp_path / "wireroom.db", SOURCES, Grouping(priority={3: 5}))
    told = report(1, sentences=12)
    room.poll("wire", Printed("w1", told))
    room.poll("herald", Printed("h1", told.cut(6)), hour=2)
    assert room.value("SELECT lead_entry_id FROM stories") == room.value("SELECT id FROM entries WHERE guid = 'h1'")
    text = told.cut(6).with_more("The bridge has fallen, and forty people are missing.")

    room.poll("herald", Printed("h1", text), hour=3)

    assert room.db.execute("SELECT text, updated FROM stories").fetchall() == [(text.text, "2026-11-20T11:00:00Z")]


def test_a_stub_whose_text_comes_later_joins_what_others_printed(room: Newsroom) -> None:
    """The story that it was goes into the older one."""
    told = report(1)
    room.poll("wire", Printed("w1", told))
    room.poll("post", Printed("p1", type(told)("Developing", ("More soon.",))), hour=2)
    assert len(room.stories()) == 2

    room.poll("post", Printed("p1", told.cut(10)), hour=3)

    assert room.stories() == [["wire/w1", "post/p1"]]


def test_a_report_that_all_print_is_still_found(tmp_path: Path) -> None:
    """Sixty slightly different copies: their words must not become boilerplate."""
    sources = [f"s{n}" for n in range(60)]
    room = Newsroom(tmp_path / "wireroom.db", sources)
    told = report(1)
    for n, source in enumerate(sources):
        room.poll(
            source,
            Printed("1", told.cut(14 - n % 5, f"{told.title}, part {n}" if n % 2 else told.title)),
            hour=1 + n / 60,
        )

    assert [len(story) for story in room.stories()] == [60]


def test_what_a_source_prints_under_everything_proves_nothing(tmp_path: Path) -> None:
    """A long appeal before short notes is no text of theirs, once there are some; until then it looks like one."""
    appeal = (
        "The Lume Courier has covered the valley for ninety years with a staff of twelve and needs your help to stay "
        "independent. A gift of five crowns a month pays for one reporter's travel to Ombra and back again every week."
    )

    def note(number: int) -> Report:
        return Report("Notes from the valley this week", (appeal, report(number, 1).text))

    made = []
    for before in (1, 5):
        room = Newsroom(tmp_path / f"{before}.db", SOURCES)
        room.poll("wire", *(Printed(f"w{n}", note(n)) for n in range(before)))
        room.poll("post", Printed("p", note(50)), hour=2)
        made.append(len(room.stories()))

    assert made == [1, 6]


def test_a_source_that_is_no_longer_compared_is_joined_by_no_copy(room: Newsroom) -> None:
    """What the index holds of it from before says nothing."""
    told = report(1)
    room.poll("wire", Printed("w1", told))
    room.grouping = Grouping(dedupe_by_source={room.synced.sources["wire"]: "exact"})
    room.poll("post", Printed("p1", told.cut(9)), hour=2)

    assert room.stories() == [["wire/w1"], ["post/p1"]]


def test_a_copy_by_its_link_can_show_that_two_stories_are_one(room: Newsroom) -> None:
    """The link says the one, the words say the other."""
    link, told = "http://wire.example/story", report(1)
    room.poll("wire", Printed("w1", report(2), link=link))
    room.poll("herald", Printed("h1", told), hour=2)
    room.poll("post", Printed("p1", told.cut(9, report(2).title), link=link), hour=3)

    assert room.stories() == [["wire/w1", "herald/h1", "post/p1"]]
