"""The query language: what each query means, what is refused, and what is at its limits."""

from __future__ import annotations

import threading

import pytest

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
from naive_query import NOW, archive_of

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
        ("domain:.bbc.co.uk", Domain("uk.co.bbc")),
        ("domain:bbc.co.uk/news", Domain("uk.co.bbc")),
        ("domain:MÜNCHEN.de", Domain("de.xn--mnchen-3ya")),
        ("domain:xn--mnchen-3ya.de", Domain("de.xn--mnchen-3ya")),
        ("domain:10.0.0.1", Domain("10.0.0.1")),
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
        ("a ( )", "column 5: there is nothing in these parentheses; write a word in them"),
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
            query = parse.__wrapped__(f"{name}1 AND title:{name} OR {name}")  # what is read again is remembered
            if query != expected:
                wrong.append(query)

    threads = [threading.Thread(target=work, args=(letter * 6,)) for letter in "kzyxjg"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
