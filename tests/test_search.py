"""``wireroom search``: newest and best first, page by page, with what was found marked, and what narrows it down."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.query import parse
from db.rank import Cursor, find_best, ranked, read_cursor
from db.relevance import Candidate, scores
from db.search import search
from db.term_spans import marked, snippet, spans, terms_of
from db.times import iso
from house import House, Result
from naive_query import NOW, Copy, Story, archive_of
from newsroom import Newsroom, Printed, at
from prose import report

PAGES = 7


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Have a daemon's folder with forty reports in it: some name the zebra, few often, one in its headline."""
    made = House(tmp_path_factory.mktemp("search"))
    room = Newsroom(made.archive, ("wire", "post"))
    for n in range(40):
        words = ["The zebra was late."] * (n % 4)
        told = report(n).with_more(*words)
        if n == 11:
            told = replace(told, title="Zebra\tsinks \x1b[31m")
        room.poll("wire", Printed(f"w{n}", told, hour=n), hour=n)
    room.db.close()
    made.configure({"wire": "https://wire.example/feed", "post": "https://post.example/feed"})
    return made


def found(result: Result) -> list[int]:
    """Read the ids that were printed."""
    return [int(line) for line in result.out.split()]


def cursor_of(result: Result) -> str | None:
    """Read the cursor of the next page."""
    match = re.search(r"more: --after (\S+)", result.err)
    return match[1] if match else None


@pytest.mark.parametrize("order", [(), ("--best",)])
def test_pages_have_every_story_once_in_the_order_of_one_page(house: House, order: tuple[str, ...]) -> None:
    """However many pages; the last names no other."""
    whole = found(house.wireroom("search", *order, "zebra", "--ids", "--limit", "100"))
    pages: list[int] = []
    after: tuple[str, ...] = ()
    while True:
        result = house.wireroom("search", *order, "zebra", "--ids", "--limit", str(PAGES), *after)
        pages += found(result)
        cursor = cursor_of(result)
        if cursor is None:
            break
        after = ("--after", cursor)

    assert len(whole) == 30
    assert pages == whole
    assert (sorted(whole, reverse=True) == whole) is (order == ())


def test_best_is_what_is_about_it(house: House) -> None:
    """A headline counts more than the text, three times more than twice or once."""
    best = json.loads(house.wireroom("search", "--best", "zebra", "--json", "--limit", "100").out)

    assert "sinks" in best[0]["title"]
    assert {row["story_id"] for row in best[1:10]} == {n + 1 for n in range(40) if n % 4 == 3 and n != 11}


def test_json_csv_and_ids_tell_the_same(house: House) -> None:
    """In the same order; the snippet has what was found between stars."""
    rows = json.loads(house.wireroom("search", "zebra late", "--json").out)
    lines = list(csv.DictReader(io.StringIO(house.wireroom("search", "zebra late", "--csv").out)))

    assert [row["story_id"] for row in rows] == found(house.wireroom("search", "zebra late", "--ids"))
    assert [int(line["story_id"]) for line in lines] == [row["story_id"] for row in rows]
    assert all("The **zebra** was **late**" in row["snippet"] for row in rows)
    assert [line["snippet"] for line in lines] == [row["snippet"] for row in rows]


def test_table_shows_what_was_found_and_no_control_character(house: House) -> None:
    """On a line below each story; plain where no terminal reads."""
    result = house.wireroom("search", "zebra seen:>=2000-01-01", "--limit", "40")

    assert "    … " in result.out
    assert "The zebra was late" in result.out
    assert "\x1b" not in result.out
    assert "*" not in result.out


