"""Search and lists: what is found, page by page, what narrows it down, what is wrong with a query."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.query import parse
from db.query_tree import And, Query
from feeds.pages.links import has_term, narrowed, without
from feeds.site import TopicCard
from newsroom import Newsroom, Printed, at
from page_room import BASE, Asker, Page, PageSite
from prose import report

STORIES = 70
CARD = TopicCard(id="all", name="all", title="All", match="sources:>=1", secret=False)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """Ask the pages of an archive of seventy stories: every third is in both of two sources."""
    room = Newsroom(tmp_path_factory.mktemp("search") / "wireroom.db", ("wire", "post"))
    for n in range(STORIES):
        printed = Printed(f"w{n}", report(n), hour=n, link=f"https://wire.example/{n}")
        room.poll("wire", printed, hour=n)
        if n % 3 == 0:
            room.poll("post", Printed(f"p{n}", report(n), hour=n), hour=n + 0.5)
    room.db.close()
    asker = Asker(PageSite(room.path, [CARD]), at(STORIES))
    yield asker
    asker.close()


def titles(page: Page) -> list[str]:
    """List the headlines of a page."""
    return page.texts("//ol[contains(@class, 'stories')]/li//*[contains(@class, 'head')]")


def following(ask: Asker, path: str) -> list[Page]:
    """Ask for a page, and all that come after it."""
    pages = [ask(path)]
    while found := pages[-1].all("//a[@rel='next']/@href"):
        pages.append(ask(urljoin(path, found[0])))
    return pages


def test_best_first_shows_all_stories_once_with_what_was_found_marked(ask: Asker) -> None:
    """Page by page in one order; the words stand out in headline and text, and a link leads to the newest first."""
    word = report(5).title.split()[1]
    pages = following(ask, f"/search?order=best&q={quote(f'{word} OR sources:>0')}")

    shown = [title for page in pages for title in titles(page)]
    assert sorted(shown) == sorted(report(n).title for n in range(STORIES))
    assert word in shown[0]
    assert {mark.casefold() for page in pages for mark in page.texts("//mark")} == {word.casefold()}
    (newest,) = pages[0].all("//p[contains(@class, 'result')]//a/@href")
    assert titles(ask(urljoin("/search", newest)))[0] == report(STORIES - 1).title


@pytest.mark.parametrize("path", ["/search", "/search?q=wire+OR+sources%3A%3E0", "/topics/all/"])
def test_pages_show_all_stories_once_newest_first(ask: Asker, path: str) -> None:
    """However many pages: nothing twice, nothing left out."""
    pages = following(ask, path)

    assert [title for page in pages for title in titles(page)] == [report(n).title for n in reversed(range(STORIES))]
    assert [len(titles(page)) for page in pages] == [30, 30, 10]
    assert len(pages[1].texts("//nav[@aria-label='Pages']/a")) == 2


def test_a_page_says_who_carries_a_story(ask: Asker) -> None:
    """The number, for ears too; who was first, and the others."""
    page = ask("/search")
    marks = page.texts("//li[@class='story']/span")
    said = page.texts("//li[@class='story']//span[@class='by']")

    carried = ["2 sources" if n % 3 == 0 else "1 source" for n in reversed(range(STORIES))][:30]
    assert marks == carried
    assert said == ["wire, also post" if mark == "2 sources" else "wire" for mark in carried]


def test_what_narrows_a_search_down_gives_as_many_as_it_says(ask: Asker) -> None:
    """Each facet's number is that of the stories that its link finds; and it can be taken back."""
    page = ask("/search?q=sources%3A%3E0")
    sources = page.all("//section[@aria-labelledby='by-source']//li")

    told = [(" ".join(one.text_content().split()), one.xpath(".//a/@href")[0]) for one in sources]
    assert [name for name, _ in told] == ["wire 70", "post 24"]
    for name, address in told:
        narrow = ask("/search" + address.removeprefix("./search"))
        assert narrow.texts("//p[@class='result soft']") == [f"{name.split()[1]} stories, newest first best first"]
        back = narrow.all("//section[@aria-labelledby='by-source']//a[starts-with(., 'without')]/@href")
        assert [parse_qs(urlsplit(one).query)["q"] for one in back] == [["sources:>0"]]


def test_days_of_few_stories_are_a_month(ask: Asker) -> None:
    """A column for each, not one as wide as the picture."""
    page = ask("/search?q=source%3Apost")
    rows = [tuple(cell.text_content() for cell in row) for row in page.all("//figure//tbody/tr")]

    assert len(rows) == 30
    assert sum(int(number) for _, number in rows) == 24
    assert rows[0][1] != "0"


def test_a_search_is_a_feed(ask: Asker) -> None:
    """The same query, in three formats, found by readers too."""
    page = ask("/search?q=title%3A%22a+b%22+OR+c%26d")
    found = page.all("//link[@rel='alternate']/@href")

    assert page.all("//div[@class='subscribe']//a/@href") == found
    assert [urlsplit(one).path for one in found] == ["./search.rss", "./search.atom", "./search.json"]
    assert {parse_qs(urlsplit(one).query)["q"][0] for one in found} == {'title:"a b" OR c&d'}


