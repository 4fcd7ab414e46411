"""Stories that were joined or split: what do they show now, which tags have they, which topics take them? Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from db.plan import StoryText, Withheld
from db.recall import Known, StoryTag
from ingest.grouping import Grouping
from ingest.rules import settled
from ingest.select import Selection, selections
from ingest.stories import Touched, look_again
from ingest.tag import Desks

UNTOUCHED = Touched(source_id=0, copies={}, changed={})
"""By no poll: the stories are as the archive has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What is to be written, as in ``PollPlan``: stories that another entry leads, what rules and topics do to all."""

    retold: tuple[StoryText, ...]
    tags: tuple[tuple[int, tuple[StoryTag, ...]], ...]
    withheld: tuple[tuple[int, Withheld | None], ...]
    taken: tuple[tuple[int, tuple[str, ...]], ...]
    selections: tuple[Selection, ...]


def asked_again(story_ids: Collection[int], known: Known, desks: Desks, grouping: Grouping, now: str) -> Again:
    """Choose the leads of stories, and ask rules and topics of them, as a poll does at the time ``now``."""
    stories = known.stories(story_ids).values()
    look = partial(look_again, stories, UNTOUCHED, known, desks, grouping)
    shown, ruled, desk = settled(look, partial(known.desk, now=now), desks.rules)
    return Again(
        retold=shown.retold,
        tags=ruled.tags,
        withheld=ruled.withheld,
        taken=ruled.taken,
        selections=selections(ruled.open, desks.topics, desk, known, ()),
    )
