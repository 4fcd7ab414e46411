"""Which entries of a story share an item, where a topic shows copies apart. Pure.

A topic that folds ``exact`` copies only has an item for each text that is no exact copy of another: for the head of
its copies. One that folds nothing (``off``) has an item for each entry; one that folds ``copies``, one for the story.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from db.model import Dedupe
from db.recall import JoinedBy

EXACT: tuple[JoinedBy, ...] = ("link", "print", "person")
"""By these an entry joins as another one's exact copy, or is told to be one; by all others it is a text of its own."""


class Member(NamedTuple):
    """An entry of a story (a row id, or a plan's ref), why it is there, and which entry it is a copy of, if any."""

    entry: int
    joined_by: JoinedBy
    joined_to: int | None


def heads(members: Sequence[Member], dedupe: Dedupe) -> dict[int, int]:
    """Find under which entry's item each entry of a story goes → the head by entry, in the order of ``members``.

    ``members`` are in order of first sight. Where it is not known of which entry one is the exact copy, or that one
    went elsewhere, it is the first one's.
    """
    if not members:
        return {}
    first, known = members[0], {member.entry: member for member in members}
    if dedupe == "copies":
        return dict.fromkeys(known, first.entry)
    if dedupe == "off":
        return {entry: entry for entry in known}
    found: dict[int, int] = {first.entry: first.entry}
    for member in members:
        way: dict[int, Member] = {}
        at = member
        while at.entry not in found and at.joined_by in EXACT and at.entry not in way:
            way[at.entry] = at
            at = known.get(at.joined_to or 0, first)
        if at.entry in way:  # they are said to be copies of each other
            at = first
        head = found.setdefault(at.entry, at.entry)
        found.update(dict.fromkeys(way, head))
    return {member.entry: found[member.entry] for member in members}
