"""Stories that were joined or taken apart: which tags have they now, which topics take them? Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from db.plan import Known, StoryTag
from ingest.plan import draft, told
from ingest.tag import Desks, given_tags, rule_tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """All tags of each story, and the (topic, story) pairs that are not selected yet."""

    tags: tuple[tuple[int, tuple[StoryTag, ...]], ...]
    selections: tuple[tuple[int, int], ...]


def asked_again(story_ids: Collection[int], known: Known, desks: Desks) -> Again:
    """Ask rules and topics of stories as they stand in the archive, the way a poll asks them."""
    stories = known.stories(story_ids)
    drafts = []
    for story in stories.values():
        sources = tuple(dict.fromkeys(story.sources.values()))
        categories = [category for names in story.categories.values() for category in names]
        drafts.append(draft(told(story), sources, given_tags(sources, categories, desks)))
    desk = known.desk(drafts)
    ruled = rule_tags([d.ref for d in drafts], desk, desks.rules)
    taken = known.selected(stories.keys())
    return Again(
        tags=tuple((d.ref, (*d.tags, *ruled[d.ref])) for d in drafts),
        selections=tuple(
            (topic.id, d.ref)
            for topic in desks.topics
            for matching in (desk.matching(topic.query),)
            for d in drafts
            if d.ref in matching and (topic.id, d.ref) not in taken
        ),
    )
