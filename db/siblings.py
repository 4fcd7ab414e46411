"""The other stories of an event, as items name them. IO: sqlite."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, NamedTuple

from sqlite_utils import Database

from db.model import LEAST_SCORES, EventTold, Level, Sibling

MAX_NAMED = 10
"""So many other stories of an event are named in an item, the first that were seen; the rest are counted."""


class Standing(NamedTuple):
    """A story of an event: its id, and the sources that carry it."""

    story: int
    sources: frozenset[int]


def events_of(db: Database, stories: Iterable[int], level: Level) -> dict[int, EventTold]:
    """Read which other stories tell of the events of these stories → what is told of it, by story.

    A story belongs to its event as far as ``level`` asks for; one that began it always does. Left out: stories that
    nobody else tells of.
    """
    if level == "off":
        return {}
    groups = standing(db, stories, LEAST_SCORES[level])
    wanted = list(stories)
    others = {
        story: (event, [one for one in group if one.story != story])
        for event, group in groups.items()
        for story in wanted
        if any(one.story == story for one in group)
    }
    named = {one.story for _, rest in others.values() for one in islice(rest, MAX_NAMED)}
    leads = leads_of(db, named)
    return {
        story: EventTold(
            id=event,
            stories=len(rest),
            sources=len(frozenset[int]().union(*(one.sources for one in rest))),
            named=tuple(leads[one.story] for one in rest[:MAX_NAMED] if one.story in leads),
        )
        for story, (event, rest) in others.items()
        if rest
    }


def standing(db: Database, stories: Iterable[int], least: float) -> Mapping[int, list[Standing]]:
    """Read the living stories of the events of these stories, in order of first sight, by event."""
    rows: Iterable[tuple[int, int, str]] = db.execute(
        """
        SELECT st.event_id, st.id, json_group_array(DISTINCT e.source_id)
        FROM stories st JOIN entries e ON e.story_id = st.id
        WHERE st.event_id IN (
            SELECT event_id FROM stories WHERE id IN (SELECT value FROM json_each(?)) AND event_id IS NOT NULL
          )
          AND st.merged_into IS NULL AND coalesce(st.event_score >= ?, 1)
        GROUP BY st.event_id, st.id ORDER BY st.event_id, st.id
        """,
        [json.dumps(list(stories)), least],
    )
    found: defaultdict[int, list[Standing]] = defaultdict(list)
    for event, story, sources in rows:
        found[event].append(Standing(story, frozenset(json.loads(sources))))
    return found


def leads_of(db: Database, stories: Iterable[int]) -> dict[int, Sibling]:
    """Read how stories are named: by the source and the link of their lead."""
    rows: Iterable[tuple[Any, ...]] = db.execute(
        "SELECT st.id, st.title, s.config_id, coalesce(s.title, s.config_id), e.url, st.first_seen "
        "FROM stories st JOIN entries e ON e.id = st.lead_entry_id JOIN sources s ON s.id = e.source_id "
        "WHERE st.id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(stories))],
    )
    return {
        story: Sibling(
            story_id=story, title=title, source=source, source_title=source_title, url=url, first_seen=first_seen
        )
        for story, title, source, source_title, url, first_seen in rows
    }
