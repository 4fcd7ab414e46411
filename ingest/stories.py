"""The stories that a poll touches: what each shows, its tags, the topics that take it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from db.hosts import host_of
from db.last_word import lead_by_hand, standing
from db.model import Entry
from db.plan import PollPlan, StoryText, Union
from db.recall import Carried, Draft, Known, KnownStory
from db.text import count_words, folded
from ingest.dedupe import Placed
from ingest.grouping import Grouping
from ingest.identify import Sighting
from ingest.lead import Candidate, lead_of
from ingest.rules import Ranks, Shown, settled
from ingest.select import Occasion, choices
from ingest.tag import Desks, given_tags, with_marks
from ingest.unite import successors


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What a poll of one source does to stories: its new entries by story, and its changed ones by id."""

    source_id: int
    copies: Mapping[int, Sequence[Placed]]
    changed: Mapping[int, Sighting]


def with_stories(
    plan: PollPlan,
    placed: Sequence[Placed],
    changed: Mapping[int, Sighting],
    known: Known,
    desks: Desks,
    grouping: Grouping,
) -> PollPlan:
    """Add the stories, their tags and the topics that take them.

    ``placed`` and the plan's unions go together: a story that goes has no new entry any more.
    """
    copies: defaultdict[int, list[Placed]] = defaultdict(list)  # this poll's new entries by story
    for p in placed:
        copies[p.story].append(p)
    touched = Touched(source_id=plan.source_id, copies=copies, changed=changed)
    gone = {union.gone for union in plan.unions}
    wanted = {p.story for p in placed if p.story > 0} | gone | {union.kept for union in plan.unions}
    wanted |= {s.known.story_id for s in changed.values() if s.known is not None}
    stories = united(known.stories(wanted), plan.unions)
    if not stories and not copies:
        return plan
    events = {happening.story: happening for happening in plan.happenings}

    def look(ranks: Ranks) -> Shown:
        new = [
            new_story(p, copies[p.story], plan.source_id, grouping.ranked(ranks.get(p.story)))
            for p in placed
            if p.joined_by == "first"
        ]
        again = look_again(stories.values(), touched, known, desks, grouping, ranks)
        drafts = list(again.drafts)
        for text in new:
            brought = tuple(carried(plan.source_id, p.entry) for p in copies[text.ref])
            event, score = (of.event, of.score) if (of := events.get(text.ref)) else (None, None)
            drafts.append(new_draft(text, brought, desks, plan.now, event, score))
        return Shown(new=tuple(new), retold=again.retold, drafts=tuple(drafts))

    shown, ruled, desk = settled(look, partial(known.desk, now=plan.now, gone=gone), desks.rules)
    return replace(
        plan,
        new_stories=shown.new,
        changed_stories=shown.retold,
        tags=ruled.tags,
        withheld=ruled.withheld,
        taken=ruled.taken,
        chosen=choices(
            ruled.let_in(shown.drafts),
            desks.topics,
            desk,
            known,
            placed,
            Occasion(now=plan.now),
            successors(plan.unions),
        ),
    )


def look_again(
    stories: Collection[KnownStory], touched: Touched, known: Known, desks: Desks, grouping: Grouping, ranks: Ranks
) -> Shown:
    """Choose the leads of known stories, with the priorities that rules have set → what they show."""
    retold = {
        story.id: text
        for story in stories
        if (text := told_anew(story, touched, known, grouping.ranked(ranks.get(story.id)))) is not None
    }
    drafts = (draft(retold.get(story.id) or told(story), evidence(story, touched), desks, story) for story in stories)
    return Shown(retold=tuple(retold.values()), drafts=tuple(drafts))


def united(stories: Mapping[int, KnownStory], unions: Sequence[Union]) -> Mapping[int, KnownStory]:
    """Put stories that are one together, and none that goes is left.

    Each that lives has all entries, oldest first, and what a person said of either.
    """
    found = dict(stories)
    for union in unions:
        kept, gone = found[union.kept], found.pop(union.gone)
        found[union.kept] = replace(
            kept,
            entries=dict(sorted({**kept.entries, **gone.entries}.items())),
            marks=standing((*kept.marks, *gone.marks)),
        )
    return found


