"""Which stories turned out to be one, and which stay two."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from db.plan import Union
from db.recall import Known
from factory import entry
from ingest.dedupe import Match, Placed
from ingest.unite import successors, unions


class Archive:
    """Who carries which story, and what a person has divided."""

    def __init__(self, sources: Mapping[int, set[int]], divided: Collection[tuple[int, int]] = ()) -> None:
        self.sources = sources
        self.apart = {frozenset(pair) for pair in divided}

    def carriers(self, stories: Collection[int]) -> Mapping[int, frozenset[int]]:
        """Tell who carries stories."""
        return {story: frozenset(self.sources[story]) for story in stories}

    def divided(self, pairs: Collection[tuple[int, int]]) -> bool:
        """Tell whether any of the pairs is divided."""
        return any(frozenset(pair) in self.apart for pair in pairs)


def asked(archive: Archive) -> Known:
    """Take it for the whole."""
    return cast("Known", archive)


def copy_of(story: int, *also: int) -> Placed:
    """Make a new entry that is a copy of these stories."""
    return Placed(
        ref=-1,
        story=story,
        joined_by="near",
        entry=entry("x", None, "A title", "A text."),
        also=tuple(Match(story=one, by="near") for one in also),
    )


def test_the_older_one_lives() -> None:
    """A text that is in both shows that they are one."""
    (made,) = unions([copy_of(7, 3)], (), 9, asked(Archive({3: {1}, 7: {2}})))

    assert (made.kept, made.gone, made.by) == (3, 7, "near")


def test_three_become_one() -> None:
    """Each goes once, into one that lives."""
    made = unions([copy_of(7, 5, 3)], (), 9, asked(Archive({3: {1}, 5: {4}, 7: {2}})))

    assert [(one.kept, one.gone) for one in made] == [(5, 7), (3, 5)]
    assert successors(made) == {7: 3, 5: 3}


def test_stories_that_one_source_carries_stay_two() -> None:
    """It printed two items; also where this very poll brings the second."""
    assert unions([copy_of(7, 3)], (), 9, asked(Archive({3: {1}, 7: {2, 1}}))) == ()
    assert unions([copy_of(7, 3), copy_of(3)], (), 9, asked(Archive({3: {1}, 7: {2}}))) == ()


def test_what_a_person_divided_stays_divided() -> None:
    """Also when a third story would bring the two together."""
    apart = Archive({3: {1}, 5: {4}, 7: {2}}, [(3, 7)])

    assert unions([copy_of(7, 3)], (), 9, asked(apart)) == ()
    assert [(one.kept, one.gone) for one in unions([copy_of(5, 7, 3)], (), 9, asked(apart))] == [(5, 7)]


def test_a_changed_entry_can_show_it_too() -> None:
    """A stub whose text came later is a copy of what others printed."""
    (made,) = unions([], [(4, Match(story=2, by="near"))], 1, asked(Archive({2: {5}, 4: {1}})))

    assert (made.kept, made.gone) == (2, 4)


SOURCES = st.dictionaries(st.integers(1, 8), st.sets(st.integers(1, 6), min_size=1, max_size=2), min_size=2)


@given(SOURCES, st.data())
def test_no_source_is_ever_twice_in_a_story_and_no_story_is_lost(
    sources: dict[int, set[int]], data: st.DataObject
) -> None:
    """Whatever is found alike: each story that goes lives on in one that does not, which is older."""
    pair = st.tuples(st.sampled_from(sorted(sources)), st.sampled_from(sorted(sources)))
    pairs = data.draw(st.lists(pair, max_size=8))
    apart = data.draw(st.lists(pair.filter(lambda one: one[0] != one[1]), max_size=3))

    made = unions([], [(a, Match(story=b, by="near")) for a, b in pairs], 99, asked(Archive(sources, apart)))

    living = successors(made)
    parts: dict[int, list[int]] = {}
    for story in sources:
        parts.setdefault(living.get(story, story), []).append(story)
    assert sorted(living) == sorted(one.gone for one in made)
    for kept, members in parts.items():
        assert kept == min(members)
        assert len(set[int]().union(*(sources[one] for one in members))) == sum(len(sources[one]) for one in members)
        assert not any({a, b} <= set(members) for a, b in apart)


def test_successors_follow_chains() -> None:
    """Whatever the order in which they were found."""
    chain = [Union(kept=k, gone=g, by="near", likeness=None) for k, g in ((5, 7), (3, 5), (1, 3))]

    assert successors(chain) == {7: 1, 5: 1, 3: 1}
