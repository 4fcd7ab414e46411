"""Permanent redirects: what is believed, after what proof, and what is taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from db.plan import Outcome
from factory import polled_source
from ingest.move import PROVING_POLLS, is_same_feed, is_upgrade, whereabouts
from ingest.redirect import Hop, permanent_url

OLD, NEW, OTHER = "http://old.example/feed", "http://new.example/feed", "http://other.example/feed"
SOURCE = polled_source(url=OLD)


def test_third_poll_in_a_row_moves_the_source() -> None:
    """Two polls are remembered, the third is the proof; what is written names both places."""
    source = SOURCE
    for poll in range(1, PROVING_POLLS):
        where = whereabouts(source, "ok", NEW, same_feed=True)
        assert (where.moved_url, where.moving_to, where.moving_polls, where.moved) == (None, NEW, poll, None)
        source = replace(source, moving_to=where.moving_to, moving_polls=where.moving_polls)
    where = whereabouts(source, "not-modified", NEW, same_feed=True)

    assert (where.moved_url, where.moving_to, where.moved) == (NEW, None, (OLD, NEW, "permanent redirect"))


@pytest.mark.parametrize(
    ("outcome", "to", "same_feed", "polls"),
    [
        ("ok", NEW, False, 0),  # another feed
        ("ok", NEW, None, 0),  # an empty one
        ("ok", None, True, 0),  # no redirect any more
        ("ok", OTHER, True, 1),  # elsewhere now: counted anew
        ("timeout", NEW, False, 2),  # no evidence either way
    ],
)
def test_what_breaks_the_row(outcome: Outcome, to: str | None, polls: int, *, same_feed: bool | None) -> None:
    """Only polls in a row to one place count; an outage in between does not."""
    source = replace(SOURCE, moving_to=NEW, moving_polls=2)

    where = whereabouts(source, outcome, to, same_feed=same_feed)

    assert (where.moved_url, where.moving_polls) == (None, polls)


def test_place_with_another_feed_is_refused_while_the_redirect_leads_there() -> None:
    """From the second poll on its entries are known, and prove nothing; after the redirect ended all begins anew."""
    refused = whereabouts(SOURCE, "ok", NEW, same_feed=False)
    source = replace(SOURCE, moving_to=refused.moving_to, moving_polls=refused.moving_polls)
    for _ in range(5):
        where = whereabouts(source, "ok", NEW, same_feed=True)
        assert (where.moved_url, where.moving_to, where.moving_polls) == (None, NEW, 0)
    assert whereabouts(source, "ok", None, same_feed=True).moving_to is None
    assert whereabouts(source, "ok", "https://old.example/feed", same_feed=True).moved_url is not None


def test_https_upgrade_of_the_same_address_counts_at_once() -> None:
    """Http to https on the same host, path and query needs one poll; anything else about it does not."""
    assert whereabouts(SOURCE, "ok", "https://old.example/feed", same_feed=True).moved_url == "https://old.example/feed"
    assert whereabouts(SOURCE, "ok", "https://old.example/feed", same_feed=False).moved_url is None
    for other in ("https://www.old.example/feed", "https://old.example/feed/", "https://old.example/feed?x=1"):
        assert not is_upgrade(OLD, other)


def test_https_is_never_given_up() -> None:
    """A permanent redirect from https to http is followed, never stored."""
    secure = replace(SOURCE, url="https://old.example/feed", moving_to=NEW, moving_polls=2)

    assert whereabouts(secure, "ok", NEW, same_feed=True).moved_url is None


def test_new_place_that_fails_thrice_is_given_up() -> None:
    """The configured address is tried again; a server that asks to wait, or our own network, is no failure of it."""
    moved = replace(SOURCE, moved_url=NEW, failures=2)

    assert whereabouts(moved, "http-error", None, same_feed=False).moved == (NEW, OLD, "back: the new place failed")
    for outcome in ("throttled", "offline", "gone"):
        assert whereabouts(moved, outcome, None, same_feed=False).moved_url == NEW
    assert whereabouts(replace(moved, failures=1), "timeout", None, same_feed=False).moved_url == NEW


def test_move_back_home_clears_the_move() -> None:
    """A permanent redirect from the new place to the configured address ends where it began."""
    source = replace(SOURCE, moved_url=NEW, moving_to=OLD, moving_polls=2)

    assert whereabouts(source, "ok", OLD, same_feed=True).moved_url is None
    assert whereabouts(source, "ok", OLD, same_feed=True).moved == (NEW, OLD, "permanent redirect")


@pytest.mark.parametrize(
    ("known", "listed", "entries", "same"),
    [
        (10, 10, 10, True),
        (5, 10, 10, True),
        (4, 10, 10, False),
        (10, 50, 10, True),
        (10, 10, 50, True),
        (0, 0, 10, True),
        (0, 10, 10, False),
    ],
)
def test_same_feed_has_half_of_the_known_entries(known: int, listed: int, entries: int, *, same: bool) -> None:
    """Half of the shorter document; nothing to compare at a first poll."""
    assert is_same_feed(shared=known, listed=listed, entries=entries) is same


@pytest.mark.parametrize(
    ("chain", "permanent"),
    [
        ([(301, "b"), (308, "c")], "c"),
        ([(301, "b"), (302, "c"), (301, "d")], "b"),
        ([(302, "b"), (301, "c")], None),
        ([(307, "b")], None),
        ([(303, "b")], None),
        ([], None),
    ],
)
def test_chain_is_permanent_as_far_as_its_first_hops_are(chain: list[tuple[int, str]], permanent: str | None) -> None:
    """What stands behind a temporary hop may be elsewhere tomorrow."""
    assert permanent_url([Hop(status=status, url=url) for status, url in chain]) == permanent
