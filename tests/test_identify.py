"""Identity inside one source: ids that go missing, repeat, churn, and move to https."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.model import Entry
from db.recall import KnownEntry
from factory import entry, known, owners
from ingest.identify import identify

A = entry(
    "http://news.example/1", "http://news.example/a", "First", "The first text.", published="2026-11-01T00:00:00Z"
)
B = entry(
    "http://news.example/2", "http://news.example/b", "Second", "The second text.", published="2026-11-02T00:00:00Z"
)


def ids(entries: list[Entry], *archive: Entry) -> list[int | None]:
    """Identify ``entries`` against an archive whose entries are numbered from 1."""
    index = owners(*((known(n, like), like) for n, like in enumerate(archive, start=1)))
    return [sighting.known.id if sighting.known else None for sighting in identify(entries, index)]


def test_same_id_is_the_same_entry_whatever_else_changed() -> None:
    """The id alone decides while it is one item's and one entry's."""
    edited = entry(A.raw_id, "http://news.example/a-new-slug", "First, corrected", "Another text.")

    assert ids([edited], A, B) == [1]


def test_unknown_item_is_new() -> None:
    """Nothing in common: a new entry."""
    assert ids([B], A) == [None]


def test_move_to_https_is_no_new_entry() -> None:
    """Ids and links that only changed their scheme are known."""
    moved = entry("https://news.example/1", "https://news.example/a", "First", "Edited meanwhile.")

    assert ids([moved], A) == [1]


def test_item_without_id_is_known_by_its_link() -> None:
    """A source without ids is identified by links, also when the title was edited."""
    first = entry(None, "http://news.example/x", "Old title", "text")
    later = entry(None, "http://news.example/x", "New title", "other text")

    assert ids([later], first) == [1]


def test_churning_id_is_known_by_link_and_title() -> None:
    """A source that mints new ids for the same items does not bring them anew."""
    again = entry("uuid-that-changes", A.url, A.title, "slightly edited")

    assert ids([again], A) == [1]


def test_page_that_stays_while_its_items_change_gives_new_entries() -> None:
    """A live page: one link, but new id, new title, new date."""
    update = entry("http://news.example/live-2", A.url, "Next update", "Different.", published="2026-11-05T00:00:00Z")

    assert ids([update], A) == [None]


def test_one_id_for_all_items_loses_none_of_them() -> None:
    """A document that gives every item one id: each is its own entry, at first sight and later."""
    items = [entry("same", f"http://news.example/{n}", f"Title {n}", f"Text {n}") for n in range(4)]

    assert ids(items) == [None] * 4
    assert ids(items, *items) == [1, 2, 3, 4]
    assert ids([items[2]], *items) == [3]
    ninth = entry("same", "http://news.example/9", "Title 9", "Text 9")
    assert ids([ninth], *items) == [None]
    assert ids([items[2], items[3], ninth], *items[1:]) == [2, 3, None], "a rolling window"


def test_edit_of_one_of_several_items_with_one_id_finds_its_own() -> None:
    """Where the id is shared, the same words come first, then the link."""
    one, two = (entry("same", f"http://news.example/{n}", f"Title {n}", f"Text {n}") for n in (1, 2))
    edited = entry("same", one.url, "Title 1, edited", "Text 1, edited")

    assert ids([two, edited], one, two) == [2, 1]


def test_one_id_and_one_link_for_all_items_tell_none_of_them_apart() -> None:
    """Their id is their link too: an edit beside a new item says nothing of which is which, so neither is swallowed."""
    items = [entry("0", "http://n.example/0", f"Title {n}", f"Text {n}") for n in range(4)]
    edited = entry("0", "http://n.example/0", "Title 1, edited", "Text 1, edited")
    reworded = entry("0", "http://n.example/0", "Title 1", "Text 1, edited")

    assert ids([items[0], edited, items[3]], *items[:3]) == [1, None, None]
    assert ids([items[0], items[2], items[3]], *items[:3]) == [1, 3, None], "only one is free; that proves nothing"
    assert ids([items[0], reworded, items[3]], *items[:3]) == [1, 2, None]


def test_same_headline_under_a_shared_id_on_another_page_is_another_item() -> None:
    """The page is known, so the item is one of its entries, or new."""
    one = [entry("0", "http://n.example/1", "Briefing", f"Text {n}", published=f"2026-11-0{n}") for n in (1, 2)]
    other = entry("0", "http://n.example/2", "Briefing", "Text 3", published="2026-11-03")

    assert ids([entry("0", "http://n.example/1", "Briefing", "New", published="2026-11-03")], *one, other) == [None]


def test_day_after_day_the_same_words_under_one_id() -> None:
    """A photo of the day: id and link are the page's, the words never change. The date tells."""
    page = ("http://n.example/photo", "http://n.example/photo", "Photo of the day", "See it on our site.")
    days = [entry(*page, published=f"2026-11-0{n}T06:00:00Z") for n in range(1, 5)]

    assert ids(days[1:], *days[:3]) == [2, 3, None]
    assert ids(days[1:2], days[0]) == [1], "of one item alone another date is no news"


