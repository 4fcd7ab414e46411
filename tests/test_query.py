"""The query language: what each query means, what is refused, and that SQL says the same as a naive reading."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from db.desk import DraftDesk
from db.index import index_stories
from db.query import parse
from db.query_faults import QueryError
from db.query_sql import compile_query, newest
from db.query_tree import (
    Ago,
    And,
    Author,
    Domain,
    Has,
    Is,
    Lang,
    Near,
    Not,
    OfEvent,
    Or,
    Query,
    Saved,
    Source,
    Sources,
    Tag,
    Text,
    When,
    Words,
)
from db.recall import Draft, StoryTag
from db.schema import migrations
from db.text import fold, folded, words
from factory import entry
from ingest.stories import carried

NOW = "2026-11-25T10:00:00Z"
YEAR = When("seen", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
A, B, C = (Text("", letter, prefix=False) for letter in "abc")


@pytest.mark.parametrize(
    ("query", "meaning"),
    [
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b OR c", Or((And((A, B)), C))),
        ("a OR b AND c", Or((A, And((B, C))))),
        ("a b OR c", And((A, Or((B, C))))),
        ("a AND NOT b", And((A, Not(B)))),
        ("NOT a b", And((Not(A), B))),
        ("-a b", And((Not(A), B))),
        ("(a b) c", And((And((A, B)), C))),
        ("+a", A),
        ("a and b", And((A, Text("", "and", prefix=False), B))),
        ("“a b”", Text("", "a b", prefix=False)),
        ("mosc*", Text("", "mosc", prefix=True)),
        ("title:(a OR b)", Or((Text("title", "a", prefix=False), Text("title", "b", prefix=False)))),
        ("text:a", Text("text", "a", prefix=False)),
        ("Łódź", Text("", "lodz", prefix=False)),
        ("外交部", Text("", "外 交 部", prefix=False)),
        ("us-russia", Text("", "us-russia", prefix=False)),
        ("source:bbc-world", Source("bbc-world")),
        ("lang:EN", Lang("en")),
        ("lang:pt_BR", Lang("pt-br")),
        ("source:BBC-World", Source("bbc-world")),
        ("sources:>=3", Sources(3, None)),
        ("Sources:> 3", Sources(4, None)),
        ("sources:<=3", Sources(0, 3)),
        ("sources:<3", Sources(0, 2)),
        ("sources:3", Sources(3, 3)),
        ("sources:=3", Sources(3, 3)),
        ("sources:2..5", Sources(2, 5)),
        ('sources:"2 .. 5"', Sources(2, 5)),
        ("sources:[2 TO 5]", Sources(2, 5)),
        ("sources:{2 TO 5}", Sources(3, 4)),
        ("sources:[2 TO *]", Sources(2, None)),
        ("sources:2..", Sources(2, None)),
        ("words:>200", Words(201, None)),
        ("words:..99", Words(0, 99)),
        ('"a b"~5', Near((A, B), 5)),
        ('"a a"~5', A),
        ('title:"b* 外交"~0', Near((Text("title", "b", prefix=True), Text("title", "外 交", prefix=False)), 0)),
        ('"a b*"', Text("", "a b", prefix=True)),
        ('"M*A*S*H"', Text("", "m*a*s*h", prefix=False)),
        ('"a b\\*"', Text("", "a b*", prefix=False)),
        ('author:"Ann Łee"', Author("ann lee", prefix=False)),
        ("author:le*", Author("le", prefix=True)),
        ("domain:BBC.co.uk", Domain("uk.co.bbc")),
        ('domain:"https://www.bbc.co.uk/x?y"', Domain("uk.co.bbc.www")),
        ("has:Enclosure", Has("enclosure")),
        ("is:dropped", Is("dropped")),
        ("event:12", OfEvent(12)),
        ("@us-russia -@b.c", And((Saved("us-russia"), Not(Saved("b.c"))))),
        ("tag:russia", Tag("", "russia")),
        ("tag:place:Russia", Tag("place", "russia")),
        ('tag:"place:united states"', Tag("place", "united-states")),
        ("tag:place:(a OR b*)", Or((Tag("place", "a"), Tag("place", "b", prefix=True)))),
        ("tag:(place:a OR b)", Or((Tag("place", "a"), Tag("", "b")))),
        ("tag:source:x", Tag("source", "x")),
        ("place:*", Tag("place", "", prefix=True)),
        ("tag:place:*", Tag("place", "", prefix=True)),
        ("tag:*", Has("tag")),
        ("place:united-*", Tag("place", "united-", prefix=True)),
        ("published:2026-11-20", When("published", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")),
        ("published:2026-12", When("published", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")),
        ("published:2026", When("published", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")),
        ("seen:2026-11-20T08", When("seen", "2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z")),
        ("seen:2026-11-20T08:30Z", When("seen", "2026-11-20T08:30:00Z", "2026-11-20T08:31:00Z")),
        ('seen:"2026-11-20 08:30:01+02:00"', When("seen", "2026-11-20T06:30:01Z", "2026-11-20T06:30:02Z")),
        ("seen:>2026-11-20", When("seen", "2026-11-21T00:00:00Z", None)),
        ("seen:>=2026-11-20", When("seen", "2026-11-20T00:00:00Z", None)),
        ("seen:<2026-11-20", When("seen", None, "2026-11-20T00:00:00Z")),
        ("seen:<=2026-11-20", When("seen", None, "2026-11-21T00:00:00Z")),
        ("seen:2026-11-20..2026-11-21", When("seen", "2026-11-20T00:00:00Z", "2026-11-22T00:00:00Z")),
        ("seen:[2026-11-20 TO 2026-11-21}", When("seen", "2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")),
        ("seen:[* TO 2026-11]", When("seen", None, "2026-12-01T00:00:00Z")),
        ("seen:>=now-7d", When("seen", Ago(604_800), None)),
        ("seen:now-12h..now-1m", When("seen", Ago(43_200), Ago(59))),
        ("published:>now", When("published", Ago(-1), None)),
        ("published:<now+2w", When("published", None, Ago(-1_209_600))),
        ("seen:today", When("seen", Ago(0, day=True), Ago(-86_400, day=True))),
        ("seen:yesterday", When("seen", Ago(86_400, day=True), Ago(0, day=True))),
        ("seen:(today OR 2025)", Or((When("seen", Ago(0, day=True), Ago(-86_400, day=True)), YEAR))),
        ("-sources:(1 OR >=9) a", And((Not(Or((Sources(1, 1), Sources(9, None)))), A))),
        ("NEAR(a b)", And((Text("", "near", prefix=False), And((A, B))))),
        ("dip\u00adlomacy", Text("", "diplomacy", prefix=False)),
        ("subject:Diplomacy", Tag("subject", "diplomacy")),
        ('Place:"United States"', Tag("place", "united-states")),
        ("place:(russia OR türkiye)", Or((Tag("place", "russia"), Tag("place", "turkiye")))),
    ],
)
def test_meaning(query: str, meaning: Query) -> None:
    """NOT binds tightest, then AND, then OR, then adjacency, which means AND."""
    assert parse(query) == meaning


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("a AND", "column 6.*too early"),
        ("NOT", "column 4.*too early"),
        ("(a", r"column 1: this \( is not closed"),
        ("a)", r"column 2: this \) closes nothing"),
        ('say "a', "column 5: this quotation mark is not closed"),
        ("a /b/", "column 3: a /pattern/ is not supported"),
        ("a~2", "fuzzy"),
        ('"a b"~', 'column 1: a ~ needs a number; write "moscow talks"~5'),
        ('"a b"~1001', "1000 words are the most"),
        ('"a b"~1.5', "column 6: ~ and .* take a whole number"),
        ("x a~1.2.3", "column 4: ~ and .* take a whole number"),
        ("a^..", "column 2: ~ and .* take a whole number"),
        ('author:"a b"~5', "column 8: nearness~ is for words of title and text; take author: away"),
        ('"! ?"~5', "nothing to search for"),
        ('"foreign* minist*"', r"column 9: in quotes \* stands only after the last word"),
        ("a^2", "boost"),
        ("[a TO b]", "column 1: a .range. is not supported here; it goes with published:, seen:, sources:, words:"),
        ("published:20", "column 11: '20' is no date; write it like published:2026-11-20"),
        ("published:2026-13", "column 11: there is no such date as 2026-13"),
        ("published:2026-02-30", "there is no such date"),
        ("published:2026-11-20..2026-11-02", "is after 2026-11-02; write published:2026-11-02..2026-11-20"),
        ("seen:now-1d..now-7d", "now-1d is after now-7d"),
        ("seen:now-7d", "now-7d is an instant; write seen:>=now-7d"),
        ("seen:now-1y", "is no time; write it like now-30m"),
        ("seen:>=2026-11-20x", "is no date"),
        ("seen:..", "is no date"),
        ("seen:~2", "column"),
        ("has:enclosures", "column 5: .*did you mean has:enclosure"),
        ("has:x*", r"has: takes a whole name, without \*"),
        ("is:away", "write one of dropped, held, hidden, withheld, pinned"),
        ("event:last", "column 7: 'last' is no event"),
        ("domain:https://bbc.co.uk/x", "column 8: domain:https: is a field in a field; put what follows domain: in"),
        ('domain:"?"', "is no domain; write one such as bbc.co.uk"),
        ("author:!!", "column 8"),
        ("tag:Łx:y", "is no field or tag kind"),
        ("words:5..2", r"counts down; write words:2\.\.5"),
        ("@", "names no saved query"),
        ("title:@x", "column 7: a saved query stands on its own"),
        ("a && b", "write AND"),
        ("a || b", "write OR"),
        ("!a", "write NOT"),
        ("a&&b", "column 1: '&&' .*write AND"),
        ("a||b", "column 1: .*write OR"),
        ("-" * 1999 + "a", "nest deeper than 20"),
        ("+" * 1999 + "a", "nest deeper than 20"),
        ("NOT " * 499 + "a", "nest deeper than 20"),
        ("*", r"column 1: \*"),
        ("*a", r"\* stands only at the end"),
        ("a?b", r"\? nowhere"),
        ('"!!!"', "nothing to search for"),
        ("subject:-", "column"),
        ("  a AND published:>=x", "column 19: .x. is no date"),
        ("subject:>=2020", r"column 9: a comparison \(> or >=\) is not supported here"),
        ("a <5", r"column 3: a comparison \(< or <=\)"),
        ("a OR subject:{a TO b}", r"column 14: a \[range\]"),
        ("AND a", "column 1: AND has nothing before it; write something before it"),
        ("a (OR b)", "column 4: OR has nothing before it"),
        ("title:*", r"column 7: \* stands only"),
        ('"a b"*', r"column 6: \* stands only"),
        ("source:bbc*", r"source: takes a whole name, without \*"),
        ('source:""', "column 8: '' is no source's id"),
        ("source:(one OR 'x)", "column 16"),
        ("a sources:many", "column 11: 'many' is no number of sources; write it like sources:>=3"),
        ("sources:>=x", "column 9: '>=x' is no number of sources"),
        ("sources:3*", "is no number of sources"),
        ("sources:٣", "is no number of sources"),
        ("sources:9999999999", "is no number of sources"),
        ("sources:5..2", r"column 9: 5\.\.2 counts down; write sources:2\.\.5"),
        ("lang:english", "column 6: 'english' is no language code; write one such as en"),
        ("-" * 1990 + "a", "nest deeper than 20; make two queries"),
        ("NOT " * 400 + "a", "nest deeper than 20"),
        ('a" ' + "(" * 900 + "x" + ")" * 900 + ' b"', "nest deeper than 20"),
        ("title:text:a", "column 7: title:text: is a field in a field"),
        ("x" * 2001, "2001 characters; 2000 are the most"),
        ("(" * 21 + "a" + ")" * 21, "deeper than 20"),
        (" ".join(f"w{n}" for n in range(201)), "201 terms; 200 are the most"),
    ],
)
def test_error_says_where_and_what(query: str, said: str) -> None:
    """Each query that can't be asked gives one clear error."""
    with pytest.raises(QueryError, match=said):
        parse(query)


