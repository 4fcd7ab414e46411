"""A person's word on stories: explain, merge, split and undo, as commands, beside a daemon and without one."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from house import House
from origin import Origin, item, rss

RULE = """
[[rule]]
id = "of-b"
tag = "desk:second"
match = "source:b"
"""
TOPICS = """
[[topic]]
id = "all"
title = "Everything"
match = "number"
[[topic]]
id = "second"
title = "What b carries"
match = "desk:second"
"""
REST = RULE + TOPICS
SHOWN = {
    "stories": "SELECT id, title, text, url, first_seen, updated, lead_entry_id FROM stories WHERE merged_into IS NULL",
    "entries": "SELECT id, story_id, joined_by, joined_to, joined_score, joined_words FROM entries",
    "tags": "SELECT x.* FROM story_tags x JOIN stories st ON st.id = x.story_id WHERE st.merged_into IS NULL",
    "selections": "SELECT x.* FROM selections x JOIN stories st ON st.id = x.story_id WHERE st.merged_into IS NULL",
    "links": "SELECT * FROM links",
}


def set_up(house: House, origin: Origin) -> None:
    """Poll two sources: story 1 in both of them (entries 1 and 3), story 2 in the first, story 3 in the second."""
    origin.feed("/a", rss(item(2), item(1)))
    origin.feed("/b", rss(item(3), item(1)))
    house.configure({"a": origin.url("/a")}, TOPICS, allow=origin.port)
    house.poll()
    house.configure({"a": origin.url("/a"), "b": origin.url("/b")}, REST, allow=origin.port)
    house.poll()
    assert house.rows("SELECT id, story_id FROM entries ORDER BY id") == [(1, 1), (2, 2), (3, 1), (4, 3)]


@contextlib.contextmanager
def beside(house: House, *, daemon: bool) -> Iterator[None]:
    """Have a daemon run while the body runs, or not."""
    with house.daemon() if daemon else contextlib.nullcontext():
        yield


def shown(house: House) -> dict[str, list[tuple[Any, ...]]]:
    """Read all that is shown of living stories."""
    return {name: sorted(house.rows(sql), key=str) for name, sql in SHOWN.items()}


def items(house: House, topic: str = "all") -> dict[str, str]:
    """Read a published feed → guid and title of each item."""
    feed = json.loads((house.folder / "public" / "topics" / f"{topic}.json").read_text(encoding="utf-8"))
    return {one["id"]: one["title"] for one in feed["items"]}


def done(house: House, *words: str) -> dict[str, Any]:
    """Run a command that must succeed → its JSON."""
    result = house.wireroom(*words, "--json")
    assert result.code == 0, result.err
    told: dict[str, Any] = json.loads(result.out)
    return told


@pytest.mark.parametrize("daemon", [False, True])
def test_merge_and_split_are_published_and_undone(house: House, origin: Origin, daemon: bool) -> None:
    """Each changes the feeds at once, and undo is the way back to the very same rows."""
    set_up(house, origin)
    before, feeds = shown(house), (items(house), items(house, "second"))
    with beside(house, daemon=daemon):
        assert done(house, "merge", "3", "2") | {"decision": 0} == {
            "did": "merge", "decision": 0, "kind": "merge", "story": 2, "other": 3, "entry": None, "followed": [],
        }  # fmt: skip
        merged = shown(house)
        assert set(items(house).values()) == {"Story number 1", "Story number 2"}
        assert items(house).items() < feeds[0].items()
        # topic `second` had only the younger one: its item goes on under its id, and shows the story's lead
        assert {*items(house, "second")} == {*feeds[1]}
        assert house.rows(
            "SELECT t.name FROM story_tags x JOIN tags t ON t.id = x.tag_id WHERE x.story_id = 2 AND t.kind = 'desk'"
        ) == [("second",)]

        told = done(house, "split", "1", "1")
        new = told["other"]
        assert new not in (1, 2, 3)
        assert house.rows("SELECT lead_entry_id FROM stories WHERE id IN (1, ?) ORDER BY id", new) == [(3,), (1,)]
        assert len(items(house)) == 3
        assert {*items(house)} > {guid for guid, title in feeds[0].items() if title != "Story number 3"}

        assert done(house, "undo")["kind"] == "split"
        assert shown(house) == merged
        assert done(house, "undo")["kind"] == "merge"
        assert shown(house) == before
        assert (items(house), items(house, "second")) == feeds
        assert house.wireroom("undo").code == 2
    if daemon:
        assert [line["did"] for line in house.log_lines() if line["event"] == "decision"] == [
            "merge", "split", "undo", "undo",
        ]  # fmt: skip


def test_decision_outlasts_polls_that_would_say_otherwise(house: House, origin: Origin) -> None:
    """The entry that was split off is changed, and a third source brings copies: nothing is joined again."""
    set_up(house, origin)
    new = done(house, "split", "1", "3")["other"]
    done(house, "merge", "2", "3")

    origin.feed("/b", rss(item(3, text="Quite another number."), item(1, text="What happened, told at more length.")))
    origin.feed("/c", rss(item(1), item(2), item(3)))
    three = {id_: origin.url(f"/{id_}") for id_ in ("a", "b", "c")}
    house.configure(three, REST, allow=origin.port)
    house.poll()

    assert house.rows("SELECT id, story_id FROM entries WHERE id <= 4 ORDER BY id") == [
        (1, 1),
        (2, 2),
        (3, new),
        (4, 2),
    ]
    living = {1, 2, new}
    assert {story for (story,) in house.rows("SELECT DISTINCT story_id FROM entries")} == living
    assert {id_ for (id_,) in house.rows("SELECT id FROM stories WHERE merged_into IS NULL")} == living


def test_undo_keeps_what_came_meanwhile(house: House, origin: Origin) -> None:
    """A copy that joined the merged story stays with the one that lives on."""
    set_up(house, origin)
    done(house, "merge", "2", "3")
    origin.feed("/c", rss(item(2)))
    house.configure({id_: origin.url(f"/{id_}") for id_ in ("a", "b", "c")}, REST, allow=origin.port)
    house.poll()

    done(house, "undo")

    assert house.rows("SELECT id, story_id FROM entries ORDER BY id") == [(1, 1), (2, 2), (3, 1), (4, 3), (5, 2)]


def test_subscriber_sees_no_repeat(house: House, origin: Origin) -> None:
    """No item comes back under another id, and none that the limit had pushed out returns where one is taken out."""
    origin.feed("/a", rss(item(4), item(3), item(2), item(1)))
    house.configure(
        {"a": origin.url("/a")},
        f"{TOPICS}limit = 3\n".replace('match = "desk:second"', 'match = "number"'),
        allow=origin.port,
    )
    house.poll()
    assert sorted(items(house, "second").values()) == ["Story number 2", "Story number 3", "Story number 4"]
    seen = items(house, "second")

    done(house, "merge", "4", "3")

    assert sorted(items(house, "second").values()) == ["Story number 2", "Story number 3"]
    house.poll()
    assert items(house, "second").items() < seen.items()
    done(house, "split", "3", "4")
    assert items(house, "second") == seen


def test_explain_tells_why(house: House, origin: Origin) -> None:
    """Who, when, why and by which words; by id, by an item's id, by an address; a story that went is followed."""
    set_up(house, origin)
    ((guid,),) = house.rows("SELECT guid FROM published WHERE story_id = 1 AND topic = 'all'")

    told = done(house, "explain", "1")
    assert told["lead_entry_id"] == 1
    assert [(one["entry_id"], one["source"], one["joined_by"], one["leads"]) for one in told["entries"]] == [
        (1, "a", "first", True),
        (3, "b", "link", False),
    ]
    assert {(one["topic"], one["guid"]) for one in told["topics"]} >= {("all", guid)}
    assert [(one["tag"], one["origin"], one["why"]) for one in told["tags"] if one["origin"] == "rule"] == [
        ("desk:second", "rule", "of-b")
    ]
    assert done(house, "explain", guid) == told
    assert done(house, "explain", "http://news.example/story/1") == told

    done(house, "merge", "1", "2")
    told = done(house, "explain", "2")
    assert (told["asked"], told["story_id"], told["followed"]) == (2, 1, [1])
    assert [(one["kept"], one["gone"], one["by"]) for one in told["merges"]] == [(1, 2, "person")]
    assert [(one["kind"], one["undone_at"]) for one in told["decisions"]] == [("merge", None)]
    text = house.wireroom("explain", "2").out
    assert re.search(r"story 2 went into 1\n\nstory 1: Story number 1\n", text)
    assert re.search(r"^\* 1 a, .*: Story number 1$", text, re.MULTILINE)
    assert re.search(r"^ {4}the same link", text, re.MULTILINE)
    assert re.search(r"story 2 went into 1: a person said so: Story number 2$", text, re.MULTILINE)