@pytest.mark.parametrize(
    ("query", "column", "says"),
    [("titel:bridge", 1, "title"), ("ferry (bridge", 7, "not closed"), ("  sources:many", 9, "number")],
)
def test_what_is_wrong_with_a_query_is_shown_where_it_is(ask: Asker, query: str, column: int, says: str) -> None:
    """With the mend; the query stays in its field, to be mended there."""
    page = ask(f"/search?q={quote(query)}")

    assert page.status == 400
    assert says in page.texts("//div[@role='alert']/p")[0]
    shown, mark = page.all("//div[@role='alert']//code")[0].text.split("\n")
    assert (shown, mark.index("▲")) == (query.strip(), column - 1)
    (field,) = page.all("//input[@id='q']")
    assert (field.get("value"), field.get("aria-invalid")) == (query.strip(), "true")


def test_nothing_found_says_what_may_help(ask: Asker) -> None:
    """And shows what can be asked; each of these is a query that can."""
    page = ask("/search?q=nothinglikethis")

    assert page.texts("//h2")[0] == "Nothing found"
    examples = [link for link in page.links() if link.startswith("/search?q=")]
    assert len(examples) >= 5
    assert {ask(one).status for one in examples} == {200}


def test_a_tags_page_is_the_search_for_it(ask: Asker) -> None:
    """The same stories; its language here."""
    assert titles(ask("/tags/lang:en")) == titles(ask("/search?q=lang%3Aen")) != []


def test_a_topic_tells_what_it_takes_and_where_to_subscribe(ask: Asker) -> None:
    """Its query, which leads to a search; feeds beside it; its past, in pages that are there."""
    ask.site.archive_pages = 7
    page = ask("/topics/all/")
    ask.site.archive_pages = 0

    assert page.texts("//p[@class='query']") == ["sources:>=1"]
    assert "/search?q=sources%3A%3E%3D1" in page.links()
    assert {"/topics/all.rss", "/topics/all.atom", "/topics/all.json"} <= set(page.links())
    assert page.all("//input[@class='address']/@value") == [f"{BASE}topics/all.atom"]
    numbers = [link for link in page.links() if link.startswith("/topics/all/") and link.endswith(".atom")]
    assert numbers == [f"/topics/all/{n}.atom" for n in (7, 6, 5, 4, 3, 1)]


def test_no_story_of_a_digest_is_told_before_it(ask: Asker) -> None:
    """On the topic's page and the front page; the owner would see it."""
    with contextlib.closing(sqlite3.connect(ask.site.archive)) as db, db:
        db.execute("UPDATE topics SET digest_from = 65")
    page, front, next_page = ask("/topics/all/"), ask("/"), ask("/topics/all/?before=90")
    with contextlib.closing(sqlite3.connect(ask.site.archive)) as db, db:
        db.execute("UPDATE topics SET digest_from = NULL")

    assert titles(page)[0] == report(63).title
    assert titles(next_page)[0] == report(63).title
    assert front.texts("//ol[@class='brief']/li/h3")[0] == report(63).title
    assert titles(ask("/topics/all/"))[0] == report(69).title


def test_a_picture_says_its_numbers_in_words_and_as_a_table(ask: Asker) -> None:
    """Stories by day: as many columns as days with any, and the same in the table, the newest first."""
    page = ask("/topics/all/")
    rows = [tuple(cell.text_content() for cell in row) for row in page.all("//figure//tbody/tr")]

    assert sum(int(number) for _, number in rows) == STORIES
    assert len(rows) == 30
    assert len(page.all("//figure/svg/g")) == sum(number != "0" for _, number in rows)
    assert page.all("//figure/svg/@aria-label")[0].startswith(f"{STORIES} stories from ")


def parts(query: Query) -> list[Query]:
    """List what must hold, each by itself."""
    return [part for each in query.parts for part in parts(each)] if isinstance(query, And) else [query]


QUERIES = st.sampled_from(
    ["ferry", "ferry bridge", "ferry OR bridge", "a b OR c", "a AND b", "NOT a", "-a b", '"a b"~5', "(a OR b) -c",
     "title:(a OR b)", 'title:"a b" OR c', "place:russia", "seen:>=now-7d", "a OR b AND c OR d"]
)  # fmt: skip
TERMS = st.sampled_from(["source:wire", "place:turkiye", "lang:en", "seen:>=now-1d"])


@given(QUERIES, TERMS)
def test_narrowing_a_query_means_both(query: str, term: str) -> None:
    """As if parentheses stood around what was there; and what was added can be taken away."""
    both = narrowed(query, term)

    assert parts(parse(both)) == [*parts(parse(query)), parse(term)]
    assert has_term(both, term)
    assert narrowed(both, term) == both
    assert without(both, term) == query


def test_a_person_who_comes_back_later_sees_what_is_new(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A new story changes the page and its ETag; ages are told by the clock."""
    room = Newsroom(tmp_path_factory.mktemp("later") / "wireroom.db", ("wire",))
    room.poll("wire", Printed("1", report(1), hour=0), hour=0)
    asker = Asker(PageSite(room.path, [CARD]), at(0.5))
    first = asker("/topics/all/")
    room.poll("wire", Printed("1", report(1), hour=0), Printed("2", report(2), hour=1), hour=1)
    asker.now = at(2)
    second = asker("/topics/all/", if_none_match=first.headers["etag"])
    asker.close()
    room.db.close()

    assert second.status == 200
    assert titles(second) == [report(2).title, report(1).title]
    ages = "//li[@class='story']//time"
    assert (first.texts(ages), second.texts(ages)) == (["30 min ago"], ["1 h ago", "2 h ago"])
    assert first.all(f"{ages}/@datetime") == ["2026-11-20T08:00:00Z"]
