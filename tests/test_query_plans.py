"""How SQLite finds what a query asks for: by an index where there is one; and what is too much is broken off."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from db.query import parse
from db.query_faults import MAX_EXPANDED, QueryError, pointed
from db.query_names import Names, read_query
from db.query_sql import compile_query, newest
from db.query_tree import And, Author, Domain, Near, Not, Or, Query, Tag, Text
from db.search import search
from naive_query import NOW, Story, archive_of

ARCHIVE = archive_of([Story(title=f"Word{n} again") for n in range(300)])


def plan(query: str) -> list[str]:
    """Read how search would go about a query."""
    sql, params = newest(parse(query), NOW)
    return [detail for *_, detail in ARCHIVE.execute(f"EXPLAIN QUERY PLAN {sql}", [*params, 10, 0])]


@pytest.mark.parametrize(
    "query",
    [
        *("moscow", "mosc*", '"moscow talks"~5', "a OR title:b", "a -b", "source:bbc", "author:lee"),
        *("place:russia", "tag:russia", "place:*", "event:7", "is:held", "is:withheld", "is:pinned"),
        *("domain:bbc.co.uk", "has:enclosure", "tag:place:russ*", "tag:russ*"),
        *("seen:today", "seen:>=now-7d", "published:2026-11-20", "published:>2026", "moscow source:bbc lang:en"),
        *("source:bbc sources:>=3", "author:lee -moscow", "place:russia (place:china OR words:>9)"),
    ],
)
def test_no_table_of_stories_or_entries_is_gone_through(query: str) -> None:
    """Only what some index gave is looked at; the tables of tags and marks are small."""
    grown = [
        step
        for step in plan(query)
        if re.match(r"SCAN (stories|o|e|st)\b(?! VIRTUAL| USING INDEX entries_enclosed)", step)
    ]

    assert grown == []


@pytest.mark.parametrize("query", ["sources:>=3", "words:>200", "lang:en", "has:event", "NOT moscow", "seen:<2026"])
def test_what_most_stories_may_be_is_gone_through_from_the_newest_on(query: str) -> None:
    """So that it can stop at the limit; nothing is sorted for it."""
    steps = plan(query)

    assert any(re.match(r"SCAN stories\b", step) for step in steps)
    assert [step for step in steps if "TEMP B-TREE FOR ORDER BY" in step] == []


def test_text_is_read_in_the_order_of_the_index() -> None:
    """However many stories have a word, the newest are found at once."""
    seen: list[str] = []
    ARCHIVE.conn.set_progress_handler(lambda: seen.append("step"), 1)
    rows = search(ARCHIVE, parse("again"), NOW, 1)
    sql, params = newest(parse("again"), NOW)
    ARCHIVE.conn.set_progress_handler(lambda: seen.append("step"), 1)
    seen.clear()
    ARCHIVE.execute(sql, [*params, 1, 0]).fetchall()
    one = len(seen)
    ARCHIVE.execute(sql, [*params, 300, 0]).fetchall()
    all_of_them = len(seen) - one
    ARCHIVE.conn.set_progress_handler(None, 0)

    assert [row["story_id"] for row in rows] == [300]
    assert one * 20 < all_of_them


@pytest.mark.parametrize("query", ["NOT zebra", "again", "words:>5", "-w*", "has:event OR sources:>9"])
def test_search_that_takes_too_long_is_broken_off(query: str) -> None:
    """With a mend; and the next one is answered."""
    with pytest.raises(QueryError, match=r"longer than 0 s .*make its words longer, or add what is rare"):
        search(
            archive_of([Story(title=f"w{n} again", text="a b c d e f") for n in range(500)]),
            parse(query),
            NOW,
            500,
            limit_s=0,
        )

    assert len(search(ARCHIVE, parse("again"), NOW, 500)) == 300


@pytest.mark.parametrize("kind", [And, Or])
@pytest.mark.parametrize(
    "leaf",
    [
        lambda n: Text("", f"w{n}", prefix=False),
        lambda n: Not(Text("title", f"w{n}", prefix=True)),
        lambda n: Near((Text("", f"w{n}", prefix=False), Text("", "b", prefix=False)), 3),
        lambda n: Tag("kind", f"n{n}"),
        lambda n: Author(f"a{n}", prefix=False),
        lambda n: Domain(f"com.a{n}"),
    ],
)
def test_as_many_terms_as_there_may_be_are_answered(kind: type[And | Or], leaf: Callable[[int], Query]) -> None:
    """With all that it names put in, a query may have so many."""
    query = kind(tuple(leaf(n) for n in range(MAX_EXPANDED)))
    where = compile_query(And((Not(query), Text("", "again", prefix=False))), NOW)

    ARCHIVE.execute(f"SELECT id FROM stories WHERE {where.sql}", list(where.params)).fetchall()
    sql, params = newest(query, NOW)
    ARCHIVE.execute(sql, [*params, 10, 0]).fetchall()


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("x titel:foo", ["x titel:foo", "  ^"]),
        ("外交 titel:foo", ["外交 titel:foo", "     ^"]),
        ("e\u0301 titel:foo", ["e\u0301 titel:foo", "  ^"]),
        ("one\ntwo titel:foo\nthree", ["two titel:foo", "    ^"]),
        ("a\ttitel:foo", ["a titel:foo", "  ^"]),
        ("a AND", ["a AND", "     ^"]),
        ("w " * 50 + "titel:foo", ["w " * 18 + "titel:foo", " " * 36 + "^"]),
    ],
)
def test_caret_stands_below_the_fault(query: str, shown: list[str]) -> None:
    """In its own line of the query; wide signs take two places, marks none, control characters do nothing."""
    with pytest.raises(QueryError) as caught:
        read_query(query, Names())

    assert pointed(caught.value) == shown
