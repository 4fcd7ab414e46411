"""Only the queries that can take what lies on the desk are asked of it, and the answers are those of all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import desk as desks
from db.desk import DraftDesk, Splitter
from db.query import parse
from db.query_sql import Compiled
from db.query_tree import Ago, And, Author, Domain, Has, Lang, Near, Not, Or, Query, Source, Sources, Tag, Text, When
from db.recall import Draft, StoryTag
from db.sieve import texts, ways_of
from db.text import fold, folded
from factory import entry
from ingest.stories import carried

TIMES, EVENTS = ("2026-11-20T09:00:00Z", "2026-11-20T10:00:00Z"), [7]
SOURCES = {1: "bbc", 2: "tass", 3: "x"}
TAGS = [("place", "russia"), ("place", "iran"), ("desk", "one"), ("desk", "two")]
LATIN = "Moscow moscow's MOSCOU mos mosco moscowite the a co-op U.S. x-1:y 1,204 * Łódź lodz İstanbul istanbul ısparta"
ODD = "straße STRASSE ﬁnance cafe\u0301 café naı̈f l’État 外交部 交部 ไทย Москва ёлка Ἀθῆναι ΟΔΟΣ שָׁלוֹם السَّلام 한국 दीन"
FRAGMENTS = [*LATIN.split(), *ODD.split(), "🙂", "\u00adsoft", "a\u0000b"]


@dataclass(frozen=True)
class Rule:
    """A query, and the tag that its drafts get; None: it gives none."""

    query: Query
    gives: tuple[str, str] | None


phrases = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=2).map(
    lambda parts: fold(" ".join(parts).replace("\0", " "))
)
leaves: st.SearchStrategy[Query] = st.one_of(
    st.builds(Text, st.sampled_from(["", "title", "text"]), phrases, st.booleans()),
    st.builds(lambda tag: Tag(*tag), st.sampled_from(TAGS)),
    st.builds(Source, st.sampled_from([*SOURCES.values(), "other"])),
    st.builds(Sources, st.integers(0, 2), st.none()),
    st.builds(
        Near,
        st.lists(st.builds(Text, st.just(""), phrases, st.booleans()), min_size=2, max_size=2).map(tuple),
        st.just(2),
    ),
    st.builds(Tag, st.sampled_from(["", "place"]), st.sampled_from(["russia", "iran", "one", "i"]), st.booleans()),
    st.builds(Domain, st.sampled_from(["com", "com.example", "com.example.www", "org"])),
    st.builds(Lang, st.sampled_from(["en", "pt", "pt-br"])),
    st.builds(Author, st.sampled_from(["jane", "doe"]), st.booleans()),
    st.builds(Has, st.sampled_from(["tag", "event"])),
    st.builds(When, st.just("seen"), st.sampled_from([Ago(3600), Ago(60), None]), st.none()),
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
words = st.lists(st.sampled_from(FRAGMENTS), max_size=6).map(" ".join)


@dataclass(frozen=True)
class Told:
    """What a draft has."""

    title: str
    text: str
    language: str | None
    event: int | None
    url: str | None
    author: str | None
    sources: frozenset[int] = frozenset({1})
    tags: frozenset[tuple[str, str]] = frozenset()

    def draft(self, ref: int) -> Draft:
        """Make the draft."""
        one = replace(entry(), author=self.author, url=self.url)
        return Draft(
            ref=ref,
            title=self.title,
            text=self.text,
            folded_title=folded(self.title),
            folded_text=folded(self.text),
            language=self.language,
            published=None,
            first_seen="2026-11-20T08:30:00Z",
            words=0,
            event=self.event,
            carried=tuple(carried(source, one) for source in sorted(self.sources)),
            tags=tuple(StoryTag(kind=kind, name=name, origin="source", why="") for kind, name in sorted(self.tags)),
        )


drafts = st.lists(
    st.builds(
        Told,
        words,
        words,
        st.sampled_from([None, "en", "EN-gb", "pt-BR", "english"]),
        st.sampled_from([None, 7, 8]),
        st.sampled_from([None, "https://www.example.com/a", "https://example.com/b", "https://com/"]),
        st.sampled_from([None, "Jane Doe", "Janet"]),
        st.frozensets(st.sampled_from(sorted(SOURCES)), min_size=1),
        st.frozensets(st.sampled_from(TAGS)),
    ),
    min_size=1,
    max_size=4,
).map(lambda told: [one.draft(-n) for n, one in enumerate(told, start=1)])


def plain(title: str, text: str) -> Draft:
    """Make a draft of a title and a text."""
    return Told(title, text, None, None, None, None).draft(-1)


def answers(
    desk: DraftDesk, told: list[Draft], *lists: tuple[Rule, ...], now: str = TIMES[0]
) -> list[list[tuple[int, frozenset[int]]]]:
    """Ask lists of queries of drafts, one list after the other, tags being given on the way."""
    desk.lay(told, SOURCES, now, EVENTS)
    found: list[list[tuple[int, frozenset[int]]]] = []
    for asked in lists:
        found.append([])
        for number, refs in desk.each(asked):
            found[-1].append((number, refs))
            if (tag := asked[number].gives) is not None:
                desk.tag(refs, *tag)
    return found


def plainly(
    desk: DraftDesk, told: list[Draft], *lists: tuple[Rule, ...], now: str = TIMES[0]
) -> list[list[tuple[int, frozenset[int]]]]:
    """Ask every query by itself."""
    desk.lay(told, SOURCES, now, EVENTS)
    found: list[list[tuple[int, frozenset[int]]]] = []
    for asked in lists:
        found.append([])
        for number, rule in enumerate(asked):
            if refs := desk.matching(rule.query):
                found[-1].append((number, refs))
                if rule.gives is not None:
                    desk.tag(refs, *rule.gives)
    return found


rules = st.lists(st.builds(Rule, queries, st.none() | st.sampled_from(TAGS)), max_size=8).map(tuple)


@pytest.mark.parametrize("sifting", [True, False])
def test_answers_are_those_of_every_query_asked(sifting: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """For any queries and texts, tags given by some and asked for by others, on a desk that was used before."""
    monkeypatch.setattr(desks, "CHARS_A_QUERY", 10**9 if sifting else -1)
    desk, other = DraftDesk(), DraftDesk()

    @settings(max_examples=300, deadline=None)
    @given(polls=st.lists(drafts, min_size=1, max_size=2), asked=rules, topics=rules)
    def check(polls: list[list[Draft]], asked: tuple[Rule, ...], topics: tuple[Rule, ...]) -> None:
        for told, now in zip(polls, TIMES, strict=False):
            assert answers(desk, told, asked, topics, now=now) == plainly(other, told, asked, topics, now=now)

    check()


@pytest.mark.parametrize(
    ("query", "ways"),
    [
        ("parliament", [{"parliament"}]),
        ('"the us-russia talks"', [{"the", "us", "russia", "talks"}]),
        ("ambassador* the", [{"ambas*", "the"}]),
        ("a AND (tehran OR moscow)", [{"a", "tehran"}, {"a", "moscow"}]),
        ("(big tehran) OR moscow", [{"big", "tehran"}, {"moscow"}]),
        ("place:iran source:bbc minister", [{"@bbc", "place:iran", "minister"}]),
        ("tehran -moscow", [{"tehran"}]),
        ("tehran sources:>=3", [{"tehran", "#3"}]),
        ("tehran OR sources:<3", [set()]),
        ("NOT tehran", [set()]),
        ('"tehran talks"~4 lang:fa', [{"tehran", "talks", "~fa"}]),
        ("tag:iran OR domain:bbc.co.uk", [{":iran"}, {"/uk.co.bbc"}]),
        ("tag:place:* tehran", [{"tehran"}]),
        (
            " ".join(f"({' OR '.join(f'{letter}{n}' for n in range(9))})" for letter in "abc") + " d",
            [{"d", f"a{n}"} for n in range(9)],
        ),
    ],
)
def test_what_a_query_needs(query: str, ways: list[set[str]]) -> None:
    """All of one of these ways is in whatever the query takes; nothing where that can't be said, or is too much."""
    asked = parse(query)
    found = ways_of(asked, Splitter().words_of({text.phrase for text in texts(asked)}))

    assert set(found) == set(map(frozenset, ways))


