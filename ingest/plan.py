"""All that one poll changes in the archive, decided but not yet written. Pure.

identify → dedupe → tag → plan: what is asked of the archive goes through ``Known``; ``db/apply.py`` writes the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from db.model import Document, Entry
from db.plan import GOOD, NewEntry, PolledSource, PollPlan
from db.recall import Known, KnownEntry
from db.times import iso
from ingest.answer import Answer
from ingest.change import minor_changes
from ingest.dedupe import Match, Placed, place
from ingest.grouping import Grouping
from ingest.happening import with_events
from ingest.identify import Sighting, identify
from ingest.kept import has_ties, kept_entries, listing_of, reunited
from ingest.likeness import nearly_equal
from ingest.move import has_known_entries, whereabouts
from ingest.near import Nearby
from ingest.pruned import late_copies, new_gone_keys, with_gone, without_kept
from ingest.schedule import Rhythm
from ingest.state import Counts, poll_record, source_state
from ingest.stories import with_stories
from ingest.tag import Desks, with_mentions
from ingest.unite import successors, unions

NOTHING_COMPARED = Grouping(dedupe="exact", level="off")


def plan_poll(
    source: PolledSource,
    answer: Answer,
    known: Known,
    desks: Desks,
    rhythm: Rhythm,
    now: datetime,
    grouping: Grouping = NOTHING_COMPARED,
) -> PollPlan:
    """Plan one poll of ``source`` → all that it changes. ``now`` is when the entries count as seen."""
    document = answer.document
    if document is None:
        # Good without a document: the bytes, or the very state, that are in the archive.
        return base_plan(source, answer, rhythm, now, Counts(), same_feed=answer.fetched.outcome in GOOD)
    moved = answer.fetched.permanent_url is not None
    kept = kept_entries(document, known.listing(source.id)) if document.known else {}
    unread = frozenset(kept.values())
    owners = known.owners(keys_of(document.entries))
    if kept and (moved or has_ties(owners, unread)):
        document, kept = reunited(document, kept, known), {}
        owners = known.owners(keys_of(document.entries))
    mine = {key: tuple(e for e in entries if e.source_id == source.id) for key, entries in owners.items()}
    gone = without_kept(known.gone(keys_of(document.entries)), unread)
    sightings = [
        replace(s, entry=with_mentions(s.entry, desks)) if s.known is None or is_changed(s) else s
        for s in identify(document.entries, with_gone(mine, gone, source.id), moved=moved)
    ]
    changed = {s.known.id: s for s in sightings if s.known is not None and is_changed(s)}
    nearby = Nearby(source_id=source.id, known=known, grouping=grouping, now=iso(now))
    new, others = oldest_first(s.entry for s in sightings if s.known is None), foldable(owners, source.id, grouping)
    apart = grouping.dedupe_of(source.id) == "off"
    late = [] if apart else late_copies(new, others, foldable(gone, source.id, grouping), source.id, iso(now))
    is_late = {one.entry for one in late}
    placed = place(
        [entry for entry in new if entry not in is_late],
        others,
        source.id,
        iso(now),
        nearby.stories,
        apart=apart,
    )
    strays = {id_ for id_, s in changed.items() if nearby.strays(id_, s.entry)}
    faithful = [s for id_, s in changed.items() if id_ not in strays]
    united = unions(placed, changed_matches(faithful, nearby), source.id, known)
    living = successors(united)
    if living:
        placed = [replace(p, story=living.get(p.story, p.story)) for p in placed]
    compared = grouping.dedupe_of(source.id) == "copies"
    listed = known.listed(source.id)
    counts = Counts(new=len(new), changed=len(changed), kept_dates=known.dates(kept.values()) if kept else ())
    present = {s.known.id for s in sightings if s.known is not None and not s.known.gone}.union(kept.values())
    same_feed = has_known_entries(known=len(present & listed), listed=len(listed), entries=document.size)
    plan = replace(
        base_plan(source, answer, rhythm, now, counts, same_feed=same_feed if whole(document) else None),
        new_entries=tuple(new_entry(p, known, compared=compared) for p in placed),
        changed_entries=tuple((id_, s.entry) for id_, s in changed.items()),
        minor=minor_changes({id_: s.entry for id_, s in changed.items()}, known) if changed else frozenset(),
        keys=tuple(new_keys(sightings, placed, mine)),
        gone_keys=tuple(new_gone_keys(sightings, gone, named_keys)),
        late_entries=tuple((one.ref, one.story, one.entry) for one in late),
        unions=united,
        reprints=tuple(
            (id_, s.entry.prints.shingles if s.entry.prints and compared and id_ not in strays else b"")
            for id_, s in changed.items()
        ),
        is_read=True,
        listing=listing_of(document, kept, sightings, [*placed, *late]),
        # an empty, cut or broken document removes nothing
        left=tuple(sorted(listed - present)) if whole(document) else (),
        left_at=source.last_good_at,
        returned=tuple(sorted(present - listed)),
    )
    plan = with_events(plan, placed, known, grouping)
    return with_stories(plan, placed, changed, known, desks, grouping)


def foldable(
    owners: Mapping[int, tuple[KnownEntry, ...]], source_id: int, grouping: Grouping
) -> Mapping[int, tuple[KnownEntry, ...]]:
    """Leave out the entries of sources whose entries are never folded into others' stories."""
    if "off" not in (grouping.dedupe, *grouping.dedupe_by_source.values()):
        return owners
    return {
        key: tuple(e for e in entries if e.source_id == source_id or grouping.dedupe_of(e.source_id) != "off")
        for key, entries in owners.items()
    }


