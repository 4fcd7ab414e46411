"""A curator's hand, as commands, beside a daemon and without one: pin, hide, tag, lead, and undo of each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from house import House
from origin import Origin, item, rss
from test_decisions import beside, done

REST = """
[[rule]]
id = "marked"
tag = "desk:seen"
match = "desk:mine"
[[topic]]
id = "all"
title = "Everything"
match = "number"
[[topic]]
id = "mine"
title = "By hand"
match = "desk:mine"
[[topic]]
id = "seen"
title = "By a rule"
match = "desk:seen"
"""


def set_up(house: House, origin: Origin) -> None:
    """Poll two sources: story 1 in both of them (entries 1 and 3), story 2 in the first, story 3 in the second."""
    origin.feed("/a", rss(item(2), item(1)))
    origin.feed("/b", rss(item(3), item(1, text="What happened, told at more length.")))
    house.configure({"a": origin.url("/a")}, REST, allow=origin.port)
    house.poll()
    configure_both(house, origin)
    house.poll()
    assert house.rows("SELECT id, story_id FROM entries ORDER BY id") == [(1, 1), (2, 2), (3, 1), (4, 3)]


def configure_both(house: House, origin: Origin, rest: str = REST) -> None:
    """Write the config with both sources."""
    house.configure({"a": origin.url("/a"), "b": origin.url("/b")}, rest, allow=origin.port)


def selected(house: House, topic: str) -> list[int]:
    """Read which stories a topic has, oldest selection first: in it, not left, not kept out."""
    return [
        story
        for (story,) in house.rows(
            "SELECT x.story_id FROM selections x JOIN topics t ON t.id = x.topic_id "
            "JOIN stories st ON st.id = x.story_id WHERE t.config_id = ? AND x.archived = 0 AND x.left_at IS NULL "
            "AND st.withheld IS NULL ORDER BY x.number",
            topic,
        )
    ]


def tags(house: House, story: int) -> set[str]:
    """Read a story's tags, but for its language's, which no rule gives."""
    sql = (
        "SELECT t.kind || ':' || t.name FROM story_tags x JOIN tags t ON t.id = x.tag_id "
        "WHERE x.story_id = ? AND t.kind <> 'lang'"
    )
    return {tag for (tag,) in house.rows(sql, story)}


def marks(house: House) -> list[tuple[Any, ...]]:
    """Read what stands."""
    return house.rows("SELECT kind, story_id, topic_id, tag_id, entry_id, by FROM marks ORDER BY id")


@pytest.mark.parametrize("daemon", [False, True])
def test_each_is_carried_out_at_once_and_taken_back(house: House, origin: Origin, daemon: bool) -> None:
    """A tag is seen by rules and topics, a pin selects, a hide keeps out, a lead is shown; undo is the way back."""
    set_up(house, origin)
    with beside(house, daemon=daemon):
        assert done(house, "tag", "2", "desk:Mine", "place:Łódź", "--by", "Anna  B") | {"decision": 0} == {
            "did": "tag", "decision": 0, "kind": "tag", "story": 2, "other": None, "entry": None, "topic": None,
            "tags": ["desk:mine", "place:lodz"], "stands": True, "followed": [],
        }  # fmt: skip
        assert tags(house, 2) == {"desk:mine", "desk:seen", "place:lodz"}
        assert (selected(house, "mine"), selected(house, "seen")) == ([2], [2])
        assert house.rows("SELECT origin, why FROM story_tags WHERE story_id = 2 AND origin = 'person' LIMIT 1") == [
            ("person", "Anna B")
        ]

        done(house, "pin", "3", "mine")
        assert selected(house, "mine") == [2, 3]
        done(house, "lead", "1", "3")
        assert house.rows("SELECT lead_entry_id, text FROM stories WHERE id = 1") == [
            (3, "What happened, told at more length.")
        ]
        done(house, "hide", "1")
        assert house.rows("SELECT withheld, withheld_by <> '' FROM stories WHERE id = 1") == [("hide", 1)]
        done(house, "untag", "2", "desk:seen")
        assert tags(house, 2) == {"desk:mine", "place:lodz"}
        assert (selected(house, "mine"), selected(house, "seen")) == ([2, 3], [])

        for left in (4, 3, 2, 1, 0):
            done(house, "undo", "--by", "Bob")
            assert len(house.rows("SELECT 1 FROM decisions WHERE undone_at IS NULL")) == left
    assert marks(house) == []
    assert (selected(house, "all"), selected(house, "mine"), selected(house, "seen")) == ([1, 2, 3], [], [])
    assert (tags(house, 2), house.rows("SELECT lead_entry_id, withheld FROM stories WHERE id = 1")) == (
        set(),
        [(1, None)],
    )
    if daemon:
        assert [line["did"] for line in house.log_lines() if line["event"] == "decision"] == [
            "tag", "pin", "lead", "hide", "untag", *["undo"] * 5,
        ]  # fmt: skip
    listed = json.loads(house.wireroom("undo", "--list", "--json").out)
    assert [(one["kind"], one["undone_by"]) for one in listed] == [
        (kind, "Bob") for kind in ("tag", "pin", "lead", "hide", "untag")
    ]
    assert (listed[0]["by"], listed[0]["tags"]) == ("Anna B", ["desk:mine", "place:lodz"])


def test_feeds_show_pins_first_and_what_is_hidden_not_at_all(house: House, origin: Origin) -> None:
    """In the published files, at once; an item that is pinned or comes back is the one that it was."""
    set_up(house, origin)

    def feed() -> list[tuple[str, str]]:
        text = (house.folder / "public" / "topics" / "all.json").read_text(encoding="utf-8")
        return [(one["title"].removeprefix("Story number "), one["id"]) for one in json.loads(text)["items"]]

    was = dict(feed())
    assert [title for title, _ in feed()] == ["3", "2", "1"]
    for words, shows in (
        (("pin", "1", "all"), ["1", "3", "2"]),
        (("hide", "3", "all"), ["1", "2"]),
        (("hide", "1"), ["2"]),
        (("unhide", "1"), ["1", "2"]),
        (("unpin", "1", "all"), ["2", "1"]),
        (("undo",), ["1", "2"]),
        (("unhide", "3", "all"), ["1", "3", "2"]),
    ):
        done(house, *words)
        assert [title for title, _ in feed()] == shows
        assert dict(feed()).items() <= was.items()


def test_item_that_returns_to_a_topic_is_the_same(house: House, origin: Origin) -> None:
    """Under its id and number, however often it is tagged and untagged, pinned and unpinned, by command or by undo."""
    set_up(house, origin)
    items = "SELECT id, story_id, number, guid FROM selections WHERE topic_id = 2"
    done(house, "tag", "2", "desk:mine")
    was = house.rows(items)
    for words in (("untag", "2", "desk:mine"), ("tag", "2", "desk:mine"), ("undo",), ("undo",), ("undo",)):
        done(house, *words)
        assert house.rows(items) == was
    assert selected(house, "mine") == []
    for words, there in (
        (("pin", "2", "mine"), [2]),
        (("unpin", "2", "mine"), []),
        (("undo",), [2]),
        (("undo",), []),
        (("tag", "2", "desk:mine"), [2]),
        (("pin", "2", "mine"), [2]),
        (("unpin", "2", "mine"), [2]),
    ):
        done(house, *words)
        assert (house.rows(items), selected(house, "mine")) == (was, there)


def test_marks_outlast_polls_reloads_regroups_and_merges(house: House, origin: Origin) -> None:
    """A changed entry, a new copy, another rule in the config, a regroup, another story that goes into it."""
    set_up(house, origin)
    done(house, "tag", "1", "desk:mine")
    done(house, "lead", "1", "3")
    done(house, "pin", "1", "seen")
    done(house, "untag", "1", "desk:seen")
    done(house, "hide", "2", "all")

    def holds(story: int = 1) -> None:
        assert tags(house, story) == {"desk:mine"}
        assert house.rows("SELECT lead_entry_id FROM stories WHERE id = ?", story) == [(3,)]
        assert selected(house, "seen")[:1] == [story]
        assert [kind for kind, *_ in marks(house)] == ["tag", "lead", "pin", "untag", "hide"]

    holds()
    origin.feed("/a", rss(item(2), item(1, text="Now this is much longer than all that the other says. " * 40)))
    house.poll()
    holds()
    third = {id_: origin.url(f"/{id_}") for id_ in "abc"}
    origin.feed("/c", rss(item(1, text="And longer than the longest of them, which is long. " * 90)))
    louder = f'{REST}[[rule]]\nid = "more"\ntag = "desk:seen"\nmatch = "number"\n'
    house.configure(third, louder, allow=origin.port)
    house.poll()
    assert house.rows("SELECT count(*) FROM entries WHERE story_id = 1") == [(3,)]
    assert tags(house, 3) == set(), "no poll has touched it since"
    holds()
    assert house.wireroom("regroup").code == 0
    holds()
    assert house.wireroom("retag").code == 0
    assert tags(house, 3) == {"desk:seen"}
    house.configure(third, louder.replace('match = "desk:mine"', 'match = "nothing"'), allow=origin.port)
    assert house.wireroom("retag").code == 0
    assert selected(house, "mine") == [], "its query was edited, and nobody pinned it there"
    house.configure(third, louder, allow=origin.port)
    assert house.wireroom("retag").code == 0
    assert selected(house, "mine") == [1]
    holds()
    done(house, "merge", "1", "2")
    holds()
    with house.daemon():
        house.poll()
    holds()


@pytest.mark.parametrize("daemon", [False, True])
def test_what_can_not_be_marked_is_said_with_exit_code_2(house: House, origin: Origin, daemon: bool) -> None:
    """And changes nothing."""
    set_up(house, origin)
    with beside(house, daemon=daemon):
        refused = (
            (("pin", "77", "all"), "there is no story 77"),
            (("pin", "1", "al"), "there is no topic 'al'; did you mean 'all'?"),
            (("hide", "1", "zz"), "there is no topic 'zz'; the config has all, mine, seen"),
            (("unpin", "1", "all"), "not pinned in topic 'all'"),
            (("unhide", "1"), "hidden nowhere"),
            (("unhide", "1", "all"), "not hidden in topic 'all'"),
            (("tag", "1", "desk"), "'desk' is no tag; write kind:name"),
            (("untag", "1", "desk"), "'desk' is no tag; write kind:name"),
            (("untag", "1", "desk:mine"), "has no tag desk:mine; it has lang:en"),
            (("lead", "1", "2"), "story 1 has no entry 2"),
            (("lead", "1", "--auto"), "no entry of story 1 leads it by hand"),
            (("lead", "1"), "not both"),
            (("pin", "1", "all", "--by", " \t"), "give a name"),
        )
        for words, said in refused[:: 1 if daemon else 4]:
            result = house.wireroom(*words)
            assert (result.code, result.out) == (2, "")
            assert said in result.err
        assert house.rows("SELECT * FROM decisions") == []

        done(house, "pin", "1", "mine")
        done(house, "hide", "1")
        for words, said in (
            (("pin", "1", "mine"), "pinned in topic 'mine' already"),
            (("pin", "1", "all"), "`wireroom unhide 1` first"),
            (("hide", "1"), "hidden in all topics already"),
            (("hide", "1", "all"), "hidden in all topics already"),
            (("unhide", "1", "all"), "`wireroom unhide 1` lets it in"),
        ):
            result = house.wireroom(*words)
            assert result.code == 2
            assert said in result.err


def test_it_is_told_in_plain_words(house: House, origin: Origin) -> None:
    """By the commands, by explain, and by the list of decisions."""
    set_up(house, origin)
    told = [
        house.wireroom(*words, "--by", "Anna").out.partition(" (")[0]
        for words in (
            ("pin", "1", "all"), ("unpin", "1", "all"), ("hide", "1", "all"), ("unhide", "1", "all"), ("hide", "1"),
            ("unhide", "1"), ("tag", "1", "desk:mine"), ("untag", "1", "desk:mine"), ("lead", "1", "3"),
            ("lead", "1", "--auto"), ("lead", "1", "3"), ("undo", "1"), ("undo", "6"),
        )
    ]  # fmt: skip
    assert told == [
        "story 1 is shown first in topic all",
        "story 1 is shown first in topic all no longer",
        "story 1 is hidden in topic all",
        "story 1 is let into topic all again",
        "story 1 is hidden in all topics",
        "story 1 is let into all topics again",
        "story 1 has desk:mine, whatever rules say",
        "story 1 has no desk:mine any more, whatever gives it",
        "story 1 shows entry 3",
        "story 1 shows the entry that leads it by itself",
        "story 1 shows entry 3",
        "the pin of story 1 in topic all is undone",
        "the unhide of story 1 in all topics is undone",
    ]
    lines = house.wireroom("explain", "1").out
    assert "  led by entry 3: a person chose it\n" in lines
    assert "by Anna: tag of story 1: desk:mine, of which something newer says otherwise: Story number 1" in lines
    assert "by Anna: hide of story 1 in all topics: Story number 1" in lines
    assert "by Anna: lead of story 1: entry 3: Story number 1" in lines
    assert "by Anna: pin of story 1 in topic all; undone " in lines
    assert {one["decision"] for one in done(house, "explain", "1")["decisions"]} == set(range(1, 12))


def test_person_has_the_last_word_over_rules_that_keep_out(house: House, origin: Origin) -> None:
    """Who shows a story again, or pins it, releases it for good: polls and edited rules change nothing of that."""
    set_up(house, origin)
    dull = '[[rule]]\nid = "dull"\nhold = true\nmatch = "number"\n'
    configure_both(house, origin, f"{REST}{dull}")
    origin.feed("/a", rss(item(5), item(4), item(2, text="Told anew."), item(1, text="Told anew.")))
    house.poll()
    kept_out = "SELECT id, withheld, withheld_by FROM stories WHERE withheld IS NOT NULL ORDER BY id"
    assert house.rows(kept_out) == [(id_, "hold", "dull") for id_ in (1, 2, 4, 5)]
    assert selected(house, "all") == [3]

    done(house, "unhide", "4")
    assert selected(house, "all") == [3, 4]
    done(house, "pin", "5", "mine")
    assert (selected(house, "all"), selected(house, "mine")) == ([3, 4, 5], [5])
    done(house, "hide", "1")

    def holds() -> None:
        assert house.rows("SELECT id, withheld FROM stories ORDER BY id") == [
            (1, "hide"), (2, "hold"), (3, None), (4, None), (5, None),
        ]  # fmt: skip

    holds()
    configure_both(house, origin, f"{REST}{dull.replace('hold', 'drop')}")
    origin.feed("/a", rss(item(5, text="Again."), item(4, text="Again."), item(1, text="Again.")))
    house.poll()
    holds()
    done(house, "unpin", "5", "mine")
    assert house.rows("SELECT withheld, withheld_by FROM stories WHERE id = 5") == [("drop", "dull")]
    assert selected(house, "mine") == []
    done(house, "unhide", "1")
    assert house.rows("SELECT withheld FROM stories WHERE id = 1") == [(None,)]
    for _ in range(2):
        done(house, "undo")
    holds()


def test_marks_of_stories_that_a_poll_unites_hold_together_and_apart(house: House, origin: Origin) -> None:
    """Two halves are two stories until the whole text comes; split off again, each has its own marks."""
    halves = [" ".join(f"{word}{n}" for n in range(80)) for word in ("harbour", "winter")]
    three = {}
    for id_, text in zip("abc", (*halves, " ".join(halves)), strict=True):
        three[id_] = origin.url(f"/{id_}")
        links = item(f"{id_}-1", title="Number of ships in the northern harbours", text=text)
        origin.feed(f"/{id_}", rss(links, title=f"Paper {id_}"))
        house.configure(three, REST, allow=origin.port)
        house.poll()
        if id_ == "b":
            done(house, "tag", "2", "desk:mine")
            done(house, "pin", "2", "seen")
            done(house, "tag", "1", "desk:other")
            done(house, "lead", "1", "1")
            done(house, "untag", "1", "desk:other")
            was = marks(house)
    assert house.rows("SELECT story_id FROM entries ORDER BY id") == [(1,), (1,), (1,)]
    assert house.rows("SELECT lead_entry_id FROM stories WHERE id = 1") == [(1,)], "else the fullest would lead"
    assert tags(house, 1) == {"desk:mine", "desk:seen"}
    assert (selected(house, "seen"), selected(house, "mine")) == ([1], [1])
    assert {story for _, story, *_ in marks(house)} == {1}

    assert done(house, "split", "1", "2")["other"] == 2
    assert marks(house) == was
    assert (tags(house, 1), tags(house, 2)) == (set(), {"desk:mine", "desk:seen"})
    done(house, "undo")
    assert tags(house, 1) == {"desk:mine", "desk:seen"}
