"""Stories that were joined or split: what do they show now, which tags have they, which topics take them? Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from db.last_word import pinned
from db.plan import Chosen, StoryText, Withheld
from db.recall import Desk, Known, StoryTag
from ingest.grouping import Grouping
from ingest.rules import Ruled, Shown, settled
from ingest.select import Occasion, choices
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
    chosen: Chosen


def asked_again(
    story_ids: Collection[int], known: Known, desks: Desks, grouping: Grouping, occasion: Occasion
) -> Again:
    """Choose the leads of stories, and ask rules and topics of them, as a poll does on that occasion."""
    shown, ruled, desk = laid(story_ids, known, desks, grouping, occasion.now)
    return Again(
        retold=shown.retold,
        tags=ruled.tags,
        withheld=ruled.withheld,
        taken=ruled.taken,
        chosen=choices(ruled.let_in(shown.drafts), desks.topics, desk, known, (), occasion),
    )


def taking(
    story_ids: Collection[int], known: Known, desks: Desks, grouping: Grouping, now: str
) -> frozenset[tuple[int, int]]:
    """Find which topics would take stories, by their queries or since a person pinned them → (topic, story).

    Whether these are hidden there, or kept out of all topics, does not matter.
    """
    shown, _, desk = laid(story_ids, known, desks, grouping, now)
    by_query = {(desks.topics[number].id, ref) for number, refs in desk.each(desks.topics) for ref in refs}
    return frozenset(by_query | {(topic, d.ref) for d in shown.drafts for topic in pinned(d.marks)})


def laid(
    story_ids: Collection[int], known: Known, desks: Desks, grouping: Grouping, now: str
) -> tuple[Shown, Ruled, Desk]:
    """Choose the leads of stories, lay them on the desk, and ask the rules of them."""
    look = partial(look_again, known.stories(story_ids).values(), UNTOUCHED, known, desks, grouping)
    return settled(look, partial(known.desk, now=now), desks.rules)
