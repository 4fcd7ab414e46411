"""A poll's entries compared once more, with what was there before them: what would it have joined, and what not? Pure.

For entries that were polled when nothing was compared, or otherwise. Stories that turn out to be one are joined as a
poll joins them; what is one story already stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from db.model import Entry
from db.plan import JoinedBy, Known, Likeness, Union
from ingest.dedupe import Placed
from ingest.grouping import Grouping
from ingest.likeness import nearly_equal
from ingest.near import Nearby
from ingest.unite import successors, unions


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An entry of the archive, with its prints as they are made now.

    ``began``: it began a story, which went into another later, if at all. ``joined_to``: the entry that it is a copy
    of. ``changed``: its source has changed it since. ``alone``: its story had no entry before this poll.
    """

    id: int
    story: int
    joined_by: JoinedBy
    joined_to: int | None
    began: bool
    changed: bool
    alone: bool
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What it comes to: stories that are one, why entries are in them then, and the prints that the index should hold.

    ``joined``: of entries that were a story of their own, the likeness that a poll would have joined them by.
    """

    unions: tuple[Union, ...]
    joined: tuple[tuple[int, Likeness], ...]
    prints: tuple[tuple[int, bytes], ...]


def replayed(
    seen: Sequence[Seen],
    source_id: int,
    now: str,
    before: Known,
    grouping: Grouping,
    prints_of: Callable[[int], bytes],
) -> Replayed:
    """Compare the entries of one poll of a source, at ``now``, with what was there ``before`` → what that comes to.

    ``seen`` is in the order of the poll. ``prints_of`` gives what the index holds, or held, of an older entry.
    """
    nearby = Nearby(source_id=source_id, known=before, grouping=grouping, now=now)
    placed: list[Placed] = []
    taken: set[int] = set()  # stories that this poll's entries joined: no second one may join them by likeness
    for one in seen:
        is_compared = one.joined_by != "print" or one.changed  # as in a poll: the words of a print are indexed already
        found = nearby.stories(one.entry, {*taken, one.story}) if is_compared else []
        if found and one.alone:
            taken.add(found[0].story)
        elif not one.alone:
            taken.add(one.story)
        placed.append(Placed(ref=one.id, story=one.story, joined_by=one.joined_by, entry=one.entry, also=tuple(found)))
    made = unions(placed, (), source_id, before)
    living = successors(made)

    def joined_by_likeness(one: Seen, p: Placed) -> Likeness | None:
        if not (one.began and one.alone and p.also):
            return None
        best = p.also[0]
        is_one = living.get(one.story, one.story) == living.get(best.story, best.story)
        return best.likeness if is_one else None

    joined = {
        one.id: likeness
        for one, p in zip(seen, placed, strict=True)
        if (likeness := joined_by_likeness(one, p)) is not None
    }
    return Replayed(
        unions=made,
        joined=tuple(joined.items()),
        prints=tuple(
            (one.id, one.entry.prints.shingles if is_indexed(one, joined.get(one.id), prints_of) else b"")
            for one in seen
            if one.entry.prints is not None
        ),
    )


def is_indexed(one: Seen, joined: Likeness | None, prints_of: Callable[[int], bytes]) -> bool:
    """Tell whether others are compared with an entry: not where its words are in the index already."""
    if one.changed or one.entry.prints is None:
        return True
    if one.joined_by == "print":
        return False
    to = joined.to if joined is not None else None if one.began else one.joined_to
    return to is None or not nearly_equal(one.entry.prints.shingles, prints_of(to))
