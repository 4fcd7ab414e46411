"""Why is this story here, or not: each part of a query asked of one story, and told."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.copied import CopiedStory
from db.query import parse
from db.query_sql import compile_query
from db.query_told import Seen, verdict
from db.query_tree import And, Not, Or, Query
from house import ROOT, House
from newsroom import Newsroom, Printed
from origin import item, rss
from prose import Report

NOW = "2026-11-26T12:00:00Z"


def plain(query: str, *there: str) -> tuple[bool, str]:
    """Ask a query of a story that has these words."""
    came = verdict(parse(query), lambda leaf: Seen(getattr(leaf, "phrase", "") in there))
    return came.takes, str(came)


@pytest.mark.parametrize(
    ("query", "there", "told"),
    [
        ("a AND b", "ab", "matched: a, b"),
        ("a AND b", "a", "matched: a; failed: b"),
        ("a AND (b OR c)", "ac", "matched: a, c"),
        ("a AND (b OR c)", "a", "matched: a; failed: b OR c"),
        ("a AND NOT b", "a", "matched: a, NOT b"),
        ("a AND NOT b", "ab", "matched: a; failed: NOT b (it has b)"),
        ("NOT (a OR b) c", "bc", "matched: c; failed: NOT (a OR b) (it has b)"),
        ("NOT (a b)", "a", "matched: NOT (a AND b)"),
        ("NOT NOT a", "", "failed: NOT NOT a (it has NOT a)"),
        ('"d e" OR f*', "", 'failed: "d e" OR f*'),
        ("a OR (b AND c)", "bc", "matched: b, c"),
        ("a OR (b AND c AND -d)", "c", "failed: a OR (b AND c AND NOT d) (of that it has c)"),
        ("a a a", "a", "matched: a"),
    ],
)
def test_parts_that_matched_and_failed(query: str, there: str, told: str) -> None:
    """Of alternatives those that did, or all of them; what is unwanted says what is there of it."""
    takes, said = plain(query, *there)

    assert said == told
    assert takes == ("failed" not in told)


leaf = st.sampled_from("abcdef").map(parse)
trees = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(trees, st.frozensets(st.sampled_from("abcdef")))
def test_a_verdict_has_a_reason(query: Query, there: frozenset[str]) -> None:
    """What is not taken failed somewhere; what is taken did not, and says what matched."""
    came = verdict(query, lambda one: Seen(getattr(one, "phrase", "") in there))

    assert came.takes == (not came.failed)
    assert not came.takes or came.matched


QUERIES = (
    "ferry",
    "seafarer*",
    '"northern harbour"',
    "title:ferry",
    "text:ferry",
    "外交部",
    "ozisik",
    "source:one",
    "source:three",
    "sources:>1",
    "lang:en",
    "NOT ferry",
    "harbour AND NOT train",
    "desk:x",
)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_copied_story_answers_as_the_archive_does(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever is asked of whichever story."""
    global _room  # noqa: PLW0603 - one archive for all examples
    room = _room = _room or filled(tmp_path_factory.mktemp("room"))
    story = data.draw(st.sampled_from([id_ for (id_,) in room.db.execute("SELECT id FROM stories ORDER BY id")]))
    query = parse(data.draw(st.lists(st.sampled_from(QUERIES), min_size=1, max_size=3).map(" OR ".join)))
    where = compile_query(query, NOW)

    copied = CopiedStory(room.db, story, NOW)

    sql = f"SELECT count(*) FROM stories WHERE id = ? AND ({where.sql})"
    ((taken,),) = room.db.execute(sql, [story, *where.params])
    assert copied.takes(query) == bool(taken)
    assert verdict(query, copied.look).takes == bool(taken)


_room: Newsroom | None = None


def filled(folder: Path) -> Newsroom:
    """Make an archive of a few stories."""
    room = Newsroom(folder / "wireroom.db", ["one", "two", "three"])
    shared = Report("A ferry sails", ("It left the northern harbour before dawn, and no train waited for it there.",))
    room.poll("one", Printed("a", shared), Printed("b", Report("Seafarers speak", ("Of the train.",))))
    room.poll(
        "two", Printed("a", shared), Printed("c", Report("外交部发言人", ("Özışık said so in the harbour.",))), hour=2
    )
    (desk,) = room.db.execute("INSERT INTO tags (kind, name) VALUES ('desk', 'x') RETURNING id").fetchone()
    room.db.execute("INSERT INTO story_tags VALUES (?, ?, 'source', 'one')", [room.story_of("one/b"), desk])
    return room


