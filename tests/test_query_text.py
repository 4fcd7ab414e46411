"""A query's tree is written so that it reads as the same tree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.query import parse
from db.query_text import written
from db.query_tree import And, Not, Or, Query

LEAVES = [
    "ferry",
    "seafarer*",
    '"northern harbour"',
    '"northern harb*"',
    "title:ferry",
    'text:"a b"',
    "外交部",
    "title:外交*",
    "o'neil",
    '"AND"',
    '"a \\"b\\" c"',
    "ozışık",
    '"moscow talks"~5',
    'title:"moscow* 会谈"~0',
    "author:lindqvist",
    'author:"mara l*"',
    "source:bbc-world",
    "domain:www.bbc.co.uk",
    "domain:127.0.0.1",
    "sources:>=3",
    "sources:<3",
    "sources:<0",
    "sources:2..5",
    "words:84",
    "words:{2 TO 3}",
    "lang:pt-br",
    "has:event",
    "has:tag",
    "event:7",
    "is:held",
    "@saved",
    "place:russia",
    "place:*",
    "place:rus*",
    'place:"united states"',
    "category:国际",
    "category:国*",
    "tag:russia",
    "tag:place:russia",
    "tag:rus*",
    "seen:today",
    "seen:yesterday",
    "seen:>today",
    "seen:<=today",
    "seen:<yesterday",
    "seen:<=yesterday",
    "seen:>=yesterday",
    "seen:[yesterday TO today]",
    "published:>=now-7d",
    "published:>now-36h",
    "published:<=now",
    "published:>now+2d",
    "published:<=now-59s",
    "published:[now-2w TO now+90s]",
    "published:2026-11-20",
    "published:2026-11",
    "published:2026-11-01..2026-11-20",
    "published:<2026-11-20",
    "published:>2026",
    'published:>="2026-11-20T10:30:00+02:00"',
    'published:["2026-11-20T10" TO now]',
    "published:[now-1d TO 2027]",
]


@pytest.mark.parametrize("query", LEAVES)
def test_leaf_reads_as_itself(query: str) -> None:
    """Whatever its field."""
    tree = parse(query)

    assert parse(written(tree)) == tree


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("a b", "a AND b"),
        ("a b OR c", "a AND (b OR c)"),
        ("-(a b) OR c", "NOT (a AND b) OR c"),
        ("seen:[yesterday TO yesterday]", "seen:yesterday"),
        ("published:2026-11", "published:2026-11-01..2026-11-30"),
        ("published:>=now-48h", "published:>=now-2d"),
        ("sources:<3", "sources:<=2"),
        ("place:Türkiye", "place:turkiye"),
        ("外交部", "外交部"),
    ],
)
def test_text_is_as_a_person_would_write_it(query: str, text: str) -> None:
    """In parentheses only where they are needed."""
    assert written(parse(query)) == text


trees = st.recursive(
    st.sampled_from(LEAVES).map(parse),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=6,
)


def flat(query: Query) -> Query:
    """Put chains of one operation together, as the parser does."""
    match query:
        case And(parts) | Or(parts):
            kind = type(query)
            flattened = [flat(part) for part in parts]
            return kind(tuple(one for part in flattened for one in (part.parts if isinstance(part, kind) else (part,))))
        case Not(part):
            return Not(flat(part))
    return query


@settings(deadline=None)
@given(trees)
def test_tree_reads_as_itself(tree: Query) -> None:
    """However its parts are nested."""
    assert flat(parse(written(tree))) == flat(tree)


def test_nothing_to_ask_has_a_name() -> None:
    """A topic may be put together of parts of which none is left."""
    assert (written(And(())), written(Or(()))) == ("any story", "no story")
