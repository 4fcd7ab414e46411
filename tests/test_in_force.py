"""The archive remembers the config that is in force, and how often each rule has hit since it says what it says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from db.in_force import Said, in_force, put_in_force
from db.schema import migrations
from house import House
from origin import item, rss
from test_config import CONTRACT, load
from wireroom.in_force import said

things = st.lists(
    st.builds(
        Said,
        st.sampled_from(["rule", "topic"]),
        st.sampled_from("abcd"),
        st.dictionaries(st.just("x"), st.integers(0, 2)),
    ),
    max_size=6,
    unique_by=lambda one: one[:2],
)


@settings(deadline=None)
@given(st.lists(things, min_size=1, max_size=4))
def test_what_was_said_last_is_in_force(takes: list[list[Said]]) -> None:
    """In its order, whatever was said before; since the first time in a row that it said so."""
    db = Database(memory=True)
    migrations.apply(db)
    since: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
    for number, take in enumerate(takes):
        now = f"2026-11-{number + 1:02}T00:00:00Z"
        put_in_force(db, take, now)
        since = {
            (one.kind, one.id): before
            if (before := since.get((one.kind, one.id))) and before[0] == one.says
            else (one.says, now)
            for one in take
        }

    found = in_force(db)

    for kind in ("rule", "topic"):
        assert [one[1:3] for one in found if one.kind == kind] == [one[1:] for one in takes[-1] if one.kind == kind]
    assert {(one.kind, one.id): (one.says, one.since) for one in found} == since


def test_taking_over_the_same_again_writes_nothing() -> None:
    """A daemon that starts anew leaves the archive as it was."""
    db = Database(memory=True)
    migrations.apply(db)
    things = [Said("rule", "a", {"match": "x"}), Said("rule", "b", {"match": "y"})]
    put_in_force(db, things, "2026-11-20T00:00:00Z")
    before = db.conn.total_changes

    put_in_force(db, things, "2026-11-21T00:00:00Z")

    assert db.conn.total_changes == before


def test_a_configs_credentials_and_places_are_not_told(tmp_path: Path) -> None:
    """The archive may be shown around; what it is told of a source is what has no column there."""
    told = list(said(load(tmp_path, CONTRACT)))

    text = json.dumps(told)
    assert "user:" not in text
    assert str(tmp_path) not in text
    says = {(one.kind, one.id): one.says for one in told}
    assert {("settings", ""), ("rule", "diplomacy"), ("topic", "us-russia")} <= says.keys()
    assert [id_ for kind, id_ in says if kind == "source"] == ["example-world"]
    assert says["source", "example-world"] == {
        "tags": ["category:world-news"],
        "every_s": 1800.0,
        "dedupe": "copies",
        "priority": -2,
    }
    assert says["rule", "diplomacy"] == {
        "tag": "subject:diplomacy",
        "match": 'embassy OR ambassador OR "diplomatic mission"',
    }
    assert says["settings", ""]["poll.allow"][0] == "127.0.0.1/32:8080"


RULE = '[[rule]]\nid = "{}"\ntag = "subject:{}"\nmatch = "{}"\n'


def test_status_tells_of_rules_and_names_those_that_never_hit(house: House) -> None:
    """Since when; one that was edited and does not hit since is named too, one that nobody has read yet also."""
    feed = house.folder / "feed.xml"
    feed.write_text(rss(item(1, title="A ferry"), item(2, title="Two ferries")))
    rules = [RULE.format("boats", "boats", "ferry OR ferries"), RULE.format("never", "never", "xyzzy")]
    house.configure({"one": str(feed)}, "".join(rules))
    house.poll()

    told = json.loads(house.wireroom("status", "--json").out)["rules"]
    first = house.wireroom("status").out
    house.configure({"one": str(feed)}, "".join(rules).replace("ferry OR", "boat OR") + RULE.format("new", "new", "x"))
    second = house.wireroom("status").out
    house.poll()
    third = house.wireroom("status").out

    assert [(row["rule"], row["hits"], row["idle"]) for row in told] == [("boats", 2, False), ("never", 0, True)]
    assert "rule never has never hit anything" in first
    assert "rule boats" not in first
    assert "rule new is not at work yet" in second
    assert "rule boats has not hit anything since it was edited" in third
