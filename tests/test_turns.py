"""Sources in turns: no domain has more than its share at once, none is forgotten, all are served alike."""

from __future__ import annotations

from collections import Counter, deque

from hypothesis import given
from hypothesis import strategies as st

from wireroom.turns import Turns


def test_feeds_of_one_host_leave_the_first_places_to_others() -> None:
    """A thousand feeds of one host stand first in the config: the others are begun before its third."""
    big = [(n, "big.example") for n in range(1, 1001)]
    turns = Turns([*big, (1001, "one.example"), (1002, "two.example"), (1003, None)], 2)

    assert [id_ for id_, _ in turns.take(10)] == [1, 1001, 1002, 1003, 2]
    assert turns.take(10) == []
    turns.back("big.example")
    assert [id_ for id_, _ in turns.take(10)] == [3]


def test_files_have_no_domain_to_share() -> None:
    """Each is a place of its own."""
    turns = Turns([(n, None) for n in range(1, 6)], 1)

    assert [id_ for id_, _ in turns.take(10)] == [1, 2, 3, 4, 5]


@given(
    st.lists(st.sampled_from(["a", "b", "c", None]), max_size=60),
    st.integers(1, 4),
    st.lists(st.integers(0, 5), min_size=1, max_size=80),
)
def test_each_source_has_its_turn_once(domains: list[str | None], most: int, counts: list[int]) -> None:
    """Whatever is taken and comes back in whatever steps: all are taken, each once, never too many of a domain."""
    turns = Turns(enumerate(domains, 1), most)
    out: deque[tuple[int, object]] = deque()
    seen: list[int] = []
    step = 0
    while turns or out:
        taken = turns.take(counts[step % len(counts)] or 1)
        assert taken or out, "it waits for nothing"
        out.extend(taken)
        seen += [id_ for id_, _ in taken]
        assert max(Counter(domain for _, domain in out if isinstance(domain, str)).values(), default=0) <= most
        if out and step % 3:
            turns.back(out.popleft()[1])
        elif not taken:
            turns.back(out.pop()[1])
        step += 1

    assert sorted(seen) == list(range(1, len(domains) + 1))