def changed_matches(changed: Iterable[Sighting], nearby: Nearby) -> list[tuple[int, Match]]:
    """Find, for the stories of changed entries, those that they are copies of as they read now."""
    return [
        (s.known.story_id, match)
        for s in changed
        if s.known is not None
        for match in nearby.stories(s.entry, (s.known.story_id,))
    ]


def new_entry(placed: Placed, known: Known, *, compared: bool) -> NewEntry:
    """Make what is written of a new entry.

    ``compared``: later ones are compared with it, unless its words are in the index already.
    """
    prints, likeness = placed.entry.prints, placed.likeness
    is_told_already = placed.joined_by == "print" or (
        prints is not None and likeness is not None and nearly_equal(prints.shingles, known.prints(likeness.to))
    )
    return NewEntry(
        ref=placed.ref,
        story=placed.story,
        joined_by=placed.joined_by,
        entry=placed.entry,
        likeness=likeness,
        indexed=compared and prints is not None and not is_told_already,
    )


def base_plan(
    source: PolledSource, answer: Answer, rhythm: Rhythm, now: datetime, counts: Counts, *, same_feed: bool | None
) -> PollPlan:
    """Begin a plan: where the source's polling stands, and the poll's record."""
    fetched = answer.fetched
    where = whereabouts(source, fetched.outcome, fetched.permanent_url, same_feed=same_feed)
    return PollPlan(
        source_id=source.id,
        now=iso(now),
        before=source,
        state=source_state(source, answer, rhythm, now, counts, where),
        record=poll_record(answer, counts),
        moved=where.moved,
    )


def whole(document: Document) -> bool:
    """Tell whether a document is all that its source has to say: not empty, cut or broken."""
    return document.size > 0 and not document.truncated and not document.salvaged


def keys_of(entries: Iterable[Entry]) -> frozenset[int]:
    """Collect every identity key of a document."""
    return frozenset(key for entry in entries for _, key in named_keys(entry))


def named_keys(entry: Entry) -> list[tuple[str, int]]:
    """List an entry's keys as (kind, key), those that it has."""
    keys = entry.keys
    named = [
        *(("id", keys.id), ("loose_id", keys.loose_id), ("link", keys.link), ("page", keys.page)),
        ("print", keys.print),
    ]
    return [(kind, key) for kind, key in named if key is not None]


def oldest_first(entries: Iterable[Entry]) -> list[Entry]:
    """Order new entries so that story ids rise with time: by date if all have one, else from the end."""
    backwards = list(entries)[::-1]
    if all(entry.published for entry in backwards):
        backwards.sort(key=lambda entry: entry.published or "")
    return backwards


def is_changed(sighting: Sighting) -> bool:
    """Tell whether a known entry says something else now; what was pruned says nothing any more."""
    known = sighting.known
    return known is not None and not known.gone and known.version != sighting.entry.version


def new_keys(
    sightings: Sequence[Sighting], placed: Sequence[Placed], mine: Mapping[int, tuple[KnownEntry, ...]]
) -> Iterable[tuple[int, str, int]]:
    """Yield the keys to remember: all of a new entry's, and those that a known one did not have yet."""
    for p in placed:
        for kind, key in named_keys(p.entry):
            yield p.ref, kind, key
    carried = {(key, owner.id) for key, owners in mine.items() for owner in owners}
    for s in sightings:
        if s.known is not None and not s.known.gone:
            for kind, key in named_keys(s.entry):
                if (key, s.known.id) not in carried:
                    yield s.known.id, kind, key
