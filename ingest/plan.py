"""All that one poll changes in the archive, decided but not yet written. Pure.

identify → dedupe → tag → plan: what is asked of the archive goes through ``Known``; ``db/apply.py`` writes the result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from db.model import Document, Entry
from db.plan import (
    GOOD,
    Draft,
    Known,
    KnownEntry,
    KnownStory,
    NewEntry,
    PolledSource,
    PollPlan,
    StoryTag,
    StoryText,
)
from db.text import folded
from db.times import iso
from ingest.answer import Answer
from ingest.change import minor_changes
from ingest.dedupe import Placed, place
from ingest.identify import Sighting, identify
from ingest.kept import has_ties, kept_entries, listing_of, reunited
from ingest.move import has_known_entries, whereabouts
from ingest.schedule import Rhythm
from ingest.state import Counts, poll_record, source_state
from ingest.tag import Desks, given_tags, rule_tags


def plan_poll(
    source: PolledSource, answer: Answer, known: Known, desks: Desks, rhythm: Rhythm, now: datetime
) -> PollPlan:
    """Plan one poll of ``source`` → all that it changes. ``now`` is when the entries count as seen."""
    document = answer.document
    if document is None:
        # Good without a document: the bytes, or the very state, that are in the archive.
        return base_plan(source, answer, rhythm, now, Counts(), same_feed=answer.fetched.outcome in GOOD)
    moved = answer.fetched.permanent_url is not None
    kept = kept_entries(document, known.listing(source.id)) if document.known else {}
    owners = known.owners(keys_of(document.entries))
    if kept and (moved or has_ties(owners, frozenset(kept.values()))):
        document, kept = reunited(document, kept, known), {}
        owners = known.owners(keys_of(document.entries))
    mine = {key: tuple(e for e in entries if e.source_id == source.id) for key, entries in owners.items()}
    sightings = identify(document.entries, mine, moved=moved)
    placed = place(oldest_first(s.entry for s in sightings if s.known is None), owners, source.id, iso(now))
    changed = {s.known.id: s for s in sightings if s.known is not None and s.known.version != s.entry.version}
    listed = known.listed(source.id)
    counts = Counts(new=len(placed), changed=len(changed), kept_dates=known.dates(kept.values()) if kept else ())
    present = {s.known.id for s in sightings if s.known is not None}.union(kept.values())
    same_feed = has_known_entries(known=len(present & listed), listed=len(listed), entries=document.size)
    plan = replace(
        base_plan(source, answer, rhythm, now, counts, same_feed=same_feed if whole(document) else None),
        new_entries=tuple(NewEntry(ref=p.ref, story=p.story, joined_by=p.joined_by, entry=p.entry) for p in placed),
        changed_entries=tuple((id_, s.entry) for id_, s in changed.items()),
        minor=minor_changes({id_: s.entry for id_, s in changed.items()}, known) if changed else frozenset(),
        keys=tuple(new_keys(sightings, placed, mine)),
        is_read=True,
        listing=listing_of(document, kept, sightings, placed),
        # an empty, cut or broken document removes nothing
        left=tuple(sorted(listed - present)) if whole(document) else (),
        left_at=source.last_good_at,
        returned=tuple(sorted(present - listed)),
    )
    return with_stories(plan, source, placed, changed, known, desks)


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
    named = [("id", keys.id), ("loose_id", keys.loose_id), ("link", keys.link), ("print", keys.print)]
    return [(kind, key) for kind, key in named if key is not None]


def oldest_first(entries: Iterable[Entry]) -> list[Entry]:
    """Order new entries so that story ids rise with time: by date if all have one, else from the end."""
    backwards = list(entries)[::-1]
    if all(entry.published for entry in backwards):
        backwards.sort(key=lambda entry: entry.published or "")
    return backwards


def new_keys(
    sightings: Sequence[Sighting], placed: Sequence[Placed], mine: Mapping[int, tuple[KnownEntry, ...]]
) -> Iterable[tuple[int, str, int]]:
    """Yield the keys to remember: all of a new entry's, and those that a known one did not have yet."""
    for p in placed:
        for kind, key in named_keys(p.entry):
            yield p.ref, kind, key
    carried = {(key, owner.id) for key, owners in mine.items() for owner in owners}
    for s in sightings:
        if s.known is not None:
            for kind, key in named_keys(s.entry):
                if (key, s.known.id) not in carried:
                    yield s.known.id, kind, key


