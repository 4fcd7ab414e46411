"""Which entry of a story is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.grouping import Grouping
from ingest.lead import Candidate, lead_of

PLAIN = Grouping()


def candidate(entry: int, source: int = 1, size: int = 3000) -> Candidate:
    """Make a candidate."""
    return Candidate(entry=entry, source_id=source, size=size)


def test_priority_beats_fullness_and_fullness_beats_first_sight() -> None:
    """As the README says: by priority, then the fullest, then the first."""
    first, full, preferred = candidate(1, 1, 300), candidate(2, 2, 9000), candidate(3, 3, 300)

    assert lead_of([first, full, preferred], Grouping(priority={3: 1})) == 3
    assert lead_of([first, full, preferred], PLAIN) == 2
    assert lead_of([first, preferred], PLAIN) == 1
    assert lead_of([first, full], Grouping(priority={2: -1})) == 1


def test_few_words_more_are_no_reason_to_show_another() -> None:
    """A copy with one more paragraph does not take the lead; one twice as long does."""
    assert lead_of([candidate(1, size=3000), candidate(2, size=3400)], PLAIN) == 1
    assert lead_of([candidate(1, size=3000), candidate(2, size=6400)], PLAIN) == 2
    assert lead_of([candidate(1, size=0), candidate(2, size=100)], PLAIN) == 1


@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 3)), min_size=1, max_size=12), st.data())
def test_entries_that_come_later_change_the_lead_only_where_they_lead(
    sizes: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Whoever leads, leads among any of them that it is in: so it does not matter in which steps they came."""
    grouping = Grouping(priority={2: 1, 3: -1})
    all_ = [candidate(n, source, size) for n, (size, source) in enumerate(sizes)]
    lead = lead_of(all_, grouping)
    some = data.draw(st.lists(st.sampled_from(all_), unique=True))
    some = sorted({*some, all_[lead]}, key=lambda one: one.entry)

    assert lead_of(some, grouping) == lead
