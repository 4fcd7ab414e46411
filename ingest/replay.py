"""A poll's entries compared once more, with what was there before them: what would it have joined, and what not? Pure.

For entries that were polled when nothing was compared, or otherwise. Stories that turn out to be one are joined as a
poll joins them; what is one story already stays so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from db.model import Entry
from db.plan import Union
from db.recall import JoinedBy, Known
from ingest.dedupe import Mark, Match, Placed, claimed, find, own_marks
from ingest.grouping import Grouping
from ingest.likeness import nearly_equal
from ingest.near import Nearby
from ingest.plan import foldable, keys_of
from ingest.unite import Parts, pairs, successors, unions


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


class Present(Protocol):
    """What is asked of the archive as it is now."""

    def is_changed(self, entry_id: int) -> bool:
        """Tell whether an entry's source has changed it."""

    def are_apart(self, story: int, other: int) -> bool:
        """Tell whether no source carries both stories."""

    def prints(self, entry_id: int) -> bytes:
        """What the index holds, or held, of an older entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What it comes to: stories that are one, why entries are in them then, and the prints that the index should hold.

    ``joined``: entries that were a story of their own, and of which entry each is a copy, if it is known.
    """

    unions: tuple[Union, ...]
    joined: tuple[tuple[int, int | None], ...]
    prints: tuple[tuple[int, bytes], ...]


def replayed(
    seen: Sequence[Seen], source_id: int, now: str, before: Known, present: Present, grouping: Grouping
) -> Replayed:
    """Compare the entries of one poll of a source, at ``now``, with what was there ``before`` → what that comes to.

    ``seen`` is in the order of the poll.
    """
    nearby = Nearby(source_id=source_id, known=before, grouping=grouping, now=now)
    exactly = Exactly(seen, source_id, now, before, present, grouping)
    joins: dict[int, Match] = {}  # entries that would have had no story of their own
    strays = {one.id for one in seen if one.changed and nearby.strays(one.id, one.entry)}
    placed: list[Placed] = []
    parts = Parts()
    taken: set[int] = set()  # stories that this poll's entries joined: no second one may join them by likeness
    for one in seen:
        exact = exactly.match(one)
        found = [exact] if exact is not None else []
        if one.id not in strays and (exact is None or exact.by == "link"):
            besides = {*taken, one.story, *(match.story for match in found)}
            found += compared(one, nearby, besides, present)
        best = found.pop(0) if found and is_free(one) and not is_changed(one, found[0], present) else None
        if best is not None:
            taken.add(best.story)
        elif not one.alone:
            taken.add(one.story)
        best = best or exactly.match_here(one)
        if best is not None and not before.divided(pairs(parts.of(one.story), parts.of(best.story))):
            joins[one.id] = best
            parts.join(one.story, best.story)
        story = joins[one.id].story if one.id in joins else one.story
        exactly.note(one, story)
        placed.append(Placed(ref=one.id, story=story, joined_by=one.joined_by, entry=one.entry, also=tuple(found)))
    first = tuple(
        Union(kept=min(one.story, best.story), gone=max(one.story, best.story), by=best.by, likeness=best.likeness)
        for one in seen
        for best in [joins.get(one.id)]
        if best is not None
    )
    compares = grouping.dedupe_of(source_id) == "copies"
    living = successors(first)
    placed = [replace(p, story=living.get(p.story, p.story)) for p in placed]
    return Replayed(
        unions=(*first, *unions(placed, (), source_id, before, parts)),
        joined=tuple((id_, best.likeness.to if best.likeness is not None else None) for id_, best in joins.items()),
        prints=tuple(
            (one.id, one.entry.prints.shingles if wanted else b"")
            for one in seen
            if one.entry.prints is not None
            for wanted in (compares and one.id not in strays and is_indexed(one, joins.get(one.id), present),)
        ),
    )


class Exactly:
    """Finds exact copies for entries of one poll, as the poll does, where each has a story of its own as yet."""

    def __init__(
        self, seen: Sequence[Seen], source_id: int, now: str, before: Known, present: Present, grouping: Grouping
    ) -> None:
        self._is_off = grouping.dedupe_of(source_id) == "off"
        free = [] if self._is_off else [one.entry for one in seen if is_free(one) and not one.changed]
        self._owners = foldable(before.owners(keys_of(free)), source_id, grouping) if free else {}
        self._claims = claimed(one.entry for one in seen)
        self._source_id, self._now, self._present = source_id, now, present
        self._here: dict[Mark, int] = {}

    def match(self, one: Seen) -> Match | None:
        """Find the story of which an entry is an exact copy; None for one that is in another's story already."""
        if self._is_off or one.changed or not is_free(one):
            return None
        found = find(one.entry, self._owners, self._source_id, self._now, self._claims)
        return None if found is None or found.story == one.story or is_changed(one, found, self._present) else found

    def match_here(self, one: Seen) -> Match | None:
        """Find the story of an earlier entry of the same poll that is the same."""
        if self._is_off or one.changed or not is_free(one):
            return None
        for mark in own_marks(one.entry):
            if self._here.get(mark, one.story) != one.story:
                return Match(story=self._here[mark], by=mark[0])
        return None

    def note(self, one: Seen, story: int) -> None:
        """Note in which story an entry is."""
        for mark in own_marks(one.entry) if not one.changed else ():
            self._here.setdefault(mark, story)


def is_free(one: Seen) -> bool:
    """Tell whether an entry is the first of a story that has none of an earlier poll, so that it may go elsewhere."""
    return one.alone and one.began


def compared(one: Seen, nearby: Nearby, besides: Collection[int], present: Present) -> Iterator[Match]:
    """Find the stories that an entry's poll, or the one that brought its change, would have found for it.

    Not for one that is in its story by the words in the index already, or by another item of its document. Where
    either text has changed since, it was compared later, when its story may have had more sources: by that they are
    two, if so.
    """
    if (one.joined_by == "print" and not one.changed) or (one.alone and not one.began):
        return
    for match in nearby.stories(one.entry, besides):
        if not is_changed(one, match, present) or present.are_apart(one.story, match.story):
            yield match


def is_changed(one: Seen, match: Match, present: Present) -> bool:
    """Tell whether one of two texts that are alike is not what it was when the later of them came."""
    return one.changed or (match.likeness is not None and present.is_changed(match.likeness.to))


def is_indexed(one: Seen, joined: Match | None, present: Present) -> bool:
    """Tell whether others are compared with an entry: not where its words are in the index already."""
    if one.changed or one.entry.prints is None:
        return True
    if "print" in (one.joined_by, joined and joined.by):
        return False
    to = one.joined_to if not one.began else None
    if joined is not None and joined.likeness is not None:
        to = joined.likeness.to
    return to is None or not nearly_equal(one.entry.prints.shingles, present.prints(to))