def test_facets_narrow_a_search_down(house: House) -> None:
    """Each term, added to the query, finds as many as it says."""
    facets = json.loads(house.wireroom("search", "--facets", "zebra", "--json").out)
    plain = house.wireroom("search", "--facets", "zebra").out

    assert facets["of"] == 30
    assert "of the newest 30 stories found" in plain
    for facet in (*facets["sources"], *facets["tags"], *facets["languages"]):
        narrower = f"zebra {facet['term']}"
        assert len(found(house.wireroom("search", narrower, "--ids", "--limit", "100"))) == facet["stories"]
        assert facet["term"] in plain
    (line,) = re.findall(r"^ +(\d+)  (seen:\S+)$", plain, re.MULTILINE)[-1:]
    assert len(found(house.wireroom("search", f"zebra {line[1]}", "--ids"))) == int(line[0])


def test_facets_of_one_story_and_of_none(house: House) -> None:
    """One is told as one; of none it is said, with what may be wrong in the query, as where stories are listed."""
    (first, *_) = found(house.wireroom("search", "zebra", "--ids"))
    title = house.wireroom("sql", f"SELECT title FROM stories WHERE id = {first}", "--csv").out.splitlines()[1]
    one = house.wireroom("search", "--facets", f'title:"{title}"').out
    none = house.wireroom("search", "--facets", "zebra place:nowhere")

    assert one.startswith("of the one story found:")
    assert none.out == "no story matches\n"
    assert "place:nowhere" in none.err