def test_words_that_a_part_found_are_told_as_they_stand(tmp_path: Path) -> None:
    """What begins so, other spellings; and not twice in another case. A query's own word is not repeated."""
    room = Newsroom(tmp_path / "wireroom.db", ["one"])
    text = "Seafarers and SEAFARERS, a seafarer too. Özışık spoke of the 外交部 there."
    room.poll("one", Printed("a", Report("Çağlar Özışık", (text,))))
    copied = CopiedStory(room.db, 1, NOW)

    def told(query: str) -> str:
        return str(verdict(parse(query), copied.look))

    assert told("seafarer*") == "matched: seafarer* (“Seafarers”, “seafarer”)"
    assert told("spoke") == "matched: spoke"
    assert verdict(parse("spoke OR ozisik"), copied.look).found == ("“spoke”", "“Özışık”")
    assert verdict(parse("外交部"), copied.look).found == ("“外交部”",)


def test_samples_report_says_why_for_each_tag_and_topic(house: House) -> None:
    """From poll to publication, on the shipped samples."""
    text = (ROOT / "config.toml").read_text(encoding="utf-8").replace("samples/", f"{ROOT}/samples/")
    text = re.sub(r"# --- World -.*?(?=# --- Rules)", "", text, flags=re.DOTALL)
    house.config.write_text(text.replace("127.0.0.1:8000", f"127.0.0.1:{house.port}"), encoding="utf-8")
    house.poll()
    ((story,),) = house.rows("SELECT DISTINCT story_id FROM coverage WHERE title LIKE 'Türkiye hosts%'")

    told: dict[str, Any] = json.loads(house.wireroom("explain", str(story), "--json").out)
    lines = house.wireroom("explain", str(story)).out.splitlines()

    because = {tag["tag"]: tag["words"] for tag in told["tags"] if tag["origin"] == "rule"}
    assert because["subject:diplomacy"] == [
        "“embassy”",
        "“ambassador”",
        "“Foreign Minister”",
        "“diplomatic mission”",
    ]
    verdicts = {one["topic"]: one for one in told["verdicts"]}
    assert verdicts["us-russia"]["matched"][:2] == ["subject:diplomacy", "moscow"]
    assert verdicts["us-russia"]["selections"][0]["guid"].startswith("urn:uuid:")
    assert (verdicts["economy"]["takes"], verdicts["economy"]["matched"]) == (False, [])
    (missing,) = verdicts["economy"]["missing"]
    assert (missing["tag"], missing["rule"]) == ("subject:central-banks", "central-banks")
    assert missing["failed"] == ['"central bank" OR "interest rate" OR org:ecb']
    assert all(entry["poll"]["outcome"] == "ok" and entry["poll"]["new"] for entry in told["entries"])
    assert all(entry["keys"]["link"] == 1 for entry in told["entries"])
    for line in (
        "    known again by its id kite:88213, its link, its words",
        "  us-russia takes it",
        "  economy does not take it",
        "    failed: subject:central-banks OR desk:economy OR category:economy",
    ):
        assert line in lines
    assert any(line.startswith("    brought by the poll of ") for line in lines)


def test_a_dropped_story_says_by_which_rule_and_words(house: House) -> None:
    """So that a curator sees at once what to mend."""
    feed = house.folder / "feed.xml"
    feed.write_text(rss(item(1, title="Sponsored: a ferry")))
    rest = '[[rule]]\nid = "ads"\nmatch = "sponsor*"\ndrop = true\n[[topic]]\nid = "a"\ntitle = "A"\nmatch = "ferry"\n'
    house.configure({"one": str(feed)}, rest)
    house.poll()

    lines = house.wireroom("explain", "1").out.splitlines()

    assert "  dropped by rule ads, because of “Sponsored”: no topic takes it" in lines
    assert "  a would take it, but it is dropped by rule ads, because of “Sponsored”" in lines


