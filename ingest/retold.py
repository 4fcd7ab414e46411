"""Stories that were joined or split: what do they show now, which tags have they, which topics take them? Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from db.last_word import pinned, withheld
from db.plan import StoryText, Withheld
from db.recall import Desk, Draft, Known, StoryTag
from ingest.grouping import Grouping
from ingest.select import Selection, selections
from ingest.stories import Touched, draft, evidence, told, told_anew
from ingest.tag import Desks, rule_tags

UNTOUCHED = Touched(source_id=0, copies={}, changed={})
"""By no poll: the stories are as the archive has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What is to be written: stories that another entry leads, all tags of each, what topics have not selected yet.

    ``withheld``: for each, whether it is kept out of all topics.
    """

    retold: tuple[StoryText, ...]
    tags: tuple[tuple[int, tuple[StoryTag, ...]], ...]
    withheld: tuple[tuple[int, Withheld | None], ...]
    selections: tuple[Selection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """Stories on the desk, with all their tags: topics may be asked of them."""

    retold: tuple[StoryText, ...]
    drafts: tuple[Draft, ...]
    tags: tuple[tuple[int, tuple[StoryTag, ...]], ...]
    desk: Desk


def asked_again(story_ids: Collection[int], known: Known, desks: Desks, grouping: Grouping) -> Again:
    """Choose the leads of stories, and ask rules and topics of them, as a poll does."""
    laid = lay(story_ids, known, desks, grouping)
    kept_out = {d.ref: withheld(d.marks, None) for d in laid.drafts}
    return Again(
        retold=laid.retold,
        tags=laid.tags,
        withheld=tuple(kept_out.items()),
        selections=selections(
            [ref for ref, how in kept_out.items() if how is None],
            desks.topics,
            laid.desk,
            known,
            (),
            marks={d.ref: d.marks for d in laid.drafts if d.marks},
        ),
    )


def taking(story_ids: Collection[int], known: Known, desks: Desks, grouping: Grouping) -> frozenset[tuple[int, int]]:
    """Find which topics would take stories, by their queries or since a person pinned them → (topic, story).

    Whether these are hidden there, or kept out of all topics, does not matter.
    """
    laid = lay(story_ids, known, desks, grouping)
    by_query = {(topic.id, ref) for topic in desks.topics for ref in laid.desk.matching(topic.query)}
    return frozenset(by_query | {(topic, d.ref) for d in laid.drafts for topic in pinned(d.marks)})


def lay(story_ids: Collection[int], known: Known, desks: Desks, grouping: Grouping) -> Laid:
    """Choose the leads of stories, lay them on the desk, and ask the rules of them."""
    stories = known.stories(story_ids)
    retold = {
        story.id: text
        for story in stories.values()
        if (text := told_anew(story, UNTOUCHED, known, grouping)) is not None
    }
    drafts = tuple(
        draft(retold.get(story.id) or told(story), evidence(story, UNTOUCHED), desks, story)
        for story in stories.values()
    )
    desk = known.desk(drafts)
    ruled = rule_tags([d.ref for d in drafts], desk, desks.rules, {d.ref: d.marks for d in drafts if d.marks})
    return Laid(
        retold=tuple(retold.values()),
        drafts=drafts,
        tags=tuple((d.ref, (*d.tags, *ruled[d.ref])) for d in drafts),
        desk=desk,
    )