@pytest.mark.parametrize(
    ("given_options", "said"),
    [
        (("--after", "12.20261126T000000Z.3"), "no cursor of newest first"),
        (("--after", "x"), "no cursor of newest first"),
        (("--after", "9" * 30), "no cursor of newest first"),
        (("--best", "--after", "12"), "no cursor of --best"),
        (("--best", "--after", "12.20269926T000000Z.3"), "no cursor of --best"),
        (("--facets", "--csv"), "--facets goes with --json alone"),
    ],
)
def test_what_does_not_go_together_is_said(house: House, given_options: tuple[str, ...], said: str) -> None:
    """With the exit code of a wrong command, and nothing on standard output."""
    result = house.wireroom("search", "zebra", *given_options)

    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_next_pages_keep_their_order_while_stories_come_in(tmp_path: Path) -> None:
    """What came since the first page is on none of the others; nothing is on two."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire",))
    for n in range(12):
        room.poll("wire", Printed(f"w{n}", report(n).with_more("zebra"), hour=n), hour=n)
    query = parse("zebra")
    first = find_best(room.db, query, iso(at(20)), "owner", limit=5)
    for n in range(12, 15):
        room.poll("wire", Printed(f"w{n}", report(n).with_more(*["zebra"] * 9), hour=n), hour=n)
    pages, cursor = [row.id for row in first.stories], first.next
    while cursor is not None:
        following = find_best(room.db, query, iso(at(400)), "owner", limit=5, cursor=read_cursor(cursor))
        pages, cursor = [*pages, *(row.id for row in following.stories)], following.next

    assert sorted(pages) == list(range(1, 13))
    assert [row.id for row in find_best(room.db, query, iso(at(20)), "owner", limit=3).stories] == [15, 14, 13]


def test_public_ranking_leaves_out_what_is_withheld(tmp_path: Path) -> None:
    """As every list does."""
    room = Newsroom(tmp_path / "wireroom.db", ("wire",))
    for n in range(3):
        room.poll("wire", Printed(f"w{n}", report(n).with_more("zebra"), hour=n), hour=n)
    room.db.execute("UPDATE stories SET withheld = 'drop' WHERE id = 2")

    assert {id_ for id_, _ in ranked(room.db, parse("zebra"), iso(at(9)), "public")} == {1, 3}
    assert {id_ for id_, _ in ranked(room.db, parse("zebra"), iso(at(9)), "owner")} == {1, 2, 3}


STORIES = st.lists(
    st.builds(
        Candidate,
        id=st.integers(1, 999),
        title=st.text("ab ", max_size=9),
        text=st.text("abc ", max_size=40),
        words=st.integers(0, 500),
        days=st.floats(-10, 10_000),
        sources=st.integers(1, 60),
    ),
    max_size=9,
)


@given(STORIES, st.sampled_from(["a", "a b", "a OR b", '"a b"', "a*", "title:a text:b", "NOT c", "lang:en"]))
def test_scores_are_above_nothing_and_newer_is_never_worse(stories: list[Candidate], query: str) -> None:
    """Whatever the texts; of two that differ in age alone the newer is first, in sources alone that of more."""
    terms = terms_of(parse(query))
    twice = [*stories, *(Candidate(s.id, s.title, s.text, s.words, s.days + 5, s.sources) for s in stories)]
    made = scores(twice, terms)

    assert all(score > 0 for score in made)
    assert all(new >= old for new, old in zip(made[: len(stories)], made[len(stories) :], strict=True))
    more = [*stories, *(Candidate(s.id, s.title, s.text, s.words, s.days, s.sources * 2) for s in stories)]
    made = scores(more, terms)
    assert all(few < many for few, many in zip(made[: len(stories)], made[len(stories) :], strict=True))


@given(st.integers(0, 10**17), st.datetimes().map(lambda one: one.replace(microsecond=0)), st.integers(0, 9999))
def test_cursor_is_read_as_it_is_written(top: int, time: object, offset: int) -> None:
    """And as nothing else."""
    cursor = Cursor(top, f"{time}".replace(" ", "T") + "Z", offset)

    assert read_cursor(str(cursor)) == cursor


@pytest.mark.parametrize(
    ("query", "text", "hits"),
    [
        ("ferry", "A ferry, the FERRY; no ferryman.", ["ferry", "FERRY"]),
        ("ferr*", "A ferryman's ferry", ["ferryman", "ferry"]),
        ('"sao paulo"', "São Paulo, São-Paulo, Paulo São", ["São Paulo", "São-Paulo"]),
        ("strasse", "Die Straße, die STRASSE", ["Straße", "STRASSE"]),
        ("東京", "今日の東京都知事", ["東京"]),
        ("title:ferry", "the ferry", []),
        ("text:ferry NOT late", "the late ferry", ["ferry"]),
        ('"ferry late"~3', "late was the ferry", ["late", "ferry"]),
        ("ferry OR late OR lang:en", "late ferry", ["late", "ferry"]),
    ],
)
def test_words_are_marked_as_they_stand(query: str, text: str, hits: list[str]) -> None:
    """Folded as the index folds them; what is only negative, or of another field, is not marked."""
    parts = marked(text, spans(text, terms_of(parse(query)), "text"))

    assert "".join(part.text for part in parts) == text
    found = "".join(part.text if part.hit else "|" for part in parts).strip("|").split("|")
    assert [hit for hit in found if hit] == (["東京"] if query == "東京" else hits)


TEXTS = st.text(st.sampled_from("ab é東.\n ferry"), max_size=400)


@given(TEXTS, st.integers(20, 120))
def test_snippet_is_a_part_of_the_text_with_what_was_found(text: str, chars: int) -> None:
    """Never longer than asked for but for the dots; blanks as one; with a hit where there is one."""
    found = spans(text, terms_of(parse("a OR b OR 東")), "text")
    parts = snippet(text, found, chars)
    shown = "".join(part.text for part in parts)

    assert bool(parts) is bool(found)
    if parts:
        inner = shown.removeprefix("… ").removesuffix(" …")
        assert inner in re.sub(r"\s+", " ", text)
        assert len(inner) <= chars
        assert any(part.hit for part in parts)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from(["ferry", "late", "São", "東京", "und", "FERRY's", "a_b"]), max_size=30))
def test_index_and_marks_agree(words: list[str]) -> None:
    """A story that the index finds by a word has that word marked, and no other has any."""
    text = " ".join(words)
    with contextlib.closing(archive_of([Story(title="", text=text, copies=(Copy("one"),))])) as db:
        for query in ("ferry", "sao", "東京", '"ferry s"', "a", "fer*"):
            hits = search(db, parse(query), NOW, 9)
            assert bool(hits) is bool(spans(text, terms_of(parse(query)), "text")), (query, text)
