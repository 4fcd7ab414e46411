"""The items of a document that were not read again, since they are in the archive as they are. Pure.

They are what they were, and take no part in finding out what the others are; where one of the others may be taken for
one of them (two items with one id, say), the whole document is put together again from the archive, and all of its
items are told apart as if they had been read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from db.model import Document, Entry
from db.recall import Known, KnownEntry, Listing
from ingest.dedupe import Placed
from ingest.identify import Sighting
from ingest.normalize import with_keys
from ingest.urls import canonical_link


def kept_entries(document: Document, former: Listing | None) -> Mapping[int, int]:
    """Find which entries the items are that were not read → row ids by position.

    Raises ValueError where the archive has forgotten the document by which they were left out.
    """
    if document.outline is None or former is None or former.outline.context != document.outline.context:
        raise ValueError("the document that it was compared with is no longer the last one; the next poll reads it all")
    ids = dict(zip(former.outline.hashes(), former.entries, strict=True))
    hashes = document.outline.hashes()
    return {position: ids[hashes[position]] for position in document.known}


def has_ties(owners: Mapping[int, Iterable[KnownEntry]], kept: AbstractSet[int]) -> bool:
    """Tell whether an item that was read carries a key of one that was not."""
    return any(known.id in kept for entries in owners.values() for known in entries)


def reunited(document: Document, kept: Mapping[int, int], known: Known) -> Document:
    """Put the items that were not read back in their places → the document as if all of it had been read.

    But for those that were pruned: nothing is left of them. Then it has no outline, and the next one is read whole.
    """
    pruned = known.pruned(kept.values())
    ids = sorted(set(kept.values()) - pruned)
    site_link = canonical_link(document.site_url)
    entries = {id_: with_keys(entry, site_link) for id_, entry in zip(ids, known.entries(ids), strict=True)}
    read = iter(document.entries)
    whole = (
        entries[kept[position]] if position in kept else next(read)
        for position in range(document.size)
        if kept.get(position) not in pruned
    )
    outline = None if pruned else document.outline
    return replace(document, entries=tuple(whole), known=(), outline=outline)


def listing_of(
    document: Document, kept: Mapping[int, int], sightings: Sequence[Sighting], placed: Sequence[Placed]
) -> Listing | None:
    """Say which entry each item of the document is; None where the next one must be read whole in any case."""
    if document.outline is None or document.truncated or document.salvaged:
        return None
    refs: dict[Entry, int] = {s.entry: s.known.id for s in sightings if s.known is not None}
    refs.update({p.entry: p.ref for p in placed})
    read = iter(document.entries)
    entries = (kept[position] if position in kept else refs[next(read)] for position in range(document.size))
    return Listing(outline=document.outline, entries=tuple(entries))