REPORT = "Ministers of nine countries met on Tuesday to discuss the reopening of the northern ports before winter."
DAY = "2026-11-20T08:00:00Z"


def listed_twice(archive: list[Entry], document: list[Entry]) -> list[int | None]:
    """Identify a document against entries that are one story."""
    index = owners(*((known(n, like, story_id=1), like) for n, like in enumerate(archive, start=1)))
    return [sighting.known.id if sighting.known else None for sighting in identify(document, index)]


def test_article_under_two_ids_that_change_is_known() -> None:
    """Link, headline and date are the same; or, with another link too, the words and the date; edited or not."""
    link = "http://n.example/a"
    first = [entry(f"{n}-old", link, "Ports", REPORT, published=DAY) for n in (1, 2)]
    again = [entry(f"{n}-new", link, "Ports", f"{REPORT} More.", published=DAY) for n in (1, 2)]
    moved = [entry(f"{n}-new", f"http://n.example/{n}", "Ports", REPORT, published=DAY) for n in (1, 2)]
    undated = [[entry(f"{n}-{age}", link, "Ports", REPORT) for n in (1, 2)] for age in ("old", "new")]

    assert listed_twice(first, again) == [1, 2]
    assert listed_twice(first, moved) == [1, 2]
    assert listed_twice(*undated) == [1, 2]
    assert listed_twice(first, again[:1]) == [1]
    assert listed_twice(first[:1], again) == [1, None]


def test_new_id_beside_one_that_holds_is_a_new_item() -> None:
    """A page that stays: its items have one headline and one date, and ids that tell them apart."""
    live = [entry(f"u{n}", "http://n.example/live", "Latest", f"{REPORT} {n}", published=DAY) for n in range(4)]
    photos = [entry(f"u{n}", "http://n.example/photo", "Photo of the day", REPORT) for n in range(4)]

    assert listed_twice(live[:3], live[1:]) == [2, 3, None]
    assert listed_twice(photos[:3], photos[1:]) == [2, 3, None]


def test_correction_of_one_of_two_items_with_one_id_and_link() -> None:
    """The other one is as it was; where the date is the same, this is a correction."""
    first = [entry("a", "http://n.example/a", "Ports", f"{REPORT} {n}", published=DAY) for n in (1, 2)]
    corrected = entry("a", "http://n.example/a", "Northern ports", REPORT, published=DAY)
    later = entry("a", "http://n.example/a", "Northern ports", REPORT, published="2026-11-21T08:00:00Z")

    assert listed_twice(first, [corrected, first[1]]) == [1, 2]
    assert listed_twice(first, [later, first[1]]) == [None, 2]


def test_id_that_one_entry_had_and_another_has_is_the_latters() -> None:
    """An article had two ids in turn, then both: each is one entry's, and a correction goes to that one."""
    a, b = (entry(id_, None, "Ports", REPORT, published=DAY) for id_ in "ab")
    one, two = known(1, b, story_id=1), known(2, a, story_id=1)
    index = owners((one, a), (one, b), (two, a))
    corrected = entry("a", None, "Northern ports", "Corrected.", published=DAY)

    assert [sighting.known for sighting in identify([corrected, b], index)] == [two, one]


def test_old_item_that_comes_back_is_known() -> None:
    """Keys outlive the item's place in the document."""
    assert ids([A], B, A) == [2]