def test_word_that_the_index_cuts_within_a_character() -> None:
    """No text can stop a poll: where the words can't be read, all queries are asked."""
    asked = (Rule(parse("end"), None), *(Rule(parse(f"word{n}"), None) for n in range(1000)))
    told = [plain("", "x" + "é" * 20_000 + " end")]

    assert answers(DraftDesk(), told, asked) == [[(0, frozenset({-1}))]]


def test_few_of_many_queries_are_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a thousand rules, those that need what a story has, and those that need what they give."""
    asked = (
        Rule(parse("desk:one"), ("desk", "two")),  # before the rule that gives it
        *(Rule(parse(f'"word{n} tehran" OR word{n}*'), None) for n in range(997)),
        Rule(parse("tehran"), ("desk", "one")),
        Rule(parse("desk:one minister"), None),
        Rule(parse("desk:one"), ("desk", "two")),
        Rule(parse("desk:two NOT word1"), None),
    )
    run: list[str] = []
    ask = DraftDesk._ask

    def noted(desk: DraftDesk, compiled: Compiled) -> frozenset[int]:
        run.append(compiled.sql)
        return ask(desk, compiled)

    monkeypatch.setattr(DraftDesk, "_ask", noted)

    (found,) = answers(DraftDesk(), [plain("Tehran", "The foreign ministry")], asked)

    assert [number for number, _ in found] == [998, 1000, 1001]
    assert len(run) == 3