@dataclass(frozen=True)
class Story:
    """A story as the naive reading sees it."""

    title: str
    text: str
    language: str | None
    sources: tuple[str, ...]  # of each entry
    tags: frozenset[str]


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
]
SOURCES, TAGS, LANGUAGES = ["one", "two", "three"], ["place:russia", "subject:x"], ["en", "en-GB", "de", None]
phrases = st.lists(st.sampled_from(VOCABULARY), min_size=0, max_size=6).map(" ".join)
stories = st.builds(
    Story,
    phrases,
    phrases,
    st.sampled_from(LANGUAGES),
    st.lists(st.sampled_from(SOURCES), min_size=1, max_size=5).map(tuple),
    st.frozensets(st.sampled_from(TAGS)),
)
leaves: st.SearchStrategy[Query] = st.one_of(
    st.builds(
        lambda field, phrase, prefix: Text(field, fold(phrase), prefix),
        st.sampled_from(["", "title", "text"]),
        st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=2).map(" ".join),
        st.booleans(),
    ),
    st.builds(Sources, st.integers(0, 3), st.one_of(st.none(), st.integers(0, 4))),
    st.sampled_from(
        [Tag("place", "russia"), Tag("subject", "x"), Source("one"), Source("two"), Lang("en"), Lang("de")]
    ),
)
queries: st.SearchStrategy[Query] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=8,
)


