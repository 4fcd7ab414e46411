"""Which topics take which stories, by their policies; where copies are shown apart, which of their entries. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from db.apart import Member, heads
from db.last_word import is_hidden, pinned
from db.model import belongs
from db.plan import Chosen, Selection
from db.recall import Desk, Draft, Known, Shown
from db.times import iso_after, parse_iso
from ingest.dedupe import Placed
from ingest.tag import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Why topics are asked, and when (``now``, as the archive has it).

    ``overdue``: (topic, story) that have waited long enough. ``quiet``: nothing is announced, what is newly taken is
    archived. ``leaves``: a topic gives up what it takes no longer; else it keeps what it has once taken.
    """

    now: str
    overdue: Collection[tuple[int, int]] = ()
    quiet: bool = False
    leaves: bool = False


def choices(
    drafts: Sequence[Draft],
    topics: tuple[Topic, ...],
    desk: Desk,
    known: Known,
    placed: Sequence[Placed],
    occasion: Occasion,
    gone: Mapping[int, int] | None = None,
) -> Chosen:
    """Ask every topic, in the config's order, of the stories on the desk → what each does with them, in their order.

    ``placed`` are the poll's new entries. ``gone``: stories that turn out, in this poll, to be another one, which has
    their selections from then on. What a person said of a story is stronger than any query: where it is hidden no topic
    takes it, where it is pinned none gives it up.
    """
    gone = gone or {}
    stories = [draft.ref for draft in drafts]
    rows = [story for story in (*stories, *gone) if story > 0]
    taken: defaultdict[tuple[int, int], set[int | None]] = defaultdict(set)
    away: set[tuple[int, int]] = set()
    for topic_id, story, entry, has_left in known.selected(rows):
        taken[topic_id, gone.get(story, story)].add(entry)
        if has_left:
            away.add((topic_id, gone.get(story, story)))
    asked = [(topics[number], matching) for number, matching in desk.each(topics)]
    members = all_members(known, rows, placed, gone) if any(t.dedupe != "copies" for t, _ in asked) else {}
    by_event = any(topic.same_event is not None for topic, _ in asked)
    shown = known.events_shown(events_of(drafts), archived=occasion.quiet) if by_event else frozenset()
    waiting = known.waiting(rows) if occasion.quiet and any(t.delay_s for t, _ in asked) else frozenset()
    pinned_in = {draft.ref: pinned(draft.marks) for draft in drafts if draft.marks} if occasion.leaves else {}
    made: list[Chosen] = []
    if occasion.leaves:  # of all topics is to be known what they take no longer
        takers = {topic.id: matching for topic, matching in asked}
        for topic in topics:
            matching = takers.get(topic.id, frozenset())
            others = (d.ref for d in drafts if d.ref not in matching and topic.id not in pinned_in.get(d.ref, ()))
            left = tuple(one for one in ((topic.id, ref) for ref in others) if one in taken and one not in away)
            made.append(Chosen(left=left))
    for topic, matching in asked:
        mine = [draft for draft in drafts if draft.ref in matching]
        new = [
            (draft, entry)
            for draft in first_told(topic, [d for d in mine if not is_hidden(d.marks, topic.id)], shown, taken)
            for entry in items(topic, members.get(draft.ref, ()), taken.get((topic.id, draft.ref), set()))
            if (topic.id, draft.ref) not in waiting
        ]
        if new:
            made.append(begun(topic, new, occasion))
        if away:
            made.append(Chosen(back=tuple((topic.id, d.ref) for d in mine if (topic.id, d.ref) in away)))
    return together(made)


def begun(topic: Topic, new: Sequence[tuple[Draft, int | None]], occasion: Occasion) -> Chosen:
    """Decide of what a topic newly takes: announced now or later, or archived: all that is quiet, or too much at once.

    Of a flood the newest are announced, by their dates; of equal ones the last.
    """
    if occasion.quiet:
        return Chosen(archived=tuple((topic.id, draft.ref, entry) for draft, entry in new))
    order = sorted(range(len(new)), key=lambda n: (new[n][0].published or occasion.now, n))
    flood = len(new) if topic.flood is None else topic.flood
    told = frozenset(order[max(0, len(new) - flood) :])
    archived: list[Selection] = []
    selections: list[Selection] = []
    waiting: dict[tuple[int, int, str], None] = {}
    for n, (draft, entry) in enumerate(new):
        at = due_at(topic, draft, occasion)
        if n not in told:
            archived.append((topic.id, draft.ref, entry))
        elif at is not None:
            waiting[topic.id, draft.ref, at] = None
        else:
            selections.append((topic.id, draft.ref, entry))
    return Chosen(selections=tuple(selections), archived=tuple(archived), waiting=tuple(waiting))


def due_at(topic: Topic, draft: Draft, occasion: Occasion) -> str | None:
    """Tell until when a topic lets a story gather coverage: until it is so old; None: it may be taken now."""
    if not topic.delay_s or (topic.id, draft.ref) in occasion.overdue:
        return None
    began = min(draft.first_seen, occasion.now)  # a clock may have been wrong
    at = iso_after(parse_iso(began) + timedelta(seconds=topic.delay_s))
    return at if at > occasion.now else None


def first_told(
    topic: Topic, drafts: Sequence[Draft], shown: Collection[Shown], taken: Mapping[tuple[int, int], set[int | None]]
) -> Iterator[Draft]:
    """Yield the stories that a topic with one item for each event may take: those of which it shows none yet."""
    least = topic.same_event
    if least is None:
        yield from drafts
        return
    told = {one.event_id for one in shown if one.topic_id == topic.id and belongs(one.score, least)}
    for draft in drafts:
        if draft.event is None or not belongs(draft.event_score, least):
            yield draft
        elif draft.event not in told or taken.get((topic.id, draft.ref)):
            told.add(draft.event)
            yield draft


def events_of(drafts: Iterable[Draft]) -> frozenset[int]:
    """Collect the events in the archive that stories are of."""
    return frozenset(d.event for d in drafts if d.event is not None and d.event > 0)


def together(made: Iterable[Chosen]) -> Chosen:
    """Put together what the topics do, in their order."""
    parts = list(made)
    return Chosen(
        selections=tuple(one for part in parts for one in part.selections),
        archived=tuple(one for part in parts for one in part.archived),
        waiting=tuple(one for part in parts for one in part.waiting),
        back=tuple(one for part in parts for one in part.back),
        left=tuple(one for part in parts for one in part.left),
    )


def items(topic: Topic, members: Sequence[Member], taken: set[int | None]) -> Iterator[int | None]:
    """Yield what a topic shows of one story and has not selected yet: None for all of it, or entries.

    Where the whole story was selected before, that is its first entry's item.
    """
    if topic.dedupe == "copies":
        if not taken:
            yield None
        return
    first = members[0].entry
    for head in dict.fromkeys(heads(members, topic.dedupe).values()):
        if head not in taken and not (head == first and None in taken):
            yield head


def all_members(
    known: Known, rows: Iterable[int], placed: Iterable[Placed], gone: Mapping[int, int]
) -> Mapping[int, Sequence[Member]]:
    """Gather the entries of stories, oldest first: those in the archive, then the new ones."""
    found: defaultdict[int, list[Member]] = defaultdict(list)
    for story, members in known.joined(list(rows)).items():
        found[gone.get(story, story)] += (Member(*member) for member in members)
    for members in found.values():
        members.sort()
    for new in placed:
        found[new.story].append(Member(new.ref, new.joined_by, new.likeness.to if new.likeness is not None else None))
    return found
