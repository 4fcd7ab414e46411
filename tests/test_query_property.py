"""One query, one answer: on the desk, in the archive, in search, and in the plainest reading; and any text at all."""

from __future__ import annotations

import random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import newest as by_words
from db.desk import DraftDesk
from db.query import parse
from db.query_faults import QueryError
from db.query_names import Names, looked_up
from db.query_sql import compile_query, newest
from db.query_tree import (
    Ago,
    And,
    Author,
    Domain,
    Has,
    Holding,
    Is,
    Lang,
    Near,
    Not,
    OfEvent,
    Or,
    Query,
    Source,
    Sources,
    State,
    Tag,
    Text,
    When,
    Words,
    leaves,
)
from db.text import fold
from naive_query import NOW, SOURCES, Copy, Story, archive_of, draft_of, in_company, naive

VOCABULARY = [
    "moscow",
    "mosque",
    "Łódź",
    "łódka",
    "Türkiye",
    "turkey",
    "外交部",
    "外交",
    "ısparta",
    "été",
    "café",
    "x1",
    "STRASSE",
    "straße",
    "Ὀδυσσεύς",
    "ไทย",
]
AUTHORS = ["Ann Lee", "Ann Łee", "Lee, Ann; Bo", "李小龙", None]
HOSTS = ["bbc.co.uk", "www.bbc.co.uk", "notbbc.co.uk", "bbc.com", "10.0.0.1", None]
TIMES = [
    "2026-11-25T10:00:00Z",
    "2026-11-25T09:59:59Z",
    "2026-11-24T23:59:59Z",
    "2026-11-25T00:00:00Z",
    "2025-01-01T00:00:00Z",
]
MOMENTS = [*TIMES, None, Ago(0), Ago(1), Ago(-1), Ago(0, day=True), Ago(86_400, day=True), Ago(36_000)]
TAGS = ["place:russia", "place:russian-sea", "subject:x", "org:russia"]

phrases = st.lists(st.sampled_from(VOCABULARY), max_size=6).map(" ".join)
copies = st.builds(Copy, st.sampled_from(SOURCES), st.sampled_from(AUTHORS), st.sampled_from(HOSTS), st.booleans())
stories = st.builds(
    Story,
    title=phrases,
    text=phrases,
    language=st.sampled_from(["en", "en-GB", "de", None]),
    published=st.sampled_from([*TIMES, None]),
    seen=st.sampled_from(TIMES),
    length=st.integers(0, 4),
    event=st.sampled_from([None, 1, 2, 3]),
    copies=st.lists(copies, min_size=1, max_size=4).map(tuple),
    tags=st.frozensets(st.sampled_from(TAGS)),
    withheld=st.sampled_from([None, "drop", "hold", "hide"]),
    pinned=st.booleans(),
)


def text_of(field: str) -> st.SearchStrategy[Text]:
    """Make words, phrases and prefixes of a field."""
    words = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=2).map(" ".join)
    cut = st.tuples(words, st.integers(1, 9)).map(lambda pair: fold(pair[0])[: pair[1]].strip())
    return st.one_of(
        st.builds(lambda phrase, prefix: Text(field, fold(phrase), prefix), words, st.booleans()),  # type: ignore[arg-type]
        st.builds(lambda phrase: Text(field, phrase, prefix=True), cut),  # type: ignore[arg-type]
    )


def near_of(field: str) -> st.SearchStrategy[Near]:
    """Make words that stand near each other."""
    parts = st.lists(text_of(field), min_size=2, max_size=3, unique=True).map(tuple)
    return st.builds(Near, parts, st.integers(0, 3))