def with_stories(
    plan: PollPlan,
    source: PolledSource,
    placed: Sequence[Placed],
    changed: Mapping[int, Sighting],
    known: Known,
    desks: Desks,
) -> PollPlan:
    """Add the stories, their tags and the topics that take them."""
    joined = {p.story for p in placed if p.story > 0}
    revised = {s.known.story_id for s in changed.values() if s.known is not None}
    stories = known.stories(joined | revised)
    new = [story_text(p.story, p.ref, p.entry) for p in placed if p.joined_by == "first"]
    retold = {
        story.id: story_text(story.id, story.lead_entry_id, changed[story.lead_entry_id].entry)
        for story in stories.values()
        if story.lead_entry_id in changed
    }
    copies: defaultdict[int, list[Entry]] = defaultdict(list)  # this poll's new entries by story
    for p in placed:
        copies[p.story].append(p.entry)
    drafts = []
    for story in stories.values():
        sources, categories = evidence(story, source, copies[story.id], changed)
        text = retold.get(story.id) or told(story)
        drafts.append(draft(text, sources, given_tags(sources, categories, desks)))
    for text in new:
        categories = categories_of(copies[text.ref])
        drafts.append(draft(text, (source.id,), given_tags((source.id,), categories, desks)))
    if not drafts:
        return plan
    desk = known.desk(drafts)
    ruled = rule_tags([d.ref for d in drafts], desk, desks.rules)
    taken = known.selected(stories.keys())
    return replace(
        plan,
        new_stories=tuple(new),
        changed_stories=tuple(retold.values()),
        tags=tuple((d.ref, (*d.tags, *ruled[d.ref])) for d in drafts),
        selections=tuple(
            (topic.id, d.ref)
            for topic in desks.topics
            for matching in (desk.matching(topic.query),)
            for d in drafts
            if d.ref in matching and (topic.id, d.ref) not in taken
        ),
    )


def story_text(ref: int, lead: int, entry: Entry) -> StoryText:
    """Make what a story shows from its lead entry."""
    return StoryText(
        ref=ref,
        lead=lead,
        title=entry.title,
        text=entry.text,
        folded_title=folded(entry.title),
        folded_text=folded(entry.text),
        url=entry.url,
        language=entry.language,
        published=entry.published,
    )


def told(story: KnownStory) -> StoryText:
    """Make what a known story shows already; its row is not written again."""
    return StoryText(
        ref=story.id,
        lead=story.lead_entry_id,
        title=story.title,
        text=story.text,
        folded_title=story.folded_title,
        folded_text=story.folded_text,
        url=None,
        language=story.language,
        published=None,
    )


def evidence(
    story: KnownStory, source: PolledSource, copies: Sequence[Entry], changed: Mapping[int, Sighting]
) -> tuple[tuple[int, ...], list[str]]:
    """Gather a known story's sources and categories as they are with this poll's ``copies`` and changes."""
    sources = dict.fromkeys(story.sources.values())
    if copies:
        sources[source.id] = None
    categories = [
        category
        for id_, names in story.categories.items()
        for category in (changed[id_].entry.categories if id_ in changed else names)
    ]
    return tuple(sources), categories + categories_of(copies)


def categories_of(entries: Iterable[Entry]) -> list[str]:
    """Collect the categories of entries."""
    return [category for entry in entries for category in entry.categories]


def draft(text: StoryText, sources: tuple[int, ...], tags: tuple[StoryTag, ...]) -> Draft:
    """Make the draft that rules and topics are asked of."""
    return Draft(
        ref=text.ref,
        title=text.title,
        text=text.text,
        folded_title=text.folded_title,
        folded_text=text.folded_text,
        language=text.language,
        source_ids=sources,
        tags=tags,
    )