def new_story(first: Placed, copies: Sequence[Placed], source_id: int, grouping: Grouping) -> StoryText:
    """Make a new story, of one or several new entries of this document."""
    if len(copies) == 1:
        return story_text(first.story, first.ref, first.entry)
    lead = lead_of((candidate(p.ref, source_id, p.entry) for p in copies), grouping)
    return story_text(first.story, lead, next(p.entry for p in copies if p.ref == lead))


def told_anew(story: KnownStory, touched: Touched, known: Known, grouping: Grouping) -> StoryText | None:
    """Make what a known story shows from now on; None where that is what it shows already.

    Its lead has changed, or another entry leads: a fuller one that came, say, or the one that a person chose. Only the
    former is news.
    """
    changed, copies = touched.changed, touched.copies.get(story.id, ())
    candidates = [
        candidate(id_, one.source_id, changed[id_].entry)
        if id_ in changed
        else Candidate(entry=id_, source_id=one.source_id, size=one.size)
        for id_, one in story.entries.items()
    ]
    candidates += [candidate(p.ref, touched.source_id, p.entry) for p in copies]
    by_hand = lead_by_hand(story.marks)
    lead = by_hand if by_hand is not None and by_hand in story.entries else lead_of(candidates, grouping)
    if lead == story.lead_entry_id:
        return story_text(story.id, lead, first_dated(changed[lead])) if lead in changed else None
    if lead in changed:
        entry = first_dated(changed[lead])
    elif lead < 0:
        entry = next(p.entry for p in copies if p.ref == lead)
    else:
        (entry,) = known.entries([lead])
    return replace(story_text(story.id, lead, entry), news=False)


def first_dated(changed: Sighting) -> Entry:
    """Give a changed entry its first date of publication, as the archive does."""
    if changed.known is None or changed.known.published is None:
        return changed.entry
    return replace(changed.entry, published=changed.known.published)


def candidate(ref: int, source_id: int, entry: Entry) -> Candidate:
    """Make an entry a candidate for the lead."""
    return Candidate(entry=ref, source_id=source_id, size=len(entry.text.encode()))


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
        words=entry.words or count_words(entry.title, entry.text),
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
        published=story.published,
        words=story.words,
    )


def evidence(story: KnownStory, touched: Touched) -> tuple[Carried, ...]:
    """Gather a known story's entries as they are after the poll, in order of first sight."""
    known = [
        carried(one.source_id, touched.changed[id_].entry) if id_ in touched.changed else one
        for id_, one in story.entries.items()
    ]
    return (*known, *(carried(touched.source_id, p.entry) for p in touched.copies.get(story.id, ())))


def carried(source_id: int, entry: Entry) -> Carried:
    """Make an entry evidence for its story."""
    return Carried(
        source_id=source_id,
        size=len(entry.text.encode()),
        author=entry.author,
        host=host_of(entry.url),
        enclosed=bool(entry.enclosures),
        categories=entry.categories,
        mentions=entry.mentions,
        language=entry.language,
        language_from=entry.language_from,
    )


def draft(text: StoryText, carried: tuple[Carried, ...], desks: Desks, story: KnownStory) -> Draft:
    """Make the draft of a known story that rules and topics are asked of."""
    made = new_draft(text, carried, desks, story.first_seen, story.event, story.event_score)
    return replace(made, tags=with_marks(made.tags, story.marks), marks=story.marks) if story.marks else made


def new_draft(
    text: StoryText,
    carried: tuple[Carried, ...],
    desks: Desks,
    first_seen: str,
    event: int | None,
    event_score: float | None,
) -> Draft:
    """Make the draft of a story of which no person has said anything yet."""
    return Draft(
        ref=text.ref,
        title=text.title,
        text=text.text,
        folded_title=text.folded_title,
        folded_text=text.folded_text,
        language=text.language,
        published=text.published,
        first_seen=first_seen,
        words=text.words,
        event=event,
        event_score=event_score,
        carried=carried,
        tags=given_tags(carried, text.language, desks),
    )