def naive(query: Query, story: Story) -> bool:
    """Read a query in the plainest way."""
    match query:
        case Text(field, phrase, prefix):
            return any(
                runs_in(words(fold(phrase)), words(fold(part)), prefix=prefix)
                for name, part in (("title", story.title), ("text", story.text))
                if field in ("", name)
            )
        case Tag(kind, name):
            return f"{kind}:{name}" in story.tags
        case Source(id_):
            return id_ in story.sources
        case Sources(least, most):
            return least <= len(set(story.sources)) <= (9 if most is None else most)
        case Lang(code):
            return story.language is not None and story.language.lower().split("-")[0] == code
        case And(parts):
            return all(naive(part, story) for part in parts)
        case Or(parts):
            return any(naive(part, story) for part in parts)
        case Not(part):
            return not naive(part, story)
        case _:
            raise AssertionError(query)


def runs_in(wanted: list[str], there: list[str], *, prefix: bool) -> bool:
    """Tell whether the words run in a row; with ``prefix`` the last one may go on."""
    for start in range(len(there) - len(wanted) + 1):
        run = there[start : start + len(wanted)]
        if run[:-1] == wanted[:-1] and (run[-1].startswith(wanted[-1]) if prefix else run[-1] == wanted[-1]):
            return True
    return False