def test_explain_tells_scores_words_and_the_event(house: House, origin: Origin) -> None:
    """What was stored with a copy and with an event is shown, control characters made visible."""
    import sqlite3

    set_up(house, origin)
    with contextlib.closing(sqlite3.connect(house.archive)) as db:
        db.execute(
            "UPDATE entries SET joined_by = 'near', joined_to = 1, joined_score = 0.625, joined_words = ? WHERE id = 3",
            [json.dumps(["ports", "\x1b[2J"])],
        )
        db.execute(
            "INSERT INTO events (id, first_seen, last_seen, stories, words, terms) VALUES (7, '', '', 2, 9, x'')"
        )
        db.execute("UPDATE stories SET event_id = 7, event_score = NULL, event_words = NULL WHERE id = 2")
        db.execute("UPDATE stories SET event_id = 7, event_score = 0.375, event_words = '[\"winter\"]' WHERE id = 1")
        db.commit()

    text = house.wireroom("explain", "1").out
    assert r"nearly the same words as entry 1, 0.62 (ports, \x1b[2J)" in text
    assert "event 7, 0.38 (winter)\n  also story 2, 1 source: Story number 2" in text
    told = done(house, "explain", "1")
    assert (told["event"]["score"], told["event"]["words"]) == (0.375, ["winter"])
    assert [one["story_id"] for one in told["event"]["stories"]] == [2]