def test_one_topic_alone(house: House) -> None:
    """The commonest question has its own short answer; an unknown topic is named with those that there are."""
    feed = house.folder / "feed.xml"
    feed.write_text(rss(item(1, title="A ferry sails from Gdańsk")))
    topics = '[[topic]]\nid = "{0}"\ntitle = "{0}"\nmatch = "{1}"\n'
    house.configure(
        {"one": str(feed)},
        topics.format("boats", "ferry AND gdansk") + topics.format("rail", "(train OR ferry) -gdansk"),
    )
    house.poll()

    boats, rail = (house.wireroom("explain", "1", "--topic", name).out for name in ("boats", "rail"))
    unknown = house.wireroom("explain", "1", "--topic", "nobody")

    assert boats.startswith("boats takes it\n  matched: ferry, gdansk\n  number 1, since ")
    assert rail == "rail does not take it\n  matched: ferry\n  failed: NOT gdansk (it has gdansk)\n"
    assert json.loads(house.wireroom("explain", "1", "--topic", "rail", "--json").out)["takes"] is False
    assert (unknown.code, unknown.err) == (2, "wireroom: there is no topic 'nobody'; the topics are boats, rail\n")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("UPDATE selections SET archived = 1", "in its archive, not in its feed: it was never announced"),
        ("UPDATE selections SET left_at = '2026-11-26'", "left it 2026-11-26: it takes it no longer"),
        ("DELETE FROM selections", "would take it now, but was not asked since it would"),
        (
            "DELETE FROM selections; UPDATE stories SET withheld = 'drop', withheld_by = 'ads'",
            "boats would take it, but it is dropped by rule ads\n",
        ),
        (
            "DELETE FROM selections; INSERT INTO waiting VALUES (1, 1, '2026-11-27T00:00:00Z')",
            "boats will take it at 2026-11-27T00:00:00Z: it lets coverage gather",
        ),
        (
            "DELETE FROM selections; INSERT INTO decisions (at, kind, story_id, other_id, was) "
            "VALUES ('', 'hide', 1, 1, '{}'); "
            "INSERT INTO mark_log VALUES (1, 1, 'hide', 1, 1, 1, NULL, NULL, 1)",
            "boats would take it, but a person keeps it out",
        ),
        ("UPDATE stories SET title = 'A train'; DELETE FROM story_tags", "boats took it, and would no longer"),
    ],
)
def test_where_a_story_stands_in_a_topic(house: House, sql: str, told: str) -> None:
    """In its archive, left, waiting, withheld, not asked."""
    feed = house.folder / "feed.xml"
    feed.write_text(rss(item(1, title="A ferry sails")))
    house.configure({"one": str(feed)}, '[[topic]]\nid = "boats"\ntitle = "B"\nmatch = "ferry"\n')
    house.poll()
    with contextlib.closing(sqlite3.connect(house.archive)) as db:
        db.executescript(sql)

    assert told in house.wireroom("explain", "1", "--topic", "boats").out


def test_topic_with_one_item_for_each_event_has_another_story_of_it(house: House) -> None:
    """So it does not look as if a retag would bring this one."""
    text = "The ferry Galatea ran aground off Kite Point with ninety passengers, the harbour master Ada Vell said."
    other = "Ninety passengers of the ferry Galatea were brought to Kite Point by boat; Ada Vell called it a grounding."
    feed = house.folder / "feed.xml"
    feed.write_text(rss(item(1, title="Ferry aground", text=text), item(2, title="Passengers are safe", text=other)))
    topic = '[[topic]]\nid = "boats"\ntitle = "B"\nper_story = "event"\nmatch = "ferry"\n'
    house.configure({"one": str(feed)}, topic)
    house.poll()
    with contextlib.closing(sqlite3.connect(house.archive)) as db:
        db.executescript(
            "INSERT INTO events VALUES (9, '', '', 2, 0, x''); "
            "UPDATE stories SET event_id = 9, event_score = 2; DELETE FROM selections WHERE story_id = 2"
        )

    assert house.wireroom("explain", "2", "--topic", "boats").out.startswith(
        "boats would take it, but has a story of its event, and takes one of each\n"
    )


def test_lead_by_a_rules_priority_is_told_so(house: House) -> None:
    """Not as the first that was seen, or the fullest: explain goes by what the rules set, too."""
    for name, more in (("one", " and back"), ("two", "")):
        text = f"The ferry Galatea sailed from Kite Point at dawn with ninety passengers{more}."
        (house.folder / f"{name}.xml").write_text(rss(item(1, title="A ferry sails", text=text)))
    rule = '[[rule]]\nid = "desk"\nmatch = "ferry"\npriority = { two = 10 }\n'
    house.configure({name: str(house.folder / f"{name}.xml") for name in ("one", "two")}, rule)
    house.poll()

    told = json.loads(house.wireroom("explain", "1", "--json").out)

    assert [entry["source"] for entry in told["entries"] if entry["leads"]] == ["two"]
    assert told["lead_because"] == "its source has the highest priority, 10"
