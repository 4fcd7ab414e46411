"""How rare a word is: the counts that come with the program, and those that the archive learns."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.commonness import PRIOR, STEP, Table, level, rarity, read, shipped
from ingest.terms import hashed


def term(word: str) -> int:
    """Give the term of a word that has one."""
    found = hashed(word)
    assert found is not None
    return found


EMPTY = Table(array("I"), b"")


@pytest.mark.parametrize(
    "word",
    [
        "the",
        "and",
        "und",
        "nicht",
        "les",
        "dans",
        "los",
        "para",
        "che",
        "não",
        "что",
        "bir",
        "niet",
        "jest",
        "och",
        "että",
        "και",
        "और",
        "yang",
        "のは",
        "一个",
        "على",
        "має",
        "hogy",
        "pentru",
        "ikke",
    ],
)
def test_what_stands_everywhere_is_known_from_the_start(word: str) -> None:
    """The function words of two dozen languages weigh less than half of what a name does, in an empty archive."""
    of = rarity(shipped(), {}, 0)

    assert of(term(word)) < of(term("Kilimlikoğlu")) / 2


def test_an_english_word_is_not_lost_to_another_language() -> None:
    """A war is news, although "war" is the German "was"."""
    of = rarity(shipped(), {}, 0)

    assert of(term("war")) > of(term("and")) + 1


def test_the_table_is_small_and_in_order() -> None:
    """It is searched by halves, stays in the memory of every worker, and is in the wheel."""
    table = shipped()

    assert list(table.terms) == sorted(set(table.terms))
    assert len(table.terms) == len(table.levels) > 10_000
    assert len(table.packed()) < 600_000


def test_it_is_read_once() -> None:
    """Not at each poll."""
    assert shipped() is shipped()


def test_bytes_and_back() -> None:
    """The file's form."""
    table = Table(array("I", [3, 70_000, 4_000_000_000]), bytes([0, 20, 255]))

    assert read(table.packed()) == table
    assert table.share(3) == 1.0
    assert table.share(70_000) == pytest.approx(0.3679, abs=0.0001)
    assert table.share(4) == table.share(4_294_967_295) == table.share(0) == 0.0


def test_a_torn_file_is_an_error() -> None:
    """It is named."""
    with pytest.raises(ValueError, match=r"commonness\.bin"):
        read(b"1234567")


@given(st.floats(0.00001, 1.0))
def test_a_share_is_kept_within_a_step(share: float) -> None:
    """A byte loses half a step at most."""
    kept = Table(array("I", [1]), bytes([level(share)])).share(1)

    assert kept == pytest.approx(share, rel=0.6 / STEP)


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(1000, 10**7))
def test_more_stories_with_it_make_a_term_less_rare(few: int, more: int, stories: int) -> None:
    """Rarity falls with the count, and is never below 0."""
    of = rarity(EMPTY, {1: min(few, more), 2: max(few, more)}, stories)

    assert of(1) >= of(2) > 0
    assert of(3) >= of(1)


def test_the_archive_outweighs_what_came_with_the_program() -> None:
    """In an archive of one trade its words become common, and what is rare there becomes rarer."""
    table = Table(array("I", [1, 2]), bytes([level(0.5), level(0.0001)]))
    before, after = rarity(table, {}, 0), rarity(table, {2: 20 * PRIOR // 2}, 20 * PRIOR)

    assert before(1) < before(2)
    assert after(2) < after(1)


def test_a_term_that_stands_in_every_story_weighs_next_to_nothing() -> None:
    """A count that is ahead of the number of stories does not make it weigh below 0."""
    of = rarity(EMPTY, {1: 10**9}, 10**6)

    assert 0 < of(1) < 0.02
