"""Stories that were joined or split: what do they show now, which tags have they, which topics take them? Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from db.plan import StoryText
from db.recall import Known, StoryTag
from ingest.grouping import Grouping
from ingest.select import Selection, selections
from ingest.stories import Touched, draft, evidence, told, told_anew
from ingest.tag import Desks, rule_tags

UNTOUCHED = Touched(source_id=0, copies={}, changed={})
"""By no poll: the stories are as the archive has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What is to be written: stories that another entry leads, all tags of each, what topics have not selected yet."""

    retold: tuple[StoryText, ...]
    tags: tuple[tuple[int, tuple[StoryTag, ...]], ...]
    selections: tuple[Selection, ...]


def asked_again(story_ids: Collection[int], known: Known, desks: Desks, grouping: Grouping, now: str) -> Again:
    """Choose the leads of stories, and ask rules and topics of them, as a poll does at the time ``now``."""
    stories = known.stories(story_ids)
    retold = {
        story.id: text
        for story in stories.values()
        if (text := told_anew(story, UNTOUCHED, known, grouping)) is not None
    }
    drafts = [
        draft(retold.get(story.id) or told(story), evidence(story, UNTOUCHED), desks, story.first_seen, story.event)
        for story in stories.values()
    ]
    desk = known.desk(drafts, now)
    ruled = rule_tags([d.ref for d in drafts], desk, desks.rules)
    return Again(
        retold=tuple(retold.values()),
        tags=tuple((d.ref, (*d.tags, *ruled[d.ref])) for d in drafts),
        selections=selections([d.ref for d in drafts], desks.topics, desk, known, ()),
    )