def test_undo_list_shows_all_decisions(house: House, origin: Origin) -> None:
    """Undone ones too; listing undoes nothing."""
    set_up(house, origin)
    assert house.wireroom("undo", "--list").out == "nothing was decided yet\n"
    done(house, "merge", "2", "3")
    done(house, "undo")
    done(house, "split", "1", "3")

    told = json.loads(house.wireroom("undo", "--list", "--json").out)
    assert [(one["decision"], one["kind"], one["undone_at"] is None) for one in told] == [
        (1, "merge", False),
        (2, "split", True),
    ]
    lines = house.wireroom("undo", "--list").out.splitlines()
    assert re.fullmatch(r"1: \S+ by \S+: merge of story 3 into 2; undone \S+ by \S+: Story number 2", lines[0])
    assert re.fullmatch(r"2: \S+ by \S+: split of entry 3 from story 1, now 4: Story number 1", lines[1])


@pytest.mark.parametrize("daemon", [False, True])
def test_what_can_not_be_done_is_said_with_exit_code_2(house: House, origin: Origin, daemon: bool) -> None:
    """And changes nothing. A story that was merged before is followed, and that is said."""
    set_up(house, origin)
    before = shown(house)
    with beside(house, daemon=daemon):
        refused = (
            (("merge", "1", "1"), "1 is one story: give another"),
            (("merge", "1", "77"), "there is no story 77"),
            (("merge", "1", "urn:uuid:none"), "there is no story 'urn:uuid:none'"),
            (("split", "1", "2"), "story 1 has no entry 2"),
            (("split", "2", "2"), "all that story 2 has"),
            (("undo",), "no decision to undo"),
            (("undo", "5"), "no decision 5"),
            (("explain", "77"), "there is no story 77"),
        )
        for words, said in refused[:: 1 if daemon else 3]:
            result = house.wireroom(*words)
            assert (result.code, result.out) == (2, "")
            assert said in result.err
        assert shown(house) == before

        done(house, "merge", "2", "3")
        assert "one already: 2" in house.wireroom("merge", "3", "2").err
        assert house.wireroom("merge", "3", "1").out.splitlines() == [
            "story 3 went into 2 before: that is meant",
            "story 2 is now part of story 1 (decision 2)",
        ]
        assert "undo 2 first" in house.wireroom("undo", "1").err


def test_without_an_archive_nothing_is_made(house: House, origin: Origin) -> None:
    """Exit code 66, and no empty archive is left behind."""
    house.configure({"a": origin.url("/a")}, TOPICS, allow=origin.port)

    assert house.wireroom("merge", "1", "2").code == 66
    assert not house.archive.exists()


def test_split_of_what_a_poll_united_wakes_the_old_item_and_keeps_it_apart(house: House, origin: Origin) -> None:
    """Two halves are two stories until the whole text comes; then a person says no, and another whole text comes."""
    halves = [" ".join(f"{word}{n}" for n in range(80)) for word in ("harbour", "winter")]
    whole = " ".join(halves)
    four = {}
    for id_, text in zip("abcd", (*halves, whole, f"{whole} and then spring came"), strict=True):
        four[id_] = origin.url(f"/{id_}")
        links = item(f"{id_}-1", title="Number of ships in the northern harbours", text=text)
        origin.feed(f"/{id_}", rss(links, title=f"Paper {id_}"))
        if id_ == "c":
            before = items(house)
        house.configure(four, TOPICS, allow=origin.port)
        house.poll()
        if id_ == "c":
            assert house.rows("SELECT story_id FROM entries ORDER BY id") == [(1,), (1,), (1,)]
            assert [(one["gone"], one["by"]) for one in done(house, "explain", "2")["merges"]] == [(2, "near")]
            assert items(house).keys() < before.keys()
            assert done(house, "split", "1", "2")["other"] == 2
            assert items(house).keys() == before.keys()

    assert len(house.rows("SELECT 1 FROM entries")) == 4
    assert dict(house.rows("SELECT id, story_id FROM entries WHERE id < 4")) == {1: 1, 2: 2, 3: 1}
    assert items(house).keys() == before.keys()