def archive_of(told: list[Story]) -> Database:
    """Make an archive, of the real schema, of these stories, numbered from 1."""
    db = Database(memory=True)
    migrations.apply(db)
    for n, source in enumerate(SOURCES, start=1):
        db.execute("INSERT INTO sources (id, config_id, url, added_at) VALUES (?, ?, '', '')", [n, source])
    db.execute("INSERT INTO tags (id, kind, name) VALUES (1, 'place', 'russia'), (2, 'subject', 'x')")
    for n, story in enumerate(told, start=1):
        db.execute(
            "INSERT INTO stories (id, title, text, folded_title, folded_text, language, first_seen, updated) "
            "VALUES (?, ?, ?, ?, ?, ?, '', '')",
            [n, story.title, story.text, folded(story.title), folded(story.text), story.language],
        )
        for source in story.sources:
            db.execute(
                "INSERT INTO entries (source_id, story_id, joined_by, title, html, text, version, first_seen) "
                "VALUES (?, ?, 'first', '', '', '', 0, '')",
                [SOURCES.index(source) + 1, n],
            )
        for tag in story.tags:
            db.execute("INSERT INTO story_tags VALUES (?, ?, 'rule', '')", [n, TAGS.index(tag) + 1])
    index_stories(db)
    return db


def draft_of(ref: int, story: Story) -> Draft:
    """Make the draft of a story, as ingest lays it on the desk."""
    named = [tag.partition(":") for tag in sorted(story.tags)]
    return Draft(
        ref=ref,
        title=story.title,
        text=story.text,
        folded_title=folded(story.title),
        folded_text=folded(story.text),
        language=story.language,
        published=None,
        first_seen="2026-11-20T08:00:00Z",
        words=0,
        event=None,
        carried=tuple(carried(SOURCES.index(source) + 1, entry()) for source in sorted(story.sources)),
        tags=tuple(StoryTag(kind=kind, name=name, origin="source", why="") for kind, _, name in named),
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(stories, min_size=1, max_size=6), st.lists(queries, min_size=1, max_size=6))
def test_sql_says_what_a_naive_reading_says(told: list[Story], asked: list[Query]) -> None:
    """Ingest's form, on the desk too, and search's form give the same stories as the plainest reading, newest first."""
    db, desk = archive_of(told), DraftDesk()
    desk.lay([draft_of(1, told[-1]), *(draft_of(n, story) for n, story in enumerate(told, start=-len(told)))], {}, NOW)
    desk.matching(Lang("en"))  # what lay there before is forgotten
    desk.lay([draft_of(-n, story) for n, story in enumerate(told, start=1)], dict(enumerate(SOURCES, start=1)), NOW)
    for query in asked:
        expected = [n for n, story in enumerate(told, start=1) if naive(query, story)]
        where = compile_query(query, NOW)
        sql, params = newest(query, NOW)

        found = db.execute(f"SELECT id FROM stories WHERE {where.sql} ORDER BY id", list(where.params))
        assert [n for (n,) in found] == expected
        assert [n for (n,) in db.execute(sql, [*params, 100, 0])] == expected[::-1]
        assert desk.matching(query) == {-n for n in expected}


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(
                [
                    *"a\"()-*:'\\^~{]/<外“\x00",
                    "AND",
                    "OR",
                    "NOT",
                    "title:",
                    "x:",
                    "NEAR(",
                    "TO",
                    ">=",
                    "sources:",
                    "3",
                    "2..5",
                ]
            ),
            max_size=12,
        ).map(" ".join),
    )
)
def test_any_text_is_answered_or_refused(text: str) -> None:
    """Whatever a person types is a query that SQLite runs, or a QueryError: nothing else."""
    try:
        query = parse(text)
    except QueryError:
        return
    sql, params = newest(query, NOW)
    assert list(EMPTY.execute(sql, [*params, 10, 0])) == []


