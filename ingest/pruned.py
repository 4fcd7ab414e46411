"""What of a document was pruned from the archive: it is known, and nothing comes of it. Pure.

So it is with a copy that another source brings late: what it is a copy of was told when it was news. But it must be
sure. A page that stays while its articles change is told of by its link for years: another headline on another day is
news, and what is lost never comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from db.model import Entry
from db.recall import KnownEntry
from ingest.dedupe import Match, Placed, find, same_date, still_heads
from ingest.identify import Sighting

Owners = Mapping[int, tuple[KnownEntry, ...]]


def without_kept(gone: Owners, kept: AbstractSet[int]) -> Owners:
    """Leave out the pruned entries that items which were not read are: no item that was read is one of them."""
    return {key: tuple(each for each in entries if each.id not in kept) for key, entries in gone.items()}


def with_gone(mine: Owners, gone: Owners, source_id: int) -> Owners:
    """Put the pruned entries of a source to its others, in order of first sight."""
    if not gone:
        return mine
    return {
        key: tuple(
            sorted(
                (*mine.get(key, ()), *(each for each in gone.get(key, ()) if each.source_id == source_id)),
                key=lambda entry: entry.id,
            )
        )
        for key in mine.keys() | gone.keys()
    }


def late_copies(new: Sequence[Entry], owners: Owners, gone: Owners, source_id: int, now: str) -> list[Placed]:
    """Find the new entries that are exact copies of what was pruned, and of nothing that is there.

    → each with the story that is gone, under refs that count down behind those of as many new entries.
    """
    if not any(gone.values()):
        return []
    found = []
    for n, entry in enumerate(new, start=len(new) + 1):
        match = find(entry, gone, source_id, now)
        if match is not None and is_sure(entry, match, gone) and find(entry, owners, source_id, now) is None:
            found.append(Placed(ref=-n, story=match.story, joined_by=match.by, entry=entry))
    return found


def is_sure(entry: Entry, match: Match, gone: Owners) -> bool:
    """Tell whether more than a link says so: its headline, its date, or its words."""
    if match.by == "print":
        return True
    keys = (entry.keys.link, entry.keys.page)
    alike = (each for key in keys if key is not None for each in gone.get(key, ()) if each.story_id == match.story)
    return any(still_heads(each.title, entry.title) or same_date(entry, each.published) for each in alike)


def new_gone_keys(
    sightings: Sequence[Sighting], gone: Owners, keys_of: Callable[[Entry], list[tuple[str, int]]]
) -> Iterable[tuple[int, int]]:
    """Yield the keys that pruned entries did not have yet, as (entry, key): ids and links change."""
    carried = {(key, owner.id) for key, owners in gone.items() for owner in owners}
    for s in sightings:
        if s.known is not None and s.known.gone:
            for _, key in keys_of(s.entry):
                if (key, s.known.id) not in carried:
                    yield s.known.id, key
