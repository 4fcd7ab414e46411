"""Stories found for who asks from outside: paging, facets, days, and what the public never sees."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from db.found import asked_query, beginning, facets_of, find_stories, newest_below, story_rows, volume
from db.query import parse
from db.query_faults import QueryError
from db.query_names import Names, hiding
from db.query_tree import Lang, Source, Tag
from db.reading import Viewer
from naive_query import NOW, Copy, Story, archive_of, in_company
from newsroom import Newsroom
from reading_room import BRIDGE, FERRY, LAST, reading_room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """Make the archive once."""
    path: Path = tmp_path_factory.mktemp("reading") / "wireroom.db"
    return reading_room(path)


def pages(db: Database, query: str, viewer: Viewer, limit: int) -> Iterator[list[int]]:
    """Read all pages, each as the ids of its stories."""
    before = None
    while True:
        found = find_stories(db, parse(query) if query else None, NOW, viewer, before=before, limit=limit)
        yield [row.id for row in found.stories]
        before = found.before
        if before is None:
            return


def test_public_sees_what_is_open_and_owner_all(room: Newsroom) -> None:
    """Newest first; what went into another story is none of its own; the owner is told what is kept out, and how."""
    public = find_stories(room.db, None, NOW, "public")
    owner = find_stories(room.db, None, NOW, "owner")

    assert [(row.id, row.withheld) for row in public.stories] == [(6, None), (4, None), (1, None)]
    assert [(row.id, row.withheld) for row in owner.stories] == [
        (6, None),
        (4, None),
        (3, "hide"),
        (2, "drop"),
        (1, None),
    ]
    assert public.before is None
    assert [row.title for row in public.stories] == [LAST.title, FERRY.title, BRIDGE.title]


def test_row_tells_who_carries_it_and_who_else_tells_of_it(room: Newsroom) -> None:
    """Sources in order of first sight, copies counted; of the event only what the viewer may see."""
    (bridge,) = story_rows(room.db, [1], "public")
    (known,) = story_rows(room.db, [1], "owner")

    assert [one.source for one in bridge.sources] == ["wire", "herald", "post"]
    assert bridge.entries == 3
    assert bridge.tags == ("animal:zebra", "lang:en")
    assert (bridge.event, bridge.others) == (9, 1)
    assert (known.event, known.others) == (9, 3)
    assert bridge.excerpt.startswith(BRIDGE.sentences[0][:40])
    assert bridge.url == "https://wire.example/bridge"


def test_rows_come_in_the_order_asked_for(room: Newsroom) -> None:
    """Unknown, merged and withheld ones are left out."""
    assert [row.id for row in story_rows(room.db, [1, 99, 6, 5, 3, 4], "public")] == [1, 6, 4]


@pytest.mark.parametrize("query", ["", "words:>=1", "the OR a OR of", "source:post OR source:herald"])
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_are_the_whole_without_repeats(room: Newsroom, query: str, limit: int) -> None:
    """Whether the index of words gives the order or the table of stories does."""
    (whole,) = pages(room.db, query, "owner", 100)

    assert [id_ for page in pages(room.db, query, "owner", limit) for id_ in page] == whole
    assert all(one > other for one, other in pairwise(whole))


stories = st.builds(
    Story,
    title=st.sampled_from(["ferry", "bridge", ""]),
    text=st.sampled_from(["zebra", "zebra ferry", "none"]),
    language=st.sampled_from([None, "en", "en-GB", "fr"]),
    seen=st.sampled_from(["2026-11-20T10:00:00Z", "2026-11-22T23:59:59Z", "2026-11-23T00:00:00Z"]),
    copies=st.lists(st.builds(Copy, st.sampled_from(["one", "two", "three"])), min_size=1, max_size=3).map(tuple),
    tags=st.frozensets(st.sampled_from(["place:russia", "place:china", "topic:war"])),
    withheld=st.sampled_from([None, None, "drop"]),
    event=st.sampled_from([None, 1]),
)
QUERIES = ["", "ferry", "zebra -bridge", "place:russia", "source:one OR ferry", "lang:en", "NOT lang:en", "place:*"]


@given(
    st.lists(stories, max_size=12), st.sampled_from(QUERIES), st.sampled_from(("public", "owner")), st.integers(1, 4)
)
@settings(max_examples=60, deadline=None)
def test_facets_count_what_is_found(told: list[Story], query: str, viewer: Viewer, most: int) -> None:
    """Each term, asked with the query, finds just so many of the stories looked at; days add up to all of them."""
    db = archive_of(in_company(told))
    tree = parse(query) if query else None
    whole = [row.id for row in find_stories(db, tree, NOW, viewer, limit=100).stories]
    looked_at = set(whole[:most])

    facets = facets_of(db, tree, NOW, viewer, most=most)

    assert facets.of == len(looked_at)
    assert sum(count for _, count in facets.days) == facets.of
    for facet in (*facets.sources, *facets.tags, *facets.languages):
        narrowed = f"({query}) AND {facet.term}" if query else facet.term
        found = {row.id for row in find_stories(db, parse(narrowed), NOW, viewer, limit=100).stories}
        assert len(found & looked_at) == facet.stories, facet
    assert {one.term.partition(":")[0] for one in facets.sources} <= {"source"}


def test_terms_of_facets_are_queries(room: Newsroom) -> None:
    """They name just what they count."""
    facets = facets_of(room.db, None, NOW, "public")

    assert [parse(one.term) for one in facets.sources] == [Source("herald"), Source("post"), Source("wire")]
    assert {parse(one.term) for one in facets.tags} >= {Tag("animal", "zebra"), Tag("desk", "late")}
    assert all(isinstance(parse(one.term), Lang) for one in facets.languages)
    assert facets.days == (("2026-11-20", 2), ("2026-11-21", 1))


def test_days_of_ten_years_are_those_of_the_last(room: Newsroom) -> None:
    """A picture of more would show nothing."""
    db = archive_of([Story(seen="2016-01-01T00:00:00Z"), Story(seen="2026-01-01T00:00:00Z")])

    days = facets_of(db, None, NOW, "public").days

    assert (len(days), days[-1]) == (366, ("2026-01-01", 1))


def test_volume_is_by_day_of_first_sight(room: Newsroom) -> None:
    """Days without any are there too; today is the last."""
    now = "2026-11-22T10:00:00Z"

    assert volume(room.db, None, now, 3, "public") == (("2026-11-20", 2), ("2026-11-21", 1), ("2026-11-22", 0))
    assert volume(room.db, None, now, 3, "owner") == (("2026-11-20", 4), ("2026-11-21", 1), ("2026-11-22", 0))
    assert volume(room.db, parse("zebra"), now, 3, "public") == (
        ("2026-11-20", 1),
        ("2026-11-21", 0),
        ("2026-11-22", 0),
    )
    assert volume(room.db, None, now, 2, "public") == (("2026-11-21", 1), ("2026-11-22", 0))


def test_what_was_typed_is_read_with_what_the_archive_knows(room: Newsroom) -> None:
    """Its tag kinds and sources; nothing typed asks for all."""
    assert asked_query(room.db, "animal:zebra", Names(), "public") == Tag("animal", "zebra")
    assert asked_query(room.db, "  ", Names(), "public") is None
    with pytest.raises(QueryError, match="there is no source `wir`: did you mean `wire`"):
        asked_query(room.db, "source:wir", Names(), "public")


@pytest.mark.parametrize("query", ["is:pinned", "bridge NOT is:hidden", "is:withheld"])
def test_what_the_owner_did_is_the_owners_to_ask(room: Newsroom, query: str) -> None:
    """A pin in a secret topic would tell what is in it."""
    with pytest.raises(QueryError, match=r"column \d+: is:\w+ is for the owner; sign in"):
        asked_query(room.db, query, Names(), "public")

    assert asked_query(room.db, query, Names(), "owner") is not None


@pytest.mark.parametrize(
    "query", ["ferry", "source:bbc", "place:russia", "has:enclosure", "seen:>=now-7d", "lang:en", "", "a OR title:b"]
)
def test_a_page_further_down_is_found_as_the_first_is(query: str) -> None:
    """By the same indices, whatever the cursor; nothing is sorted that need not be."""
    db = archive_of([Story(title=f"Word{n} again") for n in range(300)])

    def plan(before: int | None) -> list[str]:
        sql, params = newest_below(parse(query) if query else None, NOW, "public", before)
        steps = [detail for *_, detail in db.execute(f"EXPLAIN QUERY PLAN {sql} LIMIT 10", params)]
        return [
            step.partition(" (rowid<?)")[0].replace("SEARCH stories USING INTEGER PRIMARY KEY", "SCAN stories")
            for step in steps
            if "VIRTUAL TABLE" not in step
        ]

    assert plan(200) == plan(None)


def test_beginning_is_cut_between_words() -> None:
    """Or anywhere, where there are none."""
    assert beginning("a\n b") == "a b"
    assert beginning("word " * 100, 12) == "word word …"
    assert beginning("字" * 20, 10) == "字" * 10 + " …"


def test_what_names_a_secret_topic_is_as_secret() -> None:
    """However far round; a fault that names it would tell that it is there."""
    saved = {"a": "ferry", "b": "@whisper OR x", "c": "NOT @b", "whisper": "zebra", "round": "@round"}
    names = Names(saved={name: parse(query) for name, query in saved.items()})

    assert set(hiding(names, frozenset({"whisper"})).saved) == {"a", "round"}
    assert hiding(names, frozenset()) == names