def test_same_words_on_another_day_are_a_new_entry() -> None:
    """A column that repeats its words under new ids and dates is a new entry each day."""
    monday = entry("d1", "http://news.example/d1", "Daily briefing", "Read on.", published="2026-11-02T06:00:00Z")
    tuesday = entry("d2", "http://news.example/d2", "Daily briefing", "Read on.", published="2026-11-03T06:00:00Z")

    assert ids([tuesday], monday) == [None]


def test_ids_that_vanish_leave_the_words_to_go_by() -> None:
    """No id, no link, no date any more: the same words are the same entry, while only one has them."""
    named = entry("x1", None, "Title", "The words of it.")
    bare = entry(None, None, "Title", "The words of it.")

    assert ids([bare], named) == [1]


def test_item_listed_twice_is_one() -> None:
    """An exact repeat inside one document is dropped."""
    assert ids([A, A, B]) == [None, None]


names = st.sampled_from(["a", "b", "c", None])
items = st.lists(
    st.builds(
        lambda id_, link, title, text: entry(id_, link and f"http://h.example/{link}", title, text),
        names,
        names,
        st.sampled_from(["t", "u"]),
        st.sampled_from(["x", "y", "z"]),
    ),
    max_size=8,
)


@given(items)
def test_document_seen_again_is_known_one_to_one(document: list[Entry]) -> None:
    """Whatever ids, links and words a document has: seen again, every item is known, and no two are one entry."""
    first = identify(document, {})
    archive = [sighting.entry for sighting in first]

    again = ids(document, *archive)

    assert sorted(n for n in again if n is not None) == list(range(1, len(archive) + 1))


@given(items, items)
def test_no_two_items_are_ever_the_same_known_entry(before: list[Entry], after: list[Entry]) -> None:
    """A known entry is at most one item of a document."""
    archive = [sighting.entry for sighting in identify(before, {})]

    found = [n for n in ids(after, *archive) if n is not None]

    assert len(found) == len(set(found))


def test_words_alone_are_enough_after_a_move() -> None:
    """A publisher that changes its domain and software gives new ids, links and dates: no entry is new for that."""
    moved = entry("tag:new.example,1", "https://new.example/posts/1", A.title, A.text, published="2026-11-24T00:00:00Z")
    index = owners(*((known(n, like), like) for n, like in enumerate((A, B), start=1)))

    assert [s.known.id if s.known else None for s in identify([moved], index, moved=True)] == [1]
    assert [s.known for s in identify([moved], index)] == [None]


MANY = 3000
CROWDS: dict[str, Callable[[str, int], Entry]] = {
    "words": lambda poll, n: entry(f"{poll}{n}", f"http://x.example/{poll}{n}"),
    "words and link": lambda poll, n: entry(f"{poll}{n}", "http://x.example/one"),
    "words, without ids": lambda poll, n: entry(None, f"http://x.example/{poll}{n}"),
    "words and link, without ids": lambda poll, n: entry(None, "http://x.example/one", published=f"{poll}{n}"),
    "link": lambda poll, n: entry(f"{poll}{n}", "http://x.example/one", f"{poll}{n}"),
    "id": lambda poll, n: entry("one", f"http://x.example/{poll}{n}", f"{poll}{n}"),
    "id and link": lambda poll, n: entry("one", "http://x.example/one", f"{poll}{n}"),
}


@pytest.mark.parametrize("alike", CROWDS)
def test_thousands_of_items_alike_take_no_time(alike: str) -> None:
    """A document whose items share what should tell them apart, and an archive full of their likes: linear."""
    index: defaultdict[int, list[KnownEntry]] = defaultdict(list)
    for n in range(2 * MANY):
        like = CROWDS[alike]("old", n)
        one = known(n + 1, like)
        for key in {like.keys.id, like.keys.loose_id, like.keys.link, like.keys.print} - {None}:
            assert key is not None
            index[key].append(one)
    items = [CROWDS[alike]("new", n) for n in range(MANY)]

    began = time.process_time()
    sightings = identify(items, {key: tuple(ones) for key, ones in index.items()})

    assert time.process_time() - began < 2
    assert len(sightings) == MANY