fields = st.sampled_from(["", "title", "text"])
leaf: st.SearchStrategy[Query] = st.one_of(
    fields.flatmap(text_of),
    fields.flatmap(near_of),
    st.builds(Author, st.sampled_from(["ann", "ann lee", "lee", "le", "李", "小 龙", "bo"]), st.booleans()),
    st.builds(
        Tag, st.sampled_from(["place", "subject", "org", "", "no"]), st.sampled_from(["russia", "x"]), st.booleans()
    ),
    st.builds(Tag, st.sampled_from(["place", "no"]), st.just(""), st.just(True)),
    st.builds(Source, st.sampled_from([*SOURCES, "four"])),
    st.builds(Domain, st.sampled_from(["uk.co.bbc", "uk.co", "uk.co.bbc.www", "com.bbc", "10.0.0.1", "co"])),
    st.builds(Sources, st.integers(0, 3), st.one_of(st.none(), st.integers(0, 4))),
    st.builds(Words, st.integers(0, 3), st.one_of(st.none(), st.integers(0, 4))),
    st.builds(Lang, st.sampled_from(["en", "de", "fr"])),
    st.builds(When, st.sampled_from(["published", "seen"]), st.sampled_from(MOMENTS), st.sampled_from(MOMENTS)),
    st.builds(Has, st.sampled_from(get_args(Holding))),
    st.builds(OfEvent, st.integers(1, 4)),
)
queries: st.SearchStrategy[Query] = st.recursive(
    st.one_of(leaf, leaf, leaf, st.builds(Is, st.sampled_from(get_args(State)))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=8,
)


def random_story(chance: random.Random) -> Story:
    """Make a story of the same stuff, the same at every run."""
    copies = [
        Copy(chance.choice(SOURCES), chance.choice(AUTHORS), chance.choice(HOSTS), chance.random() < 0.2)
        for _ in range(chance.choice((1, 1, 1, 2, 4)))
    ]
    return Story(
        title=" ".join(chance.choices(VOCABULARY, k=chance.randrange(5))),
        text=" ".join(chance.choices(VOCABULARY, k=chance.randrange(7))),
        language=chance.choice(("en", "en-GB", "de", None)),
        published=chance.choice((*TIMES, None)),
        seen=chance.choice(TIMES),
        length=chance.randrange(5),
        event=chance.choice((None, 1, 2, 3, chance.randrange(4, 999))),
        copies=tuple(copies),
        tags=frozenset(chance.sample(TAGS, chance.randrange(3))),
        withheld=chance.choice((None, None, "drop", "hold", "hide")),
        pinned=chance.random() < 0.2,
    )


MANY = in_company([random_story(random.Random(seed)) for seed in range(150)])
ARCHIVE, DESK = archive_of(MANY), DraftDesk()
DESK.lay([draft_of(-n, story) for n, story in enumerate(MANY, start=1)], dict(enumerate(SOURCES, start=1)), NOW)


@settings(max_examples=800, deadline=None)
@given(queries)
def test_query_says_of_many_stories_what_a_naive_reading_says(query: Query) -> None:
    """In the archive, in search, and on the desk: each of its parts has to do with many of these stories."""
    expected = [n for n, story in enumerate(MANY, start=1) if naive(query, story)]
    where = compile_query(query, NOW)
    sql, params = newest(query, NOW)

    found = ARCHIVE.execute(f"SELECT id FROM stories WHERE {where.sql} ORDER BY id", list(where.params))
    assert [n for (n,) in found] == expected
    assert [n for (n,) in ARCHIVE.execute(sql, [*params, 999, 0])] == expected[::-1]
    if not any(isinstance(leaf, Is) for leaf in leaves(query)):
        assert DESK.matching(query) == {-n for n in expected}


@settings(max_examples=150, deadline=None)
@given(fields.flatmap(text_of), queries, st.sampled_from((1, 3, 30)), st.sampled_from((1, 10_000)), st.integers(1, 40))
def test_newest_with_words_are_the_same_whichever_way_leads(
    words: Query, other: Query, looked_at: int, many_of: int, limit: int
) -> None:
    """However few are looked at first, and whether words or the other parts lead then; page by page."""
    query = And((words, other))
    expected = [n for n, story in enumerate(MANY, start=1) if naive(query, story)][::-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_words, "LOOKED_AT", looked_at)
        patch.setattr(by_words, "MANY_OF", many_of)
        for before in (None, 90):
            found = by_words.newest_ids(ARCHIVE, query, NOW, "1", before, limit)
            wanted = [n for n in expected if before is None or n < before]
            assert found is None or found == wanted[:limit]


@settings(max_examples=40, deadline=None)
@given(st.lists(stories, min_size=1, max_size=6).map(in_company), st.lists(queries, min_size=1, max_size=8))
def test_query_says_of_any_stories_what_a_naive_reading_says(told: list[Story], asked: list[Query]) -> None:
    """Ingest's form, on the desk too, and search's form give the same stories as the plainest reading, newest first."""
    db, desk = archive_of(told), DraftDesk()
    desk.lay([draft_of(1, told[-1]), *(draft_of(n, story) for n, story in enumerate(told, start=-len(told)))], {}, NOW)
    desk.matching(Author("ann", prefix=False))  # what lay there before is forgotten
    desk.lay([draft_of(-n, story) for n, story in enumerate(told, start=1)], dict(enumerate(SOURCES, start=1)), NOW)
    for query in asked:
        expected = [n for n, story in enumerate(told, start=1) if naive(query, story)]
        where = compile_query(query, NOW)
        sql, params = newest(query, NOW)

        found = db.execute(f"SELECT id FROM stories WHERE {where.sql} ORDER BY id", list(where.params))
        assert [n for (n,) in found] == expected
        assert [n for (n,) in db.execute(sql, [*params, 100, 0])] == expected[::-1]
        if not any(isinstance(leaf, Is) for leaf in leaves(query)):
            assert desk.matching(query) == {-n for n in expected}


@settings(max_examples=100, deadline=None)
@given(st.lists(stories, min_size=2, max_size=5).map(in_company), st.integers(1, 4))
def test_desk_knows_of_the_stories_of_an_event_that_are_not_on_it(told: list[Story], drafted: int) -> None:
    """``has:event`` says the same where only some of the stories are drafts; those that are not are never found."""
    desk = DraftDesk()
    away = {story.event for story in told[drafted:] if story.event is not None}

    drafts = [draft_of(n, story) for n, story in enumerate(told[:drafted], start=1)]
    desk.lay(drafts, dict(enumerate(SOURCES, start=1)), NOW, away)

    alone = {n for n, story in enumerate(told[:drafted], start=1) if not story.company}
    assert desk.matching(Not(Has("event"))) == alone


PIECES = [
    *"a\"()-*:'\\^~{}[]/<>=外“\x00@.",
    *("AND", "OR", "NOT", "TO", "NEAR(", "title:", "x:", "tag:", "place:", "author:", "domain:", "published:", "seen:"),
    *(
        "now-7d",
        "2026-11-20",
        "..",
        ">=",
        "sources:",
        "words:",
        "3",
        "2..5",
        "has:",
        "enclosure",
        "is:",
        "held",
        "event:",
    ),
    *(
        "@saved",
        "lang:",
        "en",
        "source:",
        "one",
        "~2",
        "~1.5",
        '"a b"',
        "\u202e",
        "\ud800",
        "\ufdfa",
        "ﬀ",
        "İ",
        "ß",
        "\u0301",
    ),
]
anything = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.text(alphabet=st.characters(categories=["Lo", "Mn", "Cf", "Zs", "Po"]), max_size=20),
)
EMPTY = archive_of([])
SAVED = Names(saved={"saved": parse('a OR place:x OR "b c"~2')})


@settings(max_examples=600, deadline=None)
@given(anything)
def test_any_text_is_answered_or_refused(text: str) -> None:
    """Whatever a person types is a query that SQLite runs, or a QueryError: nothing else."""
    try:
        query = looked_up(parse(text), SAVED)
    except QueryError as error:
        fault: QueryError | None = error
    else:
        fault = None
    if fault is not None:
        assert fault.column is None or 1 <= fault.column <= len(text) + 1
        return
    sql, params = newest(query, NOW)
    assert list(EMPTY.execute(sql, [*params, 10, 0])) == []
    where = compile_query(query, NOW)
    assert list(EMPTY.execute(f"SELECT id FROM stories WHERE {where.sql}", list(where.params))) == []
