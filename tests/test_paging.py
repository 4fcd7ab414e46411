"""Archive pages: closed once and for all, full where they can be, and with the feed nothing is ever missing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.archive_pages import (
    close_page,
    closed_up_to,
    last_page,
    mark_pages_published,
    page_feed,
    stale_pages,
    waiting_stories,
)
from db.output import Policy
from db.paging import Waiting, how_many_fit, last_that_fits, may_be_small, page_of, wants_page
from db.times import iso, parse_iso
from db.topics import mark_changed_topics
from test_front import NOW, Shop


def wait(*numbers: int, late: bool = False) -> list[Waiting]:
    """Have these wait."""
    return [Waiting(number, late=late) for number in numbers]


def test_page_is_closed_when_something_is_nowhere() -> None:
    """Not before; and then with all that there is place for."""
    assert not wants_page(wait(1, 2, 3), {1, 2, 3}, 3, small=True)
    assert wants_page(wait(1, 2, 3, 4), {2, 3, 4}, 3, small=False)
    assert [one.number for one in page_of(wait(1, 2, 3, 4), 3)] == [1, 2, 3]


def test_what_was_never_on_the_feed_waits_for_a_full_page_or_an_hour() -> None:
    """So that a topic's archive is no chain of pages of one item."""
    assert not wants_page(wait(1, 2, late=True), set(), 3, small=False)
    assert wants_page(wait(1, 2, late=True), set(), 3, small=True)
    assert wants_page(wait(1, 2, 3, late=True), set(), 3, small=False)
    now = parse_iso(NOW)
    assert may_be_small(None, now)
    assert not may_be_small(iso(now - timedelta(minutes=59)), now)
    assert may_be_small(iso(now - timedelta(hours=1)), now)
    assert may_be_small(iso(now + timedelta(days=400)), now), "a clock that was wrong"


def test_what_has_nothing_to_show_takes_no_place_and_stops_nothing() -> None:
    """Hidden ones go along; so many of them that nothing else is seen make a page of their own."""
    hidden = [Waiting(number, kept=False) for number in range(1, 14)]
    assert not wants_page(hidden[:12], set(), 3, small=True)
    assert wants_page(hidden, set(), 3, small=False)
    assert page_of(hidden, 3) == hidden[:12]
    assert [one.number for one in page_of([*hidden[:2], *wait(3, 4, 5, 6)], 3)] == [1, 2, 3, 4, 5]


def test_page_has_whole_items_up_to_its_bytes_in_every_format() -> None:
    """What is hidden behind the last one that fits goes along; one item is in it however long."""
    page = [*wait(1), Waiting(2, kept=False), *wait(3, 4)]
    sizes = {1: (10, 1), 3: (10, 30), 4: (10, 10)}

    assert last_that_fits(page, sizes, (5, 5), 100) == 4
    assert last_that_fits(page, sizes, (5, 5), 40) == 3, "5 + 1 + 30 + 10 of the second format are too many"
    assert last_that_fits(page, sizes, (5, 5), 35) == 2
    assert last_that_fits(page, sizes, (5, 5), 1) == 2
    assert last_that_fits(page, {}, (5, 5), 1) == 4


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99))), st.integers(0, 300))
def test_what_fits_is_the_longest_beginning_that_does(sizes: list[tuple[int, int]], most: int) -> None:
    """One item more would be too long; at least one there is."""
    count = how_many_fit(sizes, (7, 3), most)

    def length(of: int) -> int:
        return max(7 + sum(a for a, _ in sizes[:of]), 3 + sum(b for _, b in sizes[:of]))

    assert count <= 1 or length(count) <= most
    assert count == len(sizes) or length(count + 1) > most
    assert count >= min(len(sizes), 1)


def test_pages_follow_each_other_and_their_numbers_stay(tmp_path: Path) -> None:
    """A page begins where the last one ended; a number that is in one is never closed again."""
    shop = Shop(tmp_path)
    for _ in range(7):
        shop.take(1)
    assert close_page(shop.db, 1, "stories", 3, NOW) == 1
    assert close_page(shop.db, 1, "stories", 5, NOW) == 2
    with pytest.raises(ValueError, match="already"):
        close_page(shop.db, 1, "stories", 5, NOW)
    assert last_page(shop.db, 1) == (2, NOW)
    assert closed_up_to(shop.db, 1, "stories") == 5
    assert closed_up_to(shop.db, 1, "digests") == 0
    assert [one.number for one in waiting_stories(shop.db, 1, shop.policy, 9)] == [6, 7]


def test_only_the_pages_of_a_changed_story_are_written_anew(tmp_path: Path) -> None:
    """And of those of its event; what is in no page yet touches none."""
    shop = Shop(tmp_path)
    for _ in range(9):
        shop.take(1)
    for last in (2, 4, 6):
        close_page(shop.db, 1, "stories", last, NOW)
    mark_pages_published(shop.db, 1, stale_pages(shop.db, 1))
    assert stale_pages(shop.db, 1) == []

    mark_changed_topics(shop.db, [3, 8])
    assert [page.page for page in stale_pages(shop.db, 1)] == [2]
    mark_pages_published(shop.db, 1, stale_pages(shop.db, 1))
    shop.say("INSERT INTO events (id, first_seen, last_seen, stories, words, terms) VALUES (1, ?1, ?1, 2, 1, x'')", NOW)
    shop.say("UPDATE stories SET event_id = 1 WHERE id IN (5, 9)")
    mark_changed_topics(shop.db, [9])
    assert [page.page for page in stale_pages(shop.db, 1)] == [3]


def test_page_has_what_was_never_announced_too_and_nothing_that_is_hidden(tmp_path: Path) -> None:
    """The newest first. Of a story that was announced later, the announced item is the only one."""
    shop = Shop(tmp_path, Policy(limit=2))
    for archived in (1, 0, 0, 1):
        shop.take(1, archived=archived)
    shop.mark("hide", 3)
    shop.say(
        "INSERT INTO selections (topic_id, story_id, entry_id, number, guid, selected_at) VALUES (1, 1, 1, 5, 'h', ?)",
        NOW,
    )
    close_page(shop.db, 1, "stories", 5, NOW)
    (page,) = stale_pages(shop.db, 1)

    assert [item.guid for item in page_feed(shop.db, "t", page, shop.policy).items] == ["h", "g4", "g2"]
