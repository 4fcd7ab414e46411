"""What rules do to stories: tags of tags, drops, holds, priorities of sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.query import parse
from db.search import search
from db.times import iso
from house import House
from ingest.grouping import Grouping
from ingest.order import Asked, CircleError, in_order
from ingest.tag import Rule
from newsroom import Newsroom, Printed, at
from origin import item, rss
from prose import report
from regrouped import regroup

FERRY = report(1).cut(14, "The ferry is late")
RETITLED = FERRY.cut(12, "A boat that does not come")


def rule(id_: str, match: str, **does: Any) -> Rule:
    """Make a rule."""
    return Rule(id=id_, query=parse(match), **does)


def room(path: Path, *rules: Rule, match: str = "sources:>=1", grouping: Grouping | None = None) -> Newsroom:
    """Open an archive of three sources with these rules."""
    return Newsroom(
        path / "wireroom.db", ("wire", "post", "echo"), grouping or Grouping(), match=match, rules=tuple(rules)
    )


def withheld(where: Newsroom) -> tuple[Any, ...]:
    """Read what keeps the first story out of all topics, the rules that take it without a tag, and its selections."""
    (found,) = where.db.execute(
        "SELECT withheld, withheld_by, taken_by, (SELECT count(*) FROM selections WHERE story_id = 1) "
        "FROM stories WHERE id = 1"
    ).fetchall()
    return tuple(found)


def hits(where: Newsroom) -> dict[str, tuple[int, str | None]]:
    """Read how many stories each rule took, and when the last."""
    return {
        id_: (count, last) for id_, count, last in where.db.execute("SELECT config_id, hits, last_hit_at FROM rules")
    }


@pytest.mark.parametrize("how", ["drop", "hold"])
def test_what_a_rule_withholds_is_in_the_archive_and_in_no_topic(tmp_path: Path, how: Any) -> None:
    """Search finds it, it is counted once, however often it comes, and let in when the rule is gone."""
    where = room(tmp_path, rule("late", "title:ferry", withholds=how))
    where.poll("wire", Printed("w2", report(2)), Printed("w1", FERRY))

    assert withheld(where) == (how, "late", '["late"]', 0)
    assert where.value("SELECT count(*) FROM selections") == 1, "the other one"
    assert [row["story_id"] for row in search(where.db, parse("ferry"), iso(at(1)), 10)] == [1]

    where.poll("post", Printed("p1", FERRY), hour=2)
    where.poll("wire", Printed("w1", FERRY.with_more("Nobody knows why.")), Printed("w2", report(2)), hour=3)

    assert withheld(where) == (how, "late", '["late"]', 0)
    assert hits(where) == {"late": (1, iso(at(1)))}

    where.rules = ()
    where.poll("echo", Printed("e1", FERRY), hour=4)

    assert withheld(where) == (None, None, None, 1)


def test_drop_is_stronger_than_hold_and_does_not_hide_it(tmp_path: Path) -> None:
    """Whichever stands first; both are counted."""
    rules = [
        rule("a", "ferry", withholds="hold"),
        rule("b", "late", withholds="drop"),
        rule("c", "is", kind="x", name="y"),
    ]
    for number, order in enumerate((rules, rules[::-1])):
        (folder := tmp_path / str(number)).mkdir()
        where = room(folder, *order)
        where.poll("wire", Printed("w1", FERRY))

        assert withheld(where) == ("drop", "b", '["a", "b"]', 0)
        assert {id_: count for id_, (count, _) in hits(where).items()} == {"a": 1, "b": 1, "c": 1}


def test_a_story_that_changes_into_what_is_held(tmp_path: Path) -> None:
    """It was selected, and keeps that; what shows topics leaves it out."""
    where = room(tmp_path, rule("held", '"nobody knows"', withholds="hold"))
    where.poll("wire", Printed("w1", FERRY))
    where.poll("wire", Printed("w1", FERRY.with_more("Nobody knows why.")), hour=2)

    assert withheld(where) == ("hold", "held", '["held"]', 1)


def test_the_priority_of_a_source_where_a_rule_takes_the_story(tmp_path: Path) -> None:
    """There it stands in place of the source's own; elsewhere that counts.

    The rule is asked of the story as it is shown without it: that the other title does not fit does not change that.
    """
    grouping = Grouping(priority={1: 3, 2: -5})
    boats = rule("boats", "title:ferry", priority={2: 4})
    where = room(tmp_path, boats, match="title:boat", grouping=grouping)
    where.poll("wire", Printed("w2", report(2)), Printed("w1", FERRY))
    for hour, source in ((2, "post"), (3, "echo"), (4, "post")):
        where.poll(source, Printed("1", RETITLED), Printed("2", report(2)), hour=hour)

        assert where.value("SELECT title FROM stories WHERE id = 1") == RETITLED.title
        assert where.value("SELECT lead_entry_id FROM stories WHERE id = 2") == 2, "wire's own priority"
        assert withheld(where) == (None, None, '["boats"]', 1), "the topic sees what is shown"
    assert hits(where) == {"boats": (1, iso(at(1)))}
    assert where.value("SELECT updated FROM stories WHERE id = 1") == iso(at(1)), "another lead is no news"


def test_of_several_priorities_the_highest_counts(tmp_path: Path) -> None:
    """So the order of rules does not matter; a rule may also give a tag, and set it only by another's tag."""
    rules = [
        rule("low", "ferry", kind="desk", name="sea", priority={1: 1, 3: 9}),
        rule("high", "desk:sea", priority={1: 10}),
    ]
    where = room(tmp_path, *rules)
    where.poll("echo", Printed("e1", RETITLED.cut(12, "No ferry")))
    where.poll("wire", Printed("w1", FERRY), hour=2)

    assert where.value("SELECT title FROM stories") == FERRY.title
    assert withheld(where)[2] == '["high"]', "that the other took it, its tag tells"
    assert hits(where)["low"][0] == hits(where)["high"][0] == 1


