"""Stories that were joined or split: what do they show now, which tags have they, which topics take them? Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from db.plan import Chosen, StoryText
from db.recall import Known, StoryTag
from ingest.grouping import Grouping
from ingest.select import Occasion, choices
from ingest.stories import Touched, draft_of, evidence, told, told_anew
from ingest.tag import Desks, rule_tags

UNTOUCHED = Touched(source_id=0, copies={}, changed={})
"""By no poll: the stories are as the archive has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What is to be written: stories that another entry leads, all tags of each, what topics do with them."""

    retold: tuple[StoryText, ...]
    tags: tuple[tuple[int, tuple[StoryTag, ...]], ...]
    chosen: Chosen


def asked_again(
    story_ids: Collection[int], known: Known, desks: Desks, grouping: Grouping, occasion: Occasion
) -> Again:
    """Choose the leads of stories, and ask rules and topics of them, as a poll does."""
    stories = known.stories(story_ids)
    retold = {
        story.id: text
        for story in stories.values()
        if (text := told_anew(story, UNTOUCHED, known, grouping)) is not None
    }
    drafts = [
        draft_of(story, retold.get(story.id) or told(story), evidence(story, UNTOUCHED), desks)
        for story in stories.values()
    ]
    desk = known.desk(drafts)
    ruled = rule_tags([d.ref for d in drafts], desk, desks.rules)
    return Again(
        retold=tuple(retold.values()),
        tags=tuple((d.ref, (*d.tags, *ruled[d.ref])) for d in drafts),
        chosen=choices(drafts, desks.topics, desk, known, (), occasion),
    )