EMPTY = archive_of([])


@pytest.mark.parametrize("operator", [" AND ", " OR ", " ", " AND NOT "])
def test_longest_queries_run(operator: str) -> None:
    """Two hundred terms stay below FTS5's limit on nesting."""
    query = parse(operator.join(f"w{n}" for n in range(200))[:2000].rsplit(operator, 1)[0])
    sql, params = newest(query, NOW)

    assert list(EMPTY.execute(sql, [*params, 10, 0])) == []


@pytest.mark.parametrize(
    "form", ["(a AND {})", "({} OR a)", "(k:a AND {})", "({} OR k:a)", "-{}", "(a -{})", "(k:a -{})"]
)
@pytest.mark.parametrize("other", ["{}", "(b OR {})", "(k:b OR {})", "(k:b AND {})", "-{}", "(b -{})"])
def test_deepest_queries_run(form: str, other: str) -> None:
    """However AND, OR, NOT, text and tags nest: what is not refused, SQLite and FTS5 can take."""
    query, depth = "x", 0
    while True:
        deeper = (form if depth % 2 else other).format(query)
        try:
            parse(deeper)
        except QueryError:
            break
        query, depth = deeper, depth + 1
    sql, params = newest(parse(query), NOW)

    assert depth >= 10
    assert list(EMPTY.execute(sql, [*params, 10, 0])) == []
    where = compile_query(parse(query), NOW)
    assert list(EMPTY.execute(f"SELECT id FROM stories WHERE {where.sql}", list(where.params))) == []


def test_threads_get_their_own_trees() -> None:
    """Queries parsed at once by many threads do not mix."""
    wrong: list[Query] = []

    def work(name: str) -> None:
        whole = Text("", name, prefix=False)
        expected = Or((And((Text("", f"{name}1", prefix=False), Text("title", name, prefix=False))), whole))
        for _ in range(200):
            query = parse(f"{name}1 AND title:{name} OR {name}")
            if query != expected:
                wrong.append(query)

    threads = [threading.Thread(target=work, args=(letter * 6,)) for letter in "kzyxjg"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