def test_a_regroup_chooses_leads_by_rules_too(tmp_path: Path) -> None:
    """An archive from before the rule gets the lead that polls would have given it; the next changes nothing."""
    where = room(tmp_path)
    where.poll("wire", Printed("w1", FERRY))
    where.poll("post", Printed("p1", RETITLED), hour=2)
    assert where.value("SELECT lead_entry_id FROM stories WHERE id = 1") == 1

    where.rules = (rule("boats", "title:ferry", priority={2: 4}),)
    assert sum(step.leads for step in regroup(where)) == 1
    assert where.value("SELECT lead_entry_id FROM stories WHERE id = 1") == 2
    assert sum(step.leads for step in regroup(where)) == 0


@given(st.data())
def test_each_rule_is_asked_behind_those_that_it_waits_for(data: st.DataObject) -> None:
    """Or there is a circle, each of which asks for what the next one gives."""
    count = data.draw(st.integers(1, 7))
    one = st.integers(0, count - 1)
    wanted = [data.draw(st.lists(one, max_size=2)) for _ in range(count)]
    gives = [data.draw(one) for _ in range(count)]
    rules = [
        Asked(parse(" OR NOT ".join(["word", *(f"k:x{n}" for n in tags)])), ("k", f"x{given}"))
        for tags, given in zip(wanted, gives, strict=True)
    ]
    try:
        order = in_order(rules)
    except CircleError as error:
        for number, after in zip(error.way, (*error.way[1:], error.way[0]), strict=True):
            assert gives[after] in wanted[number]
    else:
        assert sorted(order) == list(range(count))
        for number in range(count):
            waits = [other for other in range(count) if gives[other] in wanted[number]]
            assert all(order.index(other) < order.index(number) for other in waits)


RULES = """
[[rule]]
id = "alarm"
match = "desk:sea NOT desk:sport"
tag = "desk:alarm"

[[rule]]
id = "sea"
match = "ferry OR harbour"
tag = "desk:sea"

[[rule]]
id = "adverts"
match = "advertisement"
drop = true

[[rule]]
id = "rumours"
match = "desk:alarm rumour"
hold = true

[[rule]]
id = "ours"
match = "desk:sea"
priority = { post = 10 }

[[topic]]
id = "sea"
title = "Sea"
match = "desk:sea"
"""


def test_rules_from_the_config_to_the_feed(tmp_path: Path) -> None:
    """A rule that stands before the one whose tag it asks for; what is dropped or held; after an edit and a retag."""
    house = House(tmp_path)
    texts = {"1": "The ferry sank.", "2": "Advertisement: a ferry for sale.", "3": "A rumour of a harbour."}
    wire = rss(*(item(n, title=f"Wire {n}", text=text) for n, text in texts.items()))
    (tmp_path / "wire.xml").write_text(wire, encoding="utf-8")
    (tmp_path / "post.xml").write_text(rss(item("1", title="Post 1", text=texts["1"])), encoding="utf-8")
    house.configure({"wire": "wire.xml", "post": "post.xml"}, RULES)
    house.poll("wire")
    house.poll("post")

    def fed() -> list[str]:
        feed = json.loads((tmp_path / "public" / "topics" / "sea.json").read_text(encoding="utf-8"))
        return [one["title"] for one in feed["items"]]

    assert fed() == ["Post 1"]
    tagged = (
        "SELECT st.title, t.name FROM story_tags x JOIN stories st ON st.id = x.story_id JOIN tags t ON t.id = x.tag_id"
    )
    assert ("Post 1", "alarm") in house.rows(tagged)
    for query, title in (("is:dropped", "Wire 2"), ("is:held", "Wire 3")):
        assert [row["title"] for row in json.loads(house.wireroom("search", "--json", query).out)] == [title]

    house.configure({"wire": "wire.xml", "post": "post.xml"}, RULES.replace("advertisement", "commercial"))
    assert house.wireroom("retag").code == 0
    assert json.loads(house.wireroom("search", "--json", "is:dropped").out) == []
    assert house.rows("SELECT hits FROM rules WHERE config_id = 'adverts'") == [(1,)]
